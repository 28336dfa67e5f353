"""A hundred million observations: what it costs to take them in, and to ask about them, beside PostgreSQL.

Usage: python -m bench.sensing.scale [--rows 100000000] [--datastreams 100000] [--days 30] [--peer-rows 5000000]

The rows come in order of time, in batches of 100,000, into the lake of a city, and are durable when acknowledged; the
lake's keeper folds, sums up and settles them meanwhile. Cost per value is shown from 1 M rows on. The questions are
asked of the lake as its doors ask; a box is a run of datastreams, which are numbered along a space-filling curve.
PostgreSQL holds the last ``--peer-rows`` of the same rows, with an index on (datastream, time).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg

from bench._peers.postgres import HOW_TO_INSTALL, binaries, postgres
from bench.ingest import load_now
from lifang.core import ManualClock, Unavailable, to_micros
from lifang.store import AggregateQuery, ObservationQuery, Observations, Store

START = datetime(2024, 1, 1, tzinfo=UTC)
BATCH = 100_000
BOX = 6_500  # datastreams in the box
TARGET_MS = 50.0
_REPEAT = 7


def batches(rows: int, streams: int, days: int) -> Iterator[Observations]:
    """Yield the rows in order of time: every datastream once a step, steps evenly over ``days``."""
    steps = rows // streams
    step_us = int(days * 86_400e6 / steps)
    random, first = np.random.default_rng(5), to_micros(START)
    for begin in range(0, steps * streams, BATCH):
        place = np.arange(begin, min(begin + BATCH, steps * streams))
        number = (place % streams + 1).astype(np.int32)
        moment = first + place // streams * step_us
        yield Observations(number, moment, random.normal(20, 5, len(place)).round(1), np.zeros(len(place), np.uint8))


def filled(store: Store, args: argparse.Namespace) -> None:
    """Take the rows in and print the curve of what a value costs."""
    print(f"{'rows':>14}{'us a value':>12}{'CPU us':>9}{'memory MB':>11}")
    shown, done, begin, cpu = 1_000_000, 0, time.perf_counter(), time.process_time()
    past = 0
    for each in batches(args.rows, args.datastreams, args.days):
        _append(store, each)
        done += len(each)
        if done >= shown or done >= args.rows // args.datastreams * args.datastreams:
            wall, used = time.perf_counter() - begin, time.process_time() - cpu
            rows = done - past
            print(f"{done:>14,}{wall / rows * 1e6:>12.2f}{used / rows * 1e6:>9.2f}{memory_mb():>11,.0f}", flush=True)
            past, begin, cpu = done, time.perf_counter(), time.process_time()
            shown = shown * 10 if shown < 10_000_000 else shown + 10_000_000
    start = time.perf_counter()
    store.lake.tend()
    print(f"what was left to fold, sum up and settle: {time.perf_counter() - start:.1f} s", flush=True)


def _append(store: Store, rows: Observations) -> None:
    """Take ``rows`` in, once the store does: it refuses when more wait for its tables than it lets wait."""
    while True:
        try:
            store.lake.append(rows, subject="bench")
        except Unavailable:
            time.sleep(0.05)
        else:
            return


def memory_mb() -> float:
    """Return the most memory that this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median_ms(ask: Callable[[int], object]) -> tuple[float, float]:
    """Return median and worst of some askings, the first left out."""
    took = []
    for turn in range(_REPEAT + 1):
        begin = time.perf_counter()
        ask(turn)
        took.append((time.perf_counter() - begin) * 1000)
    return float(np.median(took[1:])), max(took[1:])


