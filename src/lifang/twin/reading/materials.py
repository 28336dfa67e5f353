"""The colours that CityJSON gives surfaces by materials: red, green, blue and transparency of the first theme.

Source: CityJSON 2.0 (OGC 20-072r5), chapter 6 (appearance), sections on materials.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from lifang.twin.nesting import flat

Style = tuple[str, float]  # a colour such as ``#8080ff``, empty for none, and an opacity from 0 to 1
_NONE: Style = ("", 1.0)


def styles_of(document: Mapping[str, Any]) -> list[Style]:
    """Return the materials of a document; ``ValueError`` if they are not built as CityJSON asks."""
    try:
        return [_style(each) for each in (document.get("appearance") or {}).get("materials") or ()]
    except (AttributeError, TypeError):
        raise ValueError("appearance") from None


def coloured(geometry: Mapping[str, Any], styles: Sequence[Style], surfaces: int) -> dict[str, Any]:
    """Return the colour of most of a geometry's ``surfaces``, and those of faces that follow each other if some differ.

    Nothing where it has no material; ``ValueError`` if it names one that there is not, or not one for each surface.
    """
    theme = next(iter((geometry.get("material") or {}).values()), None)
    if not theme:
        return {}
    numbers = list(flat(theme["values"])) if "values" in theme else [theme.get("value")] * surfaces
    if len(numbers) != surfaces or not all(each is None or 0 <= each < len(styles) for each in numbers):
        raise ValueError("material")
    own = [_NONE if each is None else styles[each] for each in numbers]
    runs = [[colour, len(list(same)), opacity] for (colour, opacity), same in groupby(own)]
    most = Counter(colour for colour, _ in own if colour).most_common(1)
    alike = len({colour for colour, _ in own}) == 1 and all(opacity == 1 for _, opacity in own)
    told = {"colour": most[0][0] if most else "", "faces": [] if alike else runs}
    return {name: value for name, value in told.items() if value}


def _style(material: Mapping[str, Any]) -> Style:
    diffuse = material.get("diffuseColor")
    colour = "" if diffuse is None else "#" + bytes(round(255 * min(max(each, 0.0), 1.0)) for each in diffuse[:3]).hex()
    return colour, round(1.0 - min(max(material.get("transparency") or 0.0, 0.0), 1.0), 3)
