"""Openings that are cut into objects: which of them are plain enough for the fastest kernel.

Manifold (Lalish, Manifold: a geometry library for reliable solid modelling, 2022 on) cuts bodies of flat faces exactly
and in a twentieth of the time, but takes a half space for a bounded body, and arcs for few corners.
"""

from __future__ import annotations

import ifcopenshell

from lifang.twin.reading.ifc.elements import said

Entity = ifcopenshell.entity_instance
_BODY = (None, "", "Body")
_AXIS = "Axis"  # the line of a wall, which has no body


def cut_plainly(product: Entity) -> bool:
    """Return whether an object has openings, and it and they are extruded from outlines without arcs."""
    openings = [each.RelatedOpeningElement for each in said(product, "HasOpenings") or ()]
    bodies = [_items(each) for each in (product, *openings)] if openings else []
    return bool(bodies) and all(own and all(map(_plain, own)) for own in bodies)


def _items(product: Entity) -> list[Entity]:
    """Return what the body of an object is made of; nothing if it has representations of other kinds."""
    shape = said(product, "Representation")
    shown = [] if shape is None else [each for each in shape.Representations if each.RepresentationIdentifier != _AXIS]
    whole = all(each.RepresentationIdentifier in _BODY for each in shown)
    return [item for each in shown for item in each.Items] if whole else []


def _plain(item: Entity) -> bool:
    return item.is_a() == "IfcExtrudedAreaSolid" and _straight(item[0])


def _straight(profile: Entity) -> bool:
    """Return whether the outline of a profile has straight sides only."""
    if profile.is_a() == "IfcRectangleProfileDef":
        return True
    if profile.is_a() not in ("IfcArbitraryClosedProfileDef", "IfcArbitraryProfileDefWithVoids"):
        return False
    return all(each.is_a() == "IfcPolyline" for each in (profile.OuterCurve, *(said(profile, "InnerCurves") or ())))
