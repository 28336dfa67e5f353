"""Rules on alignments of roads and railways: what they are made of, and whether their curves agree with it.

Source: buildingSMART/ifc-gherkin-rules, families ALB002 to ALB032, whose numbers the rules bear; ISO 16739-1:2024
(IFC 4.3), IfcAlignment. Models of older versions have none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import ifcopenshell
from ifcopenshell.util.unit import calculate_unit_scale

from lifang.twin.reading.ifc.elements import said
from lifang.twin.reading.ifc.rules_geometry import Breach

Entity = ifcopenshell.entity_instance
_LAYOUTS = ("IfcAlignmentHorizontal", "IfcAlignmentVertical", "IfcAlignmentCant")
_ALLOWED = ((1, 0, 0), (1, 1, 0), (1, 1, 1))  # how many of each layout an alignment has
_CHILD = ((0, 1, 0), (0, 1, 1))  # one that takes its horizontal layout from the alignment it is part of
_CURVES = ("IfcCompositeCurve", "IfcGradientCurve", "IfcSegmentedReferenceCurve")
_LENGTHS = ("SegmentLength", "HorizontalLength", "HorizontalLength")
_SPIRALS = {
    "HELMERTCURVE": "IfcSecondOrderPolynomialSpiral",
    "BLOSSCURVE": "IfcThirdOrderPolynomialSpiral",
    "COSINECURVE": "IfcCosineSpiral",
    "SINECURVE": "IfcSineSpiral",
    "VIENNESEBEND": "IfcSeventhOrderPolynomialSpiral",
}
_PARENTS: Mapping[str, str] = {  # the curve that a segment of each kind is cut from
    **_SPIRALS,
    "LINE": "IfcLine",
    "CIRCULARARC": "IfcCircle",
    "CLOTHOID": "IfcClothoid",
    "CUBIC": "IfcPolynomialCurve",
    "CONSTANTGRADIENT": "IfcLine",
    "PARABOLICARC": "IfcPolynomialCurve",
    "CONSTANTCANT": "IfcLine",
    "LINEARTRANSITION": "IfcClothoid",
}
_TWO_CURVES = "HELMERTCURVE"
_RADIUS_SHARE, _LEVEL, _ASTRAY_M = 1e-3, 1e-9, 0.1
_MEND = "Correct the alignment and export the model again."


def layouts(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB002: layouts belong to one alignment and are made of segments of their own kind."""
    for number, name in enumerate(_LAYOUTS):
        for each in _of(model, name):
            wholes = [relation.RelatingObject for relation in said(each, "Nests") or ()]
            if [whole.is_a() for whole in wholes] != ["IfcAlignment"]:
                yield each, "It belongs to no alignment, or to several.", _MEND
            parts = _nested(each)
            if any(not part.is_a("IfcAlignmentSegment") for part in parts):
                yield each, "It is made of something else than segments.", _MEND
            elif any(part.DesignParameters.is_a() != f"{_LAYOUTS[number]}Segment" for part in parts):
                yield each, "A segment of it is one of another layout.", _MEND
    for each in _of(model, "IfcAlignment"):
        found = _counts(each)
        if max(found) > 1 or not (found[0] or _is_child(each)):
            yield each, "It has no horizontal layout, or two layouts of a kind.", _MEND


