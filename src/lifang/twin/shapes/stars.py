"""The triangles about a vertex, of many vertices at once, and how far they move when it is drawn into a neighbour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes.rings import Floats, Ints

Bits = NDArray[np.bool_]
_NEIGHBOURS_MAX = 16
_AT_ONCE = 200_000  # pairs of neighbours, so that memory stays small
_FACING = 0.05  # the least cosine between a triangle's normal and the direction along which it is seen
_SHORT = 1e-6  # of the area times the square of the way: of equally good neighbours the nearer
_SLACK = 1e-9


@dataclass(frozen=True)
class Ring:
    """Vertices that each have as many neighbours: ``middle`` (n,), ``around`` (n, d) from one to the next to the left.

    ``triangle`` (n, d) are the numbers of the triangles about them, each from the neighbour of its place to the next.
    """

    middle: Ints
    around: Ints
    triangle: Ints

    def turned(self, target: Ints) -> Ints:
        """Return the neighbours, shape (n, d), each vertex's ``target`` first."""
        size = self.around.shape[1]
        place = (self.around == target[:, None]).argmax(axis=1)
        return np.take_along_axis(self.around, (place[:, None] + np.arange(size)) % size, axis=1)


class Edges:
    """The edges of triangles ``corner`` (m, 3) of ``count`` vertices, found by their ends."""

    def __init__(self, corner: Ints, count: int) -> None:
        self._corner, self._count = corner.ravel(), count
        number = self._corner * count + np.roll(corner, -1, axis=1).ravel()
        self._half = np.argsort(number, kind="stable")
        self._number = number[self._half]

    def _found(self, start: Ints, end: Ints) -> tuple[Ints, Bits, Bits]:
        """Return where edges stand among the sorted, whether there is one from a start to an end, and only one."""
        wanted, last = start * self._count + end, len(self._number) - 1
        at = np.minimum(np.searchsorted(self._number, wanted), last)
        there = self._number[at] == wanted
        return at, there, there & ((at == last) | (self._number[np.minimum(at + 1, last)] != wanted))

    def there(self, start: Ints, end: Ints) -> Bits:
        """Return which edges there are, one way or the other."""
        return self._found(start, end)[1] | self._found(end, start)[1]

    def opposite(self, start: Ints, end: Ints) -> Ints:
        """Return the third corner of the triangle with an edge, or -1."""
        at, there, _ = self._found(start, end)
        return np.where(there, self._corner[_step(self._half[at], 2)], -1)

    def rings(self, vertices: Ints) -> Iterator[Ring]:
        """Yield those of ``vertices`` about which triangles close to a ring, with as many neighbours together."""
        first = np.searchsorted(self._number, vertices * self._count)
        degree = np.searchsorted(self._number, (vertices + 1) * self._count) - first
        for size in range(3, _NEIGHBOURS_MAX + 1):
            some = np.flatnonzero(degree == size)
            for part in np.array_split(some, len(some) * size * size // _AT_ONCE + 1):
                if len(part):
                    yield self._ring(vertices[part], self._half[first[part]], size)

    def _ring(self, middle: Ints, half: Ints, size: int) -> Ring:
        around, triangle = np.empty((len(middle), size), np.int64), np.empty((len(middle), size), np.int64)
        whole = np.ones(len(middle), bool)
        for step in range(size):
            around[:, step], triangle[:, step] = self._corner[_step(half, 1)], half // 3
            following = self._corner[_step(half, 2)]
            at, _, once = self._found(middle, following)
            whole &= once & self._found(following, middle)[2] & ((following == around[:, 0]) == (step == size - 1))
            half = self._half[at]
        return Ring(middle[whole], around[whole], triangle[whole])

    def lowest(self, cost: Floats) -> Ints:
        """Return the vertices that cost less than any neighbour, and not without end."""
        rank = np.empty(self._count, np.int64)
        rank[np.argsort(cost, kind="stable")] = np.arange(self._count)
        start, end = np.divmod(self._number, self._count)
        least = np.full(self._count, self._count)
        np.minimum.at(least, start, rank[end])
        np.minimum.at(least, end, rank[start])
        return np.flatnonzero(np.isfinite(cost) & (rank < least))


def _step(half: Ints, by: int) -> Ints:
    """Return the corner that comes ``by`` corners after one in its triangle."""
    return np.asarray(half // 3 * 3 + (half + by) % 3)


def parting(point: Floats, ring: Ring) -> tuple[Ints, Floats]:
    """Return into which neighbour each vertex is best drawn, and how far old and new triangles then lie apart.

    It is infinite where no direction shows both of them from their fronts.
    """
    way = point[ring.around] - point[ring.middle][:, None]
    facing = np.cross(way, np.roll(way, -1, axis=1))
    area = np.linalg.norm(facing, axis=2)
    along = facing.sum(axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=1), 1e-30)[:, None]
    x, y, up = _seen(way, along)
    good = (np.einsum("ndc,nc->nd", facing, along) > _FACING * area).all(axis=1) & (_turns(x, y) < 3 * np.pi)
    quadric = np.einsum("nkc,njc->nkj", facing, way) ** 2 / np.maximum(area, 1e-30)[:, :, None]
    cost = quadric.sum(axis=1) + _SHORT * area.sum(axis=1)[:, None] * (way**2).sum(axis=2)
    best = np.where(_fans(x, y), cost, np.inf).argmin(axis=1)
    rows, size = np.arange(len(best))[:, None], ring.around.shape[1]
    turned = (best[:, None] + np.arange(size)) % size
    x, y, up, way = x[rows, turned], y[rows, turned], up[rows, turned], way[rows, turned]
    new = np.cross(way[:, 1:-1] - way[:, :1], way[:, 2:] - way[:, :1])
    good &= (np.einsum("ndc,nc->nd", new, along) > _FACING * np.linalg.norm(new, axis=2)).all(axis=1)
    apart = np.where(good, np.maximum(_at_middle(x, y, up), _at_crossings(x, y, up)), np.inf)
    far = np.linalg.norm(way, axis=2)
    near = far.argmin(axis=1)[:, None]
    by_way = far[rows, near][:, 0] < apart
    target = np.where(by_way[:, None], near, 0)
    return ring.around[rows, turned][rows, target][:, 0], np.where(by_way, far[rows, near][:, 0], apart)


def _seen(way: Floats, along: Floats) -> tuple[Floats, Floats, Floats]:
    """Return positions in the plane that is seen ``along`` a direction, turning left from its front, and above it."""
    up = np.einsum("ndc,nc->nd", way, along)
    right = way[:, 0] - up[:, :1] * along
    right /= np.maximum(np.linalg.norm(right, axis=1), 1e-30)[:, None]
    ahead = np.cross(along, right)
    return np.einsum("ndc,nc->nd", way, right), np.einsum("ndc,nc->nd", way, ahead), up


def _turns(x: Floats, y: Floats) -> Floats:
    """Return by what angle neighbours go about the middle."""
    a, b = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    return np.asarray(np.arctan2(x * b - y * a, x * a + y * b).sum(axis=1))


def _fans(x: Floats, y: Floats) -> Bits:
    """Return from which neighbours triangles fill the ring, all turning left, shape (n, d)."""
    size = x.shape[1]
    a, b = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    own = (x * b - y * a)[:, :, None]  # of an edge, about the middle
    edge_x, edge_y = (a - x)[:, :, None], (b - y)[:, :, None]
    left = own - (x[:, None] * edge_y * -1 + y[:, None] * edge_x) * -1
    beside = np.eye(size, dtype=bool) | np.roll(np.eye(size, dtype=bool), -1, axis=0)
    return np.asarray(((left > 0) | beside).all(axis=1))


def _at_middle(x: Floats, y: Floats, up: Floats) -> Floats:
    """Return how far the new triangles, fanned from the first neighbour, pass from where the middle was."""
    ax, ay, bx, by = x[:, 1:-1], y[:, 1:-1], x[:, 2:], y[:, 2:]
    share = np.stack((ax * by - ay * bx, bx * y[:, :1] - by * x[:, :1], x[:, :1] * ay - y[:, :1] * ax), axis=2)
    share /= np.maximum(share.sum(axis=2), 1e-30)[:, :, None]
    within = share.min(axis=2).argmax(axis=1)[:, None]
    rows = np.arange(len(x))[:, None]
    first, height = (
        share[rows, within][:, 0],
        np.stack((np.broadcast_to(up[:, :1], ax.shape), up[:, 1:-1], up[:, 2:]), 2),
    )
    return np.asarray(np.abs((first * height[rows, within][:, 0]).sum(axis=1)))


def _at_crossings(x: Floats, y: Floats, up: Floats) -> Floats:
    """Return how far old edges pass from the new ones that cross them, seen along the direction."""
    dx, dy, rise = (
        x[:, None, 2:-1] - x[:, :1, None],
        y[:, None, 2:-1] - y[:, :1, None],
        up[:, None, 2:-1] - up[:, :1, None],
    )
    sx, sy, height = x[:, 1:, None], y[:, 1:, None], up[:, 1:, None]
    across = sx * dy - sy * dx
    safe = np.where(np.abs(across) < 1e-30, np.inf, across)
    old = (x[:, :1, None] * dy - y[:, :1, None] * dx) / safe
    new = (x[:, :1, None] * sy - y[:, :1, None] * sx) / safe
    meet = (old >= -_SLACK) & (old <= 1 + _SLACK) & (new >= -_SLACK) & (new <= 1 + _SLACK)
    apart = np.where(meet & np.isfinite(safe), np.abs(old * height - up[:, :1, None] - new * rise), 0.0)
    return np.asarray(apart.max(axis=(1, 2), initial=0.0))
