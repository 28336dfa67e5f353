"""A picture of the ground in memory: red, green, blue and opacity, with where its pixels lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lifang.core import BadInput, TooLarge
from lifang.twin.imagery.placed import Placed, placed

PIXELS_MAX = 100_000_000
_NODATA = 42113
_CUT = (2.0, 98.0)  # percent of the pixels of 16 bits that are darker, and not brighter, than what is told apart
_DEEP = ("I;16", "I;16B", "I;16L")
_KNOWN = ("1", "L", "LA", "P", "PA", "RGB", "RGBX", "RGBA", "CMYK", "YCbCr", *_DEEP)
_MEND = "Write it with `gdal_translate -ot Byte -b 1 -b 2 -b 3`."


@dataclass(frozen=True)
class Picture:
    """``rgba`` (rows, columns, 4) and where it lies."""

    rgba: NDArray[np.uint8]
    placed: Placed


def read_picture(path: Path) -> Picture:
    """Return the picture of a GeoTIFF of one band, three or four, of 8 bits or 16; else ``BadInput``, ``TooLarge``."""
    Image.MAX_IMAGE_PIXELS = None  # the bound here is smaller
    try:
        with Image.open(path, formats=["TIFF"]) as held:
            if held.width * held.height > PIXELS_MAX:
                what = f"{held.width:,} by {held.height:,} pixels are more than {PIXELS_MAX:,}."
                raise TooLarge(what, mend="Cut it with `gdal_translate -srcwin`, or send it in parts.")
            if held.mode not in _KNOWN:
                raise BadInput(f"Pixels of mode {held.mode} are no picture.", mend=_MEND)
            where, nodata = placed(dict(held.tag_v2)), held.tag_v2.get(_NODATA)  # type: ignore[attr-defined]
            own = np.asarray(held)
            clear = _clear(own, nodata)
            rgba = _grey(own, clear) if held.mode in _DEEP else np.array(held.convert("RGBA"))
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


def _grey(own: NDArray[np.generic], clear: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a band of 16 bits as grey, from nearly the darkest to nearly the brightest."""
    seen = own[~clear].astype(np.float64)
    low, high = np.percentile(seen, _CUT) if len(seen) else (0.0, 1.0)
    share = np.clip((own.astype(np.float32) - low) / max(high - low, 1.0), 0, 1)
    grey = np.rint(255 * share).astype(np.uint8)
    return np.dstack((grey, grey, grey, np.full_like(grey, 255)))
