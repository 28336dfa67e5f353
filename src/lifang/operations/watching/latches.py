"""The alert machine for very many resources at once: the same latches as ``machine.step``, in columns; pure.

Each pair of a rule and a resource is one row. Most rows are idle and low: they cost one comparison. Pending timers live
here only; what was pending when the city stopped begins its ``hold`` anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.operations.machine import AlertRule, Change, State

LEVELS = 4
NONE = -1
_MICROSECOND = timedelta(microseconds=1)
Micros = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Moved:
    """What a row's latches did at a value: ``before`` and ``after`` count those that are on; ``at`` names the input.

    ``worst`` is the gravest value since the row was last idle, times its sign.
    """

    row: int
    at: int
    before: int
    state: State
    worst: float

    def change(self, rule: AlertRule) -> Change:
        """Return the change in words: fired, raised, lowered or cleared."""
        old, new = rule.severity(self.before), rule.severity(self.state.level)
        if old is None or new is None:
            return Change("cleared", old or rule.levels[0].severity) if new is None else Change("fired", new)
        return Change("raised" if new > old else "lowered", new)


@dataclass
class Latches:
    """``rows`` rows with the thresholds of ``rules[rule[row]]``; ``sign`` is -1 where low values are grave."""

    rules: tuple[AlertRule, ...]
    rule: NDArray[np.int32]
    sign: Values
    level: NDArray[np.int8] = field(init=False)
    above: Micros = field(init=False)
    below: Micros = field(init=False)
    last: Micros = field(init=False)
    idle: NDArray[np.bool_] = field(init=False)
    worst: Values = field(init=False)

    def __post_init__(self) -> None:
        rows = len(self.rule)
        self.level = np.zeros(rows, np.int8)
        self.above = np.full((rows, LEVELS), NONE, np.int64)
        self.below = np.full((rows, LEVELS), NONE, np.int64)
        self.last = np.full(rows, np.iinfo(np.int64).min, np.int64)
        self.idle = np.ones(rows, np.bool_)
        self.worst = np.full(rows, np.nan)
        shape = (max(1, len(self.rules)), LEVELS)
        self._fire, self._clear = np.full(shape, np.inf), np.full(shape, -np.inf)
        self._count = np.ones(shape[0], np.int64)
        self._times = np.zeros((shape[0], 3), np.int64)
        for number, each in enumerate(self.rules):
            for place, level in enumerate(each.levels):
                self._fire[number, place], self._clear[number, place] = level.fire, level.clear
            self._count[number] = len(each.levels)
            durations = (each.hold, each.clear_hold, each.stale_after)
            self._times[number] = [duration // _MICROSECOND for duration in durations]

    def observe(self, rows: NDArray[np.int64], time: Micros, value: Values) -> list[Moved]:
        """Return what moved because ``rows`` saw ``value`` at ``time`` (microseconds UTC), in any order.

        Values that are not numbers, and those not later than the last one seen of their row, change nothing.
        """
        seen = np.flatnonzero(np.isfinite(value) & (time > self.last[rows]))
        if not len(seen):
            return []
        level = value[seen] * self.sign[self.rule[rows[seen]]]
        high = level >= self._fire[self.rule[rows[seen]], 0]
        matter = ~self.idle[rows[seen]]
        if high.any():
            touched = np.zeros(len(self.rule), np.bool_)
            touched[rows[seen[high]]] = True
            matter |= touched[rows[seen]]
        found = self._settled(rows, time, level, seen, np.flatnonzero(matter)) if matter.any() else []
        np.maximum.at(self.last, rows[seen], time[seen])
        return found

    def _settled(
        self, rows: NDArray[np.int64], time: Micros, level: Values, seen: NDArray[np.int64], active: NDArray[np.int64]
    ) -> list[Moved]:
        order = active[np.lexsort((time[seen[active]], rows[seen[active]]))]
        of = rows[seen[order]]
        first = np.append(True, of[1:] != of[:-1])
        starts = np.flatnonzero(first)
        rank = np.arange(len(of)) - np.repeat(starts, np.diff(np.append(starts, len(of))))
        found: list[Moved] = []
        for turn in range(int(rank.max()) + 1):
            now = order[rank == turn]
            found += self._step(rows[seen[now]], time[seen[now]], level[now], seen[now])
        return found

    def _step(self, rows: NDArray[np.int64], now: Micros, value: Values, at: NDArray[np.int64]) -> list[Moved]:
        """Let each of ``rows``, all different, see its value; the same as ``machine.step``, but without ``pending``."""
        later = now > self.last[rows]
        rows, now, value, at = rows[later], now[later], value[later], at[later]
        rule = self.rule[rows]
        hold, clear_hold, stale = self._times[rule].T
        forgotten = (~self.idle[rows]) & (now - self.last[rows] > stale)
        above = np.where(forgotten[:, None], NONE, self.above[rows])
        below = np.where(forgotten[:, None], NONE, self.below[rows])
        moment = now[:, None]
        high, low = value[:, None] >= self._fire[rule], value[:, None] < self._clear[rule]
        above = np.where(high, np.where(above == NONE, moment, above), NONE)
        below = np.where(low, np.where(below == NONE, moment, below), NONE)
        on = ((above != NONE) & (moment - above >= hold[:, None])).sum(axis=1)
        off = ((below != NONE) & (moment - below >= clear_hold[:, None])).sum(axis=1)
        before = self.level[rows].copy()
        after = np.minimum(np.maximum(before, on), self._count[rule] - off)
        self.level[rows], self.above[rows], self.below[rows], self.last[rows] = after, above, below, now
        self.worst[rows] = np.where(self.idle[rows], value, np.fmax(self.worst[rows], value))
        self.idle[rows] = (after == 0) & (above == NONE).all(axis=1)
        return [
            self._moved(int(rows[each]), int(at[each]), int(before[each])) for each in np.flatnonzero(before != after)
        ]

    def _moved(self, row: int, at: int, before: int) -> Moved:
        return Moved(row, at, before, self.state(row), float(self.worst[row]))

    def state(self, row: int) -> State:
        """Return one row's state as an alert keeps it."""
        count = int(self._count[self.rule[row]])
        last = int(self.last[row])
        return State(
            int(self.level[row]), _timers(self.above[row, :count]), _timers(self.below[row, :count]), last, last
        )

    def restore(self, row: int, state: State) -> None:
        """Put a row where an alert's state says it was."""
        for place, (above, below) in enumerate(zip(state.above, state.below, strict=True)):
            if place < LEVELS:
                self.above[row, place] = NONE if above is None else above
                self.below[row, place] = NONE if below is None else below
        self.level[row] = min(state.level, int(self._count[self.rule[row]]))
        self.last[row] = np.iinfo(np.int64).min if state.last is None else state.last
        self.idle[row] = state.phase == "idle"

    def carry(self, other: Latches, here: NDArray[Any], there: NDArray[Any]) -> None:
        """Take rows ``there`` of another over as rows ``here`` of this."""
        for name in ("level", "above", "below", "last", "idle", "worst"):
            getattr(self, name)[here] = getattr(other, name)[there]


def _timers(values: Micros) -> tuple[int | None, ...]:
    return tuple(None if each == NONE else int(each) for each in values)
