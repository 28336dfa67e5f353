"""Rules on the spatial tree: what is part of what, and what may have a shape of its own.

Source: buildingSMART/ifc-gherkin-rules, families SPS001 to SPS008, whose numbers the rules bear.
"""

from __future__ import annotations

from collections.abc import Iterator

import ifcopenshell

from lifang.twin.reading.ifc.elements import said
from lifang.twin.reading.ifc.rules_geometry import Breach, allowed

_MEND = "Correct the spatial tree and export the model again."
_RELATIONS = ("Nests", "Decomposes", "ContainedInStructure", "AdheresToElement", "VoidsElements")
_BARE = {
    "IFC2X3": ("IfcBuildingStorey",),
    "IFC4": ("IfcBuildingStorey", "IfcSite"),
    "IFC4X3": ("IfcBuildingStorey", "IfcSite", "IfcBridge", "IfcMarineFacility", "IfcRailway", "IfcRoad"),
}
_HELD = ("IfcElement", "IfcGrid", "IfcAnnotation")  # what a spatial structure may hold


def sites(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS001: a coordination view in IFC 2x3 has at most one site, and buildings, which stand on it."""
    view = " ".join(model.header.file_description.description)
    if model.schema != "IFC2X3" or "CoordinationView_V2.0" not in view:
        return
    found, buildings = model.by_type("IfcSite"), model.by_type("IfcBuilding")
    for each in found[1:]:
        yield each, "It is a second site.", _MEND
    for project in model.by_type("IfcProject"):
        if not buildings:
            yield project, "It has no building.", _MEND
    roots = found or model.by_type("IfcProject")
    for each in buildings:
        if not any(root in _line(each) for root in roots):
            yield each, f"It is not part of the {roots[0].is_a() if roots else 'project'}.", _MEND


def composition(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS002: what a spatial element is part of is what the composition table names."""
    if model.schema == "IFC2X3":
        return
    table = allowed("composition")
    pairs = {(part, whole) for part in model.by_type("IfcSpatialElement") for whole in _wholes(part)}
    for project in model.by_type("IfcProject"):
        pairs |= {(part, project) for relation in project.IsDecomposedBy for part in relation.RelatedObjects}
    for part, whole in sorted(pairs, key=lambda pair: pair[0].id()):
        known = table.get(part.is_a()) or next((table[name] for name in table if part.is_a(name)), ())
        if not any(whole.is_a(name) for name in known):
            yield part, f"It is part of {whole.is_a()}.", _MEND


def assemblies(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS003: an element that is part of another is not contained in a storey besides."""
    for each in model.by_type("IfcElement"):
        if each.Decomposes and each.ContainedInStructure:
            yield each, "It is part of an element and contained in a space besides.", _MEND


def positions(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS004: what is positioned along an alignment is not contained in a space."""
    for each in model.by_type("IfcProduct"):
        if said(each, "PositionedRelativeTo") and said(each, "ContainedInStructure"):
            yield each, "It is positioned along a line and contained in a space besides.", _MEND


def relations(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS005: an element is a part in one way only, and in one."""
    for each in model.by_type("IfcElement"):
        ways = [name for name in _RELATIONS if said(each, name)]
        if len(ways) != 1:
            yield each, f"It is part of the model in {len(ways)} ways: {', '.join(ways) or 'none'}.", _MEND


def references(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS006: an element that is positioned along an alignment is referenced in a space."""
    for each in model.by_type("IfcElement"):
        if said(each, "PositionedRelativeTo") and not each.ReferencedInStructures:
            yield each, "It is positioned along a line and referenced in no space.", _MEND


def containment(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS007: elements, grids and annotations are contained in a space; nothing else is."""
    for each in model.by_type("IfcProduct"):
        contained = said(each, "ContainedInStructure")
        if contained and not any(each.is_a(name) for name in _HELD):
            yield each, "It is no element and contained in a space.", _MEND
        elif not contained and _must_be_contained(each):
            yield each, "It is contained in no space.", _MEND
        elif contained and any(whole.is_a("IfcElement") for whole in _wholes(each)):
            yield each, "It is part of an element and contained in a space besides.", _MEND


def shapes(model: ifcopenshell.file) -> Iterator[Breach]:
    """SPS008: storeys, sites and facilities have no shape of their own."""
    for each in (each for name in _BARE[model.schema] for each in model.by_type(name)):
        if each.Representation:
            yield each, "It has a shape of its own.", "Give the shape to an element in it."


def _must_be_contained(each: ifcopenshell.entity_instance) -> bool:
    if each.is_a("IfcElement"):
        return not each.is_a("IfcFeatureElement") and not each.Decomposes
    if each.is_a("IfcAnnotation"):
        return not any(relation.RelatingObject.is_a("IfcAnnotation") for relation in said(each, "Nests") or ())
    return bool(each.is_a("IfcGrid"))


def _line(entity: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
    """Return what an object is part of, and so on up."""
    found: list[ifcopenshell.entity_instance] = []
    above = _wholes(entity)
    while above and above[0] not in found:
        found.append(above[0])
        above = _wholes(above[0])
    return found


def _wholes(entity: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
    return [relation.RelatingObject for relation in said(entity, "Decomposes") or ()]
