"""Points and lines laid into the tiles of a zoom, as commands.

Source: Mapbox Vector Tile Specification 2.1, clauses 4.3.1 (commands) and 4.3.4.2, 4.3.4.3 (points and lines).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes import spread
from lifang.twin.vector.features import Features
from lifang.twin.vector.quadrants import BUFFER, EXTENT

Ints = NDArray[np.int64]
_MOVE, _LINE = 1, 2  # commands
POINT, LINESTRING = 1, 2  # types


@dataclass(frozen=True)
class Commands:
    """The geometry of features, of each ``length`` (n,) numbers among ``values``, and its ``kind`` (n,)."""

    values: Ints
    length: Ints
    kind: Ints

    def beside(self, other: Commands) -> Commands:
        """Return these with those of ``other``: no feature has both."""
        length = self.length + other.length
        start = np.cumsum(length) - length
        values = np.empty(int(length.sum()), np.int64)
        for each in (self, other):
            values[spread(start, each.length)] = each.values
        return Commands(values, length, np.where(other.length > 0, other.kind, self.kind))


def thin_commands(features: Features, z: int, row: Ints, tile: Ints, *, simple: bool) -> Commands | None:
    """Return the commands of those of features that are points or lines, ``None`` if there are none of them.

    Feature ``i`` is that of ``row[i]`` in the tile whose column and row are ``tile[i]``; what sticks out of its buffer
    is cut off, and bends of less than a unit are left out where it is to be ``simple``.
    """
    at = np.flatnonzero(features.thin[row])
    if not len(at):
        return None
    side = EXTENT * 2.0**z
    shapes = features.flat[row[at]]
    shapes = shapely.simplify(shapes, 1 / side) if simple else shapes
    corner = np.asarray(tile[at] * float(EXTENT))
    low, high = (corner - BUFFER) / side, (corner + EXTENT + BUFFER) / side
    bounds = shapely.bounds(shapes)
    for number in np.flatnonzero((bounds[:, :2] < low).any(axis=1) | (bounds[:, 2:] > high).any(axis=1)).tolist():
        shapes[number] = shapely.clip_by_rect(shapes[number], *low[number], *high[number])
    kind = np.where(shapely.get_type_id(features.flat[row[at]]) == shapely.GeometryType.MULTIPOINT, POINT, LINESTRING)
    parts, owner = _parts(shapes, kind)
    place, part = shapely.get_coordinates(parts, return_index=True)
    grid = np.rint(place * side - corner[owner[part]]).astype(np.int64)
    return _written(grid, part, at[owner], kind[owner] == POINT, len(row))


def _parts(shapes: NDArray[np.object_], kind: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Return the lines and points that are left of features, and of which each is; the points of one are one part."""
    lines, owner = shapely.get_parts(shapes, return_index=True)
    drawn = (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING) & (kind[owner] == LINESTRING)
    pointed = np.flatnonzero((kind == POINT) & ~shapely.is_empty(shapes))
    both, of = np.concatenate((lines[drawn], shapes[pointed])), np.concatenate((owner[drawn], pointed))
    order = np.argsort(of, kind="stable")
    return both[order], of[order]


def _written(grid: Ints, part: Ints, owner: Ints, is_point: NDArray[np.bool_], count: int) -> Commands:
    """Return the commands of parts, those of a feature following each other; a line that is one place goes."""
    begins = np.append(True, part[1:] != part[:-1]) if len(part) else np.empty(0, bool)
    moved = np.append(True, (grid[1:] != grid[:-1]).any(axis=1)) if len(part) else begins
    kept = begins | moved | is_point[part]
    size = np.bincount(part[kept], minlength=len(owner))
    good = (size > 1) | is_point
    kept &= good[part]
    grid, part = grid[kept], part[kept]
    size, owner, is_point = size[good], owner[good], is_point[good]
    of = owner[np.searchsorted(np.flatnonzero(good), part)]
    step = np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int64))
    first = np.flatnonzero(np.append(True, of[1:] != of[:-1])) if len(of) else np.empty(0, np.int64)
    step[first] = grid[first]
    zigzag = (step << 1) ^ (step >> 63)
    length = 2 * size + np.where(is_point, 1, 2)
    start = np.cumsum(length) - length
    values = np.zeros(int(length.sum()), np.int64)
    within = spread(np.zeros(len(size), np.int64), size)
    line = np.repeat(~is_point, size)
    at = np.repeat(start, size) + 1 + 2 * within + (line & (within > 0))  # the count of lines follows the first vertex
    values[at], values[at + 1] = zigzag[:, 0], zigzag[:, 1]
    values[start] = np.where(is_point, size, 1) << 3 | _MOVE
    values[start[~is_point] + 3] = (size[~is_point] - 1) << 3 | _LINE
    kind = np.zeros(count, np.int64)
    kind[owner] = np.where(is_point, POINT, LINESTRING)
    return Commands(values, np.bincount(owner, length, count).astype(np.int64), kind)
