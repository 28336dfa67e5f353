"""Objects of other models that come back from an IFC that was written here: they are what they were, under their ids.

An export tells of each in a set ``CityObject``, and keeps in a set ``Attributes`` what IFC has no place for. So it does
with objects of an IFC whose class or attributes the version written does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SET, _REST = "CityObject", "Attributes"
_OF_IFC = ("ifc_class", "guid")


def own_ids(guids: Sequence[str], told: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return by its GlobalId the id of each object whose set names one, unless another object has it."""
    found: dict[str, str] = {}
    taken = set(guids)
    for guid, properties in zip(guids, told, strict=True):
        own = _said(properties, "id")
        if own and own not in taken:
            taken.add(own)
            found[guid] = own
    return found


def restored(kind: str, told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return class and properties of an object as they were before it was written as IFC."""
    own = _said(told, "class")
    if not own:
        return kind, told
    rest, of_ifc = told.get(_REST), _said(told, "ifc_class")
    left = {name: value for name, value in told.items() if name not in (_SET, _REST, *(() if of_ifc else _OF_IFC))}
    if guid := _said(told, "guid"):  # of no valid form, or another object's too
        left["guid"] = guid
    if of_ifc and left["ifc_class"] != of_ifc:  # it is written as another class, and of a type named by its own
        left["ifc_class"] = of_ifc
        if left.get("ObjectType") == of_ifc:
            del left["ObjectType"]
    return own, {**left, **(rest if isinstance(rest, dict) else {})}


def _said(told: Mapping[str, Any], name: str) -> str:
    own = told.get(_SET)
    value = own.get(name) if isinstance(own, dict) else None
    return value if isinstance(value, str) else ""
