"""SensorThings 2.0 (OGC 23-019), read-only, from the same rows as 1.1.

What differs: ``id`` and ``@id`` in place of ``@iot.id`` and ``@iot.selfLink``; ``@count``, ``@nextLink`` and
``@context`` of OData 4.01; times that last as ``{"start", "end"}``; ``resultType`` (SWE Common) in place of
observationType and unitOfMeasurement; ``Features`` and ``ProximateFeatureOfInterest`` in place of FeaturesOfInterest;
``ObservedProperties`` of a Datastream as a list.

Written after the draft of February 2026 (branch 23-019 of opengeospatial/sensorthings). Not verified against the final
text of November 2026: members of ``resultType``, fragments of ``@context``, ``$metadata``. Not offered: changes,
UltimateFeaturesOfInterest, FeatureTypes, definitions of Things and Locations, ``$format`` with metadata levels. A
Datastream with a complex result (a MultiDatastream of 1.1) is found by its id, not in the list of Datastreams.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lifang.app import Asker
from lifang.core import NotFound
from lifang.doors.sensorthings.answering import answer
from lifang.doors.sensorthings.exchange import Answer, Asked
from lifang.sensing import COLLECTIONS, TASKING, WAYS

PREFIX = "/sta/v2.0"
_STANDARD = "http://www.opengis.net/spec/sensorthings/2.0"
KEPT = ("req-class/datamodel", "req-class/api/read", "req-class/binding/http")
_OLD_NAMES = {  # of paths and options: as 2.0 says it, as 1.1 says it
    "ProximateFeatureOfInterest": "FeatureOfInterest",
    "resultType/uom/symbol": "unitOfMeasurement/symbol",
    "resultType/uom/label": "unitOfMeasurement/name",
    "resultType/uom/href": "unitOfMeasurement/definition",
}
_NEW_LINKS = {"FeatureOfInterest": "ProximateFeatureOfInterest", "ObservedProperty": "ObservedProperties"}
_SPANS = ("phenomenonTime", "validTime")
_HIDDEN = frozenset(
    {
        "observationType",
        "unitOfMeasurement",
        "unitOfMeasurements",
        "multiObservationDataTypes",
        "TaskingCapabilities@iot.navigationLink",
    }
)
_SETS = {name: name for name in COLLECTIONS if name != "MultiDatastreams"} | {"FeaturesOfInterest": "Features"}
_TASKED = re.compile("|".join(rf"\b{name}\b" for name in TASKING))
_QUOTED = re.compile(r"('(?:[^']|'')*')")
_WORDS = re.compile("|".join(rf"\b{name}\b" for name in (*_OLD_NAMES, "ObservedProperties")))
_SWE = {"CountObservation": "Count", "TruthObservation": "Boolean", "CategoryObservation": "Category"}


def modern(asker: Asker, asked: Asked) -> Answer:
    """Return the answer of 2.0: that of 1.1 to the same question, told anew."""
    if not asked.path.strip("/"):
        return Answer(body=landing(asked.root))
    if asked.path.strip("/") == "$metadata":
        return Answer(body=metadata())
    _check_sensed(asked)
    older, listed = _older(asked)
    try:
        found = answer(asker, older)
    except NotFound:
        complex_path = re.sub(r"^Datastreams\(", "MultiDatastreams(", older.path)
        if complex_path == older.path:
            raise
        found = answer(asker, replace(older, path=complex_path))
    if found.body is None or isinstance(found.body, bytes):
        return found
    body = told(found.body, asked.root)
    if listed:
        body = {"value": [body]}
    return replace(found, body={"@context": f"{asked.root}/$metadata#{asked.path.split('(')[0].strip('/')}", **body})


def _check_sensed(asked: Asked) -> None:
    """Raise ``NotFound`` for what leads to tasking, which 2.0 (Part 1) does not know."""
    words = [asked.path, *(word for _, value in asked.pairs for word in _QUOTED.split(value)[::2])]
    if any(_TASKED.search(word) for word in words):
        raise NotFound("There is no tasking in 2.0.", where=asked.path[:200], mend="Ask /sta/v1.1 for it.")


def landing(root: str) -> dict[str, Any]:
    """Return the service document of 2.0."""
    kept = [f"{_STANDARD}/{name}" for name in KEPT]
    settings = {"conformance": kept, f"{_STANDARD}/req/binding/http": {"endpoints": [root]}}
    sets = [{"name": name, "url": f"{root}/{name}"} for name in _SETS.values()]
    return {"@context": f"{root}/$metadata", "value": sets, "serverSettings": settings}


def _older(asked: Asked) -> tuple[Asked, bool]:
    """Return the question as 1.1 asks it, and whether its one answer is to be told as a list."""
    steps = asked.path.strip("/").split("/")
    if steps[0].startswith("Features"):
        steps[0] = "FeaturesOfInterest" + steps[0].removeprefix("Features")
    listed = len(steps) > 1 and steps[-1] == "ObservedProperties" and steps[-2].startswith("Datastreams")
    steps[1:] = [_OLD_NAMES.get(step, step) for step in steps[1:]]
    if listed:
        steps[-1] = "ObservedProperty"
    pairs = tuple((name, _older_text(value)) for name, value in asked.pairs)
    return replace(asked, path="/".join(steps), pairs=pairs), listed


def _older_text(text: str) -> str:
    """Return an option's text with the names of 1.1 outside of quotes."""
    parts = _QUOTED.split(text)
    parts[::2] = [_WORDS.sub(lambda found: _OLD_NAMES.get(found[0], "ObservedProperty"), each) for each in parts[::2]]
    return "".join(parts)


