"""Commands: judged, kept, handed to their devices, answered; every step is in the ledger.

What is accepted is durable before anybody hears of it. A device may be told of a command more than once and does it
at most once: it knows it by its id. Deadlines run by the clock, the age of values by the city's time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lifang.core import BadInput, Clock, Conflict, NotFound, Rounds, format_instant, new_id, parse_instant, to_micros
from lifang.guard import SYSTEM, Action, Classification, Resource, Subject, decide, require
from lifang.sensing.hot import NEVER
from lifang.sensing.model import Quality
from lifang.sensing.sensing import Sensing
from lifang.sensing.tasking.limits import DEADLINE_S, Case, Facts, Refusal, Seen, datastreams_of, refusal, unsafe_now
from lifang.sensing.tasking.machine import ANSWERS, RUNNING, WAITING, CommandState, check_step
from lifang.sensing.tasking.model import Actuator, Capability, Command, Moment, subject_id
from lifang.sensing.tasking.register import Register, next_number
from lifang.sensing.tasking.swe import check_parameters, check_record
from lifang.sensing.tasking.tokens import DeviceTokens
from lifang.store import Entry, Store, Transaction

Watcher = Callable[[Command], None]
_S = CommandState
_TABLE = "command"
_GIVEN = [_S.ACCEPTED, _S.SENT, _S.ACKNOWLEDGED, _S.DONE, _S.FAILED]
_NOTE_MAX = 2000
_EXPECT_MAX = 20
_AT_ONCE = 100
_SWEEP_S = 1.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What somebody wants done: ``deadline`` aware, or none for the capability's own; ``expect`` maps a datastream
    to the value (or ``{value, tolerance, time}``) that the order rests on; the same ``idempotency`` is the same order.
    """

    capability: str | int
    parameters: Mapping[str, Any]
    deadline: datetime | None = None
    expect: Mapping[str, Any] | None = None
    idempotency: str = ""


