"""What hangs together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pieces(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return of each of ``count`` nodes, shape (n,), the least one that it hangs together with.

    Links lead from ``one`` to ``other``, both (m,).
    """
    first = np.arange(count)
    while True:
        lowest = first.copy()
        least = np.minimum(first[one], first[other])
        np.minimum.at(lowest, first[one], least)
        np.minimum.at(lowest, first[other], least)
        lowest = lowest[lowest]
        if (lowest == first).all():
            return first
        first = lowest
