"""Device health raises one alert for one cause, clears it, and writes indicators without what is simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lifang.catalogue import Catalogue
from lifang.core import ManualClock, Settings, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.operations import Alerts, Indicators
from lifang.scenes import SceneContext
from lifang.scenes import device_health as scene
from lifang.sensing import Datastream, Sensing, Thing, make_observations
from lifang.sensing.network import Device, Link, SensorNetwork
from lifang.store import Store

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
SETTINGS = Settings(id="small", name_zh="小城", name_en="Small", area_code="510100")
NAMES = [f"d{n}" for n in range(12)]


@dataclass
class Centre:
    """An operations centre over twelve devices, four of them on one link."""

    clock: ManualClock
    context: SceneContext
    network: SensorNetwork
    sensing: Sensing

    def hear(self, *names: str) -> None:
        self.clock.advance(timedelta(minutes=1))
        numbers = [self.sensing.datastream(f"{name}.t").number for name in names]
        told = make_observations(numbers, np.full(len(names), to_micros(self.clock.now())), np.ones(len(names)))
        self.network.watch(told)

    def run(self) -> list[str]:
        result = scene.run(self.context, self.clock.now())
        return [f"{each.kind} {each.alert.resource} {each.alert.severity.code}" for each in result.changes]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    clock = ManualClock(NOON)
    store = Store.open(tmp_path / "city", clock=clock, memory_mb=128, threads=1)
    sensing = Sensing(store, clock)
    network = SensorNetwork(store, clock, sensing)
    things = [Thing(name, name, name, "lamp", 104.0, 30.6) for name in NAMES]
    streams = [Datastream(f"{name}.t", name, "t", "t", "t", "t", "1", 60) for name in NAMES]
    sensing.register(things, streams, by=SYSTEM)
    network.put_links([Link("l", "nb-iot", "窄带", "narrow")], by=SYSTEM)
    network.put_devices([Device(name, "lamp", link="l" if n < 4 else "") for n, name in enumerate(NAMES)], by=SYSTEM)
    context = SceneContext(
        sensing, Alerts(store, clock), Indicators(store, clock), Catalogue(store, clock, SETTINGS), clock, SETTINGS,
        network=network,
    )  # fmt: skip
    network.start()
    yield Centre(clock, context, network, sensing)
    network.close()
    sensing.close()
    store.close()


def test_a_link_that_is_down_is_one_alert_and_explains_its_devices(centre: Centre) -> None:
    centre.hear(*NAMES)
    for _ in range(5):
        centre.hear(*NAMES[4:])
    assert centre.run() == ["fired link:l orange"]
    (alert,) = centre.context.alerts.alerts()
    assert "4" in alert.zh
    centre.hear(*NAMES)
    assert centre.run() == ["cleared link:l orange"]


def test_silent_devices_raise_alerts_of_their_own_and_of_their_district(centre: Centre) -> None:
    centre.hear(*NAMES)
    for _ in range(5):
        centre.hear(*NAMES[:9])
    devices = [f"fired device:d{n} blue" for n in (9, 10, 11)]
    assert centre.run() == ["fired district:none orange", *devices]
    assert centre.run() == []
    centre.hear(*NAMES)
    assert len(centre.run()) == 4


def test_certificates_and_batteries_alert_by_what_is_left(centre: Centre) -> None:
    soon = Device("d5", "lamp", certificate="ab", certificate_expires=NOON + timedelta(days=10), battery=25.0)
    centre.network.put_devices([soon], by=SYSTEM)
    centre.hear(*NAMES)
    assert centre.run() == ["fired device:d5 yellow"]
    centre.network.put_devices([replace(soon, certificate_expires=NOON - timedelta(days=1), battery=8.0)], by=SYSTEM)
    centre.clock.advance(timedelta(minutes=5))
    centre.hear(*NAMES)
    assert centre.run() == ["raised device:d5 red", "fired device:d5 orange"]
    centre.network.put_devices([replace(soon, certificate_expires=NOON + timedelta(days=400))], by=SYSTEM)
    centre.hear(*NAMES)
    assert centre.run() == ["cleared device:d5 red", "cleared device:d5 orange"]


def test_alerts_are_as_hidden_as_their_device_and_simulated_ones_say_so(centre: Centre) -> None:
    hidden = Device("d6", "lamp", battery=1.0, classification=Classification.SHARED, simulated=True)
    centre.network.put_devices([hidden], by=SYSTEM)
    centre.hear(*NAMES)
    centre.run()
    (alert,) = centre.context.alerts.alerts()
    assert (alert.classification, alert.zh[:4]) == (Classification.SHARED, "【模拟】")
    assert scene.view(centre.context, centre.clock.now())["alerts"] == []


def test_indicators_leave_simulated_devices_out_and_nothing_is_written_for_the_past(centre: Centre) -> None:
    centre.hear(*NAMES)
    centre.run()
    silent = centre.context.indicators.latest("devices_silent")
    assert silent is not None
    assert silent.value == 0.0
    made_up = [Device(name, "lamp", simulated=True) for name in NAMES]
    centre.network.put_devices(made_up, by=SYSTEM)
    centre.hear(*NAMES)
    centre.run()
    silent = centre.context.indicators.latest("devices_silent")
    assert silent is not None
    assert silent.quality == "missing"
    before = centre.sensing.store.ledger.head()
    scene.run(centre.context, centre.clock.now() - timedelta(hours=1))
    assert centre.sensing.store.ledger.head() == before


def test_a_device_that_is_registered_while_the_scene_looks_makes_it_miss_no_beat(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = SensorNetwork.find

    def later(engine: SensorNetwork, *args: Any, **more: Any) -> Any:
        centre.sensing.register([Thing("late", "late", "late", "lamp", 104.0, 30.6)], [], by=SYSTEM)
        engine.put_devices([Device("late", "lamp")], by=SYSTEM)
        return find(engine, *args, **more)

    monkeypatch.setattr(SensorNetwork, "find", later)
    assert scene.view(centre.context, centre.clock.now())["city"]["devices"] == len(NAMES) + 1
