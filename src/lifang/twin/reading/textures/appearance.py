"""The textures of a CityJSON's surfaces: which image hangs on which, by a place on it for every vertex of a ring.

Source: CityJSON 2.0 (OGC 20-072r5), chapter 6 (appearance), sections on textures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.twin.nesting import DEPTHS

_MODES = {"wrapMode": ("none", "wrap", "mirror", "clamp", "border"), "textureType": ("unknown", "specific", "typical")}
_DECIMALS = 7


@dataclass(frozen=True)
class Appearance:
    """The textures of a document, ``None`` where an image could not be had, and their places ``uv`` (n, 2)."""

    textures: Sequence[Mapping[str, Any] | None] = ()
    uv: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    default: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any], pictures: Mapping[str, Mapping[str, Any]]) -> Appearance:
        """Return that of a document; ``pictures`` tell of images by name. ``ValueError`` if it is not as it must be."""
        told = document.get("appearance") or {}
        try:
            textures = [_texture(each, pictures) for each in told.get("textures") or ()]
            places = np.asarray(told.get("vertices-texture") or [], np.float64).reshape(-1, 2)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError("appearance") from error
        return cls(textures, places, str(told.get("default-theme-texture") or ""))

    def detail(self, geometry: Mapping[str, Any], corners: NDArray[np.float64]) -> dict[str, Any]:
        """Return what is kept of the textures of a geometry whose numbers of vertices stand for ``corners`` (n, 3).

        Nothing where it has none; ``ValueError`` if they do not fit. ``themes`` tell of each surface, and of each ring
        of it, the number of an image among ``images`` and then that of a place among ``uv`` for each vertex.
        """
        themes = geometry.get("texture") or {}
        if not themes:
            return {}
        kept = _Kept(self)
        order = sorted(themes, key=lambda theme: theme != self.default)
        surfaces = _surfaces(geometry["boundaries"], DEPTHS[geometry["type"]])
        made = {}
        for theme in order:
            values = themes[theme].get("values")
            told = _surfaces(values, DEPTHS[geometry["type"]]) if values else [None] * len(surfaces)
            if len(told) != len(surfaces):
                raise ValueError("texture")
            own = [kept.surface(rings, each, corners) for rings, each in zip(surfaces, told, strict=True)]
            if any(own):
                made[theme] = own
        return {"texture": {"themes": made, "images": kept.images, "uv": kept.places}} if made else {}


@dataclass
class _Kept:
    """The images and places that one geometry names, numbered anew."""

    of: Appearance
    images: list[Mapping[str, Any]] = field(default_factory=list)
    places: list[list[float]] = field(default_factory=list)
    _image: dict[int, int] = field(default_factory=dict)
    _place: dict[int, int] = field(default_factory=dict)

    def surface(self, rings: Sequence[Sequence[int]], told: Any, corners: NDArray[np.float64]) -> Any:
        """Return what is told of the rings of a surface, ``None`` without a texture."""
        if told is None or all(each is None or each[0] is None for each in told):
            return None
        if len(told) != len(rings):
            raise ValueError("texture")
        found = [self._ring(ring, each, corners) for ring, each in zip(rings, told, strict=True)]
        return found if found[0] else None

    def _ring(self, ring: Sequence[int], told: Sequence[int] | None, corners: NDArray[np.float64]) -> Any:
        if told is None or told[0] is None:
            return None
        number, *places = told
        inside = all(0 <= each < len(self.of.uv) for each in places)
        if not 0 <= number < len(self.of.textures) or len(places) != len(ring) or not inside:
            raise ValueError("texture")
        texture = self.of.textures[number]
        if texture is None:
            return None
        if (corners[ring[0]] == corners[ring[-1]]).all():
            places = places[:-1]  # the first vertex once more
        if number not in self._image:
            self._image[number] = len(self.images)
            self.images.append(texture)
        return [self._image[number], *(self._number(each) for each in places)]

    def _number(self, place: int) -> int:
        if place not in self._place:
            self._place[place] = len(self.places)
            u, v = self.of.uv[place].round(_DECIMALS).tolist()
            if not np.isfinite((u, v)).all():
                raise ValueError("texture")
            self.places.append([u, v])
        return self._place[place]


def _texture(told: Mapping[str, Any], pictures: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    picture = pictures.get(str(told["image"]))
    if picture is None:
        return None
    more: dict[str, Any] = {name: told[name] for name, known in _MODES.items() if told.get(name) in known}
    border = told.get("borderColor")
    if border is not None:
        colour = [min(max(float(each), 0.0), 1.0) for each in border]
        if len(colour) not in (3, 4):
            raise TypeError("borderColor")
        more["borderColor"] = colour
    return {**picture, **more}


def _surfaces(nested: Any, depth: int) -> list[Any]:
    """Return what is told of each surface of a geometry; a whole shell of ``None`` is one."""
    found = [nested]
    for _ in range(depth):
        found = [inner for outer in found for inner in (outer if outer is not None else (None,))]
    return found
