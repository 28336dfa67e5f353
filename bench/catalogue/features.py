"""A page of 1,000 features in a 2 km box of 1,000,000 polygons, and one feature, beside PostGIS and pygeoapi 0.21.

Usage: python bench/catalogue/features.py [--polygons 1000000] [--pages 200] [--skip-peers] [--environment DIR]

Every page has exact intersection and ``numberMatched``; lifang's also links, log-in and policy. lifang and pygeoapi are
asked over HTTP on one kept connection, one request at a time; PostGIS is asked for a whole FeatureCollection, with the
exact count, in one SQL statement on its socket. Each box is asked of all contenders before the next, each being first
in turn, so that what else the machine does meets all alike; a page takes until its last byte is there, and is parsed
and checked after that. Beside it stands what the processes of a contender cost: time on a core, and waiting for one.
The peers need Debian's ``postgresql-15-postgis-3``; pygeoapi is installed from PyPI into a temporary environment, or
used from the one that ``--environment`` names.

The client does not collect garbage: among its modules' objects that takes 80 ms, which fell on every tenth page.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import shapely

sys.path.insert(0, str(Path(__file__).parents[2]))

import lifang
from bench._peers.city import served
from bench._peers.http import Asked
from bench._peers.postgres import postgres
from bench._peers.processor import Cost, cost_of, family, parent, stolen_s
from bench._peers.pygeoapi import pygeoapi
from lifang.app import lay_out_empty
from lifang.catalogue import Card
from lifang.guard import SYSTEM

WEST, SOUTH, SIDE_DEG = 103.9, 30.5, 0.42  # about 40 km by 46 km
BOX_LON, BOX_LAT = 0.0209, 0.018  # 2 km at 30.7 N
CARD = {
    "id": "buildings",
    "classification": "open",
    "key": ["code"],
    "geometry": {"wkt": "wkt", "extent": "none"},
    "crs": "EPSG:4326",
    "columns": {
        "code": {"type": "integer", "required": True},
        "name": {"type": "text"},
        "use": {"type": "category"},
        "floors": {"type": "integer"},
        "area": {"type": "number"},
    },
}
Box = tuple[float, float, float, float]


def polygons(count: int) -> pa.Table:
    """Return ``count`` buildings of five corners with five properties, in no order of place."""
    rng = np.random.default_rng(7)
    middle = rng.uniform([WEST, SOUTH], [WEST + SIDE_DEG, SOUTH + SIDE_DEG], (count, 1, 2))
    around = np.array([[-1, -1], [1, -1], [1.2, 0.3], [0.4, 1], [-1, 1], [-1, -1]]) * 0.0001
    rings = middle + around * rng.uniform(0.5, 2.5, (count, 1, 1))
    shapes = shapely.polygons(shapely.linearrings(rings.reshape(-1, 2), indices=np.repeat(np.arange(count), 6)))
    return pa.table(
        {
            "code": np.arange(1, count + 1),
            "name": [f"栋{n}" for n in range(count)],
            "use": np.array(["住宅", "商业", "工业", "学校"])[rng.integers(0, 4, count)],
            "floors": rng.integers(1, 60, count),
            "area": rng.uniform(30, 9000, count).round(1),
            "wkt": shapely.to_wkt(shapes, rounding_precision=7),
        }
    )


def boxes(count: int) -> list[Box]:
    """Return boxes of 2 km somewhere in the middle of the polygons."""
    rng = np.random.default_rng(3)
    corners = rng.uniform([WEST + 0.05, SOUTH + 0.05], [WEST + 0.34, SOUTH + 0.34], (count, 2))
    return [(float(x), float(y), float(x + BOX_LON), float(y + BOX_LAT)) for x, y in corners]


@dataclass
class Contender:
    """Whoever answers pages: how it is asked, what an answer counts, its processes, what its pages took and cost."""

    name: str
    ask: Callable[[Box], bytes]
    matched: Callable[[bytes], int]
    pids: list[int]
    took_ms: list[float] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    def page(self, box: Box) -> int:
        """Return how many features match in ``box``; keep what the page of them took and cost."""
        before, begun = cost_of(self.pids), time.perf_counter()
        body = self.ask(box)
        self.took_ms.append((time.perf_counter() - begun) * 1000)
        self.costs.append(cost_of(self.pids) - before)
        return self.matched(body)

    @property
    def mean_ms(self) -> float:
        """What a page takes."""
        return float(np.mean(self.took_ms))

    @property
    def busy_ms(self) -> float:
        """What a page costs in processor time."""
        return float(np.mean([each.busy_ms for each in self.costs]))

    def told(self) -> str:
        """Return one line of figures."""
        p50, p99 = np.percentile(self.took_ms, [50, 99])
        waiting = np.mean([each.waiting_ms for each in self.costs])
        return (f"{self.name:34}{1000 / self.mean_ms:8.1f}{p50:9.2f}{p99:9.2f}{max(self.took_ms):9.2f}"
                f"{self.busy_ms:9.2f}{waiting:9.2f}")  # fmt: skip


HEAD = f"{'':34}{'/s':>8}{'p50 ms':>9}{'p99':>9}{'worst':>9}{'CPU':>9}{'waiting':>9}"


def ogc_page(address: str, root: str) -> Callable[[Box], bytes]:
    """Return how a page is asked for from an OGC API."""
    ask = Asked(address)
    return lambda box: ask(f"{root}/collections/buildings/items?limit=1000&bbox={','.join(map(str, box))}")


def ogc_matched(body: bytes) -> int:
    """Return how many features a page says that there are, once it holds as many as it should."""
    told = orjson.loads(body)
    assert told["numberReturned"] == min(1000, told["numberMatched"]) == len(told["features"])
    return int(told["numberMatched"])


def fill_city(folder: Path, table: pa.Table) -> float:
    """Return the seconds in which the features were made ready, once, in the new city in ``folder``."""
    lay_out_empty(folder, city_id="bench", name="bench", area_code="510100")
    source = folder.parent / "buildings.csv"
    pa_csv.write_csv(table, source)
    with lifang.open(folder) as city:
        city.catalogue.add(source, card=Card.from_mapping(CARD), by=SYSTEM)
        begun = time.perf_counter()
        city.catalogue.dataset("buildings").features()
        city.catalogue.wait_until_ready(600)
        return time.perf_counter() - begun


def fill_postgis(connection: psycopg.Connection, table: pa.Table) -> None:
    """Put the polygons into PostGIS, indexed and analysed."""
    connection.execute("CREATE EXTENSION postgis")
    connection.execute(
        "CREATE TABLE buildings (code bigint PRIMARY KEY, name text, use text, floors int, area float8, "
        "geom geometry(Polygon, 4326))"
    )
    with connection.cursor().copy("COPY buildings FROM STDIN") as copy:
        for batch in table.to_batches(max_chunksize=10_000):
            columns = [column.to_pylist() for column in batch.columns]
            columns[-1] = [f"SRID=4326;{wkt}" for wkt in columns[-1]]
            for row in zip(*columns, strict=True):
                copy.write_row(row)
    connection.execute("CREATE INDEX ON buildings USING gist (geom)")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE buildings")


COLLECTION = """
WITH box AS (SELECT ST_MakeEnvelope(%s, %s, %s, %s, 4326) AS area),
found AS (SELECT b.* FROM buildings b, box WHERE ST_Intersects(b.geom, box.area)),
page AS (SELECT * FROM found ORDER BY code LIMIT 1000)
SELECT convert_to((SELECT count(*) FROM found) || ' ' || json_build_object('type', 'FeatureCollection', 'features',
  json_agg(json_build_object('type', 'Feature', 'id', code, 'geometry', ST_AsGeoJSON(geom)::json,
    'properties', json_build_object('code', code, 'name', name, 'use', use, 'floors', floors, 'area', area)))), 'UTF8')
