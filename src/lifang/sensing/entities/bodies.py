"""Entities as clients send them: checked against what each kind has, and taken apart into columns and links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput, parse_instant
from lifang.guard import Classification
from lifang.sensing.entities.kinds import COMPLEX, COMPUTED, MEASUREMENT, TASKING, WAYS
from lifang.sensing.entities.places import bounds_of
from lifang.sensing.entities.telling import unit_code

NAME_MAX, TEXT_MAX = 1000, 20_000
_MAX_LINKED = 100_000
_CLASSES = {str(each) for each in Classification}


@dataclass(frozen=True)
class Property:
    """One property of a kind: its column, how its value is checked and kept, whether it must be given."""

    column: str
    read: Callable[[Any, str], Any]
    required: bool = True


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_MAX:
        raise BadInput(f"{where} is no text.", where=where, mend=f"Send 1 to {TEXT_MAX:,} characters.")
    return _unicode(value, where)


def _maybe_empty(value: Any, where: str) -> str:
    return "" if value == "" else _text(value, where)


def _unicode(value: str, where: str) -> str:
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise BadInput(f"{where} holds what is no text.", where=where, mend="Take out NUL and lone surrogates.")
    return value


def _any(value: Any, where: str) -> Any:
    if value is None:
        raise BadInput(f"{where} is missing.", where=where, mend="Send it.")
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise BadInput(f"{where} is no object.", where=where, mend='Send {"name": value}.')
    return dict(value or {})


def _moment(value: Any, where: str) -> Any:
    if not isinstance(value, str):
        raise BadInput(f"{where} is no time.", where=where, mend="Write 2019-01-12T09:00:00+08:00.")
    return parse_instant(value)


def _measure(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not {"name", "symbol", "definition"} >= value.keys():
        raise BadInput(f"{where} is no unit.", where=where, mend="Send name, symbol and definition, each may be null.")
    return {name: value.get(name) for name in ("name", "symbol", "definition")}


def _measures(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise BadInput(f"{where} is no list of units.", where=where, mend="Send one per element of the result.")
    return [_measure(each, f"{where}[{at}]") for at, each in enumerate(value)]


def _types(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not value:
        raise BadInput(f"{where} is no list of types.", where=where, mend="Send one per element of the result.")
    return [_text(each, f"{where}[{at}]") for at, each in enumerate(value)]


_NAMED = {
    "name": Property("zh", _text),
    "description": Property("description", _maybe_empty),
    "properties": Property("properties", _object, required=False),
}
_ENCODED = Property("encoding", _text)
PROPERTIES: Mapping[str, Mapping[str, Property]] = {
    "Thing": _NAMED,
    "Location": {**_NAMED, "encodingType": _ENCODED, "location": Property("location", _any)},
    "HistoricalLocation": {"time": Property("time", _moment)},
    "Sensor": {**_NAMED, "encodingType": _ENCODED, "metadata": Property("metadata", _any)},
    "ObservedProperty": {**_NAMED, "definition": Property("definition", _text)},
    "Datastream": {
        **_NAMED,
        "unitOfMeasurement": Property("measure", _measure),
        "observationType": Property("observation_type", _text),
    },
    "MultiDatastream": {
        **_NAMED,
        "unitOfMeasurements": Property("units", _measures),
        "observationType": Property("observation_type", _text, required=False),
        "multiObservationDataTypes": Property("types", _types),
    },
    "FeatureOfInterest": {**_NAMED, "encodingType": _ENCODED, "feature": Property("feature", _any)},
}
OBSERVED = frozenset({"phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters"})


def check_names(kind: str, body: Any, *, where: str) -> dict[str, Any]:
    """Return ``body`` without control information; ``BadInput`` for what is no object or has a name ``kind`` lacks."""
    if not isinstance(body, dict):
        raise BadInput(f"A {kind} is a JSON object.", where=where, mend='Send {"name": …}.')
    links = {name for name, way in WAYS[kind].items() if way.target not in TASKING.values()}
    known = set(OBSERVED if kind == "Observation" else PROPERTIES[kind]) | links
    ignored: Collection[str] = COMPUTED if kind in {"Datastream", "MultiDatastream"} else ()
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if "@iot." in name or name in ignored or name == "id":
            continue
        if name not in known:
            mend = f"Known: {', '.join(sorted(known))}."
            raise BadInput(f"A {kind} has no {name[:60]!r}.", where=where, mend=mend)
        kept[name] = value
    return kept


def columns_from(kind: str, body: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
    """Return the columns that ``body`` tells (names checked before); all that must be given, unless ``partial``."""
    found: dict[str, Any] = {}
    for name, known in PROPERTIES[kind].items():
        if name in body:
            found[known.column] = known.read(body[name], name)
        elif not partial and known.required:
            raise BadInput(f"A {kind} needs {name}.", where=name, mend="Send it.")
        elif not partial:
            found[known.column] = {} if name == "properties" else ""
    if isinstance(found.get("zh"), str) and len(found["zh"]) > NAME_MAX:
        raise BadInput(f"A name has at most {NAME_MAX} characters.", where="name", mend="Shorten it.")
    if "zh" in found:
        found["en"] = found["zh"]
    _class_of(found)
    return found


def _class_of(found: dict[str, Any]) -> None:
    """Move a classification that stands among the properties to its column."""
    properties = found.get("properties")
    if not isinstance(properties, dict):
        return
    told = properties.get("classification")
    if isinstance(told, str) and told in _CLASSES:
        found["classification"] = told
        found["properties"] = {name: value for name, value in properties.items() if name != "classification"}


def settled(kind: str, columns: dict[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``columns`` as the table has them, given the ``row`` as it will be: bounds, unit codes, multi results."""
    if kind in {"Location", "FeatureOfInterest"}:
        shape = "location" if kind == "Location" else "feature"
        if shape in columns or "encoding" in columns:
            columns |= bounds_of(row[shape], row["encoding"])
    if kind == "Datastream":
        if "measure" in columns:
            columns["unit"] = unit_code(columns["measure"])
        if columns.get("observation_type") == MEASUREMENT:
            columns["observation_type"] = ""
    if kind == "MultiDatastream":
        columns = _multi(columns, row)
    return columns


