"""Entities of a page, in normalized form (CIM 009 clause 4.5.4), with the names of this door.

An attribute is one instance, or a list of instances where several datastreams of a thing measure the same: the one
with the lowest number is the default, the others bear a ``datasetId`` (clause 4.5.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import format_instant, from_micros
from lifang.doors.ngsild.facts import RELATIONSHIPS, Facts, Row, has_value
from lifang.doors.ngsild.names import UN_CEFACT, attribute_name, thing_urn, type_name, urn
from lifang.doors.ngsild.roll import CLASSES, Rows
from lifang.guard import Classification, Resource
from lifang.sensing import Latest, Quality
from lifang.store import ObservationQuery

Instance = dict[str, Any]
Entity = dict[str, Any]
Names = frozenset[str]
WORDS = {each.value: each.word for each in Quality}
_TICK = timedelta(microseconds=1)
_KEPT_AS_IS = frozenset({"id", "type"})


@dataclass(frozen=True)
class Made:
    """The entities of a page, and what they tell of, as the guard knows it."""

    entities: list[Entity]
    told: tuple[Resource, ...]


@dataclass(frozen=True)
class Stream:
    """A datastream as a page needs it: its row in the registry, and the attribute it is an instance of."""

    row: Row
    attribute: str
    dataset: str  # its datasetId, empty for the default instance

    @property
    def resource(self) -> Resource:
        """The datastream as the guard knows it."""
        return Resource("datastream", self.row["id"], Classification(self.row["classification"]))


def make_entities(facts: Facts, rows: Rows, *, wanted: Names | None = None, times: bool = False) -> Made:
    """Return the entities of ``rows``: attributes in ``wanted`` (all without it), ``times`` of creation and change."""
    things = [row for row in facts.things(rows) if "id" in row]
    measured, told = _measured(facts, streams_of(facts, rows, wanted), times=times)
    devices = _devices(facts, [row["id"] for row in things], wanted)
    kinds = _kinds_of(facts, devices.values())
    entities = []
    for row in things:
        entity: Entity = {"id": thing_urn(row["kind"], row["id"]), "type": type_name(row["kind"])}
        entity |= _described(row)
        told.append(Resource("thing", row["id"], Classification(row["classification"])))
        if device := devices.get(row["id"]):
            entity |= _related(device, kinds)
            told.append(Resource("device", row["id"], Classification(device["classification"])))
        entity |= measured.get(row["id"], {})
        if wanted is not None:
            entity = {name: value for name, value in entity.items() if name in wanted or name in _KEPT_AS_IS}
        entities.append({**entity, **(_times_of(row, entity) if times else {})})
    return Made(entities, tuple(told))


def streams_of(facts: Facts, rows: Rows, wanted: Names | None = None) -> list[Stream]:
    """Return the datastreams of these entities that may be read, by number; only those of attributes in ``wanted``."""
    roll = facts.roll
    numbers = roll.streams_of(rows)
    everyone = numbers
    numbers = numbers[facts.sight.streams[roll.stream_class[numbers]]]
    if wanted is not None:
        asked = np.array([each in wanted for each in roll.attributes], np.bool_)
        numbers = numbers[asked[roll.stream_attribute[numbers]]] if len(asked) else numbers[:0]
    if not len(numbers):
        return []
    firsts = _firsts(roll.stream_row[everyone], roll.stream_attribute[everyone], everyone)
    found = facts.city.store.registry.find("datastream", where={"number": numbers.tolist()}, order="number")
    return [
        Stream(
            row,
            roll.attributes[roll.stream_attribute[row["number"]]],
            "" if row["number"] in firsts else urn("Dataset", row["id"]),
        )
        for row in found
    ]


def _firsts(row: NDArray[np.int32], attribute: NDArray[np.int32], numbers: NDArray[np.int64]) -> set[int]:
    """Return the lowest number of each attribute of each entity, whether it may be read or not."""
    order = np.lexsort((numbers, attribute, row))
    changed = (np.diff(row[order]) != 0) | (np.diff(attribute[order]) != 0)
    return set(numbers[order][np.append(True, changed)].tolist())


def _measured(facts: Facts, streams: Sequence[Stream], *, times: bool) -> tuple[dict[str, Entity], list[Resource]]:
    """Return the measured attributes of each thing, and what they tell of; none of those without a value."""
    found: dict[str, Entity] = {}
    latest = facts.latest(np.array([each.row["number"] for each in streams], np.int64))
    there = has_value(latest).tolist()
    results = _results(facts, latest, there)
    told = []
    columns = zip(latest.time.tolist(), latest.value.tolist(), latest.quality.tolist(), strict=True)
    for stream, (micros, value, quality), is_there in zip(streams, columns, there, strict=True):
        if not is_there:
            continue
        shown = results.get(stream.row["number"], value)
        instance = measured_instance(stream, micros, shown, quality)
        if times:
            instance |= _recorded(facts, stream, micros)
        told.append(stream.resource)
        add_instance(found.setdefault(stream.row["thing"], {}), stream.attribute, instance)
    return found, told


def add_instance(entity: Entity, name: str, instance: Instance) -> None:
    """Put one more instance of an attribute into an entity; the default one comes first."""
    known = entity.get(name)
    if known is None:
        entity[name] = instance
    else:
        entity[name] = [*(known if isinstance(known, list) else [known]), instance]


def measured_instance(stream: Stream, micros: int, value: Any, quality: int) -> Instance:
    """Return one value as an instance of a Property: with ``observedAt``, its unit and its quality."""
    instance: Instance = {"type": "Property", "value": value, "observedAt": format_instant(from_micros(micros))}
    instance |= unit_of(stream)
    instance["quality"] = {"type": "Property", "value": WORDS.get(quality, str(quality))}
    return instance | ({"datasetId": stream.dataset} if stream.dataset else {})


def unit_of(stream: Stream) -> Instance:
    """Return the members that tell a unit: its UN/CEFACT code, or its UCUM code as a sub-property."""
    unit = stream.row["unit"]
    if unit in UN_CEFACT:
        return {"unitCode": UN_CEFACT[unit]}
    if unit:
        return {"ucum": {"type": "Property", "value": unit}}
    measure = stream.row["measure"]
    symbol = measure.get("symbol") if isinstance(measure, dict) else None
    return {"unitSymbol": {"type": "Property", "value": symbol}} if symbol else {}


def _results(facts: Facts, latest: Latest, there: Sequence[bool]) -> dict[int, Any]:
    """Return by number the latest results that are no numbers: they stand beside the value, in the lake."""
    asked = np.flatnonzero(np.array(there, np.bool_) & np.isnan(latest.value)) if len(latest) else np.zeros(0, int)
    if not len(asked):
        return {}
    times = latest.time[asked]
    span = (from_micros(int(times.min())), from_micros(int(times.max())) + _TICK)
    order = (("datastream", False), ("time", True), ("end", True))
    query = ObservationQuery(latest.numbers[asked], *span, order=order, each=1)
    table = facts.city.store.lake.read(query)
    return {
        number: orjson.loads(extra).get("result")
        for number, extra in zip(table["datastream"].to_pylist(), table["extra"].to_pylist(), strict=True)
        if extra
    }


def _recorded(facts: Facts, stream: Stream, micros: int) -> Instance:
    """Return when an attribute came to be, and when its latest value was recorded."""
    versions = facts.city.store.lake.history(stream.row["number"], micros)
    moments = versions["recorded"].to_pylist()
    created = format_instant(stream.row["created"])
    return {"createdAt": created, "modifiedAt": format_instant(moments[-1]) if moments else created}


def _times_of(row: Row, entity: Entity) -> Instance:
    instances = (each for value in entity.values() for each in (value if isinstance(value, list) else [value]))
    changed = [each["modifiedAt"] for each in instances if isinstance(each, dict) and "modifiedAt" in each]
    created = format_instant(row["created"])
    return {"createdAt": created, "modifiedAt": max([created, *changed])}


def _described(row: Row) -> Entity:
    """Return what was declared of a thing: place, names, class, and each of its properties."""
    found: Entity = {}
    if row["lon"] is not None and row["lat"] is not None:
        place = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
        found["location"] = {"type": "GeoProperty", "value": place}
    names = {language: row[language] for language in ("zh", "en") if row[language]}
    if names:
        found["name"] = {"type": "LanguageProperty", "languageMap": names}
    if row["description"]:
        found["description"] = {"type": "Property", "value": row["description"]}
    found["classification"] = {"type": "Property", "value": str(row["classification"])}
    properties = {attribute_name(key): value for key, value in row["properties"].items() if value is not None}
    return found | {name: {"type": "Property", "value": value} for name, value in properties.items()}


def _devices(facts: Facts, ids: Sequence[str], wanted: Names | None) -> Mapping[str, Row]:
    """Return the rows of those of these things that are devices and may be read."""
    if wanted is not None and not wanted & RELATIONSHIPS.keys():
        return {}
    found = facts.city.store.registry.find("device", where={"id": list(ids)})
    codes = {str(each): readable for each, readable in zip(CLASSES, facts.sight.devices.tolist(), strict=True)}
    return {row["id"]: row for row in found if codes[str(row["classification"])]}


def _kinds_of(facts: Facts, devices: Iterable[Row]) -> Mapping[str, str]:
    """Return the kind of each thing that a device points to."""
    columns = [column for column, kind in RELATIONSHIPS.values() if not kind]
    ids = sorted({row[column] for row in devices for column in columns if row[column]})
    return {row["id"]: row["kind"] for row in facts.city.store.registry.find("thing", where={"id": ids})}


def _related(device: Row, kinds: Mapping[str, str]) -> Entity:
    found = {}
    for name, (column, kind) in RELATIONSHIPS.items():
        target = device[column]
        if target:
            target_urn = urn(kind, target) if kind else thing_urn(kinds.get(target, ""), target)
            found[name] = {"type": "Relationship", "object": target_urn}
    return found
