"""Vector tiles (Mapbox Vector Tile 2.1) of the rows of a release, in the WebMercatorQuad matrix set (OGC 17-083r4)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lifang.core import Box
from lifang.store.lake.model import ColumnInfo
from lifang.store.lake.names import name as quoted
from lifang.store.lake.names import sql
from lifang.store.lake.row_where import GEOMETRY, SIDES

ZOOM_MAX = 24
EXTENT, BUFFER = 4096, 64  # units of a tile's side, and beyond it
FEATURES_MAX = 20_000
_HALF_M = 20_037_508.342789244
_PLAIN = ("BIGINT", "INTEGER", "DOUBLE", "FLOAT", "BOOLEAN", "VARCHAR")


def tile_box(z: int, x: int, y: int, *, beyond: float = 0.0) -> Box:
    """Return what tile ``x``, ``y`` (from the north-west) of zoom ``z`` covers, and a share of it more on each side."""
    count = 2**z
    north, south = (_latitude(y - beyond, count), _latitude(y + 1 + beyond, count))
    west, east = ((x - beyond) / count * 360 - 180, (x + 1 + beyond) / count * 360 - 180)
    return Box(max(-180.0, west), max(-90.0, south), min(180.0, east), min(90.0, north))


def tile_query(
    source: str, columns: Sequence[ColumnInfo], layer: str, z: int, x: int, y: int
) -> tuple[str, list[object]]:
    """Return the query of one tile and its number of features, with its values.

    Of more features than a tile holds the largest are kept.
    """
    near = tile_box(z, x, y, beyond=BUFFER / EXTENT)
    side = 2 * _HALF_M / 2**z
    west, north = -_HALF_M + x * side, _HALF_M - y * side
    chosen = "".join(f", {_attribute(each)}" for each in columns if each.name not in {GEOMETRY, *SIDES})
    xmin, ymin, xmax, ymax = map(quoted, SIDES)
    place = f"ST_Transform(ST_GeomFromWKB({quoted(GEOMETRY)}), 'EPSG:4326', 'EPSG:3857', true)"
    query = sql(
        "SELECT ST_AsMVT(tile, ?, ?, 'geom'), count(*) FROM (SELECT",
        f"ST_AsMVTGeom({place}, ST_Extent(ST_MakeEnvelope(?, ?, ?, ?)), ?, ?, true) AS geom{chosen}",
        "FROM (SELECT * FROM",
        source,
        f"WHERE {xmin} <= ? AND {xmax} >= ? AND {ymin} <= ? AND {ymax} >= ?",
        f"ORDER BY ({xmax} - {xmin}) + ({ymax} - {ymin}) DESC LIMIT ?)) AS tile WHERE geom IS NOT NULL",
    )
    edges = [west, north - side, west + side, north]
    bounds = [near.east, near.west, near.north, near.south]
    return query, [layer, EXTENT, *edges, EXTENT, BUFFER, *bounds, FEATURES_MAX]


def _latitude(row: float, count: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / count))))


def _attribute(column: ColumnInfo) -> str:
    chosen = quoted(column.name)
    return chosen if column.type in _PLAIN else f"CAST({chosen} AS VARCHAR) AS {chosen}"
