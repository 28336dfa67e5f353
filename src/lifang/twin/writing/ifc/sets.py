"""What objects say of themselves as property sets, materials, classifications, types and groups of IFC 4.

What many objects say alike is written once. Source: ISO 16739-1:2018, IfcPropertySet, IfcRelAssociates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import ifcopenshell
import orjson

_ATTRIBUTES = ("ifc_class", "guid", "Tag", "Description", "ObjectType", "LongName", "PredefinedType", "Elevation")
_LISTS = ("type", "materials", "groups", "classifications")
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
        own = {name: value for name, value in properties.items() if name not in (*_ATTRIBUTES, *_LISTS)}
        sets = {name: value for name, value in own.items() if isinstance(value, dict)}
        plain = {name: value for name, value in own.items() if name not in sets}
        for name, values in {**({_OWN: plain} if plain else {}), **sets}.items():
            self._holders[f"set {name}", orjson.dumps(values)].append(entity)
        for kind in _LISTS:
            value = properties.get(kind)
            for each in (value if isinstance(value, list) and kind != "materials" else [value]) if value else ():
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
