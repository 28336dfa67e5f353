"""What the health of a whole network costs: read, counted and judged in columns, one device a datastream.

Usage: python bench/sensing/network_health.py [--devices 600000]

Prints how long it takes to read the network at start, to count a telling of 10,000 observations (the watcher's share of
a commit), to judge every device, and to find and write a page of devices in some health; and the counters' snapshot.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from lifang.core import ManualClock, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.sensing import Datastream, Sensing, Thing, make_observations
from lifang.sensing.network import Device, Health, Link, SensorNetwork, Wanted
from lifang.store import Store

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
CHUNK = 50_000
LINKS = 1000


def furnish(store: Store, clock: ManualClock, devices: int) -> Sensing:
    """Register things, datastreams, links and devices."""
    sensing = Sensing(store, clock)
    network = SensorNetwork(store, clock, sensing)
    links = [Link("core", "fibre", "c", "c")]
    links += [Link(f"l{n}", "nb-iot", "l", "l", uplink="core") for n in range(LINKS)]
    network.put_links(links, by=SYSTEM)
    side = int(devices**0.5) + 1
    for start in range(0, devices, CHUNK):
        numbers = range(start, min(start + CHUNK, devices))
        things = [Thing(f"d{n}", "d", "d", "lamp", 104 + (n % side) / side, 30 + (n // side) / side) for n in numbers]
        streams = [Datastream(f"d{n}.t", f"d{n}", "t", "t", "t", "t", "1", 60) for n in numbers]
        sensing.register(things, streams, by=SYSTEM)
        network.put_devices([Device(f"d{n}", "lamp", link=f"l{n % LINKS}") for n in numbers], by=SYSTEM)
    return sensing


def timed(what: str, work: Callable[[], Any], times: int = 1) -> Any:
    """Print how long ``work`` takes, the median of ``times``; return what it gave."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - begin)
    print(f"{what:<52}{np.median(took) * 1000:>10.1f} ms")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=600_000)
    devices = parser.parse_args().devices
    with tempfile.TemporaryDirectory(prefix="bench-network-") as temporary:
        clock = ManualClock(NOON)
        store = Store.open(Path(temporary) / "city", clock=clock, memory_mb=256, threads=2)
        sensing = furnish(store, clock, devices)
        network = SensorNetwork(store, clock, sensing)
        print(f"{devices:,} devices on {LINKS:,} links; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        timed("read the network and judge it, at start", network.state)
        chance = np.random.default_rng(1)
        rows = chance.integers(1, devices + 1, 10_000).astype(np.int32)

        def tell() -> None:
            clock.moment = clock.moment.replace(microsecond=(clock.moment.microsecond + 50_000) % 1_000_000)
            now = to_micros(clock.now())
            network.watch(make_observations(rows, np.full(len(rows), now), np.ones(len(rows))))

        network.watch(make_observations(np.arange(1, devices + 1), np.full(devices, to_micros(NOON)), np.ones(devices)))
        timed("count a telling of 10,000 observations", tell, 20)
        timed("judge every device", network.judge, 5)
        network.state()
        wanted = Wanted(health=Health.OK, link="l7")
        timed("find a page of devices", lambda: network.find(wanted, classes=list(Classification), limit=100), 5)
        page = network.find(Wanted(), classes=list(Classification), limit=100).tolist()
        timed("read the records of a page of 100", lambda: network.devices(page), 5)
        timed("keep the counters", network.save)
        store.close()


if __name__ == "__main__":
    main()
