"""The content of one tile: objects with their properties become binary glTF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import Box
from lifang.twin.shapes import Frame, Mesh, extrude, lighten, triangulate
from lifang.twin.tiling.colours import tint
from lifang.twin.tiling.gltf import VERTICES_MAX, Lines, Points, Portion, glb
from lifang.twin.tiling.skin import Pictures, Skin
from lifang.twin.tiling.thin import Thin


@dataclass(frozen=True)
class Solids:
    """Upright solids: ``footprint`` (n,) polygons in degrees, ``base_m`` and ``top_m`` (n,) above the ellipsoid.

    ``table`` holds their properties, one row a solid.
    """

    footprint: NDArray[np.object_]
    base_m: NDArray[np.float64]
    top_m: NDArray[np.float64]
    table: pa.Table

    def mesh(self, rows: slice, frame: Frame) -> Mesh:
        """Return the triangles of some of them."""
        return extrude(self.footprint[rows], self.base_m[rows], self.top_m[rows], frame)

    def vertices(self) -> NDArray[np.int64]:
        """Return how many vertices each has at most: one for the roof and four for the wall of each edge."""
        return np.asarray(5 * shapely.get_num_coordinates(self.footprint))


@dataclass(frozen=True)
class Surfaces:
    """Objects of flat surfaces: ``surface`` (n,) multipolygons in degrees and metres above the ellipsoid.

    ``table`` holds their properties, one row an object; ``axes`` the lines in degrees and metres that tubes among them
    are drawn about, if there are any; ``faces`` the colour, number and opacity of polygons of each that follow each
    other, if some are not all alike; ``textures`` what is kept of the images on each. ``smooth`` ones are lit as if
    they bent where their faces meet, as ground does, but where images hang.
    """

    surface: NDArray[np.object_]
    table: pa.Table
    axes: Sequence[NDArray[np.float64] | None] = ()
    faces: Sequence[Sequence[tuple[str, int, float]]] = ()
    smooth: bool = False
    textures: Sequence[Mapping[str, Any] | None] = ()

    def mesh(self, rows: slice, frame: Frame) -> Mesh:
        """Return the triangles of some of them."""
        skin = self.skin(rows)
        if skin is None:
            mesh = triangulate(self.surface[rows], frame, self._tint(rows) if self.faces else None)
            return mesh.welded() if self.smooth else mesh
        tinted = self._tint(rows)
        hung = skin.image >= 0
        tinted[hung] = tint([(each["colour"], 1.0) for each in skin.images])[skin.image[hung]]  # seen from afar
        return triangulate(self.surface[rows], frame, tinted, skin.uv, skin.image)

    def skin(self, rows: slice) -> Skin | None:
        """Return the images on some of them, if there are any."""
        return Skin.of(self.surface[rows], self.textures[rows])

    def _tint(self, rows: slice) -> NDArray[np.uint8]:
        """Return red, green, blue and opacity of each polygon of some of them, shape (n, 4)."""
        count = shapely.get_num_geometries(self.surface[rows]).tolist()
        colour = self.table["colour"][rows].to_pylist()
        told = [
            own if sum(each for _, each, _ in own) == parts else ((whole, parts, 1.0),)
            for own, parts, whole in zip(self.faces[rows] or [()] * len(count), count, colour, strict=True)
        ]
        runs = [each for own in told for each in own]
        return np.repeat(
            tint([(colour, opacity) for colour, _, opacity in runs]), [each for _, each, _ in runs], axis=0
        )

    def vertices(self) -> NDArray[np.int64]:
        """Return how many vertices each has at most."""
        return np.asarray(shapely.get_num_coordinates(self.surface))

    def lines(self, rows: slice, frame: Frame) -> Lines | None:
        """Return the axes of some of them piece by piece, if they have any: seen from far off a tube is its line."""
        told = [(own, each) for own, each in enumerate(self.axes[rows]) if each is not None]
        if not told:
            return None
        pieces = [np.stack((axis[:-1], axis[1:]), axis=1).reshape(-1, 3) for _, axis in told]
        owner = np.repeat([own for own, _ in told], [len(each) for each in pieces])
        return Lines(frame.local(*np.concatenate(pieces).T), owner)


Kind = Solids | Surfaces | Thin


def content(
    kinds: Sequence[Kind],
    box: Box,
    *,
    on_earth: bool = True,
    lighten_m: float = 0.0,
    pictures: Pictures | None = None,
) -> bytes:
    """Return the binary glTF of objects, about the middle of their tile's ``box``; there is at least one of them.

    Not ``on_earth`` they stand about the origin in metres, which ``asset.extras.origin`` tells in degrees. With
    ``lighten_m`` they have fewer triangles, nowhere farther from what they are; ``asset.extras.lightened`` tells by how
    much. Points and lines stay as they are. Images hang on what they are told to as far as there are ``pictures``, but
    not on what is lightened.
    """
    frame = Frame(*box.centre)
    portions = [portion for kind in kinds for portion in portions_of(kind, frame)]
    if not lighten_m:
        return glb(portions, frame, on_earth=on_earth, pictures=pictures)
    light = [lighten(each.mesh, lighten_m) for each in portions]
    portions = [replace(portion, mesh=each.mesh) for portion, each in zip(portions, light, strict=True)]
    told = {
        "most_m": lighten_m,
        "bound_m": max(each.bound_m for each in light),
        "triangles_before": sum(each.before for each in light),
        "triangles": sum(each.after for each in light),
    }
    return glb(portions, frame, on_earth=on_earth, lightened=told)


def portions_of(kind: Kind, frame: Frame) -> Iterator[Portion]:
    """Yield the objects of a kind in portions of few enough vertices."""
    upto = np.cumsum(kind.vertices())
    start = 0
    while start < len(upto):
        before = upto[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(upto, before + VERTICES_MAX, side="right")))
        some = slice(start, end)
        skin = kind.skin(some) if isinstance(kind, Surfaces) else None
        table, images = kind.table.slice(start, end - start), skin.images if skin else ()
        yield Portion(kind.mesh(some, frame), table, *_drawn(kind, some, frame), images)
        start = end


def _drawn(kind: Kind, rows: slice, frame: Frame) -> tuple[Lines | None, Points | None]:
    """Return the lines and the points that are drawn of some objects of a kind."""
    if isinstance(kind, Solids):
        return None, None
    return kind.lines(rows, frame), kind.points(rows, frame) if isinstance(kind, Thin) else None
