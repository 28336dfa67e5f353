"""A city of 600,000 datastreams: to register it, to start it, its memory, and boxes of the map while values come in.

Usage: python -m bench.sensing.large_city [--datastreams 600000] [--seconds 10] [--clients 4]

The server is lifang's own. Ingest comes as dataArray bodies of 1,000 values over HTTP: first at its most, then at half
of that while one more client asks for the latest values in boxes of random size and place (up to 1,000 of a box, by
HTTP, guard and all), then, in the quiet, the first page of all things with their datastreams and each one's latest
observation. The hot state itself, without HTTP, is measured by ``bench/hot_state.py``.
"""

from __future__ import annotations

import argparse
import http.client
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson

from bench._peers.city import furnish, served
from bench._peers.load import HEADER, Send, drive
from bench.hot_state import boxes
from bench.ingest import load_now
from bench.sensing.bulk import ROWS, data_array
from lifang.core import Box

TARGET_START_S, TARGET_P99_MS, TARGET_MB, TARGET_PAGE_MS = 10.0, 10.0, 2000.0, 50.0
PAGES = 200
THINGS = "/sta/v1.1/Things?$expand=Datastreams($expand=Observations($orderby=phenomenonTime%20desc;$top=1))"


def memory_mb(process: int) -> float:
    """Return the most memory that a process has used (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def asked(connection: http.client.HTTPConnection, box: Box) -> int:
    """Return how many values the map's page of ``box`` holds."""
    connection.request("GET", f"/api/v1/latest?bbox={box.west},{box.south},{box.east},{box.north}&limit=1000")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {body[:300]!r}")
    return len(orjson.loads(body)["id"])


def pages(address: str, stop: threading.Event, took: list[float]) -> None:
    """Ask for one box after the other, with a pause of 20 ms, until told to stop."""
    connection = http.client.HTTPConnection(address)
    for box in boxes(100_000):
        begin = time.perf_counter()
        asked(connection, box)
        took.append((time.perf_counter() - begin) * 1000)
        if stop.wait(0.02):
            return


def first_pages(address: str) -> list[float]:
    """Return how long each of ``PAGES`` first pages of :data:`THINGS` took, each with a value in it."""
    connection, took = http.client.HTTPConnection(address), list[float]()
    for _ in range(PAGES):
        begin = time.perf_counter()
        connection.request("GET", THINGS)
        body = connection.getresponse().read()
        took.append((time.perf_counter() - begin) * 1000)
        if not any(stream["Observations"] for thing in orjson.loads(body)["value"] for stream in thing["Datastreams"]):
            raise RuntimeError(f"no observation in {body[:300]!r}")
    return took


def beside(address: str, load: Callable[[], object]) -> list[float]:
    """Return how long each page took while ``load`` ran."""
    stop, took = threading.Event(), list[float]()
    asker = threading.Thread(target=pages, args=(address, stop, took))
    asker.start()
    load()
    stop.set()
    asker.join()
    return took


def main() -> None:
    """Register, start, load, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datastreams", type=int, default=600_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-city-") as temporary:
        scratch = Path(temporary)
        begin = time.perf_counter()
        token = furnish(scratch / "city", args.datastreams)
        print(f"{args.datastreams:,} datastreams registered in {time.perf_counter() - begin:.1f} s", flush=True)
        begin = time.perf_counter()
        with served(scratch / "city", scratch / "log") as (address, server):
            started = time.perf_counter() - begin
            print(f"started in {started:.1f} s with {memory_mb(server):,.0f} MB; load {load_now()}", flush=True)
            rows: Callable[[int], Send] = data_array(address, token)
            most = drive("dataArray, at its most", args.clients, args.seconds, ROWS, rows)
            half = most.values_per_s / ROWS / 2

            def paced() -> None:
                print(drive("dataArray, at half of that", args.clients, args.seconds, ROWS, rows, per_s=half).line())

            print(HEADER)
            print(most.line())
            took = beside(address, paced)
            first = first_pages(address)
            used = memory_mb(server)
    p50, p99 = np.percentile(took, [50, 99])
    print(f"{len(took)} boxes meanwhile: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    page50, page99 = np.percentile(first, [50, 99])
    print(f"{PAGES} first pages of things afterwards: p50 {page50:.1f} ms, p99 {page99:.1f} ms")
    print(f"memory at most {used:,.0f} MB; load {load_now()}")
    for what, good in (
        (f"start below {TARGET_START_S:.0f} s", started < TARGET_START_S),
        (f"box p99 below {TARGET_P99_MS:.0f} ms", p99 < TARGET_P99_MS),
        (f"page of things p99 below {TARGET_PAGE_MS:.0f} ms", page99 < TARGET_PAGE_MS),
        (f"memory below {TARGET_MB:,.0f} MB", used < TARGET_MB),
    ):
        print(f"target {what}: {'met' if good else 'MISSED'}")


if __name__ == "__main__":
    main()
