"""All tiles of some zooms in one PMTiles archive, which a web server gives out by ranges.

Source: PMTiles Version 3 Specification.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any, BinaryIO

import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from lifang.core import BadInput
from lifang.twin.vector.features import Features
from lifang.twin.vector.quadrants import EXTENT, apart_deg, least_deg
from lifang.twin.vector.tiles import LAYER, vector_tiles

ZOOM_MAX = 16
_E7 = 10_000_000
_PACKED = 5  # of nine levels: half the time for a few bytes more


def write_archive(target: BinaryIO, features: Features, *, zooms: range, told: Mapping[str, Any]) -> int:
    """Return how many tiles were written to ``target``; what is too small for a zoom is left out there.

    ``told`` is metadata beside the layer, such as ``name`` and ``attribution``. There is at least one feature;
    ``BadInput`` if all of them are too small for these zooms.
    """
    writer: Any = Writer(target)  # type: ignore[no-untyped-call]
    count = 0
    west, south, east, north = map(float, shapely.total_bounds(features.outline))
    for z in zooms:
        shown = vector_tiles(features, z, across_deg=least_deg(z), apart_deg=apart_deg(z))
        tiles = ((zxy_to_tileid(at.z, at.x, at.y), tile) for at, tile in shown)
        for number, tile in sorted(tiles):
            writer.write_tile(number, gzip.compress(tile, _PACKED, mtime=0))
            count += 1
    if not count:
        mend = f"Ask for a larger maxzoom, {ZOOM_MAX} at most."
        raise BadInput("All of it is too small for these zooms.", where="maxzoom", mend=mend)
    header = {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": int(west * _E7),
        "min_lat_e7": int(south * _E7),
        "max_lon_e7": int(east * _E7),
        "max_lat_e7": int(north * _E7),
        "center_zoom": zooms[-1],
        "center_lon_e7": int((west + east) / 2 * _E7),
        "center_lat_e7": int((south + north) / 2 * _E7),
    }
    layers = [{"id": LAYER, "fields": dict.fromkeys(features.table, "String"), "minzoom": zooms[0]}]
    writer.finalize(header, {**told, "extent": EXTENT, "vector_layers": layers})
    return count
