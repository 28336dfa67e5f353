"""Studies of the city as it was at a moment: what analysing tells of the objects that meet a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, Box, NotFound, TooLarge
from lifang.guard import Classification
from lifang.store import ObjectQuery, Objects
from lifang.twin import analysing
from lifang.twin.bodied import body_of, finest, length_of
from lifang.twin.built import built
from lifang.twin.flat import classes_of, outlines_of
from lifang.twin.model import SPACES, TERRAIN, CityObject
from lifang.twin.shapes import Frame, areal
from lifang.twin.tiles import parts_of
from lifang.twin.tiling import Thin

Floats = NDArray[np.float64]
Place = tuple[float, float, float]  # longitude, latitude in degrees, height in metres
OBJECTS_MAX = 20_000
_PAIRS_MAX = 20_000_000
_CELLS_MAX = 1_000_000
_PIECES_MAX = 100_000
_EYE_BEYOND_M = 0.01
_BURIED = ("pipe", "cable")
_YEARS = range(1900, 2200)  # as of moments


@dataclass(frozen=True)
class Study:
    """Studies of the objects that meet ``query``; ``seen`` is told the classifications of what is looked at."""

    objects: Objects
    query: ObjectQuery
    seen: Callable[[Sequence[Classification]], None]

    def measures(self, object_id: str) -> dict[str, Any]:
        """Return height, surface, volume and covered area of an object's finest shape; of lines also their length."""
        one = self._one(object_id)
        frame = Frame(*one.object.box.centre)
        found = analysing.measures(one.body(frame))
        covered = float(shapely.area(frame.flat(one.outline)))
        length = length_of(one.object.shapes, frame)
        return {
            "id": object_id,
            "lod": one.lod,
            "height_m": found.height_m,
            "surface_m2": found.surface_m2,
            "covered_m2": covered,
            "volume_m3": found.volume_m3,
            "closed": found.volume_m3 is not None and length is None,
            "open_edges": found.open_edges,
            "length_m": length,
        }

    def distance(self, first_id: str, second_id: str) -> dict[str, Any]:
        """Return the least distance between two objects in space, and the points where it is."""
        first, second = self._one(first_id), self._one(second_id)
        frame = Frame(*first.object.box.centre)
        one, other = first.body(frame), second.body(frame)
        if len(one.triangles) * len(other.triangles) > _PAIRS_MAX:
            raise TooLarge("These two have too many faces.", mend="Choose objects of a coarser level of detail.")
        gap, here, there = analysing.closest(one, other)
        return {"distance_m": gap, "from": _place(here, frame), "to": _place(there, frame)}

    def clearances(self, box: Box, *, least_m: float) -> list[dict[str, Any]]:
        """Return which pipes in a box lie too near, as ``clearances_between``."""
        return clearances_between(self._rows(box), least_m)

    def section(self, object_id: str, through: Place, *, azimuth: float, tilt: float) -> dict[str, Any]:
        """Return what a plane cuts of an object: lines in space, and the area that they enclose.

        ``azimuth`` is where the plane's normal points, degrees from north; ``tilt`` its angle from the vertical: 0 for
        a level plane, 90 for an upright one.
        """
        one = self._one(object_id)
        frame = Frame(through[0], through[1])
        turn, lean = np.radians([azimuth, tilt])
        normal = np.array([np.sin(lean) * np.sin(turn), np.sin(lean) * np.cos(turn), np.cos(lean)])
        found = analysing.cut(one.body(frame), np.array([0, 0, through[2]]), normal)
        ends = [[_place(end, frame) for end in line] for line in found.lines]
        return {"id": object_id, "area_m2": found.area_m2, "lines": ends}

    def sun_hours(self, point: Place, day: date, *, hours: tuple[float, float], within_m: float) -> dict[str, Any]:
        """Return how long the sun shines on a point on a day, between ``hours`` in true solar time."""
        if not 0 <= hours[0] < hours[1] <= 24:
            raise BadInput("The hours are no span of a day.", where="hours", mend="Give 0 <= first < last <= 24.")
        if day.year not in _YEARS:
            what = f"{day} lies outside the years {_YEARS[0]} to {_YEARS[-1]}."
            raise BadInput(what, where="day", mend="Correct the year.")
        frame = Frame(point[0], point[1])
        moments = analysing.solar_minutes(day, point[0], hours)
        sun = analysing.sun_at(moments, point[0], point[1])
        standing = self._standing(_around(point, within_m), frame)
        found = analysing.sun_hours(np.array([0, 0, point[2]]), moments, sun, standing.triangles)
        return {
            "total_h": found.total_h,
            "longest_h": found.longest_h,
            "spells": [{"start": start, "end": end} for start, end in found.spells],
            "obstacles": standing.count,
        }

    def shadows(self, box: Box, at: datetime) -> dict[str, Any]:
        """Return the sun, and the shadows of what stands in a box on level ground at its feet, as GeoJSON.

        Terrain is the ground, rooms and the like are space, and pipes and cables lie below: they cast none.
        """
        rows = self._rows(box)
        rows = rows.filter(pc.invert(pc.is_in(rows["class"], pa.array([TERRAIN, *SPACES]))))
        rows = rows.filter(pa.array([not _buried(each) for each in rows["properties"].to_pylist()], pa.bool_()))
        lon, lat = box.centre
        frame = Frame(lon, lat)
        sun = analysing.sun_at([at], lon, lat)
        turn, up = float(sun.azimuth[0]), float(sun.elevation[0])
        tall = rows["top_m"].to_numpy() - rows["bottom_m"].to_numpy()
        flat = frame.flat(outlines_of(rows))
        cast = [analysing.shadow(each, height, turn, up) for each, height in zip(flat, tall.tolist(), strict=True)]
        told = [
            {"type": "Feature", "id": own, "properties": {}, "geometry": _geojson(each, frame)}
            for own, each in zip(rows["id"].to_pylist(), cast, strict=True)
            if not each.is_empty
        ]
        return {"type": "FeatureCollection", "azimuth": turn, "elevation": up, "features": told}

    def sight(self, eye: Place, target: Place) -> dict[str, Any]:
        """Return whether a point is seen from another, and if not what is in the way first, and where."""
        frame = Frame(eye[0], eye[1])
        start, end = (_local(each, frame) for each in (eye, target))
        wide = Box(min(eye[0], target[0]), min(eye[1], target[1]), max(eye[0], target[0]), max(eye[1], target[1]))
        standing = self._standing(wide, frame)
        length = float(np.linalg.norm(end - start))
        if not length:
            raise BadInput("The eye and what it looks at are one point.", where="to", mend="Give two points.")
        far, which = analysing.first_hits(
            start[None], (end - start)[None], standing.triangles, beyond=_EYE_BEYOND_M / length
        )
        blocked = bool(far[0] < 1 - _EYE_BEYOND_M / length)
        where = _place(start + float(far[0]) * (end - start), frame) if blocked else None
        return {
            "seen": not blocked,
            "distance_m": length,
            "blocked_by": standing.id_of(int(which[0])) if blocked else None,
            "blocked_at": where,
        }

    def viewshed(
        self, eye: Place, *, radius_m: float, cell_m: float, ground_m: float, spots: Sequence[Any] = ()
    ) -> dict[str, Any]:
        """Return the cells of ground and roofs that are seen from a point, as a grid of rows from the south.

        ``cells`` are ``1`` where seen, ``0`` where hidden; the eye's cell is in the middle. The ground is the terrain
        of the twin (TINRelief), or that between ``spots`` (points with height, degrees); else level at ``ground_m``.
        """
        half = int(radius_m // cell_m)
        if (2 * half + 1) ** 2 > _CELLS_MAX:
            raise TooLarge(f"The grid has more than {_CELLS_MAX:,} cells.", mend="Use larger cells.")
        frame = Frame(eye[0], eye[1])
        rows = self._rows(_around(eye, radius_m))
        steps = np.arange(-half, half + 1, dtype=np.float64) * np.float64(cell_m)
        east, north = np.meshgrid(steps, steps)
        relief = pc.equal(rows["class"], TERRAIN)
        terrain = analysing.heights_of(self._terrain(rows.filter(relief), spots, frame), steps, steps)
        surface = np.where(np.isnan(terrain), ground_m, terrain)
        rows = rows.filter(pc.invert(relief))
        for outline, top in zip(outlines_of(rows), rows["top_m"].to_pylist(), strict=True):
            covered = shapely.contains_xy(areal(frame.flat(outline)), east, north)
            surface[covered] = np.maximum(surface[covered], top)
        seen = analysing.viewshed(surface, (half, half), cell_m=cell_m, eye_m=eye[2])
        seen &= np.hypot(east, north) <= radius_m
        return {
            "cell_m": cell_m,
            "origin": list(eye[:2]),
            "seen_m2": float(seen.sum()) * cell_m**2,
            "terrain": bool(np.isfinite(terrain).any()),
            "cells": ["".join("1" if each else "0" for each in row) for row in seen],
        }

    def density(self, parcels: Sequence[tuple[str, Any]], *, storey_m: float, floors: str) -> list[dict[str, Any]]:
        """Return floor-area ratio and building density of each parcel, name and polygon in degrees; see ``built``."""
        shapes = np.array([shape for _, shape in parcels], dtype=object)
        if not len(shapes):
            raise NotFound("There is no parcel.", mend="Choose another dataset.")
        west, south, east, north = map(float, shapely.total_bounds(shapes))
        box = Box(west, south, east, north)
        frame = Frame(*box.centre)
        there = built(self._rows(box, shaped=False), floors=floors, storey_m=storey_m)
        found = analysing.density(frame.flat(shapes), frame.flat(there.outlines), there.storeys, there.building)
        names = ("area_m2", "covered_m2", "floor_m2", "far", "coverage", "buildings")
        table = pa.table({"parcel": [name for name, _ in parcels], **{each: getattr(found, each) for each in names}})
        return [dict(each) for each in table.to_pylist()]

    def _one(self, object_id: str) -> _One:
        rows = self.objects.read(replace(self.query, ids=[object_id]))
        if not len(rows):
            raise NotFound(f"There is no object {object_id[:80]!r} then.", mend="Look at its history.")
        self.seen(classes_of(rows))
        found = CityObject.from_row(rows.to_pylist()[0])
        if not found.shapes:
            raise NotFound(f"{object_id[:80]!r} has no shape of its own.", mend="Ask for its parts.")
        return _One(found, outlines_of(rows)[0])

    def _rows(self, box: Box, *, shaped: bool = True) -> pa.Table:
        rows = self.objects.read(replace(self.query, box=box, shaped=shaped, limit=OBJECTS_MAX + 1))
        if len(rows) > OBJECTS_MAX:
            raise TooLarge(f"More than {OBJECTS_MAX:,} objects stand there.", mend="Choose a smaller box.")
        self.seen(classes_of(rows))
        return rows

    def _terrain(self, rows: pa.Table, spots: Sequence[Any], frame: Frame) -> Floats:
        """Return the triangles of the terrain about a place: between spots, else of rows of objects."""
        if len(spots):
            at = shapely.get_coordinates(spots, include_z=True)
            flat = frame.local(at[:, 0], at[:, 1], np.zeros(len(at)))[:, :2]
            points = shapely.points(np.column_stack((flat, at[:, 2])))
            faces = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(points)))
            return np.asarray(shapely.get_coordinates(faces, include_z=True)).reshape(-1, 4, 3)[:, :3]
        if not len(rows):
            return np.empty((0, 3, 3))
        meshes = [kind.mesh(slice(None), frame) for kind in parts_of(rows, frozenset()) if len(kind.table)]
        return np.concatenate([np.empty((0, 3, 3)), *(each.position[each.triangle] for each in meshes)])

    def _standing(self, box: Box, frame: Frame) -> _Standing:
        rows = self._rows(box)
        rows = rows.filter(pc.invert(pc.is_in(rows["class"], pa.array(SPACES))))
        kinds = [kind for kind in parts_of(rows, frozenset()) if len(kind.table)]
        meshes = [kind.mesh(slice(None), frame) for kind in kinds]
        ids = [np.array(kind.table["id"].to_pylist(), dtype=object) for kind in kinds]
        owners = [own[mesh.owner[mesh.triangle[:, 0]]] for mesh, own in zip(meshes, ids, strict=True)]
        counted = sum(len(kind.table) for kind in kinds if not isinstance(kind, Thin))
        return _Standing([each.position[each.triangle] for each in meshes], owners, counted)