class Tasking(Register):
    """The commands of one city; safe to use from many threads.

    ``now`` is the city's time; ``is_silent`` says whether a device is silent, ``gateway_of`` which device speaks for
    it (itself, if none does).
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sensing: Sensing,
        *,
        now: Callable[[], datetime] | None = None,
        is_silent: Callable[[str], bool] = lambda _device: False,
        gateway_of: Callable[[str], str] = lambda device: device,
    ) -> None:
        super().__init__(store, clock)
        self.tokens = DeviceTokens(store, clock)
        self._sensing, self._now = sensing, now or clock.now
        self._is_silent, self._gateway_of = is_silent, gateway_of
        self._watchers: list[Watcher] = []
        self._rounds = Rounds(
            self.expire, name="commands", fault="commands were not looked through", every_s=_SWEEP_S, at_once=False
        )

    def register(self, actuators: Sequence[Actuator], capabilities: Sequence[Capability], *, by: Subject) -> int:
        """Return how many records were added or changed; ``NotFound`` for one whose thing is not known."""
        for thing in {*(each.thing for each in actuators), *(each.thing for each in capabilities)}:
            self._sensing.thing(thing)
        return super().register(actuators, capabilities, by=by)

    def start(self) -> None:
        """Begin to end commands whose deadline has passed; again does nothing."""
        self._rounds.start()

    def close(self) -> None:
        """Stop."""
        self._rounds.close()

    def on_command(self, watcher: Watcher) -> None:
        """Call ``watcher`` with each command after each of its steps is durable, on the thread that took the step."""
        self._watchers.append(watcher)

    def submit(self, order: Order, *, by: Subject, purpose: str = "") -> Command:
        """Return the command: accepted, or refused with its reason. Either is kept, and is in the ledger.

        ``BadInput`` if the parameters do not fit, ``Denied`` if ``by`` may not command this actuator, ``Conflict`` if
        the same ``idempotency`` stood for something else.
        """
        capability = self.capability(order.capability)
        actuator = self.actuator(capability.actuator)
        require(by, Action.COMMAND, actuator.resource, purpose)
        fields = check_record(capability.parameters)
        given = check_parameters(fields, order.parameters)
        expect = _expected(order.expect or {})
        now = self._clock.now()
        deadline = order.deadline or now + timedelta(seconds=capability.limits.get("deadline_s", DEADLINE_S))
        facts = self._facts(capability, now, deadline, expect)
        with self._store.registry.transaction() as tx:
            known = self._known(tx, by, order, capability.id, given)
            if known is not None:
                return known
            facts = self._with_last(tx, capability, facts)
            why = refusal(Case(capability.limits, fields, given, facts))
            command = Command(
                id=new_id("command", now),
                capability=capability.id,
                device=capability.thing,
                queue=self._gateway_of(capability.thing),
                state=_S.CREATED,
                parameters=given,
                subject=by.id,
                created=now,
                deadline=deadline,
                number=next_number(tx, _TABLE),
                expect=expect,
                idempotency=order.idempotency,
                history=(Moment(str(_S.CREATED), format_instant(now), by.id),),
            )
            tx.insert(_TABLE, command.row())
            tx.record(_entry(command, by.id, purpose))
            command = self._step(tx, command, _S.REFUSED if why else _S.ACCEPTED, by=SYSTEM.id, reason=why)
        self._tell(command)
        return command

    def command(self, reference: str | int) -> Command:
        """Return the command with this id or number, or ``NotFound``."""
        if isinstance(reference, int):
            rows = self._store.registry.find(_TABLE, where={"number": reference}, limit=1)
            row = rows[0] if rows else None
        else:
            row = self._store.registry.get(_TABLE, reference)
        if row is None:
            raise NotFound(f"There is no command {str(reference)[:80]!r}.", mend="List them: lifang task list.")
        return Command.from_row(row)

    def commands(
        self,
        *,
        device: str | None = None,
        capability: str | None = None,
        state: CommandState | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> list[Command]:
        """Return commands, newest first, past number ``after``."""
        given = {"device": device, "capability": capability, "state": state}
        where = {name: value for name, value in given.items() if value is not None}
        found = self._store.registry.find(
            _TABLE, where=where, order="number", descending=True, after=after, limit=limit
        )
        return [Command.from_row(row) for row in found]

    def resources(self, command: Command) -> tuple[Resource, ...]:
        """Return what the guard is asked about a command: it may be read by who may read either of them."""
        return self.resources_of(command.capability, command.queue, command.device)

    def cancel(self, command_id: str, *, by: Subject, note: str = "", purpose: str = "") -> Command:
        """Return the command taken back; ``Conflict`` if its device was told of it already."""
        actuator = self.actuator(self.capability(self.command(command_id).capability).actuator)
        require(by, Action.COMMAND, actuator.resource, purpose)
        return self._advance(command_id, _S.CANCELLED, by=by.id, note=note)

    def fetch(self, device: str, *, by: Subject, purpose: str = "") -> list[Command]:
        """Return what the device, or those it speaks for, is still to be told of, oldest first; all of it is now sent.

        What was sent before and never answered is there again, under its own id. ``Denied`` for another's commands.
        """
        require(by, Action.READ, Resource("command", subject_id(device), Classification.RESTRICTED), purpose)
        found: dict[str, Command] = {}
        for column in ("queue", "device"):
            where = {column: device, "state": [str(each) for each in WAITING]}
            rows = self._store.registry.find(_TABLE, where=where, order="number", limit=_AT_ONCE)
            found.update((row["id"], Command.from_row(row)) for row in rows)
        sent = [self.deliver(each.id, by=by) for each in sorted(found.values(), key=lambda each: each.number)]
        return [each for each in sent if each is not None]

    def deliver(self, command_id: str, *, by: Subject = SYSTEM) -> Command | None:
        """Return the command to hand to its device, sent by now; ``None`` if it is too late, unsafe or over.

        The interlocks are judged once more: what was safe when it was accepted may not be so now.
        """
        command = self.command(command_id)
        if command.state is _S.SENT and command.deadline > self._clock.now():
            return command
        if command.state is not _S.ACCEPTED:
            return None
        capability = self.capability(command.capability)
        facts = self._facts(capability, self._clock.now(), command.deadline, {})
        why = unsafe_now(Case(capability.limits, {}, command.parameters, facts))
        following = _S.EXPIRED if command.deadline <= facts.now else _S.REFUSED if why else _S.SENT
        try:
            moved = self._advance(command_id, following, by=by.id, reason=why if following is _S.REFUSED else None)
        except Conflict:
            return None  # somebody took it back, or sent it, meanwhile
        return moved if moved.state is _S.SENT else None

    def acknowledge(
        self,
        command_id: str,
        outcome: str,
        *,
        by: Subject,
        note: str = "",
        result: Mapping[str, Any] | None = None,
    ) -> Command:
        """Return the command after its device's answer: ``acknowledged``, ``done`` or ``failed``.

        The same answer again changes nothing. What was done after its deadline stays expired; the answer is kept.
        """
        command = self.command(command_id)
        _require_any(by, Action.HANDLE, self.resources(command))
        if outcome not in {str(each) for each in ANSWERS}:
            raise BadInput(f"{outcome[:40]!r} is no answer.", where="state", mend=f"Say {', '.join(ANSWERS)}.")
        if command.state == outcome:
            return command
        if command.state is _S.EXPIRED:
            return self._late(command, outcome, by=by, note=note, result=result)
        return self._advance(command_id, CommandState(outcome), by=by.id, note=note, result=result)

    def expire(self) -> int:
        """Return how many commands were ended because their deadline has passed."""
        where = {"state": [str(each) for each in RUNNING], "deadline <=": self._clock.now()}
        due = self._store.registry.find(_TABLE, where=where, limit=_AT_ONCE)
        for row in due:
            try:
                self._advance(row["id"], _S.EXPIRED, by=SYSTEM.id)
            except Conflict:
                continue  # answered at the last moment
        return len(due)

    def _late(
        self, command: Command, outcome: str, *, by: Subject, note: str, result: Mapping[str, Any] | None
    ) -> Command:
        now = self._clock.now()
        told = f"late:{outcome}"
        if any(each.state == told for each in command.history):
            return command
        history = (*command.history, Moment(told, format_instant(now), by.id, _note(note)))
        command = replace(command, history=history, result=result if result is not None else command.result)
        with self._store.registry.transaction() as tx:
            tx.update(_TABLE, command.id, _changed(command))
            tx.record(_entry(command, by.id, answer=told))
        self._tell(command)
        return command

    def _advance(self, command_id: str, following: CommandState, **words: Any) -> Command:
        with self._store.registry.transaction() as tx:
            row = tx.get(_TABLE, command_id)
            if row is None:
                raise NotFound(f"There is no command {command_id[:80]!r}.", mend="List them: lifang task list.")
            command = self._step(tx, Command.from_row(row), following, **words)
        self._tell(command)
        return command

    def _step(
        self,
        tx: Transaction,
        command: Command,
        following: CommandState,
        *,
        by: str,
        note: str = "",
        reason: Refusal | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> Command:
        now = self._clock.now()
        state = check_step(command.state, following)
        moment = Moment(str(state), format_instant(now), by, _note(note) or (reason.en if reason else ""))
        command = replace(
            command,
            state=state,
            sent=now if state is _S.SENT else command.sent,
            finished=now if state.over else None,
            reason=reason or command.reason,
            result=result if result is not None else command.result,
            history=(*command.history, moment),
        )
        tx.update(_TABLE, command.id, _changed(command))
        tx.record(_entry(command, by))
        return command

    def _known(
        self, tx: Transaction, by: Subject, order: Order, capability: str, given: Mapping[str, Any]
    ) -> Command | None:
        if not order.idempotency:
            return None
        rows = tx.find(_TABLE, where={"subject": by.id, "idempotency": order.idempotency}, limit=1)
        if not rows:
            return None
        known = Command.from_row(rows[0])
        if (known.capability, dict(known.parameters)) != (capability, dict(given)):
            raise Conflict("This key stood for another command.", where="idempotency", mend="Use a new key.")
        return known

    def _facts(self, capability: Capability, now: datetime, deadline: datetime, expect: Mapping[str, Any]) -> Facts:
        names = datastreams_of(capability.limits, expect)
        numbers = [self._sensing.datastream(name).number for name in names]
        latest = self._sensing.latest_of(numbers)
        city_us = to_micros(self._now())
        columns = (latest.value.tolist(), latest.time.tolist(), latest.quality.tolist())
        seen = {
            name: Seen(value, max(0.0, (city_us - time) / 1e6), time, quality == Quality.GOOD)
            for name, value, time, quality in zip(names, *columns, strict=True)
            if time != NEVER
        }
        return Facts(now, deadline, self._is_silent(capability.thing), seen, expect=expect)

    def _with_last(self, tx: Transaction, capability: Capability, facts: Facts) -> Facts:
        where = {"capability": capability.id, "state": [str(each) for each in _GIVEN]}
        rows = tx.find(_TABLE, where=where, order="number", descending=True, limit=1)
        if not rows:
            return facts
        last = Command.from_row(rows[0])
        return replace(facts, last=last.parameters, last_given=last.sent or last.created)

    def _tell(self, command: Command) -> None:
        for watcher in self._watchers:
            try:
                watcher(command)
            except Exception:
                _logger.exception("a watcher of commands failed")


def _require_any(by: Subject, action: Action, resources: Sequence[Resource]) -> None:
    if not any(decide(by, action, each).allowed for each in resources):
        require(by, action, resources[0])


def _expected(told: Mapping[str, Any]) -> dict[str, Any]:
    if len(told) > _EXPECT_MAX:
        raise BadInput(f"These are more than {_EXPECT_MAX} expectations.", where="expect", mend="Name fewer.")
    found: dict[str, Any] = {}
    for stream, wanted in told.items():
        if isinstance(wanted, Mapping):
            if set(wanted) - {"value", "tolerance", "time", "time_us"}:
                raise BadInput("Unknown words.", where=f"expect.{stream}", mend="Give value, tolerance, time.")
            kept = {name: float(wanted[name]) for name in ("value", "tolerance") if name in wanted}
            if "time" in wanted:
                kept["time_us"] = to_micros(parse_instant(str(wanted["time"])))
            found[stream] = kept
        elif isinstance(wanted, int | float) and not isinstance(wanted, bool):
            found[stream] = {"value": float(wanted)}
        else:
            raise BadInput("This is no number.", where=f"expect.{stream}", mend="Give the value you rely on.")
    return found


def _changed(command: Command) -> dict[str, Any]:
    row = command.row()
    return {name: row[name] for name in ("state", "sent", "finished", "reason", "result", "history")}


def _note(text: str) -> str:
    if len(text) > _NOTE_MAX:
        raise BadInput(f"A note has at most {_NOTE_MAX} characters.", where="note", mend="Shorten it.")
    return text.strip()


def _entry(command: Command, by: str, purpose: str = "", answer: str = "") -> Entry:
    detail: dict[str, Any] = {"device": command.device, "capability": command.capability}
    if command.state is _S.CREATED:
        detail |= {"parameters": dict(command.parameters), "deadline": format_instant(command.deadline)}
    if command.reason is not None:
        detail["reason"] = command.reason.rule
    if command.result is not None:
        detail["result"] = dict(command.result)
    outcome = "refused" if command.state is _S.REFUSED else "allowed"
    action = f"command.{answer or command.state}"
    return Entry(by, action, f"command:{command.id}", purpose=purpose, outcome=outcome, detail=detail)
