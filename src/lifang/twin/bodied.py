"""The finest shape of an object as a body of triangles, and how long it is where it has no surface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from lifang.twin import analysing
from lifang.twin.chosen import finest_of
from lifang.twin.model import THIN, CityObject, Shape
from lifang.twin.shapes import Frame, prism, triangulate


def finest(shapes: Sequence[Shape]) -> Shape:
    """Return which of the shapes of an object is drawn in space."""
    return shapes[finest_of([each.lod for each in shapes], [each.kind for each in shapes])]


def body_of(shapes: Sequence[Shape], frame: Frame) -> analysing.Body:
    """Return the finest of the shapes of an object as triangles in ``frame``.

    A piece of a line is a triangle of which two corners are one, a point one of which all are: without any area.
    """
    shape = finest(shapes)
    whole = shapely.from_wkb(shape.wkb)
    if shape.kind in THIN:
        at, part = shapely.get_coordinates(shapely.get_parts(whole), include_z=True, return_index=True)
        position = frame.local(*at.T)
        start = np.flatnonzero(np.diff(part) == 0) if shape.kind == "MultiLineString" else np.arange(len(at))
        end = start + (shape.kind == "MultiLineString")
        return analysing.Body(position[np.column_stack((start, end, end))])
    if shape.kind == "footprint":
        parts = [prism(part, shape.base_m, shape.top_m) for part in shapely.get_parts(whole)]
        whole = shapely.multipolygons(np.concatenate(parts))
    mesh = triangulate(np.array([whole], dtype=object), frame)
    return analysing.Body(mesh.position[mesh.triangle])


def length_m(found: CityObject) -> float | None:
    """Return how long the lines of an object are, see :func:`length_of`; ``None`` of one without a shape of its own."""
    length = length_of(found.shapes, Frame(*found.box.centre)) if found.shapes else None
    return None if length is None else round(length, 3)


def length_of(shapes: Sequence[Shape], frame: Frame) -> float | None:
    """Return how long the lines of an object are in space, in metres, 0 of points; ``None`` of what has surfaces."""
    if finest(shapes).kind not in THIN:
        return None
    pieces = body_of(shapes, frame).triangles
    return float(np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1).sum())
