"""What datastreams measure and how often, in columns by dense number."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.store.lake.observed.book import reaching

Numbers = NDArray[np.int32]


class Described:
    """The number of each datastream's property, and its period in seconds (0: irregular); 0 where nothing was told."""

    def __init__(self) -> None:
        self.property: Numbers = np.zeros(1, np.int32)
        self.period_s: Numbers = np.zeros(1, np.int32)

    def __len__(self) -> int:
        return len(self.property)

    def take_in(self, numbers: Numbers, properties: Numbers, periods_s: Numbers) -> None:
        """Take in what ``numbers`` measure and how often."""
        if len(numbers):
            self.reach(int(numbers.max()) + 1)
            self.property[numbers], self.period_s[numbers] = properties, periods_s

    def reach(self, size: int) -> None:
        """Make room for numbers below ``size``."""
        self.property, self.period_s = reaching(self.property, size, 0), reaching(self.period_s, size, 0)

    def copy(self, size: int) -> Described:
        """Return a copy with room for numbers below ``size``, and for no more unless this one has it."""
        found = Described()
        more = np.zeros(max(0, size - len(self)), np.int32)
        found.property, found.period_s = np.append(self.property, more), np.append(self.period_s, more)
        return found

    def changed(self, other: Described) -> Numbers:
        """Return the numbers told otherwise in ``other``, which has as much room."""
        differs = (self.property != other.property) | (self.period_s != other.period_s)
        return np.flatnonzero(differs).astype(np.int32)

    def adopt_unsaid(self, other: Described) -> None:
        """Go by ``other``, which has as much room, where nothing was told."""
        unsaid = (self.property == 0) & (self.period_s == 0)
        self.property[unsaid], self.period_s[unsaid] = other.property[unsaid], other.period_s[unsaid]

    def of_property(self, number: int) -> Numbers:
        """Return the datastreams that measure the property ``number``."""
        return np.flatnonzero(self.property == number).astype(np.int32)

    def table(self) -> pa.Table:
        """Return it as a table ``datastream, property, period_s``."""
        numbers = np.arange(len(self), dtype=np.int32)
        return pa.table({"datastream": numbers, "property": self.property, "period_s": self.period_s})
