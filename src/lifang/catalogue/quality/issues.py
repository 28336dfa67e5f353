"""Issues: what somebody, or a standing check, found wrong with a dataset, and the way back to who can mend it.

反馈, 指派, 整改, 确认: an issue is open, then assigned with a deadline, mended, and closed once that is confirmed; what
is not confirmed is opened again, what is no fault is declined with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lifang.catalogue.quality.runs import Check, Run
from lifang.core import BadInput, Clock, Conflict, NotFound, TooMany, new_id
from lifang.store import Entry, Row, Store, Transaction

TEXT_MAX = 2_000
_USUAL_DAYS = 15
_DAILY = {True: 20, False: 5}  # how many one may file in a day: somebody known, or nobody known at one address


class IssueState(StrEnum):
    """Where an issue is."""

    OPEN = "open"
    ASSIGNED = "assigned"
    MENDED = "mended"
    CLOSED = "closed"
    DECLINED = "declined"


_S = IssueState
ISSUE_MOVES: Mapping[str, tuple[frozenset[IssueState], IssueState, bool]] = {  # from which, to which, needs a note
    "assign": (frozenset({_S.OPEN, _S.ASSIGNED}), _S.ASSIGNED, False),
    "mend": (frozenset({_S.OPEN, _S.ASSIGNED}), _S.MENDED, True),
    "confirm": (frozenset({_S.MENDED}), _S.CLOSED, False),
    "reopen": (frozenset({_S.MENDED, _S.CLOSED, _S.DECLINED}), _S.OPEN, True),
    "decline": (frozenset({_S.OPEN, _S.ASSIGNED}), _S.DECLINED, True),
}
UNSETTLED = frozenset({_S.OPEN, _S.ASSIGNED, _S.MENDED})


@dataclass(frozen=True)
class Issue:
    """One issue: ``dimension`` for what a check found; ``row_key`` and ``column`` say where, if that was told.

    ``bureau`` is the organisation that its dataset came from, by the card or by who delivers it; empty if none.
    """

    id: str
    dataset: str
    release: int
    row_key: str
    column: str
    dimension: str
    text: str
    state: IssueState
    reporter: str
    assignee: str
    bureau: str
    due: datetime | None
    opened: datetime
    updated: datetime

    def is_overdue(self, now: datetime) -> bool:
        """Return whether its deadline has passed before it was mended."""
        return self.due is not None and self.due < now and self.state in {_S.OPEN, _S.ASSIGNED}


@dataclass(frozen=True)
class IssueEvent:
    """One step of an issue: what was done, by whom, when, with which note."""

    id: str
    issue: str
    move: str
    by: str
    recorded: datetime
    note: str


def issue_step(state: IssueState, move: str, note: str) -> IssueState:
    """Return the state after ``move``; ``BadInput`` or ``Conflict`` where that cannot be."""
    if move not in ISSUE_MOVES:
        raise BadInput(f"There is no move {move[:40]!r}.", where="move", mend=f"Known: {', '.join(ISSUE_MOVES)}.")
    sources, target, noted = ISSUE_MOVES[move]
    if state not in sources:
        raise Conflict(f"An issue that is {state} cannot be moved by {move}.", where="move",
                       mend=f"That is open to what is: {', '.join(sorted(sources))}.")  # fmt: skip
    if len(note) > TEXT_MAX or (noted and not note.strip()):
        raise BadInput(f"{move} needs a note.", where="note", mend=f"Give 1 to {TEXT_MAX} characters.")
    return target


class Issues:
    """The issues of one city's datasets."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def find(
        self,
        *,
        dataset: str | None = None,
        state: IssueState | None = None,
        reporter: str | None = None,
        bureau: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Issue]:
        """Return issues that meet every condition, the newest first, those older than ``after``."""
        given = {"dataset": dataset, "state": state, "reporter": reporter, "bureau": bureau}
        where = {name: value for name, value in given.items() if value}
        rows = self._store.registry.find("issue", where=where, descending=True, after=after, limit=limit)
        return [_issue(row) for row in rows]

    def overdue(self, now: datetime, *, limit: int = 100) -> list[Issue]:
        """Return the issues not mended by their deadline, the longest overdue first."""
        where = {"state": [_S.OPEN.value, _S.ASSIGNED.value], "due <": now}
        rows = self._store.registry.find("issue", where=where, order="due", limit=limit)
        return [_issue(row) for row in rows]

    def get(self, issue_id: str) -> Issue:
        """Return one issue, or ``NotFound``."""
        row = self._store.registry.get("issue", issue_id)
        if row is None:
            raise NotFound(f"There is no issue {issue_id[:80]!r}.", mend="List them: lifang issue list.")
        return _issue(row)

    def events(self, issue_id: str) -> list[IssueEvent]:
        """Return what happened to an issue, the oldest first."""
        return [IssueEvent(**row) for row in self._store.registry.find("issue_event", where={"issue": issue_id})]

    def file(
        self, dataset: str, release: int, text: str, *, by: str, known: bool, row_key: str = "", column: str = ""
    ) -> Issue:
        """Return the issue that somebody filed; ``TooMany`` once they filed as many as one may in a day.

        ``by`` is who, or where nobody is ``known`` a name of the address they come from.
        """
        if not text.strip() or len(text) > TEXT_MAX:
            raise BadInput("This says nothing, or too much.", where="text", mend=f"Give 1 to {TEXT_MAX} characters.")
        now = self._clock.now()
        with self._store.registry.transaction() as tx:
            since = {"reporter": by, "opened >": now - timedelta(days=1)}
            if tx.count("issue", where=since) >= _DAILY[known]:
                mend = "Come back tomorrow, or write to the provider."
                raise TooMany(f"You have filed {_DAILY[known]} issues within a day.", mend=mend)
            filed = {"text": text.strip(), "reporter": by, "row_key": row_key[:500], "column": column[:200]}
            return self._open(tx, {"dataset": dataset, "release": release, "dimension": "", **filed}, now)

    def move(self, issue_id: str, move: str, *, by: str, note: str = "", assignee: str = "",
             due: datetime | None = None) -> Issue:  # fmt: skip
        """Return the issue after ``move`` (see ``ISSUE_MOVES``); who may is for the caller to ask.

        What is assigned has a deadline: ``due``, or 15 days from now.
        """
        now = self._clock.now()
        with self._store.registry.transaction() as tx:
            row = tx.get("issue", issue_id)
            if row is None:
                raise NotFound(f"There is no issue {issue_id[:80]!r}.", mend="List them: lifang issue list.")
            state = issue_step(IssueState(row["state"]), move, note)
            changes: Row = {"state": state.value, "updated": now}
            if move == "assign":
                if not assignee.strip() or len(assignee) > TEXT_MAX:
                    raise BadInput("It is assigned to nobody.", where="assignee", mend="Name a person or an office.")
                if due is not None and due <= now:
                    raise BadInput("The deadline has passed.", where="due", mend="Give a later one.")
                changes |= {"assignee": assignee.strip(), "due": due or now + timedelta(days=_USUAL_DAYS)}
            if move == "reopen":
                changes["due"] = None
            row = tx.update("issue", issue_id, changes)
            _tell(tx, issue_id, row["dataset"], move, by=by, note=note, now=now)
        return _issue(row)

    def follow(self, run: Run) -> list[Issue]:
        """Return the issues that a run opens for what falls short, or finds mended by a release that came since."""
        now = self._clock.now()
        found = []
        with self._store.registry.transaction() as tx:
            for check in run.checks:
                where = {"dataset": run.dataset, "dimension": check.dimension, "state": list(UNSETTLED)}
                present = next(iter(tx.find("issue", where=where, descending=True, limit=1)), None)
                if not check.passed and present is None:
                    row = {"dataset": run.dataset, "release": run.release, "dimension": check.dimension,
                           "text": _said(check), "reporter": "system", "row_key": "", "column": ""}  # fmt: skip
                    found.append(self._open(tx, row, now))
                elif present is not None and (move := _moved(check, present)):
                    state = issue_step(IssueState(present["state"]), move, _said(check))
                    row = tx.update("issue", present["id"], {"state": state.value, "updated": now})
                    _tell(tx, present["id"], run.dataset, move, by="system", note=_said(check), now=now)
                    found.append(_issue(row))
        return found

    def _open(self, tx: Transaction, row: Row, now: datetime) -> Issue:
        whole: Row = {"id": new_id("issue", now), **row, "state": _S.OPEN.value, "assignee": "", "due": None,
                      "bureau": _bureau(tx, row["dataset"]), "opened": now, "updated": now}  # fmt: skip
        tx.insert("issue", whole)
        _tell(tx, whole["id"], row["dataset"], "file", by=row["reporter"], note="", now=now)
        return _issue(whole)


