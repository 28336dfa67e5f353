"""CityJSON 2.0 and CityJSON text sequences of objects, in millimetres of a projected coordinate system.

Source: CityJSON 2.0 (OGC 20-072r5), chapters 2, 3, 4, 6 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.core import Box, from_wgs84
from lifang.twin.model import THIN, CityObject, Shape
from lifang.twin.nesting import nested, spread_out
from lifang.twin.shapes import prism
from lifang.twin.writing.addresses import addresses_of, places_of
from lifang.twin.writing.kin import Kin
from lifang.twin.writing.materials import Materials, member
from lifang.twin.writing.textures import Textures, textured

_SCALE_M = 0.001
_FIRST = ("type", "version", "transform")
_EDGE = 9  # points of it that are looked at
_POINTS, _LINE, _RING = 1, 2, 3  # the least number of vertices
_NAMES = ("name", "identificatie", "identificatiebagpnd")

Floats = NDArray[np.float64]


def metric_crs(box: Box) -> str:
    """Return the UTM zone of the middle of ``box`` on WGS 84, such as ``EPSG:32648``."""
    lon, lat = box.centre
    return f"EPSG:{32600 + (lat < 0) * 100 + min(60, int((lon + 180) // 6) + 1)}"


@dataclass(frozen=True)
class CityJson:
    """Objects in the projected system ``crs``, about the middle of ``box``; ``prefix`` is taken off their ids.

    ``kin`` are the groups and further wholes that they belong to, ``told`` members of the root. Heights stay as they
    are: metres above the height datum of their model.
    """

    crs: str
    box: Box
    prefix: str = ""
    kin: Kin = field(default_factory=Kin)
    told: Mapping[str, Any] = field(default_factory=dict)

    def head(self, extent: Sequence[float]) -> dict[str, Any]:
        """Return the document without objects: what the first line of a sequence is."""
        system = {"referenceSystem": f"https://www.opengis.net/def/crs/EPSG/0/{self.crs.removeprefix('EPSG:')}"}
        return {
            "type": "CityJSON",
            "version": "2.0",
            "transform": {"scale": [_SCALE_M] * 3, "translate": self._origin.tolist()},
            **self.told,
            "metadata": {**self.told.get("metadata", {}), **system, "geographicalExtent": list(extent)},
            "CityObjects": {},
            "vertices": [],
        }

    def document(self, families: Iterator[list[CityObject]], textures: Textures | None = None) -> Iterator[bytes]:
        """Yield one CityJSON file in pieces, its vertices and what tells of all of it last.

        It has the textures of its objects if ``textures`` takes them, whose images must then lie beside it.
        """
        begins = {name: each for name, each in self.head(()).items() if name in _FIRST}
        yield orjson.dumps(begins)[:-1] + b',"CityObjects":{'
        vertices: list[bytes] = []
        count, comma, looks, span = 0, b"", _Looks(textures=textures), _Span()
        for family in families:
            objects, own = self._encoded(family, looks, first=count)
            yield comma + orjson.dumps(objects)[1:-1]
            vertices.append(orjson.dumps(own.tolist())[1:-1])
            span.take(own)
            count, comma = count + len(own), b","
        yield b'},"vertices":['
        yield b",".join(each for each in vertices if each)
        head = self.head(span.metres(self._origin) or self.extent(self.box, 0.0, 0.0))
        head = {name: each for name, each in head.items() if name not in (*_FIRST, "CityObjects", "vertices")}
        yield b"]," + orjson.dumps({**head, **looks.told()})[1:] + b"\n"

    def sequence(self, families: Iterator[list[CityObject]], heights: Sequence[float]) -> Iterator[bytes]:
        """Yield a CityJSON text sequence: the head, then a feature a line, each an object with its parts.

        ``heights`` are the least and the greatest of all of them.
        """
        yield orjson.dumps(self.head(self.extent(self.box, *heights))) + b"\n"
        for family in families:
            looks = _Looks()
            objects, vertices = self._encoded(family, looks, first=0)
            feature = {
                "type": "CityJSONFeature",
                "id": self._name(family[0].id),
                "CityObjects": objects,
                "vertices": vertices.tolist(),
                **looks.told(),
            }
            yield orjson.dumps(feature) + b"\n"

    @property
    def _origin(self) -> Floats:
        lon, lat = self.box.centre
        x, y = from_wgs84(np.array([lon]), np.array([lat]), crs=self.crs)
        return np.array([np.floor(x[0]), np.floor(y[0]), 0.0])

    def _name(self, object_id: str) -> str:
        return object_id.removeprefix(f"{self.prefix}:") if self.prefix else object_id

    def _encoded(
        self, family: Sequence[CityObject], looks: _Looks, *, first: int
    ) -> tuple[dict[str, Any], NDArray[np.int64]]:
        """Return objects by name, and their vertices, which are counted from ``first``."""
        rings = _Rings()
        there = {each.id for each in family}
        geometry = [[_taken(shape, rings, looks) for shape in each.shapes] for each in family]
        places = [
            [(number, _Thin({"type": "MultiPoint", "lod": lod}, rings.add_thin(points)))
             for number, lod, points in places_of(each.properties)]
            for each in family
        ]  # fmt: skip
        vertices = rings.numbered(self, first)
        children: dict[str, list[str]] = {}
        for each in family:
            if each.parent in there:
                children.setdefault(each.parent, []).append(each.id)
        objects = {}
        for each, shapes, points in zip(family, geometry, places, strict=True):
            body: dict[str, Any] = {"type": each.kind, **_told(each)}
            for number, place in points:
                body["address"][number]["location"] = place.body(rings)
            bodies = [taken.body(rings) for taken in shapes]
            body["geometry"] = [each for each in bodies if each["boundaries"]]
            if not body["geometry"]:
                body["geographicalExtent"] = self.extent(each.box, each.bottom_m, each.top_m)
            whole = [each.parent] if each.parent in there else []
            body |= self.kin.members(each.id, each.kind, whole, children.get(each.id, ()), self._name)
            objects[self._name(each.id)] = body
        return objects, vertices

    def extent(self, box: Box, bottom_m: float, top_m: float) -> list[float]:
        """Return the least and the greatest easting, northing and height of what lies in a box, in metres."""
        along = np.linspace(0.0, 1.0, _EDGE)  # a parallel is no straight line
        east, north = box.west + along * (box.east - box.west), box.south + along * (box.north - box.south)
        lon = np.concatenate((east, east, np.full(_EDGE, box.west), np.full(_EDGE, box.east)))
        lat = np.concatenate((np.full(_EDGE, box.south), np.full(_EDGE, box.north), north, north))
        x, y = (np.round(each, 3).tolist() for each in from_wgs84(lon, lat, crs=self.crs))
        return [min(x), min(y), round(bottom_m, 3), max(x), max(y), round(top_m, 3)]

    def on_grid(self, degrees: Floats) -> NDArray[np.int64]:
        """Return positions in degrees and metres as the whole numbers that the file holds, shape (n, 3)."""
        x, y = from_wgs84(degrees[:, 0], degrees[:, 1], crs=self.crs)
        metres = np.column_stack((x, y, degrees[:, 2])) - self._origin
        return np.rint(metres / _SCALE_M).astype(np.int64)


@dataclass
class _Looks:
    """How the surfaces of a document or feature look: their materials, and their textures if it has any."""

    materials: Materials = field(default_factory=Materials)
    textures: Textures | None = None

    def told(self) -> dict[str, Any]:
        """Return the member ``appearance``, if there is one."""
        told = self.materials.told() | (self.textures.told() if self.textures else {})
        return {"appearance": told} if told else {}


@dataclass
class _Span:
    """The least and the greatest of the vertices so far, shape (2, 3), in steps of the grid."""

    found: NDArray[np.int64] | None = None

    def take(self, vertices: NDArray[np.int64]) -> None:
        if len(vertices):
            before = () if self.found is None else (self.found,)
            every = np.concatenate((*before, vertices))
            self.found = np.array([every.min(axis=0), every.max(axis=0)])

    def metres(self, origin: Floats) -> list[float]:
        """Return it in the file's system, nothing without vertices."""
        return [] if self.found is None else np.round(self.found * _SCALE_M + origin, 3).ravel().tolist()


