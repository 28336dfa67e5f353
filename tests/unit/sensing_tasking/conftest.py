"""A tank with a pump and a lamp on a real store: what commands are judged by is measured there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lifang.core import ManualClock, to_micros
from lifang.guard import SYSTEM, Role, Subject
from lifang.sensing import Datastream, Sensing, Thing, make_observations
from lifang.sensing.tasking import Actuator, Capability, Order, Tasking
from lifang.store import Store

NOON = datetime(2019, 1, 12, 12, tzinfo=UTC)
OPERATOR = Subject("person_1", "operator", frozenset({Role.OPERATOR}))
CITIZEN = Subject("person_2", "citizen", frozenset({Role.CITIZEN}))
LEVEL = {
    "type": "DataRecord",
    "field": [
        {
            "name": "level",
            "type": "Quantity",
            "uom": {"code": "%"},
            "constraint": {"type": "AllowedValues", "interval": [[0, 100]]},
        }
    ],
}
SWITCH = {
    "type": "DataRecord",
    "field": [{"name": "state", "type": "Category", "constraint": {"type": "AllowedTokens", "value": ["on", "off"]}}],
}
PUMP_LIMITS = {
    "minimum_interval_s": 30,
    "interlocks": [
        {
            "datastream": "tank.depth",
            "must": "ge",
            "value": 0.5,
            "max_age_s": 600,
            "when": {"parameter": "state", "is": "on"},
        }
    ],
}


@dataclass
class Works:
    """The waterworks: sensing and tasking over one store, and the devices that are silent now."""

    clock: ManualClock
    sensing: Sensing
    tasking: Tasking
    silent: set[str]

    def pump(self, state: str = "on", **more: Any) -> Any:
        return self.tasking.submit(Order("pump.switch", {"state": state}, **more), by=OPERATOR)

    def lamp(self, level: float = 50.0, **more: Any) -> Any:
        return self.tasking.submit(Order("lamp.dim", {"level": level}, **more), by=OPERATOR)

    def measure(self, stream: str, value: float) -> None:
        number = self.sensing.datastream(stream).number
        told = make_observations([number], [to_micros(self.clock.now())], [value])
        self.sensing.ingest(told, by=SYSTEM).result()


def register(works: Works) -> None:
    things = [Thing(name, name, name, "works", 104.0, 30.6) for name in ("tank", "lamp")]
    streams = [
        Datastream("tank.depth", "tank", "depth", "水深", "depth", "depth", "m", 60),
        Datastream("lamp.level", "lamp", "level", "亮度", "level", "level", "%", 60),
    ]
    works.sensing.register(things, streams, by=SYSTEM)
    actuators = [Actuator("pump", "tank", "水泵", "pump"), Actuator("driver", "lamp", "灯", "lamp driver")]
    limits = {"steps": {"level": 60}, "rates": {"level": 20}, "state_of": {"level": "lamp.level"}}
    capabilities = [
        Capability("pump.switch", "pump", "tank", "开关", "switch", SWITCH, PUMP_LIMITS),
        Capability("lamp.dim", "driver", "lamp", "调光", "dim", LEVEL, limits),
    ]
    works.tasking.register(actuators, capabilities, by=OPERATOR)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], Works]]:
    """Return a function that closes the waterworks, if open, and opens them again from their folder."""
    opened: list[Works] = []
    clock = ManualClock(NOON)

    def shut() -> None:
        if opened:
            last = opened.pop()
            last.tasking.close()
            last.sensing.close()
            last.sensing.store.close()

    def open_again() -> Works:
        shut()
        store = Store.open(tmp_path / "city", clock=clock, memory_mb=128, threads=1)
        sensing, silent = Sensing(store, clock), set[str]()
        gateways = {"lamp": "cabinet"}
        tasking = Tasking(
            store, clock, sensing, is_silent=silent.__contains__, gateway_of=lambda name: gateways.get(name, name)
        )
        sensing.start()
        opened.append(Works(clock, sensing, tasking, silent))
        return opened[-1]

    yield open_again
    shut()


@pytest.fixture
def works(reopen: Callable[[], Works]) -> Works:
    found = reopen()
    register(found)
    return found
