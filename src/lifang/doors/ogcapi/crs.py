"""Coordinate systems by their URIs, each with the order of its axes as its authority has it (OGC 18-058)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.catalogue import Move
from lifang.core import BadInput, Box, from_wgs84, to_wgs84

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# WGS 84, Web Mercator, its UTM zones over China; CGCS2000 in degrees and in its 3-degree zones (GB/T 22021).
_CODES = (4326, 4490, 3857, *range(4534, 4555), *range(32643, 32654))
OFFERED = (CRS84, *(f"{_EPSG}{code}" for code in _CODES))
_AS_WGS84 = frozenset({"OGC:CRS84", "EPSG:4326"})
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,4})?")
_STEPS = 16  # parts of a side of a box that is drawn in another system
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Crs:
    """A coordinate system: its URI, the name that the house knows it by, and whether north comes first."""

    uri: str
    name: str
    north_first: bool

    @property
    def plain(self) -> bool:
        """Whether it is the house's own: degrees on WGS 84, longitude first."""
        return self.uri == CRS84

    @property
    def move(self) -> Move | None:
        """What brings positions from WGS 84 here; nothing if they are here already."""
        return None if self.plain else self._out

    def to_wgs84(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape given here on WGS 84, longitude first; ``BadInput`` if it lies outside the system."""
        if self.plain:
            return shape
        moved = shapely.transform(shape, self._back)
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            raise BadInput("A position lies outside its coordinate system.", where=self.uri, mend="Correct it.")
        return moved

    def region(self, west: float, south: float, east: float, north: float) -> shapely.Geometry:
        """Return a box given here as the shape it is on WGS 84."""
        steps = np.linspace(0, 1, _STEPS + 1)[:-1]
        xs = np.concatenate([west + steps * (east - west), np.full(_STEPS, east),
                             east - steps * (east - west), np.full(_STEPS, west)])  # fmt: skip
        ys = np.concatenate([np.full(_STEPS, south), south + steps * (north - south),
                             np.full(_STEPS, north), north - steps * (north - south)])  # fmt: skip
        return self.to_wgs84(shapely.Polygon(np.column_stack([xs, ys])))

    def _out(self, positions: Floats) -> Floats:
        x, y = positions[:, 0], positions[:, 1]
        if self.name not in _AS_WGS84:
            x, y = from_wgs84(x.copy(), y.copy(), crs=self.name)
        return np.column_stack([*((y, x) if self.north_first else (x, y)), *positions.T[2:]])

    def _back(self, positions: Floats) -> Floats:
        x, y = (positions[:, 1], positions[:, 0]) if self.north_first else (positions[:, 0], positions[:, 1])
        if self.name not in _AS_WGS84:
            x, y = to_wgs84(x.copy(), y.copy(), crs=self.name)
        return np.column_stack([x, y, *positions.T[2:]])


@lru_cache(maxsize=256)
def crs_of(uri: str, *, where: str = "crs") -> Crs:
    """Return the coordinate system of a URI (or ``[EPSG:4490]``); ``BadInput`` for one that is not offered."""
    plain = uri.strip().strip("[]<>")
    if plain.upper().startswith("EPSG:"):
        plain = _EPSG + plain[5:]
    elif plain.upper() in {"OGC:CRS84", "CRS84"}:
        plain = CRS84
    if plain not in OFFERED:
        raise BadInput(
            f"{uri[:100]!r} is not offered.", where=where, mend="Use one of the collection's `crs`, such as " + CRS84
        )
    if plain == CRS84:
        return Crs(CRS84, "OGC:CRS84", north_first=False)
    name = f"EPSG:{plain.removeprefix(_EPSG)}"
    return Crs(plain, name, _north_first(name))


def _north_first(name: str) -> bool:
    from pyproj import CRS  # noqa: PLC0415 - it takes as long to load as all the rest of this door

    return CRS.from_user_input(name).axis_info[0].direction.lower() == "north"


def boxes_of(text: str) -> tuple[Box, ...]:
    """Return a bbox in degrees, longitude first: two boxes where it crosses the antimeridian (RFC 7946, clause 5.2)."""
    west, south, east, north = sides_of(text)
    if west <= east:
        return (Box(west, south, east, north),)
    return (Box(west, south, 180.0, north), Box(-180.0, south, east, north))


def sides_of(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a bbox of four or six numbers, heights left out; ``BadInput`` if it is none.

    West and south are the first and second coordinate of the lower corner, whatever they mean.
    """
    parts = [part.strip() for part in text.split(",")]
    numbers = [float(part) for part in parts if _NUMBER.fullmatch(part)]
    whole = len(numbers) == len(parts) and bool(np.isfinite(numbers).all())
    if len(numbers) == 6:
        whole = whole and numbers[2] <= numbers[5]
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not whole or numbers[1] > numbers[3]:
        raise BadInput(f"{text[:80]!r} is no bbox.", where="bbox", mend="Write west,south,east,north.")
    west, south, east, north = numbers
    return west, south, east, north
