"""Data gaps over a period: from when to when, how many values are missing, which share of those expected; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.sensing.hot import NEVER
from lifang.sensing.model import Micros, Numbers
from lifang.sensing.series import GAP_FACTOR

_JITTER = 0.05  # of a period: so much earlier than due is still the value that was due


@dataclass(frozen=True)
class Gaps:
    """The gaps of several datastreams, by datastream and time: ``start`` and ``end`` in microseconds UTC, exclusive
    of the values at them; ``missing`` values each. ``numbers``, ``expected`` and ``lacking`` sum up each datastream.
    """

    datastream: Numbers
    start: Micros
    end: Micros
    missing: NDArray[np.int64]
    numbers: Numbers
    expected: NDArray[np.int64]
    lacking: NDArray[np.int64]

    @property
    def share(self) -> float:
        """The share of the expected values that are missing, of all datastreams together; 0 if none was expected."""
        expected = int(self.expected.sum())
        return int(self.lacking.sum()) / expected if expected else 0.0


def find_gaps(
    datastream: Numbers,
    time: Micros,
    *,
    numbers: Numbers,
    period_us: Micros,
    first: Micros,
    start_us: int,
    end_us: int,
) -> Gaps:
    """Return the gaps in the values (sorted by datastream, then time) of ``numbers`` within [start, end).

    ``period_us`` and ``first`` (the first value ever, ``NEVER`` without one) go with ``numbers``; a datastream is
    expected from its first value on, or all the time if it never had one. One without a period has no gaps.
    """
    begin = np.where(first == NEVER, start_us, np.maximum(first, start_us))
    regular = period_us > 0
    step = np.maximum(period_us, 1)
    # Each datastream's values between two posts: one period before its beginning, and the end.
    posts = np.concatenate([begin - step, np.full(len(numbers), end_us)])
    owner = np.concatenate([datastream, numbers, numbers])
    moment = np.concatenate([time, posts])
    opens = np.repeat([False, True, False], [len(time), len(numbers), len(numbers)])
    order = np.lexsort((moment, owner))
    owner, moment, opens = owner[order], moment[order], opens[order]
    row = np.searchsorted(numbers, owner)
    same = owner[1:] == owner[:-1]
    width = np.diff(moment)
    wide = same & regular[row[1:]] & (width > GAP_FACTOR * step[row[1:]])
    at = np.flatnonzero(wide)
    missing = np.round(width[at] / step[row[at]]).astype(np.int64) - 1
    # When the values are due is known from the first one on: what was due before it is counted back from there.
    known_before = opens[at] & (first[row[at]] != NEVER) & (first[row[at]] < start_us)
    back = np.floor(width[at] / step[row[at]] + _JITTER).astype(np.int64) - 1
    missing = np.where(known_before, back, missing)
    last = moment[at + 1] == end_us  # what was due at the very end is not missing yet
    missing = np.maximum(np.where(last, np.ceil(width[at] / step[row[at]]).astype(np.int64) - 1, missing), 0)
    real = missing > 0
    at, missing = at[real], missing[real]
    whole = np.where(regular, np.maximum(0, np.ceil((end_us - begin) / step)), 0).astype(np.int64)
    lacking = np.bincount(row[at], weights=missing, minlength=len(numbers)).astype(np.int64)
    came = np.bincount(np.searchsorted(numbers, datastream), minlength=len(numbers))
    whole = np.minimum(whole, came + lacking)  # one that is due only now is not expected yet
    return Gaps(
        owner[at].astype(np.int32),
        np.maximum(moment[at], start_us),
        moment[at + 1],
        missing,
        numbers,
        whole,
        np.minimum(lacking, whole),
    )
