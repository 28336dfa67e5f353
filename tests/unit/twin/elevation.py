"""Elevation models as GeoTIFF, made for tests."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

_DOUBLES, _SHORTS, _TEXT = 12, 3, 2  # types of TIFF
PROJECTED, GEOGRAPHIC, RASTER, VERTICAL_UNIT = 3072, 2048, 1025, 4099
_TILE = 16
_TYPES = {33550: _DOUBLES, 33922: _DOUBLES, 34264: _DOUBLES, 34735: _SHORTS, 42112: _TEXT, 42113: _TEXT, 317: _SHORTS}


def elevation_model(
    height: NDArray[Any], cell: float = 20.0, west: float = 499_900.0, north: float = 3_390_200.0
) -> bytes:
    """Return one in EPSG:4544 with its upper left corner there, without data where it is -9999."""
    tags = {33550: (cell, cell, 0.0), 33922: (0.0, 0.0, 0.0, west, north, 0.0), 42113: "-9999"}
    return tiff(height, tags, ((PROJECTED, 4544),))


def tiff(
    value: NDArray[Any],
    tags: dict[int, Any],
    keys: Sequence[tuple[int, int]] = (),
    compression: str | None = None,
    *,
    big: bool = False,
) -> bytes:
    """Return a TIFF with these tags and GeoKeys; a ``big`` one has addresses of 64 bits."""
    written = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, told in _with_keys(tags, keys).items():
        written[tag], written.tagtype[tag] = told, _TYPES[tag]
    target = BytesIO()
    Image.fromarray(value).save(target, "TIFF", tiffinfo=written, compression=compression, big_tiff=big)
    return target.getvalue()


def tiled(
    value: NDArray[np.float32], tags: dict[int, Any], keys: Sequence[tuple[int, int]], *, predictor: int
) -> bytes:
    """Return a TIFF in deflated tiles of 16 by 16, as GDAL makes them cloud-optimised; tags are of numbers."""
    rows, columns = (-(-each // _TILE) for each in value.shape)
    padded = np.zeros((rows * _TILE, columns * _TILE), np.float32)
    padded[: value.shape[0], : value.shape[1]] = value
    tiles = padded.reshape(rows, _TILE, columns, _TILE).swapaxes(1, 2).reshape(-1, _TILE, _TILE)
    packed = [zlib.compress(_predicted(each, predictor)) for each in tiles]
    starts = [8 + sum(map(len, packed[:n])) for n in range(len(packed))]
    shorts = {256: value.shape[1], 257: value.shape[0], 258: 32, 259: 8, 262: 1, 277: 1, 317: predictor, 339: 3}
    entries: dict[int, tuple[str, Sequence[Any]]] = {tag: ("H", (told,)) for tag, told in shorts.items()}
    entries |= {322: ("H", (_TILE,)), 323: ("H", (_TILE,)), 324: ("I", starts), 325: ("I", [*map(len, packed)])}
    entries |= {tag: ("Hd"[_TYPES[tag] == _DOUBLES], told) for tag, told in _with_keys(tags, keys).items()}
    at = 8 + sum(map(len, packed))
    told_at = at + 2 + 12 * len(entries) + 4
    table, more = struct.pack("<H", len(entries)), b""
    for tag, (kind, numbers) in sorted(entries.items()):
        body = struct.pack(f"<{len(numbers)}{kind}", *numbers)
        place = body.ljust(4, b"\0") if len(body) <= 4 else struct.pack("<I", told_at + len(more))
        table += struct.pack("<HHI", tag, {"H": _SHORTS, "I": 4, "d": _DOUBLES}[kind], len(numbers)) + place
        more += body if len(body) > 4 else b""
    return struct.pack("<2sHI", b"II", 42, at) + b"".join(packed) + table + bytes(4) + more


def _predicted(tile: NDArray[np.float32], predictor: int) -> bytes:
    """Return a tile as it is, or as differences of bytes, the highest of a row first (Adobe, TIFF Technical Note 3)."""
    if predictor == 1:
        return tile.astype("<f4").tobytes()
    planes = tile.astype(">f4").view(np.uint8).reshape(_TILE, _TILE, 4).swapaxes(1, 2).reshape(_TILE, -1)
    return np.diff(planes, axis=1, prepend=np.uint8(0)).tobytes()


def _with_keys(tags: dict[int, Any], keys: Sequence[tuple[int, int]]) -> dict[int, Any]:
    own = (part for key, number in keys for part in (key, 0, 1, number))
    return {**tags, **({34735: (1, 1, 0, len(keys), *own)} if keys else {})}
