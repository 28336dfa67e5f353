"""Bodies of triangles: their measures, the distance between two, what a plane cuts of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing.rays import Floats, between_segments, meets, onto_triangles

_GRID_M, _FINE_M = 1e-3, 1e-6  # vertices nearer than this are one
_FACE = 1e-9
_FOLLOWING = [1, 2, 0]
_TRIES = 8
_AT_ONCE = 1_000_000  # pairs of boxes
_WEIGHED = 20_000  # pairs of triangles


@dataclass(frozen=True)
class Body:
    """The triangles of a thing, (m, 3, 3) in metres, seen from outside anticlockwise."""

    triangles: Floats

    @property
    def open_edges(self) -> int:
        """How many edges of triangles have no other triangle's running back along them: 0 of a closed body."""
        grid = np.rint(self.triangles / _GRID_M).astype(np.int64)
        start, end = grid.reshape(-1, 3), grid[:, [1, 2, 0]].reshape(-1, 3)
        _, number = np.unique(np.concatenate((start, end)), axis=0, return_inverse=True)
        one, other = np.split(number.ravel(), 2)
        sides = np.where(one < other, 1, -1)[one != other]
        ends = np.column_stack((np.minimum(one, other), np.maximum(one, other)))[one != other]
        _, edge = np.unique(ends, axis=0, return_inverse=True)
        return int(np.abs(np.bincount(edge.ravel(), weights=sides)).sum())


@dataclass(frozen=True)
class Measures:
    """``volume_m3`` is ``None`` where the body is not closed, ``open_edges`` then says at how many edges."""

    height_m: float
    surface_m2: float
    volume_m3: float | None
    open_edges: int


def measures(body: Body) -> Measures:
    """Return height, surface and volume (divergence theorem) of a body in metres."""
    a, b, c = (body.triangles[:, corner] for corner in range(3))
    surface = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    middle = body.triangles.reshape(-1, 3).mean(axis=0)
    volume = float(np.einsum("ij,ij->i", a - middle, np.cross(b - middle, c - middle)).sum() / 6)
    gaps = body.open_edges
    up = body.triangles[..., 2]
    return Measures(float(up.max() - up.min()), float(surface), None if gaps else abs(volume), gaps)


def closest(one: Body, other: Body) -> tuple[float, Floats, Floats]:
    """Return the least distance between the surfaces of two bodies in metres, and where it is; 0 if they meet.

    A body that lies wholly inside the other does not meet its surface.
    """
    corners, others = (np.unique(each.triangles.reshape(-1, 3), axis=0) for each in (one, other))
    best = _two_corners(corners, others)
    for here, there in _near(one.triangles, other.triangles, best[0]):
        for found in (_meeting(here, there), _by_edges(here, there), _by_corners(here, there)):
            best = min(best, found, key=lambda each: each[0])
        if not best[0]:
            break
    return best


_Apart = tuple[float, Floats, Floats]


def _two_corners(corners: Floats, others: Floats) -> _Apart:
    """Return two corners that are near to each other, so that what is farther apart need not be looked at."""
    here, there = corners.mean(axis=0), others[0]
    for _ in range(_TRIES):
        there = others[((others - here) ** 2).sum(axis=1).argmin()]
        here = corners[((corners - there) ** 2).sum(axis=1).argmin()]
    return float(np.linalg.norm(here - there)), here, there


