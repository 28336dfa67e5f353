"""Rings of many polygons in flat arrays, and their triangles in a plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HEAD_BYTES = 9  # of a multipolygon in well-known binary: byte order, type, how many polygons
_TRIANGLE = np.dtype([("order", "u1"), ("type", "<u4"), ("rings", "<u4"), ("points", "<u4"), ("ring", "<f8", (4, 3))])


@dataclass(frozen=True)
class Rings:
    """The rings of polygons without their closing vertices.

    ``coordinates`` (n, 2 or 3); ``ring_start`` the first vertex of each ring and the end of the last; ``part_start``
    the first ring of each polygon and the end of the last; ``part_owner`` the number of the geometry of each polygon.
    """

    coordinates: Floats
    ring_start: Ints
    part_start: Ints
    part_owner: Ints

    @classmethod
    def of(cls, geometries: NDArray[np.object_], *, dimensions: int) -> Rings:
        """Return the rings of polygons and multipolygons of Shapely, in two or three dimensions."""
        if dimensions == 3 and (found := _triangles_of(geometries)) is not None:
            return found
        _, coordinates, (ring_start, part_start, *many) = shapely.to_ragged_array(geometries, include_z=dimensions == 3)
        owner = np.repeat(np.arange(len(many[0]) - 1), np.diff(many[0])) if many else np.arange(len(geometries))
        kept = np.ones(len(coordinates), dtype=bool)
        kept[ring_start[1:] - 1] = False
        open_start = ring_start - np.arange(len(ring_start))
        return cls(coordinates[kept], *(each.astype(np.int64) for each in (open_start, part_start, owner)))

    def shapes(self, count: int) -> NDArray[np.object_]:
        """Return the geometries as multipolygons of Shapely, shape (count,)."""
        closing = np.insert(np.arange(len(self.coordinates)), self.ring_start[1:], self.ring_start[:-1])
        ends = self.ring_start + np.arange(len(self.ring_start))
        of_owner = np.searchsorted(self.part_owner, np.arange(count + 1))
        offsets = (ends, self.part_start, of_owner)
        kind = shapely.GeometryType.MULTIPOLYGON
        return np.asarray(shapely.from_ragged_array(kind, self.coordinates[closing], offsets))

    def taken(self, owners: Ints) -> Rings:
        """Return the rings of some geometries, which may be named more than once; the first is then number 0."""
        start = np.searchsorted(self.part_owner, owners)
        size = np.searchsorted(self.part_owner, owners, side="right") - start
        return self.parts(spread(start, size), np.repeat(np.arange(len(owners)), size))

    def parts(self, numbers: Ints, owners: Ints) -> Rings:
        """Return the rings of some parts in this order, each with its new owner."""
        start, rings = self.part_start[numbers], np.diff(self.part_start)[numbers]
        ring = spread(start, rings)
        first, vertices = self.ring_start[ring], np.diff(self.ring_start)[ring]
        coordinates = self.coordinates[spread(first, vertices)]
        return Rings(coordinates, _ends(vertices), _ends(rings), owners)

    def beside(self, other: Rings) -> Rings:
        """Return these rings and those of ``other``, by their owners."""
        owners = np.concatenate((self.part_owner, other.part_owner))
        order = np.argsort(owners, kind="stable")
        both = Rings(
            np.concatenate((self.coordinates, other.coordinates)),
            np.concatenate((self.ring_start, other.ring_start[1:] + self.ring_start[-1])),
            np.concatenate((self.part_start, other.part_start[1:] + self.part_start[-1])),
            owners,
        )
        return both.parts(order, owners[order])

    @cached_property
    def following(self) -> Ints:
        """The vertex after each one in its ring."""
        following = np.arange(1, len(self.coordinates) + 1)
        following[self.ring_start[1:] - 1] = self.ring_start[:-1]
        return following

    @cached_property
    def ring_of_vertex(self) -> Ints:
        """The ring of each vertex."""
        return np.repeat(np.arange(len(self.ring_start) - 1), np.diff(self.ring_start))

    @cached_property
    def vertex_start(self) -> Ints:
        """The first vertex of each part, and the end of the last."""
        return self.ring_start[self.part_start]

    @cached_property
    def vertex_part(self) -> Ints:
        """The part of each vertex."""
        return np.repeat(np.arange(len(self.part_owner)), np.diff(self.vertex_start))

    @cached_property
    def vertex_owner(self) -> Ints:
        """The geometry of each vertex."""
        return self.part_owner[self.vertex_part]

    def triangles(self, plane: Floats) -> Ints:
        """Return triangles that fill the parts, (m, 3) numbers of vertices.

        ``plane`` (n, 2) holds the vertices in a plane in which each part's exterior turns left.
        """
        convex = self._convex(plane)
        first, size = self.vertex_start[:-1][convex], np.diff(self.vertex_start)[convex] - 2
        corner = np.repeat(first, size)
        step = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        fans = np.column_stack((corner, corner + step + 1, corner + step + 2))
        return np.concatenate((fans, self._ears(plane, np.flatnonzero(~convex))))

    def _convex(self, plane: Floats) -> NDArray[np.bool_]:
        """Return which parts are one ring that never turns right."""
        edge = plane[self.following] - plane
        after = edge[self.following]
        turn = edge[:, 0] * after[:, 1] - edge[:, 1] * after[:, 0]
        least = np.minimum.reduceat(turn, self.ring_start[:-1])
        return np.asarray((np.diff(self.part_start) == 1) & (least[self.part_start[:-1]] >= 0))

    def _ears(self, plane: Floats, parts: Ints) -> Ints:
        """Return the triangles of ``parts``, cut one after the other."""
        first, last = self.part_start[parts].tolist(), self.part_start[parts + 1].tolist()
        found, begun = [], self.vertex_start[parts]
        for start, low, high in zip(begun.tolist(), first, last, strict=True):
            ends = (self.ring_start[low + 1 : high + 1] - start).astype(np.uint32)
            found.append(mapbox_earcut.triangulate_float64(plane[start : start + ends[-1]], ends))
        cut = np.concatenate(found) if found else np.empty(0, np.uint32)
        corners = cut.astype(np.int64) + np.repeat(begun, [len(each) for each in found])
        return np.asarray(corners.reshape(-1, 3))


def _triangles_of(geometries: NDArray[np.object_]) -> Rings | None:
    """Return the rings of multipolygons that are all of triangles, in a fifth of the time; ``None`` if they are not."""
    parts = shapely.get_num_geometries(geometries)
    many = shapely.get_type_id(geometries) == shapely.GeometryType.MULTIPOLYGON
    triangles = many & shapely.has_z(geometries) & (shapely.get_num_coordinates(geometries) == 4 * parts)
    if not triangles.all() or not parts.sum():
        return None
    body = b"".join(each[_HEAD_BYTES:] for each in shapely.to_wkb(geometries, byte_order=1))
    if len(body) != parts.sum() * _TRIANGLE.itemsize:
        return None  # some have more rings than one, others none
    told = np.frombuffer(body, _TRIANGLE)
    if (told["rings"] != 1).any() or (told["points"] != 4).any():
        return None
    count = len(told)
    owner = np.repeat(np.arange(len(geometries)), parts)
    return Rings(told["ring"][:, :3].reshape(-1, 3), 3 * np.arange(count + 1), np.arange(count + 1), owner)


def spread(start: Ints, size: Ints) -> Ints:
    """Return ``start``, ``start + 1``, … up to ``size`` numbers of each, one after the other."""
    before = np.cumsum(size) - size
    return np.asarray(np.arange(int(size.sum())) + np.repeat(start - before, size))


def _ends(size: Ints) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(size)))
