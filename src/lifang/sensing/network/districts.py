"""Which district a place lies in: points in polygons, found once for all devices by a tree of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.sensing.model import Values

NOWHERE = 0  # the district of a place outside all of them, or without a position


@dataclass(frozen=True)
class District:
    """One district: its code (GB/T 2260), names and outline on WGS 84 as well-known binary."""

    code: str
    zh: str
    en: str
    outline: bytes


class Districts:
    """The districts of one city, numbered from 1 in the order given."""

    def __init__(self, districts: Sequence[District] = ()) -> None:
        self.all = tuple(districts)
        self._shapes = shapely.from_wkb([each.outline for each in districts])
        self._tree = shapely.STRtree(self._shapes)

    def __len__(self) -> int:
        return len(self.all)

    def of(self, lon: Values, lat: Values) -> NDArray[np.int16]:
        """Return the number of the district of each place; the first of two that both hold it; 0 for none."""
        found = np.zeros(len(lon), np.int16)
        known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if not len(known) or not len(self.all):
            return found
        point, district = self._tree.query(shapely.points(lon[known], lat[known]), predicate="intersects")
        order = np.lexsort((-district, point))  # the lowest number is written last, and stays
        found[known[point[order]]] = district[order] + 1
        return found

    def names(self, number: int) -> tuple[str, str, str]:
        """Return (code, zh, en) of a district; of none for 0."""
        if number == NOWHERE:
            return "", "未划入区县", "outside every district"
        found = self.all[number - 1]
        return found.code, found.zh, found.en
