"""A picture as square tiles of the Web Mercator plane, each of 256 by 256 pixels, of every zoom down to a few pixels.

The finest tiles take the nearest pixel, those of coarser zooms the mean of four. Source: OGC 17-083r4, annex D.1
(WebMercatorQuad).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge
from lifang.twin.imagery.picture import Picture

SIDE = 256
ZOOM_MAX = 22
_NODES, _APART = 17, 16  # positions that are moved exactly on a side of a tile, and the pixels between them
_LEAST_PX = 16
_TILES_MAX = 20_000
_LAT_MAX = 85.0511287798066
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def mercator(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return places on the plane, from 0 at its west and north to 1 at its east and south."""
    phi = np.radians(np.clip(lat, -_LAT_MAX, _LAT_MAX))
    return lon / 360 + 0.5, 0.5 - np.arcsinh(np.tan(phi)) / (2 * math.pi)


@dataclass(frozen=True)
class Warp:
    """The tiles of a picture; ``BadInput`` if it does not lie on the earth."""

    picture: Picture

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        rows, columns = self.picture.rgba.shape[:2]
        along, across = np.linspace(0, columns, 65), np.linspace(0, rows, 65)
        column = np.concatenate((along, along, np.zeros(65), np.full(65, float(columns))))
        row = np.concatenate((np.zeros(65), np.full(65, float(rows)), across, across))
        lon, lat = self.picture.placed.degrees(column, row)
        if not (np.isfinite(lon) & (np.abs(lat) <= 90)).all() or np.ptp(lon) > 180:
            what = f"A corner of it lies outside of {self.picture.placed.crs}, or it goes around the earth."
            raise BadInput(what, where="GeoTIFF tags", mend="Correct its coordinate system.")
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    @cached_property
    def finest(self) -> int:
        """The zoom whose pixels are as large as the picture's in its middle, or the next finer one."""
        rows, columns = self.picture.rgba.shape[:2]
        self.bounds  # noqa: B018 - says if it does not lie on the earth
        at = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) + np.array([[columns / 2], [rows / 2]])
        x, y = mercator(*self.picture.placed.degrees(*at))
        area = abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]))
        return min(ZOOM_MAX, max(0, math.ceil(-math.log2(SIDE * math.sqrt(area)) - 1e-6)))

    @cached_property
    def coarsest(self) -> int:
        """The zoom at which it is a few pixels."""
        west, north, east, south = self._plane
        size = max(east - west, south - north) * SIDE
        return min(self.finest, max(0, math.ceil(math.log2(_LEAST_PX / size))))

    @cached_property
    def _plane(self) -> tuple[float, float, float, float]:
        west, south, east, north = self.bounds
        (left, right), (up, down) = mercator(np.array([west, east]), np.array([north, south]))
        return float(left), float(up), float(right), float(down)

    def tiles(self) -> Iterator[tuple[int, int, int, Pixels]]:
        """Yield zoom, column, row and pixels (256, 256, 4) of tiles that are not empty; ``TooLarge`` if too many."""
        west, north, east, south = (each * 2**self.finest for each in self._plane)
        count = (math.floor(east) - math.floor(west) + 1) * (math.floor(south) - math.floor(north) + 1)
        if count > _TILES_MAX:
            raise TooLarge(f"It takes {count:,} tiles, more than {_TILES_MAX:,}.", mend="Send a smaller part.")
        west, north, east, south = (each * 2**self.coarsest for each in self._plane)
        for x in range(math.floor(west), math.floor(east) + 1):
            for y in range(math.floor(north), math.floor(south) + 1):
                yield from self._below(self.coarsest, x, y)

    def _below(self, z: int, x: int, y: int) -> Iterator[tuple[int, int, int, Pixels]]:
        """Yield the tiles below one, and it last."""
        west, north, east, south = (each * 2**z for each in self._plane)
        if not (west < x + 1 and east > x and north < y + 1 and south > y):
            return
        if z == self.finest:
            found = self.finest_tile(x, y)
        else:
            whole = np.zeros((2 * SIDE, 2 * SIDE, 4), np.uint8)
            for right in (0, 1):
                for down in (0, 1):
                    for each in self._below(z + 1, 2 * x + right, 2 * y + down):
                        yield each
                        if each[0] == z + 1:
                            whole[SIDE * down : SIDE * (down + 1), SIDE * right : SIDE * (right + 1)] = each[3]
            found = _halved(whole)
        if found[..., 3].any():
            yield z, x, y, found

    def finest_tile(self, x: int, y: int) -> Pixels:
        """Return the pixels of a tile of the finest zoom."""
        nodes = np.arange(_NODES) * _APART / SIDE
        across, down = np.meshgrid((x + nodes) / 2**self.finest, (y + nodes) / 2**self.finest)
        lat = np.degrees(np.arctan(np.sinh((0.5 - down) * 2 * math.pi)))
        moved = self.picture.placed.pixels(((across - 0.5) * 360).ravel(), lat.ravel())
        column, row = (_between(each.reshape(_NODES, _NODES)) for each in moved)
        rows, columns = self.picture.rgba.shape[:2]
        with np.errstate(invalid="ignore"):
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        found = np.zeros((SIDE, SIDE, 4), np.uint8)
        found[inside] = self.picture.rgba[row[inside].astype(np.int64), column[inside].astype(np.int64)]
        return found


def _between(nodes: Floats) -> Floats:
    """Return what lies at the middles of pixels between nodes, shape (256, 256)."""
    at = (np.arange(SIDE) + 0.5) / _APART
    low = at.astype(np.int64)
    share = at - low
    upper = nodes[low] * (1 - share)[:, None] + nodes[low + 1] * share[:, None]
    return np.asarray(upper[:, low] * (1 - share) + upper[:, low + 1] * share)


def _halved(whole: Pixels) -> Pixels:
    """Return the mean of each four pixels, what is clear counting for nothing."""
    four = whole.reshape(SIDE, 2, SIDE, 2, 4).astype(np.float32)
    weight = four[..., 3:]
    total = weight.sum(axis=(1, 3))
    colour = (four[..., :3] * weight).sum(axis=(1, 3)) / np.maximum(total, 1)
    return np.asarray(np.rint(np.concatenate((colour, total / 4), axis=-1)), np.uint8)
