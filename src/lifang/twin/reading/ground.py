"""The ground as an elevation model in GeoTIFF tells it, and how deep something lies under it.

Source: OGC GeoTIFF 1.1 (19-008r4): ModelPixelScaleTag, ModelTiepointTag, GeoKeyDirectoryTag; GDAL's nodata tag 42113.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge, check_crs

Floats = NDArray[np.float64]
_SCALE, _TIE, _KEYS, _NODATA = 33550, 33922, 34735, 42113
_PROJECTED = 3072
_CELLS_MAX = 100_000_000
_CHORD_M = 0.25  # the ground may rise so much above a straight piece of pipe that follows it


@dataclass(frozen=True)
class Ground:
    """Heights of the ground, ``height_m`` by row from north and column; ``west``, ``north`` and ``cell`` in ``crs``."""

    height_m: NDArray[np.float32]
    west: float
    north: float
    cell: tuple[float, float]
    crs: str

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the height at positions in ``crs``, bilinear between centres of cells; NaN where none is known."""
        column, row = (x - self.west) / self.cell[0] - 0.5, (self.north - y) / self.cell[1] - 0.5
        rows, columns = self.height_m.shape
        outside = (column < -0.5) | (column > columns - 0.5) | (row < -0.5) | (row > rows - 0.5)
        column, row = np.clip(column, 0, columns - 1), np.clip(row, 0, rows - 1)
        left, upper = (
            np.minimum(np.floor(each).astype(int), n) for each, n in ((column, columns - 2), (row, rows - 2))
        )
        right_share, low_share = column - left, row - upper
        above, below = (
            self.height_m[at, left] * (1 - right_share) + self.height_m[at, left + 1] * right_share
            for at in (upper, upper + 1)
        )
        return np.asarray(np.where(outside, np.nan, above * (1 - low_share) + below * low_share), np.float64)


@dataclass(frozen=True)
class Bed:
    """How pipes lie of which only the way is known: ``cover_m`` of earth over their crown, under the ``ground``."""

    ground: Ground
    cover_m: float

    def along(self, way: Floats, radius_m: float) -> Floats:
        """Return the axis of a pipe on its way (n, 2) in the ground's ``crs``, (m, 3): more points where it bends."""
        pieces = [self._piece(start, end) for start, end in pairwise(way)]
        axis = np.vstack([*(each[:-1] for each in pieces), pieces[-1][-1:]])
        return np.asarray(axis - np.array([0.0, 0.0, self.cover_m + radius_m]))

    def _piece(self, start: Floats, end: Floats) -> Floats:
        count = int(np.ceil(np.hypot(*(end - start)) / min(self.ground.cell))) + 1
        share = np.linspace(0.0, 1.0, max(count, 2))
        points = start + share[:, None] * (end - start)
        profile = np.column_stack((share * 1e6, self.ground.at(points[:, 0], points[:, 1])))
        if not np.isfinite(profile).all():
            return np.column_stack((points, profile[:, 1]))
        kept = shapely.get_coordinates(shapely.simplify(shapely.linestrings(profile), _CHORD_M))
        return np.column_stack((start + kept[:, :1] / 1e6 * (end - start), kept[:, 1]))


def read_ground(content: bytes) -> Ground:
    """Return the elevation model of a GeoTIFF with one band of metres, rows from the north; else ``BadInput``."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - slow to load, and few read an elevation model

    try:
        with Image.open(BytesIO(content), formats=["TIFF"]) as picture:
            if picture.width * picture.height > _CELLS_MAX:
                raise TooLarge(f"More than {_CELLS_MAX:,} cells are too many.", mend="Cut out what is needed.")
            tags = dict(picture.tag_v2)  # type: ignore[attr-defined]
            height = np.array(picture, np.float32)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput("The elevation model is no TIFF that can be read.", mend="Send a GeoTIFF.") from error
    if height.ndim != 2 or min(height.shape) < 2:
        raise BadInput("An elevation model has one band, of at least 2 by 2 cells.", mend="Send one band.")
    try:
        column, row, _, west, north, _ = tags[_TIE]
        across, down = tags[_SCALE][:2]
        keys = np.array(tags[_KEYS][4:]).reshape(-1, 4)
        code = {int(key): int(value) for key, where, _, value in keys if where == 0}[_PROJECTED]
    except (KeyError, ValueError):
        raise BadInput(
            "The elevation model does not say where it lies: it wants a tie point, a scale and an EPSG code.",
            where="GeoTIFF tags",
            mend="Write them with `gdal_translate -a_srs EPSG:<code>`.",
        ) from None
    nodata = str(tags.get(_NODATA, "")).strip("\0 ")
    if nodata:
        height[height == np.float32(nodata)] = np.nan
    place = (west - column * across, north + row * down)
    return Ground(height, *place, (float(across), float(down)), check_crs(f"EPSG:{code}"))
