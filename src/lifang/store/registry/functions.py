"""Functions that SQLite lacks, added to each connection: geometry, Unicode letter case, moments in texts.

A geometry is GeoJSON (as stored) or well-known text (as asked). What cannot be read is no geometry: null, never an
error in the midst of a query.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import shapely
from shapely import Geometry

from lifang.core import BadInput, parse_instant, to_micros

RELATE = "relate"
_CACHED = 4096
_MATRIX = re.compile(r"[TF012*]{9}")
_TESTS: dict[str, Callable[[Any, Any], Any]] = {
    "equals": shapely.equals,
    "disjoint": shapely.disjoint,
    "touches": shapely.touches,
    "within": shapely.within,
    "overlaps": shapely.overlaps,
    "crosses": shapely.crosses,
    "intersects": shapely.intersects,
    "contains": shapely.contains,
}


@lru_cache(_CACHED)
def geometry_of(text: str) -> Geometry:
    """Return the geometry written as GeoJSON or well-known text; ``BadInput`` if it is neither."""
    try:
        return shapely.from_geojson(text) if text.lstrip().startswith("{") else shapely.from_wkt(text)
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise BadInput(
            f"{text[:60]!r} is no geometry.", mend="Write well-known text, longitude first: POINT (104.07 30.67)."
        ) from error


def _geometry(text: Any) -> Geometry | None:
    if not isinstance(text, str):
        return None
    try:
        found = geometry_of(text)
    except BadInput:
        return None
    return found.geoms[0] if found.geom_type == "GeometryCollection" and len(found.geoms) == 1 else found


def _spatial(name: str, left: Any, right: Any) -> int | None:
    one, other = _geometry(left), _geometry(right)
    if one is None or other is None:
        return None
    try:
        return int(_TESTS[name](one, other))
    except shapely.errors.GEOSException:
        return None  # an invalid geometry stands in no relation


def _relate(left: Any, right: Any, pattern: Any) -> int | None:
    one, other = _geometry(left), _geometry(right)
    if one is None or other is None or not isinstance(pattern, str) or not _MATRIX.fullmatch(pattern):
        return None
    try:
        return int(shapely.relate_pattern(one, other, pattern))
    except shapely.errors.GEOSException:
        return None


def _distance(left: Any, right: Any) -> float | None:
    one, other = _geometry(left), _geometry(right)
    return None if one is None or other is None else float(shapely.distance(one, other))


def _length(shape: Any) -> float | None:
    found = _geometry(shape)
    if found is None:
        return None
    return 0.0 if shapely.get_dimensions(found) == 2 else float(shapely.length(found))  # an area has no length


def _moment(text: Any) -> int | None:
    try:
        return to_micros(parse_instant(text)) if isinstance(text, str) else None
    except BadInput:
        return None


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def _upper(text: Any) -> Any:
    return text.upper() if isinstance(text, str) else text


def _like(text: Any, pattern: Any) -> int | None:
    """Return whether ``text`` has the shape of an SQL pattern, letter case counting; DuckDB refuses the same ones."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        return None
    return int(bool(_shape(pattern).fullmatch(text)))


@lru_cache(maxsize=64)
def _shape(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\(.)|(%+)|(_)|(.)", pattern, re.DOTALL)
    return re.compile(
        "".join(".*?" if many else "." if one else re.escape(escaped or plain) for escaped, many, one, plain in parts),
        re.DOTALL,
    )


def _unaccented(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in apart if unicodedata.category(each) != "Mn"))


_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("lifang_spatial", 3, _spatial),
    ("lifang_relate", 3, _relate),
    ("lifang_distance", 2, _distance),
    ("lifang_length", 1, _length),
    ("lifang_moment", 1, _moment),
    ("lifang_like", 2, _like),
    ("lifang_unaccented", 1, _unaccented),
    ("lifang_lower", 1, _lower),
    ("lifang_upper", 1, _upper),
)


def add_functions(connection: sqlite3.Connection) -> None:
    """Make the functions known to ``connection``."""
    for name, count, function in _FUNCTIONS:
        connection.create_function(name, count, function, deterministic=True)
