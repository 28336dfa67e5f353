"""Devices too many to be drawn one by one: a grid over their box, each cell with its middle and counts; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.sensing.model import Codes, Values
from lifang.sensing.network.model import Health


@dataclass(frozen=True)
class Cells:
    """Per cell that holds any: the mean place of its devices (degrees), and how many are in each health (columns)."""

    lon: Values
    lat: Values
    by_health: NDArray[np.int64]


def in_cells(lon: Values, lat: Values, health: Codes, *, across: int) -> Cells:
    """Return devices in at most ``across`` x ``across`` cells; those without a place are left out."""
    placed = np.isfinite(lon) & np.isfinite(lat)
    lon, lat, health = lon[placed], lat[placed], health[placed]
    if not len(lon):
        return Cells(lon, lat, np.zeros((0, len(Health)), np.int64))
    column, row = _steps(lon, across), _steps(lat, across)
    _, cell = np.unique(row * across + column, return_inverse=True)
    size, kinds = int(cell.max()) + 1, len(Health)
    count = np.bincount(cell, minlength=size)
    by_health = np.bincount(cell * kinds + health, minlength=size * kinds).reshape(size, kinds)
    middle = [np.bincount(cell, weights=each, minlength=size) / count for each in (lon, lat)]
    return Cells(middle[0], middle[1], by_health)


def _steps(values: Values, across: int) -> NDArray[np.int64]:
    low, high = float(values.min()), float(values.max())
    width = (high - low) / across or 1.0
    return np.minimum(((values - low) / width).astype(np.int64), across - 1)
