"""What the edges of surfaces tell of how these hang together, of many geometries at once.

Source: ISO 19107:2003, 6.3 (shells are closed, oriented and simple); the errors 102, 302, 303, 305 and 307 of Ledoux,
Open Geospatial Data, Software and Standards 3:1 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes import Rings, pieces

Bits = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """The edges of the ``rings`` of ``count`` geometries; every property is of shape (count,).

    ``vertex`` numbers the corners of rings by the place where they stand; ``corner`` are those at which a real edge
    begins, ``edge`` numbers these by the two places that they join, ``first`` is the first of each edge.
    """

    rings: Rings
    count: int
    vertex: Ints
    corner: Ints
    edge: Ints
    first: Ints

    @classmethod
    def of(cls, rings: Rings, count: int) -> Edges:
        """Return the edges of the rings of so many geometries."""
        _, vertex = np.unique(np.column_stack((rings.vertex_owner, rings.coordinates)), axis=0, return_inverse=True)
        vertex = vertex.reshape(-1)
        start, end = vertex, vertex[rings.following]
        corner = np.flatnonzero(start != end)
        low, high = np.minimum(start, end)[corner], np.maximum(start, end)[corner]
        _, first, edge = np.unique(low * (len(start) + 1) + high, return_index=True, return_inverse=True)
        return cls(rings, count, vertex, corner, edge.reshape(-1), first)

    @cached_property
    def _uses(self) -> Ints:
        return np.bincount(self.edge, minlength=len(self.first))

    @property
    def still(self) -> Bits:
        """Whether a corner of a ring stands where the one before it does."""
        there = self.vertex == self.vertex[self.rings.following]
        return np.bincount(self.rings.vertex_owner, there, self.count) > 0

    @property
    def opened(self) -> Bits:
        """Whether an edge is walked an odd number of times."""
        return self._any(self._uses % 2 == 1)

    @property
    def crossed(self) -> Bits:
        """Whether an edge is walked more often one way than the other."""
        end = self.vertex[self.rings.following]
        way = np.where(self.vertex < end, 1, -1)[self.corner]
        return self._any(np.bincount(self.edge, way, len(self.first)) != 0)

    @property
    def crowded(self) -> Bits:
        """Whether an edge belongs to more than two faces."""
        return self._any(self._uses > 2)

    @property
    def pieces(self) -> Ints:
        """In how many pieces the faces hang together by their edges."""
        rings, ends = self.rings, self.vertex[self.rings.following]
        ring = np.arange(len(rings.ring_start) - 1)
        outer = np.repeat(rings.part_start[:-1], np.diff(rings.part_start))  # a face holds its rings together
        one = np.concatenate((self.vertex[self.corner], self.vertex[rings.ring_start[ring]]))
        other = np.concatenate((ends[self.corner], self.vertex[rings.ring_start[outer]]))
        root = pieces(int(self.vertex.max()) + 1, one, other)
        return self._different(root[self.vertex])

    @property
    def pinched(self) -> Bits:
        """Whether the faces about a place fall into several fans, none of which has an edge in common with another.

        Of geometries whose edges each belong to two faces.
        """
        both = np.flatnonzero(self._uses == 2)
        order = np.argsort(self.edge, kind="stable")
        begun = np.searchsorted(self.edge[order], both)
        one, other = self.corner[order[begun]], self.corner[order[begun + 1]]
        one_end, other_end = self.rings.following[one], self.rings.following[other]
        same = self.vertex[one] == self.vertex[other]
        root = pieces(
            len(self.vertex),
            np.concatenate((one, one_end)),
            np.concatenate((np.where(same, other, other_end), np.where(same, other_end, other))),
        )
        return self._different(root) > self._different(self.vertex)

    def _keyed(self, number: Ints) -> Ints:
        return self.rings.vertex_owner * len(self.vertex) + number

    def _different(self, number: Ints) -> Ints:
        """Return how many different numbers the corners of each geometry have."""
        return np.bincount(np.unique(self._keyed(number)) // len(self.vertex), minlength=self.count)

    def _any(self, told: Bits) -> Bits:
        """Return whether any edge of each geometry is told of."""
        return np.bincount(self.rings.vertex_owner[self.corner[self.first]], told, self.count) > 0