@dataclass
class _Rings:
    """The rings, lines and points of a family, one after the other, and then the numbers of their vertices.

    ``least`` is how many vertices each must have; a ring is closed.
    """

    coordinates: list[Floats] = field(default_factory=list)
    least: list[int] = field(default_factory=list)
    numbers: list[list[int]] = field(default_factory=list)
    _runs: list[NDArray[np.int64]] = field(default_factory=list)

    def left(self, ring: int) -> NDArray[np.bool_]:
        """Return which vertices of a ring are left, once they are numbered."""
        return _parted(self._runs[ring], self.least[ring]) & bool(self.numbers[ring])

    def add(self, surfaces: NDArray[np.object_]) -> list[list[int]]:
        """Return the numbers of the rings of each surface, taken in now."""
        found = []
        for surface in surfaces.tolist():
            rings = [surface.exterior, *surface.interiors]
            start = len(self.coordinates)
            self.coordinates += [shapely.get_coordinates(ring, include_z=True)[:-1] for ring in rings]
            self.least += [_RING] * len(rings)
            found.append(list(range(start, start + len(rings))))
        return found

    def add_thin(self, whole: shapely.Geometry) -> list[int]:
        """Return the number of each line, or that of all points together, taken in now."""
        runs = [whole] if whole.geom_type == "MultiPoint" else list(whole.geoms)
        start = len(self.coordinates)
        self.coordinates += [shapely.get_coordinates(run, include_z=True) for run in runs]
        self.least += [_POINTS if run is whole else _LINE for run in runs]
        return list(range(start, start + len(runs)))

    def numbered(self, target: CityJson, first: int) -> NDArray[np.int64]:
        """Return the vertices, each once, having numbered those of every ring and line from ``first`` on.

        Of vertices that follow each other at one place of the grid one is left, of a ring with fewer than three none,
        nor of a line with fewer than two.
        """
        if not self.coordinates:
            return np.empty((0, 3), np.int64)
        grid, number = np.unique(target.on_grid(np.concatenate(self.coordinates)), axis=0, return_inverse=True)
        ends = np.cumsum([len(each) for each in self.coordinates])[:-1]
        self._runs = np.split(number.ravel() + first, ends)
        self.numbers = [_without_twins(each, least) for each, least in zip(self._runs, self.least, strict=True)]
        return grid


