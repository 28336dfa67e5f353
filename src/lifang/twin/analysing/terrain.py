"""Heights of a terrain on a grid, from its triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SLACK = 1e-9


def heights_of(triangles: Floats, east: Floats, north: Floats) -> Floats:
    """Return the height of a terrain at each cell of a grid, not a number where it has none; the highest counts.

    ``triangles`` have shape (n, 3, 3) in metres; ``east`` (columns) and ``north`` (rows) are the cells' middles.
    """
    found = np.full((len(north), len(east)), np.nan)
    for corners in triangles:
        (x0, y0), (x1, y1) = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
        columns = slice(np.searchsorted(east, x0 - _SLACK), np.searchsorted(east, x1 + _SLACK, side="right"))
        rows = slice(np.searchsorted(north, y0 - _SLACK), np.searchsorted(north, y1 + _SLACK, side="right"))
        a, b, c = corners
        across = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if not across or columns.start == columns.stop or rows.start == rows.stop:
            continue
        x, y = np.meshgrid(east[columns] - a[0], north[rows] - a[1])
        to_b = (x * (c[1] - a[1]) - y * (c[0] - a[0])) / across
        to_c = (y * (b[0] - a[0]) - x * (b[1] - a[1])) / across
        inside = (to_b >= -_SLACK) & (to_c >= -_SLACK) & (to_b + to_c <= 1 + _SLACK)
        height = a[2] + to_b * (b[2] - a[2]) + to_c * (c[2] - a[2])
        found[rows, columns] = np.where(inside, np.fmax(found[rows, columns], height), found[rows, columns])
    return found
