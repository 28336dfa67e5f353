"""Tiles of the twin as it was at a moment, made when they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import NotFound
from lifang.guard import Classification
from lifang.store import ObjectQuery, Objects
from lifang.twin.chosen import Chosen
from lifang.twin.kept import KeptTiles
from lifang.twin.model import TERRAIN, class_of
from lifang.twin.tiling import (
    Cell,
    Pictures,
    Pyramid,
    Solids,
    Surfaces,
    Thin,
    content,
    level_tiles,
    packed,
    subtree,
    tileset,
    unpack,
)

_COLUMNS = ("id", "class", "name", "model", "geometry", "bottom_m", "top_m", "classification")
_HELD_MAX = 64
TILE_IMAGES_MAX = 4 << 20, 8 << 20  # bytes and pixels of the images in one tile
_MUCH_BYTES = 128 << 10
_ROW = b'"ROW.glb'  # in a pack, for the row of the tile that it is of: another one in a view of other objects
Kinds = tuple[Solids, Surfaces, Surfaces, Thin]
_TOLD = ("id", "class", "name", "model")


@dataclass(frozen=True)
class Tile:
    """A tile's binary glTF, and the classifications of the objects in it."""

    glb: bytes
    classes: list[Classification]


@dataclass(frozen=True)
class Values:
    """A property of the objects of a tile by their ids, and their classifications."""

    of: dict[str, Any]
    classes: list[Classification]


@dataclass(frozen=True)
class Standing:
    """What stands in a cell: ``state`` names the versions of objects, ``bytes`` are those of their shapes.

    ``region`` is west, south, east, north in radians, the lowest and highest in metres.
    """

    cell: Cell
    state: tuple[int, int]
    bytes: int
    region: list[float]

    @property
    def much(self) -> bool:
        """Whether it is worth levels of its own."""
        return self.bytes >= _MUCH_BYTES


@dataclass(frozen=True)
class _Held:
    """The cells that hold objects from ``since`` until ``until`` as of a change, and the grid over them."""

    change: int
    since: int
    until: int
    cells: dict[Cell, Standing]
    pyramid: Pyramid | None


class HeldCells:
    """The cells that hold objects, by what was asked for: kept until an object changes or begins or ends to hold."""

    def __init__(self) -> None:
        self._held: OrderedDict[ObjectQuery, _Held] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, objects: Objects, query: ObjectQuery) -> dict[Cell, Standing]:
        """Return what stands in the cells of the objects that meet ``query``, by key."""
        return self._known(objects, query).cells

    def pyramid(self, objects: Objects, query: ObjectQuery) -> Pyramid:
        """Return the part of the grid over those cells, or ``NotFound``."""
        found = self._known(objects, query).pyramid
        if found is None:
            raise NotFound(
                "There are no objects to show then and there.", mend="Add a model, or choose another moment."
            )
        return found

    def state(self, objects: Objects, query: ObjectQuery) -> tuple[int, ObjectQuery, int]:
        """Return what names the state of all that meets ``query`` as long as it lasts.

        The moment of ``query`` is not in it, but the one since which nothing began or ended.
        """
        found = self._known(objects, query)
        return found.change, _hashable(replace(query, valid=0)), found.since

    def _known(self, objects: Objects, query: ObjectQuery) -> _Held:
        key, change = _hashable(replace(query, valid=0)), objects.last_change
        with self._lock:
            known = self._held.get(key)
        if known and known.change == change and known.since <= query.valid < known.until:
            return known
        since, until = objects.steady(query)
        cells = {each.cell: each for each in map(_standing, objects.cells(query).to_pylist())}
        held = _Held(change, since, until, cells, Pyramid.over(cells) if cells else None)
        with self._lock:
            self._held[key] = held
            self._held.move_to_end(key)
            while len(self._held) > _HELD_MAX:
                self._held.popitem(last=False)
        return held


def _hashable(query: ObjectQuery) -> ObjectQuery:
    lists: dict[str, Any] = {name: tuple(value) for name, value in vars(query).items() if isinstance(value, list)}
    return replace(query, **lists)


