"""Outlines of many objects, ready to be laid into tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.shapes import Rings
from lifang.twin.vector.quadrants import mercator
from lifang.twin.vector.values import Values

_THIN = (shapely.GeometryType.MULTIPOINT, shapely.GeometryType.MULTILINESTRING)


@dataclass(frozen=True)
class Features:
    """``outline`` (n,) polygons or multipolygons of Shapely in degrees, multipoints or multilinestrings of what has no
    surface; ``table`` names and values, n of each.

    A value is a text, a number, a truth value, or ``None`` where there is none.
    """

    outline: NDArray[np.object_]
    table: Mapping[str, Sequence[Any]]

    @cached_property
    def rings(self) -> Rings:
        """The rings of the outlines in shares of the world's side."""
        outline = np.where(self.thin, shapely.MultiPolygon(), self.outline) if self.thin.any() else self.outline
        found = Rings.of(outline, dimensions=2)
        return replace(found, coordinates=mercator(found.coordinates))

    @cached_property
    def thin(self) -> NDArray[np.bool_]:
        """Which are points or lines, shape (n,)."""
        return np.isin(shapely.get_type_id(self.outline), _THIN)

    @cached_property
    def flat(self) -> NDArray[np.object_]:
        """The points and lines in shares of the world's side, shape (n,), ``None`` for outlines."""
        found = np.full(len(self.outline), None, dtype=object)
        found[self.thin] = shapely.transform(self.outline[self.thin], mercator)
        return found

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, north, east and south of each in shares of the world's side, shape (n, 4)."""
        degrees = shapely.bounds(self.outline)
        return np.column_stack((mercator(degrees[:, [0, 3]]), mercator(degrees[:, [2, 1]])))

    @cached_property
    def across_deg(self) -> NDArray[np.float64]:
        """How far each reaches in degrees, shape (n,), 0 where there is nothing."""
        west, south, east, north = shapely.bounds(self.outline).T
        return np.asarray(np.nan_to_num(np.maximum(east - west, north - south)))

    @cached_property
    def corners(self) -> NDArray[np.int64]:
        """How many positions the outline of each has, shape (n,)."""
        return np.asarray(shapely.get_num_coordinates(self.outline), np.int64)

    @cached_property
    def values(self) -> Values:
        """The values of the table, each encoded once."""
        return Values.of(self.table)
