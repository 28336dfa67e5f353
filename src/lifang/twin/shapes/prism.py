"""An upright solid as the surfaces of its shell."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray


def prism(footprint: shapely.Polygon, base_m: float, top_m: float) -> NDArray[np.object_]:
    """Return floor, roof and walls over a polygon, each a polygon with heights that turns left as seen from outside."""
    flat = shapely.orient_polygons(footprint)
    rings = [shapely.get_coordinates(ring) for ring in (flat.exterior, *flat.interiors)]

    def lying(height: float, step: int) -> shapely.Polygon:
        outer, *holes = (np.column_stack((ring, np.full(len(ring), height)))[::step] for ring in rings)
        return shapely.Polygon(outer, holes)

    walls = [wall for ring in rings for wall in _walls(ring, base_m, top_m)]
    return np.array([lying(base_m, -1), lying(top_m, 1), *walls], dtype=object)


def _walls(ring: NDArray[np.float64], base_m: float, top_m: float) -> NDArray[np.object_]:
    start, end = ring[:-1], ring[1:]
    corners = np.stack((start, end, end, start), axis=1)
    heights = np.broadcast_to(np.array([base_m, base_m, top_m, top_m])[None, :, None], (*corners.shape[:2], 1))
    return np.asarray(shapely.polygons(np.concatenate((corners, heights), axis=2)))
