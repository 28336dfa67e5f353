"""Colours as numbers: as they are written, and as glTF wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PLAIN = "#ffffff"  # what is shown where none is known


def tint(told: Sequence[tuple[str, float]]) -> NDArray[np.uint8]:
    """Return colours such as ``#8080ff`` and opacities from 0 to 1 as red, green, blue and opacity, shape (n, 4)."""
    colour = np.array([list(bytes.fromhex((each or _PLAIN)[1:])) for each, _ in told]).reshape(-1, 3)
    opacity = np.rint(255 * np.array([each for _, each in told]).reshape(-1, 1))
    return np.column_stack((colour, opacity)).astype(np.uint8)


def linear(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return colours (n, 4) with red, green and blue made linear; their opacity is so already.

    Source: IEC 61966-2-1 (sRGB); glTF 2.0, 3.9.2: vertex colours are linear.
    """
    share = np.arange(256) / 255
    made = np.rint(255 * np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)).astype(np.uint8)
    return np.column_stack((made[colours[:, :3]], colours[:, 3]))