def _near(one: Floats, other: Floats, reach_m: float) -> Iterator[tuple[Floats, Floats]]:
    """Yield pairs of triangles, so many at once, whose boxes are no farther apart than ``reach_m``."""
    (low, high), (bottom, top) = ((each.min(axis=1), each.max(axis=1)) for each in (one, other))
    step = max(1, _AT_ONCE // len(other))
    for start in range(0, len(one), step):
        some = slice(start, start + step)
        gaps = np.maximum(low[some, None] - top, bottom - high[some, None]).clip(min=0)
        here, there = np.nonzero((gaps * gaps).sum(axis=-1) <= reach_m * reach_m + _FACE)
        for first in range(0, len(here), _WEIGHED):
            part = slice(first, first + _WEIGHED)
            yield one[start + here[part]], other[there[part]]


def _meeting(one: Floats, other: Floats) -> _Apart:
    """Return where an edge of one triangle of a pair goes through the other; infinitely far if none does."""
    for edged, faced in ((one, other), (other, one)):
        start, way = edged, edged[:, _FOLLOWING] - edged
        along = meets(start, way, faced[:, None])
        if (hit := (along > -_FACE) & (along <= 1 + _FACE)).any():
            pair, edge = np.argwhere(hit)[0].tolist()
            point = start[pair, edge] + max(0.0, along[pair, edge]) * way[pair, edge]
            return 0.0, point, point
    return np.inf, one[0, 0], other[0, 0]


def _by_edges(one: Floats, other: Floats) -> _Apart:
    start, end = one[:, :, None], one[:, _FOLLOWING, None]
    return _least(*between_segments(start, end, other[:, None], other[:, None, _FOLLOWING]))


def _by_corners(one: Floats, other: Floats) -> _Apart:
    foot, back = onto_triangles(one, other[:, None]), onto_triangles(other, one[:, None])
    return _least(np.concatenate((one, back)), np.concatenate((foot, other)))


def _least(one: Floats, other: Floats) -> _Apart:
    away = np.linalg.norm(one - other, axis=-1)
    at = np.unravel_index(int(away.argmin()), away.shape)
    return float(away[at]), one[at], other[at]


@dataclass(frozen=True)
class Section:
    """What a plane cuts: ``lines`` (k, 2, 3), and in the plane's own axes the ``areas`` that they enclose."""

    lines: Floats
    areas: NDArray[np.object_]

    @property
    def area_m2(self) -> float:
        """The area of the cut in square metres: 0 where its lines enclose nothing."""
        return float(shapely.area(self.areas).sum())


def cut(body: Body, point: Floats, normal: Floats) -> Section:
    """Return what the plane through ``point`` across ``normal`` cuts of a body.

    The plane's own axes are horizontal, and uphill; where it lies flat, east and north.
    """
    up = normal / np.linalg.norm(normal)
    side = (body.triangles - point) @ up
    side = np.where(np.abs(side) < _FACE, _FACE, side)  # a corner in the plane counts as above it
    crossed = (side > 0).any(axis=1) & (side < 0).any(axis=1)
    lines = _crossings(body.triangles[crossed], side[crossed])
    across = np.array([1.0, 0, 0]) if abs(up[2]) > 1 - _FACE else np.cross([0, 0, 1.0], up)
    across /= np.linalg.norm(across)
    flat = (lines - point) @ np.column_stack((across, np.cross(up, across)))
    return Section(lines, _filled(_faces(flat)))


def _faces(flat: Floats) -> NDArray[np.object_]:
    """Return the faces that lines (k, 2, 2) enclose: to a micrometre, or to a millimetre where ends do not meet so."""
    found = np.empty(0, dtype=object)
    for grid_m in (_FINE_M, _GRID_M) if len(flat) else ():
        drawn = shapely.get_parts(shapely.union_all(shapely.set_precision(shapely.linestrings(flat), grid_m)))
        faces, *left = shapely.polygonize_full(drawn)
        found = shapely.get_parts(faces)
        if all(shapely.is_empty(each) for each in left):
            break
    return np.asarray(found)


def _crossings(triangles: Floats, side: Floats) -> Floats:
    """Return the segment in which each triangle meets the plane, shape (k, 2, 3)."""
    following = [1, 2, 0]
    changes = (side > 0) != (side[:, following] > 0)
    share = np.divide(side, side - side[:, following], out=np.zeros_like(side), where=changes)
    points = triangles + share[..., None] * (triangles[:, following] - triangles)
    return np.asarray(points[changes].reshape(-1, 2, 3))


def _filled(faces: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the faces inside the body: those that an even number of others do not surround."""
    if not len(faces):
        return faces
    whole = np.array([shapely.Polygon(face.exterior) for face in faces.tolist()], dtype=object)
    inner = shapely.point_on_surface(faces)
    depth = shapely.contains(whole[None, :], inner[:, None]).sum(axis=1)
    return np.asarray(faces[depth % 2 == 1])
