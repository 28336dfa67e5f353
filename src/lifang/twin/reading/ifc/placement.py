"""Where a model stands: a coordinate system, a position in it, a turn; from a TOML file or the model itself."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput, check_crs, gcj02_to_wgs84, to_wgs84

_KEYS = ("crs", "position", "height_m", "rotation_deg", "origin")
_EXAMPLE = 'Write crs = "EPSG:4544", position = [easting, northing], height_m = 500.0, rotation_deg = 0.0.'
_NULL_DEG = 0.01  # about a kilometre around 0 N 0 E, where nothing is built


@dataclass(frozen=True)
class Placement:
    """Where the model's point ``origin`` (metres) stands and by how much the model is turned.

    ``x`` and ``y`` are an easting and a northing in the metres, feet or degrees (longitude first) of ``crs``;
    ``rotation_deg`` turns anticlockwise about the vertical; ``scale`` (of x, y and z) turns the model's metres into
    units of ``crs``. ``height_m`` is above the model's height datum.
    """

    crs: str
    x: float
    y: float
    height_m: float = 0.0
    rotation_deg: float = 0.0
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def parse(cls, text: str) -> Placement:
        """Return the placement that a TOML text writes; ``BadInput`` says what is wrong with it."""
        try:
            return cls.from_mapping(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"The placement is not TOML: {error}.", where="placement", mend=_EXAMPLE) from None

    @classmethod
    def from_mapping(cls, told: Mapping[str, Any]) -> Placement:
        """Return the placement with these keys: crs, position, and if need be height_m, rotation_deg, origin."""
        if unknown := sorted(set(told) - set(_KEYS)):
            raise BadInput(f"{unknown[0]!r} is no key of a placement.", where="placement", mend=_EXAMPLE)
        if not isinstance(told.get("crs"), str):
            raise BadInput("The placement names no coordinate system.", where="placement.crs", mend=_EXAMPLE)
        x, y = _numbers(told.get("position"), 2, "position")
        height, turn = _numbers([told.get("height_m", 0.0), told.get("rotation_deg", 0.0)], 2, "height_m, rotation_deg")
        origin = _numbers(told.get("origin", (0.0, 0.0, 0.0)), 3, "origin")
        crs = check_crs(told["crs"])
        per_metre = 1 / unit_of(crs)
        scale = (per_metre, per_metre, 1.0)
        found = cls(crs, x, y, height, turn, (origin[0], origin[1], origin[2]), scale)
        found.check()
        return found

    def check(self) -> None:
        """Raise ``BadInput`` if it stands nowhere: outside of what its system is made for, or at null island."""
        system, x, y = self._plane()
        lon, lat = (float(each[0]) for each in to_wgs84(np.array([x]), np.array([y]), crs=system))
        where, mend = "placement", "Correct the position, or the coordinate system."
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise BadInput(f"{self.x:g}, {self.y:g} lies outside {self.crs}.", where=where, mend=mend)
        if abs(lon) < _NULL_DEG and abs(lat) < _NULL_DEG:
            raise BadInput("It stands at 0 N 0 E, in the sea: the position was not filled in.", where=where, mend=mend)
        area = _area_of_use(self.crs)
        if area and not (area[0] - 1 <= lon <= area[2] + 1 and area[1] - 1 <= lat <= area[3] + 1):
            raise BadInput(
                f"{self.x:g}, {self.y:g} in {self.crs} is {lat:.3f} N {lon:.3f} E, kilometres outside of where"
                " that system is used.",
                where=where,
                mend=f"{mend} Eastings come first; metres, not millimetres.",
            )

    def to_wgs84(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return longitude, latitude (degrees) and height (metres) of points of the model, (n, 3) in metres."""
        system, x0, y0 = self._plane()
        dx, dy, dz = ((points - np.array(self.origin)) * np.array(self.scale)).T
        cos, sin = math.cos(math.radians(self.rotation_deg)), math.sin(math.radians(self.rotation_deg))
        lon, lat = to_wgs84(x0 + dx * cos - dy * sin, y0 + dx * sin + dy * cos, crs=system)
        return np.column_stack((lon, lat, self.height_m + dz))

    def _plane(self) -> tuple[str, float, float]:
        """Return a plane system with the position in it: degrees become metres about themselves."""
        if not _is_geographic(self.crs):
            return self.crs, self.x, self.y
        convert = gcj02_to_wgs84 if self.crs == "GCJ-02" else lambda x, y: to_wgs84(x, y, crs=self.crs)
        lon, lat = (float(each[0]) for each in convert(np.array([self.x]), np.array([self.y])))
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise BadInput(f"{self.x:g}, {self.y:g} are not degrees.", where="placement.position", mend=_EXAMPLE)
        return f"+proj=aeqd +lat_0={lat!r} +lon_0={lon!r} +ellps=WGS84 +units=m", 0.0, 0.0


def _numbers(told: Any, count: int, key: str) -> list[float]:
    there = isinstance(told, list | tuple) and len(told) == count
    if not there or not all(isinstance(each, int | float) and math.isfinite(each) for each in told):
        raise BadInput(f"It needs {count} finite numbers.", where=f"placement.{key}", mend=_EXAMPLE)
    return [float(each) for each in told]


def unit_of(crs: str) -> float:
    """Return the metres of a unit of a projected system; 1.0 for one of degrees, which become metres."""
    from pyproj import CRS  # noqa: PLC0415 - it takes long to load

    return 1.0 if _is_geographic(crs) else float(CRS.from_user_input(crs).axis_info[0].unit_conversion_factor)


@cache
def _is_geographic(crs: str) -> bool:
    from pyproj import CRS  # noqa: PLC0415 - it takes long to load

    return crs == "GCJ-02" or bool(CRS.from_user_input(crs).is_geographic)


def _area_of_use(crs: str) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of where a system is used, in degrees; ``None`` if nobody says."""
    from pyproj import CRS  # noqa: PLC0415 - it takes long to load

    area = None if crs == "GCJ-02" else CRS.from_user_input(crs).area_of_use
    return None if area is None else (area.west, area.south, area.east, area.north)
