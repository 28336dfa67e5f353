"""The book of datastreams: how many values each has, its first, its last and what that was, kept as batches are folded.

``high`` is the highest time a datastream ever had, deleted or not: what is not past it is late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.store.lake.model import DELETED, rising
from lifang.store.lake.query import NEVER

Kind = TypeVar("Kind", bound=np.generic)
_KINDS = {
    "count": (np.int64, 0),
    "first": (np.int64, NEVER),
    "last": (np.int64, NEVER),
    "high": (np.int64, NEVER),
    "value": (np.float64, 0),
    "quality": (np.uint8, 0),
}
NAMES = tuple(_KINDS)


@dataclass(frozen=True, eq=False)
class Versions:
    """Versions of values, one array per column, in the order in which they were recorded."""

    number: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def pick(self, rows: NDArray[np.generic]) -> Versions:
        """Return the versions at ``rows``."""
        return Versions(self.number[rows], self.time[rows], self.value[rows], self.quality[rows])


class Book:
    """The columns, by dense number; whoever changes them or needs them of one moment holds a lock of their own."""

    def __init__(self) -> None:
        self.count: NDArray[np.int64] = np.zeros(1, np.int64)
        self.first: NDArray[np.int64] = np.full(1, NEVER)
        self.last: NDArray[np.int64] = np.full(1, NEVER)
        self.high: NDArray[np.int64] = np.full(1, NEVER)
        self.value: NDArray[np.float64] = np.zeros(1)
        self.quality: NDArray[np.uint8] = np.zeros(1, np.uint8)

    def __len__(self) -> int:
        return len(self.count)

    def reach(self, size: int) -> None:
        """Make room for numbers below ``size``."""
        if size > len(self):
            for name, (kind, filler) in _KINDS.items():
                setattr(self, name, reaching(getattr(self, name), size, kind(filler)))

    def add(self, rows: Versions) -> None:
        """Take in the first versions of values, ordered by datastream and time; others may lie before and after."""
        if not len(rows.number):
            return
        self.reach(int(rows.number.max()) + 1)
        ends = np.flatnonzero(np.append(rows.number[1:] != rows.number[:-1], True))
        self.high[rows.number[ends]] = np.maximum(self.high[rows.number[ends]], rows.time[ends])
        there = np.flatnonzero(rows.quality != DELETED)
        if not len(there):
            return
        rows = rows.pick(there)
        ends = np.flatnonzero(np.append(rows.number[1:] != rows.number[:-1], True))
        numbers, starts = rows.number[ends], np.append(0, ends[:-1] + 1)
        self.count[numbers] += ends - starts + 1
        first, begins = self.first[numbers], rows.time[starts]
        self.first[numbers] = np.where((first == NEVER) | (begins < first), begins, first)
        self._show(rows.pick(ends[rows.time[ends] >= self.last[numbers]]))

    def replace(self, before: NDArray[np.bool_], after: Versions) -> NDArray[np.int32]:
        """Take in that a value is now as ``after`` says, and whether it was there ``before``; one row per value.

        Return the datastreams whose first or last value is gone: theirs has to be looked up (:meth:`mend`).
        """
        there = after.quality != DELETED
        np.add.at(self.count, after.number, there.astype(np.int64) - before.astype(np.int64))
        ends = (after.time == self.first[after.number]) | (after.time == self.last[after.number])
        gone: NDArray[np.int32] = np.unique(after.number[before & ~there & ends])
        live = after.pick(there)
        unset = live.number[self.first[live.number] == NEVER]
        self.first[unset] = np.iinfo(np.int64).max
        np.minimum.at(self.first, live.number, live.time)
        newest = live.pick(np.flatnonzero(live.time >= self.last[live.number]))
        self._show(newest.pick(np.lexsort((newest.time, newest.number))))
        return gone

    def _show(self, rows: Versions) -> None:
        """Let the last of ``rows`` of each datastream be its latest value."""
        self.last[rows.number] = rows.time
        self.value[rows.number] = rows.value
        self.quality[rows.number] = rows.quality

    def mend(self, numbers: NDArray[np.int32], found: pa.Table) -> None:
        """Set first and last of ``numbers`` to what was ``found`` (datastream, first, last, value, quality)."""
        self.first[numbers] = self.last[numbers] = NEVER
        self.value[numbers], self.quality[numbers] = 0.0, 0
        there = found["datastream"].to_numpy()
        for name in ("first", "last", "value", "quality"):
            getattr(self, name)[there] = found[name].to_numpy()

    def of_numbers(self, numbers: NDArray[np.int32] | None) -> Book:
        """Return a copy that holds only ``numbers``, renumbered by rank among them; of all of it without them."""
        found = Book()
        wanted = np.arange(len(self)) if numbers is None else rising(numbers)
        known = wanted < len(self)
        found.reach(max(len(wanted), 1))
        for name in NAMES:
            getattr(found, name)[np.flatnonzero(known)] = getattr(self, name)[wanted[known]]
        return found

    def table(self) -> pa.Table:
        """Return the book as a table: datastream and every column, without the numbers that never had a row."""
        numbers = np.flatnonzero(self.high != NEVER).astype(np.int32)
        return pa.table({"datastream": numbers, **{name: getattr(self, name)[numbers] for name in NAMES}})

    @classmethod
    def of(cls, table: pa.Table) -> Book:
        """Return the book that :meth:`table` told."""
        book, numbers = cls(), table["datastream"].to_numpy()
        if len(numbers):
            book.reach(int(numbers.max()) + 1)
            for name in NAMES:
                getattr(book, name)[numbers] = table[name].to_numpy()
        return book


def reaching(column: NDArray[Kind], size: int, filler: object) -> NDArray[Kind]:
    """Return ``column`` long enough for ``size`` entries, twice as long if it has to grow."""
    if size <= len(column):
        return column
    more = max(size, 2 * len(column)) - len(column)
    return np.concatenate([column, np.full(more, filler, column.dtype)])
