"""Quality rules by name: each looks at good values and flags those it doubts; it never changes a value.

``suspect_range``: outside the ``minimum`` … ``maximum`` that the datastream declares.
``suspect_flat``: the very same value for at least ``flat_after_s`` seconds, where the datastream declares that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.sensing.model import Codes, Micros, Numbers, Quality, Values
from lifang.store import Observations

_PROPERTIES = ("minimum", "maximum", "flat_after_s")
_UNLIMITED = (-np.inf, np.inf, np.inf)


class Limits:
    """The limits that datastreams declare, by dense number: a range in the unit, a time in seconds."""

    def __init__(self, capacity: int = 1024) -> None:
        self._table: NDArray[np.float64] = np.tile(_UNLIMITED, (capacity, 1))
        self.any_flat = False

    def declare(self, number: int, properties: Mapping[str, Any], *, where: str) -> None:
        """Take the limits of datastream ``number`` from its ``properties``; ``BadInput`` if they are no limits."""
        if not any(name in properties for name in _PROPERTIES):
            if number < len(self._table):
                self._table[number] = _UNLIMITED
            return
        limits = check_limits(properties, where=where)
        if number >= len(self._table):
            more = max(number + 1, 2 * len(self._table)) - len(self._table)
            self._table = np.concatenate([self._table, np.tile(_UNLIMITED, (more, 1))])
        self._table[number] = limits
        self.any_flat |= bool(np.isfinite(limits[2]))

    def of(self, numbers: Numbers) -> tuple[Values, Values, Values]:
        """Return minimum, maximum and flat_after_s of each of ``numbers``."""
        known = np.where(numbers < len(self._table), numbers, 0)
        rows = self._table[known]
        return rows[:, 0], rows[:, 1], rows[:, 2]


def check_limits(properties: Mapping[str, Any], *, where: str) -> tuple[float, float, float]:
    """Return (minimum, maximum, flat_after_s) declared in ``properties``, infinite where they say nothing."""
    found = []
    for name, otherwise in zip(_PROPERTIES, _UNLIMITED, strict=True):
        limit = properties.get(name, otherwise)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or np.isnan(limit):
            raise BadInput(f"{name} is {limit!r}.", where=where, mend="Declare a number, or leave it out.")
        found.append(float(limit))
    if found[0] > found[1] or found[2] <= 0:
        raise BadInput("The limits contradict each other.", where=where, mend="minimum <= maximum, flat_after_s > 0.")
    return found[0], found[1], found[2]


def out_of_range(value: Values, minimum: Values, maximum: Values) -> NDArray[np.bool_]:
    """Return where a value lies outside its declared range."""
    outside: NDArray[np.bool_] = (value < minimum) | (value > maximum)
    return outside


def assess(observations: Observations, limits: Limits, began: Micros | None = None) -> Observations:
    """Return the observations with the rules' flags set; a value not marked good by its source keeps its mark.

    ``began`` says, per row, since when the value has stood unchanged (microseconds UTC); the flat-line rule needs it.
    """
    minimum, maximum, flat_after_s = limits.of(observations.datastream)
    good = observations.quality == Quality.GOOD
    quality: Codes = observations.quality.copy()
    quality[good & out_of_range(observations.value, minimum, maximum)] = Quality.SUSPECT_RANGE
    if began is not None:
        stuck = (observations.time - began) >= flat_after_s * 1e6
        quality[stuck & (quality == Quality.GOOD)] = Quality.SUSPECT_FLAT
    return replace(observations, quality=quality)
