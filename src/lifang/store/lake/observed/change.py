"""What a number of rows changes: which of them are first versions, which replace a value, and what was there before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.store.lake.model import DELETED, ends_of
from lifang.store.lake.observed.book import Book, Versions


@dataclass(frozen=True, eq=False)
class Change:
    """Rows ordered by datastream, time, end and version, and what they change.

    ``late`` marks the rows that may replace a version that is not among these rows; after :meth:`settle` those that
    replace any. ``starts`` and ``ends`` bound the versions of each value.
    """

    rows: Versions
    order: NDArray[np.int64]
    late: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, table: pa.Table) -> Change:
        """Return the change that rows make, given as a table in the order in which they were recorded."""
        columns = {name: table[name].to_numpy() for name in ("datastream", "time", "value", "quality")}
        until, keys = ends_of(table["extra"]), (columns["time"], columns["datastream"])
        order = np.lexsort(keys if until is None else (until, *keys))
        rows = Versions.of(columns, until).pick(order)
        late = table["late"].to_numpy(zero_copy_only=False)[order]
        same = (rows.number[1:] == rows.number[:-1]) & (rows.time[1:] == rows.time[:-1])
        if until is not None:
            same &= rows.until[1:] == rows.until[:-1]
        starts = np.flatnonzero(np.append(True, ~same)) if len(order) else np.zeros(0, np.int64)
        ends = np.flatnonzero(np.append(~same, True)) if len(order) else starts
        return cls(rows, order, late, starts, ends)

    @property
    def unsure(self) -> NDArray[np.int64]:
        """The rows that begin a value of which versions may have been there before."""
        return self.starts[self.late[self.starts]]

    def settle(self, found: pa.Table) -> Settled:
        """Return what the change does; ``found`` holds the place among the unsure rows, and the last version's quality.

        What is not ``found`` was not there before.
        """
        unsure = self.unsure
        place = found["place"].to_numpy()
        known, live = np.zeros(len(unsure), np.bool_), np.zeros(len(unsure), np.bool_)
        known[place] = True
        live[place] = found["quality"].to_numpy() != DELETED
        late = self.late.copy()
        late[unsure] = known
        before = np.zeros(len(self.rows.number), np.bool_)
        before[unsure] = live
        firm = self.starts[~self.late[self.starts]]
        before[firm] = self.rows.quality[firm] != DELETED
        replaced = self.late[self.starts] | (self.starts != self.ends)
        return Settled(
            late,
            self.rows.pick(firm),
            before[self.starts[replaced]],
            self.rows.pick(self.ends[replaced]),
        )


@dataclass(frozen=True, eq=False)
class Settled:
    """A change of which all is known: ``late`` per ordered row, the ``first`` versions, the values replaced."""

    late: NDArray[np.bool_]
    first: Versions
    before: NDArray[np.bool_]
    after: Versions

    def enter(self, book: Book) -> NDArray[np.int32]:
        """Enter it into ``book``; return the datastreams whose first or last value has to be looked up."""
        book.add(self.first)
        if not len(self.after.number):
            return np.zeros(0, np.int32)
        book.reach(int(self.after.number.max()) + 1)
        return book.replace(self.before, self.after)

    def deleted(self) -> NDArray[np.int32]:
        """Return the datastreams that lost a value."""
        gone: NDArray[np.int32] = np.unique(self.after.number[self.before & (self.after.quality == DELETED)])
        return gone
