"""Arrays of positions: between coordinate systems, and how far apart.

Inside the house a position is longitude, latitude in degrees on WGS 84 (EPSG:4326, that axis order).
CGCS2000 (EPSG:4490) differs from WGS 84 by centimetres; EPSG:4544 is its 3-degree projection on 105 E.
GCJ-02 is the offset that Chinese map services apply; it is taken off by iteration.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyproj import Transformer

Degrees = NDArray[np.float64]

_A = 6378245.0  # Krasovsky 1940 semi-major axis, m: the ellipsoid that GCJ-02 uses
_EE = 0.00669342162296594323
_GCJ_TOLERANCE_DEG = 1e-9  # about 0.1 mm


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Transformer:
    from pyproj import Transformer  # noqa: PLC0415 - it takes as long to load as all the rest of this room

    return Transformer.from_crs(source, target, always_xy=True)


def to_wgs84(x: Degrees, y: Degrees, *, crs: str) -> tuple[Degrees, Degrees]:
    """Return longitude and latitude on WGS 84 of positions given in ``crs`` (easting or longitude first)."""
    if crs == "GCJ-02":
        return gcj02_to_wgs84(x, y)
    lon, lat = _transformer(crs, "EPSG:4326").transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def from_wgs84(lon: Degrees, lat: Degrees, *, crs: str) -> tuple[Degrees, Degrees]:
    """Return positions on WGS 84 in ``crs`` (easting or longitude first)."""
    if crs == "GCJ-02":
        return wgs84_to_gcj02(lon, lat)
    x, y = _transformer("EPSG:4326", crs).transform(lon, lat)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _waves(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
    pi = np.pi
    common = (20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + common
    d_lat += (20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + common
    d_lon += (20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lon += (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    return d_lon, d_lat


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return GCJ-02 longitude and latitude of WGS 84 positions in mainland China.

    Source: the offset polynomial as published by many map clients; about 360 m at Chengdu.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    d_lon, d_lat = _waves(lon - 105.0, lat - 35.0)
    radians = np.radians(lat)
    magic = 1 - _EE * np.sin(radians) ** 2
    d_lat = d_lat * 180.0 / ((_A * (1 - _EE)) / (magic * np.sqrt(magic)) * np.pi)
    d_lon = d_lon * 180.0 / (_A / np.sqrt(magic) * np.cos(radians) * np.pi)
    return lon + d_lon, lat + d_lat


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return WGS 84 positions of GCJ-02 ones, by fixed-point iteration to 0.1 mm (at most 20 steps)."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(20):
        there_lon, there_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        step_lon, step_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if max(np.abs(step_lon).max(initial=0.0), np.abs(step_lat).max(initial=0.0)) < _GCJ_TOLERANCE_DEG:
            break
    return guess_lon, guess_lat


def distance_m(lon1: Degrees, lat1: Degrees, lon2: Degrees, lat2: Degrees) -> Degrees:
    """Return great-circle distances in metres (sphere of 6,371,008.8 m; within 0.6% of the ellipsoid)."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half = np.sin((phi2 - phi1) / 2) ** 2
    half = half + np.cos(phi1) * np.cos(phi2) * np.sin(np.radians(np.asarray(lon2) - np.asarray(lon1)) / 2) ** 2
    return np.asarray(2 * 6_371_008.8 * np.arcsin(np.sqrt(half)), dtype=np.float64)
