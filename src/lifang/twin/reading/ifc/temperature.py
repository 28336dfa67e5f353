"""Temperatures of a model in degrees Celsius.

Source: ISO 16739-1:2024, IfcConversionBasedUnitWithOffset; degrees Fahrenheit stand there as 1.8 and -459.67, which are
what a temperature in kelvins is multiplied by and what is then added, other than the factors of other units are. Files
with the factor of the others (0.5556 and 255.37) are read as they are meant: no scale in use has degrees that are
larger than the kelvin.
"""

from __future__ import annotations

from collections.abc import Callable

import ifcopenshell
from ifcopenshell.util.unit import get_prefix_multiplier

from lifang.twin.reading.ifc.elements import said

MEASURE = "IfcThermodynamicTemperatureMeasure"
_UNIT = "THERMODYNAMICTEMPERATUREUNIT"
_ZERO = 273.15  # °C are kelvins less this

Celsius = Callable[[float], float]


def project_celsius(model: ifcopenshell.file) -> Celsius | None:
    """Return what makes degrees Celsius of a temperature in a project's unit; ``None`` if it tells none."""
    (project, *_) = model.by_type("IfcProject")
    told = project.UnitsInContext.Units if project.UnitsInContext else ()
    unit = next((each for each in told if said(each, "UnitType") == _UNIT), None)
    return None if unit is None else celsius(unit)


def celsius(unit: ifcopenshell.entity_instance) -> Celsius | None:
    """Return what makes degrees Celsius of a temperature in ``unit``; ``None`` if it is no unit of temperatures."""
    if unit.is_a("IfcSIUnit"):
        scale = get_prefix_multiplier(unit.Prefix)
        away = {"KELVIN": -_ZERO, "DEGREE_CELSIUS": 0.0}.get(unit.Name)
        return None if away is None else lambda value: value * scale + away
    if not unit.is_a("IfcConversionBasedUnit") or (base := celsius(unit.ConversionFactor.UnitComponent)) is None:
        return None
    factor, offset = unit.ConversionFactor.ValueComponent[0], said(unit, "ConversionOffset") or 0.0
    if factor > 1:
        return lambda value: base((value - offset) / factor)
    return lambda value: base(value * factor + offset)
