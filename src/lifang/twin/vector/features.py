"""Footprints of many objects, ready to be laid into tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.vector.quadrants import mercator


@dataclass(frozen=True)
class Features:
    """``outline`` (n,) polygons or multipolygons of Shapely in degrees; ``table`` names and values, n of each.

    A value is a text, a number, a truth value, or ``None`` where there is none.
    """

    outline: NDArray[np.object_]
    table: Mapping[str, Sequence[Any]]

    @cached_property
    def flat(self) -> NDArray[np.object_]:
        """The outlines in shares of the world's side."""
        return np.asarray(shapely.transform(self.outline, mercator))

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, north, east and south of each in shares of the world's side, shape (n, 4)."""
        return np.asarray(shapely.bounds(self.flat))
