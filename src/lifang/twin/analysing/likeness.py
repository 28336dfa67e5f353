"""How alike two bodies are: how far their surfaces lie apart, and whether one is the other moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifang.twin.analysing.bodies import Body, measures
from lifang.twin.analysing.rays import Floats, onto_triangles

_PAIRS_MAX = 4_000_000  # of corners and triangles
_AT_ONCE = 200_000


@dataclass(frozen=True)
class Likeness:
    """``change`` is ``same``, ``moved`` or ``changed``; ``offset_m`` (3,) from middle to middle, east, north and up.

    ``apart_m`` is the greatest distance of a corner of one from the surface of the other (the Hausdorff distance, taken
    at corners), ``None`` where there are too many; ``volume_m3`` that of both, ``None`` of what is not closed.
    """

    change: str
    offset_m: tuple[float, float, float]
    apart_m: float | None
    volume_m3: tuple[float | None, float | None]


def likeness(one: Body, other: Body, *, tolerance_m: float) -> Likeness:
    """Return how alike two bodies are; what differs by no more than ``tolerance_m`` is the same."""
    first, second = _corners(one), _corners(other)
    offset = (second.min(axis=0) + second.max(axis=0) - first.min(axis=0) - first.max(axis=0)) / 2
    volumes = (measures(one).volume_m3, measures(other).volume_m3)
    apart = _apart(one, other)
    moved = _apart(Body(one.triangles + offset), other) if apart is not None and apart > tolerance_m else apart
    if apart is None:
        same = np.abs(_box(first) - _box(second)).max() <= tolerance_m and volumes[0] == volumes[1]
        change = "same" if same else "changed"
    else:
        change = "same" if apart <= tolerance_m else "moved" if (moved or 0.0) <= tolerance_m else "changed"
    east, north, up = offset.tolist()
    return Likeness(change, (east, north, up), apart, volumes)


def _corners(body: Body) -> Floats:
    return np.unique(body.triangles.reshape(-1, 3), axis=0)


def _box(corners: Floats) -> Floats:
    return np.concatenate((corners.min(axis=0), corners.max(axis=0)))


def _apart(one: Body, other: Body) -> float | None:
    pairs = [(_corners(one), other.triangles), (_corners(other), one.triangles)]
    if sum(len(corners) * len(triangles) for corners, triangles in pairs) > _PAIRS_MAX:
        return None
    return max(_reach(*each) for each in pairs)


def _reach(corners: Floats, triangles: Floats) -> float:
    step = max(1, _AT_ONCE // len(triangles))
    farthest = 0.0
    for start in range(0, len(corners), step):
        some = corners[start : start + step, None]
        away = np.linalg.norm(onto_triangles(some, triangles[None]) - some, axis=-1)
        farthest = max(farthest, float(away.min(axis=1).max()))
    return farthest
