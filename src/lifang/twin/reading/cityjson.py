"""CityJSON 1.1 and 2.0, and CityJSON text sequences: objects with their geometry on WGS 84.

Source: CityJSON 2.0 (OGC 20-072r5), chapters 2, 3, 4, 6 and 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, check_crs
from lifang.twin.model import THIN
from lifang.twin.nesting import DEPTHS
from lifang.twin.reading.addresses import addressed, without_places
from lifang.twin.reading.kin import LINKED_MAX, Kin, inside_out
from lifang.twin.reading.materials import Style, coloured, styles_of
from lifang.twin.reading.members import Claims, is_lod, misbuilt
from lifang.twin.reading.model import Belonging, Broken, Described, Fault, ModelFile, bounds_of, rows_of
from lifang.twin.reading.packed import unpacked
from lifang.twin.reading.semantics import semantics_of
from lifang.twin.reading.slivers import without_slivers
from lifang.twin.reading.templates import INSTANCE, Templates, on_earth
from lifang.twin.reading.textures import Appearance, Pictures, pictures_of
from lifang.twin.reading.thin import thin_shape
from lifang.twin.reading.told import told_of

_VERSIONS = ("1.1", "2.0")
_EPSG = re.compile(r"/def/crs/EPSG/[^/]+/(\d+)$")
_NAMES = ("name", "identificatie", "identificatiebagpnd")
_GEOJSON = ("FeatureCollection", "Feature")
_LOOSE = ("metadata", "appearance")  # objects that may be empty in any way
_LONG = f"Its id is longer than {LINKED_MAX} characters: no link can lead to it."
_ROLES = "Its children_roles are not one for each child, of up to 200 characters: they are left out."


Find = Callable[[Sequence[Mapping[str, Any]]], Pictures]


def read_cityjson(content: bytes, *, prefix: str, crs: str = "", find: Find | None = None) -> ModelFile:
    """Return the objects of a CityJSON file or sequence, gzip or not; the id of one is ``prefix:`` and its own.

    ``crs`` is the coordinate system if the file does not name one, ``find`` finds the images that its textures name.
    Objects without geometry are kept as the parents of those that have some; one whose geometry is broken is refused.
    ``BadInput`` if the whole cannot be read.
    """
    documents = list(_documents(unpacked(content)))
    head = documents[0]
    _expect(head)
    reading = _Reading(prefix, _system(head, crs), Templates.of(head))
    pictures = find(documents) if find else pictures_of(documents, b"", model=prefix)
    for document in documents:
        vertices = _vertices(document, document.get("transform") or head.get("transform"))
        styles, textures = _styles(document) or _styles(head), _textures(document, pictures)
        textures = textures if textures.textures else _textures(head, pictures)
        reading.take(document.get("CityObjects") or {}, vertices, styles, textures)
    told, faults = told_of(head, prefix)
    model = reading.done()
    faults = [*faults, *pictures.faults, *model.faults]
    return replace(model, faults=faults, told=told, pictures=pictures.files)


def _expect(head: Mapping[str, Any]) -> None:
    """Raise ``BadInput`` if a file does not begin as CityJSON of a version that is read."""
    kind, version = str(head.get("type"))[:40], str(head.get("version"))[:40]
    if kind in _GEOJSON:
        mend = "Add it with `lifang data add`, and raise its outlines with `lifang twin outlines`."
        raise BadInput("This is no CityJSON but GeoJSON, which comes in as a dataset.", mend=mend)
    if kind == "CityJSONFeature":
        what = "The sequence lacks its first line, which is of type CityJSON and says where all of it stands."
        raise BadInput(what, where="line 1", mend="Send the whole sequence.")
    if kind != "CityJSON" or version not in _VERSIONS:
        found = f"type {kind!r}, version {version!r}"
        mend = "Upgrade it with `cjio <file> upgrade save <new file>`."
        raise BadInput(f"This is no CityJSON {' or '.join(_VERSIONS)}: {found}.", mend=mend)


def _documents(content: bytes) -> Iterator[dict[str, Any]]:
    try:
        whole = [orjson.loads(content)]
    except orjson.JSONDecodeError as error:
        lines = content.splitlines()
        if len(lines) < 2:
            raise BadInput(
                f"The file is not JSON: {error}.", mend="Send CityJSON, or one CityJSONFeature a line."
            ) from None
        whole = [_line(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    for document in whole:
        members = document if isinstance(document, dict) else {"CityObjects": None}
        told = {"CityObjects": members.get("CityObjects", {}), **{each: members.get(each) or {} for each in _LOOSE}}
        for name in (name for name, each in told.items() if not isinstance(each, dict)):
            raise BadInput(f"{name} must be an object.", where=name, mend="See CityJSON 2.0, chapter 2.")
        yield document


def _line(line: bytes, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"This line is not JSON: {error}.", where=f"line {number}", mend="Mend that line.") from None


def _system(head: Mapping[str, Any], stated: str) -> str:
    named = str((head.get("metadata") or {}).get("referenceSystem") or "")
    found = _EPSG.search(named)
    if found:
        return check_crs(f"EPSG:{found[1]}")
    if named or not stated:
        raise BadInput(
            "The file does not say where it stands: metadata.referenceSystem names no EPSG code.",
            where="metadata.referenceSystem",
            mend="Write https://www.opengis.net/def/crs/EPSG/0/<code> there, or state the coordinate system.",
        )
    return check_crs(stated)


def _vertices(document: Mapping[str, Any], transform: Any) -> NDArray[np.float64]:
    try:
        scale, offset = (np.asarray(transform[name], np.float64).reshape(3) for name in ("scale", "translate"))
        return np.asarray(document.get("vertices") or [], np.float64).reshape(-1, 3) * scale + offset
    except (TypeError, ValueError, KeyError):
        mend = "Write three numbers each for a vertex, transform.scale and transform.translate."
        raise BadInput("The vertices or their transform cannot be read.", where="vertices", mend=mend) from None


def _styles(document: Mapping[str, Any]) -> list[Style]:
    try:
        return styles_of(document)
    except ValueError:
        what = "The materials are not built as CityJSON asks."
        raise BadInput(what, where="appearance.materials", mend="See CityJSON 2.0, chapter 6.") from None


def _textures(document: Mapping[str, Any], pictures: Pictures) -> Appearance:
    try:
        return Appearance.of(document, pictures.told)
    except ValueError:
        what = "The textures are not built as CityJSON asks."
        raise BadInput(what, where="appearance.textures", mend="See CityJSON 2.0, chapter 6.") from None


@dataclass
class _Flat:
    """The surfaces of one geometry as rings of numbers of vertices, and how they are grouped."""

    rings: list[list[int]]
    surface_of: list[int]
    shells: list[int]


class _Reading:
    def __init__(self, prefix: str, system: str, templates: Templates) -> None:
        self._prefix, self._system, self._templates = prefix, system, templates
        self._styles: Sequence[Style] = ()
        self._textures = Appearance()
        self._standing: NDArray[np.float64] = np.empty((0, 3))
        self._kin = Kin()
        self._faults: list[Fault] = []
        self._described: list[Described] = []
        self._shapes: list[list[dict[str, Any]]] = []
        self._bounds: list[NDArray[np.float64]] = []
        self._claims = Claims()
        self._bare: dict[str, tuple[int, list[str], Any]] = {}  # that lie where their children do, or say that they do

    def take(
        self,
        objects: Mapping[str, Any],
        vertices: NDArray[np.float64],
        styles: Sequence[Style],
        textures: Appearance,
    ) -> None:
        """Take in the objects of one document, whose vertices stand in the file's system, and their looks."""
        self._styles, self._textures = styles, textures
        self._standing = standing = on_earth(vertices, self._system)
        for own_id, found in objects.items():
            if member := misbuilt(found):
                what = f"Its member {member!r} is not built as CityJSON asks."
                self._faults.append(Fault(self._name(own_id), "schema", what, "See CityJSON 2.0, chapter 2.", member))
                continue
            try:
                geometry = [self._expanded(each, vertices, standing) for each in self._geometry(own_id, found)]
                if len(own_id) > LINKED_MAX:
                    self._warn(own_id, "schema", _LONG, "Give it a shorter id.", "id")
                if not self._kin.take(own_id, found):
                    self._warn(own_id, "schema", _ROLES, "Give each child one text or null.", "children_roles")
                self._one(own_id, found, geometry)
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                what = str(error) if isinstance(error, Broken) else "Its geometry is not built as CityJSON asks."
                self._faults.append(
                    Fault(self._name(own_id), "geometry", what, "Mend it and send the model again.", "geometry")
                )

    def _geometry(self, own_id: str, found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the geometries of an object, each without the rings that bound nothing."""
        for each in found.get("geometry") or []:
            whole, lost = without_slivers(each) if each["type"] in DEPTHS else (each, 0)
            if not is_lod(each.get("lod")) and each["type"] != INSTANCE:
                what = f"{str(each.get('lod'))[:20]!r} is no level of detail."
                self._warn(own_id, "schema", what, "Write it as a text such as 2 or 2.2.", "geometry lod")
            if lost:
                what = f"{lost} of its rings have fewer than three vertices: they are left out."
                mend = "Nothing needs mending; leave them out, or give their vertices more decimals."
                self._warn(own_id, "degenerate", what, mend, f"geometry lod {each.get('lod', '')}")
            yield whole

    def _expanded(
        self, geometry: Mapping[str, Any], vertices: NDArray[np.float64], standing: NDArray[np.float64]
    ) -> tuple[Mapping[str, Any], NDArray[np.float64]]:
        """Return a geometry with the vertices that it counts, on the earth."""
        if geometry["type"] != INSTANCE:
            return geometry, standing
        template, corners = self._templates.placed(geometry, vertices)
        try:
            return template, on_earth(corners, self._system)
        except BadInput as error:
            raise Broken(f"Its template is placed where nothing can be: {error}") from None

    def done(self) -> ModelFile:
        """Return everything that was taken in; an object without geometry lies where its parts do, or is refused."""
        self._place_bare()
        for own_id, (at, _, _) in self._bare.items():
            if not np.isfinite(self._bounds[at]).all():
                what = "It has no geometry, nor has a part of it."
                self._faults.append(
                    Fault(self._name(own_id), "geometry", what, "Give it or its parts a geometry.", "geometry")
                )
        kept = [at for at, bounds in enumerate(self._bounds) if np.isfinite(bounds).all()]
        for at, rule, what, mend, where in self._claims.broken(self._bounds, partial(on_earth, system=self._system)):
            self._faults.append(Fault(self._described[at].id, rule, what, mend, where, "warning"))
        for own_id, what, where in self._kin.one_sided(
            {each.id.removeprefix(self._name("")) for each in self._described}
        ):
            self._warn(own_id, "schema", what, "Let each of the two name the other.", where)
        described, shapes = [self._related(self._described[at]) for at in kept], [self._shapes[at] for at in kept]
        rows = rows_of(described, shapes, np.array([self._bounds[at] for at in kept]))
        return ModelFile(rows, self._faults, list(self._belongings({each.id for each in self._described})))

    def _place_bare(self) -> None:
        """Have objects without geometry lie where their parts do, which may have none either; else where they say."""
        places = {each.id: bounds for each, bounds in zip(self._described, self._bounds, strict=True)}
        for own_id in inside_out({own: children for own, (_, children, _) in self._bare.items()}):
            at, children, extent = self._bare[own_id]
            parts = [places[each] for each in map(self._name, children) if each in places]
            known = [each for each in parts if np.isfinite(each).all()] or self._extent(extent)
            if known:
                self._bounds[at] = places[self._name(own_id)] = _around(np.array(known))

    def _belongings(self, known: set[str]) -> Iterator[Belonging]:
        for each in self._kin.belongings():
            own, to = self._name(each.object), self._name(each.to)
            if own in known and to in known:
                yield replace(each, object=own, to=to)
            elif to in known:
                what = f"Its member {each.object[:80]!r} is not there."
                self._warn(each.to, "schema", what, "Send the group with its members.", "children")

    def _related(self, described: Described) -> Described:
        """Return an object with what it is part of."""
        whole = self._kin.whole(described.id.removeprefix(f"{self._prefix}:"))
        return replace(described, parent=self._name(whole)) if whole else described

    def _one(
        self, own_id: str, found: Mapping[str, Any], geometry: Sequence[tuple[Mapping[str, Any], NDArray[np.float64]]]
    ) -> None:
        shapes = [self._shape(own_id, *each) for each in geometry]
        attributes = dict(found.get("attributes") or {})
        if found.get("address"):
            attributes.setdefault("address", self._addresses(own_id, found["address"]))
        name = next((str(attributes[each]) for each in _NAMES if attributes.get(each)), "")
        described = Described(self._name(own_id), str(found["type"]), name, "", attributes)
        if not shapes:
            children = list(found.get("children") or [])
            self._bare[own_id] = (len(self._described), children, found.get("geographicalExtent"))
        else:
            self._claims.take(len(self._described), found)
        self._described.append(described)
        self._shapes.append([shape for shape, _ in shapes])
        self._bounds.append(_around(np.array([each for _, each in shapes]) if shapes else np.full((1, 6), np.nan)))

    def _warn(self, own_id: str, rule: str, what: str, mend: str, where: str) -> None:
        self._faults.append(Fault(self._name(own_id), rule, what, mend, where, "warning"))

    def _extent(self, told: Any) -> list[NDArray[np.float64]]:
        """Return the bounds that an object without geometry says it has, if it does."""
        try:
            corners = np.asarray(told, np.float64).reshape(2, 3)
            x, y = (each.ravel() for each in np.meshgrid(corners[:, 0], corners[:, 1]))
            place = on_earth(np.column_stack((x, y, np.tile(corners[:, 2], 2))), self._system)
        except (ValueError, TypeError):
            return []
        return [np.concatenate((place.min(axis=0)[:2], place.max(axis=0)[:2], corners[:, 2]))]

    def _name(self, own_id: str) -> str:
        return f"{self._prefix}:{own_id}"

    def _shape(
        self, own_id: str, geometry: Mapping[str, Any], vertices: NDArray[np.float64]
    ) -> tuple[dict[str, Any], NDArray[np.float64]]:
        """Return a shape as a row of the store, and its bounds."""
        if geometry["type"] in THIN:
            told = self._said(own_id, geometry, [len(geometry["boundaries"])])
            return thin_shape(geometry, vertices, told)
        flat = _flat(geometry["boundaries"], DEPTHS[geometry["type"]])
        whole = shapely.multipolygons(_polygons(flat, vertices))
        bounds = bounds_of(np.array([whole]))[0]
        solids = [len(solid) for solid in geometry["boundaries"]] if DEPTHS[geometry["type"]] == 3 else []
        grouped = {"shells": flat.shells, "semantics": self._said(own_id, geometry, flat.shells, solids)}
        grouped |= {"solids": solids} if solids else {}
        detail = orjson.dumps(
            grouped | self._coloured(own_id, geometry, sum(flat.shells)) | self._textured(own_id, geometry, vertices)
        ).decode()
        shape = {
            "lod": str(geometry.get("lod", "")),
            "kind": geometry["type"],
            "wkb": shapely.to_wkb(whole, output_dimension=3),
            "base_m": float(bounds[4]),
            "top_m": float(bounds[5]),
            "detail": detail,
        }
        return shape, bounds

    def _said(self, own_id: str, geometry: Mapping[str, Any], shells: Sequence[int], solids: Sequence[int] = ()) -> Any:
        try:
            return semantics_of(geometry, shells, solids)
        except (ValueError, TypeError, KeyError, AttributeError):
            what = "What its surfaces are is not told as CityJSON asks: it is not kept."
            self._warn(own_id, "schema", what, "See CityJSON 2.0, 3.3.", f"geometry lod {geometry.get('lod', '')}")
            return None

    def _coloured(self, own_id: str, geometry: Mapping[str, Any], surfaces: int) -> dict[str, Any]:
        try:
            return coloured(geometry, self._styles, surfaces)
        except (ValueError, TypeError, KeyError, AttributeError):
            what = "It names materials that there are not, or not one for each surface: it has no colour."
            where = f"geometry lod {geometry.get('lod', '')}"
            mend = "See CityJSON 2.0, chapter 6."
            self._warn(own_id, "appearance", what, mend, where)
            return {}

    def _addresses(self, own_id: str, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        try:
            return addressed(told, self._standing)
        except (ValueError, TypeError, KeyError):
            what = "The place of an address is no points of the file: it is left out."
            self._warn(own_id, "geometry", what, "See CityJSON 2.0, section 2.2.", "address")
            return without_places(told)

    def _textured(self, own_id: str, geometry: Mapping[str, Any], vertices: NDArray[np.float64]) -> dict[str, Any]:
        try:
            return self._textures.detail(geometry, vertices)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            what = "It names textures that there are not, or not a place on them for each vertex: it has none."
            where = f"geometry lod {geometry.get('lod', '')}"
            self._warn(own_id, "appearance", what, "See CityJSON 2.0, chapter 6.", where)
            return {}


def _around(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bounds (west, south, east, north, bottom, top) around several."""
    low, high = bounds.min(axis=0), bounds.max(axis=0)
    return np.array([low[0], low[1], high[2], high[3], low[4], high[5]])


def _flat(boundaries: Any, depth: int) -> _Flat:
    """Return the surfaces of ``boundaries``; ``shells`` counts those of each shell."""
    shells = [boundaries]
    for _ in range(depth - 1):
        shells = [inner for outer in shells for inner in outer]
    flat = _Flat([], [], [len(shell) for shell in shells])
    for number, surface in enumerate(surface for shell in shells for surface in shell):
        for ring in surface:
            if len(set(ring)) < 3:
                raise Broken(f"A ring of surface {number} has fewer than three vertices.")
            flat.rings.append(ring)
            flat.surface_of.append(number)
    if not flat.rings:
        raise Broken("Its geometry is empty.")
    return flat


def _polygons(flat: _Flat, vertices: NDArray[np.float64]) -> NDArray[np.object_]:
    sizes = np.array([len(ring) for ring in flat.rings])
    told = np.array([each for ring in flat.rings for each in ring])
    if told.dtype.kind != "i":
        raise Broken("It names vertices by what is no whole number.")
    numbers = told.astype(np.int64)
    if (off := (numbers < 0) | (numbers >= len(vertices))).any():
        raise Broken(f"It names vertex {int(numbers[off][0])} of {len(vertices)}.")
    rings = shapely.linearrings(vertices[numbers], indices=np.repeat(np.arange(len(sizes)), sizes))
    return np.asarray(shapely.polygons(rings, indices=np.array(flat.surface_of)))
