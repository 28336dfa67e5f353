"""A cell that holds much as tiles by screen error: far off few triangles, near by what is there.

Each level lies within a proven bound of what is there, things smaller than the bound left out: that is its
geometricError. It is cut into squares where there is much of it; an object stands in one of them, ground is cut along
borders that no level moves, so that beside each other levels leave no crack.

Source: OGC 22-025r4 (3D Tiles 1.1), 6.7.1 (geometric error) and 6.7.2 (refinement).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import Box
from lifang.twin.shapes import Frame, Mesh, lighten
from lifang.twin.tiling.content import Kind, Solids, Surfaces, portions_of
from lifang.twin.tiling.gltf import Lines, Portion, glb
from lifang.twin.tiling.skin import Image, Pictures
from lifang.twin.tiling.thin import Thin
from lifang.twin.tiling.tileset import Region, around

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEP = 4  # from one level's bound to the next
_LEAST_M = 0.5  # a finer level than this is what is there: frames and panes are seen
_PAYS = 0.5  # of the triangles of the next finer level: more are not worth a level
_TRIANGLES_MAX = 16_000  # of a tile, or so
_DEPTH_MAX = 6
_THIN = "thin"  # the name of the tile of points and lines


@dataclass(frozen=True)
class Tile:
    """A tile of a level: ``region`` is west, south, east, north in radians, the lowest and highest in metres."""

    name: str
    glb: bytes
    region: Region


@dataclass(frozen=True)
class _Whole:
    """Objects of a kind with all their triangles: ``size_m`` (n,) of each object, ``place`` (m, 2) of each triangle."""

    mesh: Mesh
    table: pa.Table
    lines: Lines | None
    size_m: Floats
    place: Floats
    smooth: bool
    images: Sequence[Image] = ()

    @classmethod
    def of(cls, kind: Solids | Surfaces, frame: Frame) -> _Whole:
        some = slice(0, len(kind.table))
        mesh, smooth = kind.mesh(some, frame), isinstance(kind, Surfaces) and kind.smooth
        least, most = mesh.spans_m(len(kind.table))
        size = np.full(len(kind.table), np.inf) if smooth else np.linalg.norm(most - least, axis=1)
        middle = (
            mesh.position[mesh.triangle].mean(axis=1) if smooth else (least + most)[mesh.owner[mesh.triangle[:, 0]]] / 2
        )
        skin = kind.skin(some) if isinstance(kind, Surfaces) else None
        lines = kind.lines(some, frame) if isinstance(kind, Surfaces) else None
        return cls(mesh, kind.table, lines, size, middle[:, :2], smooth, skin.images if skin else ())

    def lighter(self, most_m: float, square: Ints) -> tuple[_Whole, float, float, Ints]:
        """Return it with fewer triangles, how far they may lie off, the greatest left out, and which they were."""
        owner = self.mesh.owner[self.mesh.triangle[:, 0]]
        there = np.flatnonzero(self.size_m[owner] > most_m)
        gone = self.size_m[np.setdiff1d(owner, owner[there])].max(initial=0.0)
        found = lighten(
            replace(self.mesh, triangle=self.mesh.triangle[there]), most_m, part=square[there], joined=self.smooth
        )
        kept = there[found.kept]
        mesh = found.mesh.welded() if self.smooth else found.mesh
        return replace(self, mesh=mesh, place=self.place[kept]), found.bound_m, float(gone), kept

    def portion(self, triangles: Ints) -> Portion:
        """Return some of its triangles with the objects that have them."""
        mesh, owners = self.mesh.taken(triangles)
        table = self.table.take(pa.array(owners))
        if self.lines is None:
            return Portion(mesh, table, images=self.images)
        mine = np.isin(self.lines.owner, owners)
        owner = np.searchsorted(owners, self.lines.owner[mine])
        drawn = Lines(self.lines.position[mine], owner) if mine.any() else None
        return Portion(mesh, table, drawn, images=self.images)


@dataclass(frozen=True)
class _Level:
    """All there is in a cell at one level: nothing lies ``bound_m`` off, nothing as great as ``gone_m`` is left out.

    ``square`` are the columns and rows, shape (m, 2) for each kind, of triangles among the finest; ``depth`` says into
    2^depth columns and rows the level is cut.
    """

    wholes: list[_Whole]
    square: list[Ints]
    depth: int
    bound_m: float = 0.0
    gone_m: float = 0.0

    @property
    def triangles(self) -> int:
        return sum(len(each.mesh.triangle) for each in self.wholes)

    def coarse(self, finest: int, depth: int) -> list[Ints]:
        """Return the number of the square of each triangle, being cut into 2^depth."""
        return [(each >> finest - depth) @ np.array([1 << depth, 1]) for each in self.square]

    def lighter(self, most_m: float, finest: int) -> _Level:
        depth = min(self.depth, _depth(self.triangles * _PAYS))
        budget, squares = most_m - self.bound_m, self.coarse(finest, depth)
        made = [each.lighter(budget, own) for each, own in zip(self.wholes, squares, strict=True)]
        wholes, square = [each[0] for each in made], [own[each[3]] for own, each in zip(self.square, made, strict=True)]
        bound = self.bound_m + max(each[1] for each in made)
        return _Level(wholes, square, depth, bound, max(self.gone_m, *(each[2] for each in made)))

    def tiles(
        self, number: int, finest: int, frame: Frame, pictures: Pictures | None
    ) -> Iterator[tuple[tuple[int, int], Tile]]:
        """Yield its tiles with their columns and rows."""
        squares = self.coarse(finest, self.depth)
        for square in np.unique(np.concatenate(squares)).tolist():
            taken = [np.flatnonzero(own == square) for own in squares]
            portions = [whole.portion(some) for whole, some in zip(self.wholes, taken, strict=True) if len(some)]
            told: dict[str, Any] = {"bound_m": self.bound_m, "left_out_m": self.gone_m}
            extras: dict[str, Any] = {"lightened": told} if self.error_m else {}
            content = glb(portions, frame, pictures=pictures, **extras)
            x, y = square >> self.depth, square & (1 << self.depth) - 1
            yield (x, y), Tile(f"{number}.{x}.{y}", content, _region(portions, frame))

    @property
    def error_m(self) -> float:
        return max(self.bound_m, self.gone_m)


def level_tiles(
    kinds: Sequence[Kind], box: Box, size_m: float, *, uri: str, pictures: Pictures | None = None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the tileset of the objects of a cell ``box``, none greater than ``size_m``, and its contents by name.

    A name stands for ``{name}`` in ``uri``. Points and lines are in a tile beside the levels, as they are. ``pictures``
    hang in the finest level; coarser ones have their colours.
    """
    frame = Frame(*box.centre)
    heads: list[dict[str, Any]] = []
    contents: dict[str, bytes] = {}
    thin = [each for kind in kinds if isinstance(kind, Thin) for each in portions_of(kind, frame)]
    if thin:
        contents[_THIN] = glb(thin, frame)
        heads.append({"region": _region(thin, frame), "error": 0.0, "uri": uri.format(name=_THIN), "children": []})
    wholes = [_Whole.of(kind, frame) for kind in kinds if not isinstance(kind, Thin) and len(kind.table)]
    levels = _levels(wholes, size_m) if wholes else []
    finest = levels[-1].depth if levels else 0
    placed: dict[tuple[int, int, int], dict[str, Any]] = {}
    for number, level in enumerate(levels):
        for (x, y), tile in level.tiles(number, finest, frame, pictures):
            node = {"region": tile.region, "error": level.error_m, "uri": uri.format(name=tile.name), "children": []}
            placed[number, x, y] = node
            contents[tile.name] = tile.glb
            above = (placed.get((up, *_above((x, y), level.depth, levels[up].depth))) for up in reversed(range(number)))
            next(iter(each["children"] for each in above if each), heads).append(node)
    tiles = [_tile(each) for each in heads]
    whole = _tile({"region": around([each["region"] for each in heads]), "error": size_m, "children": []})
    root = {**whole, "refine": "ADD", "children": tiles}
    return {"asset": {"version": "1.1"}, "geometricError": size_m, "root": root}, contents


