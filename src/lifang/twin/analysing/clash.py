"""Clashes of bodies: which of one set run into which of another, how deep, and which come too near.

How deep two bodies share space is the least extent of the space shared, along the axes and across the faces about it.
What only touches, as a window does the wall about it, is no clash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from lifang.twin.analysing.bodies import Body, closest
from lifang.twin.analysing.inside import is_inside
from lifang.twin.analysing.rays import Floats

_STEP_M = 5e-4  # points of a surface are tried so far below it
_ASIDE = 0.1  # of a step: along an edge, a sharp one is left by more
_NEAR = 1e-6
_DIRECTIONS_MAX = 500
_AT_ONCE = 200_000  # pairs of triangles
_FOLLOWING = [1, 2, 0]


@dataclass(frozen=True)
class Clash:
    """Two bodies by number, and ``gap_m`` between them: negative for how deep they share space; ``point`` is there."""

    one: int
    other: int
    gap_m: float
    point: tuple[float, float, float]


class _Solid:
    """A body with what is asked of it for each of its neighbours."""

    def __init__(self, body: Body) -> None:
        a, b, c = (body.triangles[:, corner] for corner in range(3))
        middle = body.triangles.reshape(-1, 3).mean(axis=0)
        outward = np.einsum("ij,ij->i", a - middle, np.cross(b - middle, c - middle)).sum() >= 0
        self.triangles = body.triangles if outward else body.triangles[:, ::-1]
        corners = self.triangles.reshape(-1, 3)
        self.low, self.high = corners.min(axis=0), corners.max(axis=0)

    @cached_property
    def normals(self) -> Floats:
        """The unit normal of each triangle."""
        a, b, c = (self.triangles[:, corner] for corner in range(3))
        return _unit(np.cross(b - a, c - a))

    @cached_property
    def below(self) -> tuple[Floats, Floats]:
        """The corners, and points a step below each: across its faces, and amid them, which a sharp one needs."""
        corners = self.triangles.reshape(-1, 3)
        places, outward = _merged(corners, np.repeat(self.normals, 3, axis=0))
        _, amid = _merged(corners, _unit(np.repeat(self.triangles.mean(axis=1), 3, axis=0) - corners))
        return np.concatenate((places, places)), np.concatenate((places - _STEP_M * outward, places + _STEP_M * amid))

    @cached_property
    def edges(self) -> tuple[Floats, Floats]:
        """The edges (n, 2, 3), once each, and where it is outward from each."""
        both = np.stack((self.triangles, self.triangles[:, _FOLLOWING]), axis=2).reshape(-1, 2, 3)
        way = np.rint((both[:, 1] - both[:, 0]) / _NEAR)
        turned = np.take_along_axis(way, (way != 0).argmax(axis=1)[:, None], axis=1)[:, 0] < 0
        both[turned] = both[turned, ::-1]
        merged, outward = _merged(both.reshape(-1, 6), np.repeat(self.normals, 3, axis=0))
        return merged.reshape(-1, 2, 3), outward

    def facing(self, low: Floats, high: Floats) -> Floats:
        """Return the directions across the faces that reach into a box, once each."""
        reaching = ((self.triangles.max(axis=1) >= low) & (self.triangles.min(axis=1) <= high)).all(axis=1)
        return np.unique(np.round(self.normals[reaching], 4), axis=0)[:_DIRECTIONS_MAX]


def clashes(one: Sequence[Body], other: Sequence[Body], *, tolerance_m: float, clearance_m: float = 0.0) -> list[Clash]:
    """Return the pairs that share space deeper than ``tolerance_m`` or nearer than ``clearance_m``, deepest first."""
    here, there = ([_Solid(body) for body in bodies] for bodies in (one, other))
    found = [_clash(a, b, here[a], there[b], tolerance_m, clearance_m) for a, b in _near(here, there, clearance_m)]
    return sorted((each for each in found if each), key=lambda each: (each.gap_m, each.one, each.other))


def _near(here: Sequence[_Solid], there: Sequence[_Solid], clearance_m: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs whose boxes come near enough to each other."""
    if not here or not there:
        return
    mine, theirs = (
        shapely.box(
            *(np.array([each.low[:2] for each in solids]) - reach).T,
            *(np.array([each.high[:2] for each in solids]) + reach).T,
        )
        for solids, reach in ((here, clearance_m), (there, 0.0))
    )
    pairs = shapely.STRtree(theirs).query(mine)
    low, high = (np.array([getattr(each, side)[2] for each in here])[pairs[0]] for side in ("low", "high"))
    bottom, top = (np.array([getattr(each, side)[2] for each in there])[pairs[1]] for side in ("low", "high"))
    yield from pairs[:, (low - clearance_m <= top) & (bottom <= high + clearance_m)].T.tolist()


