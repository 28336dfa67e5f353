"""Flat surfaces in space become triangles, those of all objects of a tile at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes.frame import Frame
from lifang.twin.shapes.mesh import Mesh
from lifang.twin.shapes.rings import Floats, Ints, Rings

_NO_AREA = 1e-12  # twice it, in square metres
# The two axes that stay when the axis nearest to the normal goes, so that a surface seen from outside still turns left.
_KEPT = np.array([[1, 2], [2, 0], [0, 1]])


def triangulate(
    surfaces: NDArray[np.object_],
    frame: Frame,
    tint: NDArray[np.uint8] | None = None,
    uv: NDArray[np.float32] | None = None,
    image: NDArray[np.int64] | None = None,
) -> Mesh:
    """Return the surfaces of solids as triangles in ``frame``.

    ``surfaces`` are multipolygons of Shapely, one a solid, in degrees on WGS 84 and metres above the ellipsoid; seen
    from outside their exteriors turn left. A surface that is not quite flat is triangulated as seen along its normal.
    ``tint`` (n, 4) are the colours of their polygons, one after the other, ``image`` (n,) the numbers of what hangs on
    them, and ``uv`` (m, 2) the place of each vertex on it.
    """
    rings = Rings.of(surfaces, dimensions=3)
    position = frame.local(*rings.coordinates.T)
    normal = _normals(rings, position)
    colour = None if tint is None else tint[rings.vertex_part]
    hung = None if image is None else image[rings.vertex_part]
    triangle = _cut(rings, position, normal)
    return Mesh(position, normal[rings.vertex_part], rings.vertex_owner, triangle, colour, uv, hung)


def cut(rings: Rings, position: Floats) -> Ints:
    """Return triangles (m, 3) that fill the parts of ``rings``, whose vertices stand at ``position`` (n, 3)."""
    return _cut(rings, position, _normals(rings, position))


def _cut(rings: Rings, position: Floats, normal: Floats) -> Ints:
    nearest = np.abs(normal).argmax(axis=1)
    axes = _KEPT[nearest][rings.vertex_part]
    plane = np.take_along_axis(position, axes, axis=1)
    turned = np.take_along_axis(normal, nearest[:, None], axis=1)[:, 0] < 0
    plane[turned[rings.vertex_part], 0] *= -1
    return rings.triangles(plane)


def _normals(rings: Rings, position: Floats) -> Floats:
    """Return the unit normal of each part, by its exterior (Newell's method: Sutherland et al. 1974); up if of none."""
    first = position[rings.vertex_start[:-1]][rings.vertex_part]
    here = position - first  # near the origin, so that nothing cancels
    twice = np.cross(here, here[rings.following])
    of_ring = np.add.reduceat(twice, rings.ring_start[:-1])
    normal = of_ring[rings.part_start[:-1]]
    length = np.linalg.norm(normal, axis=1)[:, None]
    return np.where(length > _NO_AREA, normal / np.maximum(length, _NO_AREA), [0.0, 0.0, 1.0])
