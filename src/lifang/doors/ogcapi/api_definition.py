"""The description of every address of this door as OpenAPI 3.0 has it, in the terms of the OGC standards.

What the house says of itself in OpenAPI 3.1 is about what it takes; here stands what clients of the standards look for:
addresses below the root of the API, lists of numbers for ``bbox``, and how many features a page may have at most.
"""

from __future__ import annotations

import re
from typing import Any

from lifang.doors.ogcapi.asked import LIMIT, LIMIT_MAX
from lifang.doors.ogcapi.links import ROOT

_REFERENCE = re.compile(r"#/components/schemas/([^\"/]+)")
_FEATURES = "/collections/{collection_id}/items"
_PLAIN = {"style": "form", "explode": False}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT}  # 17-069r4, requirement 20
_BBOX = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}


def described(whole: dict[str, Any], server: str) -> dict[str, Any]:
    """Return the part of an OpenAPI 3.1 description that is about this door, written in OpenAPI 3.0."""
    paths = {
        path.removeprefix(ROOT) or "/": {method: _operation(path, what) for method, what in methods.items()}
        for path, methods in whole["paths"].items()
        if path.split("/")[1:2] == [ROOT.strip("/")]
    }
    asked = {each["name"]: each for each in paths[_FEATURES]["get"]["parameters"] if each["in"] == "query"}
    body = {
        "openapi": "3.0.3",
        "info": {name: each for name, each in whole["info"].items() if name != "summary"},
        "servers": [{"url": f"{server}{ROOT}"}],
        "paths": paths,
        "components": {
            **whole["components"],
            "schemas": _used(paths, whole["components"]["schemas"]),
            "parameters": {name: asked[name] for name in ("limit", "bbox", "datetime")},  # where QGIS and others look
        },
    }
    older: dict[str, Any] = _older(body)
    return older


def _operation(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    if "parameters" not in operation:
        return operation
    return {**operation, "parameters": [_parameter(path, each) for each in operation["parameters"]]}


def _parameter(path: str, told: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter as the standards define it: lists between commas, boxes as numbers, limits with bounds."""
    if told["in"] != "query":
        return told
    schema = told["schema"]
    if told["name"] == "bbox":
        schema = _BBOX
    elif told["name"] == "limit" and path == ROOT + _FEATURES:
        schema = _LIMIT
    return {**told, **_PLAIN, "schema": schema}


def _used(paths: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that ``paths`` refer to, and those that these refer to."""
    found: dict[str, Any] = {}
    waiting = _REFERENCE.findall(str(paths).replace("'", '"'))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += _REFERENCE.findall(str(schemas[name]).replace("'", '"'))
    return {name: found[name] for name in schemas if name in found}


def _older(node: Any) -> Any:
    """Return a schema as OpenAPI 3.0 writes it: ``null`` as nullable, a constant as a list of one, open bounds."""
    if isinstance(node, list):
        return [_older(each) for each in node]
    if not isinstance(node, dict):
        return node
    told = {name: _older(each) for name, each in node.items()}
    options = told.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [each for each in options if each != {"type": "null"}]
        del told["anyOf"]
        told |= {**(rest[0] if len(rest) == 1 else {"anyOf": rest}), "nullable": True}
    if "const" in told:
        told["enum"] = [told.pop("const")]
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if not isinstance(told.get(exclusive, True), bool):
            told |= {bound: told[exclusive], exclusive: True}
    return told
