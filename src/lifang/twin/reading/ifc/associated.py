"""What is associated with an object or its type: materials, classifications, documents, and layers of its drawing.

Source: ISO 16739-1:2024, IfcRelAssociates, IfcMaterialLayerSet, IfcPresentationLayerAssignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ifcopenshell
from ifcopenshell.util.element import get_material, get_materials

from lifang.twin.reading.ifc.attributes import plain_attributes
from lifang.twin.reading.ifc.elements import said

Entity = ifcopenshell.entity_instance
_UP_MAX = 16
_NEWER = {"ItemReference": "Identification", "DocumentId": "Identification"}  # those of IFC 2x3


def materials(entity: Entity, unit_m: float) -> dict[str, list[Any]]:
    """Return the names of what an object is made of, and what of it has which.

    These are layers with their thickness in metres, profiles with their names, or constituents with their shares. A
    layer of air has no material.
    """
    names = [each.Name for each in get_materials(entity) if each is not None]
    found: dict[str, list[Any]] = {"materials": [each for each in names if each]}
    whole = get_material(entity, should_skip_usage=True)
    if whole is not None and whole.is_a("IfcMaterialLayerSet"):
        found["material_layers"] = [
            _part(each) | {"thickness_m": each.LayerThickness * unit_m} for each in whole.MaterialLayers
        ]
    elif whole is not None and whole.is_a("IfcMaterialProfileSet"):
        found["material_profiles"] = [
            _part(each) | _given({"profile": each.Profile and each.Profile.ProfileName, "category": each.Category})
            for each in whole.MaterialProfiles
        ]
    elif whole is not None and whole.is_a("IfcMaterialConstituentSet"):
        found["material_constituents"] = [
            _part(each) | _given({"fraction": each.Fraction, "category": each.Category})
            for each in whole.MaterialConstituents or ()
        ]
    return found


def _part(part: Entity) -> dict[str, Any]:
    return _given({"name": said(part, "Name"), "material": part.Material and part.Material.Name})


def _given(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "")}


def classifications(entity: Entity, kind: Entity | None) -> list[dict[str, Any]]:
    """Return system, code and name of each class that an object, or its type, is given."""
    found = []
    for told in _associated(entity, kind, "RelatingClassification"):
        if told.is_a("IfcClassification"):
            found.append({"system": told.Name, "code": None, "name": None})
        elif told.is_a("IfcClassificationReference"):
            code = said(told, "Identification") or said(told, "ItemReference")
            found.append({"system": _system(told), "code": code, "name": told.Name})
    return [each for at, each in enumerate(found) if each not in found[:at]]


def _system(reference: Entity) -> str | None:
    """Return the name of the system that a class is of, above the classes that it is a part of."""
    above = reference.ReferencedSource
    for _ in range(_UP_MAX):
        if above is None or not above.is_a("IfcClassificationReference"):
            break
        above = above.ReferencedSource
    return None if above is None else above.Name


def documents(entity: Entity, kind: Entity | None) -> list[dict[str, Any]]:
    """Return what is told of each document that goes with an object or its type: its name, its place, its number.

    The names are those of IFC 4.
    """
    found = []
    for told in _associated(entity, kind, "RelatingDocument"):
        values = {_NEWER.get(name, name): value for name, value, _ in plain_attributes(told)}
        found.append(({"Name": told.Name} if told.Name else {}) | values)
    return found


def layers(entity: Entity) -> list[str]:
    """Return the names of the layers (IfcPresentationLayerAssignment) that an object is drawn on."""
    shape = said(entity, "Representation")
    drawn = [each for shown in (shape.Representations if shape is not None else ()) for each in (shown, *shown.Items)]
    named = [layer.Name for each in drawn for layer in _assigned(each)]
    return list(dict.fromkeys(named))


def _assigned(shown: Entity) -> tuple[Entity, ...]:
    found = said(shown, "LayerAssignments") or said(shown, "LayerAssignment") or ()
    return found if isinstance(found, tuple) else (found,)


def _associated(entity: Entity, kind: Entity | None, role: str) -> Iterator[Entity]:
    for each in (entity, *(() if kind is None else (kind,))):
        for relation in said(each, "HasAssociations") or ():
            told = said(relation, role)
            if told is not None:
                yield told
