"""Rules on how shapes are written down, checked before the kernel makes anything of them.

Source: buildingSMART/ifc-gherkin-rules, families GEM001 to GEM113, whose numbers the rules bear. Nothing that they find
refuses an object: one whose shape cannot be built is refused for that.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import ifcopenshell

Breach = tuple[ifcopenshell.entity_instance, str, str]  # whose, what, how to mend

_PRECISION = 1e-5  # where the model does not say
_CURVES = ("IfcCompositeCurve", "IfcGradientCurve", "IfcSegmentedReferenceCurve")
_SPACE_TYPES = ("SweptSolid", "Clipping", "Brep", "Tessellation")
_CONTEXTS = ("Model", "Plan", "NotDefined")
_COMPARED_MAX = 200  # points of a ring that are compared each with each; of a longer one, neighbours only


@cache
def allowed(kind: str) -> Any:
    """Return the names that the rules allow, by version of IFC or by class."""
    return json.loads(Path(__file__).with_name("allowed_names.json").read_text("utf-8"))[kind]


def closed_shells(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM001: each edge of a closed shell belongs to two faces, which walk it in opposite ways."""
    mend = "Close the shell and turn its faces outwards."
    for brep in model.by_type("IfcFacetedBrep"):
        bounds = [bound for face in brep.Outer.CfsFaces for bound in _turned(face)]
        loops = [[point.id() for point in bound.Bound.Polygon] for bound in bounds]
        yield from ((brep, what, mend) for what in _edges(loops))
    if model.schema == "IFC2X3":
        return
    for faces in model.by_type("IfcTriangulatedFaceSet"):
        if faces.Closed:
            yield from ((faces, what, mend) for what in _edges(_placed(faces, faces.CoordIndex)))
    for faces in model.by_type("IfcPolygonalFaceSet"):
        if faces.Closed:
            loops = [list(loop) for face in faces.Faces for loop in (face[0], *getattr(face, "InnerCoordIndices", ()))]
            yield from ((faces, what, mend) for what in _edges(_placed(faces, loops)))


def _placed(faces: ifcopenshell.entity_instance, loops: Iterable[Sequence[int]]) -> list[list[int]]:
    """Return loops in which points at one place have one number."""
    first: dict[tuple[float, ...], int] = {}
    same = [first.setdefault(point, number) for number, point in enumerate(faces.Coordinates.CoordList)]
    return [[same[each - 1] if 0 < each <= len(same) else -each for each in loop] for loop in loops]


