"""News: committed values on their way to subscribers, in columns; and what they are cut into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.doors.ngsild.facts import Override
from lifang.sensing import Observations, Quality
from lifang.store import DELETED

AT_ONCE = 1000  # values of one notification


@dataclass(frozen=True, eq=False)
class News:
    """Values in the order in which they were recorded; all recorded before ``until`` (microseconds) is among them."""

    numbers: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    until: int

    def __len__(self) -> int:
        return len(self.numbers)

    @classmethod
    def of(cls, observations: Observations, until: int) -> News:
        """Return what was committed."""
        return cls(observations.datastream, observations.time, observations.value, observations.quality, until)

    def pick(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> News:
        """Return some of the values."""
        return News(self.numbers[rows], self.time[rows], self.value[rows], self.quality[rows], self.until)

    def shown(self) -> News:
        """Return those that give an attribute a value: neither missing nor deleted."""
        return self.pick((self.quality != Quality.MISSING) & (self.quality != DELETED))

    def told(self) -> Iterator[tuple[int, int, float]]:
        """Yield what tells each value from others: datastream, time, value."""
        return zip(self.numbers.tolist(), self.time.tolist(), self.value.tolist(), strict=True)

    def rounds(self) -> Iterator[News]:
        """Yield parts with one value of each datastream at most, so that every value is told of, in order."""
        turn = _turns(self.numbers)
        for at in range(int(turn.max()) + 1 if len(turn) else 0):
            rows = np.flatnonzero(turn == at)
            for start in range(0, len(rows), AT_ONCE):
                yield self.pick(rows[start : start + AT_ONCE])

    def newest(self) -> News:
        """Return the last value of each datastream."""
        _, last = np.unique(self.numbers[::-1], return_index=True)
        return self.pick(np.sort(len(self.numbers) - 1 - last))

    def override(self) -> Override:
        """Return these values as what is latest; of one datastream there is one."""
        rows = zip(self.time.tolist(), self.value.tolist(), self.quality.tolist(), strict=True)
        return Override(dict(zip(self.numbers.tolist(), rows, strict=True)))


def _turns(numbers: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return, per row, how many rows of the same datastream came before."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, len(ordered)))
    turn = np.empty(len(numbers), np.int64)
    turn[order] = np.arange(len(numbers)) - np.repeat(starts, sizes)
    return turn


def joined(parts: Sequence[News]) -> News:
    """Return several parts as one."""
    return News(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.quality for part in parts]),
        parts[-1].until,
    )
