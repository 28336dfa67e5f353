"""Whether surfaces are polygons: rings that do not cross themselves or each other, holes that lie in what they open.

Source: ISO 19107:2003, 6.4.36 (GM_Polygon) and OGC 06-103r4, 6.1.11 (the assertions of a polygon), seen along the axis
that the surface turns to most.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes import Rings

_CROSSED_M2 = 1e-4  # less is where a hole or a corner lies on an edge, to the vertices' decimals
_FLAT_M2 = 1e-6
_PLANES = np.array([[1, 2], [0, 2], [0, 1]])

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]


def crossing(rings: Rings, here: Floats, normal: Floats, count: int) -> Bits:
    """Return which of ``count`` geometries have a surface that is no polygon.

    ``here`` are the vertices in metres, ``normal`` (m, 3) that of each ring, twice its area long.
    """
    some = np.flatnonzero(np.diff(rings.vertex_start) > 3)
    told = np.zeros(count, dtype=bool)
    if not len(some):
        return told
    first = rings.part_start[some]
    parts = replace(rings, coordinates=here).parts(some, np.arange(len(some)))
    starts = parts.vertex_start[:-1]
    spread = np.maximum.reduceat(parts.coordinates, starts) - np.minimum.reduceat(parts.coordinates, starts)
    turned = np.linalg.norm(normal[first], axis=1) > _FLAT_M2
    along = np.where(turned, np.abs(normal[first]).argmax(axis=1), spread.argmin(axis=1))
    plane = np.take_along_axis(parts.coordinates, _PLANES[along][parts.vertex_part], axis=1)
    flat = shapely.get_geometry(replace(parts, coordinates=plane).shapes(len(some)), 0)
    broken = np.flatnonzero(~shapely.is_valid(flat))
    told[rings.part_owner[some[broken[[_is_crossed(each) for each in flat[broken].tolist()]]]]] = True
    return told


def _is_crossed(polygon: shapely.Geometry) -> bool:
    """Return whether what is wrong with a polygon is more than that it touches itself to the vertices' decimals."""
    if "elf-intersection" not in shapely.is_valid_reason(polygon):
        return True
    return abs(float(shapely.area(shapely.make_valid(polygon))) - float(shapely.area(polygon))) > _CROSSED_M2
