"""The objects of a model: which there are, what class each has, what it is part of.

Classes are those of CityJSON 2.0 (OGC 20-072r5), chapter 3; how IFC's map to them follows CityGML 3.0 (OGC 20-010),
7.9 and 7.17: rooms, storeys, installations, constructive elements and furniture of a building, bridge or tunnel.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

import ifcopenshell

from lifang.twin.reading.ifc.items import is_surveyed

LEFT_OUT = ("IfcFeatureElement", "IfcVirtualElement", "IfcPort", "IfcStructuralItem")
_PROJECT_LEVEL, _FUNCTION_LEVEL, _PART_LEVEL, _DETAIL_LEVEL = 4, 5, 6, 7  # fine, function, part, detail
# IFC class, ours (with the module's name before it where it starts with "-") and the CIM level.
_KINDS = (
    ("IfcProject", "CityObjectGroup", _PROJECT_LEVEL),
    ("IfcSite", "LandUse", _PROJECT_LEVEL),
    ("IfcBridgePart", "BridgePart", _PROJECT_LEVEL),
    ("IfcBridge", "Bridge", _PROJECT_LEVEL),
    ("IfcRailway", "Railway", _PROJECT_LEVEL),
    ("IfcRoad", "Road", _PROJECT_LEVEL),
    ("IfcBuildingStorey", "BuildingStorey", _FUNCTION_LEVEL),
    ("IfcBuilding", "Building", _PROJECT_LEVEL),
    ("IfcSpace", "-Room", _FUNCTION_LEVEL),
    ("IfcSpatialZone", "BuildingUnit", _FUNCTION_LEVEL),
    ("IfcZone", "BuildingUnit", _FUNCTION_LEVEL),
    ("IfcSystem", "CityObjectGroup", _FUNCTION_LEVEL),
    ("IfcSpatialElement", "OtherConstruction", _PROJECT_LEVEL),
    ("IfcElementComponent", "-ConstructiveElement", _DETAIL_LEVEL),
    ("IfcFurnishingElement", "-Furniture", _PART_LEVEL),
    ("IfcDistributionElement", "-Installation", _PART_LEVEL),
    ("IfcTransportElement", "-Installation", _PART_LEVEL),
    ("IfcStair", "-Installation", _PART_LEVEL),
    ("IfcStairFlight", "-Installation", _PART_LEVEL),
    ("IfcRamp", "-Installation", _PART_LEVEL),
    ("IfcRampFlight", "-Installation", _PART_LEVEL),
    ("IfcRailing", "-Installation", _PART_LEVEL),
    ("IfcChimney", "-Installation", _PART_LEVEL),
    ("IfcBuildingElementProxy", "-Installation", _PART_LEVEL),
    ("IfcGeographicElement", "GenericCityObject", _PART_LEVEL),
    ("IfcElement", "-ConstructiveElement", _PART_LEVEL),
    ("IfcProxy", "-Installation", _PART_LEVEL),
    ("IfcAlignment", "GenericCityObject", _PROJECT_LEVEL),
)
_MODULES = (("IfcBridge", "Bridge"), ("IfcBuilding", "Building"))
_WITHIN = ("IfcFeatureElement", "IfcLinearElement")
_WAYS = ("Railway", "Road")
_OUTSIDE = {"-Furniture": "CityFurniture"}  # of what stands in no building


@lru_cache(maxsize=1024)
def _kind(schema: str, name: str) -> tuple[str, int]:
    declared = ifcopenshell.schema_by_name(schema).declaration_by_name(name).as_entity()
    above = set()
    while declared is not None:
        above.add(declared.name())
        declared = declared.supertype()
    return next(((ours, level) for ifc, ours, level in _KINDS if ifc in above), ("GenericCityObject", _PART_LEVEL))


@lru_cache(maxsize=4096)
def _attributes(name: str) -> frozenset[str]:
    schema, _, kind = name.partition(".")
    declared = ifcopenshell.schema_by_name(schema).declaration_by_name(kind).as_entity()
    if declared is None:
        return frozenset()
    listed: tuple[Any, ...] = (*declared.all_attributes(), *declared.all_inverse_attributes())
    return frozenset(each.name() for each in listed)


def said(entity: ifcopenshell.entity_instance, name: str) -> Any:
    """Return an attribute of an object, ``None`` if its class has none of this name.

    IfcOpenShell looks long for what is not there.
    """
    return getattr(entity, name) if name in _attributes(entity.is_a(True)) else None


class Tree:
    """The objects of a model and what each is part of."""

    def __init__(self, model: ifcopenshell.file) -> None:
        self._model = model

    def objects(self) -> Iterator[ifcopenshell.entity_instance]:
        """Yield what becomes a city object: the project, its spaces and elements, systems and zones, what positions."""
        spatial = "IfcSpatialStructureElement" if self._model.schema == "IFC2X3" else "IfcSpatialElement"
        proxy = () if self._model.schema == "IFC4X3" else ("IfcProxy",)
        for name in ("IfcProject", spatial, "IfcElement", *proxy, "IfcSystem", "IfcZone"):
            for each in self._model.by_type(name):
                zone_again = name == "IfcZone" and each.is_a("IfcSystem")
                if not zone_again and not any(each.is_a(out) for out in LEFT_OUT if out != "IfcStructuralItem"):
                    yield each
        newer = ("IfcAlignment", "IfcReferent") if self._model.schema == "IFC4X3" else ()
        for name in (*newer, "IfcGrid"):
            yield from self._model.by_type(name)
        yield from (each for each in self._model.by_type("IfcAnnotation") if is_surveyed(each))

    def left_out(self) -> Iterator[ifcopenshell.entity_instance]:
        """Yield what has a shape and becomes no city object.

        Openings are in the shape of what they are cut into, layouts and segments in that of their alignment.
        """
        kept = {each.id() for each in self.objects()}
        for each in self._model.by_type("IfcProduct"):
            if each.id() not in kept and each.Representation is not None and not any(map(each.is_a, _WITHIN)):
                yield each

    def unused(self) -> Iterator[ifcopenshell.entity_instance]:
        """Yield the types that have a shape and no object: a library of products holds nothing else."""
        for each in self._model.by_type("IfcTypeProduct"):
            if each.RepresentationMaps and not (said(each, "Types") or said(each, "ObjectTypeOf")):
                yield each

    def above(self, entity: ifcopenshell.entity_instance) -> ifcopenshell.entity_instance | None:
        """Return what an object is part of: its whole, or the storey or space that contains it."""
        for inverse, owner in (
            ("Decomposes", "RelatingObject"),
            ("Nests", "RelatingObject"),
            ("ContainedInStructure", "RelatingStructure"),
        ):
            for relation in said(entity, inverse) or ():
                found: ifcopenshell.entity_instance | None = getattr(relation, owner)
                if found is not None and found.is_a("IfcObjectDefinition"):
                    return found
        if entity.id() in self._proxies:
            return self._proxies[entity.id()]
        if entity.is_a("IfcGroup"):
            return next(iter(self._model.by_type("IfcProject")), None)
        return None

    @cached_property
    def _proxies(self) -> dict[int, ifcopenshell.entity_instance]:
        """The storey or space of each proxy: unlike elements, proxies do not know the relation that contains them."""
        return {
            each.id(): relation.RelatingStructure
            for relation in self._model.by_type("IfcRelContainedInSpatialStructure")
            for each in relation.RelatedElements
            if each.is_a("IfcProxy")
        }

    def members(self, group: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
        """Return the objects of a system or zone."""
        return [each for relation in said(group, "IsGroupedBy") or () for each in relation.RelatedObjects]

    def kind(self, entity: ifcopenshell.entity_instance) -> tuple[str, int]:
        """Return the CityJSON class and the CIM level of an object."""
        ours, level = _kind(self._model.schema_identifier, entity.is_a())
        if entity.is_a("IfcAlignment"):
            return self._way(entity), level
        if not ours.startswith("-"):
            return ours, level
        module = self._module(entity)
        return (f"{module}{ours[1:]}" if module else _OUTSIDE.get(ours, "OtherConstruction")), level

    def _way(self, alignment: ifcopenshell.entity_instance) -> str:
        """Return the class of what an alignment is the axis of: a railway if it has cant, or what it is related to."""
        parts = [part for relation in said(alignment, "IsNestedBy") or () for part in relation.RelatedObjects]
        if any(part.is_a("IfcAlignmentCant") for part in parts):
            return "Railway"
        related = [relation.RelatingStructure for relation in said(alignment, "ReferencedInStructures") or ()]
        for each in (*related, *self.line(alignment)):
            found, _ = _kind(self._model.schema_identifier, each.is_a())
            if found in _WAYS:
                return found
            if each.is_a("IfcAlignment") and (found := self._way(each)) in _WAYS:
                return found
        return "GenericCityObject"

    def _module(self, entity: ifcopenshell.entity_instance) -> str:
        """Return whether an object is in a building or a bridge, or an empty text."""
        for each in self.line(entity):
            for ifc, module in _MODULES:
                if each.is_a(ifc):
                    return module
        return "Building" if entity.is_a("IfcSpace") else ""

    def line(self, entity: ifcopenshell.entity_instance) -> Iterator[ifcopenshell.entity_instance]:
        """Yield what an object is part of, and so on up; a circle ends where it began."""
        seen = {entity.id()}
        above = self.above(entity)
        while above is not None and above.id() not in seen:
            seen.add(above.id())
            yield above
            above = self.above(above)


def name_of(entity: ifcopenshell.entity_instance) -> str:
    """Return the number and the long name of an object, as far as it has them."""
    parts = [said(entity, each) for each in ("Name", "LongName")]
    return " ".join(dict.fromkeys(str(each) for each in parts if each))
