"""Triangles of many solids in one set of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """``n`` vertices and ``m`` triangles, seen from outside anticlockwise.

    ``position`` (n, 3) east, north, up in metres; ``normal`` (n, 3) unit vectors; ``owner`` (n,) the number of the
    solid that a vertex belongs to; ``triangle`` (m, 3) numbers of vertices; ``tint`` (n, 4) red, green, blue and
    opacity, where faces of one solid differ; ``uv`` (n, 2) the place of each on the ``image`` (n,) that hangs on it, -1
    for none.
    """

    position: NDArray[np.float64]
    normal: NDArray[np.float64]
    owner: NDArray[np.int64]
    triangle: NDArray[np.int64]
    tint: NDArray[np.uint8] | None = None
    uv: NDArray[np.float32] | None = None
    image: NDArray[np.int64] | None = None

    @classmethod
    def none(cls) -> Mesh:
        """Return the mesh of what has no surface."""
        return cls(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.int64), np.empty((0, 3), np.int64))

    def areas_m2(self) -> NDArray[np.float64]:
        """Return the area of each triangle, shape (m,), in square metres."""
        a, b, c = (self.position[self.triangle[:, corner]] for corner in range(3))
        return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)

    def taken(self, triangles: NDArray[np.int64]) -> tuple[Mesh, NDArray[np.int64]]:
        """Return some of its triangles, with the owners that they have: of these, ``owner`` tells the number."""
        used, corner = np.unique(self.triangle[triangles], return_inverse=True)
        owners, owner = np.unique(self.owner[used], return_inverse=True)
        tint = None if self.tint is None else self.tint[used]
        uv = None if self.uv is None else self.uv[used]
        image = None if self.image is None else self.image[used]
        taken = Mesh(self.position[used], self.normal[used], owner.reshape(-1), corner.reshape(-1, 3), tint, uv, image)
        return taken, owners

    def spans_m(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the least and the greatest position of each of ``count`` owners, shape (count, 3) each."""
        least, most = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
        np.minimum.at(least, self.owner, self.position)
        np.maximum.at(most, self.owner, self.position)
        return least, most

    def welded(self) -> Mesh:
        """Return it with one vertex where triangles of an owner meet, and normals that turn from face to face."""
        a, b, c = (self.position[self.triangle[:, corner]] for corner in range(3))
        facing = np.repeat(np.cross(b - a, c - a), 3, axis=0)  # as long as the face is great
        corner = self.triangle.ravel()
        place = np.unique(np.round(self.position, 3), axis=0, return_inverse=True)[1].ravel()[corner]
        summed = np.column_stack([np.bincount(place, weights=each) for each in facing.T]).astype(np.float64)
        turned = summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
        pairs = np.column_stack((self.owner[corner], place))
        _, first, triangle = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        at = corner[first]
        return Mesh(self.position[at], turned[place[first]], self.owner[at], triangle.reshape(-1, 3))
