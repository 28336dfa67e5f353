"""A page of 1,000 features in a 2 km box of 1,000,000 polygons, and one feature, beside PostGIS and pygeoapi 0.21.

Usage: python bench/catalogue/features.py [--polygons 1000000] [--pages 200] [--skip-peers] [--environment DIR]

Every page has exact intersection and ``numberMatched``; lifang's also links, log-in and policy. lifang and pygeoapi are
asked over HTTP on one kept connection, one request at a time; PostGIS is asked for a whole FeatureCollection, with the
exact count, in one SQL statement on its socket. The peers need Debian's ``postgresql-15-postgis-3``; pygeoapi is
installed from PyPI into a temporary environment, or used from the one that ``--environment`` names.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from bench._peers.postgres import postgres
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
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
Page = Callable[[tuple[float, float, float, float]], int]


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


def boxes(count: int) -> list[tuple[float, float, float, float]]:
    """Return boxes of 2 km somewhere in the middle of the polygons."""
    rng = np.random.default_rng(3)
    corners = rng.uniform([WEST + 0.05, SOUTH + 0.05], [WEST + 0.34, SOUTH + 0.34], (count, 2))
    return [(float(x), float(y), float(x + BOX_LON), float(y + BOX_LAT)) for x, y in corners]


def timed(page: Page, asked: list[tuple[float, float, float, float]]) -> tuple[list[float], list[int]]:
    """Return the milliseconds of each page and how many features matched."""
    took, matched = [], []
    for box in asked:
        begun = time.perf_counter()
        matched.append(page(box))
        took.append((time.perf_counter() - begun) * 1000)
    return took, matched


def told(name: str, took: list[float]) -> str:
    """Return one line of figures."""
    p50, p99 = np.percentile(took, [50, 99])
    return f"{name:42} {1000 / np.mean(took):8.1f} /s   p50 {p50:7.2f} ms   p99 {p99:7.2f} ms"


class Asked:
    """One kept HTTP connection."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=120)

    def __call__(self, path: str) -> bytes:
        """Return the body at ``path``."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {path}: {body[:500].decode('utf-8', 'replace')}")
        return body


def ogc_page(ask: Asked, root: str) -> Page:
    """Return how a page is asked for from an OGC API."""

    def page(box: tuple[float, float, float, float]) -> int:
        told = orjson.loads(ask(f"{root}/collections/buildings/items?limit=1000&bbox={','.join(map(str, box))}"))
        assert told["numberReturned"] == min(1000, told["numberMatched"]) == len(told["features"])
        return int(told["numberMatched"])

    return page


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
SELECT (SELECT count(*) FROM found), json_build_object('type', 'FeatureCollection', 'features', json_agg(
  json_build_object('type', 'Feature', 'id', code, 'geometry', ST_AsGeoJSON(geom)::json,
    'properties', json_build_object('code', code, 'name', name, 'use', use, 'floors', floors, 'area', area))))::text
FROM page
"""


def postgis_page(connection: psycopg.Connection) -> Page:
    """Return how a FeatureCollection is asked for from PostGIS."""

    def page(box: tuple[float, float, float, float]) -> int:
        row = connection.execute(COLLECTION, box).fetchone()
        assert row
        assert len(orjson.loads(row[1])["features"]) == min(1000, row[0])
        return int(row[0])

    return page


@contextmanager
def pygeoapi(database: str, scratch: Path, environment: Path | None) -> Iterator[str]:
    """Yield the address of pygeoapi 0.21 on the PostgreSQL at ``database``, one worker."""
    programs = (environment or scratch / "pygeoapi") / "bin"
    if environment is None:
        subprocess.run([sys.executable, "-m", "venv", str(programs.parent)], check=True)
        wanted = ["pygeoapi==0.21.*", "psycopg2-binary", "geoalchemy2", "sqlalchemy<3", "gunicorn"]
        subprocess.run([programs / "pip", "install", "-q", *wanted], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host = dict(each.split("=") for each in database.split())["host"]
    config = scratch / "pygeoapi.json"
    config.write_text(json.dumps(pygeoapi_config(host, port)), "utf-8")
    told = {**os.environ, "PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(scratch / "openapi.yml")}
    told.pop("PYTHONPATH", None)
    subprocess.run([programs / "pygeoapi", "openapi", "generate", config, "--output-file", scratch / "openapi.yml"],
                   check=True, env=told, stdout=subprocess.DEVNULL)  # fmt: skip
    command = [programs / "gunicorn", "-w", "1", "--threads", "2", "-b", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"]
    with (scratch / "pygeoapi.log").open("wb") as log:
        server = subprocess.Popen(command, env=told, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                Asked(f"127.0.0.1:{port}")("/?f=json")
                break
            except (OSError, http.client.HTTPException, RuntimeError):
                time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def pygeoapi_config(host: str, port: int) -> dict[str, object]:
    """Return pygeoapi's configuration: one collection out of PostgreSQL."""
    both = {"en": "bench"}
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {"host": host, "port": 5432, "dbname": "postgres", "user": "peer", "password": "x",
                 "search_path": ["public"]},
        "id_field": "code",
        "table": "buildings",
        "geom_field": "geom",
    }  # fmt: skip
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "language": "en-US",
            "gzip": False,
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://127.0.0.1/", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": both, "description": both, "keywords": {"en": ["bench"]}, "url": "http://127.0.0.1",
                               "terms_of_service": "none", "keywords_type": "theme"},
            "license": {"name": "none", "url": "http://127.0.0.1"},
            "provider": {"name": "bench", "url": "http://127.0.0.1"},
            "contact": {"name": "bench", "url": "http://127.0.0.1"},
        },
        "resources": {
            "buildings": {
                "type": "collection",
                "title": both,
                "description": both,
                "keywords": {"en": ["bench"]},
                "links": [],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS84}},
                "providers": [provider],
            }
        },
    }  # fmt: skip


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
        with served(scratch / "city", scratch / "log") as (address, _):
            ask = Asked(address)
            page = ogc_page(ask, "/ogc")
            timed(page, asked[:20])
            ours, ours_matched = timed(page, asked)
            print(told("lifang page", ours), flush=True)
            rng = np.random.default_rng(5)
            ids = [f"/ogc/collections/buildings/items/{n}" for n in rng.integers(1, options.polygons, 2000)]
            ask(ids[0])
            one = []
            for path in ids:
                begun = time.perf_counter()
                ask(path)
                one.append((time.perf_counter() - begun) * 1000)
            print(told("lifang one feature", one), flush=True)
        if options.skip_peers:
            return
        database = stack.enter_context(postgres())
        connection = stack.enter_context(psycopg.connect(database))
        fill_postgis(connection, table)
        plain = postgis_page(connection)
        timed(plain, asked[:20])
        theirs, matched = timed(plain, asked)
        assert matched == ours_matched, "PostGIS counts otherwise"
        print(told("PostGIS FeatureCollection in SQL", theirs), flush=True)
        peer = stack.enter_context(pygeoapi(database, scratch, options.environment))
        page = ogc_page(Asked(peer), "")
        few = asked[: max(10, len(asked) // 5)]
        timed(page, few[:3])
        slow, matched = timed(page, few)
        assert matched == ours_matched[: len(few)], "pygeoapi counts otherwise"
        print(told("pygeoapi 0.21 + PostGIS page", slow), flush=True)
        print(f"lifang : pygeoapi + PostGIS  {np.mean(slow) / np.mean(ours):5.1f} x (at least 10 wanted)")
        print(f"lifang : PostGIS in SQL      {np.mean(theirs) / np.mean(ours):5.1f} x")


if __name__ == "__main__":
    main()
