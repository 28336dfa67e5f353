"""The ground as an elevation model in GeoTIFF tells it, and how deep something lies under it.

Source: OGC GeoTIFF 1.1 (19-008r4): VerticalUnitsGeoKey; GDAL's tags 42112 (scale and offset) and 42113 (no data).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge, to_wgs84
from lifang.twin.geotiff import Placed, keys_of, placed

Floats = NDArray[np.float64]
_TOLD, _NODATA = 42112, 42113
_ITEM = re.compile(r'<Item\b[^>]*\brole="(scale|offset)"[^>]*>([^<]*)</Item>')
_UNIT = 4099
_METRES = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}  # EPSG's codes: metre, foot, US survey foot
_HIGHEST_M = 9_000.0  # farther up or down is no city: what stands there is how a file says that it knows nothing
_CELLS_MAX = 100_000_000
_CHORD_M = 0.25  # the ground may rise so much above a straight piece of pipe that follows it


@dataclass(frozen=True)
class Ground:
    """Heights of the ground in metres, ``height_m`` by row and column, NaN where none is known, and where they lie.

    Rows go southward, or whichever way is to the right of the columns.
    """

    height_m: NDArray[np.float32]
    placed: Placed

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Return the height at places in degrees, bilinear between middles of cells; NaN where none is known."""
        column, row = (each - 0.5 for each in self.placed.pixels(lon, lat))
        rows, columns = self.height_m.shape
        known = (column >= -0.5) & (row >= -0.5) & (column <= columns - 0.5) & (row <= rows - 0.5)  # not if infinite
        column, row = (np.clip(np.where(known, each, 0), 0, n - 1) for each, n in ((column, columns), (row, rows)))
        left, upper = (
            np.minimum(np.floor(each).astype(int), n) for each, n in ((column, columns - 2), (row, rows - 2))
        )
        right_share, low_share = column - left, row - upper
        above, below = (
            self.height_m[at, left] * (1 - right_share) + self.height_m[at, left + 1] * right_share
            for at in (upper, upper + 1)
        )
        return np.asarray(np.where(known, above * (1 - low_share) + below * low_share, np.nan), np.float64)

    def degrees(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return longitude and latitude of the middles of cells."""
        middle = np.stack((column, row)).astype(np.float64) + 0.5
        return self.placed.degrees(middle[0], middle[1])

    def cells_between(self, lon: Floats, lat: Floats) -> float:
        """Return how many cells long the way between two places is."""
        column, row = self.placed.pixels(lon, lat)
        return float(np.hypot(np.ptp(column), np.ptp(row)))


@dataclass(frozen=True)
class Bed:
    """How pipes lie of which only the way is known: ``cover_m`` of earth over their crown, under the ``ground``."""

    ground: Ground
    cover_m: float

    def along(self, way: Floats, radius_m: float, *, crs: str) -> Floats:
        """Return the axis of a pipe on its way (n, 2) in ``crs``, (m, 3) with metres up: more points where it bends."""
        pieces = [self._piece(start, end, crs) for start, end in pairwise(way)]
        axis = np.vstack([*(each[:-1] for each in pieces), pieces[-1][-1:]])
        return np.asarray(axis - np.array([0.0, 0.0, self.cover_m + radius_m]))

    def _piece(self, start: Floats, end: Floats, crs: str) -> Floats:
        ends = to_wgs84(*np.stack((start, end), axis=1), crs=crs)
        cells = self.ground.cells_between(*ends) if np.isfinite(ends).all() else 0.0
        share = np.linspace(0.0, 1.0, max(int(np.ceil(cells)) + 1, 2))
        points = start + share[:, None] * (end - start)
        height = self.ground.at(*to_wgs84(*points.T, crs=crs))
        if not np.isfinite(height).all():
            return np.column_stack((points, height))
        profile = shapely.linestrings(np.column_stack((share * 1e6, height)))
        kept = shapely.get_coordinates(shapely.simplify(profile, _CHORD_M))
        return np.column_stack((start + kept[:, :1] / 1e6 * (end - start), kept[:, 1]))


def read_ground(content: bytes, *, crs: str = "") -> Ground:
    """Return the elevation model of a GeoTIFF with one band of heights, in metres or feet; else ``BadInput``.

    ``crs`` is the system of one that names none. No height is known where the file says so, where it has no number, and
    farther than 9,000 m up or down: -9999, -32768 and the like are not always declared.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - slow to load, and few read an elevation model

    try:
        with Image.open(BytesIO(content), formats=["TIFF"]) as picture:
            if picture.width * picture.height > _CELLS_MAX:
                raise TooLarge(f"More than {_CELLS_MAX:,} cells are too many.", mend="Cut out what is needed.")
            tags = dict(picture.tag_v2)  # type: ignore[attr-defined]
            value = np.array(picture, np.float32)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(
            "The elevation model is no TIFF that can be read.",
            mend="Write it with `gdal_translate -co COMPRESS=DEFLATE`.",
        ) from error
    if value.ndim != 2 or min(value.shape) < 2:
        raise BadInput("An elevation model has one band, of at least 2 by 2 cells.", mend="Send one band.")
    where = placed(tags, crs=crs)
    height = _heights(value, tags)
    if np.linalg.det(where.affine[:, :2]) > 0:  # rows from the south
        turned = where.affine @ np.array([[1.0, 0, 0], [0, -1, len(height)], [0, 0, 1]])
        return Ground(height[::-1], replace(where, affine=turned))
    return Ground(height, where)


def _heights(value: NDArray[np.float32], tags: Mapping[int, Any]) -> NDArray[np.float32]:
    """Return metres of what stands in the cells, NaN where nothing does."""
    unit = keys_of(tags).get(_UNIT, 9001)
    if unit not in _METRES:
        raise BadInput(
            f"Its heights are in the unit {unit} of EPSG: metres and feet are read.",
            where="VerticalUnitsGeoKey",
            mend="Write them in metres.",
        )
    try:
        told = {role: float(number) for role, number in _ITEM.findall(str(tags.get(_TOLD, "")))}
        nodata = float(str(tags.get(_NODATA, "")).strip("\0 ") or "nan")
    except ValueError:
        what = "What the elevation model says of no data, scale or offset is no number."
        raise BadInput(what, where="GDAL's tags 42112, 42113", mend="Write it anew with `gdal_translate`.") from None
    height = (value * told.get("scale", 1.0) + told.get("offset", 0.0)) * _METRES[unit]
    height[(value == np.float32(nodata)) | ~(np.abs(height) < _HIGHEST_M)] = np.nan
    return np.asarray(height, np.float32)
