"""Surface models of many flat faces some of which have holes: cut into triangles as they stand in the file.

The faster kernel loses slivers beside such holes, and the slower one takes a hundred times as long.
"""

from __future__ import annotations

from collections.abc import Sequence

import ifcopenshell
import numpy as np
from ifcopenshell.util.placement import get_mappeditem_transformation
from numpy.typing import NDArray

from lifang.twin.reading.ifc.elements import said
from lifang.twin.shapes import Rings, cut

_MODEL = "IfcFaceBasedSurfaceModel"
_MANY = 500
Entity = ifcopenshell.entity_instance
Bounds = Sequence[Entity]
Triangles = tuple[NDArray[np.float64], NDArray[np.int64]]


class Facets:
    """The triangles of a model's surface models, each made once; ``unit_m`` is the model's unit of length."""

    def __init__(self, unit_m: float) -> None:
        self._unit_m = unit_m
        self._known: dict[tuple[int, bytes], Triangles] = {}

    def of(self, entity: Entity) -> Triangles | None:
        """Return vertices (n, 3) in metres about the place of an object and triangles (m, 3).

        ``None`` if it has another shape too, or an opening, or few faces, or none with a hole.
        """
        shapes = entity.Representation.Representations
        if len(shapes) != 1 or said(entity, "HasOpenings"):
            return None
        items, turn = shapes[0].Items, np.eye(4)
        if len(items) == 1 and items[0].is_a("IfcMappedItem"):
            turn = get_mappeditem_transformation(items[0])
            items = items[0].MappingSource.MappedRepresentation.Items
        if turn is None or not all(item.is_a() == _MODEL for item in items):
            return None
        key = items[0].id(), turn.tobytes()
        if key not in self._known:
            faces = [face.get_argument(0) for item in items for shell in item.FbsmFaces for face in shell.CfsFaces]
            if not _wanted(faces):
                return None
            self._known[key] = _triangles(faces, turn, self._unit_m)
        return self._known[key]


def _wanted(faces: Sequence[Bounds]) -> bool:
    """Return whether there are so many faces that it matters, one with a hole, and all bounded by straight lines."""
    if len(faces) < _MANY:
        return False
    loops = (bound.get_argument(0) for bounds in faces for bound in bounds)
    return any(len(bounds) > 1 for bounds in faces) and all(loop.is_a() == "IfcPolyLoop" for loop in loops)


def _triangles(faces: Sequence[Bounds], turn: NDArray[np.float64], unit_m: float) -> Triangles:
    ordered = [sorted(bounds, key=_within) for bounds in faces]
    rings = [_ring(bound) for bounds in ordered for bound in bounds]
    point = np.array([corner for ring in rings for corner in ring], np.float64).reshape(-1, 3)
    position = (point @ turn[:3, :3].T + turn[:3, 3]) * unit_m
    starts, parts = (np.cumsum([0, *map(len, each)]) for each in (rings, ordered))
    return position, cut(Rings(position, starts, parts, np.arange(len(ordered))), position)


def _within(bound: Entity) -> bool:
    return bool(bound.is_a() != "IfcFaceOuterBound")


def _ring(bound: Entity) -> list[tuple[float, ...]]:
    corners = [point.get_argument(0) for point in bound.get_argument(0).get_argument(0)]
    return corners if bound.get_argument(1) else corners[::-1]
