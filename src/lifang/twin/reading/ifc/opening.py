"""IFC files as models of one project each."""

from __future__ import annotations

from pathlib import Path

import ifcopenshell
from ifcopenshell.util.element import replace_element

from lifang.core import BadInput

_END, _TAIL = b"END-ISO-10303-21", 1_024
_SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3")


def opened(path: Path) -> tuple[ifcopenshell.file, int]:
    """Return the model at ``path`` and how many projects it has, of which the first stands for all others.

    ``BadInput`` if it is no whole IFC of a version that is read, or if the units of its projects differ.
    """
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        if _END not in stream.read():
            raise BadInput("The model ends too early: END-ISO-10303-21 is lacking.", mend="Send it again.")
    try:
        model = ifcopenshell.open(path)
    except (ifcopenshell.Error, RuntimeError, OSError) as error:
        raise BadInput(f"The model cannot be read: {str(error)[:300]}", mend="Export it again as IFC 4.") from None
    if not isinstance(model, ifcopenshell.file) or model.schema not in _SCHEMAS:
        raise BadInput(f"It is no IFC of {', '.join(_SCHEMAS)}.", where="FILE_SCHEMA", mend="Export it as IFC 4.")
    return model, _united(model)


def _united(model: ifcopenshell.file) -> int:
    projects = model.by_type("IfcProject")
    if not projects:
        raise BadInput("A model has one IfcProject.", where="IfcProject", mend="Export the whole project.")
    first, *others = sorted(projects, key=lambda each: (each.UnitsInContext is None, each.id()))
    if {each.UnitsInContext for each in others} - {None, first.UnitsInContext}:
        what = f"A model has one IfcProject, this one has {len(projects)}, and their units differ."
        raise BadInput(what, where="IfcProject", mend="Export each project by itself.")
    for each in others:  # the kernel takes metres for the unit of a model of several
        replace_element(each, first)
        model.remove(each)
    return len(projects)
