"""Areas in which objects are looked for: a polygon, or what lies no farther than some metres from a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, Box
from lifang.twin.flat import outlines_of
from lifang.twin.shapes import Frame

COLUMNS = ("id", "geometry", "west", "south", "east", "north")
WITHIN_MAX_M = 100_000.0


@dataclass(frozen=True)
class Area:
    """What lies in ``shape`` (degrees on WGS 84), or no farther than ``within_m`` metres from it."""

    shape: Any
    within_m: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no place on earth."""
        west, south, east, north = shapely.bounds(self.shape)
        if shapely.is_empty(self.shape) or not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
            raise BadInput("That is no place on earth.", mend="Give degrees: longitude first, then latitude.")
        if not shapely.is_valid(self.shape):
            told = shapely.is_valid_reason(self.shape)
            raise BadInput(f"The polygon is not valid: {told}.", mend="Let its lines not cross.")
        if not 0 <= self.within_m <= WITHIN_MAX_M:
            raise BadInput("That is too far.", where="within_m", mend=f"Give up to {WITHIN_MAX_M:,.0f} m.")

    @classmethod
    def parse(cls, wkt: str) -> Area:
        """Return the area of a polygon in WKT, longitude first; ``BadInput`` if it is none."""
        try:
            shape = shapely.from_wkt(wkt)
        except shapely.errors.GEOSException as error:
            raise BadInput(f"The polygon cannot be read: {error}.", where="polygon", mend="Write WKT.") from None
        if shapely.get_type_id(shape) not in (3, 6):
            raise BadInput("That is no polygon.", where="polygon", mend="Write WKT: POLYGON ((lon lat, …)).")
        return cls(shapely.force_2d(shape))

    @property
    def box(self) -> Box:
        """The box about it."""
        return Box(*map(float, shapely.bounds(self.shape))).grown(self.within_m)

    def holding(self, rows: pa.Table) -> NDArray[np.bool_]:
        """Return for each row of objects (:data:`COLUMNS`) whether its outline, or its box without one, is in it."""
        outlines = outlines_of(rows)
        bare = shapely.is_empty(outlines)
        if bare.any():
            sides = (rows[side].to_numpy()[bare] for side in COLUMNS[2:])
            outlines[bare] = shapely.box(*sides)
        if not self.within_m:
            return np.asarray(shapely.intersects(self.shape, outlines))
        frame = Frame(*self.box.centre)
        return np.asarray(shapely.dwithin(frame.flat(self.shape), frame.flat(outlines), self.within_m))
