"""What the surfaces of a CityJSON geometry are: roofs, walls, doors (CityJSON 2.0, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifang.twin.nesting import flat


def semantics_of(geometry: Mapping[str, Any], surfaces: int) -> Mapping[str, Any] | None:
    """Return what a geometry of so many ``surfaces`` says that they are; ``None`` if it says nothing.

    ``ValueError`` if it names what there is not, or not one for each surface.
    """
    told = geometry.get("semantics")
    if not told:
        return None
    kinds, values = told["surfaces"], list(flat(told["values"]))
    named = [each for each in values if each is not None]
    if not all(isinstance(each["type"], str) for each in kinds):
        raise ValueError("A surface has no type.")
    if any(type(each) is not int or not 0 <= each < len(kinds) for each in named):
        raise ValueError("It names a kind of surface that there is not.")
    if len(values) > surfaces or (len(named) == len(values) and len(values) < surfaces):
        raise ValueError("It does not name one for each surface.")
    return dict(told)