@dataclass(frozen=True)
class _One:
    """An object with its outline."""

    object: CityObject
    outline: shapely.Geometry

    @property
    def lod(self) -> str:
        """The finest level of detail that it has."""
        return finest(self.object.shapes).lod

    def body(self, frame: Frame) -> analysing.Body:
        """Return its finest shape as triangles in ``frame``."""
        return body_of(self.object.shapes, frame)


@dataclass(frozen=True)
class _Standing:
    """What stands about a place: triangles with the ids of their objects."""

    parts: list[Floats]
    owners: list[NDArray[np.object_]]
    count: int

    @cached_property
    def triangles(self) -> Floats:
        """All of them, (m, 3, 3)."""
        return np.concatenate([np.empty((0, 3, 3)), *self.parts])

    def id_of(self, triangle: int) -> str:
        """Return the object of a triangle."""
        return str(np.concatenate(self.owners)[triangle])


def _buried(properties: str) -> bool:
    """Return whether an object is a pipe or a cable of a network."""
    return orjson.loads(properties).get("function") in _BURIED


def _around(point: Place, metres: float) -> Box:
    return Box(point[0], point[1], point[0], point[1]).grown(metres)


def _local(point: Place, frame: Frame) -> Floats:
    lon, lat, height = (np.array([each]) for each in point)
    return np.asarray(frame.local(lon, lat, height)[0])


