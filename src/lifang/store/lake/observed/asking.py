"""The questions answered: rows, counts and histories of observations, as Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lifang.store.expression import Field, walk
from lifang.store.lake.model import UNTIL
from lifang.store.lake.names import sql
from lifang.store.lake.observed.ordering import Ordered
from lifang.store.lake.observed.reading import Reader, Scan, View, scan_of
from lifang.store.lake.query import ObservationQuery
from lifang.store.lake.where import value, where

TIME = pa.timestamp("us", "UTC")
_PLAIN = "datastream, time, value, quality, extra"


def read(reader: Reader, query: ObservationQuery) -> pa.Table:
    """Return ``datastream, time, value, quality, extra``: the values that meet the query, in its order.

    ``key_0`` and following columns hold what the rows are ordered by, for a query that begins after one of them.
    """
    with reader.view(scan_of(query.datastreams, query.start, query.end), at=query.at, joined=_is_joined(query)) as view:
        source, values = _chosen(view, query)
        ordered = Ordered.by(query.order)
        source, values = ordered.worked_out(source, values)
        if query.after is not None:
            condition, bound = ordered.past(query.after)
            source, values = sql("SELECT * FROM (", source, ") WHERE", condition), [*values, *bound]
        order = ordered.text
        if query.each is not None:
            place = f"QUALIFY row_number() OVER (PARTITION BY datastream ORDER BY {order}) <= {query.each:d}"
            source = sql("SELECT * FROM (", source, ")", place)
        limit = "ALL" if query.limit is None else str(int(query.limit))
        shown = ", ".join((_PLAIN, *ordered.shown))
        asked = sql("SELECT", shown, "FROM (", source, ") ORDER BY", order, f"LIMIT {limit} OFFSET {query.offset:d}")
        return timed(view.rows(asked, values))


def distinct(reader: Reader, query: ObservationQuery, column: str) -> list[Any]:
    """Return the values that ``column`` takes among the rows that meet the query, in order, without none."""
    key, keys = value(Field(column))
    with reader.view(scan_of(query.datastreams, query.start, query.end), at=query.at, joined=_is_joined(query)) as view:
        source, values = _chosen(view, query)
        asked = sql("SELECT DISTINCT", key, "AS found FROM (", source, ") ORDER BY found")
        return [each for each in view.rows(asked, [*keys, *values])["found"].to_pylist() if each is not None]


def extremes(reader: Reader, query: ObservationQuery, name: str) -> pa.Table:
    """Return ``datastream, first, last``: the least and greatest of what stands as ``name`` beside the values."""
    key, keys = value(Field(f"extra.{name}"))
    with reader.view(scan_of(query.datastreams, query.start, query.end), at=query.at, joined=_is_joined(query)) as view:
        source, values = _chosen(view, query)
        told = sql("SELECT datastream,", key, "AS told FROM (", source, ") WHERE contains(extra, ?)")
        asked = sql("SELECT datastream, min(told) AS first, max(told) AS last FROM (", told, ") WHERE told IS NOT NULL")
        return view.rows(sql(asked, "GROUP BY datastream"), [*keys, *values, f'"{name}":'])


def count(reader: Reader, query: ObservationQuery) -> int:
    """Return how many values meet the query, whatever its limit."""
    with reader.view(scan_of(query.datastreams, query.start, query.end), at=query.at, joined=_is_joined(query)) as view:
        source, values = _chosen(view, query)
        return int(view.one(sql("SELECT count(*) FROM (", source, ")"), values)[0])


def history(reader: Reader, number: int, micros: int) -> pa.Table:
    """Return ``value, quality, extra, until, recorded, subject`` of every version of the values at one time.

    The earliest come first; ``until`` is where an interval ends, null of a moment.
    """
    scan = Scan(np.array([number], np.int32), micros, micros + 1)
    with reader.view(scan) as view:
        columns = sql("SELECT value, quality, extra,", UNTIL, "AS until, batch FROM (")
        asked = sql(columns, view.versions, ") ORDER BY batch, turn")
        versions = view.rows(asked, view.version_values)
        batches = versions["batch"].to_pylist()  # joined here: DuckDB 1.5.5 pushes a filter into Arrow that Arrow lacks
        asked = sql("SELECT id, recorded, subject FROM (", view.batches, ") WHERE list_contains(?, id)")
        told = {row["id"]: row for row in view.rows(asked, [batches]).to_pylist()}
    recorded = pa.array([told[batch]["recorded"] for batch in batches], pa.int64()).cast(TIME)
    subjects = pa.array([told[batch]["subject"] for batch in batches], pa.string())
    return versions.drop_columns(["batch"]).append_column("recorded", recorded).append_column("subject", subjects)


def timed(found: pa.Table) -> pa.Table:
    """Return ``found`` with its times as moments in UTC."""
    place = found.schema.get_field_index("time")
    return found.set_column(place, "time", found["time"].cast(TIME))


def _is_joined(query: ObservationQuery) -> bool:
    """Return whether the rows are joined with their batches: where it matters when they were recorded."""
    said = [Field(key) if isinstance(key, str) else key for key, _ in query.order]
    said += [] if query.where is None else [query.where]
    return any(isinstance(part, Field) and part.name == "recorded" for each in said for part, _ in walk(each))


def _chosen(view: View, query: ObservationQuery) -> tuple[str, list[Any]]:
    """Return the values that meet the query, as SQL with what it binds."""
    source = sql("SELECT * FROM (", view.current, ")")
    if _is_joined(query):
        source += sql(" JOIN (SELECT id AS batch, recorded FROM (", view.batches, ")) USING (batch)")
    if query.where is None:
        return source, list(view.current_values)
    condition, values = where(query.where)
    return sql("SELECT * FROM (", source, ") WHERE", condition), [*view.current_values, *values]
