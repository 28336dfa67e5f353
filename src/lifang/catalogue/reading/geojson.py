"""GeoJSON (RFC 7946) as batches: every MUST is checked, feature by feature; SHOULDs become notes.

Not checked because RFC 7946 only says SHOULD: the right-hand rule (§3.1.6), GeometryCollections of one member or
nested ones (§3.1.8), precision (§11.2). A bare geometry or Feature is read as a collection of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from lifang.catalogue.reading.model import COLUMNS_MAX, SHAPE_ROWS, Batch, Limits, Opened, Refusal, text_batch
from lifang.catalogue.reading.pieces import Pieces
from lifang.core import BadInput, TooLarge, check_crs

_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_LEAST = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}
_GEOMETRIES = frozenset({*_DEPTH, "GeometryCollection"})
_FOREIGN = {  # RFC 7946 §7.1: members of one type cannot appear on another
    "geometry": ("geometry", "properties", "features"),
    "Feature": ("coordinates", "geometries", "features"),
    "FeatureCollection": ("coordinates", "geometries", "geometry", "properties"),
}
_CELLS_MAX = 50_000_000
_GROUP_BYTES = 4 << 20
_EXPECTED = "Send a GeoJSON FeatureCollection (RFC 7946)."
_MEND = "Correct this feature by RFC 7946."


def open_geojson(path: Path, *, limits: Limits) -> Opened:
    """Return the GeoJSON at ``path``, opened; ``BadInput`` if it is not that, ``TooLarge`` past the limits.

    The features of a collection are read as a stream; any other document is held whole.
    """
    pieces = Pieces(path, "features", most=limits.in_memory, expected=_EXPECTED)
    found = _Found(path.stat().st_size)
    for piece in pieces:
        found.add(pieces.parsed(piece))
    document, cut = pieces.rest
    whole, notes = _features(document)
    for feature in whole:
        found.add(feature)
    if not found.features:
        raise BadInput("The FeatureCollection has no features.", where="features", mend="Send at least one feature.")
    headers = found.headers
    return Opened(
        format="geojson",
        headers=tuple(headers),
        batches=lambda: _batches(_grouped(pieces) if cut else iter([whole]), headers),
        encoding="utf-8",
        crs=_crs(document),
        has_geometry=True,
        texts=found.only_texts,
        notes=notes,
    )


class _Found:
    """What a first pass finds: how many features, their properties' names, and which hold nothing but text."""

    def __init__(self, size: int) -> None:
        self.features = 0
        self._cells_max = max(_CELLS_MAX, size)  # a filled cell takes some bytes: only empty ones can be more
        self._texts: dict[str, bool] = {}
        self._has_id = False

    def add(self, feature: Any) -> None:
        """Take one feature; ``TooLarge`` where names, or names x features, are more than a table can have."""
        self.features += 1
        texts = self._texts
        for name, value in _properties(feature).items():
            texts[name] = texts.get(name, True) and (value is None or isinstance(value, str))
        self._has_id = self._has_id or (isinstance(feature, dict) and "id" in feature)
        if len(texts) > COLUMNS_MAX or len(texts) * self.features > self._cells_max:
            raise TooLarge(
                f"{self.features} features have {len(texts)} or more different properties.",
                where="properties",
                mend=f"Use at most {COLUMNS_MAX} names and {self._cells_max} cells, or send GeoPackage or Parquet.",
            )

    @property
    def headers(self) -> list[str]:
        """The names in order of appearance, before them ``id`` where features have one of their own."""
        return [*(["id"] if self._has_id and "id" not in self._texts else []), *self._texts]

    @property
    def only_texts(self) -> frozenset[str]:
        """The names whose every value is text or null."""
        own = {"id"} if "id" not in self._texts and self._has_id else set()
        return frozenset(own | {name for name, only in self._texts.items() if only})


def _grouped(pieces: Pieces) -> Iterator[list[Any]]:
    """Yield the features in groups, bounded in number and in bytes of text."""
    group: list[Any] = []
    size = 0
    for piece in pieces:
        group.append(pieces.parsed(piece))
        size += len(piece.text)
        if len(group) >= SHAPE_ROWS or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _features(document: Any) -> tuple[list[Any], tuple[str, ...]]:
    if not isinstance(document, dict):
        raise BadInput("A GeoJSON FeatureCollection is expected, this is other JSON.", where="the root", mend=_EXPECTED)
    kind = document.get("type")
    if kind == "FeatureCollection":
        _check_foreign(document, "FeatureCollection")
        features = document.get("features")
        if not isinstance(features, list):
            raise BadInput("The FeatureCollection has no array 'features'.", where="features", mend=_EXPECTED)
        return features, ()
    if kind == "Feature":
        return [document], ("The file is a single Feature; it is read as a collection of one.",)
    if isinstance(kind, str) and kind in _GEOMETRIES:
        if problem := geometry_problem(document):
            raise BadInput(f"The geometry is not valid GeoJSON: {problem}.", where="the root", mend=_EXPECTED)
        feature = {"type": "Feature", "properties": None, "geometry": document}
        return [feature], (f"The file is a single {kind}; it is read as a collection of one.",)
    raise BadInput(
        "A GeoJSON FeatureCollection is expected, this is other JSON.",
        where=f"type is {str(kind)[:40]!r}",
        mend=_EXPECTED,
    )


