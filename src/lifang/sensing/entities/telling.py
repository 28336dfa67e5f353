"""Rows of the registry as the properties that the standard names (OGC 18-088, clauses 8.2 and 12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from lifang.core import unit
from lifang.sensing.entities.kinds import COMPLEX, GRAPH, MEANINGS, MEASUREMENT, OBSERVATION, TASK_PROPERTIES, UCUM
from lifang.sensing.entities.observation import iso, told
from lifang.store import Row

_NO_UNIT: Mapping[str, str | None] = {"name": None, "symbol": None, "definition": None}
_OPEN = "open"


def told_entity(kind: str, row: Row) -> dict[str, Any]:
    """Return the entity's own properties by their names in the standard; computed ones of a datastream are not here."""
    if kind == OBSERVATION:
        return {name: value for name, value in told(row).items() if name != "feature"}
    if kind == "HistoricalLocation":
        return {"time": _moment(row["time"])}
    if kind == "Task":
        return _task(row)
    found = {"name": row["zh"], "description": row["description"] or (row["en"] if kind in _ACTING else "")}
    if kind in _OWN:
        found |= _OWN[kind](row)
    return {**found, "properties": properties_of(kind, row)}


def properties_of(kind: str, row: Row) -> dict[str, Any]:
    """Return ``properties``: those given, lifang's own id and what else it knows, and a class other than open."""
    found = dict(_loaded(row["properties"]) or {})
    if kind == "Thing" and row["kind"]:
        found.setdefault("kind", row["kind"])
    if row["id"] != f"{GRAPH[kind].table}-{row['number']}":
        found.setdefault("id", row["id"])
        if kind in {"Datastream", "MultiDatastream"}:
            found.setdefault("thing", row["thing"])
            found.setdefault("observedProperty", row["observed_property"])
            found.setdefault("period_s", row["period_s"])
    if kind in _ACTING:
        found.setdefault("en", row["en"])
    if kind == "TaskingCapability":
        found.setdefault("limits", _loaded(row["limits"]))
    if row.get("classification", _OPEN) != _OPEN:
        found["classification"] = row["classification"]
    return found


def known_properties(kind: str, row: Row) -> dict[str, Any]:
    """Return the properties that :func:`properties_of` adds: given back by a client, they are no change."""
    return properties_of(kind, {**row, "properties": None})


def _loaded(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def _moment(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else iso(value)


def _placed(row: Row) -> dict[str, Any]:
    return {"encodingType": row["encoding"], "location": _loaded(row["location"])}


def _feature(row: Row) -> dict[str, Any]:
    return {"encodingType": row["encoding"], "feature": _loaded(row["feature"])}


def _sensor(row: Row) -> dict[str, Any]:
    return {"encodingType": row["encoding"], "metadata": _loaded(row["metadata"])}


def _property(row: Row) -> dict[str, Any]:
    return {"definition": row["definition"]}


def _stream(row: Row) -> dict[str, Any]:
    measure = _loaded(row["measure"]) or MEANINGS.get(row["unit"], _NO_UNIT)
    return {"unitOfMeasurement": measure, "observationType": row["observation_type"] or MEASUREMENT}


def _multi(row: Row) -> dict[str, Any]:
    measure = _loaded(row["measure"]) or {}
    return {
        "unitOfMeasurements": measure.get("units", []),
        "observationType": row["observation_type"] or COMPLEX,
        "multiObservationDataTypes": measure.get("types", []),
    }


def _capability(row: Row) -> dict[str, Any]:
    return {"taskingParameters": _loaded(row["parameters"])}


def _task(row: Row) -> dict[str, Any]:
    properties = {name: _loaded(row[name]) if name in _JSON else row[name] for name in TASK_PROPERTIES}
    properties["deadline"] = _moment(row["deadline"])
    return {
        "creationTime": _moment(row["created"]),
        "taskingParameters": _loaded(row["parameters"]),
        "properties": properties,
    }


_ACTING = ("Actuator", "TaskingCapability")
_JSON = ("reason", "result", "history")
_OWN: Mapping[str, Callable[[Row], dict[str, Any]]] = {
    "Location": _placed,
    "FeatureOfInterest": _feature,
    "Sensor": _sensor,
    "ObservedProperty": _property,
    "Datastream": _stream,
    "MultiDatastream": _multi,
    "Actuator": _sensor,
    "TaskingCapability": _capability,
}


def unit_code(measure: Mapping[str, Any]) -> str:
    """Return the UCUM code that a unitOfMeasurement means, empty if it is none that lifang knows."""
    definition = str(measure.get("definition") or "")
    code = definition.removeprefix(UCUM) if definition.startswith(UCUM) else ""
    if code in MEANINGS:
        return unit(code).code
    symbol = measure.get("symbol")
    return next((code for code, told in MEANINGS.items() if symbol and symbol in {code, told["symbol"]}), "")


def area_of(west: float, south: float, east: float, north: float) -> dict[str, Any] | None:
    """Return bounds (degrees) as a GeoJSON polygon, flat where they have no extent (18-088, clause 8.2.4)."""
    if any(math.isnan(side) for side in (west, south, east, north)):
        return None
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