def _geojson(shape: shapely.Geometry, frame: Frame) -> Any:
    def degrees(at: Floats) -> Floats:
        return np.round(frame.degrees(np.column_stack((at, np.zeros(len(at)))))[:, :2], 8)

    return orjson.Fragment(shapely.to_geojson(shapely.transform(shape, degrees)))


def _place(point: Floats, frame: Frame) -> list[float]:
    lon, lat, height = frame.degrees(point[None])[0].tolist()
    return [round(lon, 9), round(lat, 9), round(height, 4)]


def pipe_clearances(pipes: Sequence[tuple[str, Place, Place, float]], least_m: float) -> list[dict[str, Any]]:
    """Return which pipes (id, ends of the axis, diameter in metres) lie nearer than ``least_m``, nearest first."""
    if not pipes:
        return []
    ids, starts, ends, wide = zip(*pipes, strict=True)
    frame = Frame(starts[0][0], starts[0][1])
    start, end = (frame.local(*np.array(each, np.float64).T) for each in (starts, ends))
    found = analysing.clearances(analysing.Pipes(start, end, np.array(wide) / 2), least_m)
    return [
        {
            "one": ids[each.one],
            "other": ids[each.other],
            "gap_m": each.gap_m,
            "at": _place(np.array(each.point), frame),
        }
        for each in found
    ]


