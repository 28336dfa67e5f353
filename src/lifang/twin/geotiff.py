"""Where the cells of a GeoTIFF lie, of a picture or of heights.

Source: OGC GeoTIFF 1.1 (19-008r4): ModelPixelScaleTag, ModelTiepointTag, ModelTransformationTag, GeoKeyDirectoryTag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput, check_crs, from_wgs84, to_wgs84

Floats = NDArray[np.float64]
_SCALE, _TIE, _TURN, _KEYS = 33550, 33922, 34264, 34735
_RASTER, _GEOGRAPHIC, _PROJECTED = 1025, 2048, 3072
_POINT = 2  # the tie point is the middle of a cell
_OWN = 32767  # a system that the file describes in its own words


@dataclass(frozen=True)
class Placed:
    """Columns and rows of a raster, from its upper left corner, as positions in ``crs`` by an affine map (2, 3)."""

    affine: Floats
    crs: str

    def degrees(self, column: Floats, row: Floats) -> tuple[Floats, Floats]:
        """Return longitude and latitude of places in the raster."""
        x, y = (along * column + down * row + start for along, down, start in self.affine)
        return to_wgs84(x, y, crs=self.crs)

    def pixels(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return column and row of places on the earth."""
        x, y = from_wgs84(lon, lat, crs=self.crs)
        x, y = x - self.affine[0, 2], y - self.affine[1, 2]
        column, row = (along * x + down * y for along, down in np.linalg.inv(self.affine[:, :2]))
        return np.asarray(column, np.float64), np.asarray(row, np.float64)


def keys_of(tags: Mapping[int, Any]) -> dict[int, int]:
    """Return the GeoKeys that are numbers of their own; ``ValueError`` or ``TypeError`` if they are not fours."""
    keys = np.array(tags.get(_KEYS, ())[4:]).reshape(-1, 4)
    return {int(key): int(value) for key, where, _, value in keys if where == 0}


def placed(tags: Mapping[int, Any], *, crs: str = "") -> Placed:
    """Return where a raster with these TIFF tags lies; ``BadInput`` if it does not say.

    ``crs`` is the system of one that names none; ``BadInput`` if it names one too.
    """
    try:
        told = keys_of(tags)
        code = told.get(_PROJECTED, told.get(_GEOGRAPHIC, _OWN))
        affine = _affine(tags)
        if (code == _OWN and not crs) or abs(np.linalg.det(affine[:, :2])) < np.finfo(float).tiny:
            raise KeyError(code)
    except (KeyError, ValueError, TypeError):
        raise BadInput(
            "The GeoTIFF does not say where it lies: it wants a tie point with a scale or a map, and an EPSG code.",
            where="GeoTIFF tags",
            mend="Write them with `gdal_translate -a_srs EPSG:<code> -a_ullr <west> <north> <east> <south>`.",
        ) from None
    if crs and code != _OWN:
        raise BadInput("The file says in which coordinate system it is.", where="crs", mend="Leave crs out.")
    if told.get(_RASTER) == _POINT:
        affine = affine @ np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    return Placed(affine, check_crs(crs or f"EPSG:{code}"))


def _affine(tags: Mapping[int, Any]) -> Floats:
    if _TURN in tags:
        turn = np.array(tags[_TURN], np.float64).reshape(4, 4)
        return turn[:2, [0, 1, 3]]
    column, row, _, x, y, _ = map(float, tags[_TIE][:6])
    across, down = map(float, tags[_SCALE][:2])
    return np.array([[across, 0.0, x - column * across], [0.0, -down, y + row * down]])