def questions(store: Store, args: argparse.Namespace) -> dict[str, Callable[[int], object]]:
    """Return the questions by name; each is asked with another number every time."""
    lake, end = store.lake, START + timedelta(days=args.days)
    noon = START + timedelta(days=args.days // 2, hours=12)
    day = noon.replace(hour=0)
    city = AggregateQuery(day, day + timedelta(days=1), 900, by=(), functions=("avg", "min", "max", "count"))

    def stream(turn: int) -> np.ndarray:
        return np.array([(turn * 7919) % args.datastreams + 1], dtype=np.int32)

    def box(turn: int) -> np.ndarray:
        first = (turn * 104_729) % max(args.datastreams - BOX, 1) + 1
        return np.arange(first, min(first + BOX, args.datastreams + 1), dtype=np.int32)

    return {
        "exact $count of all": lambda _: lake.count(ObservationQuery()),
        "exact $count of one datastream": lambda turn: lake.count(ObservationQuery(stream(turn))),
        "one datastream's month": lambda turn: lake.read(ObservationQuery(stream(turn), START, end)),
        "box x hour": lambda turn: lake.read(ObservationQuery(box(turn), noon, noon + timedelta(hours=1))),
        "city-wide 15-minute day": lambda _: lake.aggregate(city),
        "latest of all": lambda _: lake.latest(),
    }


def peer(args: argparse.Namespace) -> dict[str, float]:
    """Return how long the same questions take PostgreSQL, over fewer rows."""
    if binaries() is None:
        print(HOW_TO_INSTALL)
        return {}
    steps = args.peer_rows // args.datastreams
    day = datetime(2024, 1, args.days // 2 + 1, tzinfo=UTC)
    asked = {
        "exact $count of all": "SELECT count(*) FROM observation",
        "one datastream's month": "SELECT * FROM observation WHERE datastream = 7919",
        "box x hour": f"SELECT * FROM observation WHERE datastream BETWEEN 1000 AND {999 + BOX} "
        f"AND time >= '{day:%Y-%m-%d} 12:00+00' AND time < '{day:%Y-%m-%d} 13:00+00'",
        "city-wide 15-minute day": "SELECT date_bin('15 minutes', time, '2024-01-01'), avg(value), min(value), "
        f"max(value), count(*) FROM observation WHERE time >= '{day:%Y-%m-%d} 00:00+00' "
        f"AND time < '{day + timedelta(days=1):%Y-%m-%d} 00:00+00' GROUP BY 1",
    }
    with postgres() as where, psycopg.connect(where, autocommit=True) as connection:
        columns = "datastream integer, time timestamptz, value double precision, quality smallint"
        connection.execute(f"CREATE TABLE observation ({columns})")
        connection.execute(
            "INSERT INTO observation SELECT n, '2024-01-01 00:00+00'::timestamptz + s * %s * interval '1 second', "
            "random() * 40, 0 FROM generate_series(0, %s) s, generate_series(1, %s) n",
            (args.days * 86_400 / steps, steps - 1, args.datastreams),
        )
        connection.execute("CREATE INDEX ON observation (datastream, time)")
        connection.execute("VACUUM ANALYZE observation")
        return {
            name: median_ms(lambda _, text=text: connection.execute(text).fetchall())[0] for name, text in asked.items()
        }


def main() -> None:
    """Fill, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--datastreams", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--peer-rows", type=int, default=5_000_000)
    parser.add_argument("--dir", type=Path, default=None, help="where the store goes; a temporary folder without it")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-scale-", dir=args.dir) as temporary:
        folder = Path(temporary) / "city"
        with Store.open(folder, clock=ManualClock(START)) as store:
            numbers = np.arange(1, args.datastreams + 1, dtype=np.int32)
            period = int(args.days * 86_400 * args.datastreams / args.rows)
            store.lake.describe(numbers, np.full(len(numbers), 1, np.int32), np.full(len(numbers), period, np.int32))
            filled(store, args)
            found = {name: median_ms(ask) for name, ask in questions(store, args).items()}
        begin = time.perf_counter()
        with Store.open(folder, clock=ManualClock(START)) as store:
            opened = time.perf_counter() - begin
            held = store.lake.count(ObservationQuery())
        disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print(
        f"{held:,} observations, {disk:,.0f} MB on disk, opened in {opened:.2f} s, at most {memory_mb():,.0f} MB memory"
    )
    others = peer(args) if args.peer_rows else {}
    print(f"{'question':<34}{'ms':>9}{'worst':>9}{'PostgreSQL ms, ' + f'{args.peer_rows:,} rows':>34}{'ratio':>8}")
    for name, (median, worst) in found.items():
        told = f"{others[name]:>34.1f}{others[name] / median:>8.1f}" if name in others else ""
        print(f"{name:<34}{median:>9.1f}{worst:>9.1f}{told}")
    slow = [name for name, (median, _) in found.items() if name != "latest of all" and median >= TARGET_MS]
    print(f"load {load_now()}; target below {TARGET_MS:.0f} ms each: {'MISSED: ' + ', '.join(slow) if slow else 'met'}")


if __name__ == "__main__":
    main()
