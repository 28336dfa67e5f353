"""The observations of one city: durable in a log, folded into a native DuckDB file, never overwritten, read as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import Clock, Unavailable, from_micros, to_micros
from lifang.store.lake.engine import Engine
from lifang.store.lake.model import Batch, Observations, rising
from lifang.store.lake.names import sql
from lifang.store.lake.observed import asking
from lifang.store.lake.observed.ageing import Aged, Ages
from lifang.store.lake.observed.bookkeeper import FOLD_ROWS, SAVE_ROWS, Bookkeeper
from lifang.store.lake.observed.intake import Intake
from lifang.store.lake.observed.keeper import Keeper
from lifang.store.lake.observed.log import Log
from lifang.store.lake.observed.pending import Waiting
from lifang.store.lake.observed.reading import Reader, scan_of
from lifang.store.lake.query import AggregateQuery, ObservationQuery, Tally

_DAY = 86_400_000_000


class Native:
    """The observations of one city; safe to use from many threads."""

    def __init__(self, engine: Engine, clock: Clock, *, zone_name: str, ages: Ages) -> None:
        self._engine = engine
        self._waiting = Waiting()
        self._reader = Reader(engine, lambda: self._waiting.blocks)
        self._log = Log(engine.folder / "log")
        self._books = Bookkeeper(engine, self._reader, self._waiting, self._log, zone_name=zone_name, ages=ages)
        self._intake = Intake(self._log, self._waiting, clock, last=_last(engine), high=self._books.book.high)
        self._closed = False
        self._keeper = Keeper(
            self._books.fold,
            [self._save, self._books.sum_up, self._books.age],
            hurry=lambda: self._waiting.rows >= FOLD_ROWS,
        )
        self._intake.arrived = self._keeper.wake
        self._keeper.start()
        if self._waiting.blocks:
            self._keeper.wake()

    def on_given_up(self, told: Callable[[Aged], None]) -> None:
        """Tell ``told`` of rows that are given up, once they are."""
        self._books.given_up = told

    def _save(self) -> bool:
        self._books.save(least_rows=SAVE_ROWS)
        return False

    def tend(self) -> None:
        """Do what the keeper does in the background until nothing of it is left: after loads, and for tests."""
        self._books.fold()
        self._books.freshen()
        while self._books.sum_up() or self._books.age():
            pass

    @contextmanager
    def still(self) -> Iterator[list[Path]]:
        """Yield the files of the log; every append and everything that changes the tables waits meanwhile."""
        with self._books.lock, self._intake.lock:
            yield self._log.segments()

    def close(self) -> None:
        """Fold what waits and save the book; where the disk refuses that, the log keeps it for the next opening."""
        if self._closed:
            return
        self._closed = True
        self._keeper.close()
        self._intake.close()
        self._books.fold()
        self._books.save()
        self._log.clear()

    def append(self, columns: Observations, *, subject: str) -> Batch:
        """Return the batch these observations became; they are on disk by then."""
        return self._intake.append(columns, subject)

    def batches(self, *, after: int = 0, limit: int = 1000) -> list[Batch]:
        """Return up to ``limit`` batches with ids past ``after``, in order."""
        waiting = [block.batch for block in self._waiting.blocks]
        query = "SELECT id, recorded, subject, rows, digest FROM observations.batch WHERE id > ? ORDER BY id LIMIT ?"
        with self._engine.session() as session:
            rows = session.execute(query, [after, limit]).fetchall()
        found = [Batch(row[0], from_micros(row[1]), *row[2:]) for row in rows]
        last = found[-1].id if found else after
        return [*found, *(batch for batch in waiting if batch.id > last)][:limit]

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

    def extremes(self, query: ObservationQuery, name: str) -> pa.Table:
        """Return ``datastream, first, last``: the least and greatest of what stands as ``name`` beside the values."""
        return asking.extremes(self._reader, query, name)

    def count(self, query: ObservationQuery) -> int:
        """Return how many values meet the query, whatever its limit and offset; of whole datastreams from the book."""
        if any(each is not None for each in (query.where, query.start, query.end, query.at)):
            return asking.count(self._reader, query)
        if query.datastreams is None:
            return self._books.total()
        return int(self._books.tally(rising(query.datastreams)).count.sum())

    def tally(self, numbers: NDArray[np.int32]) -> Tally:
        """Return how many values each of ``numbers`` has, its first and its last time."""
        return self._books.tally(numbers)

    def aggregate(self, query: AggregateQuery) -> pa.Table:
        """Return one row per group and bucket that holds a value."""
        return self._books.aggregate(query)

    def history(self, number: int, micros: int) -> pa.Table:
        """Return ``value, quality, extra, until, recorded, subject`` of every version of the values at one time."""
        return asking.history(self._reader, number, micros)

    def describe(self, numbers: NDArray[np.int32], properties: NDArray[np.int32], periods_s: NDArray[np.int32]) -> None:
        """Take in what datastreams measure (a number of the property) and how often (0: irregularly)."""
        self._books.describe(numbers, properties, periods_s)

    def latest(self, numbers: NDArray[np.int32] | None = None) -> pa.Table:
        """Return ``datastream, time, value, quality, until`` of the newest value of all datastreams, or ``numbers``."""
        if self._closed:
            raise Unavailable("The lake is closed.", where=str(self._engine.folder))
        return self._books.latest(numbers)

    def bounds(self) -> tuple[datetime, datetime] | None:
        """Return the first and last time observed, or ``None`` while nothing is."""
        with self._reader.told() as (session, batches):
            row = session.execute(sql("SELECT min(first), max(last) FROM (", batches, ")")).fetchone()
        return None if row is None or row[0] is None else (from_micros(row[0]), from_micros(row[1]))

    def observation_count(self) -> int:
        """Return how many observations were ever recorded, corrections included."""
        with self._reader.told() as (session, batches):
            row = session.execute(sql("SELECT coalesce(sum(rows), 0)::BIGINT FROM (", batches, ")")).fetchone()
        return int(row[0]) if row else 0

    def settle(self, before: datetime) -> int:
        """Return how many rows moved from ``recent`` to ``settled``: those of the whole UTC days before ``before``.

        They move in one transaction, sorted by day, datastream and time; appends and reads go on meanwhile.
        """
        moved = self._books.settle(to_micros(before) // _DAY * _DAY)
        if moved:
            self.checkpoint()
        return moved

    def checkpoint(self) -> bool:
        """Return whether DuckDB's log was folded into its file; not while another transaction writes."""
        with self._books.lock, self._engine.session() as session:
            try:
                session.execute("CHECKPOINT observations")
            except duckdb.TransactionException:
                return False
        return True


def _last(engine: Engine) -> tuple[int, int]:
    """Return the id of the last batch in the tables and when it was recorded, in microseconds."""
    query = "SELECT coalesce(max(id), 0), coalesce(max(recorded), 0) FROM observations.batch"
    with engine.session() as session:
        row = session.execute(query).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
