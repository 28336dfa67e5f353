"""Places: boxes and the names of coordinate systems. It loads no NumPy: see ``positions`` for arrays.

Inside the house a position is longitude, latitude in degrees on WGS 84 (EPSG:4326, that axis order).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifang.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lifang.core.positions import Degrees

_METRES_PER_DEGREE = 111_319.49


@dataclass(frozen=True)
class Box:
    """A box in degrees, WGS 84; west <= east and south <= north, or ``BadInput``."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        values = (self.west, self.south, self.east, self.north)
        if not all(map(math.isfinite, values)):
            raise BadInput("A box needs four finite numbers.", mend="Write west,south,east,north in degrees.")
        if not (-180 <= self.west <= self.east <= 180 and -90 <= self.south <= self.north <= 90):
            raise BadInput(f"{values} is not a box.", mend="Write west,south,east,north: longitude comes first.")

    @classmethod
    def parse(cls, text: str) -> Box:
        """Return the box written ``west,south,east,north``."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError as error:
            raise BadInput(f"{text!r} is not a box.", mend="Write west,south,east,north in degrees.") from error
        return cls(west, south, east, north)

    @property
    def centre(self) -> tuple[float, float]:
        """The longitude and latitude of its middle."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def contains(self, lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
        """Return which positions lie inside or on the border."""
        return (lon >= self.west) & (lon <= self.east) & (lat >= self.south) & (lat <= self.north)

    def grown(self, metres: float) -> Box:
        """Return the box grown by about ``metres`` on each side."""
        d_lat = metres / _METRES_PER_DEGREE
        d_lon = d_lat / max(0.01, math.cos(math.radians((self.south + self.north) / 2)))
        return Box(
            max(-180.0, self.west - d_lon),
            max(-90.0, self.south - d_lat),
            min(180.0, self.east + d_lon),
            min(90.0, self.north + d_lat),
        )


def check_crs(name: str) -> str:
    """Return ``name`` normalised (``EPSG:4490``, ``GCJ-02``); ``BadInput`` if no such coordinate system is known."""
    if name.upper().replace("_", "-") in {"GCJ-02", "GCJ02"}:
        return "GCJ-02"
    from pyproj import CRS  # noqa: PLC0415 - it takes as long to load as all the rest of this room
    from pyproj.exceptions import CRSError  # noqa: PLC0415 - see above

    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        raise BadInput(
            f"{name!r} is not a coordinate system.", mend="Use EPSG:4326, EPSG:4490, EPSG:4544 or GCJ-02."
        ) from error
    authority = crs.to_authority()
    return ":".join(authority) if authority else crs.to_wkt()