def _clash(a: int, b: int, one: _Solid, other: _Solid, tolerance_m: float, clearance_m: float) -> Clash | None:
    low, high = np.maximum(one.low, other.low), np.minimum(one.high, other.high)
    if (high - low).min() > tolerance_m:
        shared = _shared(one, other, low, high)
        if len(shared):
            across = np.concatenate([np.eye(3), one.facing(low, high), other.facing(low, high)])
            deep = min(float(np.ptp(shared @ across.T, axis=0).min()) + 2 * _STEP_M, float((high - low).min()))
            if deep > tolerance_m:
                return Clash(a, b, -deep, tuple(shared.mean(axis=0).tolist()))
    return _too_near(a, b, one, other, clearance_m) if clearance_m > 0 else None


def _shared(one: _Solid, other: _Solid, low: Floats, high: Floats) -> Floats:
    """Return points about the space that two bodies share: corners of one in the other, and where edges go through."""
    tried = [np.empty((0, 3))]
    for body in (one, other):
        corners, below = body.below
        tried.append(below[((corners >= low - _NEAR) & (corners <= high + _NEAR)).all(axis=1)])
    tried += [_crossings(one, other, low, high), _crossings(other, one, low, high)]
    points = np.concatenate(tried)
    for body in (one, other):
        points = points[is_inside(points, body.triangles)]
    return points


def _crossings(edged: _Solid, faced: _Solid, low: Floats, high: Floats) -> Floats:
    """Return where edges of one body go through faces of another, a step below both surfaces in two ways."""
    edges, outward = edged.edges
    near = ((edges.max(axis=1) >= low) & (edges.min(axis=1) <= high)).all(axis=1)
    edges, outward = edges[near], outward[near]
    meeting = ((faced.triangles.max(axis=1) >= low) & (faced.triangles.min(axis=1) <= high)).all(axis=1)
    triangles, normals = faced.triangles[meeting], faced.normals[meeting]
    found = [np.empty((0, 3))]
    step = max(1, _AT_ONCE // max(1, len(triangles)))
    for start in range(0, len(edges), step):
        some = edges[start : start + step]
        edge, face, at = _met(some, triangles, normals)
        aside = _STEP_M * outward[start : start + step][edge]
        way = _unit(some[edge, 1] - some[edge, 0])
        ahead = -np.sign((way * normals[face]).sum(axis=1))[:, None] * way  # along the edge, below the face
        found += [at - aside - _STEP_M * normals[face], at + _STEP_M * ahead - _ASIDE * aside]
    return np.concatenate(found)


def _met(edges: Floats, triangles: Floats, normals: Floats) -> tuple[Floats, Floats, Floats]:
    """Return which edge meets which triangle, edges' ends on both sides of it, and where."""
    corner = triangles[:, 0]
    side = np.einsum("etk,tk->et", edges[:, None, 0] - corner[None], normals)
    beyond = np.einsum("etk,tk->et", edges[:, None, 1] - corner[None], normals)
    edge, face = np.nonzero((side * beyond < 0) & (np.minimum(np.abs(side), np.abs(beyond)) > _NEAR))
    share = (side / (side - beyond + (side == beyond)))[edge, face][:, None]
    at = edges[edge, 0] + share * (edges[edge, 1] - edges[edge, 0])
    one, two = triangles[face, 1] - corner[face], triangles[face, 2] - corner[face]
    whole = np.cross(one, two)
    size = np.maximum((whole**2).sum(axis=1), 1e-18)
    u = (np.cross(at - corner[face], two) * whole).sum(axis=1) / size
    v = (np.cross(one, at - corner[face]) * whole).sum(axis=1) / size
    within = (u >= -_NEAR) & (v >= -_NEAR) & (u + v <= 1 + _NEAR)
    return edge[within], face[within], at[within]


def _too_near(a: int, b: int, one: _Solid, other: _Solid, clearance_m: float) -> Clash | None:
    parts = []
    for body, against in ((one, other), (other, one)):
        low, high = against.low - clearance_m, against.high + clearance_m
        kept = ((body.triangles.max(axis=1) >= low) & (body.triangles.min(axis=1) <= high)).all(axis=1)
        parts.append(body.triangles[kept])
    if not len(parts[0]) or not len(parts[1]):
        return None
    gap, here, there = closest(Body(parts[0]), Body(parts[1]))
    return Clash(a, b, gap, tuple(((here + there) / 2).tolist())) if gap < clearance_m else None


def _merged(rows: Floats, normals: Floats) -> tuple[Floats, Floats]:
    """Return rows once each, those nearer than a micrometre being one, and the mean of their normals."""
    _, first, which = np.unique(np.rint(rows / _NEAR).astype(np.int64), axis=0, return_index=True, return_inverse=True)
    total = np.zeros((len(first), 3))
    np.add.at(total, which.ravel(), normals)
    return rows[first], _unit(total)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None])
