"""The colours of surfaces as materials of CityJSON, each written once.

Source: CityJSON 2.0 (OGC 20-072r5), chapter 6 (appearance), sections on materials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_THEME = "visual"
_Style = tuple[str, float]


@dataclass
class Materials:
    """The materials of a document or feature so far: colours such as ``#8080ff`` with opacity, by number."""

    numbers: dict[_Style, int] = field(default_factory=dict)

    def of(self, detail: Mapping[str, Any]) -> tuple[int | None, list[int | None]]:
        """Return the material's number of a whole shape, ``None`` without one; else that of each of its surfaces."""
        if detail.get("faces"):
            runs = [(self._number(colour, opacity), count) for colour, count, opacity in detail["faces"]]
            return None, [number for number, count in runs for _ in range(count)]
        return (self._number(detail["colour"], 1.0) if detail.get("colour") else None), []

    def told(self) -> dict[str, Any]:
        """Return the members of ``appearance``, if there is any material."""
        materials = [_material(*style) for style in self.numbers]
        return {"materials": materials} if materials else {}

    def _number(self, colour: str, opacity: float) -> int | None:
        if not colour and opacity == 1:
            return None
        return self.numbers.setdefault((colour, opacity), len(self.numbers))


def member(whole: int | None, nested: list[Any]) -> dict[str, Any]:
    """Return the member ``material`` of a geometry: of all its surfaces alike, or of each as they are nested."""
    if whole is None and not nested:
        return {}
    return {"material": {_THEME: {"values": nested} if nested else {"value": whole}}}


def _material(colour: str, opacity: float) -> dict[str, Any]:
    told: dict[str, Any] = {"name": f"{colour or 'no colour'}{'' if opacity == 1 else f' {opacity:g}'}"}
    if colour:
        told["diffuseColor"] = [round(each / 255, 6) for each in bytes.fromhex(colour[1:])]
    return told if opacity == 1 else {**told, "transparency": round(1.0 - opacity, 3)}
