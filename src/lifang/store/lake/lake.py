"""The face of the lake: releases, observations and objects of one city."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import Clock
from lifang.store.lake.engine import DATABASE_FILES, OBJECTS, Engine
from lifang.store.lake.model import Batch, Observations, ReleaseFile
from lifang.store.lake.objects import Changes, Links, ObjectChange, Objects
from lifang.store.lake.observed import Aged, Ages, Native
from lifang.store.lake.query import AggregateQuery, ObservationQuery, Tally
from lifang.store.lake.relation import Relation
from lifang.store.lake.releases import Releases, Rows

_CHANGES = 1000  # told at once
_PARTS = ("", "_refused", "_changes")


class Lake:
    """The columnar data of one city: safe to use from many threads."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        memory_mb: int,
        threads: int,
        zone_name: str = "UTC",
        ages: Ages | None = None,
        is_registered: Callable[[str, int], bool] = lambda _dataset, _number: False,
    ) -> None:
        self.folder = folder
        self._engine = Engine(folder, memory_mb=memory_mb, threads=threads)
        self._native = Native(self._engine, clock, zone_name=zone_name, ages=ages or Ages())
        self._releases = Releases(self._engine, is_registered=is_registered)
        self._changes = Changes(self._engine, clock)
        self.objects, self.links = Objects(self._changes), Links(self._changes)

    def write_release(
        self, dataset: str, number: int, rows: Rows, *, refused: Rows | None = None, changes: Rows | None = None
    ) -> ReleaseFile:
        """Return the Parquet file of the new release; ``Conflict`` if the dataset has that number already.

        With it goes, all or nothing, what it ``refused`` and the ``changes`` by which it differs from the one before.
        """
        beside = {f"r{number}_refused": refused, f"r{number}_changes": changes}
        tables = {table: each for table, each in beside.items() if each is not None}
        written = self._releases.write(dataset, number, {**tables, f"r{number}": rows}, instead_of=_tables(number))
        return written[f"r{number}"]

    def discard_release(self, dataset: str, number: int) -> None:
        """Take back a release whose registration failed, with all beside it; ``Conflict`` if it is registered."""
        self._releases.discard(dataset, number, _tables(number))

    def erase_releases(self, dataset: str, numbers: Sequence[int]) -> None:
        """Remove releases that are not registered any more, so that no file of the lake holds anything of them.

        Doing it again does nothing.
        """
        self._releases.erase(dataset, {number: self._all_of(dataset, number) for number in numbers})

    def release_files(self, dataset: str, number: int) -> list[Path]:
        """Return the files that a release has, those of its refused rows, of its changes and of its parts too."""
        return self._releases.files(dataset, self._all_of(dataset, number))

    def tell_ducklake(self) -> bool:
        """Let DuckLake know some of the releases that it does not know yet; return whether there may be more.

        For idle moments: it takes 50 ms and more. Other programs see a release as a table afterwards.
        """
        return self._releases.tell_ducklake()

    def _all_of(self, dataset: str, number: int) -> tuple[str, ...]:
        return (*_tables(number), *self._releases.beginning(dataset, _extract(number, "")))

    def release(self, dataset: str, number: int) -> Relation:
        """Return the rows of a release, lazily, or ``NotFound``."""
        return self._releases.relation(dataset, f"r{number}")

    def refused(self, dataset: str, number: int) -> Relation:
        """Return the rows that a release refused, lazily, or ``NotFound``."""
        return self._releases.relation(dataset, f"r{number}_refused")

    def changes(self, dataset: str, number: int) -> Relation:
        """Return the rows by which a release differs from the one before, lazily; ``NotFound`` if it came whole."""
        return self._releases.relation(dataset, f"r{number}_changes")

    def write_extract(self, dataset: str, number: int, key: str, rows: pa.RecordBatchReader) -> ReleaseFile:
        """Return the Parquet file of a part of a release, kept under ``key`` (letters and digits)."""
        table = _extract(number, key)
        return self._releases.write(dataset, number, {table: rows})[table]

    def extract(self, dataset: str, number: int, key: str) -> Relation:
        """Return the part of a release that is kept under ``key``, lazily, or ``NotFound``."""
        return self._releases.relation(dataset, _extract(number, key))

    def drop_extract(self, dataset: str, number: int, key: str) -> None:
        """Take away a part of a release, if it is kept; the release stays."""
        self._releases.drop(dataset, _extract(number, key))

    @contextmanager
    def changing_objects(self) -> Iterator[None]:
        """Have the changes of objects and links within become durable together once the block ends, or none of them."""
        with self._changes.changing():
            yield

    def object_changes(self, *, after: int) -> list[ObjectChange]:
        """Return changes of objects with numbers past ``after``, in order; a city without objects makes no file."""
        if not self._engine.has(OBJECTS):
            return []
        return self._changes.after(after, _CHANGES)

    def append(self, columns: Observations, *, subject: str) -> int:
        """Return the id of the batch these observations became, in one durable commit."""
        return self._native.append(columns, subject=subject).id

    def append_batch(self, columns: Observations, *, subject: str) -> Batch:
        """Return the batch itself, with its digest: what a ledger record tells of."""
        return self._native.append(columns, subject=subject)

    def batches(self, *, after: int = 0, limit: int = 1000) -> list[Batch]:
        """Return up to ``limit`` batches with ids past ``after``, in order."""
        return self._native.batches(after=after, limit=limit)

    def series(self, datastream: int, start: datetime, end: datetime, *, at: datetime | None = None) -> pa.Table:
        """Return ``time, value, quality`` of one datastream in [start, end), by time.

        One value per time: the last recorded, or the last recorded by the moment ``at``.
        """
        return self._native.series(datastream, start, end, at=at)

    def many_series(
        self, datastreams: Sequence[int], start: datetime, end: datetime, *, at: datetime | None = None
    ) -> pa.Table:
        """Return ``datastream, time, value, quality`` in [start, end), by datastream and time; as :meth:`series`."""
        return self._native.many_series(datastreams, start, end, at=at)

    def read(self, query: ObservationQuery) -> pa.Table:
        """Return ``datastream, time, value, quality, extra``: the values that meet the query, in its order."""
        return self._native.read(query)

    def distinct(self, query: ObservationQuery, column: str) -> list[Any]:
        """Return the values that ``column`` (as in ``where``) takes among the rows that meet the query, in order."""
        return self._native.distinct(query, column)

    def extremes(self, query: ObservationQuery, name: str) -> pa.Table:
        """Return ``datastream, first, last``: the least and greatest of what stands as ``name`` beside the values."""
        return self._native.extremes(query, name)

    def count(self, query: ObservationQuery) -> int:
        """Return exactly how many values meet the query, whatever its limit and offset."""
        return self._native.count(query)

    def tally(self, numbers: NDArray[np.int32]) -> Tally:
        """Return how many values each of ``numbers`` has now, its first and its last time, in that order."""
        return self._native.tally(numbers)

    def aggregate(self, query: AggregateQuery) -> pa.Table:
        """Return one row per group and bucket that holds a value: the group, ``time`` it begins at, each function."""
        return self._native.aggregate(query)

    def history(self, number: int, micros: int) -> pa.Table:
        """Return ``value, quality, extra, until, recorded, subject`` of every version at one time, the earliest first.

        ``until`` is where an interval ends (null of a moment): with another one it is another value. ``micros`` is the
        phenomenon time, or its start, in microseconds UTC; a deletion is a version of quality ``DELETED``.
        """
        return self._native.history(number, micros)

    def describe(self, numbers: NDArray[np.int32], properties: NDArray[np.int32], periods_s: NDArray[np.int32]) -> None:
        """Take in what datastreams measure (a number of the property) and how often (0: irregularly)."""
        self._native.describe(numbers, properties, periods_s)

    def latest(self, numbers: NDArray[np.int32] | None = None) -> pa.Table:
        """Return ``datastream, time, value, quality, until``: the newest value of every datastream, or of ``numbers``.

        ``until`` is where an interval ends, ``NO_END`` of a moment. Those without a value are left out.
        """
        return self._native.latest(numbers)

    def bounds(self) -> tuple[datetime, datetime] | None:
        """Return the first and last time observed, or ``None`` while nothing is."""
        return self._native.bounds()

    def observation_count(self) -> int:
        """Return how many observations were ever recorded, corrections included."""
        return self._native.observation_count()

    def settle(self, before: datetime) -> int:
        """Return how many rows of whole UTC days before ``before`` moved to the settled, sorted table."""
        return self._native.settle(before)

    def on_given_up(self, told: Callable[[Aged], None]) -> None:
        """Tell ``told`` of rows that are given up because of their age, once they are."""
        self._native.on_given_up(told)

    def tend(self) -> None:
        """Do now what the lake's keeper does in the background: fold, sum up, settle, make cold, give up."""
        self._native.tend()

    def checkpoint(self) -> bool:
        """Return whether the write-ahead log was folded into the file: for idle moments."""
        return self._native.checkpoint()

    @contextmanager
    def frozen(self) -> Iterator[list[Path]]:
        """Yield the database files and the log's tail, whole and still: every writer waits while the block runs."""
        with self._native.still() as segments, self._releases.lock, self._changes.lock:
            self._engine.fold()
            found = (self.folder / name for name in DATABASE_FILES)
            yield [*(path for path in found if path.exists()), *segments]

    def close(self) -> None:
        """Fold what waits into the databases, checkpoint and close them."""
        with ExitStack() as stack:
            stack.callback(self._engine.close)
            self._native.close()


def _tables(number: int) -> tuple[str, ...]:
    return tuple(f"r{number}{part}" for part in _PARTS)


def _extract(number: int, key: str) -> str:
    return f"r{number}_x{key}"