def _turned(face: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
    return [bound for bound in face.Bounds if bound.Bound.is_a("IfcPolyLoop")]


def _edges(loops: list[list[int]]) -> Iterator[str]:
    ways = Counter(way for loop in loops for way in zip(loop, [*loop[1:], *loop[:1]], strict=True))
    if any(edge[0] == edge[1] or ways[edge] + ways[edge[::-1]] != 2 for edge in ways):
        yield "An edge of its shell does not belong to two faces."
    elif any(count != 1 for count in ways.values()):
        yield "Two faces of its shell walk an edge the same way."


def spaces(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM002: a space has one body, and a footprint too if that is a Brep."""
    for space in model.by_type("IfcSpace"):
        shapes = _representations(space)
        bodies = [each for each in shapes if each.RepresentationIdentifier == "Body"]
        if len(bodies) != 1 or bodies[0].RepresentationType not in _SPACE_TYPES:
            yield space, "It does not have one body that is swept, clipped, a Brep or tessellated.", "Give it one."
        elif bodies[0].RepresentationType == "Brep" and "FootPrint" not in _identifiers(shapes):
            yield space, "Its body is a Brep, and it has no footprint.", "Give it a FootPrint."


def representations(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM003: no two shapes of a product have the same identifier."""
    for product in model.by_type("IfcProduct"):
        for name, count in Counter(_identifiers(_representations(product))).items():
            if count > 1 and name is not None:
                yield product, f"It has {count} shapes {name!r}.", "Leave one of each."


def names(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM004: identifiers and types of shapes are those that the standard names."""
    identifiers = allowed("identifiers").get(model.schema)
    for product in model.by_type("IfcProduct"):
        for shape in _representations(product):
            kind = "topology_types" if shape.is_a("IfcTopologyRepresentation") else "shape_types"
            for value, known in (
                (shape.RepresentationType, allowed(kind)[model.schema]),
                (shape.RepresentationIdentifier, identifiers),
            ):
                if known and value is not None and value not in known:
                    yield product, f"{value[:40]!r} is no name of a shape.", f"Use {', '.join(known[:6])}, …"


def buildings(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM005: a building that holds nothing has a body."""
    for each in model.by_type("IfcBuilding"):
        if not each.ContainsElements and not each.IsDecomposedBy and not _has_body(each):
            yield each, "It holds nothing and has no body.", "Give it storeys and elements, or a Body."


def segments(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM011: the segments of a curve are of one class, of alignment curves IfcCurveSegment."""
    for curve in (each for name in _CURVES for each in _of(model, name)):
        kinds = {each.is_a() for each in curve.Segments}
        if model.schema == "IFC4X3" and (
            len(kinds) > 1 or (curve.is_a() != _CURVES[0] and kinds - {"IfcCurveSegment"})
        ):
            yield curve, f"Its segments are {', '.join(sorted(kinds))}.", "Use IfcCurveSegment for all."


def contexts(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM051: the project has a geometric context, of a type that there is."""
    for project in model.by_type("IfcProject" if model.schema == "IFC2X3" else "IfcContext"):
        found = project.RepresentationContexts or ()
        if not any(each.is_a("IfcGeometricRepresentationContext") for each in found):
            yield project, "It has no geometric context.", "Give it an IfcGeometricRepresentationContext."
        elif any(each.ContextType not in _CONTEXTS for each in found):
            yield project, "A context of it is none of Model, Plan, NotDefined.", "Name its ContextType."


def subcontexts(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM052: a geometric context has subcontexts, whose identifiers the standard names."""
    if model.schema == "IFC2X3":
        return
    known = allowed("identifiers")[model.schema]
    for each in model.by_type("IfcGeometricRepresentationContext", include_subtypes=False):
        if not each.HasSubContexts:
            yield each, "It has no subcontext.", "Give it one, such as Body."
    for each in model.by_type("IfcGeometricRepresentationSubContext"):
        if each.ContextIdentifier not in known:
            yield each, f"{str(each.ContextIdentifier)[:40]!r} is no identifier.", f"Use {', '.join(known[:6])}, …"


def rings(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM111: no point of a ring or line stands there twice, but for its end being its beginning."""
    precision, mend = _precision(model), "Leave out the points that coincide."
    for loop in model.by_type("IfcPolyLoop"):
        if _coincide(_coordinates(loop), precision):
            yield loop, "Two of its points coincide.", mend
    for line in model.by_type("IfcPolyline"):
        points = _coordinates(line)
        closed = len(points) > 1 and math.dist(points[0], points[-1]) < precision
        if _coincide(points[:-1] if closed else points, precision):
            yield line, "Two of its points coincide.", mend
        elif closed and line.Points[0].id() != line.Points[-1].id():
            yield line, "Its end is at its beginning, but is another point.", "End it with the point it begins with."


def curves(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM112: no two points of an indexed curve that follow each other coincide."""
    precision = _precision(model)
    for curve in _of(model, "IfcIndexedPolyCurve"):
        if any(math.dist(*pair) < precision for pair in pairwise(_walked(curve))):
            yield curve, "Two of its points coincide.", "Leave out the points that coincide."


def arcs(model: ifcopenshell.file) -> Iterator[Breach]:
    """GEM113: the three points of an arc do not lie on a line."""
    precision = _precision(model)
    for curve in _of(model, "IfcIndexedPolyCurve"):
        points = curve.Points.CoordList
        for part in curve.Segments or ():
            known = part.is_a("IfcArcIndex") and all(0 < each <= len(points) for each in part[0])
            if known and _off_line(*(points[each - 1] for each in part[0])) < precision:
                yield curve, "The points of an arc lie on a line.", "Write a line, or move the middle point."


def mapped(model: ifcopenshell.file) -> Iterator[Breach]:
    """MPD001: the shapes that one shape maps have the same identifier and type."""
    for shape in model.by_type("IfcShapeRepresentation"):
        sources = [item.MappingSource for item in shape.Items if item.is_a("IfcMappedItem")]
        shapes = [each.MappedRepresentation for each in sources if each is not None]
        if len({(each.RepresentationIdentifier, each.RepresentationType) for each in shapes}) > 1:
            yield shape, "It maps shapes of different kinds.", "Give it items of one identifier and type."


def _walked(curve: ifcopenshell.entity_instance) -> list[tuple[float, ...]]:
    points = curve.Points.CoordList
    if not curve.Segments:
        return list(points)
    order = [each for part in curve.Segments for each in part[0]]
    kept = [each for at, each in enumerate(order) if at == 0 or each != order[at - 1]]
    return [points[each - 1] for each in kept if 0 < each <= len(points)]


def _off_line(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    """Return the distance of ``b`` from the line through ``a`` and ``c``."""
    along = [q - p for p, q in zip(a, c, strict=True)]
    to = [q - p for p, q in zip(a, b, strict=True)]
    square = sum(each * each for each in along)
    share = sum(p * q for p, q in zip(along, to, strict=True)) / square if square else 0.0
    return math.hypot(*(q - share * p for p, q in zip(along, to, strict=True)))


def _coordinates(line: ifcopenshell.entity_instance) -> list[tuple[float, ...]]:
    """Return the coordinates of an IfcPolyLoop's or IfcPolyline's points.

    A model has tens of thousands: by the number of an attribute they are read in half the time.
    """
    return [point.get_argument(0) for point in line.get_argument(0)]


def _coincide(points: list[tuple[float, ...]], precision: float) -> bool:
    pairs = combinations(points, 2) if len(points) <= _COMPARED_MAX else pairwise(points)
    return any(len(one) == len(other) and math.dist(one, other) < precision for one, other in pairs)


def _precision(model: ifcopenshell.file) -> float:
    said = [each.Precision for each in model.by_type("IfcGeometricRepresentationContext", include_subtypes=False)]
    return min((each for each in said if each), default=_PRECISION)


def _of(model: ifcopenshell.file, name: str) -> list[ifcopenshell.entity_instance]:
    try:
        return list(model.by_type(name))
    except RuntimeError:
        return []  # this version of IFC has no such class


def _representations(product: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
    return list(product.Representation.Representations) if product.Representation else []


def _identifiers(shapes: list[ifcopenshell.entity_instance]) -> list[Any]:
    return [each.RepresentationIdentifier for each in shapes]


def _has_body(product: ifcopenshell.entity_instance) -> bool:
    return "Body" in _identifiers(_representations(product))
