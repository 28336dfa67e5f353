"""What a model says of an object beside its shape: property sets, quantities, materials, classifications, in SI units.

Lengths, areas, volumes, times and masses are in m, m², m³, s and kg, flows in m³/s, densities in kg/m³, forces,
pressures, energies, powers, currents and voltages in N, Pa, J, W, A and V, plane angles in degrees, temperatures in
degrees Celsius, whatever the units of the project.
Source: ISO 16739-1:2024, IfcPropertyDefinition and IfcElementQuantity.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import ifcopenshell
from ifcopenshell.util.unit import calculate_unit_scale, get_unit_scale

from lifang.twin.reading.ifc.associated import classifications, documents, layers, materials
from lifang.twin.reading.ifc.attributes import plain_attributes
from lifang.twin.reading.ifc.connected import connected
from lifang.twin.reading.ifc.elements import said
from lifang.twin.reading.ifc.temperature import MEASURE, celsius, project_celsius

_UNITS = {
    "LENGTHUNIT": ("IfcLengthMeasure", "IfcPositiveLengthMeasure", "IfcNonNegativeLengthMeasure", "IfcQuantityLength"),
    "AREAUNIT": ("IfcAreaMeasure", "IfcQuantityArea"),
    "VOLUMEUNIT": ("IfcVolumeMeasure", "IfcQuantityVolume"),
    "PLANEANGLEUNIT": ("IfcPlaneAngleMeasure", "IfcPositivePlaneAngleMeasure"),
    "TIMEUNIT": ("IfcTimeMeasure", "IfcQuantityTime"),
    "MASSUNIT": ("IfcMassMeasure", "IfcQuantityWeight"),
    "FORCEUNIT": ("IfcForceMeasure",),
    "PRESSUREUNIT": ("IfcPressureMeasure",),
    "ENERGYUNIT": ("IfcEnergyMeasure",),
    "POWERUNIT": ("IfcPowerMeasure",),
    "ELECTRICCURRENTUNIT": ("IfcElectricCurrentMeasure",),
    "ELECTRICVOLTAGEUNIT": ("IfcElectricVoltageMeasure",),
    "VOLUMETRICFLOWRATEUNIT": ("IfcVolumetricFlowRateMeasure",),
    "MASSDENSITYUNIT": ("IfcMassDensityMeasure",),
}
_TOLD_IN = {"PLANEANGLEUNIT": 180 / math.pi, "MASSUNIT": 1e-3, "MASSDENSITYUNIT": 1e-3}  # IfcOpenShell's is the gram
_FACTOR = {measure: _TOLD_IN.get(unit, 1.0) for unit, measures in _UNITS.items() for measure in measures}
_OF_A_TYPE = ("Description", "Tag", "ApplicableOccurrence")  # say nothing of what is of that type
_ADDRESSES = ("BuildingAddress", "SiteAddress")
_DEPTH_MAX = 8
_TEXT_MAX = 2_000


class Properties:
    """The properties of a model's objects; sets that many objects share are read once."""

    def __init__(self, model: ifcopenshell.file) -> None:
        scales = {unit: _scale(model, unit) for unit in _UNITS}
        self._scales = {measure: scales[unit] for unit, measures in _UNITS.items() for measure in measures}
        self._celsius, self._connected = project_celsius(model), connected(model)
        self._read: dict[int, tuple[str, dict[str, Any]]] = {}
        self._sets: dict[int, list[ifcopenshell.entity_instance]] = defaultdict(list)
        self._types: dict[int, ifcopenshell.entity_instance] = {}
        self._groups: dict[int, list[ifcopenshell.entity_instance]] = defaultdict(list)
        for relation in model.by_type("IfcRelDefinesByProperties"):
            for each in relation.RelatedObjects:
                self._sets[each.id()] += _sets_of(relation.RelatingPropertyDefinition)
        for relation in model.by_type("IfcRelDefinesByType"):
            for each in relation.RelatedObjects:
                self._types[each.id()] = relation.RelatingType
        for relation in model.by_type("IfcRelAssignsToGroup"):
            for each in relation.RelatedObjects:
                self._groups[each.id()].append(relation.RelatingGroup)

    def groups(self, entity: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
        """Return the systems, zones and other groups that an object belongs to."""
        return self._groups[entity.id()]

    def of(self, entity: ifcopenshell.entity_instance) -> dict[str, Any]:
        """Return the properties of an object: its own, those of its type, its materials, groups and classifications."""
        told: dict[str, Any] = {"ifc_class": entity.is_a(), "guid": entity.GlobalId, **self._attributes(entity)}
        kind = self._types.get(entity.id())
        sets = [*((said(kind, "HasPropertySets") if kind is not None else None) or ()), *self._sets[entity.id()]]
        if kind is not None:
            more = {name: value for name, value in self._attributes(kind).items() if name not in _OF_A_TYPE}
            told = {**more, **told, "type": kind.Name}
        for each in sets:
            name, values = self._set(each)
            if values:
                told[name] = {**told[name], **values} if isinstance(told.get(name), dict) else values
        lists: tuple[tuple[str, list[Any]], ...] = (
            *materials(entity, self._scales["IfcLengthMeasure"]).items(),
            ("groups", [each.Name or each.GlobalId for each in self.groups(entity)]),
            ("classifications", classifications(entity, kind)),
            ("documents", documents(entity, kind)),
            ("layers", layers(entity)),
            ("connected_to", self._connected.get(entity.id(), [])),
            ("address", [self._attributes(each) for name in _ADDRESSES if (each := said(entity, name)) is not None]),
        )
        told |= {name: values for name, values in lists if values}
        return told

    def _attributes(self, entity: ifcopenshell.entity_instance) -> dict[str, Any]:
        """Return the plain attributes of an entity, in SI units."""
        return {name: self._scaled(value, measure, None) for name, value, measure in plain_attributes(entity)}

    def _set(self, entity: ifcopenshell.entity_instance) -> tuple[str, dict[str, Any]]:
        if entity.id() not in self._read:
            parts = said(entity, "HasProperties") or said(entity, "Quantities") or ()
            values = {each[0]: self._value(each) for each in parts} or self._attributes(entity)
            kept = {name: value for name, value in values.items() if value not in (None, "", [], {})}
            self._read[entity.id()] = str(entity.Name or entity.is_a()), kept
        return self._read[entity.id()]

    def _value(self, entity: ifcopenshell.entity_instance, depth: int = 0) -> Any:
        read = _READERS.get(entity.is_a())
        if read is not None:
            return read(self, entity)
        if entity.is_a("IfcPhysicalSimpleQuantity"):
            return self._scaled(entity[3], entity.is_a(), entity.Unit)
        if depth < _DEPTH_MAX and entity.is_a() in ("IfcComplexProperty", "IfcPhysicalComplexQuantity"):
            parts = said(entity, "HasProperties") or said(entity, "HasQuantities") or ()
            return {each.Name: self._value(each, depth + 1) for each in parts}
        if entity.is_a("IfcPropertyReferenceValue") and entity.PropertyReference is not None:
            return {"Name": said(entity.PropertyReference, "Name"), **self._attributes(entity.PropertyReference)}
        return None

    def measured(self, value: Any, unit: ifcopenshell.entity_instance | None) -> Any:
        """Return the plain value of a measure in SI units."""
        return None if value is None else self._scaled(value[0], value.is_a(), unit)

    def _scaled(self, value: Any, measure: str, unit: ifcopenshell.entity_instance | None) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, int | float):
            if measure in self._scales:
                return value * (get_unit_scale(unit) * _FACTOR[measure] if unit else self._scales[measure])
            if measure == MEASURE and (in_celsius := celsius(unit) if unit else self._celsius):
                return in_celsius(value)
        return value[:_TEXT_MAX] if isinstance(value, str) else value


