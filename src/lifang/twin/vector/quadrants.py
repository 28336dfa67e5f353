"""The squares of web maps: WebMercatorQuad (OGC 17-083r4, annex D.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.core import Box, NotFound

EXTENT, BUFFER = 4096, 64  # units of a tile's side, and beyond it
_LAT_MAX = 85.0511287798066
_LEAST = 4  # units: half a point of a tile shown at 512 points
_SQUARES = 128  # along a tile's side, of which each shows one single point: they are four screen points apart
_ALL_FROM = 14  # the zoom from which on every single point is shown
DEEPEST = 22

Floats = NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Quadrant:
    """Tile ``x``, ``y`` (from the north-west) of zoom ``z``; ``NotFound`` if there is none."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not (0 <= self.z <= DEEPEST and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            what = f"There is no tile {self.z}/{self.x}/{self.y}."
            raise NotFound(what, mend=f"Zooms go from 0 to {DEEPEST}, x and y from 0 to 2^zoom - 1.")

    @property
    def squared(self) -> Box:
        """What it shows in degrees, its buffer included, to the ends of the squares of :func:`apart_deg`."""
        near, side = self.near, apart_deg(self.z)
        if not side:
            return near
        west, south = (math.floor(each / side) * side for each in (near.west, near.south))
        east, north = (math.ceil(each / side) * side for each in (near.east, near.north))
        return Box(west, south, east, north)

    @property
    def near(self) -> Box:
        """What it shows in degrees, its buffer included."""
        beyond, across = BUFFER / EXTENT, 2.0**self.z
        west, east = ((each / across * 360 - 180) for each in (self.x - beyond, self.x + 1 + beyond))
        south, north = (_latitude(each / across) for each in (self.y + 1 + beyond, self.y - beyond))
        return Box(max(-180.0, west), south, min(180.0, east), north)


def least_deg(z: int) -> float:
    """Return how many degrees something must be across to be shown at a zoom."""
    return 360 / 2.0**z / EXTENT * _LEAST


def apart_deg(z: int) -> float:
    """Return the side in degrees of the squares of which each shows one single point at a zoom; 0 where all are shown.

    Each square is four of the next zoom, so that a point that is shown is so further in.
    """
    return 360 / 2.0**z / _SQUARES if z < _ALL_FROM else 0.0


def mercator(lon_lat: Floats) -> Floats:
    """Return positions, shape (n, 2), in shares of the world's side from the north-west."""
    lon, lat = lon_lat[:, 0], np.clip(lon_lat[:, 1], -_LAT_MAX, _LAT_MAX)
    return np.column_stack((lon / 360 + 0.5, 0.5 - np.arctanh(np.sin(np.radians(lat))) / (2 * np.pi)))


def _latitude(row: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * min(max(row, 0.0), 1.0)))))
