"""Commands are judged by what devices declare, handed out once safe, answered by their own device only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lifang.core import BadInput, Conflict, Denied, NotFound, Unauthenticated
from lifang.doors.sensorthings import ALL
from lifang.guard import ANONYMOUS, SYSTEM, Subject
from lifang.sensing.tasking import Order, subject_id

from .conftest import CITIZEN, OPERATOR, Works, register

CABINET = Subject(subject_id("cabinet"), "cabinet")
TANK = Subject(subject_id("tank"), "tank")


def ledger(works: Works) -> list[tuple[str, str, str]]:
    records = works.sensing.store.ledger.records()
    return [(each.entry.subject, each.entry.action, each.entry.outcome) for each in records]


def test_a_command_is_accepted_sent_acknowledged_and_done_and_every_step_is_in_the_ledger(works: Works) -> None:
    heard: list[str] = []
    works.tasking.on_command(lambda command: heard.append(command.state))
    command = works.lamp(40)
    assert [each.id for each in works.tasking.fetch("cabinet", by=CABINET)] == [command.id]
    works.tasking.acknowledge(command.id, "acknowledged", by=CABINET)
    done = works.tasking.acknowledge(command.id, "done", by=CABINET, note="dimmed", result={"level": 40})
    assert heard == ["accepted", "sent", "acknowledged", "done"]
    assert (done.state, done.result, done.finished) == ("done", {"level": 40}, works.clock.now())
    steps = [each for each in ledger(works) if each[1].startswith("command.")]
    assert steps == [
        (OPERATOR.id, "command.created", "allowed"),
        (SYSTEM.id, "command.accepted", "allowed"),
        (CABINET.id, "command.sent", "allowed"),
        (CABINET.id, "command.acknowledged", "allowed"),
        (CABINET.id, "command.done", "allowed"),
    ]
    assert works.tasking.fetch("cabinet", by=CABINET) == []


def test_an_interlock_refuses_without_a_fresh_good_value_that_shows_it_holds(works: Works) -> None:
    assert works.pump().reason.rule == "interlock"
    works.measure("tank.depth", 0.4)
    assert works.pump().state == "refused"
    assert works.pump("off").state == "accepted"
    works.clock.advance(timedelta(minutes=1))
    works.measure("tank.depth", 0.6)
    assert works.pump().state == "accepted"
    works.clock.advance(timedelta(minutes=11))
    stale = works.pump()
    assert (stale.state, stale.reason.rule) == ("refused", "interlock")
    assert "interlock" in str(works.sensing.store.ledger.records()[-1].entry.detail)


def test_an_accepted_command_is_not_sent_once_its_interlock_no_longer_holds(works: Works) -> None:
    works.measure("tank.depth", 2.0)
    command = works.pump()
    works.clock.advance(timedelta(seconds=10))
    works.measure("tank.depth", 0.1)
    assert works.tasking.fetch("tank", by=TANK) == []
    assert works.tasking.command(command.id).state == "refused"


@pytest.mark.parametrize(
    ("level", "rule"), [(101.0, "range"), (-1.0, "range"), (95.0, "step")], ids=["above", "below", "too far"]
)
def test_a_command_outside_the_declared_limits_is_refused(works: Works, level: float, rule: str) -> None:
    works.measure("lamp.level", 30.0)
    refused = works.lamp(level)
    assert (refused.state, refused.reason.rule) == ("refused", rule)


def test_a_value_may_not_change_faster_than_declared(works: Works) -> None:
    works.measure("lamp.level", 30.0)
    assert works.lamp(35).state == "accepted"
    works.clock.advance(timedelta(seconds=2))
    assert works.lamp(80).reason.rule == "rate"
    assert works.lamp(60).state == "accepted"


def test_two_switchings_keep_their_interval_and_a_refused_one_does_not_count(works: Works) -> None:
    assert works.pump("off").state == "accepted"
    works.clock.advance(timedelta(seconds=29))
    assert works.pump("off").reason.rule == "interval"
    works.clock.advance(timedelta(seconds=1))
    assert works.pump("off").state == "accepted"


def test_a_command_that_rests_on_an_outdated_state_is_refused(works: Works) -> None:
    works.measure("lamp.level", 30.0)
    assert works.lamp(40, expect={"lamp.level": 30.0}).state == "accepted"
    works.clock.advance(timedelta(seconds=5))
    works.measure("lamp.level", 40.0)
    assert works.lamp(50, expect={"lamp.level": 30.0}).reason.rule == "outdated"
    assert works.lamp(50, expect={"lamp.level": {"value": 39.0, "tolerance": 2}}).state == "accepted"
    assert works.lamp(50, expect={"lamp.level": {"time": "2019-01-12T12:00:00Z"}}).reason.rule == "outdated"
    with pytest.raises(NotFound):
        works.lamp(50, expect={"nowhere": 1.0})


def test_a_silent_device_and_a_passed_deadline_refuse(works: Works) -> None:
    works.silent.add("lamp")
    assert works.lamp().reason.rule == "silent"
    works.silent.clear()
    assert works.lamp(deadline=works.clock.now()).reason.rule == "deadline"
    assert works.lamp(deadline=works.clock.now() + timedelta(days=2)).reason.rule == "deadline"


def test_a_command_ends_at_its_deadline_and_a_late_answer_is_kept_without_undoing_that(works: Works) -> None:
    command = works.lamp()
    works.tasking.fetch("cabinet", by=CABINET)
    works.clock.advance(timedelta(seconds=61))
    assert works.tasking.fetch("cabinet", by=CABINET) == []
    assert works.tasking.expire() == 1
    late = works.tasking.acknowledge(command.id, "done", by=CABINET)
    assert late.state == "expired"
    assert [each.state for each in late.history][-2:] == ["expired", "late:done"]
    assert works.tasking.acknowledge(command.id, "done", by=CABINET) == late
    assert ledger(works)[-1][1] == "command.late:done"


def test_what_was_sent_cannot_be_taken_back_and_what_waits_can(works: Works) -> None:
    command = works.lamp()
    assert works.tasking.cancel(command.id, by=OPERATOR, note="wrong lamp").state == "cancelled"
    assert works.tasking.fetch("cabinet", by=CABINET) == []
    works.clock.advance(timedelta(seconds=60))
    sent = works.lamp()
    works.tasking.fetch("cabinet", by=CABINET)
    with pytest.raises(Conflict, match="sent cannot become cancelled"):
        works.tasking.cancel(sent.id, by=OPERATOR)


def test_the_same_key_is_the_same_command(works: Works) -> None:
    first = works.lamp(40, idempotency="a")
    assert works.lamp(40, idempotency="a") == first
    with pytest.raises(Conflict):
        works.lamp(50, idempotency="a")
    assert len(works.tasking.commands()) == 1


def test_after_a_restart_a_sent_command_comes_again_under_its_own_id(reopen: Callable[[], Works], works: Works) -> None:
    command = works.lamp()
    works.tasking.fetch("cabinet", by=CABINET)
    again = reopen()
    assert [each.id for each in again.tasking.fetch("cabinet", by=CABINET)] == [command.id]
    assert again.tasking.acknowledge(command.id, "done", by=CABINET).state == "done"
    assert again.tasking.acknowledge(command.id, "done", by=CABINET).state == "done"
    assert again.tasking.fetch("cabinet", by=CABINET) == []


@pytest.mark.parametrize("who", [TANK, CITIZEN, Subject(subject_id("lamp2"), "lamp2")])
def test_a_device_sees_and_answers_its_own_commands_only(works: Works, who: Subject) -> None:
    command = works.lamp()
    with pytest.raises(Denied):
        works.tasking.fetch("cabinet", by=who)
    works.tasking.fetch("cabinet", by=CABINET)
    with pytest.raises(Denied):
        works.tasking.acknowledge(command.id, "done", by=who)
    with pytest.raises(Denied):
        works.tasking.submit(Order("lamp.dim", {"level": 10.0}), by=who)
    with pytest.raises(Unauthenticated):
        works.tasking.fetch("cabinet", by=ANONYMOUS)


def test_the_lamp_itself_may_answer_what_its_gateway_fetched(works: Works) -> None:
    command = works.lamp()
    works.tasking.fetch("cabinet", by=CABINET)
    assert works.tasking.acknowledge(command.id, "done", by=Subject(subject_id("lamp"), "lamp")).state == "done"


@pytest.mark.parametrize("given", [{}, {"level": "high"}, {"level": True}, {"level": float("nan")}, {"lever": 1}])
def test_parameters_that_do_not_fit_are_no_command(works: Works, given: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        works.tasking.submit(Order("lamp.dim", given), by=OPERATOR)
    assert works.tasking.commands() == []


def test_a_device_token_is_its_device_until_it_is_revoked(works: Works) -> None:
    token, secret = works.tasking.tokens.issue_token("cabinet", "gateway", by=SYSTEM)
    assert works.tasking.tokens.subject_of_token(secret).id == subject_id("cabinet")
    assert works.tasking.fetch("cabinet", by=works.tasking.tokens.subject_of_token(secret)) == []
    works.tasking.tokens.revoke_token(token.id, by=SYSTEM)
    with pytest.raises(Unauthenticated):
        works.tasking.tokens.subject_of_token(secret)
    with pytest.raises(Unauthenticated):
        works.tasking.tokens.subject_of_token("lfd_guess")
    with pytest.raises(Denied):
        works.tasking.tokens.issue_token("cabinet", "mine", by=OPERATOR)


def test_a_deleted_thing_takes_what_it_can_be_told_and_the_ledger_keeps_what_it_was_told(works: Works) -> None:
    entities = works.sensing.entities

    def delete() -> None:
        with entities.change(SYSTEM, ALL) as change:
            entities.delete(change, "Thing", "lamp")

    lamp = works.tasking.capability("lamp.dim").number
    command = works.lamp()
    with pytest.raises(Conflict, match="under way"):
        delete()
    assert works.tasking.capability("lamp.dim").number == lamp
    works.tasking.cancel(command.id, by=OPERATOR)
    delete()
    for gone in (
        lambda: works.tasking.capability("lamp.dim"),
        lambda: works.tasking.actuator("driver"),
        lambda: works.tasking.command(command.id),
    ):
        with pytest.raises(NotFound):
            gone()
    assert works.tasking.commands() == []
    assert [what for _, what, _ in ledger(works)][-4:-1] == ["command.created", "command.accepted", "command.cancelled"]
    assert works.tasking.capability("pump.switch").actuator == "pump"  # another thing's
    register(works)
    assert works.tasking.capability("lamp.dim").number > lamp  # numbers are never given twice
    assert works.lamp().number > command.number