def _scale(model: ifcopenshell.file, unit: str) -> float:
    """Return what a value in a project's unit is multiplied by; of masses only if it has one, which is SI's if not."""
    (project, *_) = model.by_type("IfcProject")
    told = project.UnitsInContext.Units if project.UnitsInContext else ()
    if unit.startswith("MASS") and not any(said(each, "UnitType") == unit for each in told):
        return 1.0
    return float(calculate_unit_scale(model, unit)) * _TOLD_IN.get(unit, 1.0)


def _listed(found: Properties, values: Any, unit: Any) -> list[Any]:
    return [found.measured(each, unit) for each in values or ()]


def _set_point(found: Properties, each: ifcopenshell.entity_instance) -> dict[str, Any]:
    value = said(each, "SetPointValue")
    return {} if value is None else {"set_point": found.measured(value, each.Unit)}


_Reader = Callable[[Properties, ifcopenshell.entity_instance], Any]
_READERS: Mapping[str, _Reader] = {
    "IfcPropertySingleValue": lambda found, each: found.measured(each[2], each[3]),  # by number it takes half as long
    "IfcPropertyEnumeratedValue": lambda found, each: _listed(found, each.EnumerationValues, None),
    "IfcPropertyListValue": lambda found, each: _listed(found, each.ListValues, each.Unit),
    "IfcPropertyBoundedValue": lambda found, each: {
        "lower": found.measured(each.LowerBoundValue, each.Unit),
        "upper": found.measured(each.UpperBoundValue, each.Unit),
        **_set_point(found, each),
    },
    "IfcPropertyTableValue": lambda found, each: {
        "defining": _listed(found, each.DefiningValues, each.DefiningUnit),
        "defined": _listed(found, each.DefinedValues, each.DefinedUnit),
    },
}


def _sets_of(definition: Any) -> list[ifcopenshell.entity_instance]:
    """Return the sets of a relation: one, or several in IfcPropertySetDefinitionSet."""
    if definition.is_a("IfcPropertySetDefinitionSet"):
        return list(definition.wrappedValue)
    return [definition] if definition.is_a("IfcPropertySetDefinition") else []
