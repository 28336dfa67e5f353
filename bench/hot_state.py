"""The latest values inside a box among 600,000 datastreams while updates run, beside SQLite's R*Tree in memory.

Usage: python bench/hot_state.py [--datastreams 600000] [--boxes 2000] [--updates 100000]

Boxes are squares of random size at random places; the largest hold a tenth of the city. ``--updates`` is how many
values a second a writer commits to the hot state meanwhile. The peer holds the same values and is not updated.
"""

from __future__ import annotations

import argparse
import sqlite3
import threading
import time

import numpy as np

from lifang.core import Box
from lifang.sensing import make_observations
from lifang.sensing.hot import HotState

TARGET_P99_MS = 10.0
_BATCH = 10_000
_PEER_BOXES = 200


def boxes(count: int, seed: int = 3) -> list[Box]:
    """Return squares up to a third of the city's side."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        side = 10 ** random.uniform(-2.5, -0.5)
        west, south = 104 + random.uniform(0, 1 - side), 30 + random.uniform(0, 1 - side)
        found.append(Box(west, south, west + side, south + side))
    return found


def filled(count: int) -> HotState:
    """Return the state of ``count`` datastreams spread over one degree, each with a value."""
    random = np.random.default_rng(1)
    hot, numbers = HotState(), np.arange(1, count + 1, dtype=np.int32)
    hot.place(numbers, 104 + random.random(count), 30 + random.random(count), np.zeros(count, np.uint8))
    hot.update(make_observations(numbers, np.ones(count), random.random(count)))
    return hot


def keep_updating(hot: HotState, count: int, per_s: int, stop: threading.Event, done: list[int]) -> None:
    """Commit ``per_s`` random updates a second until told to stop."""
    random, moment, start = np.random.default_rng(2), 1, time.perf_counter()
    while not stop.wait(max(0.0, start + moment * _BATCH / per_s - time.perf_counter())):
        moment += 1
        hot.update(
            make_observations(random.integers(1, count + 1, _BATCH), np.full(_BATCH, moment), random.random(_BATCH))
        )
        done.append(_BATCH)


def peer(hot: HotState) -> sqlite3.Connection:
    """Return the same values in SQLite: an R*Tree of places beside a table of values."""
    latest = hot.latest()
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE place USING rtree(id, west, east, south, north)")
    connection.execute(
        "CREATE TABLE latest (id INTEGER PRIMARY KEY, lon REAL, lat REAL, time INTEGER, value REAL, quality INTEGER)"
    )
    columns = [
        column.tolist()
        for column in (latest.numbers, latest.lon, latest.lat, latest.time, latest.value, latest.quality)
    ]
    connection.executemany("INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))
    connection.execute("INSERT INTO place SELECT id, lon, lon, lat, lat FROM latest")
    return connection


_QUERY = "SELECT latest.* FROM place JOIN latest USING (id) WHERE west >= ? AND east <= ? AND south >= ? AND north <= ?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datastreams", type=int, default=600_000)
    parser.add_argument("--boxes", type=int, default=2000)
    parser.add_argument("--updates", type=int, default=100_000, help="values a second meanwhile")
    args = parser.parse_args()
    hot = filled(args.datastreams)
    stop, done = threading.Event(), list[int]()
    writer = threading.Thread(target=keep_updating, args=(hot, args.datastreams, args.updates, stop, done))
    start = time.perf_counter()
    writer.start()
    took, rows = [], 0
    for box in boxes(args.boxes):
        begin = time.perf_counter()
        rows += len(hot.latest(box))
        took.append(time.perf_counter() - begin)
    stop.set()
    writer.join()
    rate = sum(done) / (time.perf_counter() - start)
    p50, p99 = np.percentile(np.array(took) * 1000, [50, 99])
    print(f"{args.datastreams:,} datastreams, {args.boxes:,} boxes of {rows / args.boxes:,.0f} datastreams on average")
    print(f"{'lifang hot state':<34}p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  beside {rate:,.0f} updates/s")
    connection, took = peer(hot), []
    for box in boxes(args.boxes)[:_PEER_BOXES]:
        begin = time.perf_counter()
        connection.execute(_QUERY, (box.west, box.east, box.south, box.north)).fetchall()
        took.append(time.perf_counter() - begin)
    q50, q99 = np.percentile(np.array(took) * 1000, [50, 99])
    print(f"{'SQLite R*Tree in memory':<34}p50 {q50:8.2f} ms  p99 {q99:8.2f} ms")
    print(f"ratio to SQLite (times faster): p50 {q50 / p50:.1f}, p99 {q99 / p99:.1f}")
    print(f"target p99 below {TARGET_P99_MS:.0f} ms: {'met' if p99 < TARGET_P99_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
