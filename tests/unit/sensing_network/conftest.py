"""Four poles on two links in two districts, each with a noise meter that is heard every minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely

from lifang.core import ManualClock, to_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Sensing, Thing, make_observations
from lifang.sensing.network import Device, District, Link, SensorNetwork
from lifang.store import Store

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
POLES = ("p1", "p2", "p3", "p4")
MINUTE = timedelta(minutes=1)


def districts() -> Sequence[District]:
    """West and east of 104.05."""
    west, east = shapely.box(104.0, 30.5, 104.05, 30.7), shapely.box(104.05, 30.5, 104.1, 30.7)
    return [District("1", "西区", "West", shapely.to_wkb(west)), District("2", "东区", "East", shapely.to_wkb(east))]


@dataclass
class City:
    """Sensing and its network over one store."""

    clock: ManualClock
    sensing: Sensing
    network: SensorNetwork

    def hear(self, *poles: str, minutes: int = 1, late_s: float = 0.0, value: float = 50.0) -> None:
        """Let minutes pass; in each, the poles send a value that is ``late_s`` old when it arrives."""
        numbers = [self.sensing.datastream(f"{pole}.noise").number for pole in poles]
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            time = to_micros(self.clock.now() - timedelta(seconds=late_s))
            told = make_observations(numbers, np.full(len(numbers), time), np.full(len(numbers), value))
            self.sensing.ingest(told, by=SYSTEM).result()
            self.network.watch(told)

    def health(self, device: str) -> str:
        state = self.network.state()
        from lifang.sensing.network import Health

        return Health(state.devices.health[state.network.numbers[device]]).word


def register(city: City) -> None:
    things = [Thing(pole, pole, pole, "noise-meter", 104.02 + n * 0.02, 30.6) for n, pole in enumerate(POLES)]
    streams = [Datastream(f"{pole}.noise", pole, "noise", "噪声", "noise", "noise", "1", 60) for pole in POLES]
    city.sensing.register(things, streams, by=SYSTEM)
    links = [Link("core", "fibre", "核心", "core", 10_000, 1.0), Link("a", "nb-iot", "甲", "a", 0.2, 1500, "core"),
             Link("b", "5g", "乙", "b", 500, 20, "core")]  # fmt: skip
    city.network.put_links(links, by=SYSTEM)
    devices = [Device(pole, "noise-meter", link="a" if n < 3 else "b") for n, pole in enumerate(POLES)]
    assert city.network.put_devices(devices, by=SYSTEM) == (4, 0)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], City]]:
    """Return a function that closes the city, if open, and opens it again from its folder."""
    opened: list[City] = []
    clock = ManualClock(NOON)

    def shut() -> None:
        if opened:
            last = opened.pop()
            last.network.close()
            last.sensing.close()
            last.sensing.store.close()

    def open_again() -> City:
        shut()
        store = Store.open(tmp_path / "city", clock=clock, memory_mb=128, threads=1)
        sensing = Sensing(store, clock)
        sensing.start()
        network = SensorNetwork(store, clock, sensing, districts=districts)
        network.start()
        opened.append(City(clock, sensing, network))
        return opened[-1]

    yield open_again
    shut()


@pytest.fixture
def city(reopen: Callable[[], City]) -> City:
    found = reopen()
    register(found)
    return found