def _bureau(tx: Transaction, dataset: str) -> str:
    """Return the organisation that a dataset came from: its provider, else the bureau that delivers it."""
    told = (tx.get("dataset", dataset) or {}).get("metadata") or {}
    provider = str(told.get("provider_code") or "")
    if provider and tx.get("organisation", provider):
        return provider
    feeds = tx.find("exchange_feed", where={"dataset": dataset}, limit=1)
    return str(feeds[0]["organisation"]) if feeds else ""


def _moved(check: Check, present: Row) -> str:
    """Return by which move a run changes the issue that is there: what passes is mended, what fails again reopened."""
    state = IssueState(present["state"])
    if check.passed and state in {_S.OPEN, _S.ASSIGNED}:
        return "mend"
    return "reopen" if not check.passed and state is _S.MENDED else ""


def _said(check: Check) -> str:
    score = "n/a" if check.score is None else f"{check.score:g}"
    return f"{check.dimension}: {score} of 100, at least {check.least:g} is wanted."


def _tell(tx: Transaction, issue: str, dataset: str, move: str, *, by: str, note: str, now: datetime) -> None:
    told: dict[str, Any] = {"issue": issue, "move": move, "by": by, "recorded": now, "note": note.strip()}
    tx.insert("issue_event", {"id": new_id("event", now), **told})
    tx.record(Entry(by, f"issue_{move}", f"dataset:{dataset}", detail={"issue": issue}))


def _issue(row: Row) -> Issue:
    return Issue(**{**row, "state": IssueState(row["state"]), "bureau": row["bureau"] or ""})
