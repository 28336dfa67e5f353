"""The rules for objects of every format: an error refuses an object, a warning admits it and is kept with the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from lifang.core import Box, distance_m
from lifang.twin.checking.shells import ill_fitting, sharing_space
from lifang.twin.checking.solids import SOLIDS, examine
from lifang.twin.model import CLASSES, THIN
from lifang.twin.reading import Fault, ModelFile

_BOTTOM_M, _TOP_M = -500.0, 9_000.0  # deeper is no basement, higher no roof on earth
_HEIGHT_MAX_M = 1_500.0  # no building is higher
_OVERLAP_SHARE = 0.1  # of the smaller of two footprints: walls that touch overlap by less
_GROUP = "CityObjectGroup"
_SEVERAL = re.compile(r'"shells":\[\d+,')
_PARTS = ("BridgePart", "BuildingPart", "TunnelPart")
_AT_ONCE_BYTES = 16 << 20  # of surfaces, which are ten times as large while they are examined


@dataclass(frozen=True)
class _Model:
    rows: pa.Table

    @cached_property
    def ids(self) -> list[str]:
        found: list[str] = self.rows["id"].to_pylist()
        return found

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """How many shapes each object has."""
        return np.asarray(np.diff(self.rows["geometry"].combine_chunks().offsets.to_numpy()), np.int64)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """The row of each shape."""
        return np.repeat(np.arange(len(self.count)), self.count)

    @cached_property
    def shape(self) -> pa.StructArray:
        """The shapes of all objects, one after the other."""
        return self.rows["geometry"].combine_chunks().flatten()

    def column(self, name: str) -> NDArray[Any]:
        """Return what each shape has in a column."""
        return np.asarray(self.shape.field(name).to_numpy(zero_copy_only=False))

    def fault(self, number: int, rule: str, what: str, mend: str, where: str) -> Fault:
        """Return the warning that a shape breaks a rule."""
        return Fault(self.ids[self.owner[number]], rule, what, mend, where, "warning")

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """The row of what each object is part of, -1 of nothing that is here."""
        row = {each: at for at, each in enumerate(self.ids)}
        return np.array([row.get(each, -1) for each in self.rows["parent"].to_pylist()], np.int64)

    @cached_property
    def thin(self) -> NDArray[np.bool_]:
        """Which shapes are points or lines."""
        return np.isin(self.column("kind"), THIN)

    @cached_property
    def upright(self) -> NDArray[np.bool_]:
        """Which shapes are footprints."""
        return np.asarray(pc.equal(self.shape.field("kind"), "footprint").to_numpy(zero_copy_only=False), dtype=bool)


def checked(found: ModelFile, *, within: Box | None = None) -> ModelFile:
    """Return the model without the objects that break a rule, with what its reader and these rules found.

    ``within`` is where the city lies.
    """
    model = _Model(found.rows)
    faults = [fault for rule in _RULES for fault in rule(model)]
    if within is not None:
        faults += _astray(model, within)
    refused = {fault.object for fault in faults if fault.severity == "error"} - {""}
    kept = np.array([each not in refused for each in model.ids], dtype=bool)
    kept |= _first_of_twice(model, faults)
    faults = [*found.faults, *faults]
    return replace(found, rows=found.rows if kept.all() else found.rows.filter(pa.array(kept)), faults=faults)


def _first_of_twice(model: _Model, faults: Sequence[Fault]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rows are the first of an id that stands there twice and break no other rule."""
    twice = {fault.object for fault in faults if fault.rule == "duplicate" and fault.severity == "error"}
    other = {fault.object for fault in faults if fault.severity == "error" and fault.rule != "duplicate"}
    seen: set[str] = set()
    kept = np.zeros(len(model.ids), dtype=bool)
    for at, each in enumerate(model.ids):
        kept[at] = each in twice and each not in other and each not in seen
        seen.add(each)
    return kept


def _schema(model: _Model) -> Iterator[Fault]:
    known = set(model.ids)
    lines = zip(model.ids, model.rows["class"].to_pylist(), model.rows["parent"].to_pylist(), strict=True)
    for each, kind, parent in lines:
        if kind not in CLASSES and not kind.startswith("+"):
            what = f"{kind[:40]!r} is no class of CityJSON 2.0."
            yield Fault(each, "schema", what, "Name its class; + begins one of an extension.", "type", "warning")
        if parent and parent not in known:
            what = f"It is part of {parent[:80]!r}, which is not there."
            yield Fault(each, "schema", what, "Send the whole with its parts.", "parents", "warning")
        elif not parent and kind in _PARTS:
            what = f"A {kind} is part of something, and it does not say of what."
            yield Fault(each, "schema", what, "Name its whole.", "parents", "warning")
    yield from _circles(dict(zip(model.ids, model.rows["parent"].to_pylist(), strict=True)))


