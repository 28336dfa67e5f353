"""Footprints with heights become walls and roofs, all buildings of a tile at once."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes.frame import Frame
from lifang.twin.shapes.mesh import Mesh
from lifang.twin.shapes.rings import Floats, Ints, Rings

_UP = np.array([0.0, 0.0, 1.0])
_QUAD = np.array([[0, 1, 2], [0, 2, 3]])


def extrude(footprints: NDArray[np.object_], base_m: Floats, top_m: Floats, frame: Frame) -> Mesh:
    """Return the walls and roofs of solids, without floors, in ``frame``.

    ``footprints`` are valid polygons or multipolygons of Shapely in degrees on WGS 84, shape (k,); ``base_m`` and
    ``top_m`` metres above the ellipsoid, shape (k,). The walls stand along the ellipsoid's normals.
    """
    rings = Rings.of(shapely.orient_polygons(footprints), dimensions=2)
    owner, (lon, lat) = rings.vertex_owner, rings.coordinates.T
    floor, roof = (frame.local(lon, lat, height[owner]) for height in (base_m, top_m))
    following, count = rings.following, len(owner)
    walls = np.stack((floor, floor[following], roof[following], roof), axis=1)  # (edges, 4 corners, 3)
    wall_triangles = (count + 4 * np.arange(count)[:, None, None] + _QUAD).reshape(-1, 3)
    return Mesh(
        np.concatenate((roof, walls.reshape(-1, 3))),
        np.concatenate((np.broadcast_to(_UP, roof.shape), np.repeat(_outward(floor, following), 4, axis=0))),
        np.concatenate((owner, np.repeat(owner, 4))),
        np.concatenate((rings.triangles(rings.coordinates), wall_triangles)),
    )


def _outward(floor: Floats, following: Ints) -> Floats:
    """Return the horizontal unit normal of each edge, to the right of its direction."""
    edge = floor[following] - floor
    normal = np.column_stack((edge[:, 1], -edge[:, 0], np.zeros(len(edge))))
    return np.asarray(normal / np.maximum(np.hypot(edge[:, 0], edge[:, 1]), 1e-12)[:, None])