def clearances_between(rows: pa.Table, least_m: float) -> list[dict[str, Any]]:
    """Return which pipes of rows of objects lie nearer than ``least_m``, nearest first, a pair once at its nearest.

    A pipe has a ``diameter_mm``, and a shape with an ``axis`` (longitude, latitude, metres); those that meet in a node
    (``from``, ``to``), or in two with a pump or valve of no length between, are no pair. ``TooLarge`` past 100,000
    straight pieces.
    """
    told = dict(zip(rows["id"].to_pylist(), map(orjson.loads, rows["properties"].to_pylist()), strict=True))
    axes = dict(zip(told, map(_axis_of, rows["geometry"].to_pylist()), strict=True))
    pipes = {each: own for each, own in told.items() if axes[each] and own.get("diameter_mm")}
    same = {own["to"]: own["from"] for each, own in told.items() if {"from", "to"} <= own.keys() and not axes[each]}
    pieces: list[tuple[str, Place, Place, float]] = [
        (each, start, end, own["diameter_mm"] / 1000)
        for each, own in pipes.items()
        for start, end in pairwise(axes[each])
    ]
    if len(pieces) > _PIECES_MAX:
        raise TooLarge(f"More than {_PIECES_MAX:,} pieces of pipe lie there.", mend="Choose a smaller box.")
    ends = {each: {same.get(own[end], own[end]) for end in ("from", "to") if end in own} for each, own in pipes.items()}
    nearest: dict[frozenset[str], dict[str, Any]] = {}
    for found in pipe_clearances(pieces, least_m):
        one, other = found["one"], found["other"]
        if one != other and not ends[one] & ends[other]:
            nearest.setdefault(frozenset((one, other)), found)
    return list(nearest.values())


def _axis_of(shapes: Sequence[dict[str, Any]]) -> list[Place]:
    """Return the axis that a shape among those of an object is drawn about; none if there is no such shape."""
    details = (each["detail"] for each in shapes if each["detail"] and '"axis"' in each["detail"])
    return next((list(map(tuple, orjson.loads(each)["axis"])) for each in details), [])
