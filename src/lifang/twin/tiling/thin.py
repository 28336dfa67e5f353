"""Objects that have no surface, as the points and lines of a tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes import Frame, Mesh
from lifang.twin.tiling.gltf import Lines, Points


@dataclass(frozen=True)
class Thin:
    """Objects without surfaces: ``shape`` (n,) multipoints and multilinestrings in degrees and metres.

    ``table`` holds their properties, one row an object.
    """

    shape: NDArray[np.object_]
    table: pa.Table

    def mesh(self, rows: slice, frame: Frame) -> Mesh:  # noqa: ARG002 - as of those that have surfaces
        """Return no triangles."""
        return Mesh.none()

    def vertices(self) -> NDArray[np.int64]:
        """Return how many vertices each has at most: two for each piece of a line."""
        return np.asarray(2 * shapely.get_num_coordinates(self.shape))

    def lines(self, rows: slice, frame: Frame) -> Lines | None:
        """Return the lines among some of them piece by piece, if there are any."""
        some = self.shape[rows]
        parts, owner = shapely.get_parts(some, return_index=True)
        drawn = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
        at, line = shapely.get_coordinates(parts[drawn], include_z=True, return_index=True)
        start = np.flatnonzero(np.diff(line) == 0)
        if not len(start):
            return None
        ends = np.stack((start, start + 1), axis=1).ravel()
        return Lines(frame.local(*at[ends].T), owner[drawn][line[ends]])

    def points(self, rows: slice, frame: Frame) -> Points | None:
        """Return the points among some of them, if there are any."""
        parts, owner = shapely.get_parts(self.shape[rows], return_index=True)
        drawn = shapely.get_type_id(parts) == shapely.GeometryType.POINT
        if not drawn.any():
            return None
        at = shapely.get_coordinates(parts[drawn], include_z=True)
        return Points(frame.local(*at.T), owner[drawn])
