"""The images that hang on the surfaces of a tile's objects, as glTF has them: within a bound of bytes and pixels.

Sources: CityJSON 2.0 (OGC 20-072r5), chapter 6; Khronos glTF 2.0, 3.8 (texture data), whose places run from above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Image = Mapping[str, Any]  # as the reader of textures tells of it
Version = Sequence[Any]  # its SHA-256, media type, columns, rows and bytes

_REPEAT, _MIRRORED, _CLAMPED = 10497, 33648, 33071
_WRAPS = {"wrap": _REPEAT, "mirror": _MIRRORED, "none": _CLAMPED, "clamp": _CLAMPED, "border": _CLAMPED}
_LINEAR, _MIPMAPS = 9729, 9987


@dataclass(frozen=True)
class Skin:
    """``uv`` (n, 2) of each vertex of multipolygons, ring by ring; ``image`` (m,) of each polygon among ``images``.

    -1 is none. ``uv`` run from the upper left corner, as glTF has them.
    """

    uv: NDArray[np.float32]
    image: NDArray[np.int64]
    images: Sequence[Image]

    @classmethod
    def of(cls, surfaces: NDArray[np.object_], textures: Sequence[Mapping[str, Any] | None]) -> Skin | None:
        """Return that of multipolygons by what is kept of their textures, in the first theme; nothing if of none."""
        if not any(textures):
            return None
        polygons = shapely.get_parts(surfaces)
        rings, of_polygon = shapely.get_rings(polygons, return_index=True)
        first_ring = np.searchsorted(of_polygon, np.arange(len(polygons))).tolist()
        ends = np.concatenate(([0], np.cumsum(shapely.get_num_coordinates(rings) - 1))).tolist()
        uv, image = np.zeros((ends[-1], 2), np.float32), np.full(len(polygons), -1)
        images: dict[str, tuple[int, Image]] = {}
        polygon = 0
        for texture, count in zip(textures, shapely.get_num_geometries(surfaces).tolist(), strict=True):
            values = next(iter(texture["themes"].values())) if texture else ()
            for own, surface in enumerate(values if len(values) == count else ()):
                if texture is None or surface is None:
                    continue
                told = texture["images"][surface[0][0]]
                image[polygon + own] = images.setdefault(repr(told), (len(images), told))[0]
                for ring, places in enumerate(surface, first_ring[polygon + own]):
                    if places is not None and len(places) - 1 == ends[ring + 1] - ends[ring]:
                        uv[ends[ring] : ends[ring + 1]] = [texture["uv"][each] for each in places[1:]]
            polygon += count
        uv[:, 1] = 1 - uv[:, 1]
        return cls(uv, image, [told for _, told in images.values()])


@dataclass(frozen=True)
class Pictures:
    """Where images are ``read`` from by SHA-256, and how many bytes and pixels of them one file may hold."""

    read: Callable[[str], bytes]
    most_bytes: int
    most_pixels: int

    def chosen(self, images: Sequence[Image]) -> list[Version | None]:
        """Return the version of each image that is drawn: the greatest, or smaller ones of all until they fit.

        ``None`` for those that fit in no version.
        """
        versions = [each["versions"] for each in images]
        at = [0] * len(versions)
        held = _Held()
        for each in versions:
            held.take(each[0])
        longest = [(-_side(each[0]), number) for number, each in enumerate(versions) if len(each) > 1]  # as a heap
        heapify(longest)
        for side in sorted({_side(version) for each in versions for version in each}, reverse=True):
            while longest and -longest[0][0] > side:
                _, number = heappop(longest)
                held.leave(versions[number][at[number]])
                at[number] += 1
                held.take(version := versions[number][at[number]])
                if at[number] + 1 < len(versions[number]):
                    heappush(longest, (-_side(version), number))
            if self._fits(held):
                break
        return self._kept([each[place] for each, place in zip(versions, at, strict=True)])

    def _kept(self, taken: Sequence[Version]) -> list[Version | None]:
        """Return each version that fits beside those before it."""
        held = _Held()
        found: list[Version | None] = []
        for each in taken:
            held.take(each)
            there = self._fits(held)
            found.append(each if there else None)
            if not there:
                held.leave(each)
        return found

    def _fits(self, held: _Held) -> bool:
        return held.pixels <= self.most_pixels and held.size <= self.most_bytes


class _Held:
    """The pixels and bytes of versions that are taken, each content once however many images have it."""

    def __init__(self) -> None:
        self.pixels = self.size = 0
        self._times: Counter[str] = Counter()

    def take(self, version: Version) -> None:
        self._times[version[0]] += 1
        if self._times[version[0]] == 1:
            self._add(version, 1)

    def leave(self, version: Version) -> None:
        self._times[version[0]] -= 1
        if not self._times[version[0]]:
            self._add(version, -1)

    def _add(self, version: Version, times: int) -> None:
        self.pixels += times * version[2] * version[3]
        self.size += times * version[4]


def _side(version: Version) -> int:
    return int(max(version[2], version[3]))


def sampler(image: Image) -> dict[str, int]:
    """Return how glTF goes on beyond the edges of an image: it knows no border's colour, so that the edge's stays."""
    wrap = _WRAPS.get(str(image.get("wrapMode", "")), _REPEAT)
    return {"magFilter": _LINEAR, "minFilter": _MIPMAPS, "wrapS": wrap, "wrapT": wrap}


def material(image: Image, texture: int) -> dict[str, Any]:
    """Return the material of what an image hangs on; where it is clear, nothing is."""
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0.0, "roughnessFactor": 0.9}
    clear = {"alphaMode": "MASK", "alphaCutoff": 0.5} if image["clear"] else {}
    return {"pbrMetallicRoughness": surface, **clear}
