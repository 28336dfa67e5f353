"""A city killed while it commands devices: no accepted command is lost, none is done twice, every step is on record."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from lifang.core import SystemClock
from lifang.sensing import Sensing
from lifang.sensing.tasking import FOLLOWING, CommandState, Tasking
from lifang.store import Store

KILLS = 12
VICTIM = """
import os, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_tasking_killed import Device, opened, registered
from lifang.guard import SYSTEM
from lifang.sensing.tasking import Order

tasking = opened(Path(sys.argv[1]))
registered(tasking)
device = Device(Path(sys.argv[1]).parent / "device.txt")

def obey():
    while True:
        device.obey(tasking)

threading.Thread(target=obey, daemon=True).start()
number = 0
while True:
    command = tasking.submit(Order("dim", {"level": float(number % 100)}), by=SYSTEM)
    os.write(1, f"{command.id}\\n".encode())
    number += 1
"""


def opened(folder: Path) -> Tasking:
    store = Store.open(folder, clock=SystemClock(), memory_mb=128, threads=1)
    return Tasking(store, SystemClock(), Sensing(store, SystemClock()))


def registered(tasking: Tasking) -> None:
    from lifang.guard import SYSTEM
    from lifang.sensing import Thing
    from lifang.sensing.tasking import Actuator, Capability

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
        from lifang.guard import Subject
        from lifang.sensing.tasking import subject_id

        itself = Subject(subject_id("lamp"), "lamp")
        commands = tasking.fetch("lamp", by=itself)
        for command in commands:
            if command.id not in self.done:
                with self._memory.open("a", encoding="ascii") as file:
                    file.write(command.id + "\n")
                self.done.append(command.id)
            tasking.acknowledge(command.id, "done", by=itself)
        return len(commands)


def killed(folder: Path, after_s: float) -> list[str]:
    """Return the commands that were accepted before the city was killed."""
    command = [sys.executable, "-c", VICTIM, str(folder), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        first = victim.stdout.readline()
        time.sleep(after_s)
        victim.kill()
        whole = (first + victim.stdout.read()).rpartition("\n")[0]
    return whole.split()


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
