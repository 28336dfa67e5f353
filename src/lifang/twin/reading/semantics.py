"""What the surfaces of a CityJSON geometry are: roofs, walls, doors (CityJSON 2.0, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lifang.twin.nesting import spread_out


def semantics_of(
    geometry: Mapping[str, Any], shells: Sequence[int], solids: Sequence[int] = ()
) -> Mapping[str, Any] | None:
    """Return what a geometry says that its surfaces, points or lines are; ``None`` if it says nothing.

    ``shells`` counts the surfaces of each of its shells, ``solids`` the shells of each of its solids.

    ``ValueError`` if it names what there is not, or not one for each surface.
    """
    told = geometry.get("semantics")
    if not told:
        return None
    kinds, values = told["surfaces"], told["values"]
    values = spread_out(geometry["type"], values, shells, solids) if values else []
    named = [each for each in values if each is not None]
    if not all(isinstance(each["type"], str) for each in kinds):
        raise ValueError("A surface has no type.")
    if any(type(each) is not int or not 0 <= each < len(kinds) for each in named):
        raise ValueError("It names a kind of surface that there is not.")
    return dict(told)
