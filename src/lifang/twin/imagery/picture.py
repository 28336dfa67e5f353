"""A picture of the ground in memory: red, green, blue and opacity, with where its pixels lie."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from lifang.core import BadInput, TooLarge
from lifang.twin.geotiff import Placed, placed

PIXELS_MAX = 100_000_000
DEEP_PIXELS_MAX = 25_000_000  # of several bands of 16 bits
_NODATA, _BITS, _PLANES = 42113, 258, 284  # TIFF tags
_CUT = (0.02, 0.98)  # of the values of 16 bits: darker ones are black, brighter ones white
_VALUES, _ROWS = 1 << 16, 256
_DEEP = ("I;16", "I;16B", "I;16L")
_KNOWN = ("1", "L", "LA", "P", "PA", "RGB", "RGBX", "RGBA", "CMYK", "YCbCr", *_DEEP)
_MEND = "Write it with `gdal_translate -ot Byte -b 1 -b 2 -b 3`."


@dataclass(frozen=True)
class Picture:
    """``rgba`` (rows, columns, 4) and where it lies."""

    rgba: NDArray[np.uint8]
    placed: Placed


def read_picture(path: Path) -> Picture:
    """Return the picture of a GeoTIFF of one band, three or four, of 8 bits or 16; else ``BadInput``, ``TooLarge``.

    Values of 16 bits are stretched to 8, those of all bands alike, so that colours keep their balance: two in a hundred
    of them, but for nodata, are black and two in a hundred white.
    """
    Image.MAX_IMAGE_PIXELS = None  # the bound here is smaller
    try:
        with Image.open(path, formats=["TIFF"]) as held:
            if held.width * held.height > PIXELS_MAX:
                what = f"{held.width:,} by {held.height:,} pixels are more than {PIXELS_MAX:,}."
                raise TooLarge(what, mend="Cut it with `gdal_translate -srcwin`, or send it in parts.")
            if held.mode not in _KNOWN:
                raise BadInput(f"Pixels of mode {held.mode} are no picture.", mend=_MEND)
            where, nodata = placed(dict(held.tag_v2)), held.tag_v2.get(_NODATA)  # type: ignore[attr-defined]
            own = _deep(held) if _is_deep(held) else np.asarray(held)
            clear = _clear(own, nodata)
            rgba = _stretched(own, clear) if own.dtype == np.uint16 else np.array(held.convert("RGBA"))
    except BadInput:
        raise
    except UnidentifiedImageError:
        raise BadInput("It is no TIFF with one band, three or four, of 8 bits or 16.", mend=_MEND) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise BadInput(f"The picture cannot be read: {error}.", mend="Send a whole GeoTIFF.") from None
    rgba[clear, 3] = 0
    return Picture(rgba, where)


def _clear(own: NDArray[np.generic], nodata: object) -> NDArray[np.bool_]:
    """Return which pixels hold nothing: those whose bands all have the value that says so."""
    try:
        value = float(str(nodata).strip("\0 "))
    except ValueError:
        return np.zeros(own.shape[:2], dtype=bool)
    same = np.asarray(own == value)
    return same if same.ndim == 2 else np.asarray(same[..., :3].all(axis=2))


def _is_deep(held: ImageFile.ImageFile) -> bool:
    bits = held.tag_v2.get(_BITS, (8,))  # type: ignore[attr-defined]
    return held.mode in _DEEP or (max(bits) == 16 and held.mode in ("RGB", "RGBA"))


def _deep(held: ImageFile.ImageFile) -> NDArray[np.uint16]:
    """Return a picture's own values of 16 bits, shape (rows, columns) or (rows, columns, 3 or 4).

    Of several bands Pillow gives the upper eight bits only; read as if its bytes stood the other way, the lower ones.
    """
    if held.mode in _DEEP:
        return np.asarray(held).astype(np.uint16)
    if held.width * held.height > DEEP_PIXELS_MAX:
        what = f"{held.width:,} by {held.height:,} pixels of 16 bits are more than {DEEP_PIXELS_MAX:,}."
        raise TooLarge(what, mend="Send it in parts, or with 8 bits: `gdal_translate -ot Byte -scale`.")
    if held.tag_v2.get(_PLANES, 1) != 1:  # type: ignore[attr-defined]
        what = "Its bands of 16 bits lie one after the other."
        raise BadInput(what, mend="Write it with `gdal_translate -co INTERLEAVE=PIXEL`.")
    upper, lower = (_bytes_of(held, upper=each).astype(np.uint16) for each in (True, False))
    return np.asarray(upper << 8 | lower)


def _bytes_of(held: ImageFile.ImageFile, *, upper: bool) -> NDArray[np.uint8]:
    """Return the upper byte of each value, or the lower one."""
    with Image.open(held.filename, formats=["TIFF"]) as again:
        again.tile = [each._replace(args=_read_as(each.args, upper=upper)) for each in again.tile]
        return np.asarray(again)


def _read_as(args: Any, *, upper: bool) -> tuple[Any, ...]:
    """Return the arguments of a decoder by which it reads the upper byte of each value, or the lower one."""
    mode, *rest = args
    kind, _, order = mode.partition(";16")
    own = sys.byteorder[0].upper() if order == "N" else order  # the machine's own, little or big
    return (f"{kind};16{own if upper else {'L': 'B', 'B': 'L'}[own]}", *rest)


def _stretched(own: NDArray[np.uint16], clear: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return red, green, blue and opacity of values of 16 bits."""
    colours = own[..., None] if own.ndim == 2 else own[..., :3]
    counted = np.zeros(_VALUES, np.int64)
    for row in range(0, len(own), _ROWS):
        some = colours[row : row + _ROWS][~clear[row : row + _ROWS]]
        counted += np.bincount(some.ravel(), minlength=_VALUES)
    low, high = np.searchsorted(np.cumsum(counted), np.array(_CUT) * max(counted.sum(), 1))
    share = (np.arange(_VALUES) - low) / max(high - low, 1)
    rgba = np.full((*own.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)[colours]
    if own.ndim == 3 and own.shape[2] == 4:
        rgba[..., 3] = own[..., 3] >> 8
    return rgba
