"""What CityJSON tells of each surface, nested as its type asks: surfaces, in shells, in solids (OGC 20-072r5, 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

DEPTHS = {"MultiSurface": 1, "CompositeSurface": 1, "Solid": 2, "MultiSolid": 3, "CompositeSolid": 3}


def nested(kind: str, items: Sequence[Any], shells: Sequence[int], solids: Sequence[int]) -> list[Any]:
    """Return what there is of the surfaces of a geometry of a ``kind``, grouped.

    ``shells`` counts the surfaces of each shell, ``solids`` the shells of each solid.
    """
    found = list(items)
    for sizes in (shells, solids)[: DEPTHS[kind] - 1]:
        left = iter(found)
        found = [list(islice(left, size)) for size in sizes]
    return found


def flat(values: Any) -> Iterator[Any]:
    """Yield what is nested, one after the other; what CityJSON leaves out for a whole shell is one ``None``."""
    for each in values or (None,):
        if isinstance(each, list):
            yield from flat(each)
        else:
            yield each


def spread_out(kind: str, values: Sequence[Any], shells: Sequence[int], solids: Sequence[int]) -> list[Any]:
    """Return what ``values`` tell of each surface, ``None`` of all of a shell or solid that they leave out.

    ``shells`` and ``solids`` are as of :func:`nested`; of points and lines each is one surface. ``ValueError`` if the
    values do not fit.
    """
    found = list(values)
    for sizes in (shells, solids)[: DEPTHS.get(kind, 1) - 1][::-1]:
        found = [one for each, size in zip(found, sizes, strict=True) for one in (each or [None] * size)]
    if len(found) != (sum(shells) if shells else len(found)):
        raise ValueError("values")
    return found
