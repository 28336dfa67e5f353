"""The space-filling curve that rows are numbered along, so that neighbours lie close together on disk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lifang.core.positions import Degrees

_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
_STEPS = 2.0**32 / 360.0  # per degree: about 1 cm at the equator


def morton(lon: Degrees, lat: Degrees) -> NDArray[np.uint64]:
    """Return the place of each position (degrees, WGS 84) on the Morton curve: longitude and latitude bits in turn."""
    return _spread((lon + 180.0) * _STEPS) | (_spread((lat + 90.0) * _STEPS) << np.uint64(1))


def _spread(steps: Degrees) -> NDArray[np.uint64]:
    bits = np.minimum(steps, 2.0**32 - 1).astype(np.uint64)
    for shift, mask in _SPREAD:
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits
