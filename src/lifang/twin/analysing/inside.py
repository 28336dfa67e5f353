"""What lies inside a body of triangles, also of one whose surface has small gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lifang.twin.analysing.rays import Floats

_AT_ONCE = 1_000_000  # pairs of a point and a triangle


def windings(points: Floats, triangles: Floats) -> Floats:
    """Return how often a surface goes round each point (n,): 1 inside a body seen from outside, 0 outside.

    Sources: Van Oosterom and Strackee, The Solid Angle of a Plane Triangle (1983); Jacobson et al., Robust
    Inside-Outside Segmentation using Generalized Winding Numbers (2013).
    """
    found = np.zeros(len(points))
    step = max(1, _AT_ONCE // max(1, len(triangles)))
    for start in range(0, len(points), step):
        some = slice(start, start + step)
        a, b, c = (triangles[None, :, corner] - points[some, None] for corner in range(3))
        la, lb, lc = (np.linalg.norm(each, axis=-1) for each in (a, b, c))
        volume = (a * np.cross(b, c)).sum(axis=-1)
        over = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
        found[some] = np.arctan2(volume, over).sum(axis=1) / (2 * np.pi)
    return found


def is_inside(points: Floats, triangles: Floats) -> NDArray[np.bool_]:
    """Return which points lie inside a body, whichever way its triangles turn."""
    return np.asarray(np.abs(windings(points, triangles)) > 0.5)
