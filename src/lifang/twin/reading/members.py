"""Whether the members of a city object are what CityJSON asks for, and go with its geometry.

Source: CityJSON 2.0 (OGC 20-072r5), chapter 2 and section 3.1 (levels of detail).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOD = re.compile(r"[0-4](\.[0-9])?")
_LISTS = {"geometry": dict, "address": dict, "parents": str, "children": str}
_BEYOND_M, _BEYOND_DEG = 1.0, 1e-5
_INWARDS = np.array([-1.0, -1.0, 1.0, 1.0, -1.0, 1.0])  # by which sign bounds go beyond others
_TALLER, _TALLER_M = 2.5, 3.0  # feet for metres are told; a chimney or a spire that the shape lacks mostly is not

Floats = NDArray[np.float64]


def misbuilt(found: Any) -> str:
    """Return the first member of a city object that is not built as CityJSON asks, ``""`` if all are."""
    if not isinstance(found, dict):
        return "CityObject"
    if not isinstance(found.get("type"), str) or not found["type"]:
        return "type"
    if not isinstance(found.get("attributes") or {}, dict):
        return "attributes"
    return next((name for name, kind in _LISTS.items() if not _is_list_of(found.get(name), kind)), "")


def is_lod(told: Any) -> bool:
    """Return whether a level of detail is written as CityJSON asks: ``"2"`` or ``"2.2"``."""
    return isinstance(told, str) and _LOD.fullmatch(told) is not None


@dataclass(frozen=True)
class Claims:
    """What objects say of where they lie and how high they are, to be held against their shapes."""

    _extents: dict[int, Sequence[Any]] = field(default_factory=dict)
    _heights: dict[int, float] = field(default_factory=dict)

    def take(self, at: int, found: Mapping[str, Any]) -> None:
        """Take in what the object of number ``at``, which has a shape of its own, says."""
        if isinstance(found.get("geographicalExtent"), list):
            self._extents[at] = found["geographicalExtent"]
        height = (found.get("attributes") or {}).get("measuredHeight")
        if isinstance(height, int | float) and np.isfinite(height):
            self._heights[at] = float(height)

    def broken(
        self, bounds: Sequence[Floats], on_earth: Callable[[Floats], Floats]
    ) -> Iterator[tuple[int, str, str, str, str]]:
        """Yield the number of an object, the rule, what does not go with its bounds, how to mend it and the member.

        ``bounds`` are west, south, east, north, bottom and top of each; ``on_earth`` brings points (n, 3) there.
        """
        said = {at: _box(told) for at, told in self._extents.items()}
        for at in (at for at, box in said.items() if box is None):
            what = "Its geographicalExtent is no six numbers: it is left out."
            yield at, "extent", what, "Write the least x, y and z, then the greatest.", "geographicalExtent"
        boxes = {at: box for at, box in said.items() if box is not None}
        placed = _placed(np.array(list(boxes.values())).reshape(-1, 2, 3), on_earth)
        over = (np.array([bounds[at] for at in boxes]).reshape(-1, 6) - placed) * _INWARDS
        inside = (over <= [*[_BEYOND_DEG] * 4, _BEYOND_M, _BEYOND_M]).all(axis=1)  # what is nowhere, NaN, is not
        for at in np.array(list(boxes), np.int64)[~inside].tolist():
            what = "Its geometry does not lie within its geographicalExtent."
            yield at, "extent", what, "Correct the extent, or the coordinates.", "geographicalExtent"
        for at, height in self._heights.items():
            drawn = float(bounds[at][5] - bounds[at][4])
            if max(height, drawn) > _TALLER * max(0.0, min(height, drawn)) + _TALLER_M:
                what = f"Its measuredHeight is {height:g} m, and its shape is {drawn:.1f} m high."
                yield at, "height", what, "Give both in metres.", "attributes.measuredHeight"


def _box(told: Sequence[Any]) -> Floats | None:
    try:
        return np.asarray(told, np.float64).reshape(2, 3)
    except (TypeError, ValueError):
        return None


def _placed(boxes: Floats, on_earth: Callable[[Floats], Floats]) -> Floats:
    """Return bounds (n, 6), as objects have them, about boxes (n, 2, 3) of the file; NaN about what is nowhere."""
    corners = np.stack((boxes[:, [0, 0, 1, 1], 0], boxes[:, [0, 1, 0, 1], 1], boxes[:, [0, 0, 0, 0], 2]), axis=-1)
    try:
        there = on_earth(corners.reshape(-1, 3)).reshape(-1, 4, 3)
    except ValueError:
        if len(boxes) == 1:
            return np.full((1, 6), np.nan)
        return np.concatenate([_placed(each, on_earth) for each in np.array_split(boxes, 2)])
    return np.column_stack((there.min(axis=1)[:, :2], there.max(axis=1)[:, :2], boxes[:, 0, 2], boxes[:, 1, 2]))


def _is_list_of(told: Any, kind: type) -> bool:
    """Return whether there is nothing, or a list of a kind."""
    return told is None or (isinstance(told, list) and all(isinstance(each, kind) for each in told))
