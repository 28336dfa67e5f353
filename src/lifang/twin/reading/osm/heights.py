"""How high a building of OpenStreetMap stands, by its tags.

Source: https://wiki.openstreetmap.org/wiki/Simple_3D_Buildings: ``height`` and ``min_height`` are of the whole, roof
included; ``building:levels`` leaves out the storeys in the roof (``roof:levels``) and counts those that
``building:min_level`` skips. ``min_level`` is a storey's number of indoor tagging, and no height.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_FLOOR_M = 3.0
_VALUE = r"(\d+(?:\.\d+|,\d\d?)?)"  # 3.5 or 3,5; of 1,200 nobody knows what its comma is
_NUMBER = re.compile(rf"\s*{_VALUE}\s*(m|'|ft)?\s*(?:{_VALUE}\s*\")?\s*$")
_INCH_M = 0.0254
_UNITS_M = {None: 1.0, "m": 1.0, "'": 0.3048, "ft": 0.3048}
_OWN = ("height", "building:levels", "roof:levels")  # a part that tells none of these is as high as its whole


def heights(tags: Mapping[str, str], whole: Mapping[str, str]) -> tuple[float, float, str]:
    """Return base and top in metres above the ground, and what says so: a tag, ``whole`` or ``assumed``.

    ``whole`` are the tags of the building that it is a part of, empty where it is none.
    """
    if whole and not any(metres(tags.get(each)) is not None for each in _OWN):
        base, top, source = heights({**whole, **tags}, {})
        return base, top, "assumed" if source == "assumed" else "whole"
    height, levels, roof = metres(tags.get("height")), metres(tags.get("building:levels")), _roof_m(tags)
    floor_m = max(0.0, height - roof) / levels if height is not None and levels else _FLOOR_M
    told = metres(tags.get("min_height"))
    base = (metres(tags.get("building:min_level")) or 0.0) * floor_m if told is None else told
    if height is not None:
        return base, height, "height"
    if levels is not None:
        return base, levels * _FLOOR_M + roof, "building:levels"
    return base, base + _FLOOR_M + roof, "assumed"


def metres(text: str | None) -> float | None:
    """Return the metres that a text says (3.5, 3,5 m, 11 ft, 11'6"), or the number of storeys; None if it says none."""
    found = _NUMBER.match(text or "")
    if not found:
        return None
    whole, inches = (float((each or "0").replace(",", ".")) for each in found.group(1, 3))
    return whole * _UNITS_M[found[2]] + inches * _INCH_M


def _roof_m(tags: Mapping[str, str]) -> float:
    """Return how high the roof of a building is: none if it is flat or nothing is told."""
    if tags.get("roof:shape") == "flat":
        return 0.0
    told = metres(tags.get("roof:height"))
    return (metres(tags.get("roof:levels")) or 0.0) * _FLOOR_M if told is None else told
