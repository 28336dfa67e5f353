"""What objects say of themselves as property sets, materials, classifications, types and groups of IFC 4.

What many objects say alike is written once. Source: ISO 16739-1:2018, IfcPropertySet, IfcRelAssociates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import ifcopenshell
import orjson

from lifang.twin.writing.ifc.classes import set_attributes

_OWN = "Attributes"  # the set of what stands in none


class Sets:
    """Gathers what objects say, and writes it as relations at the end; ``new_id`` gives GlobalIds."""

    def __init__(self, model: ifcopenshell.file, new_id: Callable[[str], str]) -> None:
        self._model, self._new_id = model, new_id
        self._holders: dict[tuple[str, bytes], list[Any]] = defaultdict(list)
        self.groups: dict[str, Any] = {}
        self._relations = 0

    def take(self, entity: Any, properties: Mapping[str, Any]) -> None:
        """Take in what an object says."""
        own = dict(properties)
        related = {name: own.pop(name) for name, fits in _RELATED.items() if own.get(name) and fits(own[name])}
        if related.keys() & _MATERIAL_SETS:
            related.pop("materials", None)  # their names are those of the set's materials
        sets = {name: value for name, value in own.items() if isinstance(value, dict)}
        plain = {name: value for name, value in own.items() if name not in sets}
        for name, values in {**({_OWN: plain} if plain else {}), **sets}.items():
            self._holders[f"set {name}", orjson.dumps(values)].append(entity)
        for kind, value in related.items():
            for each in value if kind in _EACH else [value]:
                self._holders[kind, orjson.dumps(each)].append(entity)

    def write(self) -> None:
        """Write every relation."""
        for (what, content), holders in self._holders.items():
            kind, _, name = what.partition(" ")
            getattr(self, f"_{kind}")(holders, orjson.loads(content), name)

    def _related(self, relation: str, holders: list[Any], **to: Any) -> None:
        self._relations += 1
        own = self._new_id(f"relation {self._relations}")
        self._model.create_entity(relation, GlobalId=own, RelatedObjects=holders, **to)

    def _set(self, holders: list[Any], values: Mapping[str, Any], name: str) -> None:
        told = [found for each, value in values.items() if (found := self._property(each, value)) is not None]
        if told:
            own = self._new_id(f"set {name} {orjson.dumps(values).decode()}")
            made = self._model.create_entity("IfcPropertySet", GlobalId=own, Name=name, HasProperties=told)
            self._related("IfcRelDefinesByProperties", holders, RelatingPropertyDefinition=made)

    def _property(self, name: str, value: Any) -> Any:
        make = self._model.create_entity
        if isinstance(value, dict):
            parts = [found for each, part in value.items() if (found := self._property(each, part)) is not None]
            return make("IfcComplexProperty", Name=name, UsageName=name, HasProperties=parts) if parts else None
        if isinstance(value, list):
            values = [self._measure(each) for each in value if each is not None]
            return make("IfcPropertyListValue", Name=name, ListValues=values) if values else None
        return None if value is None else make("IfcPropertySingleValue", Name=name, NominalValue=self._measure(value))

    def _measure(self, value: Any) -> Any:
        if isinstance(value, bool):
            return self._model.create_entity("IfcBoolean", value)
        if isinstance(value, int) and abs(value) < 1 << 31:
            return self._model.create_entity("IfcInteger", value)
        if isinstance(value, int | float):
            return self._model.create_entity("IfcReal", float(value))
        return self._model.create_entity("IfcText", value if isinstance(value, str) else orjson.dumps(value).decode())

    def _type(self, holders: list[Any], name: str, _: str) -> None:
        made = self._model.create_entity("IfcTypeProduct", GlobalId=self._new_id(f"type {name}"), Name=name)
        self._related("IfcRelDefinesByType", holders, RelatingType=made)

    def _materials(self, holders: list[Any], names: list[str], _: str) -> None:
        made = [self._model.create_entity("IfcMaterial", each) for each in names]
        whole = made[0] if len(made) == 1 else self._model.create_entity("IfcMaterialList", made)
        self._related("IfcRelAssociatesMaterial", holders, RelatingMaterial=whole)

    def _material_layers(self, holders: list[Any], told: list[Mapping[str, Any]], _: str) -> None:
        made = [self._layer(each) for each in told]
        whole = self._model.create_entity("IfcMaterialLayerSet", made)
        self._related("IfcRelAssociatesMaterial", holders, RelatingMaterial=whole)

    def _layer(self, told: Mapping[str, Any]) -> Any:
        words = {"Name": told["name"]} if told.get("name") else {}
        words |= {"Material": self._material(told), "LayerThickness": float(told["thickness_m"])}
        return self._model.create_entity("IfcMaterialLayer", **words)

    def _material_profiles(self, holders: list[Any], told: list[Mapping[str, Any]], _: str) -> None:
        make = self._model.create_entity
        made = [
            make("IfcMaterialProfile", each.get("name"), None, self._material(each),
                 make("IfcProfileDef", "AREA", each.get("profile")), None, each.get("category"))
            for each in told
        ]  # fmt: skip
        whole = make("IfcMaterialProfileSet", MaterialProfiles=made)
        self._related("IfcRelAssociatesMaterial", holders, RelatingMaterial=whole)

    def _material_constituents(self, holders: list[Any], told: list[Mapping[str, Any]], _: str) -> None:
        make = self._model.create_entity
        made = [
            make("IfcMaterialConstituent", each.get("name"), None, self._material(each), each.get("fraction"),
                 each.get("category"))
            for each in told
        ]  # fmt: skip
        whole = make("IfcMaterialConstituentSet", MaterialConstituents=made)
        self._related("IfcRelAssociatesMaterial", holders, RelatingMaterial=whole)

    def _material(self, told: Mapping[str, Any]) -> Any:
        return self._model.create_entity("IfcMaterial", told["material"]) if told.get("material") else None

    def _documents(self, holders: list[Any], told: dict[str, Any], _: str) -> None:
        whole = told.get("Identification") and told.get("Name") and not told.keys() <= _OF_A_REFERENCE
        made = self._model.create_entity("IfcDocumentInformation" if whole else "IfcDocumentReference")
        set_attributes(made, dict(told))
        self._related("IfcRelAssociatesDocument", holders, RelatingDocument=made)

    def _layers(self, holders: list[Any], name: str, _: str) -> None:
        shapes = [each.Representation for each in holders if getattr(each, "Representation", None) is not None]
        items = [shown for each in shapes for shown in each.Representations]
        if items:
            self._model.create_entity("IfcPresentationLayerAssignment", Name=name, AssignedItems=items)

    def _groups(self, holders: list[Any], name: str, _: str) -> None:
        if name not in self.groups:
            own = self._new_id(f"group {name}")
            self.groups[name] = self._model.create_entity("IfcGroup", GlobalId=own, Name=name)
        self._related("IfcRelAssignsToGroup", holders, RelatingGroup=self.groups[name])

    def _classifications(self, holders: list[Any], told: Mapping[str, Any], _: str) -> None:
        make = self._model.create_entity
        system = make("IfcClassification", Name=told["system"]) if told.get("system") else None
        made = make(
            "IfcClassificationReference",
            Identification=told.get("code"),
            Name=told.get("name"),
            ReferencedSource=system,
        )
        self._related("IfcRelAssociatesClassification", holders, RelatingClassification=made)


def stands_in_no_set(told: Mapping[str, Any]) -> bool:
    """Return whether something is told that has neither a relation nor a set of its own in IFC."""
    return any(not isinstance(value, dict) for name, value in told.items() if name not in _RELATED)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _layered(value: Any) -> bool:
    return _mappings(value) and all(isinstance(each.get("thickness_m"), int | float) for each in value)


def _profiled(value: Any) -> bool:
    return _mappings(value) and all(isinstance(each.get(name) or "", str) for each in value for name in _OF_A_PROFILE)


def _constituted(value: Any) -> bool:
    return _profiled(value) and all(
        each.get("material") and isinstance(each.get("fraction") or 0.0, int | float) for each in value
    )


_OF_A_PROFILE = ("name", "material", "profile", "category")
_OF_A_REFERENCE = {"Identification", "Name", "Description", "Location"}
_MATERIAL_SETS = {"material_layers", "material_profiles", "material_constituents"}
# What IFC has relations for, and whether a value fits: it may be anything in other models. Those of _EACH are several.
_RELATED: Mapping[str, Callable[[Any], bool]] = {
    "type": lambda value: isinstance(value, str),
    "materials": _texts,
    "material_layers": _layered,
    "material_profiles": _profiled,
    "material_constituents": _constituted,
    "groups": _texts,
    "classifications": _mappings,
    "documents": _mappings,
    "layers": _texts,
}
_EACH = ("groups", "classifications", "documents", "layers")
