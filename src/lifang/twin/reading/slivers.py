"""Rings of CityJSON with fewer than three vertices, which bound nothing: their surfaces are left out of a geometry.

Old exports hold many, made when vertices were rounded. Source: CityJSON 2.0 (OGC 20-072r5), 3.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lifang.twin.nesting import DEPTHS

_CORNERS = 3
_Ringed = Sequence[bool]  # which rings of a surface bound something; none if its outer one does not


def without_slivers(geometry: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    """Return a geometry without the rings that bound nothing, and how many those are.

    What is told of each surface stays with it. A geometry of which a shell would be empty is returned as it is.
    """
    depth, boundaries = DEPTHS[geometry["type"]], geometry["boundaries"]
    marks = _each(boundaries, depth, _marked)
    surfaces = _all(marks, depth)
    lost = sum(not whole for rings in surfaces for whole in rings)
    if not lost or not all(any(map(any, shell)) for shell in _shells(marks, depth)):
        return geometry, 0
    changed = {**geometry, "boundaries": _pruned(boundaries, marks, depth, rings=True)}
    if (semantics := geometry.get("semantics")) and semantics.get("values"):
        changed["semantics"] = {**semantics, "values": _pruned(semantics["values"], marks, depth, rings=False)}
    for name, rings in (("material", False), ("texture", True)):
        if geometry.get(name):
            changed[name] = {theme: _told(told, marks, depth, rings=rings) for theme, told in geometry[name].items()}
    return changed, lost


def _marked(surface: Sequence[Sequence[int]]) -> _Ringed:
    whole = [len(set(ring)) >= _CORNERS for ring in surface]
    return whole if whole and whole[0] else [False] * len(whole)


def _each(nested: Any, depth: int, of: Callable[[Any], Any]) -> list[Any]:
    return [of(each) if depth == 1 else _each(each, depth - 1, of) for each in nested]


def _all(marks: Any, depth: int) -> list[_Ringed]:
    return list(marks) if depth == 1 else [each for inner in marks for each in _all(inner, depth - 1)]


def _shells(marks: Any, depth: int) -> list[list[_Ringed]]:
    return [marks] if depth == 1 else [each for inner in marks for each in _shells(inner, depth - 1)]


def _told(told: Mapping[str, Any], marks: Any, depth: int, *, rings: bool) -> Mapping[str, Any]:
    return {**told, "values": _pruned(told["values"], marks, depth, rings=rings)} if told.get("values") else told


def _pruned(values: Any, marks: Any, depth: int, *, rings: bool) -> Any:
    """Return what is told of the surfaces, or of their rings, that are left; as it is where it does not fit."""
    if not isinstance(values, list) or len(values) != len(marks):
        return values
    if depth > 1:
        return [_pruned(each, own, depth - 1, rings=rings) for each, own in zip(values, marks, strict=True)]
    left = [(each, own) for each, own in zip(values, marks, strict=True) if any(own)]
    return [_ringed(each, own) for each, own in left] if rings else [each for each, _ in left]


def _ringed(told: Any, marks: _Ringed) -> Any:
    fits = isinstance(told, list) and len(told) == len(marks)
    return [each for each, whole in zip(told, marks, strict=True) if whole] if fits else told
