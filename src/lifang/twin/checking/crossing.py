"""Whether faces of a shell cut through each other, of many geometries at once.

Source: ISO 19107:2003, 6.3 (a shell is simple); error 306 of Ledoux, Open Geospatial Data, Software and Standards 3:1
(2018), by more than a bound: what only touches is not told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.checking.edges import Edges
from lifang.twin.shapes import Rings, spread

_THROUGH_M = 0.02  # twice as far as a face may be from flat
_LANE_M = 1e6  # from one geometry to the next, so that boxes of two do not meet
_PLANES = np.array([[1, 2], [0, 2], [0, 1]])

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def cut_through(edges: Edges, here: Floats, unit: Floats, wanted: Bits) -> Bits:
    """Return which ``wanted`` geometries have a face that an edge of another one goes through.

    ``here`` (n, 3) are the corners in metres about a point of their geometry, ``unit`` (m, 3) the normal of each face.
    Faces with a corner in common are not compared.
    """
    rings, told = edges.rings, np.zeros(len(wanted), dtype=bool)
    faces = np.flatnonzero(wanted[rings.part_owner])
    if not len(faces):
        return told
    first = rings.vertex_start[:-1]
    low, high = np.minimum.reduceat(here, first)[faces], np.maximum.reduceat(here, first)[faces]
    lane = _LANE_M * rings.part_owner[faces]
    boxes = shapely.box(low[:, 0] + lane, low[:, 1], high[:, 0] + lane, high[:, 1])
    one, other = shapely.STRtree(boxes).query(boxes)
    meet = (one != other) & (low[one, 2] <= high[other, 2]) & (low[other, 2] <= high[one, 2])
    one, other = faces[one[meet]], faces[other[meet]]
    level = np.einsum("ij,ij->i", here, unit[rings.vertex_part])
    height = (np.add.reduceat(level, first) / np.diff(rings.vertex_start))[other]
    # the edges of the one go through the plane of the other
    count = np.diff(rings.vertex_start)
    corner, pair = spread(first[one], count[one]), np.repeat(np.arange(len(one)), count[one])
    above = np.einsum("ij,ij->i", here[corner], unit[other][pair]) - height[pair]
    following = _following(rings, corner, above, pair)
    through = (above > _THROUGH_M) & (following < -_THROUGH_M) | (above < -_THROUGH_M) & (following > _THROUGH_M)
    through &= ~_touching(edges, one, other)[pair]
    corner, pair, above, following = corner[through], pair[through], above[through], following[through]
    share = (above / (above - following))[:, None]
    place = here[corner] + share * (here[rings.following[corner]] - here[corner])
    struck = other[pair]
    told[rings.part_owner[struck[_within(rings, here, unit, struck, place)]]] = True
    return told


def _following(rings: Rings, corner: Ints, above: Floats, pair: Ints) -> Floats:
    """Return how far above the plane the corner after each one is, in the same ring and for the same pair."""
    begun = np.concatenate(([True], pair[1:] != pair[:-1]))
    start = np.flatnonzero(begun)[np.cumsum(begun) - 1]
    return np.asarray(above[start + rings.following[corner] - corner[start]])


def _touching(edges: Edges, one: Ints, other: Ints) -> Bits:
    """Return which pairs of faces have a corner in common."""
    rings = edges.rings
    first, count, many = rings.vertex_start[:-1], np.diff(rings.vertex_start), int(edges.vertex.max()) + 1
    held = np.unique(rings.vertex_part * many + edges.vertex)
    corner, pair = spread(first[one], count[one]), np.repeat(np.arange(len(one)), count[one])
    sought = other[pair] * many + edges.vertex[corner]
    there = held[np.minimum(np.searchsorted(held, sought), len(held) - 1)] == sought
    return np.bincount(pair, there, len(one)) > 0


def _within(rings: Rings, here: Floats, unit: Floats, face: Ints, place: Floats) -> Bits:
    """Return which places (k, 3), in the plane of a face each, lie within it, and not at its edge."""
    if not len(face):
        return np.zeros(0, dtype=bool)
    struck, at = np.unique(face, return_inverse=True)
    some = rings.parts(struck, np.arange(len(struck)))
    corners = here[spread(rings.vertex_start[struck], np.diff(rings.vertex_start)[struck])]
    plane = _PLANES[np.abs(unit[struck]).argmax(axis=1)]
    flat = np.take_along_axis(corners, plane[some.vertex_part], axis=1)
    shapes = shapely.buffer(replace(some, coordinates=flat).shapes(len(struck)), -_THROUGH_M)
    points = shapely.points(np.take_along_axis(place, plane[at.reshape(-1)], axis=1))
    return np.asarray(shapely.contains(shapes[at.reshape(-1)], points))
