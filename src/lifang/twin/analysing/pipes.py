"""Clearance between pipes underground: the least distance of cylinders (GB 50289 gives what it must be)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing.rays import Floats, between_segments


@dataclass(frozen=True)
class Pipes:
    """Straight pieces of pipe: axes from ``start`` to ``end``, (n, 3) in metres, and ``radius_m`` (n,)."""

    start: Floats
    end: Floats
    radius_m: Floats


@dataclass(frozen=True)
class Clearance:
    """Two pipes and the ``gap_m`` between their walls, negative where they run into each other; ``point`` is there."""

    one: int
    other: int
    gap_m: float
    point: tuple[float, float, float]


def clearances(pipes: Pipes, least_m: float) -> list[Clearance]:
    """Return the pairs of pipes that are nearer than ``least_m``, nearest first; pipes that join at an end are not one.

    Ends count as rounded.
    """
    reach = pipes.radius_m + least_m / 2
    low, high = np.minimum(pipes.start, pipes.end), np.maximum(pipes.start, pipes.end)
    boxes = shapely.box(low[:, 0] - reach, low[:, 1] - reach, high[:, 0] + reach, high[:, 1] + reach)
    one, other = shapely.STRtree(boxes).query(boxes)
    once = (one < other) & ~_joined(pipes, one, other)
    one, other = one[once], other[once]
    here, there = between_segments(pipes.start[one], pipes.end[one], pipes.start[other], pipes.end[other])
    gap = np.linalg.norm(here - there, axis=1) - pipes.radius_m[one] - pipes.radius_m[other]
    near = np.flatnonzero(gap < least_m)
    middle = (here + there) / 2
    order = near[np.argsort(gap[near], kind="stable")].tolist()
    return [Clearance(int(one[at]), int(other[at]), float(gap[at]), tuple(middle[at].tolist())) for at in order]


def _joined(pipes: Pipes, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    ends = [(pipes.start, pipes.start), (pipes.start, pipes.end), (pipes.end, pipes.start), (pipes.end, pipes.end)]
    same = [(first[one] == second[other]).all(axis=1) for first, second in ends]
    return np.asarray(np.logical_or.reduce(same))
