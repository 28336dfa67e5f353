"""Features laid into the tiles of a zoom: clipped where they stick out, simplified where a zoom cannot show more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes import Rings, areal
from lifang.twin.vector.encoding import layer, polygons
from lifang.twin.vector.features import Features
from lifang.twin.vector.quadrants import BUFFER, EXTENT, Quadrant

LAYER = "objects"
_SIMPLE_UPTO = 14  # a unit is 0.6 m there at the equator: beyond it, what a survey holds is worth its bytes
_CORNERS = 5  # of a closed rectangle: nothing to leave out
_LOOSE = 1024  # units: what sticks out less is left whole, since cutting it costs more than its bytes
_AT_ONCE = 50_000

Ints = NDArray[np.int64]


def vector_tiles(features: Features, z: int, *, only: Quadrant | None = None) -> Iterator[tuple[Quadrant, bytes]]:
    """Yield the tiles of zoom ``z`` that hold something (``only`` one of them), each a layer ``objects``."""
    row, x, y = _laid(features, z)
    if only is not None:
        here = (x == only.x) & (y == only.y)
        row, x, y = row[here], x[here], y[here]
    order = np.lexsort((row, x, y))
    row, x, y = row[order], x[order], y[order]
    begins = np.flatnonzero(np.concatenate(([True], (x[1:] != x[:-1]) | (y[1:] != y[:-1])))) if len(row) else row
    ends = np.append(begins[1:], len(row))
    first = 0
    while first < len(begins):
        last = max(first + 1, int(np.searchsorted(ends, begins[first] + _AT_ONCE, side="right")))
        at = slice(int(begins[first]), int(ends[last - 1]))
        geometry = _geometry(features, z, row[at], np.column_stack((x[at], y[at])))
        for low, high in zip(begins[first:last] - at.start, ends[first:last] - at.start, strict=True):
            shapes, rows = geometry[low:high], row[at][low:high].tolist()
            if any(shapes):
                table = {name: [column[each] for each in rows] for name, column in features.table.items()}
                yield Quadrant(z, int(x[at][low]), int(y[at][low])), layer(LAYER, shapes, table)
        first = last


def _laid(features: Features, z: int) -> tuple[Ints, Ints, Ints]:
    """Return the rows of features with column and row of each tile in whose buffer they lie."""
    across, beyond = 2**z, BUFFER / EXTENT
    bounds = features.bounds * across
    low = np.clip(np.floor(bounds[:, :2] - beyond), 0, across - 1).astype(np.int64)
    high = np.clip(np.floor(bounds[:, 2:] + beyond), 0, across - 1).astype(np.int64)
    wide, deep = (high - low + 1).T
    count = wide * deep
    row = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, low[row, 0] + step % wide[row], low[row, 1] + step // wide[row]


def _geometry(features: Features, z: int, row: Ints, tile: Ints) -> list[bytes]:
    side = EXTENT * 2.0**z
    shapes = features.flat[row]
    corner = tile * float(EXTENT)
    bounds = features.bounds[row] * side - np.column_stack((corner, corner))
    out = (bounds[:, :2] < -_LOOSE).any(axis=1) | (bounds[:, 2:] > EXTENT + _LOOSE).any(axis=1)
    if z <= _SIMPLE_UPTO:
        many = shapely.get_num_coordinates(shapes) > _CORNERS
        shapes[many] = shapely.simplify(shapes[many], 1 / side)
    for at in np.flatnonzero(out).tolist():
        west, north = (corner[at] - BUFFER) / side
        east, south = (corner[at] + EXTENT + BUFFER) / side
        shapes[at] = areal(shapely.clip_by_rect(shapes[at], west, north, east, south))
    if not shapely.get_num_geometries(shapes).any():
        return [b""] * len(shapes)
    rings = Rings.of(shapes, dimensions=2)
    units = rings.coordinates * side - corner[rings.vertex_owner]
    return polygons(Rings(units, rings.ring_start, rings.part_start, rings.part_owner), len(row))
