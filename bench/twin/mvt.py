"""Outlines to vector tiles: all of a zoom in bulk, and one tile of zoom 16 from a store, beside PostGIS ``ST_AsMVT``.

Usage: python -m bench.twin.mvt [--bulk 100000] [--stored 1000000]

``bulk`` is features a second of CPU from polygons in degrees to tiles in memory, with id, class and height. ``one`` is
the time from the question to the bytes of a tile of zoom 16 over random buildings, from the store with its index. The
peer (PostgreSQL with PostGIS, default durability, index on geometry) gets the same outlines in EPSG:3857, its tiles by
``ST_AsMVT(ST_AsMVTGeom(...))``; it is left out if its server is not on this machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from bench._peers.postgres import postgres
from bench.twin.scale import at_moment, raised, stored
from bench.twin.tiles import Floats, Objects, footprints
from lifang.twin.vector import Features, Quadrant, vector_tiles
from lifang.twin.vector.quadrants import mercator

TARGET_BULK, TARGET_ONE_MS = 100_000, 20.0
_ZOOM, _ASKED = 16, 200
_WORLD_M = 2 * 20_037_508.342789244
_TABLE = "CREATE TABLE b (id text, class text, height float8, geom geometry(Polygon, 3857))"
_PEER_TILE = """
SELECT ST_AsMVT(t, 'objects') FROM (SELECT id, class, height,
ST_AsMVTGeom(geom, ST_TileEnvelope(%s, %s, %s)) AS geom FROM b WHERE geom && ST_TileEnvelope(%s, %s, %s)) AS t
"""


def main() -> None:
    """Print rates and times beside their targets and the peer's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bulk", type=int, default=100_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    asked = parser.parse_args()
    shapes = footprints(max(asked.bulk, asked.stored))
    tall = np.random.default_rng(2).uniform(3, 99, len(shapes)).round(1)
    for zoom in (14, 15, 16):
        _bulk(shapes[: asked.bulk], tall, zoom)
    places = _places(shapes[: asked.stored])
    ours = _one(shapes[: asked.stored], tall, places)
    peer = _peer(shapes[: asked.stored], tall, places)
    if peer is not None:
        print(f"  ratio to PostGIS at the median: {np.median(peer) / np.median(ours):.1f} (above 1 we are faster)")


def _bulk(shapes: Objects, tall: Floats, zoom: int) -> None:
    table: dict[str, Sequence[Any]] = {
        "id": [f"b{number:08d}" for number in range(len(shapes))],
        "class": ["Building"] * len(shapes),
        "height_m": tall[: len(shapes)].tolist(),
    }
    start = time.process_time()
    made = [tile for _, tile in vector_tiles(Features(shapes, table), zoom)]
    rate = len(shapes) / (time.process_time() - start)
    size = sum(map(len, made)) / len(shapes)
    print(f"bulk z{zoom}: {len(made):,} tiles, {rate:,.0f} features/s of CPU, {size:.0f} B a feature "
          f"(target {TARGET_BULK:,}/s: {'met' if rate >= TARGET_BULK else 'MISSED'})")  # fmt: skip


def _places(shapes: Objects) -> list[tuple[int, int]]:
    some = np.random.default_rng(5).choice(shapes, _ASKED)
    at = mercator(shapely.get_coordinates(shapely.centroid(some))) * 2**_ZOOM
    return [(int(x), int(y)) for x, y in at]


def _one(shapes: Objects, tall: Floats, places: list[tuple[int, int]]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, stored(Path(folder)) as twin:
        raised(twin, "bench", shapes, tall)
        source = twin.vector(twin.query(at=at_moment(), models=["bench"]))
        source.tile(Quadrant(_ZOOM, *places[0]))
        times, sizes = [], []
        for place in places:
            start = time.perf_counter()
            sizes.append(len(source.tile(Quadrant(_ZOOM, *place)).mvt))
            times.append((time.perf_counter() - start) * 1e3)
    late = float(np.percentile(times, 95))
    print(
        f"one z{_ZOOM} of {len(shapes):,}: median {np.median(times):.1f} ms, p95 {late:.1f} ms, {np.mean(sizes):,.0f} B"
    )
    print(f"  target p95 {TARGET_ONE_MS:g} ms: {'met' if late < TARGET_ONE_MS else 'MISSED'}")
    return times


def _peer(shapes: Objects, tall: Floats, places: list[tuple[int, int]]) -> list[float] | None:
    try:
        import psycopg  # noqa: PLC0415 - only where the peer is

        server = postgres()
        with server as address, psycopg.connect(address, autocommit=True) as peer:
            peer.execute("CREATE EXTENSION postgis")
            peer.execute(_TABLE)
            flat = shapely.transform(shapes, lambda at: (mercator(at) - 0.5) * [_WORLD_M, -_WORLD_M])
            with peer.cursor().copy("COPY b FROM STDIN") as copy:
                for number, wkb in enumerate(shapely.to_wkb(shapely.set_srid(flat, 3857), hex=True, include_srid=True)):
                    copy.write_row((f"b{number:08d}", "Building", float(tall[number]), wkb))
            peer.execute("CREATE INDEX ON b USING gist (geom)")
            peer.execute("ANALYZE b")
            times = []
            for x, y in places:
                start = time.perf_counter()
                peer.execute(_PEER_TILE, (_ZOOM, x, y, _ZOOM, x, y)).fetchone()
                times.append((time.perf_counter() - start) * 1e3)
    except (FileNotFoundError, ImportError) as error:
        print(f"PostGIS is left out: {error}")
        return None
    print(f"PostGIS ST_AsMVT: median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms")
    return times


if __name__ == "__main__":
    sys.exit(main())
