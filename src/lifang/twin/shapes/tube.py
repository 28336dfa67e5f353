"""A tube about an axis as the surfaces of its shell."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes.frame import Floats

_SIDES = 6
_MITRE_MAX = 2.0  # a sharper bend is cut off


def tube(axis: Floats, radius_m: float, *, sides: int = _SIDES) -> Floats:
    """Return the corners of a tube's rings, (n, sides, 3) in metres, one at each of the n points of its ``axis``.

    Rings stand in the plane that halves a bend; seen along the axis they turn from its right to its top.
    """
    steps = np.diff(axis, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    along = np.vstack((steps[:1], steps[:-1] + steps[1:], steps[-1:]))
    along[np.linalg.norm(along, axis=1) < 1e-9] = steps[0]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    right = np.column_stack((along[:, 1], -along[:, 0], np.zeros(len(along))))
    right[np.hypot(right[:, 0], right[:, 1]) < 1e-9] = (1.0, 0.0, 0.0)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    up = np.cross(right, along)
    half = (along[:-1] * steps).sum(axis=1)
    right *= np.minimum(1 / np.maximum(np.append(half, 1.0), 1e-9), _MITRE_MAX)[:, None]
    turn = np.arange(sides) * (2 * np.pi / sides)
    round_ = np.cos(turn)[None, :, None] * right[:, None] + np.sin(turn)[None, :, None] * up[:, None]
    return np.asarray(axis[:, None] + radius_m * round_)


def tube_faces(rings: Floats) -> NDArray[np.object_]:
    """Return the shell of a tube, polygons with heights that turn left as seen from outside: its ends, then its sides.

    ``rings`` are as ``tube`` gives them, in any coordinates.
    """
    here, there = rings[:-1], rings[1:]
    sides = np.stack((here, there, np.roll(there, -1, axis=1), np.roll(here, -1, axis=1)), axis=2).reshape(-1, 4, 3)
    ends = shapely.polygons(np.stack((rings[0], rings[-1, ::-1])))
    return np.concatenate((ends, shapely.polygons(sides)))


def tube_triangles(rings: Floats) -> Floats:
    """Return the shell of a tube as triangles (m, 3, 3) that turn left as seen from outside; ``rings`` as above."""
    here, there = rings[:-1], rings[1:]
    after, beyond = np.roll(here, -1, axis=1), np.roll(there, -1, axis=1)
    sides = np.stack((here, there, beyond, here, beyond, after), axis=2).reshape(-1, 3, 3)
    ends = (rings[0], rings[-1, ::-1])
    fans = [np.stack((np.broadcast_to(end[0], end[1:-1].shape), end[1:-1], end[2:]), axis=1) for end in ends]
    return np.concatenate((sides, *fans))