def _circles(parent: dict[str, str]) -> Iterator[Fault]:
    """Yield the objects that are parts of themselves, as parts of their parts."""
    settled: set[str] = set()
    for first in parent:
        way: dict[str, None] = {}
        at = first
        while at in parent and at not in settled and at not in way:
            way[at] = None
            at = parent[at]
        if at in way:
            round_it = list(way)[list(way).index(at) :]
            for each in round_it:
                what = "It is part of itself, by what it is part of."
                yield Fault(each, "schema", what, "Correct what is part of what.", "parents")
        settled.update(way)


def _duplicates(model: _Model) -> Iterator[Fault]:
    seen: set[str] = set()
    places: dict[tuple[int, ...], str] = {}
    number = np.zeros(len(model.owner), np.int64)
    for column in ("wkb", "base_m", "top_m"):  # an outline is another shape at another height
        told = pc.dictionary_encode(model.shape.field(column), null_encoding="encode")
        number = number * len(told.dictionary) + told.indices.to_numpy()
    end = np.cumsum(model.count).tolist()
    for each, count, last in zip(model.ids, model.count.tolist(), end, strict=True):
        if each in seen:
            yield Fault(each, "duplicate", "Its id stands there twice.", "Give every object its own id.", "id")
            continue
        seen.add(each)
        same = places.setdefault(tuple(number[last - count : last].tolist()), each) if count else each
        if same != each:
            what = f"It has the shape and the place of {same}."
            yield Fault(each, "duplicate", what, "Leave one of them out.", "geometry", "warning")


def _astray(model: _Model, city: Box) -> Iterator[Fault]:
    """Yield the first object that does not reach into the city, if one does not, for all of them."""
    west, south, east, north = (model.rows[name].to_numpy() for name in ("west", "south", "east", "north"))
    outside = (west > city.east) | (east < city.west) | (south > city.north) | (north < city.south)
    if not outside.any():
        return
    lon, lat = (west + east)[outside] / 2, (south + north)[outside] / 2
    nearest = np.clip(lon, city.west, city.east), np.clip(lat, city.south, city.north)
    far_km = float(distance_m(lon, lat, *nearest).max()) / 1_000
    whose, others = model.ids[int(outside.argmax())], int(outside.sum()) - 1
    what = f"It lies {far_km:,.0f} km outside the city."
    if others:
        what = f"It lies outside the city, as {others:,} others do, up to {far_km:,.0f} km away."
    mend = "Correct the coordinate system, or the order of its axes: easting or longitude comes first."
    yield Fault(whose, "extent", what, mend, "crs", "warning")


def _heights(model: _Model) -> Iterator[Fault]:
    low, high = (model.rows[name].to_numpy() for name in ("bottom_m", "top_m"))
    wrong = ~(np.isfinite(low) & np.isfinite(high)) | (low > high) | (low < _BOTTOM_M) | (high > _TOP_M)
    for at in np.flatnonzero(wrong).tolist():
        what = f"It reaches from {low[at]:g} m to {high[at]:g} m."
        yield Fault(model.ids[at], "height", what, "Give its heights in metres above the datum.", "geometry")
    tall = ~wrong & (high - low > _HEIGHT_MAX_M) & (np.array(model.rows["class"].to_pylist()) != _GROUP)
    for at in np.flatnonzero(tall).tolist():
        what = f"It is {high[at] - low[at]:,.0f} m high."
        yield Fault(model.ids[at], "height", what, "Give its heights in metres.", "geometry")


def _solids(model: _Model) -> Iterator[Fault]:
    some = np.flatnonzero(~model.upright & ~model.thin)
    if not len(some):
        return
    wkb, lod, solid = model.column("wkb"), model.column("lod"), np.isin(model.column("kind"), SOLIDS)
    portion = np.cumsum([len(each) for each in wkb[some]]) // _AT_ONCE_BYTES
    detail, single = model.column("detail"), model.column("kind") == "Solid"
    shelled = {number: told for number in some[solid[some]].tolist() if len(told := _shells(detail[number])[0]) > 1}
    pieces = np.where(single, 1, 0)
    for number, shells in shelled.items():
        pieces[number] = len(shells) if single[number] else 0
    for part in np.split(some, np.flatnonzero(np.diff(portion)) + 1):
        for rule, broken, what, mend in examine(wkb[part].tolist(), solid[part].tolist(), pieces[part].tolist()):
            for number in part[broken].tolist():
                yield model.fault(number, rule, what, mend, f"geometry lod {lod[number]}")
    for number in shelled:
        for rule, what, mend in ill_fitting(wkb[number], *_shells(detail[number])):
            yield model.fault(number, rule, what, mend, f"geometry lod {lod[number]}")