def _multi(columns: dict[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    present = row.get("measure") or {}
    units = columns.pop("units", present.get("units"))
    types = columns.pop("types", present.get("types"))
    if len(units) != len(types):
        raise BadInput(
            f"{len(units)} units and {len(types)} data types do not match.",
            where="unitOfMeasurements, multiObservationDataTypes",
            mend="Send one of each per element of the result (18-088, clause 12).",
        )
    if columns.get("observation_type") not in {None, "", COMPLEX}:
        raise BadInput("A MultiDatastream observes OM_ComplexObservation.", where="observationType", mend=COMPLEX)
    columns.pop("observation_type", None)
    return {**columns, "measure": {"units": units, "types": types}, "unit": ""}


def reference(value: Any) -> int | str | None:
    """Return the id that ``value`` carries (``{"@iot.id": …}``), ``None`` if it carries none."""
    if not isinstance(value, dict) or "@iot.id" not in value:
        return None
    key = value["@iot.id"]
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise BadInput("@iot.id is a number or a text.", where="@iot.id", mend="Correct it.")
    return key


def is_bare(value: Any) -> bool:
    """Return whether ``value`` says nothing but an id: then there must be such an entity."""
    return isinstance(value, dict) and not [name for name in value if "@iot." not in name]


def listed(value: Any, where: str) -> list[Any]:
    """Return the linked entities in ``value``; ``BadInput`` if it is no list, or too long."""
    if not isinstance(value, list) or len(value) > _MAX_LINKED:
        raise BadInput(f"{where} is no list of entities.", where=where, mend="Send [{…}, …].")
    return value
