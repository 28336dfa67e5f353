"""Bodies of triangles: their measures, the distance between two, what a plane cuts of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing.rays import Floats, between_segments, first_hits, onto_triangles

_GRID_M = 1e-3  # vertices nearer than this are one
_FACE = 1e-9


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
    found = [_by_edges(one, other), _by_corners(one, other), _by_corners(other, one)[::-1]]
    pairs = [(float(np.linalg.norm(a - b)), a, b) for a, b in found]
    for body, against in ((one, other), (other, one)):
        start, end = _edges(body)
        along, _ = first_hits(start, end - start, against.triangles, beyond=-_FACE)
        if (along <= 1 + _FACE).any():
            at = int(along.argmin())
            point = start[at] + max(0.0, along[at]) * (end[at] - start[at])
            return 0.0, point, point
    return min(pairs, key=lambda pair: pair[0])


def _edges(body: Body) -> tuple[Floats, Floats]:
    return body.triangles.reshape(-1, 3), body.triangles[:, [1, 2, 0]].reshape(-1, 3)


def _by_edges(one: Body, other: Body) -> tuple[Floats, Floats]:
    (start, end), (other_start, other_end) = _edges(one), _edges(other)
    return _least(*between_segments(start[:, None], end[:, None], other_start[None], other_end[None]))


def _by_corners(one: Body, other: Body) -> tuple[Floats, Floats]:
    corners = np.unique(one.triangles.reshape(-1, 3), axis=0)[:, None]
    foot = onto_triangles(corners, other.triangles[None])
    return _least(np.broadcast_to(corners, foot.shape), foot)


def _least(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    away = np.linalg.norm(one - other, axis=-1)
    at = np.unravel_index(int(away.argmin()), away.shape)
    return np.asarray(one[at]), np.asarray(other[at])


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
    drawn = shapely.set_precision(shapely.linestrings(flat), _GRID_M) if len(flat) else np.empty(0, dtype=object)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(drawn)))) if len(flat) else drawn
    return Section(lines, _filled(faces))


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
