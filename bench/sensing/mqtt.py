"""Durable observations over MQTT, single and in batches, beside Mosquitto and a subscriber copying to PostgreSQL.

Usage: python -m bench.sensing.mqtt [--seconds 10] [--connections 16] [--skip-peers]

lifang is its real server on a city of 2,000 datastreams, with log-in, decisions, quality rules, ledger and hot state;
the load is one process on the same cores. The paced loads come first: a load at its most leaves much to be folded.
Each figure of lifang is of messages acknowledged, so on disk. The peer's PUBACK comes from Mosquitto's memory: its
figure is of rows that PostgreSQL committed, from the first message sent to the last row there. At a paced load a time
counts from when its burst was due.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import orjson
import pyarrow as pa

from bench._peers.city import furnish, served
from bench._peers.postgres import HOW_TO_INSTALL, binaries
from bench.ingest import cpu_s, load_now
from bench.sensing.mqtt_load import SPOT, Answered, Burst, Load, drive
from bench.sensing.mqtt_peer import copying, rows

DATASTREAMS, SERIES = 2_000, 10
SINGLE_TARGET, BATCH_TARGET = 8_000, 50_000
HEADER = f"{'':<46}{'messages/s':>12}{'values/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us/message':>16}{'cores':>7}"


@dataclass(frozen=True)
class Kind:
    """One form of message: how many values it carries, how many make a burst, what they are."""

    name: str
    values: int
    burst: int
    make: Burst


def singles(burst: int) -> Burst:
    """Return what makes ``burst`` messages of one observation each."""

    def make(connection: int) -> list[tuple[str, bytes]]:
        return [
            (
                f"v1.1/Datastreams({(connection * burst + n) % DATASTREAMS + 1})/Observations",
                b'{"phenomenonTime":"%s:%02d:%02d.%03dZ","result":%.2f}'
                % (SPOT, n // 60 % 60, n % 60, connection, 20 + n % 100 / 10),
            )
            for n in range(burst)
        ]

    return make


def batches(burst: int, values: int) -> Burst:
    """Return what makes ``burst`` data arrays of ``values`` observations each."""

    def make(connection: int) -> list[tuple[str, bytes]]:
        return [("v1.1/CreateObservations", _data_array(connection * burst + n, values)) for n in range(burst)]

    return make


def _data_array(place: int, values: int) -> bytes:
    first = place * (values // SERIES)
    groups = [
        {
            "Datastream": {"@iot.id": (first + group) % DATASTREAMS + 1},
            "components": ["phenomenonTime", "result"],
            "dataArray": [[f"{SPOT.decode()}:{n:02}:00.{place % 1000:03}Z", 20 + n / 10] for n in range(SERIES)],
        }
        for group in range(values // SERIES)
    ]
    return orjson.dumps(groups)


def arrows(burst: int, values: int) -> Burst:
    """Return what makes ``burst`` Arrow streams; each is sent as it is again and again, so later ones correct."""

    def make(connection: int) -> list[tuple[str, bytes]]:
        return [("lifang/v1/observations", _arrow(connection * burst + n, values)) for n in range(burst)]

    return make


def _arrow(place: int, values: int) -> bytes:
    numbers = np.arange(values, dtype=np.int32) % DATASTREAMS + 1
    times = 1_704_067_200_000_000 + np.arange(values) * 1000 + place * 1_000_000_000
    columns = [pa.array(numbers), pa.array(times).cast(pa.timestamp("us", "UTC")), pa.array(numbers / 100)]
    table = pa.table(columns, names=["datastream", "time", "value"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def line(name: str, found: Answered, values: int, used_s: float, seconds: float) -> str:
    """Return one row of the table."""
    each = used_s / max(1, found.messages) * 1e6
    return (
        f"{name:<46}{found.per_s:>12,.0f}{found.per_s * values:>12,.0f}{found.p50_ms:>9.1f}{found.p99_ms:>9.1f}"
        f"{each:>16.1f}{used_s / seconds:>7.2f}"
    )


def ours(args: argparse.Namespace, kinds: list[Kind]) -> dict[str, float]:
    """Print how lifang did; return its messages a second by name of the load."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-mqtt-") as temporary:
        scratch = Path(temporary)
        token = furnish(scratch / "city", DATASTREAMS)
        with served(scratch / "city", scratch / "log") as (address, server):
            with urlopen(f"http://{address}/api/v1/city", timeout=10) as answer:
                port = int(orjson.loads(answer.read())["mqtt"].rpartition(":")[2])

            def measure(name: str, kind: Kind, per_s: float | None) -> None:
                load = Load(args.connections, kind.burst, args.seconds, per_s)
                before = cpu_s(server)
                outcome = drive(port, token, load, kind.make)
                print(line(name, outcome, kind.values, cpu_s(server) - before, args.seconds), flush=True)
                found[name] = outcome.per_s

            measure(f"lifang, single, paced {SINGLE_TARGET:,}/s", Kind("", 1, 20, singles(20)), SINGLE_TARGET)
            paced = Kind("", 100, 1, batches(1, 100))
            measure(f"lifang, batches of 100, paced {BATCH_TARGET:,} values/s", paced, BATCH_TARGET / 100)
            for kind in kinds:
                measure(f"lifang, {kind.name}", kind, None)
    return found


def peer(args: argparse.Namespace, kind: Kind) -> float:
    """Return the messages a second that reached PostgreSQL by way of Mosquitto."""
    with copying() as (port, where):
        load = Load(args.connections, kind.burst, args.seconds / 2)
        start = time.perf_counter()
        sent = drive(port, "", load, kind.make)
        done, previous = rows(where), -1
        while done != previous or done == 0:
            previous = done
            last = time.perf_counter()
            time.sleep(0.5)
            done = rows(where)
        per_s = done / kind.values / (last - start)
    name = f"Mosquitto + COPY into PostgreSQL, {kind.name}"
    print(f"{name:<46}{per_s:>12,.0f}{per_s * kind.values:>12,.0f}   (Mosquitto took {sent.per_s:,.0f} messages/s)")
    return per_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--skip-peers", action="store_true")
    args = parser.parse_args()
    kinds = [
        Kind("single", 1, 100, singles(100)),
        Kind("batches of 100", 100, 4, batches(4, 100)),
        Kind("batches of 1,000", 1000, 2, batches(2, 1000)),
        Kind("Arrow of 10,000", 10_000, 1, arrows(1, 10_000)),
    ]
    print(HEADER)
    found = ours(args, kinds)
    check: list[Callable[[], bool]] = [
        lambda: found["lifang, single"] >= SINGLE_TARGET,
        lambda: found["lifang, batches of 100"] * 100 >= BATCH_TARGET,
    ]
    if binaries() is None:
        print(HOW_TO_INSTALL)
    elif not args.skip_peers:
        for kind in kinds[:2]:
            print(f"ratio: {found[f'lifang, {kind.name}'] / peer(args, kind):.2f}")
    print(f"load {load_now()}")
    for target, met in zip(
        (f"{SINGLE_TARGET:,} single/s", f"{BATCH_TARGET:,} values/s in batches"), check, strict=True
    ):
        print(f"target {target}, durable: {'met' if met() else 'MISSED'}")


if __name__ == "__main__":
    main()
