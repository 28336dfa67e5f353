"""Which items make the shape of an object that has no surface: curves and points.

Source: ISO 16739-1:2024 (IFC 4.3), IfcShapeRepresentation, IfcGeometricSet, IfcGrid.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ifcopenshell

_ORDER = ("Axis", "FootPrint", "Body", "Reference", "SurveyPoints")  # of a line in space before the same in the plane
_ASIDE = ("Box", "CoG")  # representations that are no shape
_MARKS = ("IfcTextLiteral", "IfcAnnotationFillArea")  # of a drawing
_DEPTH_MAX = 8

Entity = ifcopenshell.entity_instance
Mapped = tuple[Entity, ...]


def thin_items(entity: Entity) -> list[Entity]:
    """Return the items of the first representation of an object that is of curves and points alone; none otherwise."""
    return [each for each, _ in thin_parts(entity)]


def thin_parts(entity: Entity) -> list[tuple[Entity, Mapped]]:
    """Return those items, each with the mapped items that it stands in, the outermost first."""
    shape = entity.Representation if entity.is_a("IfcProduct") else None
    told = [each for each in (shape.Representations if shape else ()) if each.RepresentationIdentifier not in _ASIDE]
    parts: dict[str | None, list[tuple[Entity, Mapped]]] = {}
    for each in reversed(told):
        parts[each.RepresentationIdentifier] = own = []
        for item, mapped in _flat(each.Items):
            if not (item.is_a("IfcCurve") or is_points(item)):
                return []
            own.append((item, mapped))
    found = next((each for each in (*_ORDER, *parts) if parts.get(each)), None)
    return parts[found] if found is not None else []


def _flat(items: Any, mapped: Mapped = ()) -> Iterator[tuple[Entity, Mapped]]:
    """Yield items, those of sets and of maps one by one, without what is written on a drawing."""
    for each in items:
        if each.is_a("IfcGeometricSet"):
            yield from _flat(each.Elements, mapped)
        elif each.is_a("IfcMappedItem") and _is_followed(each) and len(mapped) < _DEPTH_MAX:
            yield from _flat(each.MappingSource.MappedRepresentation.Items, (*mapped, each))
        elif not any(each.is_a(mark) for mark in _MARKS):
            yield each, mapped


def _is_followed(item: Entity) -> bool:
    """Return whether an item maps something, in space."""
    return item.MappingSource is not None and bool(item.MappingTarget.is_a("IfcCartesianTransformationOperator3D"))


def is_surfaced(entity: Entity) -> bool:
    """Return whether an object may have surfaces: it is no grid, of other things than curves and points, and whole."""
    if entity.is_a("IfcGrid") or thin_items(entity):
        return False
    shape = entity.Representation if entity.is_a("IfcProduct") else None
    items = [item for each in (shape.Representations if shape else ()) for item in each.Items]
    return all(item.MappingSource is not None for item in items if item.is_a("IfcMappedItem"))


def is_points(item: Entity) -> bool:
    """Return whether an item is a point or a cloud of points."""
    return bool(item.is_a("IfcCartesianPoint") or item.is_a("IfcCartesianPointList"))


def axes_of(grid: Entity) -> list[Entity]:
    """Return the curves of the axes of a grid."""
    return [axis.AxisCurve for name in ("UAxes", "VAxes", "WAxes") for axis in getattr(grid, name) or ()]


def is_surveyed(note: Entity) -> bool:
    """Return whether an annotation is points and nothing else, as those of a survey are, not of a drawing."""
    return bool(items := thin_items(note)) and all(is_points(each) for each in items)
