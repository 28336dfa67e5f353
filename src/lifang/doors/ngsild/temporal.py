"""The past of entities: every value, pairs of value and moment, or sums over periods (CIM 009 clauses 4.5.6 to 4.5.9).

Read from the lake for the datastreams of one page. Whole days begin at midnight in the city's zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lifang.core import format_instant, from_micros
from lifang.doors.ngsild.aggregates import sums
from lifang.doors.ngsild.entities import Entity, Instance, Names, Stream, measured_instance, streams_of, unit_of
from lifang.doors.ngsild.facts import Facts
from lifang.doors.ngsild.names import thing_urn, type_name
from lifang.doors.ngsild.roll import Rows
from lifang.doors.ngsild.window import Window
from lifang.guard import Classification, Resource
from lifang.sensing import Quality
from lifang.store import ObservationQuery

VALUES_MAX = 100_000  # of one answer
Value = tuple[int, Any, int]  # microseconds, result, quality


@dataclass(frozen=True)
class Past:
    """The past of the entities of a page; ``cut`` is (first, last) moment of a part when there was more."""

    entities: list[Entity]
    told: tuple[Resource, ...]
    cut: tuple[datetime, datetime] | None = None


def past_of(facts: Facts, rows: Rows, window: Window, *, wanted: Names | None, form: str) -> Past:
    """Return the past of these entities; ``form`` is empty, ``temporalValues`` or ``aggregatedValues``."""
    streams = streams_of(facts, rows, wanted)
    cut = None
    if form == "aggregatedValues":
        shown = {number: [each] for number, each in sums(facts.city, streams, window).items()}
    else:
        values, cut = _values(facts, streams, window)
        shown = {
            stream.row["number"]: _written(stream, values[stream.row["number"]], form)
            for stream in streams
            if stream.row["number"] in values
        }
    by_thing: dict[str, list[Stream]] = {}
    for stream in streams:
        if stream.row["number"] in shown:
            by_thing.setdefault(stream.row["thing"], []).append(stream)
    entities, told = [], []
    for thing in facts.things(rows):
        mine = by_thing.get(thing.get("id", ""), [])
        if not mine:
            continue
        entity: Entity = {"id": thing_urn(thing["kind"], thing["id"]), "type": type_name(thing["kind"])}
        for stream in mine:
            entity.setdefault(stream.attribute, []).extend(shown[stream.row["number"]])
        entities.append({name: _single(each) if form else each for name, each in entity.items()})
        told.append(Resource("thing", thing["id"], Classification(thing["classification"])))
        told += [stream.resource for stream in mine]
    return Past(entities, tuple(told), cut)


def _single(value: Any) -> Any:
    """Return the only instance of an attribute as such, several as a list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _written(stream: Stream, values: Sequence[Value], form: str) -> list[Instance]:
    if form == "temporalValues":
        pairs = [[value, format_instant(from_micros(micros))] for micros, value, _ in values]
        found = {"type": "Property", "values": pairs, **unit_of(stream)}
        return [found | ({"datasetId": stream.dataset} if stream.dataset else {})]
    number = stream.row["number"]
    return [
        {
            **measured_instance(stream, micros, value, quality),
            "instanceId": f"urn:ngsi-ld:Observation:{number}-{micros}",
        }
        for micros, value, quality in values
    ]


def _values(
    facts: Facts, streams: Sequence[Stream], window: Window
) -> tuple[dict[int, list[Value]], tuple[datetime, datetime] | None]:
    """Return the values of each datastream: the first ones by time, or the last ones, newest first."""
    if not streams:
        return {}, None
    most = max(1, VALUES_MAX // len(streams))
    asked = min(window.last or most, most)
    numbers = np.array([each.row["number"] for each in streams], np.int32)
    order = (("datastream", False), ("time", bool(window.last)))
    more = 0 if window.last and window.last <= most else 1
    table = facts.city.store.lake.read(
        ObservationQuery(numbers, window.start, window.end, order=order, each=asked + more)
    )
    counts = Counter(table["datastream"].to_pylist())
    is_cut = bool(more) and any(count > asked for count in counts.values())
    found: dict[int, list[Value]] = {}
    for number, value in _rows(table):
        kept = found.setdefault(number, [])
        if len(kept) < asked:
            kept.append(value)
    found = {number: there for number, values in found.items() if (there := [each for each in values if _is(each)])}
    return found, _span(found) if is_cut else None


def _is(value: Value) -> bool:
    return value[1] is not None and value[2] != Quality.MISSING


def _span(found: dict[int, list[Value]]) -> tuple[datetime, datetime]:
    moments = [micros for values in found.values() for micros, _, _ in values]
    return from_micros(min(moments)), from_micros(max(moments))


def _rows(table: pa.Table) -> list[tuple[int, Value]]:
    columns = (table["datastream"], table["time"].cast(pa.int64()), table["value"], table["quality"], table["extra"])
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return [(number, (micros, _result(value, extra), quality)) for number, micros, value, quality, extra in rows]


def _result(value: float | None, extra: str | None) -> Any:
    if value is not None and np.isfinite(value):
        return value
    return orjson.loads(extra).get("result") if extra else None
