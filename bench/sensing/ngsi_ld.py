"""NGSI-LD over a city of 600,000 datastreams: what a page costs, by type, query, place and property, over HTTP.

Usage: python -m bench.sensing.ngsi_ld [--datastreams 600000] [--queries 30]

One datastream in four of a thing; every datastream has a value. The app is called in this process, guard and all, but
without a network. The first question of its kind makes a column; it is told beside the others.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np

from bench.ingest import load_now
from lifang.app import City, lay_out_empty, open_city
from lifang.core import to_micros
from lifang.doors.api import create_app
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Thing, make_observations

CHUNK = 50_000
MEASURED = ("temperature", "humidity", "PM2.5", "noise")
NEAR = "georel=near;maxDistance==2000&geometry=Point&coordinates=[104.5,30.5]"
SQUARE = (
    "georel=within&geometry=Polygon&coordinates=[[[104.1,30.1],[104.6,30.1],[104.6,30.6],[104.1,30.6],[104.1,30.1]]]"
)
QUESTIONS = (
    ("first page by type", "type=Lamp"),
    ("page at 100,000 by type, counted", "type=Lamp&offset=100000&count=true"),
    ("q on a measured attribute", "q=PM2_5>90"),
    ("q on two, and a sub-attribute", 'q=PM2_5>90;temperature<20;noise.quality=="good"'),
    ("q on a declared property", 'q=zone=="z7";storeys>3'),
    ("q with a pattern on names", 'q=name[en]~="lamp 1234"'),
    ("idPattern", "idPattern=d1234.$"),
    ("near", NEAR),
    ("within, and q", f"{SQUARE}&q=PM2_5>90"),
)
PATHS = (
    *((what, f"/ngsi-ld/v1/entities?{query}") for what, query in QUESTIONS),
    ("one entity", "/ngsi-ld/v1/entities/urn:ngsi-ld:Lamp:d77777"),
    ("types", "/ngsi-ld/v1/types"),
    ("lastN of a page", "/ngsi-ld/v1/temporal/entities?type=Lamp&timerel=after&timeAt=2020-01-01T00:00:00Z&lastN=1"),
)


def furnish(city: City, datastreams: int) -> None:
    """Register things on a grid, four datastreams each, and give every one a value."""
    things = datastreams // len(MEASURED)
    side = int(things**0.5) + 1
    for start in range(0, things, CHUNK // len(MEASURED)):
        numbers = range(start, min(start + CHUNK // len(MEASURED), things))
        city.sensing.register(
            [
                Thing(f"d{n}", f"灯{n}", f"lamp {n}", "lamp", 104 + (n % side) / side, 30 + (n // side) / side,
                      properties={"zone": f"z{n % 100}", "storeys": n % 9})
                for n in numbers
            ],
            [Datastream(f"d{n}.{m}", f"d{n}", m, m, m, m, "1", 60) for n in numbers for m in MEASURED],
            by=SYSTEM,
        )  # fmt: skip
    chance, now = np.random.default_rng(7), to_micros(city.now)
    for start in range(1, datastreams + 1, CHUNK):
        part = np.arange(start, min(start + CHUNK, datastreams + 1))
        told = make_observations(part, np.full(len(part), now), chance.uniform(0, 100, len(part)))
        city.sensing.ingest(told, by=SYSTEM).result()


def timed(ask: Callable[[], httpx.Response], times: int) -> tuple[float, float, float]:
    """Return the first, the median and the 99th percentile of the others, in milliseconds."""
    took = []
    for _ in range(times + 1):
        begin = time.perf_counter()
        answer = ask()
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(answer.text[:300])
    return took[0], *np.percentile(took[1:], [50, 99])


def main() -> None:
    """Register, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datastreams", type=int, default=600_000)
    parser.add_argument("--queries", type=int, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-ngsi-") as temporary, asyncio.Runner() as runner:
        folder = Path(temporary) / "city"
        lay_out_empty(folder, city_id="c", name="c", area_code="510100")
        with open_city(folder) as city:
            city.start(time_passes=False)
            furnish(city, args.datastreams)
            client = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(city)), base_url="http://127.0.0.1")
            print(f"{args.datastreams:,} datastreams; pages of 20; load {load_now()}")
            print(f"{'ms':<34}{'first':>9}{'p50':>9}{'p99':>9}")
            for what, path in PATHS:
                first, p50, p99 = timed(lambda path=path: runner.run(client.get(path)), args.queries)
                print(f"{what:<34}{first:>9.1f}{p50:>9.1f}{p99:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
