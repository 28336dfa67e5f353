"""The alert state machine: pure, restartable, the same for the same moment twice.

Each level of a rule is one latch. It goes on when the value has been at or above ``fire`` for ``hold``, and off
when the value has been below ``clear`` for ``clear_hold``. Thresholds rise with severity, so the latches nest and
the alert's severity is the highest latch that is on. Between ``clear`` and ``fire`` nothing changes (hysteresis).

A missing value starts and ends no timer. It is counted; when no value has come for ``stale_after`` the alert is
stale, and because nobody knows what happened meanwhile, running timers start afresh. A firing alert stays firing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import isnan
from typing import Any, Literal

from lifang.core import BadInput, check_slug, to_micros
from lifang.operations.severity import Severity

ChangeKind = Literal["pending", "dropped", "fired", "raised", "lowered", "cleared", "stale", "fresh"]
Phase = Literal["idle", "pending", "firing"]
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Level:
    """One severity of a rule: on at or above ``fire``, off below ``clear`` (both in the rule's unit)."""

    severity: Severity
    fire: float
    clear: float

    def __post_init__(self) -> None:
        if not self.clear <= self.fire:
            raise BadInput(f"{self.severity.code}: clear {self.clear} lies above fire {self.fire}.", mend="Swap them.")


@dataclass(frozen=True)
class AlertRule:
    """What to watch and when to speak: levels from low to high, ``hold`` before firing, ``clear_hold`` before clearing.

    ``unit`` is a UCUM code; ``citation`` says where the thresholds come from. ``BadInput`` for levels out of order.
    """

    id: str
    scene: str
    zh: str
    en: str
    unit: str
    levels: tuple[Level, ...]
    hold: timedelta = timedelta(0)
    clear_hold: timedelta = timedelta(0)
    stale_after: timedelta = timedelta(hours=6)
    citation: str = ""

    def __post_init__(self) -> None:
        check_slug(self.id, what="rule id")
        if not self.levels:
            raise BadInput("A rule needs a level.", where=self.id)
        for lower, upper in pairwise(self.levels):
            if not (lower.severity < upper.severity and lower.fire < upper.fire and lower.clear <= upper.clear):
                raise BadInput("The levels do not rise.", where=self.id, mend="Order them from blue to red.")
        if min(self.hold, self.clear_hold, self.stale_after) < timedelta(0):
            raise BadInput("A duration is negative.", where=self.id)

    def severity(self, level: int) -> Severity | None:
        """Return the severity when ``level`` latches are on, ``None`` for 0."""
        return self.levels[level - 1].severity if level else None


@dataclass(frozen=True)
class State:
    """Where a rule stands for one resource. Moments are microseconds UTC, ``None`` for "not running".

    ``level`` counts the latches that are on; ``above`` and ``below`` are the running timers of each level;
    ``last`` is the last moment evaluated, ``valued`` the last that had a value; ``missing`` counts values that lacked.
    """

    level: int = 0
    above: tuple[int | None, ...] = ()
    below: tuple[int | None, ...] = ()
    last: int | None = None
    valued: int | None = None
    missing: int = 0
    stale: bool = False

    @property
    def phase(self) -> Phase:
        """``firing`` with a latch on, ``pending`` with a timer towards one, else ``idle``."""
        if self.level:
            return "firing"
        return "pending" if any(each is not None for each in self.above) else "idle"

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {**self.__dict__, "above": list(self.above), "below": list(self.below)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        """Return the state that :meth:`to_json` wrote."""
        return cls(**{**data, "above": tuple(data["above"]), "below": tuple(data["below"])})


@dataclass(frozen=True)
class Change:
    """One thing that happened at an evaluation: ``severity`` is the one after it (before it, for ``cleared``)."""

    kind: ChangeKind
    severity: Severity


def step(state: State, rule: AlertRule, moment: datetime, value: float | None) -> tuple[State, list[Change]]:
    """Return the state after ``value`` at ``moment``, and what changed (usually nothing).

    A moment at or before the last one evaluated changes nothing. NaN counts as missing.
    """
    now = to_micros(moment)
    if state.last is not None and now <= state.last:
        return state, []
    count = len(rule.levels)
    old = replace(state, above=_fit(state.above, count), below=_fit(state.below, count), level=min(state.level, count))
    silent = old.valued is not None and now - old.valued > rule.stale_after // _MICROSECOND
    if value is None or isnan(value):
        new = _without_value(old, now, silent=silent)
    else:
        new = _with_value(old, rule, now, value, silent=silent)
    return new, _changes(old, new, rule)


def _fit(timers: tuple[int | None, ...], count: int) -> tuple[int | None, ...]:
    return (*timers, *(None for _ in range(count)))[:count]


def _without_value(state: State, now: int, *, silent: bool) -> State:
    if state.phase == "idle":
        return replace(state, last=now)
    kept = replace(state, last=now, missing=state.missing + 1)
    if not silent:
        return kept
    nothing = (None,) * len(state.above)
    return replace(kept, above=nothing, below=nothing, stale=bool(state.level))


def _with_value(state: State, rule: AlertRule, now: int, value: float, *, silent: bool) -> State:
    nothing = (None,) * len(rule.levels)
    above, below = (nothing, nothing) if silent else (state.above, state.below)
    pairs = list(zip(rule.levels, above, below, strict=True))
    above = tuple((now if since is None else since) if value >= each.fire else None for each, since, _ in pairs)
    below = tuple((now if since is None else since) if value < each.clear else None for each, _, since in pairs)
    hold, clear_hold = rule.hold // _MICROSECOND, rule.clear_hold // _MICROSECOND
    on = sum(since is not None and now - since >= hold for since in above)
    off = sum(since is not None and now - since >= clear_hold for since in below)
    level = min(max(state.level, on), len(rule.levels) - off)
    missing = 0 if state.phase == "idle" else state.missing
    return State(level=level, above=above, below=below, last=now, valued=now, missing=missing)


def _changes(old: State, new: State, rule: AlertRule) -> list[Change]:
    found: list[Change] = []
    lowest = rule.levels[0].severity
    before, after = rule.severity(old.level), rule.severity(new.level)
    if new.stale != old.stale and new.level:
        found.append(Change("stale" if new.stale else "fresh", after or lowest))
    if before is None and after is None:
        if new.phase != old.phase:
            found.append(Change("pending" if new.phase == "pending" else "dropped", lowest))
    elif before is None or after is None:
        found.append(Change("fired", after) if after else Change("cleared", before or lowest))
    elif after != before:
        found.append(Change("raised" if after > before else "lowered", after))
    return found