def _levels(wholes: list[_Whole], size_m: float) -> list[_Level]:
    """Return the levels from the coarsest to what is there."""
    depth = _depth(sum(len(each.mesh.triangle) for each in wholes))
    place = np.concatenate([each.place for each in wholes])
    least = place.min(axis=0)
    side = np.maximum(place.max(axis=0) - least, 1e-6)
    square = [np.minimum((each.place - least) / side * 2**depth, 2**depth - 1).astype(np.int64) for each in wholes]
    tried = _Level(wholes, square, depth)
    levels = [tried]
    bounds = [each for step in range(16, 0, -1) if (each := size_m / _STEP**step) >= _LEAST_M]
    for most_m in bounds:
        tried = tried.lighter(most_m, depth)
        if not tried.triangles:
            break
        if tried.triangles <= _PAYS * levels[-1].triangles:
            levels.append(tried)
    return levels[::-1]


def _depth(triangles: float) -> int:
    return min(int(np.ceil(np.log2(max(triangles / _TRIANGLES_MAX, 1.0)) / 2)), _DEPTH_MAX)


def _above(at: tuple[int, int], depth: int, coarser: int) -> tuple[int, int]:
    return at[0] >> depth - coarser, at[1] >> depth - coarser


def _region(portions: Sequence[Portion], frame: Frame) -> Region:
    place = frame.degrees(np.concatenate([each.position for each in portions])) * [np.pi / 180, np.pi / 180, 1.0]
    (west, south, low), (east, north, high) = place.min(axis=0), place.max(axis=0)
    return [float(each) for each in (west, south, east, north, low, high)]


def _tile(node: dict[str, Any]) -> dict[str, Any]:
    """Return a tile as 3D Tiles has it; what lies below lies in its volume."""
    children = [_tile(each) for each in node["children"]]
    node["region"] = around([node["region"], *(each["region"] for each in node["children"])])
    tile: dict[str, Any] = {"boundingVolume": {"region": node["region"]}, "geometricError": node["error"]}
    if "uri" in node:
        tile |= {"refine": "REPLACE", "content": {"uri": node["uri"]}}
    return {**tile, "children": children} if children else tile
