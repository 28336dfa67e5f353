"""From a value sent to the alert on the page, while 100,000 values a second come in over HTTP.

Usage: python bench/sensing/alert_latency.py [--seconds 20] [--rate 100000] [--datastreams 20000]

lifang is its real server; a threshold watches every datastream. Clients post dataArrays of low values at an even rate;
beside them a probe posts one high value after another, each for a datastream of its own, and a listener on ``/events``
(as the page is) notes when its alert comes. All processes are on this machine, which they share with the server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import numpy as np
import orjson

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench._peers.city import furnish, served
from bench._peers.load import HEADER, Outcome, Send, drive

ROWS, SERIES = 1000, 10
PROBES_PER_S = 10.0
TARGET_P99_MS = 1000.0
SPOT = b"2024-01-01T00:00:00"
LEVELS = [{"severity": "orange", "fire": 65, "clear": 60}]
THRESHOLD = {"zh": "温度", "en": "temperature", "unit": "Cel", "observed_property": "t", "levels": LEVELS}


def template(client: int, datastreams: int) -> bytes:
    """Return a body of low values; every time in it begins with ``SPOT``, which each request replaces by its second."""
    groups = ROWS // SERIES
    first = client * groups % (datastreams - groups)
    return orjson.dumps(
        [
            {
                "Datastream": {"@iot.id": first + group + 1},
                "components": ["phenomenonTime", "result"],
                "dataArray": [[f"{SPOT.decode()}.{n:03}Z", 20 + (group * n) % 100 / 10] for n in range(SERIES)],
            }
            for group in range(groups)
        ]
    )


def second(number: int, start: float) -> bytes:
    """Return a second of its own for each request of a client, counted back from now."""
    return datetime.fromtimestamp(start - 10_000 + number, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def load_client(address: str, token: str, datastreams: int) -> Callable[[int], Send]:
    """Return what makes a client that posts bodies on one kept connection."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    start = time.time()

    def prepare(client: int) -> Send:
        connection, body = http.client.HTTPConnection(address), template(client, datastreams)

        def send(number: int) -> None:
            text = body.replace(SPOT, second(number, start))
            connection.request("POST", "/sta/v1.1/CreateObservations", text, headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status} {told[:500]!r}")

        return send

    return prepare


def listen(address: str, heard: dict[str, float], ready: Event) -> None:
    """Note when the alert of each datastream comes; ends with the stream."""
    connection = http.client.HTTPConnection(address)
    connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
    stream = connection.getresponse()
    ready.set()
    for line in stream:
        if line.startswith(b'data: {"change":"fired"'):
            alert = orjson.loads(line[6:])["alert"]
            heard.setdefault(alert["resource"].removeprefix("datastream:t").removesuffix(".t"), time.perf_counter())


def probe(address: str, token: str, first: int, seconds: float, sent: dict[str, float]) -> None:
    """Post one high value after another, noting when each was about to be sent."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(address)
    begin = time.perf_counter()
    for number in range(int(seconds * PROBES_PER_S)):
        time.sleep(max(0.0, begin + number / PROBES_PER_S - time.perf_counter()))
        stream = f"t{first + number}.t"
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        group = {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result"],
            "dataArray": [[now, 90]],
        }
        sent[str(first + number)] = time.perf_counter()
        connection.request("POST", "/sta/v1.1/CreateObservations", orjson.dumps([group]), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{answer.status}")


def set_threshold(address: str, token: str) -> None:
    """Have the city watch every datastream."""
    connection = http.client.HTTPConnection(address)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("PUT", "/api/v1/thresholds/warm", json.dumps(THRESHOLD), headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(answer.read())


def measure(args: argparse.Namespace, scratch: Path) -> tuple[Outcome, dict[str, float], dict[str, float]]:
    """Return how the load did, when each probe was sent, and when its alert came."""
    token = furnish(scratch / "city", args.datastreams + int(args.seconds * PROBES_PER_S) + 100)
    with served(scratch / "city", scratch / "log") as (address, _):
        set_threshold(address, token)
        manager = multiprocessing.get_context("fork").Manager()
        sent = manager.dict()
        heard: dict[str, float] = {}
        ready = Event()
        Thread(target=listen, args=(address, heard, ready), daemon=True).start()
        ready.wait(10)
        told = (address, token, args.datastreams, args.seconds, sent)
        prober = multiprocessing.get_context("fork").Process(target=probe, args=told, daemon=True)
        prober.start()
        prepare = load_client(address, token, args.datastreams)
        outcome = drive("load, HTTP dataArray", 4, args.seconds, ROWS, prepare, per_s=args.rate / ROWS)
        prober.join()
        time.sleep(3)
        return outcome, dict(sent), dict(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=100_000, help="values a second")
    parser.add_argument("--datastreams", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-alert-") as temporary:
        outcome, sent, heard = measure(args, Path(temporary))
    took = np.array([heard[name] - begin for name, begin in sent.items() if name in heard]) * 1000
    p50, p99 = np.percentile(took, [50, 99])
    print(HEADER)
    print(outcome.line())
    print(f"value sent to alert on /events: p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {took.max():.0f} ms")
    print(f"alerts {len(took)} of {len(sent)} values sent; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    met = p99 < TARGET_P99_MS and len(took) == len(sent) and outcome.values_per_s >= 0.95 * args.rate
    print(f"target p99 below {TARGET_P99_MS:.0f} ms at {args.rate:,.0f} values/s: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
