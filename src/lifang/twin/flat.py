"""Vector tiles of the twin as it was at a moment: the outlines of objects with what is asked for of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import NotFound, TooLarge
from lifang.guard import Classification
from lifang.store import ObjectQuery, Objects
from lifang.twin.chosen import Chosen
from lifang.twin.kept import KeptTiles
from lifang.twin.shapes import lines_from_above, outlines
from lifang.twin.tiles import HeldCells
from lifang.twin.vector import Features, Quadrant, apart_deg, least_deg, vector_tiles, write_archive

FEATURES_MAX = 20_000
ARCHIVED_MAX = 2_000_000
_TOLD = ("id", "class", "name", "model")
_COLUMNS = (*_TOLD, "geometry", "bottom_m", "top_m", "classification", "properties")
_DECIMALS = 1


@dataclass(frozen=True)
class FlatTile:
    """A vector tile, empty where nothing is, and the classifications of the objects in it."""

    mvt: bytes
    classes: list[Classification]


@dataclass(frozen=True)
class VectorSource:
    """The vector tiles of the objects that meet a query; features have the asked-for ``properties`` of objects."""

    objects: Objects
    query: ObjectQuery
    held: HeldCells
    kept: KeptTiles
    properties: Sequence[str] = ()
    generated: frozenset[str] = frozenset()  # models whose objects nobody surveyed

    @property
    def fields(self) -> list[str]:
        """The names of what a feature tells."""
        own = [*_TOLD, "base_m", "height_m", "generated"]
        return [*own, *(each for each in self.properties if each not in own)]

    def extent(self) -> tuple[float, ...]:
        """Return west, south, east, north in degrees, bottom and top in metres; ``NotFound`` if there is nothing."""
        found = self.objects.extent(self.query)
        if found is None:
            raise NotFound(
                "There are no objects to show then and there.", mend="Add a model, or choose another moment."
            )
        return found

    def tile(self, at: Quadrant) -> FlatTile:
        """Return one tile; of more than 20,000 objects the largest are kept, none smaller than half a screen point.

        Single points stand four screen points apart or so up to zoom 13, and are all there from 14 on.
        """
        state = self.held.state(self.objects, self.query)
        key = ("flat", at, state, tuple(self.properties), sorted(self.generated))
        return FlatTile(*self.kept.of(key, lambda: self._made(at)))

    def _made(self, at: Quadrant) -> tuple[bytes, list[Classification]]:
        asked = replace(self.query, box=at.squared, across_deg=least_deg(at.z), apart_deg=apart_deg(at.z))
        asked = replace(asked, largest=FEATURES_MAX)
        rows = self.objects.read(asked, _COLUMNS)
        made = dict(vector_tiles(self._features(rows), at.z, only=at)) if len(rows) else {}
        return made.get(at, b""), classes_of(rows)

    def archive(self, target: BinaryIO, *, zooms: range, name: str) -> list[Classification]:
        """Write all tiles of some zooms as PMTiles and return the classifications of the objects in it.

        ``NotFound`` if there is nothing to show, ``TooLarge`` past 2,000,000 objects.
        """
        self.extent()
        rows = self.objects.read(replace(self.query, limit=ARCHIVED_MAX + 1), _COLUMNS)
        if len(rows) > ARCHIVED_MAX:
            raise TooLarge(f"More than {ARCHIVED_MAX:,} objects are too many for one archive.", mend="Ask for a model.")
        write_archive(target, self._features(rows), zooms=zooms, told={"name": name})
        return classes_of(rows)

    def _features(self, rows: pa.Table) -> Features:
        base, top = (rows[each].to_numpy() for each in ("bottom_m", "top_m"))
        table: dict[str, Sequence[Any]] = {each: rows[each].to_pylist() for each in _TOLD}
        table["base_m"] = np.round(base, _DECIMALS).tolist()
        table["height_m"] = np.round(top - base, _DECIMALS).tolist()
        table["generated"] = [each in self.generated for each in table["model"]]
        asked = [each for each in self.properties if each not in table]
        if asked:
            held = [orjson.loads(each) for each in rows["properties"].to_pylist()]
            table |= {each: [plain(own.get(each)) for own in held] for each in asked}
        return Features(outlines_of(rows), table)


def classes_of(rows: pa.Table) -> list[Classification]:
    """Return the classifications that stand in rows of objects."""
    return [Classification(each) for each in rows["classification"].unique().to_pylist()]


def outlines_of(rows: pa.Table, *, in_space: bool = False) -> NDArray[np.object_]:
    """Return the outline of each row of objects in degrees, by its coarsest geometry.

    That is a polygon or multipolygon, or the points or lines, with their heights, of an object that has no surface.
    A line that stands upright is a point, as seen from above, unless lines are asked for as they are ``in_space``.
    """
    chosen = Chosen.coarsest(rows["geometry"])
    found, lying = chosen.outline, chosen.upright | chosen.thin
    found[shapely.is_missing(found)] = shapely.MultiPolygon()
    if not lying.all():
        found[~lying] = outlines(found[~lying])
    if chosen.thin.any() and not in_space:
        found[chosen.thin] = lines_from_above(found[chosen.thin])
    return found


def plain(value: Any) -> str | float | bool | None:
    """Return a property as a text, a number or a truth value: what is built of several becomes JSON."""
    return value if value is None or isinstance(value, str | int | float | bool) else orjson.dumps(value).decode()
