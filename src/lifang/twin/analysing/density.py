"""Floor-area ratio and building density by parcel (GB 50180-2018, 2.0.8 and 2.0.9; GB/T 50280)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray


@dataclass(frozen=True)
class Density:
    """Of each parcel, all (n,): area, covered area, floor area in m2; ``far`` and ``coverage`` are their shares."""

    area_m2: NDArray[np.float64]
    covered_m2: NDArray[np.float64]
    floor_m2: NDArray[np.float64]
    buildings: NDArray[np.int64]

    @property
    def far(self) -> NDArray[np.float64]:
        """Floor area over the parcel's area (容积率)."""
        return self.floor_m2 / self.area_m2

    @property
    def coverage(self) -> NDArray[np.float64]:
        """Covered area over the parcel's area (建筑密度)."""
        return self.covered_m2 / self.area_m2


def density(
    parcels: NDArray[np.object_],
    outlines: NDArray[np.object_],
    storeys: NDArray[np.float64],
    building: NDArray[np.int64] | None = None,
) -> Density:
    """Return the density of parcels (n,) by buildings (m,) with their ``storeys``; polygons in metres.

    A building counts in each parcel with the part of it that lies there; where two overlap, both count as floors and
    the ground is covered once. ``building`` (m,) numbers what the outlines belong to, each its own if it is not given.
    """
    building = np.arange(len(outlines)) if building is None else building
    tree = shapely.STRtree(outlines)
    parcel, part = tree.query(parcels, predicate="intersects")
    parts = shapely.intersection(parcels[parcel], outlines[part])
    areas = shapely.area(parts)
    touched = areas > 0
    parcel, part, parts, areas = parcel[touched], part[touched], parts[touched], areas[touched]
    count = len(parcels)
    order = np.argsort(parcel, kind="stable")
    starts = np.searchsorted(parcel[order], np.arange(count + 1))
    covered = [shapely.union_all(parts[order[low:high]]).area for low, high in pairwise(starts.tolist())]
    floor = np.bincount(parcel, weights=areas * storeys[part], minlength=count).astype(np.float64)
    of_parcel, _ = np.unique(np.column_stack((parcel, building[part])), axis=0).reshape(-1, 2).T
    met = np.bincount(of_parcel, minlength=count)
    return Density(shapely.area(parcels), np.array(covered), floor, met)
