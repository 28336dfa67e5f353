"""Meshes with fewer triangles that lie nowhere farther from the old ones than is said (轻量化).

Vertices of one object that are near each other become one of them, which is a simplicial map. Three things follow, for
any mesh. No point moves farther than the vertices do, so what is left lies within that distance of what was. A triangle
that vanishes becomes an edge or a point; where that is of no triangle that is left, its vertices are not merged, so
that what was lies within that distance of what is left, too: it is a bound of Hausdorff's distance, both ways. And the
boundary of the image is the image of the boundary: what was closed stays closed.

Source: vertex clustering, Rossignac and Borrel, Multi-resolution 3D approximations for rendering complex scenes (1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes.mesh import Mesh
from lifang.twin.shapes.rings import Floats, Ints

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Lightened:
    """A mesh of ``after`` triangles instead of ``before``, the two nowhere farther apart than ``bound_m``."""

    mesh: Mesh
    bound_m: float
    before: int
    after: int


def lighten(mesh: Mesh, most_m: float) -> Lightened:
    """Return ``mesh`` with fewer triangles, nowhere farther than ``most_m`` from what it was; its objects stay apart.

    Each triangle has vertices of its own, whose normals are its own.
    """
    before = len(mesh.triangle)
    point, owner, number = _welded(mesh)
    corner = number[mesh.triangle]
    weight: Floats = np.bincount(corner.ravel(), np.repeat(mesh.areas_m2(), 3), len(point)).astype(np.float64)
    cell = _cells(point, owner, 2 * most_m / np.sqrt(3.0))
    fixed = np.zeros(len(point), bool)
    while True:
        into = _into(point, cell, weight, fixed, most_m)
        image = into[corner]
        whole = _whole(image)
        bare = _uncovered(image, whole, len(point))
        if not bare.any():
            break
        fixed[corner[bare]] = True
    moved = np.linalg.norm(point - point[into], axis=1)
    tint = None if mesh.tint is None else mesh.tint[mesh.triangle[whole, 0]]
    return Lightened(_flat(point, owner, image[whole], tint), float(moved.max(initial=0.0)), before, int(whole.sum()))


def _welded(mesh: Mesh) -> tuple[Floats, Ints, Ints]:
    """Return the places of vertices and the object of each, those of an object at one place being one; then which."""
    key = np.column_stack((mesh.owner.astype(np.float64), mesh.position))
    place, number = np.unique(key, axis=0, return_inverse=True)
    return place[:, 1:], place[:, 0].astype(np.int64), number.reshape(-1)


def _cells(point: Floats, owner: Ints, side_m: float) -> Ints:
    """Return the number of the cube in which each point lies, those of each object being others."""
    key = np.column_stack((owner, np.floor(point / side_m).astype(np.int64)))
    return np.asarray(np.unique(key, axis=0, return_inverse=True)[1].reshape(-1))


def _into(point: Floats, cell: Ints, weight: Floats, fixed: Bits, most_m: float) -> Ints:
    """Return which point each becomes: one in its cube, near enough, with great triangles about it; ``fixed`` stay."""
    into = np.arange(len(point))
    left = np.flatnonzero(~fixed)
    while len(left):
        order = left[np.lexsort((left, -weight[left], cell[left]))]
        first = np.concatenate(([True], np.diff(cell[order]) != 0))
        chosen = order[first][np.cumsum(first) - 1]
        near = np.linalg.norm(point[order] - point[chosen], axis=1) <= most_m
        into[order[near]] = chosen[near]
        left = order[~near]
    return into


def _whole(image: Ints) -> Bits:
    return np.asarray((image != np.roll(image, 1, axis=1)).all(axis=1))


def _uncovered(image: Ints, whole: Bits, count: int) -> Bits:
    """Return which triangles became an edge, or a point, that is of no triangle that is left."""
    left, gone = image[whole], image[~whole]
    edges = _edges(left, count).ravel()
    lost = _edges(gone, count)
    point = gone == np.roll(gone, -1, axis=1)
    there = np.where(point, np.isin(gone, left), np.isin(lost, edges))
    bare = np.zeros(len(image), bool)
    bare[~whole] = ~there.all(axis=1)
    return bare


def _edges(corner: Ints, count: int) -> Ints:
    """Return a number for each edge, shape (n, 3), from one corner to the next, the same both ways."""
    following = np.roll(corner, -1, axis=1)
    return np.asarray(np.minimum(corner, following) * count + np.maximum(corner, following))


def _flat(point: Floats, owner: Ints, corner: Ints, tint: NDArray[np.uint8] | None) -> Mesh:
    """Return triangles with vertices of their own."""
    here = point[corner]
    normal = np.cross(here[:, 1] - here[:, 0], here[:, 2] - here[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    triangle = np.arange(3 * len(corner)).reshape(-1, 3)
    colour = None if tint is None else np.repeat(tint, 3, axis=0)
    return Mesh(here.reshape(-1, 3), np.repeat(normal, 3, axis=0), owner[corner].ravel(), triangle, colour)
