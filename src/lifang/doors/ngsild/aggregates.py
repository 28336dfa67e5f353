"""Sums over periods: what the lake sums up itself, and three methods that need the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.app import City
from lifang.core import BadInput, format_instant, from_micros, to_micros, zone
from lifang.doors.ngsild.entities import Instance, Stream
from lifang.doors.ngsild.problems import TooMuch
from lifang.doors.ngsild.window import DAY_S, METHODS, TICK, Window
from lifang.store import NEVER, AggregateQuery, ObservationQuery

BUCKETS_MAX = 100_000  # of one answer
RAW_MAX = 2_000_000  # values that are looked at for what the lake does not sum up


def sums(city: City, streams: Sequence[Stream], window: Window) -> dict[int, Instance]:
    """Return by datastream number one instance with, for each method, [value, begin, end] of every period."""
    if not window.methods:
        raise BadInput("Nothing says how to sum up.", where="aggrMethods", mend=f"Known: {', '.join(METHODS)}.")
    numbers = np.array([each.row["number"] for each in streams], np.int32)
    span = _span(city, numbers, window)
    if span is None:
        return {}
    start, end = span
    if window.every_s and (end - start).total_seconds() / window.every_s * len(streams) > BUCKETS_MAX:
        raise TooMuch("That is too many periods.", where="aggrPeriodDuration", mend="Take longer ones, or less time.")
    zone_name = city.settings.time_zone
    functions = tuple(dict.fromkeys(["count", *(METHODS[each] for each in window.methods if METHODS[each])]))
    query = AggregateQuery(start, end, window.every_s, datastreams=numbers, zone=zone_name, functions=functions)
    table = city.store.lake.aggregate(query)
    raw = [each for each in window.methods if not METHODS[each]]
    extra = _from_values(city, table, numbers, (start, end), raw) if raw else {}
    columns = {each: table[METHODS[each]].to_pylist() if METHODS[each] else extra[each].tolist()
               for each in window.methods}  # fmt: skip
    return _shown(streams, table, columns, window.every_s, zone_name, span)


def _span(city: City, numbers: NDArray[np.int32], window: Window) -> tuple[datetime, datetime] | None:
    """Return the window with both its ends; without values there is none."""
    if window.start is not None and window.end is not None:
        return window.start, window.end
    tally = city.store.lake.tally(numbers)
    there = tally.first != NEVER
    if not there.any():
        return None
    start = window.start or from_micros(int(tally.first[there].min()))
    end = window.end or from_micros(int(tally.last[there].max())) + TICK
    return (start, end) if start < end else None


def _from_values(
    city: City, table: pa.Table, numbers: NDArray[np.int32], span: tuple[datetime, datetime], methods: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return what only the values tell, per row of ``table`` (datastream, begin of its period)."""
    if not len(table):
        return {each: np.zeros(0) for each in methods}
    query = ObservationQuery(numbers, *span)
    if int(np.sum(table["count"].to_numpy())) > RAW_MAX:
        raise TooMuch(
            f"{', '.join(methods)} look at no more than {RAW_MAX:,} values.",
            where="aggrMethods",
            mend="Ask for less time, or for avg, min, max, sum, totalCount.",
        )
    rows = city.store.lake.read(query)
    value = rows["value"].to_numpy(zero_copy_only=False)
    kept = np.isfinite(value)
    keys = _keys(rows["datastream"].to_numpy()[kept], rows["time"].cast(pa.int64()).to_numpy()[kept])
    begins = _keys(table["datastream"].to_numpy(), table["time"].cast(pa.int64()).to_numpy())
    place = np.searchsorted(begins, keys, "right") - 1
    return {each: _METHODS[each](place, value[kept], len(table)) for each in methods}


def _keys(number: NDArray[np.int32], micros: NDArray[np.int64]) -> NDArray[np.void]:
    """Return keys that sort by datastream, then by time."""
    keys = np.empty(len(number), dtype=[("number", ">i8"), ("micros", ">i8")])
    keys["number"], keys["micros"] = number, micros
    return keys


def _square_sum(place: NDArray[np.int64], value: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(place, value * value, size).astype(np.float64)


def _deviation(place: NDArray[np.int64], value: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the standard deviation of the whole population of each period."""
    count = np.maximum(np.bincount(place, minlength=size), 1)
    mean = np.bincount(place, value, size) / count
    return np.sqrt(np.bincount(place, (value - mean[place]) ** 2, size) / count)


def _distinct(place: NDArray[np.int64], value: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    pairs = np.unique(np.stack([place.astype(np.float64), value]), axis=1)
    return np.bincount(pairs[0].astype(np.int64), minlength=size).astype(np.float64)


_METHODS = {"sumsq": _square_sum, "stddev": _deviation, "distinctCount": _distinct}
_WHOLE = frozenset({"totalCount", "distinctCount"})


def _shown(
    streams: Sequence[Stream],
    table: pa.Table,
    columns: Mapping[str, list[float]],
    every_s: int,
    zone_name: str,
    span: tuple[datetime, datetime],
) -> dict[int, Instance]:
    datasets = {each.row["number"]: each.dataset for each in streams}
    found: dict[int, Instance] = {}
    begins = table["time"].cast(pa.int64()).to_pylist()
    for row, (number, begin) in enumerate(zip(table["datastream"].to_pylist(), begins, strict=True)):
        instance = found.get(number)
        if instance is None:
            told = {"datasetId": datasets[number]} if datasets[number] else {}
            instance = found[number] = {"type": "Property", **{name: [] for name in columns}, **told}
        period = _period(begin, every_s, zone_name, span)
        for name, values in columns.items():
            value = int(values[row]) if name in _WHOLE else values[row]
            instance[name].append([value, *period])
    return found


def _period(begin: int, every_s: int, zone_name: str, span: tuple[datetime, datetime]) -> tuple[str, str]:
    """Return begin and end of a period as far as it lies in the window."""
    first = from_micros(begin)
    if not every_s:
        return format_instant(span[0]), format_instant(span[1])
    if every_s % DAY_S:
        last = first + timedelta(seconds=every_s)
    else:  # a day of the city's calendar, which a change of the clock makes longer or shorter
        local = first.astimezone(zone(zone_name)).replace(tzinfo=None) + timedelta(seconds=every_s)
        last = local.replace(tzinfo=zone(zone_name))
    ends = from_micros(max(begin, to_micros(span[0]))), from_micros(min(to_micros(last), to_micros(span[1])))
    return format_instant(ends[0]), format_instant(ends[1])
