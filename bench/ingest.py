"""Durable ingest over HTTP (SensorThings dataArray), beside PostgreSQL COPY and SQLite with the same rows per commit.

Usage: python bench/ingest.py [--seconds 10] [--clients 8] [--rows 1000] [--series 10] [--skip-peers]

lifang is its real server on a city of 2,000 datastreams, with log-in, quality rules, ledger and hot state; its clients
speak HTTP and JSON, the peers' clients their own protocol, all from processes on this machine. Every figure is of
acknowledged, synced commits. Two loads: at the rate that the target names, where a time counts from when its request
was due; and with each client sending again as soon as it is answered. A body holds ``--rows`` values, ``--series``
consecutive ones per datastream.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson
import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench._peers.city import furnish, served
from bench._peers.load import HEADER, Outcome, Send, drive
from bench._peers.postgres import HOW_TO_INSTALL, binaries, postgres

DATASTREAMS = 2_000
TARGET_VALUES_S, TARGET_P99_MS = 100_000, 100.0
SPOT = b"2024-01-01T00"  # the hour in every time of a template body; each request writes its own


def template(client: int, rows: int, series: int) -> bytes:
    """Return a CreateObservations body of ``rows`` values, ``series`` for each of some datastreams of this client."""
    groups = rows // series
    first = client * groups % (DATASTREAMS - groups)
    return orjson.dumps(
        [
            {
                "Datastream": {"@iot.id": first + group + 1},
                "components": ["phenomenonTime", "result"],
                "dataArray": [
                    [f"{SPOT.decode()}:{n // 60 % 60:02}:{n % 60:02}.{group % 1000:03}Z", 20 + (group * n) % 100 / 10]
                    for n in range(series)
                ],
            }
            for group in range(groups)
        ]
    )


def hour(number: int) -> bytes:
    """Return the ``number``-th hour since 2000 as it stands in a time."""
    day, of_day = divmod(number, 24)
    month, of_month = divmod(day, 28)
    year, of_year = divmod(month, 12)
    return f"{2000 + year % 150:04}-{of_year + 1:02}-{of_month + 1:02}T{of_day:02}".encode()


def http_client(address: str, token: str, rows: int, series: int) -> Callable[[int], Send]:
    """Return what makes a client that posts bodies on one kept connection and reads each answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def prepare(client: int) -> Send:
        connection, body = http.client.HTTPConnection(address), template(client, rows, series)

        def send(number: int) -> None:
            connection.request("POST", "/sta/v1.1/CreateObservations", body.replace(SPOT, hour(number)), headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 201 or b"error" in told[-20:]:
                raise RuntimeError(f"{answer.status} {told[:500]!r}")

        return send

    return prepare


def postgres_client(where: str, rows: int, series: int) -> Callable[[int], Send]:
    """Return what makes a client that copies the same rows in one transaction each."""
    copy = "COPY observation (datastream, time, value, quality) FROM STDIN"

    def prepare(client: int) -> Send:
        connection = psycopg.connect(where)
        text = "".join(
            f"{group['Datastream']['@iot.id']}\t{time}\t{value}\t0\n"
            for group in orjson.loads(template(client, rows, series))
            for time, value in group["dataArray"]
        ).encode()

        def send(number: int) -> None:
            with connection.cursor().copy(copy) as stream:
                stream.write(text.replace(SPOT, hour(number)))
            connection.commit()

        return send

    return prepare


def sqlite_client(path: Path, rows: int, series: int) -> Callable[[int], Send]:
    """Return what makes a client that inserts the same rows in one transaction each."""

    def prepare(client: int) -> Send:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        values = [
            (group["Datastream"]["@iot.id"], second * 1_000_000, value)
            for group in orjson.loads(template(client, rows, series))
            for second, (_, value) in enumerate(group["dataArray"])
        ]

        def send(number: int) -> None:
            shift = number * 3_600_000_000
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO observation VALUES (?, ?, ?, 0)",
                [(stream, time + shift, value) for stream, time, value in values],
            )
            connection.execute("COMMIT")

        return send

    return prepare


def peers(scratch: Path, args: argparse.Namespace) -> list[Outcome]:
    """Return how the peers did."""
    seconds, rows, series = args.seconds / 2, args.rows, args.series
    found = []
    if binaries() is None:
        print(HOW_TO_INSTALL)
    else:
        with postgres() as where:
            with psycopg.connect(where, autocommit=True) as connection:
                columns = "datastream integer, time timestamptz, value double precision, quality smallint"
                connection.execute(f"CREATE TABLE observation ({columns})")
            prepare = postgres_client(where, rows, series)
            found.append(drive("PostgreSQL 15, COPY", args.clients, seconds, rows, prepare))
    path = scratch / "peer.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE observation (datastream INTEGER, time INTEGER, value REAL, quality INTEGER)")
    found.append(drive("SQLite WAL/FULL, executemany", 1, seconds, rows, sqlite_client(path, rows, series)))
    return found


def cpu_s(process: int) -> float:
    """Return the seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load_now() -> str:
    """Return the machine's load of the last minute and its cores: others at work spoil these figures."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rows", type=int, default=1000, help="values a body")
    parser.add_argument("--series", type=int, default=10, help="values a datastream in a body")
    parser.add_argument("--skip-peers", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as temporary:
        scratch = Path(temporary)
        token = furnish(scratch / "city", DATASTREAMS)
        with served(scratch / "city", scratch / "log") as (address, server):
            prepare = http_client(address, token, args.rows, args.series)
            per_s = TARGET_VALUES_S / args.rows
            paced = drive("lifang, HTTP, at the target's rate", 8, args.seconds, args.rows, prepare, per_s=per_s)
            before = cpu_s(server)
            ours = drive("lifang, HTTP, at its most", args.clients, args.seconds, args.rows, prepare)
            used = cpu_s(server) - before
        others = [] if args.skip_peers else peers(scratch, args)
    print(HEADER)
    for outcome in (paced, ours, *others):
        print(outcome.line())
    print(
        f"server: {used / ours.requests * 1000:.1f} ms CPU a body, {used / args.seconds:.2f} cores; load {load_now()}"
    )
    for outcome in others:
        print(f"ratio to {outcome.name}: {ours.values_per_s / outcome.values_per_s:.2f}")
    good = ours.values_per_s >= TARGET_VALUES_S and paced.p99_ms < TARGET_P99_MS
    print(f"target {TARGET_VALUES_S:,} values/s, p99 below {TARGET_P99_MS:.0f} ms: {'met' if good else 'MISSED'}")


if __name__ == "__main__":
    main()
