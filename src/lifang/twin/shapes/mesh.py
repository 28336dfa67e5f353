"""Triangles of many solids in one set of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """``n`` vertices and ``m`` triangles, seen from outside anticlockwise.

    ``position`` (n, 3) east, north, up in metres; ``normal`` (n, 3) unit vectors; ``owner`` (n,) the number of the
    solid that a vertex belongs to; ``triangle`` (m, 3) numbers of vertices.
    """

    position: NDArray[np.float64]
    normal: NDArray[np.float64]
    owner: NDArray[np.int64]
    triangle: NDArray[np.int64]

    def areas_m2(self) -> NDArray[np.float64]:
        """Return the area of each triangle, shape (m,), in square metres."""
        a, b, c = (self.position[self.triangle[:, corner]] for corner in range(3))
        return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)
