"""Buckets of time summed up: where they begin in a zone, and the functions over their values."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import zone
from lifang.store.lake.names import name, sql, text
from lifang.store.lake.observed.asking import timed
from lifang.store.lake.observed.reading import Reader, scan_of
from lifang.store.lake.query import AggregateQuery, percentile

DAY_S = 86_400
_FUNCTIONS = {"avg": "avg(value)", "min": "min(value)", "max": "max(value)", "count": "count(*)", "sum": "sum(value)"}


def bucket(every_s: int, zone_name: str, start: datetime) -> tuple[str, list[int]]:
    """Return the begin (microseconds UTC) of the bucket that ``time`` lies in, as SQL, and its values.

    Whole days begin at midnight of the zone's calendar, counted from 1970-01-01; shorter ones by its clock at
    ``start``, so that a change of the clock neither folds nor splits them.
    """
    if not every_s:
        return "?::BIGINT", [int(start.timestamp()) * 1_000_000 + start.microsecond]
    if every_s % DAY_S:
        offset = zone(zone_name).utcoffset(start.astimezone(zone(zone_name)))
        shift = 0 if offset is None else int(offset.total_seconds() * 1_000_000)
        step = every_s * 1_000_000
        return f"(time - (((time + {shift}) % {step}) + {step}) % {step})", []
    local = f"(make_timestamptz(time) AT TIME ZONE {text(zone_name)})::DATE"
    days = every_s // DAY_S
    begin = f"({local} - ((({local} - DATE '1970-01-01') % {days} + {days}) % {days})::INTEGER)"
    return f"epoch_us({begin}::TIMESTAMP AT TIME ZONE {text(zone_name)})", []


def function(called: str) -> str:
    """Return the SQL of one of the functions of an :class:`AggregateQuery`."""
    share = percentile(called)
    return _FUNCTIONS[called] if share is None else f"quantile_cont(value, {share!r})"


def aggregate(reader: Reader, query: AggregateQuery, properties: NDArray[np.int32]) -> pa.Table:
    """Return one row per group and bucket that holds a value: what they are grouped by, ``time``, each function.

    ``properties`` is the property number of each datastream number.
    """
    numbers = query.datastreams
    if query.property is not None:
        numbers = np.flatnonzero(properties == query.property).astype(np.int32)
    begin, values = bucket(query.every_s, query.zone, query.start)
    with reader.view(scan_of(numbers, query.start, query.end), at=query.at) as view:
        source = sql("SELECT datastream,", begin, "AS begin, value FROM (", view.current, ") WHERE isfinite(value)")
        bound = [*values, *view.current_values]
        if query.by == ("property",):
            view.session.register("property", pa.table({"property": properties, "datastream": _counted(properties)}))
            source = sql("SELECT property, begin, value FROM (", source, ") JOIN property USING (datastream)")
        groups = ", ".join([*query.by, "begin"])
        functions = ", ".join(f"{function(each)} AS {name(each)}" for each in query.functions)
        listed = ", ".join([*query.by, "begin AS time", functions])
        asked = sql("SELECT", listed, "FROM (", source, ") GROUP BY", groups, "ORDER BY", groups)
        return timed(view.rows(asked, bound))


def _counted(properties: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.arange(len(properties), dtype=np.int32)