def _check_foreign(document: dict[str, Any], kind: str) -> None:
    if foreign := [name for name in _FOREIGN[kind] if name in document]:
        raise BadInput(
            f"A {kind} cannot have a member {foreign[0]!r} (RFC 7946 §7.1).", where=foreign[0], mend=_EXPECTED
        )


def _properties(feature: Any) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _crs(document: dict[str, Any]) -> str:
    """Return the coordinate system of GeoJSON's older edition (2008), where one is named; else none."""
    crs = document.get("crs")
    named = (
        crs.get("properties", {}).get("name")
        if isinstance(crs, dict) and isinstance(crs.get("properties"), dict)
        else None
    )
    if not isinstance(named, str):
        return ""
    return "EPSG:4326" if named.upper().endswith("CRS84") else check_crs(named)


def _batches(groups: Iterator[list[Any]], headers: list[str]) -> Iterator[Batch]:
    first = 1
    for group in groups:
        refused: list[Refusal] = []
        rows: list[int] = []
        kept: list[dict[str, Any]] = []
        for row, feature in enumerate(group, start=first):
            problem = feature_problem(feature)
            if problem:
                refused.append(Refusal(row, "geometry", _text(feature)[:200], "geojson", f"{problem}. {_MEND}"))
            else:
                rows.append(row)
                kept.append(feature)
        first += len(group)
        columns = {name: [_cell(each, name) for each in kept] for name in headers}
        dumped = [None if each["geometry"] is None else orjson.dumps(each["geometry"]).decode() for each in kept]
        shapes = np.asarray(shapely.from_geojson(np.array(dumped, dtype=object)), dtype=object)
        geometry = np.asarray(shapely.to_wkb(shapes), dtype=object).reshape(len(rows))
        yield Batch(np.array(rows, np.int64), text_batch(columns), geometry, tuple(refused))


def _cell(feature: dict[str, Any], name: str) -> str | None:
    properties = feature["properties"] or {}
    value = properties.get(name, feature.get("id") if name == "id" else None)
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return ";".join(value)
    return orjson.dumps(value).decode() if not isinstance(value, float) else repr(value)


def feature_problem(feature: Any) -> str:
    """Return what makes this not a Feature by RFC 7946 §3.2, or an empty text."""
    if not isinstance(feature, dict):
        return "A feature must be an object"
    if feature.get("type") != "Feature":
        return f"type must be 'Feature', it is {str(feature.get('type'))[:40]!r}"
    if "geometry" not in feature or "properties" not in feature:
        return "A Feature must have 'geometry' and 'properties' (they may be null)"
    if foreign := [name for name in _FOREIGN["Feature"] if name in feature]:
        return f"A Feature cannot have a member {foreign[0]!r}"
    if not isinstance(feature["properties"], dict | None):
        return "properties must be an object or null"
    if not isinstance(feature.get("id", ""), str | int | float):
        return "id must be a text or a number"
    return "" if feature["geometry"] is None else geometry_problem(feature["geometry"])


def geometry_problem(geometry: Any, *, nesting: int = 0) -> str:
    """Return what makes this not a geometry by RFC 7946 §3.1, or an empty text."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(kind, str) or kind not in _GEOMETRIES:
        return f"There is no geometry type {str(kind)[:40]!r}"
    if foreign := [name for name in _FOREIGN["geometry"] if name in geometry]:
        return f"A {kind} cannot have a member {foreign[0]!r}"
    if kind == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list) or nesting > 8:
            return "A GeometryCollection must have an array 'geometries', nested at most 8 deep"
        return next((problem for each in members if (problem := geometry_problem(each, nesting=nesting + 1))), "")
    if not isinstance(geometry.get("coordinates"), list):
        return f"A {kind} must have an array 'coordinates'"
    if not geometry["coordinates"]:
        return ""  # §3.1: an empty array may be read as a null geometry
    return _coordinates_problem(geometry["coordinates"], _DEPTH[kind], kind)


def _coordinates_problem(coordinates: Any, depth: int, kind: str) -> str:
    if not isinstance(coordinates, list):
        return f"The coordinates of a {kind} are not nested as they must be"
    if depth > 1:
        return next((problem for each in coordinates if (problem := _coordinates_problem(each, depth - 1, kind))), "")
    positions = [coordinates] if depth == 0 else coordinates
    for position in positions:
        if not isinstance(position, list) or len(position) < 2:
            return "A position must be an array of at least two numbers"
        if not all(type(number) in (int, float) for number in position):
            return f"A position must hold numbers, not {str(position)[:60]}"
    if len(positions) < _LEAST.get(kind, 0):
        return f"A line of a {kind} needs at least {_LEAST[kind]} positions"
    if _LEAST.get(kind) == 4 and positions[0] != positions[-1]:
        return "The first and last position of a ring must be the same"
    return ""