def told(value: Any, root: str) -> Any:
    """Return an answer of 1.1 in the names and forms of 2.0."""
    if isinstance(value, list):
        return [told(each, root) for each in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        found |= _member(name, inner, root)
    if "unitOfMeasurement" in value or "unitOfMeasurements" in value:
        found["resultType"] = _result_type(value, root)
    return found


def _member(name: str, inner: Any, root: str) -> dict[str, Any]:
    if name in _HIDDEN:
        return {}
    if name == "@iot.id":
        return {"id": inner}
    if name == "@iot.selfLink":
        return {"@id": _address(inner)}
    base, sign, term = name.partition("@iot.")
    if sign:
        return {f"{_NEW_LINKS.get(base, base)}@{term}": _address(inner) if isinstance(inner, str) else inner}
    if name in _SPANS or (name == "resultTime" and isinstance(inner, str) and "/" in inner):
        return {name: span(inner)}
    if name in _NEW_LINKS:
        modern_inner = told(inner, root)
        return {_NEW_LINKS[name]: [modern_inner] if name == "ObservedProperty" else modern_inner}
    linked = any(name in ways for ways in WAYS.values()) or name == "value"
    return {name: told(inner, root) if linked else inner}


def _address(link: str) -> str:
    path, mark, query = link.partition("?")
    path = path.replace("/FeaturesOfInterest", "/Features")
    for old, new in _NEW_LINKS.items():
        path = re.sub(rf"/{old}$", f"/{new}", path)
    return path + mark + query


def span(text: str | None) -> dict[str, str] | None:
    """Return a time as 2.0 writes it: ``start``, and ``end`` where it lasts."""
    if text is None:
        return None
    start, slash, end = text.partition("/")
    return {"start": start, "end": end} if slash else {"start": start}


def _result_type(body: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Return what a result is, in terms of SWE Common 3.0 JSON: one component, or a record of several."""
    if "unitOfMeasurement" in body:
        return _component(body["observationType"], body["unitOfMeasurement"], body["name"], body, root)
    pairs = zip(body["multiObservationDataTypes"], body["unitOfMeasurements"], strict=True)
    fields = [
        {"name": f"field{at}", **_component(kind, measure, f"{body['name']} {at}", {}, root)}
        for at, (kind, measure) in enumerate(pairs, start=1)
    ]
    return {"type": "DataRecord", "label": body["name"], "fields": fields}


def _component(kind: str, measure: Mapping[str, Any], label: str, body: Mapping[str, Any], root: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _SWE.get(kind.rpartition("_")[2], "Quantity"), "label": label}
    observed = body.get("ObservedProperty") or {}
    if observed.get("@iot.id") is not None:
        found["definition"] = f"{root}/ObservedProperties({observed['@iot.id']})"
    elif "ObservedProperty@iot.navigationLink" in body:
        found["definition"] = _address(body["ObservedProperty@iot.navigationLink"])
    if found["type"] == "Quantity":
        definition = str(measure.get("definition") or "")
        uom = {"symbol": measure.get("symbol"), "label": measure.get("name"), "href": definition or None}
        found["uom"] = {name: value for name, value in uom.items() if value}
    return found


def metadata() -> dict[str, Any]:
    """Return the entity model as CSDL JSON 4.01: types, their keys and links, the entity sets."""
    types: dict[str, Any] = {}
    for collection, kind in COLLECTIONS.items():
        if collection not in _SETS:
            continue
        links = {
            _NEW_LINKS.get(name, name): {
                "$Kind": "NavigationProperty",
                "$Collection": way.many,
                "$Type": f"sta.{way.target}",
            }
            for name, way in WAYS[kind].items()
            if "MultiDatastream" not in name and way.target not in TASKING.values()
        }
        key = {"$Kind": "EntityType", "$Key": ["id"], "$OpenType": True, "id": {"$Type": "Edm.Untyped"}}
        types[kind] = {**key, **links}
    sets = {_SETS[name]: {"$Collection": True, "$Type": f"sta.{COLLECTIONS[name]}"} for name in _SETS}
    container = {"$Kind": "EntityContainer", **sets}
    return {"$Version": "4.01", "$EntityContainer": "sta.Service", "sta": {**types, "Service": container}}
