"""Where datastreams are, for boxes: small ones are looked up along longitude, large ones block by block of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lifang.core import Box
from lifang.sensing.model import Numbers, Values

BLOCK = 4096  # numbers side by side: near one another where numbers follow a curve through the city
_FEW = 20_000  # datastreams in a small box; of more, comparing blocks costs less than sorting what is found


_MOVED = 5_000  # that may be elsewhere since the places were sorted, before that is done anew


class Places:
    """Places (degrees, WGS 84) by dense number, sorted at one moment; not a number where there is none.

    The columns ``lon`` and ``lat`` that are handed in tell where things are now.
    """

    def __init__(self, lon: Values, lat: Values) -> None:
        self._order = np.argsort(lon)
        self._lon, self._lat = lon[self._order], lat[self._order]
        starts = np.arange(0, len(lon), BLOCK)
        self._west, self._east = np.fmin.reduceat(lon, starts), np.fmax.reduceat(lon, starts)
        self._south, self._north = np.fmin.reduceat(lat, starts), np.fmax.reduceat(lat, starts)
        self._moved = np.zeros(0, np.int64)

    def follow(self, numbers: Numbers) -> bool:
        """Take in that ``numbers`` came or are elsewhere now; return whether they are few enough to be followed."""
        if len(numbers) > _MOVED:
            return False
        self._moved = np.union1d(self._moved, numbers)
        return len(self._moved) <= _MOVED

    def among_few(self, box: Box, lon: Values, lat: Values) -> NDArray[np.int64] | None:
        """Return the numbers inside ``box``, rising; ``None`` if they are many."""
        west, east = np.searchsorted(self._lon, box.west, "left"), np.searchsorted(self._lon, box.east, "right")
        between = self._lat[west:east]
        found = (between >= box.south) & (between <= box.north)
        if np.count_nonzero(found) > _FEW:
            return None
        inside: NDArray[np.int64] = self._order[west:east][found]
        if len(moved := self._moved):
            here = moved[box.contains(lon[moved], lat[moved])]
            inside = np.concatenate([inside[~np.isin(inside, moved)], here])
        inside.sort()
        return inside

    def reaches(self, block: int, box: Box) -> bool:
        """Return whether anything in a block of numbers may lie inside ``box``: where something moved, it may."""
        if block >= len(self._west) or np.any(self._moved // BLOCK == block):
            return True
        return bool(
            self._west[block] <= box.east
            and self._east[block] >= box.west
            and self._south[block] <= box.north
            and self._north[block] >= box.south
        )
