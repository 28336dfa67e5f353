"""Durable bulk ingest over HTTP: SensorThings dataArray and Arrow IPC, beside PostgreSQL with the same rows and index.

Usage: python -m bench.sensing.bulk [--seconds 10] [--clients 8] [--datastreams 2000] [--skip-peers]

The server is lifang's own, with log-in, guard, quality rules, ledger, hot state and sums; clients on the same cores.
A dataArray body holds 1,000 values (10 for each of 100 datastreams), an Arrow body 10,000. Every figure counts
acknowledged, synced values. Paced loads come at even steps, and a time counts from when its request was due.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import psycopg
import pyarrow as pa

from bench._peers.city import furnish, served
from bench._peers.http import RawPost
from bench._peers.load import HEADER, Outcome, Send, drive
from bench._peers.postgres import HOW_TO_INSTALL, binaries, postgres
from bench.ingest import SPOT, cpu_s, hour, load_now, template

ROWS, SERIES, ARROW_ROWS = 1000, 10, 10_000
TARGET_S, TARGET_P99_MS, ARROW_TARGET_S = 200_000, 50.0, 500_000
PUBLISHED = (
    "published: FROST 'easily 5,000 inserts/s' (SSD); ThingsBoard 33,333 values/s (36 vCPU, Cassandra); "
    "Stellio 220-420 requests/s (8 vCPU)"
)
_HOUR_US = 3_600_000_000
_START_US = 946_684_800_000_000


def data_array(address: str, token: str) -> Callable[[int], Send]:
    """Return what makes a client that posts dataArray bodies."""

    def prepare(client: int) -> Send:
        post = RawPost(address, "/sta/v1.1/CreateObservations", token, "application/json")
        body = template(client, ROWS, SERIES)

        def send(number: int) -> None:
            if bytes(post(body.replace(SPOT, hour(number)))[-8:]) == b'"error"]':
                raise RuntimeError("an observation was refused")

        return send

    return prepare


def arrow(address: str, token: str, datastreams: int) -> Callable[[int], Send]:
    """Return what makes a client that posts Arrow bodies."""

    def prepare(client: int) -> Send:
        post = RawPost(address, "/api/v1/observations", token, "application/vnd.apache.arrow.stream")
        each = min(datastreams, 1000)
        first = client * each % max(datastreams - each, 1) + 1
        streams = pa.array(np.repeat(np.arange(first, first + each, dtype=np.int32), ARROW_ROWS // each))
        seconds = np.tile(np.arange(ARROW_ROWS // each) * 1_000_000, each) + client
        values = pa.array(np.random.default_rng(client).normal(20, 5, ARROW_ROWS))

        def send(number: int) -> None:
            times = pa.array(_START_US + number * _HOUR_US + seconds).cast(pa.timestamp("us", "UTC"))
            batch = pa.record_batch({"datastream": streams, "time": times, "value": values})
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
            post(sink.getvalue().to_pybytes())

        return send

    return prepare


def copied(where: str, rows: int) -> Callable[[int], Send]:
    """Return what makes a client that copies as many rows into PostgreSQL's table in one transaction each."""

    def prepare(client: int) -> Send:
        connection = psycopg.connect(where)
        groups = orjson.loads(template(client, rows, SERIES))
        text = "".join(
            f"{group['Datastream']['@iot.id']}\t{time}\t{value}\t0\n"
            for group in groups
            for time, value in group["dataArray"]
        ).encode()

        def send(number: int) -> None:
            with connection.cursor().copy("COPY observation FROM STDIN") as stream:
                stream.write(text.replace(SPOT, hour(number)))
            connection.commit()

        return send

    return prepare


def peers(clients: int, seconds: float) -> list[Outcome]:
    """Return how PostgreSQL does with 1,000 and 10,000 rows a commit, with its index on (datastream, time)."""
    if binaries() is None:
        print(HOW_TO_INSTALL)
        return []
    found = []
    for rows in (ROWS, ARROW_ROWS):
        with postgres() as where:
            with psycopg.connect(where, autocommit=True) as connection:
                columns = "datastream integer, time timestamptz, value double precision, quality smallint"
                connection.execute(f"CREATE TABLE observation ({columns})")
                connection.execute("CREATE INDEX ON observation (datastream, time)")
            name = f"PostgreSQL 15, COPY of {rows:,}, index"
            found.append(drive(name, clients, seconds, rows, copied(where, rows)))
    return found


def main() -> None:
    """Run the loads and print what they gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--datastreams", type=int, default=2000)
    parser.add_argument("--skip-peers", action="store_true")
    args = parser.parse_args()
    clients, seconds = args.clients, args.seconds
    with tempfile.TemporaryDirectory(prefix="bench-bulk-") as temporary:
        scratch = Path(temporary)
        token = furnish(scratch / "city", args.datastreams)
        with served(scratch / "city", scratch / "log") as (address, server):
            rows, columns = data_array(address, token), arrow(address, token, args.datastreams)
            drive("warm", clients, 1, ROWS, rows)
            paced = drive("lifang dataArray, paced", clients, seconds, ROWS, rows, per_s=TARGET_S / ROWS)
            before = cpu_s(server)
            most = drive("lifang dataArray, at its most", clients, seconds, ROWS, rows)
            used = cpu_s(server) - before
            bulk = drive("lifang Arrow IPC, at its most", clients // 2, seconds, ARROW_ROWS, columns)
            arrow_used = cpu_s(server) - before - used
    others = [] if args.skip_peers else peers(clients, seconds / 2)
    print(HEADER)
    for outcome in (paced, most, bulk, *others):
        print(outcome.line())
    for name, outcome, cpu in (("dataArray", most, used), ("Arrow", bulk, arrow_used)):
        print(f"server CPU, {name}: {cpu / (outcome.values_per_s * seconds) * 1e6:.2f} us a value; load {load_now()}")
    for outcome, ours in zip(others, (most, bulk), strict=False):
        print(f"ratio to {outcome.name}: {ours.values_per_s / outcome.values_per_s:.2f}")
    print(PUBLISHED)
    good = most.values_per_s >= TARGET_S and paced.p99_ms < TARGET_P99_MS
    print(f"target {TARGET_S:,} values/s by dataArray, p99 below {TARGET_P99_MS:.0f} ms: {'met' if good else 'MISSED'}")
    good = bulk.values_per_s >= ARROW_TARGET_S
    print(f"target {ARROW_TARGET_S:,} values/s by Arrow: {'met' if good else 'MISSED'}")


if __name__ == "__main__":
    main()
