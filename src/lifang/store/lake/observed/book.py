"""The book of datastreams: how many values each has, its first, its last and what that was, kept as batches are folded.

Of values with the last time, the last is the one whose interval ends last (``until``; a moment ends before any).
``close`` is the latest moment that any value is of: the end of an interval that may have begun long before the last.

``high`` is the highest time a datastream ever had, deleted or not: what is not past it is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.store.lake.model import DELETED, NO_END, rising
from lifang.store.lake.query import NEVER

Kind = TypeVar("Kind", bound=np.generic)
_KINDS = {
    "count": (np.int64, 0),
    "first": (np.int64, NEVER),
    "last": (np.int64, NEVER),
    "high": (np.int64, NEVER),
    "value": (np.float64, 0),
    "quality": (np.uint8, 0),
    "until": (np.int64, NO_END),
    "close": (np.int64, NEVER),
}
NAMES = tuple(_KINDS)


@dataclass(frozen=True, eq=False)
class Versions:
    """Versions of values, one array per column, in the order in which they were recorded; ``until`` as ``ends_of``."""

    number: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    until: NDArray[np.int64]

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[Any]], until: NDArray[np.int64] | None) -> Versions:
        """Return the versions in the columns ``datastream, time, value, quality``; without ``until``, of moments."""
        number, time, value, quality = (columns[name] for name in ("datastream", "time", "value", "quality"))
        return cls(number, time, value, quality, np.full(len(number), NO_END) if until is None else until)

    @property
    def close(self) -> NDArray[np.int64]:
        """The latest moment that each is of: its end, or its time."""
        return np.maximum(self.time, self.until)  # NO_END is below every time

    def pick(self, rows: NDArray[np.generic]) -> Versions:
        """Return the versions at ``rows``."""
        return Versions(*(column[rows] for column in vars(self).values()))


class Book:
    """The columns, by dense number; whoever changes them or needs them of one moment holds a lock of their own."""

    def __init__(self) -> None:
        self.count: NDArray[np.int64] = np.zeros(1, np.int64)
        self.first: NDArray[np.int64] = np.full(1, NEVER)
        self.last: NDArray[np.int64] = np.full(1, NEVER)
        self.high: NDArray[np.int64] = np.full(1, NEVER)
        self.value: NDArray[np.float64] = np.zeros(1)
        self.quality: NDArray[np.uint8] = np.zeros(1, np.uint8)
        self.until: NDArray[np.int64] = np.full(1, NO_END)
        self.close: NDArray[np.int64] = np.full(1, NEVER)

    def __len__(self) -> int:
        return len(self.count)

    def reach(self, size: int) -> None:
        """Make room for numbers below ``size``."""
        if size > len(self):
            for name, (kind, filler) in _KINDS.items():
                setattr(self, name, reaching(getattr(self, name), size, kind(filler)))

    def add(self, rows: Versions) -> None:
        """Take in first versions of values, ordered by datastream, time and end; others may lie before and after."""
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
        self.close[numbers] = np.maximum(self.close[numbers], np.maximum.reduceat(rows.close, starts))
        self._show(rows.pick(ends[self._reaches(rows.pick(ends))]))

    def replace(self, before: NDArray[np.bool_], after: Versions) -> NDArray[np.int32]:
        """Take in that a value is now as ``after`` says, and whether it was there ``before``; one row per value.

        Return the datastreams of which a value at either end is gone: theirs has to be looked up (:meth:`mend`).
        """
        there = after.quality != DELETED
        np.add.at(self.count, after.number, there.astype(np.int64) - before.astype(np.int64))
        ends = (after.time == self.first[after.number]) | (after.time == self.last[after.number])
        ends |= after.close == self.close[after.number]
        gone: NDArray[np.int32] = np.unique(after.number[before & ~there & ends])
        live = after.pick(there)
        unset = live.number[self.first[live.number] == NEVER]
        self.first[unset] = np.iinfo(np.int64).max
        np.minimum.at(self.first, live.number, live.time)
        np.maximum.at(self.close, live.number, live.close)
        newest = live.pick(np.flatnonzero(self._reaches(live)))
        self._show(newest.pick(np.lexsort((newest.until, newest.time, newest.number))))
        return gone

    def _reaches(self, rows: Versions) -> NDArray[np.bool_]:
        """Return which of ``rows`` are no earlier than the latest value of their datastream."""
        last = self.last[rows.number]
        no_earlier = (rows.time == last) & (rows.until >= self.until[rows.number])
        reaches: NDArray[np.bool_] = (rows.time > last) | no_earlier
        return reaches

    def _show(self, rows: Versions) -> None:
        """Let the last of ``rows`` of each datastream be its latest value."""
        self.last[rows.number] = rows.time
        self.value[rows.number] = rows.value
        self.quality[rows.number] = rows.quality
        self.until[rows.number] = rows.until

    def mend(self, numbers: NDArray[np.int32], found: pa.Table) -> None:
        """Set the ends of ``numbers`` to what was ``found`` (datastream, first, last, value, quality, until, close)."""
        self.first[numbers] = self.last[numbers] = self.close[numbers] = NEVER
        self.value[numbers], self.quality[numbers], self.until[numbers] = 0.0, 0, NO_END
        there = found["datastream"].to_numpy()
        for name in ("first", "last", "value", "quality", "until", "close"):
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
