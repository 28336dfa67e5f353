"""The outline of a thing as seen from above."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

_FLAT = 1e-14  # square degrees, about 1 cm2: what is less stands upright
_SHORT = 1e-8  # degrees, about 1 mm: a line that is shorter stands upright


def outlines(surfaces: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the outline of each solid, a polygon or multipolygon of Shapely in degrees, shape (n,).

    ``surfaces`` are multipolygons with heights, one a solid: the faces that look down make the outline, those that look
    up where none does. It is an empty multipolygon where all faces stand upright.
    """
    parts, owner = shapely.get_parts(shapely.force_2d(surfaces), return_index=True)
    lying = shapely.area(parts) > _FLAT
    parts, owner = parts[lying], owner[lying]
    down = ~shapely.is_ccw(shapely.get_exterior_ring(parts))
    has_floor = np.zeros(len(surfaces), bool)
    has_floor[owner[down]] = True
    kept = down | ~has_floor[owner]
    parts, owner = parts[kept], owner[kept]
    first = np.searchsorted(owner, np.arange(len(surfaces) + 1))
    found = np.full(len(surfaces), shapely.MultiPolygon(), dtype=object)
    for number, (low, high) in enumerate(pairwise(first.tolist())):
        if high - low == 1:
            found[number] = parts[low]
        elif high > low:
            found[number] = areal(shapely.union_all(shapely.make_valid(parts[low:high])))
    return found


def lines_from_above(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return points and lines (n,) as they are seen from above, where an upright line has no length.

    It is left out beside others of its object; of an object all of whose lines stand upright it is a point.
    """
    seen = shapes.copy()
    parts, owner = shapely.get_parts(shapes, return_index=True)
    upright = (shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & (shapely.length(parts) < _SHORT)
    for number in np.unique(owner[upright]).tolist():
        lying = parts[(owner == number) & ~upright]
        ends = shapely.get_point(parts[owner == number], 0)
        seen[number] = shapely.multilinestrings(lying) if len(lying) else shapely.multipoints(ends)
    return seen


def areal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return what of a shape has an area: a polygon, or a multipolygon that may be empty."""
    areas = [each for each in shapely.get_parts(shape) if each.geom_type == "Polygon" and not each.is_empty]
    return areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)