@dataclass(frozen=True)
class TileSource:
    """The tiles of the objects that meet a query: what a viewer may ask for, one after the other."""

    objects: Objects
    query: ObjectQuery
    held: HeldCells
    kept: KeptTiles
    generated: frozenset[str] = frozenset()  # models whose objects nobody surveyed
    pictures: Pictures | None = None

    @cached_property
    def cells(self) -> dict[Cell, Standing]:
        """The cells of the grid in which there are objects, by key: counted once while what they hold stays."""
        return self.held.of(self.objects, self.query)

    @cached_property
    def _pyramid(self) -> Pyramid:
        return self.held.pyramid(self.objects, self.query)

    def tiles(self) -> list[tuple[int, int, int]]:
        """Return level, x and y of every tile that has content."""
        root = self._pyramid.root
        return [_place(cell, root) for cell in self.cells]

    def place(self, cell: Cell) -> tuple[int, int, int]:
        """Return level, x and y of the tile that shows a cell of the grid."""
        return _place(cell, self._pyramid.root)

    def tileset(self) -> dict[str, Any]:
        """Return the ``tileset.json`` of 3D Tiles 1.1; ``NotFound`` if there is nothing to show."""
        kinds = self.objects.count(self.query, "class").to_pylist()
        named = [(each["class"], each["count"], class_of(each["class"])) for each in kinds]
        classes = [{"id": kind, "zh": zh, "en": en, "count": count} for kind, count, (zh, en, _) in named]
        few = [each.region for each in self.cells.values() if not each.much]
        unmade = {each.cell for each in self.unmade}
        much = [(self.place(cell), each.region, cell not in unmade) for cell, each in self.cells.items() if each.much]
        return tileset(self._pyramid, few, much, classes=classes)

    @cached_property
    def unmade(self) -> list[Standing]:
        """The cells that are worth levels of detail and have none yet: they are shown just as they are."""
        return [each for each in self.cells.values() if each.much and not self.kept.size(self._key("levels", each))]

    @property
    def made(self) -> dict[Any, int]:
        """The bytes of the levels of detail that cells have, by what names these and what stands there."""
        much = [each for each in self.cells.values() if each.much]
        return {(each.cell.key, each.state): self.kept.size(self._key("levels", each)) for each in much}

    def make(self, standing: Standing) -> int:
        """Make the levels of detail of a cell and return how many bytes they are."""
        return len(self._made_pack(standing)[0])

    @property
    def state(self) -> Any:
        """What names the state of all that is shown as long as it lasts."""
        return self.held.state(self.objects, self.query)

    def subtree(self, level: int, x: int, y: int) -> bytes:
        """Return the subtree file that begins at a tile, or ``NotFound``."""
        root = self._inside(level, x, y)
        return subtree(root, [each.cell for each in self.cells.values() if not each.much])

    def content(self, level: int, x: int, y: int) -> Tile:
        """Return what stands in a cell just as it is, or ``NotFound``."""
        standing = self._standing(level, x, y)
        return Tile(*self._kept("3d", standing, lambda rows: content(rows, standing.cell.box, pictures=self.pictures)))

    def levels(self, level: int, x: int, y: int) -> Tile:
        """Return the tileset, as JSON, of what stands in a cell by levels of detail, or ``NotFound``."""
        pack, classes = self._pack(level, x, y)
        return Tile(unpack(pack, "").replace(_ROW, b'"%d.glb' % y), classes)

    def part(self, level: int, x: int, y: int, name: str) -> Tile:
        """Return the binary glTF of a tile that :meth:`levels` names, or ``NotFound``."""
        pack, classes = self._pack(level, x, y)
        return Tile(unpack(pack, name), classes)

    def _pack(self, level: int, x: int, y: int) -> tuple[bytes, list[Classification]]:
        """Return all tiles of a cell: they are made together."""
        return self._made_pack(self._standing(level, x, y))

    def _made_pack(self, standing: Standing) -> tuple[bytes, list[Classification]]:
        cell, uri = standing.cell, f"{_ROW[1:].decode()}?part={{name}}"

        def made(rows: Kinds) -> bytes:
            return packed(*level_tiles(rows, cell.box, cell.size_m, uri=uri, pictures=self.pictures))

        return self._kept("levels", standing, made)

    def _key(self, form: str, standing: Standing) -> tuple[Any, ...]:
        return form, standing.cell.key, standing.state, sorted(self.generated)

    def _kept(
        self, form: str, standing: Standing, make: Callable[[Kinds], bytes]
    ) -> tuple[bytes, list[Classification]]:
        def made() -> tuple[bytes, list[Classification]]:
            rows = self._held_by(standing.cell, _COLUMNS)
            classes = [Classification(each) for each in rows["classification"].unique().to_pylist()]
            return make(parts_of(rows, self.generated)), classes

        return self.kept.of(self._key(form, standing), made)

    def _standing(self, level: int, x: int, y: int) -> Standing:
        found = self.cells.get(self._inside(level, x, y))
        if found is None:
            raise NotFound("There is no such tile.", where=f"{level}/{x}/{y}", mend="Follow the subtree files.")
        return found

    def values(self, level: int, x: int, y: int, name: str) -> Values:
        """Return a property of each object that a tile shows, or ``NotFound``."""
        cell = self._inside(level, x, y)
        rows = self._held_by(cell, ("id", "properties", "classification"))
        classes = [Classification(each) for each in rows["classification"].unique().to_pylist()]
        told = zip(rows["id"].to_pylist(), map(orjson.loads, rows["properties"].to_pylist()), strict=True)
        return Values({each: properties[name] for each, properties in told if _plain(properties.get(name))}, classes)

    def _held_by(self, cell: Cell, columns: Sequence[str]) -> pa.Table:
        """Return the objects of a cell: what lies about it on the map is looked through, not all."""
        return self.objects.read(replace(self.query, cells=[cell.key], box=cell.box), columns)

    def _inside(self, level: int, x: int, y: int) -> Cell:
        pyramid = self._pyramid
        if not (0 <= level < pyramid.levels and 0 <= x < 2**level and 0 <= y < 2**level):
            raise NotFound("There is no such tile.", where=f"{level}/{x}/{y}", mend="Follow the subtree files.")
        return pyramid.cell(level, x, y)


