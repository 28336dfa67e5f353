"""A device is told its commands by MQTT and answers them; nobody else hears of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lifang.core import Conflict
from lifang.doors.mqtt.wire import V5, V311, Ack, Kind, Publish, Reason
from lifang.guard import SYSTEM, Role, Subject
from lifang.sensing.tasking import Actuator, Capability, Command, CommandState, Order

from .conftest import Served, Serving, Talker, Template, message

FIELD = {"type": "Quantity", "name": "level", "uom": {"code": "%"}}
RECORD = {"type": "DataRecord", "field": [FIELD]}
LIMITS = {"ranges": {"level": [0, 100]}, "works_when_silent": True}
OPERATOR = Subject("person-operator", "operator", roles=frozenset({Role.OPERATOR}))


@dataclass
class Works:
    """A served city whose two lamps, ``site-0`` and ``site-1``, can be dimmed; secrets by device."""

    served: Served
    secrets: dict[str, str]

    def order(self, device: str = "site-0", level: float = 40.0, **more: Any) -> Command:
        return self.served.city.tasking.submit(Order(f"{device}.dim", {"level": level}, **more), by=OPERATOR)

    def state(self, command: Command) -> CommandState:
        return self.served.city.tasking.command(command.id).state

    def device(self, name: str = "site-0", version: int = V311, **more: Any) -> Talker:
        talker = self.served.stranger(version)
        assert talker.connect(name, self.secrets[name], **more).code == 0
        return talker


def build(served: Served) -> Works:
    secrets = {}
    for device in ("site-0", "site-1"):
        actuators = [Actuator(f"{device}.driver", device, "灯", "lamp")]
        capabilities = [Capability(f"{device}.dim", f"{device}.driver", device, "调光", "dim", RECORD, LIMITS)]
        served.city.tasking.register(actuators, capabilities, by=SYSTEM)
        secrets[device] = served.city.tasking.tokens.issue_token(device, "cabinet", by=SYSTEM)[1]
    return Works(served, secrets)


@pytest.fixture(scope="module")
def lamps(shared_city: Serving) -> Works:
    return build(shared_city.served)


@pytest.fixture
def works(lamps: Works, served: Served) -> Iterator[Works]:
    """Return the works; what was not answered is over afterwards."""
    yield lamps
    tasking = served.city.tasking
    for command in tasking.commands():
        if command.state is CommandState.ACCEPTED:
            tasking.cancel(command.id, by=OPERATOR)
        elif not command.state.over:
            tasking.acknowledge(command.id, "failed", by=OPERATOR)


def topic(device: str = "site-0") -> str:
    return f"lifang/v1/devices/{device}/commands"


def say(talker: Talker, command: str, outcome: str, device: str = "site-0", **more: Any) -> int:
    """Return the reason code with which an answer is met."""
    body = json.dumps({"command": command, "outcome": outcome, **more}).encode()
    talker.send(Publish(f"lifang/v1/devices/{device}/answers", body, 1, packet_id=9))
    return talker.read(Ack).code


def heard(talker: Talker) -> dict[str, Any]:
    """Return the next command, confirmed."""
    packet = talker.read(Publish)
    if packet.qos:
        talker.send(Ack(Kind.PUBACK, packet.packet_id))
    told: dict[str, Any] = json.loads(packet.payload)
    return told


@pytest.mark.parametrize("version", [V311, V5])
def test_a_device_gets_its_command_and_answers_it(works: Works, version: int) -> None:
    lamp = works.device(version=version)
    assert lamp.subscribe(topic()).codes == (1,)
    command = works.order()
    packet = lamp.read(Publish)
    assert (packet.topic, packet.qos, packet.retain) == (topic(), 1, False)
    assert json.loads(packet.payload) == command.message()
    lamp.send(Ack(Kind.PUBACK, packet.packet_id))
    assert works.state(command) is CommandState.SENT
    assert say(lamp, command.id, "acknowledged") == 0
    assert works.state(command) is CommandState.ACKNOWLEDGED
    assert say(lamp, command.id, "done", note="dimmed", result={"level": 40}) == 0
    done = works.served.city.tasking.command(command.id)
    assert done.state is CommandState.DONE
    assert done.result == {"level": 40}
    assert [each.by for each in done.history][-3:] == ["device:site-0"] * 3
    assert done.history[-1].note == "dimmed"


def test_a_command_given_while_the_device_was_away_arrives_once_it_subscribes(works: Works) -> None:
    first, second = works.order(level=40.0), works.order(level=50.0)
    lamp = works.device()
    lamp.subscribe(topic())
    assert [heard(lamp)["id"], heard(lamp)["id"]] == [first.id, second.id]
    assert lamp.silent()


def test_the_same_order_again_is_told_once_and_done_once(works: Works) -> None:
    lamp = works.device()
    lamp.subscribe(topic())
    given = [works.order(idempotency="dusk") for _ in range(3)]
    assert {each.id for each in given} == {heard(lamp)["id"]}
    lamp.subscribe(topic())
    assert lamp.silent()
    assert say(lamp, given[0].id, "done") == say(lamp, given[0].id, "done") == 0
    works.order(idempotency="dusk")
    assert lamp.silent()


def test_what_was_received_and_not_answered_comes_again_under_its_id_and_what_was_answered_does_not(
    works: Works,
) -> None:
    command = works.order()
    lamp = works.device()
    lamp.subscribe(topic())
    assert heard(lamp)["id"] == command.id
    lamp.leave()
    lamp = works.device()
    lamp.subscribe(topic())
    assert heard(lamp)["id"] == command.id
    say(lamp, command.id, "done")
    lamp.leave()
    lamp = works.device()
    lamp.subscribe(topic())
    assert lamp.silent()


def test_a_kept_session_is_told_on_return_and_a_command_can_be_taken_back_until_then(works: Works) -> None:
    lamp = works.device(clean=False)
    lamp.subscribe(topic())
    lamp.leave()
    kept, taken = works.order(level=10.0), works.order(level=20.0)
    works.served.city.tasking.cancel(taken.id, by=OPERATOR)
    lamp = works.device(clean=False)
    assert lamp.read(Publish).payload == json.dumps(kept.message(), separators=(",", ":")).encode()
    assert lamp.silent()
    lamp.break_off()
    lamp = works.device(clean=False)
    again = lamp.read(Publish)
    assert (again.dup, json.loads(again.payload)["id"]) == (True, kept.id)
    assert lamp.silent()


def test_another_devices_token_is_refused(works: Works) -> None:
    other = works.device("site-1", V5)
    for wanted in (topic("site-0"), "lifang/v1/devices/+/commands", "lifang/v1/devices/#"):
        assert other.subscribe(wanted).codes[0] >= Reason.UNSPECIFIED
    assert other.subscribe(topic("site-0")).codes == (Reason.NOT_AUTHORIZED,)
    assert other.subscribe("#").codes == (1,)
    command = works.order("site-0")
    works.served.city.tasking.fetch("site-0", by=Subject("device:site-0", "lamp"))
    assert say(other, command.id, "done", "site-0") == Reason.NOT_AUTHORIZED
    assert say(other, command.id, "done", "site-1") == Reason.TOPIC_NAME_INVALID
    assert works.state(command) is CommandState.SENT
    other.send(message(50_000, 1.0))
    assert other.read(Ack).code == Reason.NOT_AUTHORIZED


@pytest.mark.parametrize("role", ["", "analyst", "operator"])
def test_who_may_not_read_a_devices_commands_hears_none(works: Works, role: str) -> None:
    somebody = works.served.talker("x", role, V5)
    assert somebody.subscribe(topic()).codes == (Reason.NOT_AUTHORIZED,)
    assert somebody.silent()


def test_staff_with_the_right_hears_commands_for_a_stated_purpose(works: Works) -> None:
    staff = works.served.talker("x", "administrator", V5)
    assert staff.subscribe(topic()).codes == (Reason.NOT_AUTHORIZED,)
    waiting = works.order(level=30.0)
    stated = {"user_property": [("purpose", "commissioning")]}
    assert staff.subscribe(topic(), properties=stated).codes == (1,)
    assert heard(staff)["id"] == waiting.id
    assert works.order(level=35.0).id == heard(staff)["id"]
    entries = [each.entry for each in works.served.city.store.ledger.records(limit=10**6)]
    assert any(
        (each.action, each.resource, each.purpose) == ("subscribe", "command:device:site-0", "commissioning")
        for each in entries
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"command": "x"}', b'{"command": 1, "outcome": "done"}'])
def test_an_answer_that_cannot_be_read_is_refused_with_its_reason(works: Works, body: bytes) -> None:
    lamp = works.device(version=V5)
    lamp.send(Publish("lifang/v1/devices/site-0/answers", body, 1, packet_id=9))
    answer = lamp.read(Ack)
    assert answer.code == Reason.PAYLOAD_FORMAT_INVALID
    assert answer.properties["reason_string"]


def test_an_answer_before_the_command_was_sent_or_of_an_unknown_word_is_refused(works: Works) -> None:
    lamp = works.device(version=V5)
    command = works.order()
    assert say(lamp, command.id, "done") >= Reason.UNSPECIFIED
    assert say(lamp, command.id, "maybe") >= Reason.UNSPECIFIED
    assert works.state(command) is CommandState.ACCEPTED
    with pytest.raises(Conflict):
        works.served.city.tasking.acknowledge(command.id, "done", by=Subject("device:site-0", "lamp"))


def test_a_revoked_device_token_is_told_nothing_and_answers_nothing(works: Works) -> None:
    tokens = works.served.city.tasking.tokens
    token, secret = tokens.issue_token("site-0", "lost", by=SYSTEM)
    lamp = works.served.stranger(V5)
    lamp.connect("lost", secret)
    lamp.subscribe(topic())
    command = works.order()
    assert heard(lamp)["id"] == command.id
    tokens.revoke_token(token.id, by=SYSTEM)
    later = works.order(level=60.0)
    assert say(lamp, command.id, "done") == Reason.NOT_AUTHORIZED
    assert works.state(command) is CommandState.SENT
    assert works.state(later) is CommandState.ACCEPTED


@pytest.mark.slow
def test_a_kept_device_session_outlives_a_restart(template: Template, tmp_path: Path) -> None:
    serving = template.serve(tmp_path / "city")
    works = build(serving.served)
    lamp = works.device(clean=False)
    lamp.subscribe(topic())
    lamp.leave()
    command = works.order(deadline=None)
    serving.close()
    serving = template.serve(tmp_path / "city")
    try:
        lamp = Works(serving.served, works.secrets).device(clean=False)
        assert heard(lamp)["id"] == command.id
        assert lamp.silent()
    finally:
        serving.close()
