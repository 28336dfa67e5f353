"""Stale sums made anew: those buckets, and no others, that a late or corrected value fell into."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from lifang.store.lake.names import sql
from lifang.store.lake.observed.described import Described
from lifang.store.lake.observed.folding import mark
from lifang.store.lake.observed.levels import DAY_S, LEVELS, STEP_US, Level, floor
from lifang.store.lake.observed.reading import Reader, Scan
from lifang.store.lake.observed.sums import SUMS, city_minutes, kept, merge_city

_TWO_DAYS = 2 * DAY_S * 1_000_000


def freshen(session: duckdb.DuckDBPyConnection, reader: Reader, used: Described, zone_name: str) -> int:
    """Return how many steps of datastreams were summed up anew: all that were stale."""
    summed = mark(session, "summed")
    row = session.execute("SELECT count(*), min(step), max(step) FROM observations.stale").fetchone()
    if summed is None or row is None or not row[0]:
        return 0
    for level in LEVELS:
        start, end = floor(row[1], level.unit_s, zone_name), floor(summed, level.every_s, zone_name)
        _level(session, reader, used, level, zone_name, Scan(None, start, min(end, row[2] + _TWO_DAYS)))
    _city(session, reader, used, zone_name, summed)
    session.execute("DELETE FROM observations.stale")
    session.execute("DELETE FROM observations.city_stale")
    return int(row[0])


def units(level: Level, zone_name: str, table: str, key: str) -> str:
    """Return ``key, unit``: the stretches of ``level`` that the stale steps in ``table`` lie in, as SQL."""
    return sql("SELECT DISTINCT", key, ",", level.unit(zone_name, "step"), "AS unit FROM", table)


def _level(
    session: duckdb.DuckDBPyConnection, reader: Reader, used: Described, level: Level, zone_name: str, scan: Scan
) -> None:
    stale = session.execute(units(level, zone_name, "observations.stale", "datastream")).to_arrow_table()
    session.register("stale_unit", stale)
    session.register("kept", kept(used, level))
    table = f"observations.by_{level.name}"
    among = sql("(datastream,", level.unit(zone_name, "begin"), ") IN (SELECT (datastream, unit) FROM stale_unit)")
    session.execute(sql("DELETE FROM", table, "WHERE", among))
    view = reader.over(session, scan)
    columns = sql("datastream,", level.begin(zone_name), "AS begin,", level.unit(zone_name), "AS unit, value")
    source = sql("SELECT", columns, "FROM (", view.current, ") WHERE isfinite(value)")
    chosen = "SEMI JOIN stale_unit USING (datastream, unit) SEMI JOIN kept USING (datastream)"
    summed = sql("SELECT datastream, begin,", SUMS, "FROM (", source, ")", chosen, "GROUP BY datastream, begin")
    session.execute(sql("INSERT INTO", table, summed), view.current_values)


def _city(session: duckdb.DuckDBPyConnection, reader: Reader, used: Described, zone_name: str, summed: int) -> None:
    stale: pa.Table = session.execute("SELECT DISTINCT property, step FROM observations.city_stale").to_arrow_table()
    session.register("city_step", stale)
    steps = stale["step"].to_numpy()
    minute = LEVELS[0]
    among = sql("(property,", minute.unit(zone_name, "begin"), ") IN (SELECT (property, step) FROM city_step)")
    session.execute(sql("DELETE FROM observations.city_minute WHERE", among))
    scan = Scan(None, int(steps.min()), min(int(steps.max()) + STEP_US, summed))
    city_minutes(session, reader, used, scan, among="city_step")
    for level in LEVELS[1:]:
        stale_units = session.execute(units(level, zone_name, "observations.city_stale", "property")).to_arrow_table()
        session.register("city_unit", stale_units)
        among = sql("(property,", level.unit(zone_name, "begin"), ") IN (SELECT (property, unit) FROM city_unit)")
        session.execute(sql("DELETE FROM", f"observations.city_{level.name} WHERE", among))
        end = floor(summed, level.every_s, zone_name)
        merge_city(session, level, zone_name, sql(f"begin < {end} AND", among))
