"""Other forms of a page: dataArray (OGC 18-088, clause 13.1), CSV (RFC 4180) and GeoJSON (RFC 7946)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from lifang.catalogue import neutral
from lifang.core import BadInput
from lifang.doors.sensorthings.options import Options
from lifang.sensing import OBSERVATION, Entity, Page

Json = dict[str, Any]
_COMPONENTS = ("id", "phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters")
_PLAIN = {"@iot.id": "id", "@iot.selfLink": "selfLink"}  # as columns: a spreadsheet takes @ for a formula
_SHAPES: Mapping[str, str] = {"Location": "location", "FeatureOfInterest": "feature", "Datastream": "observedArea"}


def data_array(page: Page, bodies: Sequence[Json], options: Options, kinds: Mapping[int, str], root: str) -> list[Json]:
    """Return Observations grouped by their datastream: ``components`` and the rows of their values.

    ``bodies`` are the page's observations as JSON, ``kinds`` says of each datastream's number what it is.
    """
    wanted = options.select or _COMPONENTS
    components = ["id" if name == "@iot.id" else name for name in wanted]
    for name in components:
        if name not in _COMPONENTS:
            mend = f"Known: {', '.join(_COMPONENTS)}."
            raise BadInput(f"{name[:40]!r} is no component of a dataArray.", where="$select", mend=mend)
    groups: dict[int, Json] = {}
    for entity, body in zip(page.items, bodies, strict=True):
        group = groups.get(entity.number)
        if group is None:
            kind = kinds[entity.number]
            link = {f"{kind}@iot.navigationLink": f"{root}/{kind}s({entity.number})"}
            empty = {"components": components, "dataArray@iot.count": 0, "dataArray": []}
            group = groups[entity.number] = {**link, **empty}
        group["dataArray"].append([body.get("@iot.id" if name == "id" else name) for name in components])
        group["dataArray@iot.count"] += 1
    return list(groups.values())


def as_csv(bodies: Sequence[Json], select: Sequence[str] | None = None) -> bytes:
    """Return entities as CSV: one row each, objects inside told by path (``Thing/name``), lists as JSON.

    Without any, there is a head all the same: what is selected, else ``id``.
    A text or name that a spreadsheet would run as a formula is led by an apostrophe.
    """
    rows = [_flat(body) for body in bodies]
    names = list(dict.fromkeys(name for row in rows for name in row))
    names = names or [_PLAIN.get(name, name) for name in select or ("@iot.id",)]
    sink = io.StringIO()
    writer = csv.DictWriter(sink, names, restval="", lineterminator="\r\n")
    writer.writerow({name: neutral(name) for name in names})
    writer.writerows(rows)
    return sink.getvalue().encode()


def _flat(value: Json, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if name.endswith(("@iot.navigationLink", "@iot.nextLink")):
            continue
        key = f"{path}{_PLAIN.get(name, name)}"
        if isinstance(inner, dict) and inner and "coordinates" not in inner:
            found |= _flat(inner, f"{key}/")
        else:
            found[key] = _cell(inner)
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, str):
        return neutral(value)
    return "" if value is None else value


def as_geojson(entities: Sequence[Entity], bodies: Sequence[Json]) -> Json:
    """Return entities as a FeatureCollection: their own place, or that of the first one expanded that has any."""
    features = [
        {"type": "Feature", "id": body.get("@iot.id"), "geometry": _shape(entity, body), "properties": _flat(body)}
        for entity, body in zip(entities, bodies, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _shape(entity: Entity, body: Json) -> Any:
    own = body.get(_SHAPES.get(entity.kind, ""))
    if isinstance(own, dict):
        return own.get("geometry") if own.get("type") == "Feature" else _drawn(own)
    for name, linked in entity.links.items():
        inner = linked.items if isinstance(linked, Page) else [linked] if linked else []
        told = body.get(name)
        bodies = told if isinstance(told, list) else [told]
        for each, told_inner in zip(inner, bodies, strict=False):
            found = _shape(each, told_inner) if isinstance(told_inner, dict) else None
            if found is not None:
                return found
    return None


def _drawn(shape: Json) -> Json:
    """Return a shape that can be seen on a map: a box without extent as its point."""
    corners = shape.get("coordinates")
    if shape.get("type") == "Polygon" and corners and all(corner == corners[0][0] for corner in corners[0]):
        return {"type": "Point", "coordinates": corners[0][0]}
    return shape


def stream_kinds(page: Page, spans: Mapping[int, Json]) -> dict[int, str]:
    """Return what each observation's datastream is: a Datastream, or a MultiDatastream."""
    numbers = {entity.number for entity in page.items if entity.kind == OBSERVATION}
    return {number: "MultiDatastream" if spans.get(number, {}).get("multi") else "Datastream" for number in numbers}
