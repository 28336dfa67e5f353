"""Meshes with fewer triangles that lie nowhere farther from the old ones than is said (轻量化).

A vertex is drawn into a neighbour: the triangles about it give way to fewer that fill the same ring. Seen along one
direction, in which none of the old ones nor of the new ones turns its back, both cover the same polygon once; so each
point of the old goes to the point of the new that lies above or below it, none farther than at a corner of the drawing
that both make together. Summed from step to step along a triangle's past, that is a bound of Hausdorff's distance, both
ways. The new ring meets the rest as the old one did: what was closed stays closed, and borders stay where they are.

Source: Garland and Heckbert, Surface Simplification Using Quadric Error Metrics (1997), for the choice of neighbour;
Cohen, Manocha and Olano, Successive Mappings (2003), for the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes.mesh import Mesh
from lifang.twin.shapes.rings import Floats, Ints
from lifang.twin.shapes.stars import Edges, parting

Bits = NDArray[np.bool_]
_FEW = 1e-3  # of the triangles: a round that draws fewer vertices is not worth it


@dataclass(frozen=True)
class Lightened:
    """A mesh of ``after`` triangles instead of ``before``, the two nowhere farther apart than ``bound_m``.

    ``kept`` (after,) are the numbers that its triangles had.
    """

    mesh: Mesh
    bound_m: float
    before: int
    after: int
    kept: Ints


def lighten(mesh: Mesh, most_m: float, *, part: Ints | None = None, joined: bool = False) -> Lightened:
    """Return ``mesh`` with fewer triangles, nowhere farther than ``most_m`` from what it was.

    Each triangle has vertices of its own, whose normals are its own. Each object stays within the bound, or all of them
    together where they are ``joined``, such as blocks of ground. Where triangles of one ``part`` (m,) meet those of
    another their border stays as it is.
    """
    owner = mesh.owner[mesh.triangle[:, 0]]
    point, number = _welded(mesh.position, np.zeros_like(mesh.owner) if joined else mesh.owner)
    corner = number[mesh.triangle]
    kept = np.flatnonzero(_whole(corner))
    fixed = np.zeros(len(point), bool) if part is None else _shared(corner[kept], part[kept], len(point))
    corner, error, left = _drawn(point, corner[kept], fixed, most_m)
    kept = kept[left]
    bound_m = float(error.max(initial=0.0))
    tint = None if mesh.tint is None else mesh.tint[mesh.triangle[kept, 0]]
    return Lightened(_flat(point[corner], owner[kept], tint), bound_m, len(mesh.triangle), len(kept), kept)


def _drawn(point: Floats, corner: Ints, fixed: Bits, most_m: float) -> tuple[Ints, Floats, Ints]:
    """Return the triangles that are left, how far each may lie from what it was, and which they were."""
    error, cost, into = np.zeros(len(corner)), np.full(len(point), np.inf), np.arange(len(point))
    fresh, kept = np.flatnonzero(~fixed), np.arange(len(corner))
    while len(corner):
        edges = Edges(corner, len(point))
        for ring in edges.rings(fresh):
            into[ring.middle], apart = parting(point, ring)
            past = error[ring.triangle].max(axis=1) + apart
            cost[ring.middle] = np.where(past <= most_m, past, np.inf)
        drawn, barred = _apart(edges, edges.lowest(cost), into)
        cost[barred] = np.inf
        if len(drawn) + len(barred) <= _FEW * len(corner):
            break
        moved, past = np.arange(len(point)), np.zeros(len(point))
        moved[drawn], past[drawn] = into[drawn], cost[drawn]
        error = np.maximum(error, past[corner].max(axis=1))
        touched = np.isin(corner, drawn).any(axis=1)
        corner = moved[corner]
        fresh = np.unique(corner[touched])
        cost[drawn] = cost[fresh] = np.inf
        fresh = fresh[~fixed[fresh]]
        left = _whole(corner)
        corner, error, kept = corner[left], error[left], kept[left]
    return corner, error, kept


def _apart(edges: Edges, chosen: Ints, into: Ints) -> tuple[Ints, Ints]:
    """Return which of ``chosen`` may be drawn together, and which may not be at all as things are.

    None makes an edge that there is, nor one that another makes: an edge stays one of two triangles.
    """
    barred, made, by = [np.empty(0, np.int64)], [np.empty((0, 2), np.int64)], [np.empty(0, np.int64)]
    for ring in edges.rings(chosen):
        around = ring.turned(into[ring.middle])
        target, others = np.broadcast_to(around[:, :1], around[:, 2:-1].shape), around[:, 2:-1]
        bad = edges.there(target, others).any(axis=1)
        if around.shape[1] == 3:
            bad |= edges.opposite(around[:, 2], around[:, 1]) == around[:, 0]
        barred.append(ring.middle[bad])
        made.append(np.sort(np.stack((target, others), axis=2)[~bad].reshape(-1, 2), axis=1))
        by.append(np.repeat(ring.middle[~bad], others.shape[1]))
    owner = np.concatenate(by)
    _, first, which = np.unique(np.concatenate(made), axis=0, return_index=True, return_inverse=True)
    late = owner[first[which.ravel()]] != owner
    never = np.concatenate(barred)
    return np.setdiff1d(chosen, np.concatenate((never, owner[late]))), never


def _whole(corner: Ints) -> Bits:
    return np.asarray((corner != np.roll(corner, 1, axis=1)).all(axis=1))


def _shared(corner: Ints, part: Ints, count: int) -> Bits:
    """Return which vertices belong to triangles of more parts than one."""
    least, most = np.full(count, part.max(initial=0)), np.full(count, part.min(initial=0))
    np.minimum.at(least, corner.ravel(), np.repeat(part, 3))
    np.maximum.at(most, corner.ravel(), np.repeat(part, 3))
    return np.asarray(least < most)


def _welded(position: Floats, owner: Ints) -> tuple[Floats, Ints]:
    """Return the places of vertices, those of an owner at one place being one; then which of them each is."""
    key = np.column_stack((owner.astype(np.float64), position))
    order = np.lexsort(key.T)
    first = np.concatenate(([True], (np.diff(key[order], axis=0) != 0).any(axis=1)))[: len(key)]
    number = np.empty(len(key), np.int64)
    number[order] = np.cumsum(first) - 1
    return position[order[first]], number


def _flat(here: Floats, owner: Ints, tint: NDArray[np.uint8] | None) -> Mesh:
    """Return triangles, their corners of shape (n, 3, 3), with vertices of their own."""
    normal = np.cross(here[:, 1] - here[:, 0], here[:, 2] - here[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    corner = np.arange(3 * len(here)).reshape(-1, 3)
    colour = None if tint is None else np.repeat(tint, 3, axis=0)
    return Mesh(here.reshape(-1, 3), np.repeat(normal, 3, axis=0), np.repeat(owner, 3), corner, colour)
