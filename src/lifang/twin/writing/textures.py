"""The textures of surfaces as CityJSON has them: images by name, each once, and places on them by number.

Source: CityJSON 2.0 (OGC 20-072r5), chapter 6 (appearance), sections on textures.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

_MEMBERS = ("wrapMode", "textureType", "borderColor")
FOLDER = "appearances"


@dataclass
class Textures:
    """The textures of a document so far; ``files`` are the SHA-256 of images by their paths beside it."""

    textures: list[dict[str, Any]] = field(default_factory=list)
    uv: list[list[float]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    default: str = ""
    _numbers: dict[str, int] = field(default_factory=dict)

    def of(self, detail: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return for each theme of a shape what its surfaces' rings have: a texture and places, by number."""
        told = detail.get("texture")
        if not told:
            return {}
        image = [self._number(each) for each in told["images"]]
        first = len(self.uv)
        self.uv += told["uv"]
        self.default = self.default or next(iter(told["themes"]))
        return {
            theme: [surface and [_renumbered(ring, image, first) for ring in surface] for surface in surfaces]
            for theme, surfaces in told["themes"].items()
        }

    def told(self) -> dict[str, Any]:
        """Return the members of ``appearance``, if there are any."""
        if not self.textures:
            return {}
        return {
            "textures": self.textures,
            "vertices-texture": self.uv,
            "default-theme-texture": self.default,
        }

    def _number(self, image: Mapping[str, Any]) -> int:
        path = f"{FOLDER}/{posixpath.basename(image['name'])}"
        if self.files.setdefault(path, image["sha256"]) != image["sha256"]:
            path = f"{FOLDER}/{image['sha256'][:16]}-{posixpath.basename(image['name'])}"
            self.files[path] = image["sha256"]
        more = {name: image[name] for name in _MEMBERS if name in image}
        texture = {"type": image["type"], "image": path, **more}
        number = self._numbers.setdefault(repr(texture), len(self.textures))
        if number == len(self.textures):
            self.textures.append(texture)
        return number


def _renumbered(ring: Sequence[int] | None, image: Sequence[int], first: int) -> list[int] | None:
    return None if ring is None else [image[ring[0]], *(first + each for each in ring[1:])]


def textured(
    themes: Mapping[str, list[Any]],
    surfaces: Sequence[Sequence[int]],
    left: Callable[[int], NDArray[Any]],
    nested: Callable[[list[Any]], list[Any]],
) -> dict[str, Any]:
    """Return the member ``texture`` of a geometry whose ``surfaces`` are numbers of rings.

    ``left`` says which vertices of a ring are, none where the ring is not; ``nested`` nests what each surface has.
    """
    told = {}
    for theme, values in themes.items():
        found = []
        for rings, own in zip(surfaces, values, strict=True):
            each = zip(rings, own or [None] * len(rings), strict=True)
            found.append([_ring(ring, left(number)) for number, ring in each if left(number).any()])
        told[theme] = {"values": nested(found)}
    return {"texture": told} if told else {}


def _ring(ring: Sequence[int] | None, left: NDArray[Any]) -> list[int | None]:
    if ring is None:
        return [None]
    return [ring[0], *(place for place, there in zip(ring[1:], left.tolist(), strict=True) if there)]
