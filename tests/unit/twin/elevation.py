"""Elevation models as GeoTIFF, made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

_DOUBLES, _SHORTS, _TEXT = 12, 3, 2  # types of TIFF
PROJECTED, GEOGRAPHIC, RASTER, VERTICAL_UNIT = 3072, 2048, 1025, 4099
_TYPES = {33550: _DOUBLES, 33922: _DOUBLES, 34264: _DOUBLES, 34735: _SHORTS, 42112: _TEXT, 42113: _TEXT, 317: _SHORTS}


def elevation_model(
    height: NDArray[Any], cell: float = 20.0, west: float = 499_900.0, north: float = 3_390_200.0
) -> bytes:
    """Return one in EPSG:4544 with its upper left corner there, without data where it is -9999."""
    tags = {33550: (cell, cell, 0.0), 33922: (0.0, 0.0, 0.0, west, north, 0.0), 42113: "-9999"}
    return tiff(height, tags, ((PROJECTED, 4544),))


def tiff(
    value: NDArray[Any], tags: dict[int, Any], keys: Sequence[tuple[int, int]] = (), compression: str | None = None
) -> bytes:
    """Return a TIFF with these tags and GeoKeys."""
    written = TiffImagePlugin.ImageFileDirectory_v2()
    own = (part for key, number in keys for part in (key, 0, 1, number))
    for tag, told in {**tags, **({34735: (1, 1, 0, len(keys), *own)} if keys else {})}.items():
        written[tag], written.tagtype[tag] = told, _TYPES[tag]
    target = BytesIO()
    Image.fromarray(value).save(target, "TIFF", tiffinfo=written, compression=compression)
    return target.getvalue()