def _place(cell: Cell, root: Cell) -> tuple[int, int, int]:
    level = cell.level - root.level
    return level, cell.x - (root.x << level), cell.y - (root.y << level)


def _standing(row: dict[str, Any]) -> Standing:
    degrees = [row[name] for name in ("west", "south", "east", "north")]
    region = [*np.radians(degrees).tolist(), row["bottom_m"], row["top_m"]]
    return Standing(Cell.of_key(row["cell"]), (row["state"], row["count"]), row["bytes"] or 0, region)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def parts_of(rows: pa.Table, generated: frozenset[str]) -> Kinds:
    """Return the finest shape of each object: upright solids, objects of surfaces, terrain, and points and lines."""
    chosen = Chosen.finest(rows["geometry"])
    shapes, upright, base, top = chosen.outline, chosen.upright, chosen.base_m, chosen.top_m
    heights = pa.array(np.round(rows["top_m"].to_numpy() - rows["bottom_m"].to_numpy(), 2))
    marks = pa.array([int(each in generated) for each in rows["model"].to_pylist()], pa.int32())
    table = rows.select(_TOLD).append_column("height_m", heights).append_column("generated", marks)
    if any(chosen.colour) or any(chosen.faces):
        table = table.append_column("colour", pa.array(chosen.colour))
    solids = Solids(shapes[upright], base[upright], top[upright], table.filter(pa.array(upright)))
    surfaced = ~upright & ~chosen.thin
    relief = surfaced & np.asarray(pc.equal(rows["class"], TERRAIN).to_numpy(zero_copy_only=False), dtype=bool)
    others = np.flatnonzero(surfaced & ~relief)
    axes = [chosen.axis[row] for row in others] if any(each is not None for each in chosen.axis) else ()
    faces = [chosen.faces[row] for row in others] if any(chosen.faces) else ()
    textures = [chosen.texture[row] for row in others] if any(chosen.texture) else ()
    draped = [chosen.texture[row] for row in np.flatnonzero(relief)] if any(chosen.texture) else ()
    ground = Surfaces(shapes[relief], table.filter(pa.array(relief)), smooth=True, textures=draped)
    thin = Thin(shapes[chosen.thin], table.filter(pa.array(chosen.thin)))
    surfaces = Surfaces(shapes[others], table.take(pa.array(others)), axes, faces, textures=textures)
    return solids, surfaces, ground, thin
