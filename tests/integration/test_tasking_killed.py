"""A city killed while it commands devices: no accepted command is lost, none is done twice, every step is on record."""

from __future__ import annotations

import random
import threading
import time
from itertools import count, pairwise
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.victims import Victim

from lifang.core import SystemClock
from lifang.guard import SYSTEM, Subject
from lifang.sensing import Sensing, Thing
from lifang.sensing.tasking import FOLLOWING, Actuator, Capability, CommandState, Order, Tasking, subject_id
from lifang.store import Store

KILLS = 12


def opened(folder: Path) -> Tasking:
    store = Store.open(folder, clock=SystemClock(), memory_mb=128, threads=1)
    return Tasking(store, SystemClock(), Sensing(store, SystemClock()))


def registered(tasking: Tasking) -> None:
    record = {"type": "DataRecord", "field": [{"name": "level", "type": "Quantity"}]}
    tasking._sensing.register([Thing("lamp", "灯", "lamp", "lamp", 104.0, 30.6)], [], by=SYSTEM)
    capability = Capability("dim", "driver", "lamp", "调光", "dim", record, {"deadline_s": 3600})
    tasking.register([Actuator("driver", "lamp", "灯", "driver")], [capability], by=SYSTEM)


class Device:
    """A lamp that writes down each command before it does it, and does none that is written down."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self.done = memory.read_text("ascii").split() if memory.exists() else []

    def obey(self, tasking: Tasking) -> int:
        """Return how many commands were there to be done."""
        itself = Subject(subject_id("lamp"), "lamp")
        commands = tasking.fetch("lamp", by=itself)
        for command in commands:
            if command.id not in self.done:
                with self._memory.open("a", encoding="ascii") as file:
                    file.write(command.id + "\n")
                self.done.append(command.id)
            tasking.acknowledge(command.id, "done", by=itself)
        return len(commands)


def commanding(folder: Path, tell: Connection) -> None:
    """Give commands and say which were accepted, while the device does what it is told."""
    tasking, device = opened(folder), Device(folder.parent / "device.txt")
    registered(tasking)

    def obey() -> None:
        while True:
            device.obey(tasking)

    threading.Thread(target=obey, daemon=True).start()
    for number in count():
        tell.send(tasking.submit(Order("dim", {"level": float(number % 100)}), by=SYSTEM).id)


def killed(folder: Path, after_s: float) -> list[str]:
    """Return the commands that were accepted before the city was killed."""
    with Victim(commanding, folder) as victim:
        first: str = victim.hear()
        time.sleep(after_s)
        return [first, *victim.kill()]


@pytest.mark.slow
def test_a_killed_city_loses_no_command_and_no_device_does_one_twice(tmp_path: Path) -> None:
    chance = random.Random(12)
    given = [each for _ in range(KILLS) for each in killed(tmp_path / "city", chance.uniform(0.02, 0.4))]
    assert len(given) > KILLS
    tasking, device = opened(tmp_path / "city"), Device(tmp_path / "device.txt")
    while device.obey(tasking):
        continue
    commands = {each.id: each for each in tasking.commands(limit=10**6)}
    assert set(given) <= set(commands), "what was accepted is there"
    assert len(device.done) == len(set(device.done)), "nothing is done twice"
    assert {name for name, each in commands.items() if each.state is CommandState.DONE} == set(device.done)
    assert [(each.state, each.reason, each.history) for each in commands.values() if each.state != "done"] == []
    assert sorted(each.number for each in commands.values()) == list(range(1, len(commands) + 1))
    for each in commands.values():
        states = [CommandState(step.state) for step in each.history]
        assert all(after in FOLLOWING[before] for before, after in pairwise(states))
    ledger = tasking._store.ledger
    told = [each.entry.resource for each in ledger.records(limit=10**6) if each.entry.action == "command.done"]
    assert sorted(told) == sorted(f"command:{name}" for name in commands)
    assert ledger.verify().ok
    tasking._store.close()
