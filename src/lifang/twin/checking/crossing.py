"""Whether faces of a shell cut through each other, of many geometries at once.

Source: ISO 19107:2003, 6.3 (a shell is simple); error 306 of Ledoux, Open Geospatial Data, Software and Standards 3:1
(2018), by more than a bound: what only touches is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.checking.edges import Edges
from lifang.twin.shapes import spread

_THROUGH_M = 0.02  # twice as far as a face may be from flat
_LANE_M = 1e6  # from one geometry to the next, so that faces of two do not meet
_AT_ONCE = 200_000  # pairs of faces, so that memory stays small
_PLANES = np.array([[1, 2], [0, 2], [0, 1]])

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def cut_through(edges: Edges, here: Floats, unit: Floats, wanted: Bits) -> Bits:
    """Return which ``wanted`` geometries have a face that an edge of another one goes through.

    ``here`` (n, 3) are the corners in metres about a point of their geometry, ``unit`` (m, 3) the normal of each face.
    Faces with a corner in common are not compared.
    """
    faces, owner, told = _Faces(edges, here, unit), edges.rings.part_owner, np.zeros(len(wanted), dtype=bool)
    for pairs in faces.meeting(np.flatnonzero(wanted[owner])):
        for way in ((0, 1), (1, 0)):
            one, other = pairs[~told[owner[pairs[:, 0]]]][:, way].T
            told[owner[faces.struck(one, other)]] = True
    return told


@dataclass(frozen=True)
class _Faces:
    edges: Edges
    here: Floats
    unit: Floats

    @cached_property
    def first(self) -> Ints:
        """The first corner of each face."""
        return self.edges.rings.vertex_start[:-1]

    @cached_property
    def size(self) -> Ints:
        """How many corners each face has."""
        return np.diff(self.edges.rings.vertex_start)

    @cached_property
    def level(self) -> Floats:
        """How far along its own normal each face lies, at the middle of its corners."""
        along = np.einsum("ij,ij->i", self.here, self.unit[self.edges.rings.vertex_part])
        return np.asarray(np.add.reduceat(along, self.first) / self.size)

    @cached_property
    def held(self) -> Ints:
        """The corners of each face by their places, sorted."""
        return np.unique(self._placed(self.edges.rings.vertex_part, np.arange(len(self.here))))

    def _placed(self, face: Ints, corner: Ints) -> Ints:
        return np.asarray(face * len(self.here) + self.edges.vertex[corner])

    def meeting(self, some: Ints) -> Iterator[Ints]:
        """Yield pairs (p, 2) of faces of one geometry whose boxes meet, each pair once, not too many at a time."""
        if not len(some):
            return
        lane = _LANE_M * self.edges.rings.part_owner[some]
        low, high = (of.reduceat(self.here, self.first)[some] for of in (np.minimum, np.maximum))
        begin, end = low[:, 0] + lane, high[:, 0] + lane
        order = np.argsort(begin)
        some, low, high, begin, end = some[order], low[order], high[order], begin[order], end[order]
        each = np.arange(len(some))
        later = np.searchsorted(begin, end, side="right") - each - 1  # those that begin before it ends
        portion = np.cumsum(later) // _AT_ONCE
        for part in np.split(each, np.flatnonzero(np.diff(portion)) + 1):
            one, other = np.repeat(part, later[part]), spread(part + 1, later[part])
            meet = ((low[one, 1:] <= high[other, 1:]) & (low[other, 1:] <= high[one, 1:])).all(axis=1)
            yield some[np.column_stack((one, other))[meet]]

    def struck(self, one: Ints, other: Ints) -> Ints:
        """Return those ``other`` faces within which an edge of the ``one`` beside them goes through their plane."""
        size, after = self.size[one], self.edges.rings.following
        corner, pair = spread(self.first[one], size), np.repeat(np.arange(len(one)), size)
        above = np.einsum("ij,ij->i", self.here[corner], self.unit[other][pair]) - self.level[other][pair]
        following = above[(np.cumsum(size) - size - self.first[one])[pair] + after[corner]]
        through = (above > _THROUGH_M) & (following < -_THROUGH_M) | (above < -_THROUGH_M) & (following > _THROUGH_M)
        apart = np.ones(len(one), dtype=bool)
        cutting = np.unique(pair[through])
        apart[cutting] = ~self._touching(one[cutting], other[cutting])
        through &= apart[pair]
        corner, pair, above, following = corner[through], pair[through], above[through], following[through]
        share = (above / (above - following))[:, None]
        place = self.here[corner] + share * (self.here[after[corner]] - self.here[corner])
        face = other[pair]
        return np.asarray(face[self._within(face, place)])

    def _touching(self, one: Ints, other: Ints) -> Bits:
        """Return which pairs of faces have a corner in common."""
        corner, pair = spread(self.first[one], self.size[one]), np.repeat(np.arange(len(one)), self.size[one])
        sought = self._placed(other[pair], corner)
        there = self.held[np.minimum(np.searchsorted(self.held, sought), len(self.held) - 1)] == sought
        return np.bincount(pair, there, len(one)) > 0

    def _within(self, face: Ints, place: Floats) -> Bits:
        """Return which places (k, 3), in the plane of a face each, lie within it, and not at its edge."""
        if not len(face):
            return np.zeros(0, dtype=bool)
        rings = self.edges.rings
        struck, at = np.unique(face, return_inverse=True)
        some = rings.parts(struck, np.arange(len(struck)))
        corners = self.here[spread(self.first[struck], self.size[struck])]
        plane = _PLANES[np.abs(self.unit[struck]).argmax(axis=1)]
        flat = np.take_along_axis(corners, plane[some.vertex_part], axis=1)
        shapes = shapely.buffer(replace(some, coordinates=flat).shapes(len(struck)), -_THROUGH_M)
        points = shapely.points(np.take_along_axis(place, plane[at.reshape(-1)], axis=1))
        return np.asarray(shapely.contains(shapes[at.reshape(-1)], points))
