"""Everything about an object, as of any moment, and what two moments differ in, at a million objects with links.

Usage: python -m bench.twin.everything [--objects 1000000]

Every object has an owner, a sensor and the parcel below it, and stands in two versions; each question goes the way of
the HTTP route, for an asker, with its decisions. Prints the 50th and 99th percentiles in milliseconds, of the clock on
the wall and of CPU (what counts where others are on the machine), the time of a difference in seconds, and the memory
of the process; the median is what is held against the target.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from lifang.app import City, LinkView, TwinView, open_city
from lifang.core import to_micros
from lifang.guard import SYSTEM, Classification
from lifang.sensing import Datastream, Thing
from lifang.store import FOREVER, OBJECT_COLUMNS

TARGET_MS, TARGET_DIFFERENCE_S = 50.0, 3.0
CITY = """
id = "bench"
name_zh = "测"
name_en = "Bench"
area_code = "510100"
extent = [103.0, 30.0, 105.0, 32.0]
lake_memory_mb = 2048
"""
_BUILT, _REBUILT = datetime(2019, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
_SENSORS, _CHANGED = 1_000, 0.01
_QUESTIONS = 100


def objects(count: int, start: datetime, *, height: float, every: int = 1) -> pa.Table:
    """Return rows of every ``every``-th of ``count`` blocks."""
    number = np.arange(0, count, every)
    west, south = 103 + (number % 1000) * 0.002, 30 + (number // 1000) * 0.0015
    wkb = shapely.to_wkb(shapely.box(west, south, west + 0.0002, south + 0.0002))
    shape = {"lod": "1", "kind": "footprint", "base_m": 0.0, "top_m": height, "detail": None}
    same = {"model": "m", "class": "Building", "category": "base", "level": 2, "stage": "operation", "parent": "",
            "bottom_m": 0.0, "top_m": height, "classification": "open", "valid_from": to_micros(start),
            "valid_to": FOREVER, "properties": '{"use": "home", "floors": 6}'}  # fmt: skip
    columns = {name: pa.repeat(pa.scalar(value), len(number)) for name, value in same.items()}
    columns |= {
        "id": [f"m:{each:07d}" for each in number.tolist()],
        "name": [f"House {each}" for each in number.tolist()],
        "west": west,
        "south": south,
        "east": west + 0.0002,
        "north": south + 0.0002,
        "cell": number // 100,
        "geometry": pa.array([[{**shape, "wkb": each}] for each in wkb], OBJECT_COLUMNS.field("geometry").type),
    }
    return pa.table({name: columns[name] for name in OBJECT_COLUMNS.names}).cast(OBJECT_COLUMNS)


def furnish(city: City, count: int) -> None:
    """Fill the city: sensors, objects in two versions where they changed, three links an object."""
    streams = [Datastream(f"t{n}.pm", f"t{n}", "PM2.5", "细", "PM", "PM2.5", "ug/m3", 0) for n in range(_SENSORS)]
    things = [Thing(f"t{n}", f"站{n}", f"t{n}", "air", 104.0, 30.5) for n in range(_SENSORS)]
    city.sensing.register(things, streams, by=SYSTEM)
    city.store.lake.objects.record(objects(count, _BUILT, height=9.0), subject="bench")
    city.store.lake.objects.record(objects(count, _REBUILT, height=12.0, every=int(1 / _CHANGED)), subject="bench")
    number = np.arange(count).tolist()
    ids = [f"m:{each:07d}" for each in number]
    for kind, targets in (
        ("owner", [f"outside:owner-{each}" for each in number]),
        ("sensor", [f"datastream:t{each % _SENSORS}.pm" for each in number]),
        ("parcel", [f"object:m:{each // 100 * 100:07d}" for each in number]),
    ):
        rows = pa.table({"object": ids, "kind": pa.repeat(pa.scalar(kind), count), "target": targets})
        city.twin.links.add(rows, source=kind, classification=Classification.OPEN, valid_from=_BUILT, by=SYSTEM)


def main() -> None:
    """Print the percentiles, the difference's time and the memory beside their targets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=1_000_000)
    count = parser.parse_args().objects
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "city.toml").write_text(CITY, "utf-8")
        with open_city(folder) as city:
            city.start(time_passes=False)
            start = time.perf_counter()
            furnish(city, count)
            print(f"{count:,} objects and {3 * count:,} links taken in: {time.perf_counter() - start:.0f} s")
            _questions(city, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of the process at its peak, the filling included: {peak:,.0f} MB")


def _questions(city: City, count: int) -> None:
    asker = city.asker()
    links, view = LinkView(asker), TwinView(asker)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    _percentiles("everything, now", links.everything, count)
    _percentiles("everything, as of 2020", lambda each: links.everything(each, at=past), count)
    _percentiles("an object, as of 2020", lambda each: view.object(each, at=past), count)
    start = time.perf_counter()
    found = view.difference(past, city.now)
    took = time.perf_counter() - start
    print(f"difference of two moments: {len(found):,} of {count:,}, {took:.2f} s ({_met(took <= TARGET_DIFFERENCE_S)})")


def _percentiles(what: str, ask: Callable[[str], object], count: int) -> None:
    chosen = np.random.default_rng(1).integers(0, count, _QUESTIONS)
    took, cpu = [], []
    for each in chosen.tolist():
        start, spent = time.perf_counter(), time.process_time()
        ask(f"m:{each:07d}")
        took.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - spent))
    told = []
    for clock, each in (("wall", took), ("CPU", cpu)):
        p50, p99 = np.percentile(each, [50, 99])
        told.append(f"{clock} p50 {p50:.1f} ms, p99 {p99:.1f} ms ({_met(bool(p50 <= TARGET_MS))})")
    print(f"{what}: {'; '.join(told)}, target {TARGET_MS:.0f} ms")


def _met(true: bool) -> str:
    return "met" if true else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
