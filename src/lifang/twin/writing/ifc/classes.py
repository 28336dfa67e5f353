"""Which class of which version of IFC an object is written as, and which of its attributes can be set.

Source: ISO 16739-1:2018 (IFC 4) and ISO 16739-1:2024 (IFC 4.3), for roads, railways and bridges.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

import ifcopenshell

OTHER = "IfcBuildingElementProxy"
_GRID = "IfcGrid"  # is nothing without axes that have names, which are not kept: its curves are
Schema = Literal["IFC4", "IFC4X3"]
_SCHEMA: Schema = "IFC4"
_NEWER: Schema = "IFC4X3"
_ROOTS = ("IfcObject", "IfcContext")
_CLASSES = {  # of objects that did not come from an IFC; the first whose name begins so
    "BuildingPart": "IfcBuilding",
    "BuildingStorey": "IfcBuildingStorey",
    "BuildingRoom": "IfcSpace",
    "BuildingUnit": "IfcSpatialZone",
    "BuildingFurniture": "IfcFurnishingElement",
    "BuildingConstructiveElement": OTHER,
    "BuildingInstallation": OTHER,
    "Building": "IfcBuilding",
    "SolitaryVegetationObject": "IfcGeographicElement",
    "PlantCover": "IfcGeographicElement",
    "WaterBody": "IfcGeographicElement",
    "LandUse": "IfcGeographicElement",
    "TINRelief": "IfcGeographicElement",
    "Bridge": "IfcCivilElement",
    "Tunnel": "IfcCivilElement",
    "Road": "IfcCivilElement",
    "Railway": "IfcCivilElement",
    "CityObjectGroup": "IfcGroup",
}


def schema_for(told: Iterable[Any]) -> Schema:
    """Return the version of IFC in which objects are written whose classes are ``told``: 4.3 if one needs it."""
    names = {each for each in told if isinstance(each, str)}
    newer = any(not is_object(_SCHEMA, each) and is_object(_NEWER, each) for each in names)
    return _NEWER if newer else _SCHEMA


def class_for(schema: str, told: Any, own: str) -> str:
    """Return the class of an object that says it is ``told``, else that of its class ``own`` of CityJSON."""
    if isinstance(told, str):
        return told if is_object(schema, told) and told != _GRID else OTHER
    return next((ifc for name, ifc in _CLASSES.items() if own.startswith(name)), OTHER)


@lru_cache(maxsize=1024)
def is_object(schema: str, name: str) -> bool:
    """Return whether a version of IFC has objects of a class; not of an abstract one."""
    try:
        declared = ifcopenshell.schema_by_name(schema).declaration_by_name(name).as_entity()
    except RuntimeError:
        return False
    if declared is None or declared.is_abstract():
        return False
    while declared is not None and declared.name() not in _ROOTS:
        declared = declared.supertype()
    return declared is not None


def set_attributes(entity: Any, told: dict[str, Any]) -> set[str]:
    """Set what is told of an entity where it is an attribute that has no value yet; return the names that were set."""
    done = set()
    for at, each in enumerate(_attributes(entity.is_a(True))):
        value = told.get(each)
        if value is None or isinstance(value, dict) or entity[at] is not None:
            continue
        try:
            entity[at] = value
        except (RuntimeError, TypeError, ValueError):  # a word that this version of the list does not know, or no word
            continue
        done.add(each)
    return done


@lru_cache(maxsize=1024)
def _attributes(name: str) -> tuple[str, ...]:
    schema, _, kind = name.partition(".")
    declared = ifcopenshell.schema_by_name(schema).declaration_by_name(kind).as_entity()
    return tuple(each.name() for each in declared.all_attributes()) if declared is not None else ()
