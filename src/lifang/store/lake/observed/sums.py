"""Sums kept up: per datastream, and for the whole city per observed property, at every level, up to a watermark.

Below the watermark every bucket is summed up, except those listed as stale: a late, repeated, corrected or deleted
value, or a datastream described anew, makes its quarter of an hour stale until it is summed up again. A level is not
kept of a datastream whose period is not shorter than its bucket, as its values are as few.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import from_micros
from lifang.store.lake.names import sql
from lifang.store.lake.observed.described import Described, Numbers
from lifang.store.lake.observed.folding import mark, set_mark
from lifang.store.lake.observed.levels import LEVELS, STEP_S, STEP_US, Level, bucket, floor
from lifang.store.lake.observed.reading import Reader, Scan
from lifang.store.lake.observed.tables import make_missing

SUMS = "count(*) AS count, sum(value) AS sum, min(value) AS min, max(value) AS max"
MERGED = "sum(count)::BIGINT AS count, sum(sum) AS sum, min(min) AS min, max(max) AS max"
_EPOCH = from_micros(0)
STEP = f"(time - ((time % {STEP_US}) + {STEP_US}) % {STEP_US})"
_COLUMNS = "begin BIGINT, count BIGINT, sum DOUBLE, min DOUBLE, max DOUBLE"
_SUM_TABLES = (*(f"by_{level.name}" for level in LEVELS), *(f"city_{level.name}" for level in LEVELS))
_TABLES = {
    **{f"by_{level.name}": f"datastream INTEGER, {_COLUMNS}" for level in LEVELS},
    **{f"city_{level.name}": f"property INTEGER, {_COLUMNS}" for level in LEVELS},
    "stale": "datastream INTEGER, step BIGINT",
    "city_stale": "property INTEGER, step BIGINT",
    "described": "datastream INTEGER, property INTEGER, period_s INTEGER",
    "summed_in": "zone VARCHAR",
}


def make_sum_tables(session: duckdb.DuckDBPyConnection, there: set[str], zone_name: str) -> Described:
    """Return how the sums see the datastreams; make the tables that are not ``there``, empty sums of another zone."""
    make_missing(session, there, _TABLES)
    if session.execute("SELECT zone FROM observations.summed_in").fetchone() != (zone_name,):
        for table in there & {*_SUM_TABLES, "stale", "city_stale", "summed_in"}:
            session.execute(sql("DELETE FROM", f"observations.{table}"))
        session.execute("DELETE FROM observations.mark WHERE name = 'summed'")
        session.execute("INSERT INTO observations.summed_in VALUES (?)", [zone_name])
    used = Described()
    found = session.execute("SELECT datastream, property, period_s FROM observations.described").to_arrow_table()
    used.take_in(*(found[name].to_numpy() for name in ("datastream", "property", "period_s")))
    return used


def spoil(session: duckdb.DuckDBPyConnection, used: Described, numbers: Numbers, time: NDArray[np.int64]) -> None:
    """List as stale the steps below the watermark that rows fall into, in the transaction that adds them."""
    summed = mark(session, "summed")
    if summed is not None and len(time) and int(time.min()) < summed:
        late = (time < summed) & (time >= (mark(session, "given_up") or time.min()))
        _list_stale(session, used, numbers[late], time[late] // STEP_US * STEP_US)


def _list_stale(
    session: duckdb.DuckDBPyConnection, used: Described, numbers: Numbers, steps: NDArray[np.int64]
) -> None:
    session.register("spoilt", pa.table({"datastream": numbers, "step": steps}))
    session.register("used", used.table())
    session.execute("INSERT INTO observations.stale SELECT DISTINCT datastream, step FROM spoilt")
    session.execute(
        "INSERT INTO observations.city_stale SELECT DISTINCT coalesce(property, 0), step "
        "FROM spoilt LEFT JOIN used USING (datastream)"
    )


def adopt(session: duckdb.DuckDBPyConnection, reader: Reader, used: Described, told: Described) -> int:
    """Return the number of this telling of the datastreams; the steps of those that changed become stale.

    The sums go by ``told`` instead of ``used`` from now on; both have room for the same numbers.
    """
    changed = used.changed(told)
    summed = mark(session, "summed")
    if summed is not None and len(changed):
        versions, values = reader.stored(session, Scan(None, None, summed))
        session.register("changed", pa.table({"datastream": changed}))
        source = sql("SELECT DISTINCT datastream,", STEP, "AS step FROM (", versions, ") SEMI JOIN changed")
        found = session.execute(sql(source, "USING (datastream)"), values).to_arrow_table()
        for described in (used, told):
            _list_stale(session, described, found["datastream"].to_numpy(), found["step"].to_numpy())
    session.register("now", told.table())
    session.execute("DELETE FROM observations.described")
    session.execute("INSERT INTO observations.described SELECT datastream, property, period_s FROM now")
    version = (mark(session, "described") or 0) + 1
    set_mark(session, "described", version)
    return version


def advance(
    session: duckdb.DuckDBPyConnection,
    reader: Reader,
    used: Described,
    *,
    zone_name: str,
    first: int,
    until: int,
    most_us: int,
) -> bool:
    """Return whether more is left after summing up from the watermark towards ``until``, at most ``most_us``.

    ``first`` is where the watermark begins; all in microseconds.
    """
    summed = mark(session, "summed")
    start = floor(first, STEP_S, "UTC") if summed is None else summed
    last = floor(until, STEP_S, "UTC")
    end = min(last, start + max(most_us // STEP_US, 1) * STEP_US)
    if end <= start:
        return False
    for level in LEVELS:
        since, to = (floor(each, level.every_s, zone_name) for each in (start, end))
        if to > since:
            _sum(session, reader, used, level, zone_name, since, to)
    city_minutes(session, reader, used, Scan(None, start, end))
    for level in LEVELS[1:]:
        since, to = (floor(each, level.every_s, zone_name) for each in (start, end))
        merge_city(session, level, zone_name, f"begin >= {since} AND begin < {to}")
    set_mark(session, "summed", end)
    return end < last


def kept(used: Described, level: Level) -> pa.Table:
    """Return the datastreams that ``level`` is kept of."""
    return pa.table({"datastream": np.flatnonzero(used.period_s < level.every_s).astype(np.int32)})


def _sum(
    session: duckdb.DuckDBPyConnection,
    reader: Reader,
    used: Described,
    level: Level,
    zone_name: str,
    start: int,
    end: int,
) -> None:
    view = reader.over(session, Scan(None, start, end))
    session.register("kept", kept(used, level))
    begin = level.begin(zone_name)
    source = sql("SELECT datastream,", begin, "AS begin, value FROM (", view.current, ") WHERE isfinite(value)")
    summed = sql("SELECT datastream, begin,", SUMS, "FROM (", source, ") SEMI JOIN kept USING (datastream)")
    ordered = "GROUP BY datastream, begin ORDER BY datastream, begin"
    session.execute(sql("INSERT INTO", f"observations.by_{level.name}", summed, ordered), view.current_values)


def city_minutes(
    session: duckdb.DuckDBPyConnection, reader: Reader, used: Described, scan: Scan, *, among: str = ""
) -> None:
    """Sum up the city's minutes in ``scan``, of the properties and steps in the table ``among`` if there is one."""
    view = reader.over(session, scan)
    session.register("used", used.table())
    minute = bucket(60, "UTC", _EPOCH)
    columns = sql("coalesce(property, 0) AS property,", minute, "AS begin,", STEP, "AS step, value")
    source = sql("SELECT", columns, "FROM (", view.current, ") LEFT JOIN used USING (datastream) WHERE isfinite(value)")
    chosen = sql("SEMI JOIN", among, "USING (property, step)") if among else ""
    summed = sql("SELECT property, begin,", SUMS, "FROM (", source, ")", chosen, "GROUP BY property, begin")
    session.execute(
        sql("INSERT INTO observations.city_minute", summed, "ORDER BY property, begin"), view.current_values
    )


def merge_city(session: duckdb.DuckDBPyConnection, level: Level, zone_name: str, condition: str) -> None:
    """Sum up the city's buckets of ``level`` from its minutes that meet ``condition``."""
    begin = level.begin(zone_name, "begin")
    merged = sql("SELECT property,", begin, "AS begun,", MERGED, "FROM observations.city_minute WHERE", condition)
    ordered = "GROUP BY property, begun ORDER BY property, begun"
    session.execute(sql("INSERT INTO", f"observations.city_{level.name}", merged, ordered))
