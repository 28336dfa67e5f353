"""What one sees from a place over a surface of heights: ground with what stands on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def viewshed(
    surface_m: Floats, at: tuple[int, int], *, cell_m: float, eye_m: float, target_m: Floats | None = None
) -> NDArray[np.bool_]:
    """Return which cells are seen from the cell ``at``, shape of ``surface_m`` (rows, columns; heights in metres).

    ``eye_m`` is the height of the eye; ``target_m`` what must be seen of a cell, its surface if that is not given. A
    line is blocked where a cell nearer than its target rises above it; heights on it are those of the nearest cells.
    """
    rows, columns = np.indices(surface_m.shape)
    down, right = rows - at[0], columns - at[1]
    steps = np.maximum(np.abs(down), np.abs(right))
    away = np.hypot(down, right) * cell_m
    target = surface_m if target_m is None else target_m
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (target - eye_m) / away
    highest = np.full(surface_m.shape, -np.inf)
    for step in range(1, int(steps.max())):
        share = np.divide(step, steps, out=np.zeros(steps.shape), where=steps > step)
        passed = steps > step
        row = np.rint(at[0] + down * share).astype(np.int64)
        column = np.rint(at[1] + right * share).astype(np.int64)
        rise = (surface_m[row, column] - eye_m) / np.where(passed, away * share, np.inf)
        highest = np.where(passed, np.maximum(highest, rise), highest)
    return np.asarray((slope >= highest) | (steps == 0))
