"""Rows of objects in an order in which those near to each other on the map are near to each other on disk."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_CELL_SIDE = (1 << 28) - 1  # a cell is its level, its column and its row, the last two of 28 bits


def near_together(rows: pa.Table) -> NDArray[np.int64]:
    """Return the order in which rows near to each other on the map follow each other: by level, then a Z-order curve.

    Source: Morton, A Computer Oriented Geodetic Data Base (IBM, 1966).
    """
    cell = rows["cell"].to_numpy()
    spread = np.zeros(len(cell), np.int64)
    for step, shift in enumerate((28, 0)):
        along = cell >> shift & _CELL_SIDE
        for bit in range(28):
            spread |= (along >> bit & 1) << 2 * bit + step
    return np.lexsort((rows["id"].to_numpy(zero_copy_only=False), spread, cell >> 56))