def nesting(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB003: an alignment is made of layouts and referents, and of nothing else."""
    for each in _of(model, "IfcAlignment"):
        if any(part.is_a() not in (*_LAYOUTS, "IfcReferent") for part in _nested(each)):
            yield each, "It is made of something else than layouts and referents.", _MEND


def stations(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB005: a referent that is a station has a position along an alignment."""
    for each in _of(model, "IfcReferent"):
        if each.PredefinedType == "STATION" and not said(each, "PositionedRelativeTo"):
            yield each, "It is a station, and has no position along an alignment.", "Relate it by IfcRelPositions."


def referents(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB010: an alignment has a referent, from which its stations count; those that are part of it share it."""
    for each in _of(model, "IfcAlignment"):
        if not _is_child(each) and not any(part.is_a("IfcReferent") for part in _nested(each)):
            yield each, "It has no referent.", "Give it an IfcReferent where its stations begin."


def gradients(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB012: a constant gradient has no radius; that of a parabola is its length by the change of its gradient."""
    for each in _of(model, "IfcAlignmentVerticalSegment"):
        radius, change = each.RadiusOfCurvature, (each.EndGradient or 0.0) - (each.StartGradient or 0.0)
        if each.PredefinedType == "CONSTANTGRADIENT" and radius is not None:
            yield each, "A constant gradient has a radius.", "Leave its RadiusOfCurvature out."
        if each.PredefinedType != "PARABOLICARC":
            continue
        if abs(change) < _LEVEL:
            yield each, "A parabola has the same gradient at both ends.", "Write a constant gradient."
        elif radius and not math.isclose(radius, each.HorizontalLength / change, rel_tol=_RADIUS_SHARE):
            yield each, "The radius of a parabola is not its length by the change of its gradient.", "Correct it."


def ends(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB015: the last segment of a layout has no length."""
    for name, length in zip(_LAYOUTS, _LENGTHS, strict=True):
        for each in _of(model, name):
            parts = [part for part in _nested(each) if part.is_a("IfcAlignmentSegment")]
            if parts and said(parts[-1].DesignParameters, length):
                yield each, "Its last segment has a length.", "End it with a segment of no length."


def agreement(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB021: the curve that represents an alignment is of the class that its layouts ask for."""
    for each in _of(model, "IfcAlignment"):
        count = sum(_counts(each))
        curves = [item.is_a() for item in _items(each, "Axis") if item.is_a() in _CURVES]
        if 0 < count <= len(_CURVES) and curves and _CURVES[count - 1] not in curves:
            what = f"Its layouts ask for {_CURVES[count - 1]}, it is represented by {curves[0]}."
            yield each, what, "Represent all of its layouts, and only those."


def numbers(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB022: a curve has as many segments as the layout that it represents."""
    for each, segments, curve in _represented(model):
        wanted = sum(2 if part.DesignParameters.PredefinedType == _TWO_CURVES else 1 for part in segments)
        if len(curve.Segments) != wanted:
            what = f"Its layout asks for {wanted} segments, its curve has {len(curve.Segments)}."
            yield each, what, "Give the curve as many segments as the layout."


def kinds(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB023: a segment of a curve is cut from the kind of curve that its layout names."""
    for each, segments, curve in _represented(model):
        told = [part.DesignParameters.PredefinedType for part in segments]
        named = [kind for kind in told for _ in range(2 if kind == _TWO_CURVES else 1)]
        for kind, part in zip(named, curve.Segments, strict=False):
            parent = said(part, "ParentCurve")
            if kind in _PARENTS and parent is not None and parent.is_a() != _PARENTS[kind]:
                yield each, f"A segment that is {kind} is cut from {parent.is_a()}.", f"Cut it from {_PARENTS[kind]}."


def starts(model: ifcopenshell.file) -> Iterator[Breach]:
    """Yield the layouts whose curve begins segments elsewhere than they do; those of no length and cant aside."""
    unit_m = calculate_unit_scale(model)
    for each, segments, curve in _represented(model):
        begins, ways = [], [part.DesignParameters for part in segments]
        for part in ways:
            begins += [part, None] if part.PredefinedType == _TWO_CURVES else [part]
        unfit = each.is_a("IfcAlignmentCant") or {part.is_a() for part in ways} != {f"{each.is_a()}Segment"}
        if unfit or len(begins) != len(curve.Segments):
            continue
        pairs = ((part, made) for part, made in zip(begins, curve.Segments, strict=True) if part and _length(part))
        apart = {ways.index(part) + 1: unit_m * _apart(part, made) for part, made in pairs}
        astray = {number: metres for number, metres in apart.items() if metres > _ASTRAY_M}
        if astray:
            named, most = ", ".join(map(str, astray)), max(astray.values())
            what = f"Its curve begins segments elsewhere than its layout does, up to {most:.1f} m away: {named}."
            yield each, what, "Give these an IfcCurveSegment.Placement where the layout has them start."


def _length(part: Entity) -> float:
    return float(said(part, "SegmentLength") or said(part, "HorizontalLength") or 0.0)


def _apart(part: Entity, made: Entity) -> float:
    """Return how far a segment of a curve begins from where the layout has it begin, in units of the model."""
    place = said(made, "Placement")
    told = said(place.Location, "Coordinates") if place is not None else None
    point = said(part, "StartPoint")
    wanted = (part.StartDistAlong, part.StartHeight) if point is None else point.Coordinates
    return math.dist(told, wanted) if told is not None and len(told) == len(wanted) else 0.0


def placements(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB030: an alignment has a placement of its own, not one on a grid or along another."""
    for each in _of(model, "IfcAlignment"):
        if each.ObjectPlacement is not None and not each.ObjectPlacement.is_a("IfcLocalPlacement"):
            yield each, f"It stands by {each.ObjectPlacement.is_a()}.", "Give it an IfcLocalPlacement."


def combinations(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB031: an alignment has a horizontal layout; with it a vertical one, and with both one of cant."""
    for each in _of(model, "IfcAlignment"):
        if not _is_child(each) and not _children(each) and _counts(each) not in _ALLOWED:
            yield each, "Its layouts do not go together.", "Give it a horizontal one, then vertical, then cant."


def sharing(model: ifcopenshell.file) -> Iterator[Breach]:
    """ALB032: an alignment with parts has a horizontal layout only, its parts a vertical one, or cant with it."""
    for each in _of(model, "IfcAlignment"):
        children = _children(each)
        if children and _counts(each) != _ALLOWED[0]:
            yield each, "It has parts and other layouts than a horizontal one.", "Give those to its parts."
        for child in children:
            if _counts(child) not in _CHILD or _children(child):
                yield child, "It is part of an alignment and has not just vertical layout and cant.", _MEND


def _of(model: ifcopenshell.file, name: str) -> list[Entity]:
    return list(model.by_type(name)) if model.schema == "IFC4X3" else []


def _nested(each: Entity) -> list[Entity]:
    return [part for relation in said(each, "IsNestedBy") or () for part in relation.RelatedObjects]


def _counts(alignment: Entity) -> tuple[int, int, int]:
    names = [part.is_a() for part in _nested(alignment)]
    horizontal, vertical, cant = (names.count(each) for each in _LAYOUTS)
    return horizontal, vertical, cant


def _children(alignment: Entity) -> list[Entity]:
    parts = [part for relation in said(alignment, "IsDecomposedBy") or () for part in relation.RelatedObjects]
    return [part for part in parts if part.is_a("IfcAlignment")]


def _is_child(alignment: Entity) -> bool:
    return any(relation.RelatingObject.is_a("IfcAlignment") for relation in said(alignment, "Decomposes") or ())


def _items(product: Entity, identifier: str) -> list[Entity]:
    shapes = product.Representation.Representations if product.Representation else ()
    return [item for shape in shapes if shape.RepresentationIdentifier == identifier for item in shape.Items]


def _represented(model: ifcopenshell.file) -> Iterator[tuple[Entity, Sequence[Entity], Entity]]:
    """Yield each layout with its segments and the curve that represents it, if one does."""
    for each in _of(model, "IfcAlignment"):
        own = [curve for name in ("Axis", "FootPrint") for item in _items(each, name) for curve in _below(item)]
        for layout in (part for part in _nested(each) if part.is_a() in _LAYOUTS):
            wanted = _CURVES[_LAYOUTS.index(layout.is_a())]
            curves = [*_items(layout, "Axis"), *own]
            curve = next((curve for curve in curves if curve.is_a() == wanted), None)
            segments = [part for part in _nested(layout) if part.is_a("IfcAlignmentSegment")]
            if curve is not None and segments:
                yield layout, segments, curve


def _below(curve: Entity) -> Iterator[Entity]:
    """Yield a curve, and the one that it runs above, and so on."""
    while curve is not None:
        yield curve
        curve = said(curve, "BaseCurve")
