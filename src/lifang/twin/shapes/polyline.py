"""Lines in space with fewer corners.

Source: Douglas and Peucker, Algorithms for the reduction of the number of points (1973), with distances in space.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes.rings import Floats


def corners_kept(line: Floats, most_m: float) -> NDArray[np.bool_]:
    """Return which corners (n,) of a line (n, 3) in metres stay, so that it lies within ``most_m`` of what it was.

    Both ways: what was lies as near to what is left.
    """
    kept = np.zeros(len(line), dtype=bool)
    kept[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        start, end = waiting.pop()
        away = _away(line[start + 1 : end], line[start], line[end])
        if len(away) and away.max() > most_m:
            middle = start + 1 + int(away.argmax())
            kept[middle] = True
            waiting += [(start, middle), (middle, end)]
    return kept


def _away(points: Floats, start: Floats, end: Floats) -> Floats:
    """Return how far points (n, 3) lie from the straight piece between two others."""
    way = end - start
    along = np.clip((points - start) @ way / max(float(way @ way), 1e-30), 0, 1)
    return np.asarray(np.linalg.norm(points - start - along[:, None] * way, axis=1))
