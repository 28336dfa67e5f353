"""Buckets of time summed up: from the sums that are kept, where they are, and from the values themselves.

Every value is counted once: in a sum of the chosen level; or by itself at the edges of what was asked, past the
watermark, where the sum is stale, and for datastreams of which that level is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import to_micros
from lifang.store.lake.names import name, sql
from lifang.store.lake.observed.asking import timed
from lifang.store.lake.observed.described import Described
from lifang.store.lake.observed.folding import mark
from lifang.store.lake.observed.freshening import units
from lifang.store.lake.observed.levels import DAY_S, LEVELS, STEP_US, Level, bucket, ceiling, floor, offset_s
from lifang.store.lake.observed.pending import Block
from lifang.store.lake.observed.reading import Reader, Scan, scan_of
from lifang.store.lake.query import AggregateQuery, percentile

_FUNCTIONS = {"avg": "avg(value)", "min": "min(value)", "max": "max(value)", "count": "count(*)", "sum": "sum(value)"}
_MERGED = {
    "avg": "sum(sum) / sum(count)",
    "min": "min(min)",
    "max": "max(max)",
    "count": "sum(count)::BIGINT",
    "sum": "sum(sum)",
}
_FEW = 100  # of so few datastreams a day of values costs nothing
_STALE_NOW = "(SELECT datastream, step FROM observations.stale UNION SELECT datastream, step FROM stale_waiting)"
_CITY_STALE_NOW = (
    "(SELECT property, step FROM observations.city_stale UNION SELECT coalesce(property, 0) AS property, step "
    "FROM stale_waiting LEFT JOIN described USING (datastream))"
)


@dataclass
class _Parts:
    """Parts of the answer as SQL with what each binds: ``key, begin, count, sum, min, max``."""

    texts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, text: str, values: Sequence[Any] = ()) -> None:
        self.texts.append(text)
        self.values += values


@dataclass(frozen=True)
class _Chosen:
    """A level, and the stretch [low, high) of [start, end) that its buckets fill below the watermark."""

    level: Level
    start: int
    low: int
    high: int
    end: int

    @property
    def left(self) -> int:
        """How much is to be read as values, in microseconds."""
        return self.low - self.start + self.end - self.high


@dataclass(frozen=True)
class Summing:
    """Answers an :class:`AggregateQuery` by the sums of ``zone``, made with datastreams as ``used``.

    ``version`` says which telling of the datastreams that is.
    """

    reader: Reader
    zone: str
    used: Described
    version: int

    def aggregate(self, query: AggregateQuery) -> pa.Table | None:
        """Return one row per group and bucket that holds a value: the group, ``time`` it begins at, each function.

        ``None`` if the sums go by a later telling of the datastreams already.
        """
        if (levels := self._levels(query)) and query.at is None:
            with self.reader.moment() as (session, waiting):
                if (mark(session, "described") or 0) != self.version:
                    return None
                summed = mark(session, "summed")
                if summed is not None and (chosen := self._choose(levels, query, summed)):
                    session.register("described", self.used.table())
                    self._register_waiting(session, waiting, summed)
                    return self._merged(session, query, self._parts(session, waiting, query, chosen))
        return self._from_values(query)

    def _levels(self, query: AggregateQuery) -> list[Level]:
        """Return the levels whose buckets fill those of the query, if its functions can be merged, coarsest first."""
        if query.every_s == 0 or any(each not in _MERGED for each in query.functions):
            return []
        shifts = {offset_s(query.zone, each) for each in (query.start, query.end)}
        whole_days = query.every_s % DAY_S == 0 and query.zone == self.zone
        return [
            level
            for level in reversed(LEVELS)
            if (whole_days if level.every_s == DAY_S else query.every_s % level.every_s == 0)
            and (level.every_s == DAY_S or not any(shift % level.every_s for shift in shifts))
        ]

    def _choose(self, levels: Sequence[Level], query: AggregateQuery, summed: int) -> _Chosen | None:
        """Return the coarsest level that leaves little more to be read as values than the best one."""
        start, end = to_micros(query.start), to_micros(query.end)
        found = []
        for level in levels:
            low = ceiling(start, level.every_s, self.zone)
            high = min(floor(each, level.every_s, self.zone) for each in (end, summed))
            if high > low:
                found.append(_Chosen(level, start, low, high, end))
        few = query.datastreams is not None and len(query.datastreams) <= _FEW
        slack = DAY_S * 1_000_000 if few else STEP_US
        least = min((each.left for each in found), default=0)
        return next((each for each in found if each.left <= least + slack), None)

    def _register_waiting(self, session: duckdb.DuckDBPyConnection, waiting: Sequence[Block], summed: int) -> None:
        late = [(block.observations, block.observations.time < summed) for block in waiting if block.first < summed]
        number = np.concatenate([rows.datastream[mask] for rows, mask in late] or [np.zeros(0, np.int32)])
        time = np.concatenate([rows.time[mask] for rows, mask in late] or [np.zeros(0, np.int64)])
        session.register("stale_waiting", pa.table({"datastream": number, "step": time // STEP_US * STEP_US}))

    def _parts(
        self,
        session: duckdb.DuckDBPyConnection,
        waiting: Sequence[Block],
        query: AggregateQuery,
        chosen: _Chosen,
    ) -> _Parts:
        level, low, high = chosen.level, chosen.low, chosen.high
        citywide = query.datastreams is None and query.by != ("datastream",)
        numbers = self._numbers(query)
        parts = _Parts()
        scans = [Scan(numbers, chosen.start, low), Scan(numbers, high, chosen.end)]
        if not citywide:
            few = self._not_kept(numbers, level)
            scans += [Scan(few, low, high)] if len(few) else []
        for place, scan in enumerate(scans):
            if scan.start != scan.end:
                view = self.reader.over(session, scan, waiting, name=f"_{place}")
                parts.add(_single(view.current, by_property=citywide), view.current_values)
        key, table = ("property", "city") if citywide else ("datastream", "by")
        stale = sql("SELECT * FROM (", units(level, self.zone, _CITY_STALE_NOW if citywide else _STALE_NOW, key), ")")
        touching = f"WHERE unit > {low - level.unit_s * 1_000_000} AND unit < {high}"
        unit = session.execute(sql(stale, touching)).to_arrow_table()
        session.register("stale_unit", unit)
        among, values = self._chosen(session, numbers, query, citywide=citywide)
        columns = sql(key, "AS key, begin, count, sum, min, max,", level.unit(self.zone, "begin"), "AS unit")
        rows = sql("SELECT", columns, "FROM", f"observations.{table}_{level.name}", "WHERE begin >= ? AND begin < ?")
        kept = sql("SELECT * EXCLUDE (unit) FROM (", rows, among, ") AS kept")
        parts.add(
            sql(kept, "ANTI JOIN stale_unit ON kept.unit = stale_unit.unit AND kept.key =", f"stale_unit.{key}"),
            [low, high, *values],
        )
        if unit.num_rows:
            self._add_stale(session, waiting, query, chosen, unit, parts, citywide=citywide)
        return parts

    def _numbers(self, query: AggregateQuery) -> NDArray[np.int32] | None:
        if query.property is not None:
            return self.used.of_property(query.property)
        return scan_of(query.datastreams).numbers

    def _not_kept(self, numbers: NDArray[np.int32] | None, level: Level) -> NDArray[np.int32]:
        few = np.flatnonzero(self.used.period_s >= level.every_s).astype(np.int32)
        return few if numbers is None else np.intersect1d(few, numbers)

    def _chosen(
        self,
        session: duckdb.DuckDBPyConnection,
        numbers: NDArray[np.int32] | None,
        query: AggregateQuery,
        *,
        citywide: bool,
    ) -> tuple[str, list[int]]:
        """Return the condition on the key of the sums that are kept, and what it binds."""
        if citywide:
            return ("", []) if query.property is None else ("AND property = ?", [query.property])
        if numbers is None:
            return "", []
        if len(numbers) == 1:
            return "AND datastream = ?", [int(numbers[0])]
        session.register("wanted_sums", pa.table({"datastream": numbers}))
        return "AND datastream IN (SELECT datastream FROM wanted_sums)", []

    def _add_stale(
        self,
        session: duckdb.DuckDBPyConnection,
        waiting: Sequence[Block],
        query: AggregateQuery,
        chosen: _Chosen,
        unit: pa.Table,
        parts: _Parts,
        *,
        citywide: bool,
    ) -> None:
        """Add the values of the stretches whose sums are stale."""
        level, begins = chosen.level, unit["unit"].to_numpy()
        numbers = self._numbers(query)
        if not citywide:
            stale = unit["datastream"].to_numpy()
            kept = np.flatnonzero(self.used.period_s < level.every_s)
            found = np.intersect1d(stale, kept if numbers is None else np.intersect1d(kept, numbers))
            numbers = found.astype(np.int32)
        last = ceiling(int(begins.max()) + 1, level.unit_s, self.zone)
        scan = Scan(numbers, max(int(begins.min()), chosen.low), min(last, chosen.high))
        view = self.reader.over(session, scan, waiting, name="_stale")
        key = "property" if citywide else "datastream"
        rows = sql("SELECT *,", level.unit(self.zone), "AS unit FROM (", view.current, ")")
        if citywide:
            rows = sql("SELECT rows.*, coalesce(property, 0) AS property FROM (", rows, ") AS rows")
            rows = sql(rows, "LEFT JOIN described USING (datastream)")
        rows = sql("SELECT * FROM (", rows, ") SEMI JOIN stale_unit USING (", key, ", unit)")
        parts.add(_one_each(key, rows), view.current_values)

    def _merged(self, session: duckdb.DuckDBPyConnection, query: AggregateQuery, parts: _Parts) -> pa.Table:
        begin = bucket(query.every_s, query.zone, query.start, "begin")
        union = " UNION ALL ".join(sql("SELECT * FROM (", text, ")") for text in parts.texts)
        source = sql("SELECT key,", begin, "AS begun, count, sum, min, max FROM (", union, ")")
        if query.by == ("property",) and query.datastreams is not None:
            source = sql(
                "SELECT coalesce(property, 0) AS key, begun, count, sum, min, max FROM (", source, ") AS summed"
            )
            source = sql(source, "LEFT JOIN described ON described.datastream = summed.key")
        functions = ", ".join(f"{_MERGED[each]} AS {name(each)}" for each in query.functions)
        groups = [f"key AS {name(each)}" for each in query.by]
        listed = ", ".join([*groups, "begun AS time", functions])
        by = ", ".join([*("key" for _ in query.by), "begun"])
        return timed(
            session.execute(
                sql("SELECT", listed, "FROM (", source, ") GROUP BY", by, "ORDER BY", by), parts.values
            ).to_arrow_table()
        )

    def _from_values(self, query: AggregateQuery) -> pa.Table:
        begin = bucket(query.every_s, query.zone, query.start)
        numbers = self._numbers(query)
        with self.reader.view(scan_of(numbers, query.start, query.end), at=query.at) as view:
            source = sql("SELECT datastream,", begin, "AS begin, value FROM (", view.current, ") WHERE isfinite(value)")
            if query.by == ("property",):
                view.session.register("described", self.used.table())
                source = sql("SELECT coalesce(property, 0) AS property, begin, value FROM (", source, ")")
                source = sql(source, "LEFT JOIN described USING (datastream)")
            groups = ", ".join([*query.by, "begin"])
            functions = ", ".join(f"{_function(each)} AS {name(each)}" for each in query.functions)
            listed = ", ".join([*query.by, "begin AS time", functions])
            asked = sql("SELECT", listed, "FROM (", source, ") GROUP BY", groups, "ORDER BY", groups)
            return timed(view.rows(asked, view.current_values))


def _function(called: str) -> str:
    share = percentile(called)
    return _FUNCTIONS[called] if share is None else f"quantile_cont(value, {share!r})"


def _single(rows: str, *, by_property: bool) -> str:
    """Return values as sums of one value each, by datastream or by property, as SQL."""
    if not by_property:
        return _one_each("datastream", rows)
    named = sql("SELECT coalesce(property, 0) AS property, time, value FROM (", rows, ")")
    return _one_each("property", sql(named, "LEFT JOIN described USING (datastream)"))


def _one_each(key: str, rows: str) -> str:
    named = sql("SELECT", key, "AS key, time AS begin, 1::BIGINT AS count, value AS sum, value AS min, value AS max")
    return sql(named, "FROM (", rows, ") WHERE isfinite(value)")
