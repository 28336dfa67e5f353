"""Observations in a native DuckDB file: appended in durable batches, never overwritten, read as of any moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import Clock, from_micros, to_micros
from lifang.store.lake.engine import Engine
from lifang.store.lake.model import Batch, Observations
from lifang.store.lake.names import sql
from lifang.store.lake.observed import asking
from lifang.store.lake.observed.arrival import Arrival, arrive
from lifang.store.lake.observed.reading import Reader, scan_of
from lifang.store.lake.observed.summing import aggregate
from lifang.store.lake.observed.tables import LISTED, make_tables
from lifang.store.lake.query import NEVER, AggregateQuery, ObservationQuery, Tally

_DAY = 86_400_000_000


class Native:
    """The observations of one city."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._last: tuple[int, int] | None = None
        self._reader = Reader(engine)
        self._properties, self._periods_s = np.zeros(1, np.int32), np.zeros(1, np.int32)
        with engine.session() as session:
            make_tables(session)
            self._high = _highest(session)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep every append and every settling waiting while the block runs."""
        with self._settling, self._lock:
            yield

    def append(self, columns: Observations, *, subject: str) -> Batch:
        """Return the batch these observations became; they are on disk by then."""
        columns.check_times()
        columns.check_numbers()
        digest = columns.digest()
        with self._lock:
            try:
                return self._append(columns, subject, digest)
            except BaseException:
                self._last = None
                raise

    def _append(self, columns: Observations, subject: str, digest: str) -> Batch:
        with self._engine.session() as session:
            last_id, last_recorded = self._last or _last_batch(session)
            recorded = max(to_micros(self._clock.now()), last_recorded)
            span = (int(columns.time.min()), int(columns.time.max())) if len(columns) else (None, None)
            batch = Batch(last_id + 1, from_micros(recorded), subject, len(columns), digest)
            self._high = _reaching(self._high, int(columns.datastream.max(initial=0)) + 1, NEVER)
            arrival = arrive(columns, self._high)
            session.register("incoming", _arrow(columns, arrival, batch.id))
            session.execute("BEGIN")
            session.execute(
                "INSERT INTO observations.batch VALUES (?, ?, ?, ?, ?, ?, ?)",
                [batch.id, recorded, subject, batch.rows, *span, digest],
            )
            session.execute(sql("INSERT INTO observations.recent SELECT", LISTED, "FROM incoming"))
            session.execute("COMMIT")
            self._high[arrival.numbers] = arrival.highest
            self._last = (batch.id, recorded)
            return batch

    def batches(self, *, after: int = 0, limit: int = 1000) -> list[Batch]:
        """Return up to ``limit`` batches with ids past ``after``, in order."""
        query = "SELECT id, recorded, subject, rows, digest FROM observations.batch WHERE id > ? ORDER BY id LIMIT ?"
        with self._engine.session() as session:
            rows = session.execute(query, [after, limit]).fetchall()
        return [Batch(row[0], from_micros(row[1]), *row[2:]) for row in rows]

    def series(self, datastream: int, start: datetime, end: datetime, *, at: datetime | None = None) -> pa.Table:
        """Return ``time, value, quality`` of one datastream in [start, end): one value per time, the last recorded."""
        return self.many_series([datastream], start, end, at=at).drop_columns(["datastream"])

    def many_series(
        self, datastreams: Sequence[int], start: datetime, end: datetime, *, at: datetime | None = None
    ) -> pa.Table:
        """Return ``datastream, time, value, quality`` in [start, end), by datastream and time."""
        numbers = scan_of(datastreams).numbers
        found = asking.read(self._reader, ObservationQuery(numbers, start, end, at=at))
        return found.drop_columns(["extra"])

    def read(self, query: ObservationQuery) -> pa.Table:
        """Return ``datastream, time, value, quality, extra``: the values that meet the query, in its order."""
        return asking.read(self._reader, query)

    def distinct(self, query: ObservationQuery, column: str) -> list[Any]:
        """Return the values that ``column`` takes among the rows that meet the query, in order."""
        return asking.distinct(self._reader, query, column)

    def count(self, query: ObservationQuery) -> int:
        """Return how many values meet the query, whatever its limit and offset."""
        return asking.count(self._reader, query)

    def tally(self, numbers: NDArray[np.int32]) -> Tally:
        """Return how many values each of ``numbers`` has, its first and its last time."""
        return asking.tally(self._reader, numbers)

    def aggregate(self, query: AggregateQuery) -> pa.Table:
        """Return one row per group and bucket that holds a value."""
        return aggregate(self._reader, query, self._properties)

    def history(self, number: int, micros: int) -> pa.Table:
        """Return ``value, quality, extra, recorded, subject`` of every version of one value, the earliest first."""
        return asking.history(self._reader, number, micros)

    def describe(self, numbers: NDArray[np.int32], properties: NDArray[np.int32], periods_s: NDArray[np.int32]) -> None:
        """Take in what datastreams measure (a number of the property) and how often (0: irregularly)."""
        if len(numbers):
            with self._lock:
                size = int(numbers.max()) + 1
                self._properties, self._periods_s = (
                    _reaching(each, size, 0) for each in (self._properties, self._periods_s)
                )
                self._properties[numbers], self._periods_s[numbers] = properties, periods_s

    def latest(self) -> pa.Table:
        """Return ``datastream, time, value, quality``: the newest value of every datastream."""
        return asking.latest(self._reader)

    def bounds(self) -> tuple[datetime, datetime] | None:
        """Return the first and last time observed, or ``None`` while nothing is."""
        with self._engine.session() as session:
            row = session.execute("SELECT min(first), max(last) FROM observations.batch").fetchone()
        return None if row is None or row[0] is None else (from_micros(row[0]), from_micros(row[1]))

    def observation_count(self) -> int:
        """Return how many observations were ever recorded, corrections included."""
        with self._engine.session() as session:
            row = session.execute("SELECT coalesce(sum(rows), 0)::BIGINT FROM observations.batch").fetchone()
        return int(row[0]) if row else 0

    def settle(self, before: datetime) -> int:
        """Return how many rows moved from ``recent`` to ``settled``: those of the whole UTC days before ``before``.

        They move in one transaction, sorted by day, datastream and time; appends and reads go on meanwhile.
        """
        bound = [to_micros(before) // _DAY * _DAY]
        with self._settling, self._engine.session() as session:
            session.execute("BEGIN")
            moved = session.execute(
                "INSERT INTO observations.settled SELECT * FROM observations.recent WHERE time < ? "
                "ORDER BY time // 86400000000, datastream, time, batch, turn",
                bound,
            ).fetchone()
            count = int(moved[0]) if moved else 0
            if not count:
                session.execute("ROLLBACK")
                return 0
            session.execute("DELETE FROM observations.recent WHERE time < ?", bound)
            session.execute("COMMIT")
        self.checkpoint()
        return count

    def checkpoint(self) -> bool:
        """Return whether the log was folded into the file; not while another transaction writes."""
        with self._lock, self._engine.session() as session:
            try:
                session.execute("CHECKPOINT observations")
            except duckdb.TransactionException:
                return False
        return True


def _arrow(columns: Observations, arrival: Arrival, batch: int) -> pa.Table:
    size = len(columns)
    named = {name: getattr(columns, name) for name in ("datastream", "time", "value", "quality")}
    extra = pa.nulls(size, pa.string()) if columns.extra is None else columns.extra
    rest = {"batch": np.full(size, batch, np.int64), "turn": arrival.turn, "late": arrival.late}
    return pa.table({**named, "extra": extra, **rest})


def _highest(session: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
    query = (
        "SELECT datastream, max(time) AS time FROM (SELECT datastream, time FROM observations.settled "
        "UNION ALL SELECT datastream, time FROM observations.recent) GROUP BY datastream"
    )
    found = session.execute(query).to_arrow_table()
    numbers = found["datastream"].to_numpy()
    high = _reaching(np.full(0, NEVER), int(numbers.max()) + 1 if len(numbers) else 1, NEVER)
    high[numbers] = found["time"].to_numpy()
    return high


def _reaching(column: NDArray[Any], size: int, filler: int) -> NDArray[Any]:
    """Return ``column`` long enough for ``size`` entries."""
    if size <= len(column):
        return column
    return np.concatenate([column, np.full(max(size, 2 * len(column)) - len(column), filler, column.dtype)])


def _last_batch(session: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = session.execute("SELECT coalesce(max(id), 0), coalesce(max(recorded), 0) FROM observations.batch").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
