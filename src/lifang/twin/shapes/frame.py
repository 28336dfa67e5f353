"""Local frames: east, north and up in metres about a point on the WGS 84 ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_A = 6_378_137.0  # semi-major axis of WGS 84, m (NIMA TR8350.2, table 3.1)
_F = 1 / 298.257223563
_E2 = _F * (2 - _F)


def ecef(lon: Floats, lat: Floats, height_m: Floats) -> Floats:
    """Return earth-centred positions, shape (n, 3), in metres, of degrees and metres above the WGS 84 ellipsoid.

    Source: OGC 18-005 (ISO 19111), EPSG method 9602.
    """
    lam, phi = np.radians(lon), np.radians(lat)
    sin_phi, cos_phi = np.sin(phi), np.cos(phi)
    radius = _A / np.sqrt(1 - _E2 * sin_phi * sin_phi)
    across = (radius + height_m) * cos_phi
    return np.column_stack((across * np.cos(lam), across * np.sin(lam), (radius * (1 - _E2) + height_m) * sin_phi))


@dataclass(frozen=True)
class Frame:
    """A frame at a longitude and latitude in degrees and a height in metres above the ellipsoid."""

    lon: float
    lat: float
    height_m: float = 0.0

    @cached_property
    def origin(self) -> Floats:
        """The earth-centred position of its origin, shape (3,), in metres."""
        found = ecef(np.array([self.lon]), np.array([self.lat]), np.array([self.height_m]))
        return np.asarray(found[0])

    @cached_property
    def axes(self) -> Floats:
        """East, north and up as rows of earth-centred unit vectors, shape (3, 3)."""
        lam, phi = np.radians(self.lon), np.radians(self.lat)
        sin_lam, cos_lam, sin_phi, cos_phi = np.sin(lam), np.cos(lam), np.sin(phi), np.cos(phi)
        return np.array(
            [
                [-sin_lam, cos_lam, 0.0],
                [-sin_phi * cos_lam, -sin_phi * sin_lam, cos_phi],
                [cos_phi * cos_lam, cos_phi * sin_lam, sin_phi],
            ]
        )

    def local(self, lon: Floats, lat: Floats, height_m: Floats) -> Floats:
        """Return positions east, north and up of the origin, shape (n, 3), in metres."""
        away = ecef(lon, lat, height_m) - self.origin
        x, y, z = away.T
        return np.column_stack([x * axis[0] + y * axis[1] + z * axis[2] for axis in self.axes])

    def flat(self, shapes: Any) -> Any:
        """Return shapes (one, or an array of them) in degrees as metres east and north of the origin."""
        return shapely.transform(
            shapely.force_2d(shapes), lambda at: self.local(at[:, 0], at[:, 1], np.zeros(len(at)))[:, :2]
        )

    def degrees(self, local: Floats) -> Floats:
        """Return longitude, latitude in degrees and height in metres of positions in this frame, shape (n, 3).

        Source: Bowring, Transformation from Spatial to Geographical Coordinates (1976); below 1 um near the ground.
        """
        x, y, z = (local @ self.axes + self.origin).T
        across, minor = np.hypot(x, y), _A * (1 - _F)
        reduced = np.arctan2(z * _A, across * minor)
        lat = np.arctan2(z + _E2 / (1 - _E2) * minor * np.sin(reduced) ** 3, across - _E2 * _A * np.cos(reduced) ** 3)
        radius = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
        height = across * np.cos(lat) + z * np.sin(lat) - _A * _A / radius
        return np.column_stack((np.degrees(np.arctan2(y, x)), np.degrees(lat), height))
