"""Whatever is done to a command, in whatever order, it walks the states as declared and is executed at most once."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifang.core import Conflict, ManualClock
from lifang.guard import SYSTEM, Subject
from lifang.sensing import Sensing, Thing
from lifang.sensing.tasking import FOLLOWING, Actuator, Capability, Command, Order, Tasking, subject_id
from lifang.store import Store

PARAMETERS = {"type": "DataRecord", "field": [{"name": "level", "type": "Quantity"}]}
ACTS = st.lists(
    st.sampled_from(["order", "fetch", "ack", "done", "failed", "cancel", "wait", "expire", "restart"]), max_size=25
)
DEVICE = Subject(subject_id("lamp"), "lamp")


class Device:
    """A device that obeys what it is told of and remembers, by id, what it has done."""

    def __init__(self) -> None:
        self.executed: dict[str, int] = {}
        self.told: list[str] = []

    def hear(self, commands: list[Command]) -> None:
        for each in commands:
            self.told.append(each.id)
            if each.id not in self.executed:
                self.executed[each.id] = 1


def opened(folder: Path, clock: ManualClock) -> Tasking:
    store = Store.open(folder, clock=clock, memory_mb=128, threads=1)
    return Tasking(store, clock, Sensing(store, clock))


def walked(command: Command) -> bool:
    states = [each.state for each in command.history if not each.state.startswith("late:")]
    return all(after in FOLLOWING[before] for before, after in pairwise(states))  # type: ignore[index]


def act(name: str, tasking: Tasking, device: Device, clock: ManualClock) -> None:
    newest = tasking.commands(limit=1)
    if name == "order":
        tasking.submit(Order("dim", {"level": 1.0}), by=SYSTEM)
    elif name == "fetch":
        device.hear(tasking.fetch("lamp", by=DEVICE))
    elif name == "wait":
        clock.advance(timedelta(seconds=25))
    elif name == "expire":
        tasking.expire()
    elif newest and name == "cancel":
        tasking.cancel(newest[0].id, by=SYSTEM)
    elif newest and name in {"ack", "done", "failed"}:
        tasking.acknowledge(newest[0].id, {"ack": "acknowledged"}.get(name, name), by=DEVICE)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=ACTS)
def test_a_command_walks_the_declared_states_and_is_never_told_of_once_over(acts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock, device = ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Device()
        tasking = opened(Path(folder) / "city", clock)
        tasking._sensing.register([Thing("lamp", "灯", "lamp", "lamp", 104.0, 30.6)], [], by=SYSTEM)
        capability = Capability("dim", "driver", "lamp", "调光", "dim", PARAMETERS)
        tasking.register([Actuator("driver", "lamp", "灯", "driver")], [capability], by=SYSTEM)
        for name in acts:
            clock.advance(timedelta(seconds=1))
            if name == "restart":
                tasking._store.close()
                tasking = opened(Path(folder) / "city", clock)
                continue
            over = {each.id for each in tasking.commands() if each.state.over}
            heard = len(device.told)
            try:
                act(name, tasking, device, clock)
            except Conflict:
                assert name in {"cancel", "ack", "done", "failed"}
            assert not over & set(device.told[heard:]), "what is over is not told again"
        commands = tasking.commands()
        assert all(walked(each) for each in commands)
        told = {each.id for each in commands if any(moment.state == "sent" for moment in each.history)}
        assert set(device.executed) == told
        assert tasking._store.ledger.verify().ok
        tasking._store.close()
