"""Quality rules by name: each looks at good values and flags those it doubts; it never changes a value.

``suspect_range``: outside the ``minimum`` … ``maximum`` that the datastream declares.
``suspect_flat``: the very same value for at least ``flat_after_s`` seconds, where the datastream declares that.
``suspect_spike``: further from the value before than ``max_step``, or changed faster than ``max_rate_per_s``.
``after_gap``: more than ``gap_after_s`` seconds after the value before; the value itself is not doubted.

What a datastream does not declare, the model of its device may (see ``Limits.inherit``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.sensing.model import Codes, Micros, Numbers, Quality, Values
from lifang.store import Observations

_PROPERTIES = ("minimum", "maximum", "flat_after_s", "max_step", "max_rate_per_s", "gap_after_s")
_UNLIMITED = (-np.inf, np.inf, np.inf, np.inf, np.inf, np.inf)
_FLAT, _CHANGES = 2, slice(3, 6)


@dataclass(frozen=True)
class QualityRule:
    """A rule: the flag that it sets, what it says in Chinese and English, the properties that declare its limits."""

    quality: Quality
    zh: str
    en: str
    properties: tuple[str, ...]


RULES = (
    QualityRule(Quality.SUSPECT_RANGE, "超出声明的量程", "outside the declared range", ("minimum", "maximum")),
    QualityRule(Quality.SUSPECT_FLAT, "数值长时间不变", "unchanged for too long", ("flat_after_s",)),
    QualityRule(
        Quality.SUSPECT_SPIKE, "较前值变化过大或过快", "changed too much or too fast", ("max_step", "max_rate_per_s")
    ),
    QualityRule(Quality.AFTER_GAP, "距前值间隔过长", "too long after the value before", ("gap_after_s",)),
)


@dataclass(frozen=True)
class Previous:
    """Per row of observations, the latest value of its datastream before them: ``time`` (microseconds), ``value``."""

    time: Micros
    value: Values


class Limits:
    """The limits that datastreams declare, by dense number: a range in the unit, a time in seconds."""

    def __init__(self, capacity: int = 1024) -> None:
        self._table: NDArray[np.float64] = np.tile(_UNLIMITED, (capacity, 1))
        self._own: NDArray[np.bool_] = np.zeros(capacity, np.bool_)
        self.any_flat = self.any_change = False

    def declare(self, number: int, properties: Mapping[str, Any], *, where: str) -> None:
        """Take the limits of datastream ``number`` from its ``properties``; ``BadInput`` if they are no limits."""
        if not any(name in properties for name in _PROPERTIES):
            if number < len(self._table) and self._own[number]:
                self._table[number], self._own[number] = _UNLIMITED, False
            return
        self._set(np.array([number]), check_limits(properties, where=where))
        self._own[number] = True

    def inherit(self, numbers: Numbers, properties: Mapping[str, Any], *, where: str) -> None:
        """Take the limits of the model of their device for those of ``numbers`` that declare none themselves."""
        limits = check_limits(properties, where=where)
        known = numbers < len(self._table)
        own = np.zeros(len(numbers), np.bool_)
        own[known] = self._own[numbers[known]]
        self._set(numbers[~own], limits)

    def _set(self, numbers: NDArray[Any], limits: tuple[float, ...]) -> None:
        if not len(numbers):
            return
        if (highest := int(numbers.max())) >= len(self._table):
            more = max(highest + 1, 2 * len(self._table)) - len(self._table)
            self._table = np.concatenate([self._table, np.tile(_UNLIMITED, (more, 1))])
            self._own = np.concatenate([self._own, np.zeros(more, np.bool_)])
        self._table[numbers] = limits
        self.any_flat |= bool(np.isfinite(limits[_FLAT]))
        self.any_change |= bool(np.isfinite(limits[_CHANGES]).any())

    def told(self, number: int) -> dict[str, float]:
        """Return the limits that hold for a datastream, by the name of the property that declares each."""
        row = self._table[number] if number < len(self._table) else np.array(_UNLIMITED)
        return {name: float(limit) for name, limit in zip(_PROPERTIES, row, strict=True) if np.isfinite(limit)}

    def changes(self, numbers: Numbers) -> NDArray[np.float64]:
        """Return max_step, max_rate_per_s and gap_after_s of each of ``numbers``, as columns."""
        return self._table[np.where(numbers < len(self._table), numbers, 0)][:, _CHANGES]

    def of(self, numbers: Numbers) -> tuple[Values, Values, Values]:
        """Return minimum, maximum and flat_after_s of each of ``numbers``."""
        known = np.where(numbers < len(self._table), numbers, 0)
        rows = self._table[known]
        return rows[:, 0], rows[:, 1], rows[:, 2]


def check_limits(properties: Mapping[str, Any], *, where: str) -> tuple[float, ...]:
    """Return the limits declared in ``properties`` (as in ``_PROPERTIES``), infinite where they say nothing."""
    found = []
    for name, otherwise in zip(_PROPERTIES, _UNLIMITED, strict=True):
        limit = properties.get(name, otherwise)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or np.isnan(limit):
            raise BadInput(f"{name} is {limit!r}.", where=where, mend="Declare a number, or leave it out.")
        found.append(float(limit))
    if found[0] > found[1] or min(found[_FLAT:]) <= 0:
        raise BadInput("The limits contradict each other.", where=where, mend="minimum <= maximum; all others > 0.")
    return tuple(found)


def out_of_range(value: Values, minimum: Values, maximum: Values) -> NDArray[np.bool_]:
    """Return where a value lies outside its declared range."""
    outside: NDArray[np.bool_] = (value < minimum) | (value > maximum)
    return outside


def assess(
    observations: Observations, limits: Limits, began: Micros | None = None, previous: Previous | None = None
) -> Observations:
    """Return the observations with the rules' flags set; a value not marked good by its source keeps its mark.

    ``began`` says, per row, since when the value has stood unchanged (microseconds UTC): the flat-line rule needs it;
    those on changes and gaps need ``previous``.
    """
    minimum, maximum, flat_after_s = limits.of(observations.datastream)
    good = observations.quality == Quality.GOOD
    quality: Codes = observations.quality.copy()
    quality[good & out_of_range(observations.value, minimum, maximum)] = Quality.SUSPECT_RANGE
    if began is not None:
        stuck = (observations.time - began) >= flat_after_s * 1e6
        quality[stuck & (quality == Quality.GOOD)] = Quality.SUSPECT_FLAT
    if previous is not None:
        spiked, late = _changed(observations, limits, previous)
        quality[spiked & (quality == Quality.GOOD)] = Quality.SUSPECT_SPIKE
        quality[late & (quality == Quality.GOOD)] = Quality.AFTER_GAP
    return replace(observations, quality=quality)


def _changed(
    observations: Observations, limits: Limits, previous: Previous
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which values changed too much or too fast since the one before, and which came too long after it.

    The value before is that of the same batch, or the latest one stored; of what comes late it is not known.
    """
    order = np.lexsort((observations.time, observations.datastream))
    number, time, value = observations.datastream[order], observations.time[order], observations.value[order]
    same = np.append(False, number[1:] == number[:-1])
    before_time = np.where(same, np.append(0, time[:-1]), previous.time[order])
    before_value = np.where(same, np.append(0.0, value[:-1]), previous.value[order])
    known = before_time > np.iinfo(np.int64).min
    passed = np.where(known, (time - np.where(known, before_time, time)) / 1e6, 0.0)
    step = np.abs(value - before_value)
    most, rate, gap = limits.changes(number).T
    ahead = passed > 0
    spiked, late = np.zeros(len(order), np.bool_), np.zeros(len(order), np.bool_)
    spiked[order] = ahead & ((step > most) | (step > rate * np.where(ahead, passed, 1.0)))
    late[order] = ahead & (passed > gap)
    return spiked, late