def _without_twins(run: NDArray[np.int64], least: int) -> list[int]:
    kept: list[int] = (run if least == _POINTS else run[_parted(run, least)]).tolist()
    return kept if len(set(kept)) >= least else []


def _parted(run: NDArray[np.int64], least: int) -> NDArray[np.bool_]:
    """Return which vertices of a ring or line lie elsewhere than the one before."""
    follows = np.asarray(run != np.roll(run, 1))
    follows[0] |= least < _RING  # in a ring the last comes before the first
    return follows


@dataclass(frozen=True)
class _Taken:
    """A geometry whose surfaces are numbers of rings."""

    head: Mapping[str, Any]
    surfaces: list[list[int]]
    shells: list[int]
    solids: list[int]
    material: tuple[int | None, list[int | None]]  # of all surfaces, or of each
    texture: Mapping[str, list[Any]] = field(default_factory=dict)

    def body(self, rings: _Rings) -> dict[str, Any]:
        """Return the geometry object of CityJSON; a surface that the grid makes a line or a point is left out."""
        numbers = rings.numbers
        outer = [bool(numbers[surface[0]]) for surface in self.surfaces]
        surfaces = [[numbers[ring] for ring in surface if numbers[ring]] for surface in self.surfaces]
        whole, each = self.material
        body = {**self.head, **member(whole, self._nested(each, outer) if each else [])}
        body |= textured(self.texture, self.surfaces, rings.left, lambda items: self._nested(items, outer))
        semantics = body.get("semantics")
        if semantics and semantics.get("values") and not all(outer):
            values = spread_out(self.head["type"], semantics["values"], self.shells, self.solids)
            body["semantics"] = {**semantics, "values": self._nested(values, outer)}
        return {**body, "boundaries": self._nested(surfaces, outer)}

    def _nested(self, items: Sequence[Any], there: Sequence[bool]) -> list[Any]:
        """Return what there is of the surfaces that are ``there``, as the type nests them."""
        kept = [each for each, own in zip(items, there, strict=True) if own]
        left = iter(there)
        return nested(self.head["type"], kept, [sum(islice(left, size)) for size in self.shells], self.solids)


@dataclass(frozen=True)
class _Thin:
    """Points or lines, whose lines, or whose points together, are numbers of ``runs``."""

    head: Mapping[str, Any]
    runs: list[int]

    def body(self, rings: _Rings) -> dict[str, Any]:
        """Return the geometry object of CityJSON; a line that the grid makes a point is left out."""
        runs = [rings.numbers[each] for each in self.runs]
        if self.head["type"] == "MultiPoint":
            return {**self.head, "boundaries": runs[0]}
        body, semantics = dict(self.head), self.head.get("semantics")
        if semantics and semantics.get("values"):
            values = [each for each, run in zip(semantics["values"], runs, strict=True) if run]
            body["semantics"] = {**semantics, "values": values}
        return {**body, "boundaries": [each for each in runs if each]}


def _taken(shape: Shape, rings: _Rings, looks: _Looks) -> _Taken | _Thin:
    whole = shapely.from_wkb(shape.wkb)
    if shape.kind in THIN:
        return _Thin(_head(shape), rings.add_thin(whole))
    material = looks.materials.of(shape.detail)
    texture = looks.textures.of(shape.detail) if looks.textures else {}
    if shape.kind == "footprint":
        solids = [prism(part, shape.base_m, shape.top_m) for part in shapely.get_parts(whole)]
        surfaces = [each for solid in solids for each in rings.add(solid)]
        head = {"type": "Solid" if len(solids) == 1 else "MultiSolid", "lod": shape.lod}
        return _Taken(head, surfaces, [len(solid) for solid in solids], [1] * len(solids), material)
    surfaces = rings.add(shapely.get_parts(whole))
    shells = list(shape.detail.get("shells") or [len(surfaces)])
    of_each = list(shape.detail.get("solids") or [1] * len(shells))
    return _Taken(_head(shape), surfaces, shells, of_each, material, texture)


def _head(shape: Shape) -> dict[str, Any]:
    head: dict[str, Any] = {"type": shape.kind, "lod": shape.lod}
    return head | {"semantics": shape.detail["semantics"]} if shape.detail.get("semantics") else head


def _told(found: CityObject) -> dict[str, Any]:
    """Return the members of an object that tell of it: its attributes, and its addresses if CityJSON gave them."""
    named = any(found.properties.get(each) for each in _NAMES)
    attributes = dict(found.properties) | ({"name": found.name} if found.name and not named else {})
    addresses = addresses_of(attributes)
    if addresses:
        del attributes["address"]
        return {"attributes": attributes, "address": addresses}
    return {"attributes": attributes}
