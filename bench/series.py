"""One datastream's month among many rows, beside PostgreSQL with an index on (datastream, time).

Usage: python bench/series.py [--rows 5000000] [--datastreams 600000] [--queries 200] [--skip-peer]

The rows are 30 days of values in the lake's settled table, stored day by day as a city would. ``--rows 100000000`` is
the size that the target is stated for: it takes some minutes and about 3 GB; the peer then gets 10,000,000 rows.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench._peers.postgres import HOW_TO_INSTALL, binaries, postgres
from lifang.core import SystemClock, from_micros, to_micros
from lifang.sensing import Observations
from lifang.store import Store

START, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 30
END = START + timedelta(days=DAYS)
DAY_US = 86_400_000_000
TARGET_MS = 50.0
_PEER_ROWS = 10_000_000


def days(rows: int, datastreams: int) -> Iterator[Observations]:
    """Yield each day's observations, by datastream and time, at random seconds."""
    random, each = np.random.default_rng(5), rows // DAYS
    for day in range(DAYS):
        stream = np.sort(random.integers(1, datastreams + 1, each)).astype(np.int32)
        moment = to_micros(START) + day * DAY_US + random.integers(0, DAY_US // 1_000_000, each) * 1_000_000
        yield Observations(stream, moment, np.round(random.gamma(4, 15, each), 1), np.zeros(each, np.uint8))


def fill(store: Store, rows: int, datastreams: int) -> None:
    """Store the days and settle each once it is over."""
    for day, observations in enumerate(days(rows, datastreams), start=1):
        store.lake.append(observations, subject="bench")
        store.lake.settle(START + timedelta(days=day))


def timed(queries: int, datastreams: int, ask: Callable[[int], int]) -> tuple[float, float, int]:
    """Return p50 and p99 in milliseconds and the values returned, of random datastreams' months."""
    random = np.random.default_rng(9)
    took, values = [], 0
    for stream in random.integers(1, datastreams + 1, queries).tolist():
        begin = time.perf_counter()
        values += ask(stream)
        took.append((time.perf_counter() - begin) * 1000)
    p50, p99 = np.percentile(took, [50, 99])
    return float(p50), float(p99), values


def peer(rows: int, datastreams: int, queries: int) -> tuple[float, float, int]:
    """Return the same figures of PostgreSQL."""
    with postgres() as where, psycopg.connect(where) as connection:
        columns = "datastream integer, time timestamptz, value double precision, quality smallint"
        connection.execute(f"CREATE TABLE observation ({columns})")
        with connection.cursor().copy("COPY observation FROM STDIN") as copy:
            for part in days(rows, datastreams):
                times = np.datetime_as_string(part.time.astype("datetime64[us]"), unit="s").tolist()
                lines = zip(part.datastream.tolist(), times, part.value.tolist(), strict=True)
                copy.write("".join(f"{stream}\t{moment}Z\t{value}\t0\n" for stream, moment, value in lines))
        connection.execute("CREATE INDEX ON observation (datastream, time)")
        connection.commit()
        connection.execute("ANALYZE observation")
        where_and_order = "datastream = %s AND time >= %s AND time < %s ORDER BY time"
        query = f"SELECT time, value, quality FROM observation WHERE {where_and_order}"

        def ask(stream: int) -> int:
            return len(connection.execute(query, (stream, START, END)).fetchall())

        return timed(queries, datastreams, ask)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--datastreams", type=int, default=600_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--skip-peer", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-series-") as scratch:
        with Store.open(Path(scratch) / "city", clock=SystemClock()) as store:
            begin = time.perf_counter()
            fill(store, args.rows, args.datastreams)
            filled = time.perf_counter() - begin
            bounds = store.lake.bounds() or (from_micros(0), from_micros(0))
            print(
                f"{store.lake.observation_count():,} rows, {bounds[0]:%F} to {bounds[1]:%F}, filled in {filled:.0f} s"
            )
            size = sum(file.stat().st_size for file in store.folder.rglob("*") if file.is_file())
            print(f"{size / 1e6:,.0f} MB on disk")

            def ask(stream: int) -> int:
                return len(store.lake.series(stream, START, END))

            p50, p99, values = timed(args.queries, args.datastreams, ask)
        print(
            f"{'lifang, one month':<34}p50 {p50:8.1f} ms  p99 {p99:8.1f} ms  {values / args.queries:,.0f} values each"
        )
    if not args.skip_peer and binaries() is None:
        print(HOW_TO_INSTALL)
    elif not args.skip_peer:
        rows = min(args.rows, _PEER_ROWS)
        q50, q99, _ = peer(rows, args.datastreams, args.queries)
        print(f"{f'PostgreSQL, {rows:,} rows, indexed':<34}p50 {q50:8.1f} ms  p99 {q99:8.1f} ms")
        print(f"ratio to PostgreSQL (times as long): p50 {p50 / q50:.1f}, p99 {p99 / q99:.1f}")
    print(f"target below {TARGET_MS:.0f} ms: {'met' if p99 < TARGET_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
