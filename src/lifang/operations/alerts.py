"""The city's alerts: evaluated by rules, kept in the registry, acknowledged and closed by people.

- A change and its ledger record commit together; the machine's timers live in the alert's row, so that a restart
  goes on where it stopped.
- Acknowledging says "seen": the alert keeps firing, silently. If it is raised, the acknowledgement is withdrawn.
- Closing says "dealt with". A cleared alert is closed at will; closing one that still fires needs a note, and its rule
  then keeps quiet until the value has cleared, unless the severity rises above the one closed: that opens a new alert.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from lifang.core import BadInput, Clock, Conflict, NotFound, format_instant, new_id
from lifang.guard import SYSTEM, Action, Classification, Resource, Subject, require, strictest
from lifang.operations.machine import AlertRule, Change, State, step
from lifang.operations.model import Alert, AlertChange, AlertState, AlertStep, Note
from lifang.operations.past import as_of
from lifang.operations.severity import Severity
from lifang.store import Entry, Store, Transaction

Wording = Callable[[Severity, float | None], tuple[str, str]]
Listener = Callable[[AlertChange], None]
_TABLE = "alert"
_NOTE_MAX = 2000
_PAGE_MAX = 10_000
_BATCH = 500


class Alerts:
    """Evaluate rules, list alerts, let people handle them."""

    def __init__(self, store: Store, clock: Clock, *, now: Callable[[], datetime] | None = None) -> None:
        """``now`` tells the time in the city, where that is not the clock's."""
        self._store, self._clock, self._now = store, clock, now or clock.now
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Have ``listener`` called with each change after it is durable."""
        self._listeners.append(listener)

    def evaluate(
        self,
        rule: AlertRule,
        resource: str,
        moment: datetime,
        value: float | None,
        *,
        text: Wording | None = None,
        detail: Mapping[str, Any] | None = None,
        classification: Classification = Classification.RESTRICTED,
    ) -> list[AlertChange]:
        """Return what changed because ``value`` (``None``: missing) was seen at ``moment``; all of it is durable.

        ``text`` words the alert in zh and en for a severity and a value, a cleared one for its worst; ``detail``
        holds facts that explain the value;
        ``classification`` is the strictest of the data that the value was made from, which the alert takes.
        The same moment again changes nothing.
        """
        present = self.current(rule, resource)
        if present is None or not present.running:
            state, _ = step(_start(present), rule, moment, value)
            if state.phase == "idle":
                return []
        with self._store.registry.transaction() as tx:
            wording = text or _wording(rule)
            seen = _Seen(moment, value, wording, detail or {}, classification)
            made = _Evaluation(tx, rule, resource, seen, self._clock).made()
        return self._tell(made)

    def settle(self, findings: Sequence[Finding]) -> list[AlertChange]:
        """Return what changed because of ``findings`` of machines that run elsewhere, all durable at once.

        Each finding carries its machine's state; the alert takes it, and is opened, moved or kept quiet as by
        :meth:`evaluate`.
        """
        with self._store.registry.transaction() as tx:
            made: list[AlertChange] = []
            for each in findings:
                seen = _Seen(each.moment, each.value, each.text, each.detail, each.classification)
                made += _Evaluation(tx, each.rule, each.resource, seen, self._clock).taken(each.state, each.change)
        return self._tell(made)

    def end(self, alert_id: str, moment: datetime) -> Alert:
        """Return an alert cleared because nothing watches what it is about any more."""
        now = self._clock.now()
        with self._store.registry.transaction() as tx:
            row = tx.get(_TABLE, alert_id)
            if row is None:
                raise NotFound(f"There is no alert {alert_id[:80]!r}.", mend="List them: lifang alert list.")
            alert = Alert.from_row(row)
            said = AlertStep("cleared", moment, now, alert.severity, alert.value, alert.zh, alert.en)
            state: AlertState = "closed" if alert.state == "closed" else "cleared"
            over = replace(alert.machine, level=0, above=(), below=())
            alert = replace(alert, state=state, cleared=moment, machine=over, history=(*alert.history, said))
            _save(tx, alert, now)
            tx.record(_entry(alert, "cleared", SYSTEM, {"moment": format_instant(moment), "unwatched": True}))
        self._tell([AlertChange("cleared", alert, moment)])
        return alert

    def running(self, scene: str) -> list[Alert]:
        """Return the alerts of a scene that its rules still follow, even if a person closed them."""
        where = {"scene": scene, "state": ["pending", "firing", "closed"], "cleared": None}
        found = (Alert.from_row(row) for row in self._store.registry.find(_TABLE, where=where))
        return [each for each in found if each.running]

    def current(self, rule: AlertRule, resource: str) -> Alert | None:
        """Return the newest alert of the rule for the resource, in whatever state."""
        return _newest(self._store.registry, rule, resource)

    def firing_at(self, rule: AlertRule, resource: str, moment: datetime) -> Alert | None:
        """Return the alert that was firing at a moment of the data, as it stands today; none that a person closed."""
        where = {"rule": rule.id, "resource": resource, "fired <=": moment}
        rows = self._store.registry.find(_TABLE, where=where, order="id", descending=True, limit=1)
        alert = Alert.from_row(rows[0]) if rows else None
        if alert is None:
            return None
        over = alert.state == "closed" if alert.cleared is None else alert.cleared <= moment
        return None if over else alert

    def alerts(
        self,
        *,
        state: AlertState | None = None,
        classes: Collection[Classification] | None = None,
        at: datetime | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Alert]:
        """Return alerts, newest first, of one state or all; ``after`` is the id of the last one of the page before.

        ``classes`` narrows them to those so classified. With ``at`` they and their states are as they were at that
        moment in the city; a pending alert that was dropped before it fired is not kept.
        """
        if not 1 <= limit <= _PAGE_MAX:
            raise BadInput(f"limit must be 1 to {_PAGE_MAX}.", where="limit")
        where: dict[str, Any] = {} if classes is None else {"classification": [each.value for each in classes]}
        if at is None:
            where |= {"state": state} if state else {}
            return [*islice(self._every(where, after), limit)]
        then = (as_of(alert, at) for alert in self._every({**where, "opened <=": at}, after))
        return [*islice((each for each in then if each and state in {None, each.state}), limit)]

    def _every(self, where: Mapping[str, Any], after: str | None) -> Iterator[Alert]:
        find = self._store.registry.find
        while rows := find(_TABLE, where=where, order="id", descending=True, after=after, limit=_BATCH):
            yield from map(Alert.from_row, rows)
            after = rows[-1]["id"]

    def alert(self, alert_id: str, *, at: datetime | None = None) -> Alert:
        """Return one alert, now or as it was at a moment in the city, or ``NotFound``."""
        row = self._store.registry.get(_TABLE, alert_id)
        found = Alert.from_row(row) if row else None
        if found and at is not None:
            found = as_of(found, at)
        if found is None:
            raise NotFound(f"There is no alert {alert_id[:80]!r}.", mend="List them: lifang alert list.")
        return found

    def acknowledge(self, alert_id: str, by: Subject, note: str = "", *, purpose: str = "") -> Alert:
        """Return the alert acknowledged; ``Conflict`` if it never fired, is closed or was acknowledged already."""

        def handled(alert: Alert, now: datetime) -> Alert:
            if alert.state not in {"firing", "cleared"}:
                raise Conflict(f"This alert is {alert.state}.", where=alert_id, mend="Acknowledge one that has fired.")
            if alert.acknowledged:
                raise Conflict(f"{alert.acknowledged_by} acknowledged this alert already.", where=alert_id)
            return replace(alert, acknowledged=now, acknowledged_by=by.name)

        return self._handle(alert_id, by, note, "acknowledged", handled, purpose)

    def close(self, alert_id: str, by: Subject, note: str = "", *, purpose: str = "") -> Alert:
        """Return the alert closed; one that still fires needs a ``note`` that says why (``BadInput``)."""

        def handled(alert: Alert, now: datetime) -> Alert:
            if alert.state not in {"firing", "cleared"}:
                raise Conflict(f"This alert is {alert.state}.", where=alert_id, mend="Close one that has fired.")
            if alert.state == "firing" and not note.strip():
                raise BadInput("The alert still fires.", where="note", mend="Say in a note why it is closed.")
            return replace(alert, state="closed", closed=now, closed_by=by.name)

        return self._handle(alert_id, by, note, "closed", handled, purpose)

    def _handle(
        self, alert_id: str, by: Subject, note: str, act: str, handled: Callable[[Alert, datetime], Alert], purpose: str
    ) -> Alert:
        require(by, Action.HANDLE, Resource("alert", alert_id, self._classification(alert_id)), purpose)
        if len(note) > _NOTE_MAX:
            raise BadInput(f"A note has at most {_NOTE_MAX} characters.", where="note", mend="Shorten it.")
        now, moment = self._clock.now(), self._now()
        with self._store.registry.transaction() as tx:
            row = tx.get(_TABLE, alert_id)
            if row is None:
                raise NotFound(f"There is no alert {alert_id[:80]!r}.", mend="List them: lifang alert list.")
            alert = handled(Alert.from_row(row), now)
            written = Note(act, by.name, format_instant(now), note.strip(), format_instant(moment))
            said = AlertStep(act, moment, now, alert.severity, alert.value, alert.zh, alert.en, by.name)
            alert = replace(alert, notes=(*alert.notes, written), history=(*alert.history, said))
            _save(tx, alert, now)
            tx.record(_entry(alert, act, by, {"note": written.text, "moment": written.at}))
        self._tell([AlertChange(act, alert, moment)])
        return alert

    def _classification(self, alert_id: str) -> Classification:
        row = self._store.registry.get(_TABLE, alert_id)
        return Classification(row["classification"]) if row else Classification.OPEN

    def _tell(self, changes: list[AlertChange]) -> list[AlertChange]:
        for change in changes:
            for listener in self._listeners:
                listener(change)
        return changes


@dataclass(frozen=True)
class Finding:
    """What a machine elsewhere found of a resource: the value and moment, its state after it, and what changed."""

    rule: AlertRule
    resource: str
    moment: datetime
    value: float
    state: State
    change: Change
    text: Wording
    detail: Mapping[str, Any]
    classification: Classification


@dataclass(frozen=True)
class _Seen:
    """What a rule is shown."""

    moment: datetime
    value: float | None
    text: Wording
    facts: Mapping[str, Any]
    classification: Classification


class _Evaluation:
    """One evaluation inside one transaction."""

    def __init__(self, tx: Transaction, rule: AlertRule, resource: str, seen: _Seen, clock: Clock) -> None:
        self._tx, self._rule, self._resource, self._clock = tx, rule, resource, clock
        self._moment, self._value, self._text, self._facts = seen.moment, seen.value, seen.text, seen.facts
        self._classification = seen.classification

    def made(self) -> list[AlertChange]:
        """Write what follows from the value; return the changes."""
        present = _newest(self._tx, self._rule, self._resource)
        running = present if present and present.running else None
        state, changes = step(running.machine if running else _start(present), self._rule, self._moment, self._value)
        return self._lived(running, state, changes)

    def taken(self, state: State, change: Change) -> list[AlertChange]:
        """Write what follows from a state that was worked out elsewhere; return the changes."""
        present = _newest(self._tx, self._rule, self._resource)
        running = present if present and present.running else None
        if running is None and change.kind != "fired":
            return []  # somebody cleared it meanwhile
        return self._lived(running, state, [change])

    def _lived(self, running: Alert | None, state: State, changes: list[Change]) -> list[AlertChange]:
        if running is None:
            return self._opened(state, changes)
        if running.state == "closed":
            return self._quiet(running, state)
        return self._moved(running, state, changes)

    def _opened(self, state: State, changes: list[Change]) -> list[AlertChange]:
        if state.phase == "idle":
            return []
        alert = Alert(
            id=new_id("alert", self._moment),
            scene=self._rule.scene,
            rule=self._rule.id,
            resource=self._resource,
            severity=self._rule.levels[0].severity,
            state="pending",
            opened=self._moment,
            value=self._value,
            zh="",
            en="",
            machine=state,
            classification=self._classification,
        )
        alert = self._after(alert, state, changes)
        self._tx.insert(_TABLE, alert.row(self._clock.now()))
        return self._recorded(alert, changes)

    def _moved(self, alert: Alert, state: State, changes: list[Change]) -> list[AlertChange]:
        if state == alert.machine:
            return []
        alert = self._after(alert, state, changes)
        if alert.state == "pending" and state.phase == "idle":
            self._tx.delete(_TABLE, alert.id)
        else:
            _save(self._tx, alert, self._clock.now())
        return self._recorded(alert, changes)

    def _quiet(self, alert: Alert, state: State) -> list[AlertChange]:
        severity = self._rule.severity(state.level)
        worse = severity is not None and severity > alert.severity
        kept = State(last=state.last, valued=state.valued) if worse else state
        cleared = self._moment if kept.phase == "idle" and not worse else None
        stricter = strictest(alert.classification, self._classification)
        quiet = replace(alert, machine=kept, cleared=cleared, classification=stricter)
        _save(self._tx, quiet, self._clock.now())
        return self._opened(state, [Change("fired", severity)]) if worse and severity else []

    def _after(self, alert: Alert, state: State, changes: list[Change]) -> Alert:
        stricter = strictest(alert.classification, self._classification)
        alert = replace(alert, machine=state, facts={**alert.facts, **self._facts}, classification=stricter)
        for change in changes:
            alert = self._changed(alert, change)
        alert = self._valued(alert)
        now = self._clock.now()
        lived = (
            AlertStep(each.kind, self._moment, now, each.severity, alert.value, alert.zh, alert.en) for each in changes
        )
        return replace(alert, history=(*alert.history, *lived))

    def _valued(self, alert: Alert) -> Alert:
        if self._value is not None:
            worst = min if self._facts.get("direction") == "below" else max
            peak = worst(self._value, alert.facts.get("peak", self._value))
            alert = replace(alert, value=self._value, facts={**alert.facts, "peak": peak})
        if alert.state == "cleared":
            gravest = max([alert.severity, *(each.severity for each in alert.history)])
            zh, en = self._text(gravest, alert.facts.get("peak"))
        elif self._value is not None:
            zh, en = self._text(alert.severity, self._value)
        else:
            return alert
        return replace(alert, zh=zh, en=en)

    def _changed(self, alert: Alert, change: Change) -> Alert:
        match change.kind:
            case "fired":
                return replace(alert, state="firing", fired=self._moment, severity=change.severity)
            case "raised":
                return replace(alert, severity=change.severity, acknowledged=None, acknowledged_by=None)
            case "lowered":
                return replace(alert, severity=change.severity)
            case "cleared":
                return replace(alert, state="cleared", cleared=self._moment)
            case _:
                return alert

    def _recorded(self, alert: Alert, changes: list[Change]) -> list[AlertChange]:
        for change in changes:
            facts = {"moment": format_instant(self._moment), "value": self._value, "severity": change.severity.code}
            self._tx.record(_entry(alert, change.kind, SYSTEM, facts))
        return [AlertChange(change.kind, alert, self._moment) for change in changes]


def _newest(source: Any, rule: AlertRule, resource: str) -> Alert | None:
    where = {"rule": rule.id, "resource": resource}
    rows = source.find(_TABLE, where=where, order="id", descending=True, limit=1)
    return Alert.from_row(rows[0]) if rows else None


def _start(present: Alert | None) -> State:
    return State(last=present.machine.last, valued=present.machine.valued) if present else State()


def _save(tx: Transaction, alert: Alert, now: datetime) -> None:
    row = alert.row(now)
    del row["id"]
    tx.update(_TABLE, alert.id, row)


def _entry(alert: Alert, act: str, by: Subject, facts: Mapping[str, Any]) -> Entry:
    detail = {"rule": alert.rule, "for": alert.resource, **facts}
    return Entry(subject=by.id, action=f"alert.{act}", resource=f"alert:{alert.id}", detail=detail)


def _wording(rule: AlertRule) -> Wording:
    return lambda severity, _: (f"{rule.zh}：{severity.zh}预警", f"{rule.en}: {severity.en} warning")
