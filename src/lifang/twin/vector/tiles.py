"""Features laid into the tiles of a zoom: clipped where they stick out, simplified where a zoom cannot show more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes import Rings, areal, spread
from lifang.twin.vector.encoding import layers
from lifang.twin.vector.features import Features
from lifang.twin.vector.quadrants import BUFFER, EXTENT, Quadrant
from lifang.twin.vector.thin import thin_commands

LAYER = "objects"
_SIMPLE_UPTO = 14  # a unit is 0.6 m there at the equator: beyond it, what a survey holds is worth its bytes
_CORNERS = 8  # of an outline: with fewer, to simplify costs more time than its bytes are worth
_LOOSE = 1024  # units: what sticks out less is left whole, since cutting it costs more than its bytes
_AT_ONCE = 50_000

Ints = NDArray[np.int64]


def vector_tiles(
    features: Features, z: int, *, only: Quadrant | None = None, across_deg: float = 0.0, apart_deg: float = 0.0
) -> Iterator[tuple[Quadrant, bytes]]:
    """Yield the tiles of zoom ``z`` that hold something (``only`` one of them), each a layer ``objects``.

    Features that reach less far than ``across_deg`` degrees are left out, but not single points: of these the first
    stays in each square of ``apart_deg``.
    """
    single = features.thin & (features.across_deg == 0)
    shown = (features.across_deg >= across_deg) & ~single
    shown[_apart(features, np.flatnonzero(single), apart_deg)] = True
    row, x, y = _laid(features, z, np.flatnonzero(shown))
    if only is not None:
        here = (x == only.x) & (y == only.y)
        row, x, y = row[here], x[here], y[here]
    order = np.lexsort((row, x, y))
    row, x, y = row[order], x[order], y[order]
    begins = np.flatnonzero(np.concatenate(([True], (x[1:] != x[:-1]) | (y[1:] != y[:-1])))) if len(row) else row
    borders = np.append(begins, len(row))
    first = 0
    while first < len(begins):
        last = max(first + 1, int(np.searchsorted(borders[1:], borders[first] + _AT_ONCE, side="right")))
        at = slice(int(borders[first]), int(borders[last]))
        place = np.column_stack((x[at], y[at]))
        rings = _rings(features, z, row[at], place)
        thin = thin_commands(features, z, row[at], place, simple=z <= _SIMPLE_UPTO)
        made = layers(LAYER, rings, borders[first : last + 1] - at.start, features.values, row[at], thin)
        for begin, content in zip(begins[first:last].tolist(), made, strict=True):
            if content:
                yield Quadrant(z, int(x[begin]), int(y[begin])), content
        first = last


def _apart(features: Features, points: Ints, apart_deg: float) -> Ints:
    """Return those of ``points`` that are the first in their square of so many degrees; all if that is 0."""
    if not apart_deg or not len(points):
        return points
    column, line = np.floor(shapely.bounds(features.outline[points])[:, :2] / apart_deg).astype(np.int64).T
    return points[np.unique((column << 32) + line, return_index=True)[1]]


def _laid(features: Features, z: int, some: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the rows of ``some`` features with column and row of each tile in whose buffer they lie."""
    across, beyond = 2**z, BUFFER / EXTENT
    bounds = features.bounds[some] * across
    low = np.clip(np.floor(bounds[:, :2] - beyond), 0, across - 1).astype(np.int64)
    high = np.clip(np.floor(bounds[:, 2:] + beyond), 0, across - 1).astype(np.int64)
    wide, deep = (high - low + 1).T
    count = wide * deep
    at = np.repeat(np.arange(len(count)), count)
    step = spread(np.zeros(len(count), np.int64), count)
    return some[at], low[at, 0] + step % wide[at], low[at, 1] + step // wide[at]


def _rings(features: Features, z: int, row: Ints, tile: Ints) -> Rings:
    """Return the rings of features in units of their tiles, feature ``i`` being that of ``row[i]``."""
    side = EXTENT * 2.0**z
    corner = np.asarray(tile * float(EXTENT), np.float64)
    bounds = features.bounds[row] * side - np.column_stack((corner, corner))
    out = np.asarray((bounds[:, :2] < -_LOOSE).any(axis=1) | (bounds[:, 2:] > EXTENT + _LOOSE).any(axis=1))
    changed = (out | (features.corners[row] > _CORNERS) if z <= _SIMPLE_UPTO else out) & ~features.thin[row]
    rings = features.rings.taken(row) if not changed.any() else _with_changed(features, z, row, corner, out, changed)
    return replace(rings, coordinates=rings.coordinates * side - corner[rings.vertex_owner])


def _with_changed(
    features: Features,
    z: int,
    row: Ints,
    corner: NDArray[np.float64],
    out: NDArray[np.bool_],
    changed: NDArray[np.bool_],
) -> Rings:
    """Return the rings of features of which those ``changed`` are simplified, and clipped if they lie far ``out``."""
    side = EXTENT * 2.0**z
    at = np.flatnonzero(changed)
    shapes = features.rings.taken(row[at]).shapes(len(at))
    if z <= _SIMPLE_UPTO:
        shapes = shapely.simplify(shapes, 1 / side)
    for number in np.flatnonzero(out[at]).tolist():
        west, north = (corner[at[number]] - BUFFER) / side
        east, south = (corner[at[number]] + EXTENT + BUFFER) / side
        shapes[number] = areal(shapely.clip_by_rect(shapes[number], west, north, east, south))
    same = np.flatnonzero(~changed)
    whole, cut = features.rings.taken(row[same]), Rings.of(shapes, dimensions=2)
    return replace(whole, part_owner=same[whole.part_owner]).beside(replace(cut, part_owner=at[cut.part_owner]))