FROM page
"""


def postgis_page(connection: psycopg.Connection) -> Callable[[Box], bytes]:
    """Return how a FeatureCollection, with the exact count before it, is asked for from PostGIS."""

    def page(box: Box) -> bytes:
        row = connection.execute(COLLECTION, box, binary=True).fetchone()
        assert row
        return bytes(row[0])

    return page


def postgis_matched(body: bytes) -> int:
    """Return the count before a FeatureCollection, once that holds as many features as it should."""
    count, _, collection = body.partition(b" ")
    assert len(orjson.loads(collection)["features"]) == min(1000, int(count))
    return int(count)


def one_feature(address: str, pid: int, polygons: int) -> str:
    """Return what single features took, drawn at random."""
    ask, paths = Asked(address), np.random.default_rng(5).integers(1, polygons, 2000)
    one = Contender(
        "lifang one feature", lambda box: ask(f"/ogc/collections/buildings/items/{int(box[0])}"), len, [pid]
    )
    for number in paths:
        one.page((number, 0, 0, 0))
    return one.told()


def compare(contenders: list[Contender], asked: list[Box]) -> None:
    """Ask every box of every contender, each being first in turn; they must count the same."""
    for number, box in enumerate(asked):
        turn = number % len(contenders)
        counts = {each.name: each.page(box) for each in contenders[turn:] + contenders[:turn]}
        assert len(set(counts.values())) == 1, counts


def warm(contender: Contender, asked: list[Box]) -> None:
    """Ask pages that do not count."""
    for box in asked:
        contender.page(box)
    contender.took_ms.clear()
    contender.costs.clear()


def main() -> None:
    """Run it all and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polygons", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--skip-peers", action="store_true")
    parser.add_argument("--environment", type=Path, help="a virtual environment with pygeoapi and gunicorn")
    options = parser.parse_args()
    table, asked = polygons(options.polygons), boxes(options.pages)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-features-")))
        print(f"{options.polygons:,} polygons made ready in {fill_city(scratch / 'city', table):.1f} s", flush=True)
        address, pid = stack.enter_context(served(scratch / "city", scratch / "log"))
        contenders = [Contender("lifang page", ogc_page(address, "/ogc"), ogc_matched, [pid])]
        if not options.skip_peers:
            database = stack.enter_context(postgres())
            connection = stack.enter_context(psycopg.connect(database))
            fill_postgis(connection, table)
            backend = connection.info.backend_pid
            contenders.append(
                Contender("PostGIS FeatureCollection in SQL", postgis_page(connection), postgis_matched, [backend])
            )
            peer, peer_pid = stack.enter_context(pygeoapi(database, scratch, options.environment))
            contenders.append(Contender("pygeoapi 0.21 + PostGIS page", ogc_page(peer, ""), ogc_matched, [peer_pid]))
        del table
        for each in contenders:
            warm(each, asked[:20])
        if not options.skip_peers:
            others = [each for each in family(parent(backend)) if each != backend]  # pygeoapi's, and PostgreSQL's own
            contenders[2].pids = [*family(peer_pid), *others]
        gc.collect()
        gc.disable()
        stolen = stolen_s()
        compare(contenders, asked)
        print(HEAD)
        for each in contenders:
            print(each.told(), flush=True)
        print(one_feature(address, pid, options.polygons))
        print(f"the machine's host took {stolen_s() - stolen:.2f} s of its cores meanwhile")
        for each, wanted in zip(reversed(contenders[1:]), (" (at least 10 wanted)", ""), strict=True):
            ours = contenders[0]
            p50 = np.median(each.took_ms) / np.median(ours.took_ms)
            print(f"lifang : {each.name:34}{each.mean_ms / ours.mean_ms:6.1f} x by throughput{wanted}, "
                  f"{p50:.1f} x by p50, {each.busy_ms / ours.busy_ms:.1f} x by processor time")  # fmt: skip


if __name__ == "__main__":
    main()
