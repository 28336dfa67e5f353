"""What the arrival of a batch tells: which rows are late, which say the same thing twice, which come last.

A row is late when its time is not past every time its datastream had before. Only a late row can replace a value, so
that rows which are not late need no looking up, neither here nor when they are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.store.lake.model import Observations

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Arrival:
    """One batch, looked at: ``order`` sorts its rows by datastream, then by time, then by their place in the batch.

    Per row of the batch: ``late`` as above, ``turn`` how many rows before it have its datastream and time. Per
    datastream present: its number, its last row in ``order``, and its new highest time.
    """

    order: Rows
    late: NDArray[np.bool_]
    turn: NDArray[np.int32]
    numbers: NDArray[np.int32]
    newest: Rows
    highest: NDArray[np.int64]


def arrive(observations: Observations, high: NDArray[np.int64]) -> Arrival:
    """Return what the arrival of ``observations`` tells, where ``high`` is the highest time of each datastream yet."""
    number, time = observations.datastream, observations.time
    order = np.argsort(number, kind="stable")
    ordered, times = number[order], time[order]
    same = ordered[1:] == ordered[:-1]
    rising = bool((~same | (times[1:] > times[:-1])).all())
    turn = np.zeros(len(number), np.int32)
    if not rising:
        order = np.lexsort((time, number))
        ordered, times = number[order], time[order]
        again = same & (times[1:] == times[:-1])
        turn[order] = _run_lengths(again)
    ends = np.flatnonzero(np.append(~same, True)) if len(number) else np.zeros(0, np.int64)
    numbers = ordered[ends]
    before = high[numbers]
    late = time <= high[number]
    if not rising:
        late |= turn > 0
        late |= _overtaken(number, time)
    return Arrival(order, late, turn, numbers, order[ends], np.maximum(before, times[ends]))


def _run_lengths(again: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return, per row, how many rows just before it are the same, given where a row is the same as the one before."""
    place = np.arange(len(again) + 1)
    starts = np.where(np.append(False, again), 0, place)
    return (place - np.maximum.accumulate(starts)).astype(np.int32)


def _overtaken(number: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where an earlier row of the batch has the same datastream and a time as high or higher."""
    order = np.argsort(number, kind="stable")
    rank = np.empty(len(time), np.int64)
    rank[np.argsort(time, kind="stable")] = np.arange(len(time))
    ordered = number[order]
    group = np.cumsum(np.append(False, ordered[1:] != ordered[:-1]))
    reached = rank[order] + group * len(time)  # each datastream's ranks lie above those of the one before
    highest = np.maximum.accumulate(reached)
    late = np.zeros(len(time), np.bool_)
    late[order] = reached < highest
    return late
