"""What is asked of the features of a release."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from lifang.core import Box
from lifang.store import Call, Expression, Field, Geometry, Literal, all_of

GEOMETRY = "geometry"


@dataclass(frozen=True)
class FeatureQuestion:
    """Features whose geometry meets one of ``boxes`` (without any: all) and for which ``where`` is true.

    ``order`` names properties (name, descending); without it, and among equals, features come as they were released.
    """

    boxes: tuple[Box, ...] = ()
    where: Expression | None = None
    order: tuple[tuple[str, bool], ...] = ()
    limit: int = 10
    offset: int = 0

    @property
    def matching(self) -> Expression | None:
        """The whole condition, boxes included."""
        parts = [_touches(box) for box in self.boxes]
        near = Call("or", tuple(parts)) if len(parts) > 1 else parts[0] if parts else None
        return all_of(*(each for each in (near, self.where) if each is not None))


def _touches(box: Box) -> Expression:
    shape = shapely.box(box.west, box.south, box.east, box.north)
    if box.west == box.east or box.south == box.north:  # no area: a line, or a point
        ends = {(box.west, box.south), (box.east, box.north)}
        shape = shapely.Point(*ends) if len(ends) == 1 else shapely.LineString(sorted(ends))
    return Call("st_intersects", (Field(GEOMETRY), Literal(Geometry(shapely.to_wkt(shape, rounding_precision=-1)))))