def _shells(detail: str | None) -> tuple[list[int], list[int] | None]:
    """Return how many surfaces each of several shells has, and how many shells each solid; nothing of a single one."""
    if not detail or not _SEVERAL.search(detail):
        return [], None
    told = orjson.loads(detail)
    return told["shells"], told.get("solids")


def _thin(model: _Model) -> Iterator[Fault]:
    """Yield lines of no length, and points that stand in one place."""
    some = np.flatnonzero(model.thin)
    parts, of = shapely.get_parts(shapely.from_wkb(model.column("wkb")[some]), return_index=True)
    at, part = shapely.get_coordinates(parts, include_z=True, return_index=True)
    start = np.searchsorted(part, np.arange(len(parts)))
    line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    moves = np.logical_or.reduceat((at != at[start[part]]).any(axis=1), start) if len(at) else line
    _, first = np.unique(np.column_stack((of, at[start])), axis=0, return_index=True) if len(at) else (at, start)
    again = ~line
    again[first] = False
    for broken, what, mend in (
        (line & ~moves, "A line of it has no length.", "Leave it out, or correct its corners."),
        (again, "Two points of it stand in one place.", "Leave one of them out."),
    ):
        for number in some[np.unique(of[broken])].tolist():
            where = f"geometry lod {model.column('lod')[number]}"
            yield Fault(model.ids[model.owner[number]], "degenerate", what, mend, where, "warning")


def _overlaps(model: _Model) -> Iterator[Fault]:
    """Yield pairs of footprints that cover each other and stand at the same height, none of a whole and its parts."""
    some = np.flatnonzero(model.upright)
    if not len(some):
        return
    shapes = np.asarray(shapely.from_wkb(model.column("wkb")[some]), dtype=object)
    base, top, owner = model.column("base_m")[some], model.column("top_m")[some], model.owner[some]
    one, other = shapely.STRtree(shapes).query(shapes)
    beside = (one < other) & (base[one] < top[other]) & (base[other] < top[one])
    one, other = one[beside], other[beside]
    area, bounds = shapely.area(shapes), shapely.bounds(shapes)
    tolerated = _OVERLAP_SHARE * np.minimum(area[one], area[other])
    low, high = np.maximum(bounds[one, :2], bounds[other, :2]), np.minimum(bounds[one, 2:], bounds[other, 2:])
    near = np.prod(high - low, axis=1) > tolerated  # else their boxes share too little for them to share enough
    one, other, tolerated = one[near], other[near], tolerated[near]
    over = shapely.area(shapely.intersection(shapes[one], shapes[other])) > tolerated
    one, other = one[over], other[over]
    apart = (model.parent[owner[one]] != owner[other]) & (model.parent[owner[other]] != owner[one])
    pairs = np.unique(np.column_stack((one[apart], other[apart])), axis=0)
    for first, second in pairs.tolist():
        whose, with_whom = (model.ids[owner[number]] for number in (first, second))
        what = f"Its footprint covers a part of {with_whom}."
        yield Fault(whose, "overlap", what, "Correct one of the two outlines.", "geometry", "warning")


def _parts(model: _Model) -> Iterator[Fault]:
    """Yield pairs of parts of one whole that are solids and share space, at one level of detail."""
    part = np.isin(np.array(model.rows["class"].to_pylist())[model.owner], _PARTS) & (model.parent[model.owner] >= 0)
    some = np.flatnonzero(part & np.isin(model.column("kind"), SOLIDS))
    if not len(some):
        return
    whole, lod = model.parent[model.owner[some]], model.column("lod")[some]
    level = np.unique(lod.astype(str), return_inverse=True)[1].reshape(-1)
    pairs, left = sharing_space(model.column("wkb")[some].tolist(), (whole * len(some) + level).tolist())
    if left:
        what = f"Pairs of parts that lie by each other and were not compared: {left:,}."
        yield Fault("", "overlap", what, "Send fewer at once.", "geometry", "warning")
    for one, other in pairs:
        beside = model.ids[model.owner[some[other]]]
        what = f"It shares space with {beside}, a part of the same whole."
        if beside == model.ids[model.owner[some[one]]]:
            what = "Two solids of it, of one level of detail, share space."
        where = f"geometry lod {lod[one]}"
        yield model.fault(some[one], "overlap", what, "Let the two touch at most.", where)


_RULES: tuple[Callable[[_Model], Iterator[Fault]], ...] = (
    _schema,
    _duplicates,
    _heights,
    _solids,
    _thin,
    _overlaps,
    _parts,
)
