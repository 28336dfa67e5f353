"""The docket: what waits for a person, conflicts and duplicates, what was decided, and every step of each.

The ledger is told of a decision without a word of what bureaus say: it names the step, and the hash of what the step
says with a salt that is in the step alone. The step proves to be what was decided, and it can be destroyed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

from lifang.core import BadInput, Clock, NotFound, new_id
from lifang.core import Conflict as Clash
from lifang.guard import Action, Resource, Subject, require
from lifang.masterdata.consolidating import Difference
from lifang.masterdata.duplicates import Duplicate
from lifang.masterdata.model import (
    DIFFERENT,
    GONE,
    OPEN,
    SAME,
    SETTLED,
    Conflict,
    DuplicateCase,
    Step,
    dataset_of,
    kind_of,
)
from lifang.signing import digest_of
from lifang.store import Entry, Row, Store, Transaction

_REASON_MAX = 500
_CONFLICT, _DUPLICATE, _STEP = "master_conflict", "master_duplicate", "master_step"
_SYSTEM = "consolidation"
_Opening = tuple[str, Row, Row | None]  # id, what it is to be, what it was


class Docket:
    """What waits for a person in the master data of one city."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def conflicts(
        self, kind: str, *, state: str | None = OPEN, after: str | None = None, limit: int | None = None
    ) -> list[Conflict]:
        """Return what bureaus differ in, by record and element."""
        return [Conflict.from_row(row) for row in self._find(_CONFLICT, kind, state, after, limit)]

    def duplicates(
        self, kind: str, *, state: str | None = OPEN, after: str | None = None, limit: int | None = None
    ) -> list[DuplicateCase]:
        """Return the records that may be one."""
        return [DuplicateCase.from_row(row) for row in self._find(_DUPLICATE, kind, state, after, limit)]

    def conflict(self, conflict_id: str) -> Conflict:
        """Return the conflict, or ``NotFound``."""
        row = self._store.registry.get(_CONFLICT, conflict_id)
        if row is None:
            mend = "List them: lifang master conflicts KIND."
            raise NotFound(f"There is no conflict {conflict_id[:80]!r}.", mend=mend)
        return Conflict.from_row(row)

    def duplicate(self, case_id: str) -> DuplicateCase:
        """Return the case of duplicates, or ``NotFound``."""
        row = self._store.registry.get(_DUPLICATE, case_id)
        if row is None:
            mend = "List them: lifang master duplicates KIND."
            raise NotFound(f"There are no duplicates {case_id[:80]!r}.", mend=mend)
        return DuplicateCase.from_row(row)

    def steps(self, item: str) -> list[Step]:
        """Return every step of a conflict or a case of duplicates, the oldest first."""
        return [Step(**row) for row in self._store.registry.find(_STEP, where={"item": item})]

    def settle_conflict(self, conflict_id: str, organisation: str, reason: str, *, by: Subject) -> Conflict:
        """Return the conflict, settled: what ``organisation`` says holds, for a stated ``reason``, on record.

        It holds until a bureau says something else; the record is for whoever asks this to redo.
        """
        conflict = self.conflict(conflict_id)
        require(by, Action.ADMIT, Resource("dataset", dataset_of(conflict.kind)))
        told = _reason(reason)
        said = next((each for each in conflict.said if each["organisation"] == organisation), None)
        if said is None:
            named = ", ".join(each["organisation"] for each in conflict.said)
            raise BadInput(f"{organisation[:80]!r} says nothing of it.", where="organisation", mend=f"One of {named}.")
        detail = {"element": conflict.element, "organisation": organisation, "value": said["value"]}
        changes = {"value": said["value"]}
        return Conflict.from_row(self._settle(_CONFLICT, conflict, changes, detail, told, by, {"said": conflict.said}))

    def settle_duplicate(
        self, case_id: str, decision: str, reason: str, *, kept: str = "", by: Subject
    ) -> DuplicateCase:
        """Return the case, settled, for a stated ``reason``, on record: the records are the ``same``, or ``different``.

        The same: they are one record, ``kept``, one of them. It may be settled otherwise later: then they are told
        apart again. The records are for whoever asks this to redo.
        """
        case = self.duplicate(case_id)
        require(by, Action.ADMIT, Resource("dataset", dataset_of(case.kind)))
        told = _reason(reason)
        if decision not in {SAME, DIFFERENT}:
            raise BadInput(f"{decision[:40]!r} is no decision.", where="decision", mend=f"One of {SAME}, {DIFFERENT}.")
        if decision == SAME and kept not in case.records:
            mend = f"One of {', '.join(case.records)}."
            raise BadInput(f"{kept[:80]!r} is none of these records.", where="kept", mend=mend)
        changes = {"decision": decision, "kept": kept if decision == SAME else ""}
        detail = {**changes, "records": case.records}
        return DuplicateCase.from_row(self._settle(_DUPLICATE, case, changes, detail, told, by, {}))

    def decided(self, kind: str, differences: Sequence[Difference]) -> dict[tuple[str, str], str]:
        """Return the decisions that still hold: the bureaus say what they said when they were taken."""
        now = {(each.record, each.element): _values(each.said) for each in differences}
        return {
            (each.record, each.element): each.value
            for each in self.conflicts(kind, state=SETTLED)
            if each.value is not None and now.get((each.record, each.element)) == _values(each.said)
        }

    def merged(self, kind: str) -> dict[str, str]:
        """Return by its key, for each record that a person said is another, the key of that other."""
        settled = [each for each in self.duplicates(kind, state=SETTLED) if each.decision == SAME]
        return {record: each.kept for each in settled for record in each.records if record != each.kept}

    def decided_since(self, kind: str, moment: datetime) -> set[str]:
        """Return the records of which a person settled a conflict at a moment or later."""
        settled = self.conflicts(kind, state=SETTLED)
        return {each.record for each in settled if each.settled and each.settled >= moment}

    def chosen(self, kind: str, record: str, since: datetime) -> dict[str, str]:
        """Return by element what a person chose for a record at a moment or later."""
        ids = [f"{kind}:{record}:{each.id}" for each in kind_of(kind).elements]
        rows = self._store.registry.find(_CONFLICT, where={"id": ids, "state": SETTLED, "settled >=": since})
        return {row["element"]: row["value"] for row in rows if row["value"] is not None}

    def list_conflicts(
        self, kind: str, differences: Sequence[Difference], *, among: Collection[str] | None = None
    ) -> int:
        """Return how many conflicts are open, after those that are new are listed and those that ended are closed.

        ``differences`` are those of all records, or of those ``among`` which they were looked for.
        """
        wanted = {f"{kind}:{each.record}:{each.element}": each for each in differences if not each.ruled}
        opened: list[_Opening] = []
        with self._store.registry.transaction() as tx:
            rows = tx.find(_CONFLICT, where={"kind": kind})
            held = {row["id"]: row for row in rows if among is None or row["record"] in among}
            for name, each in wanted.items():
                said = [dict(one) for one in each.said]
                before = held.get(name)
                alike = before is not None and _values(before["said"]) == _values(said)
                if not (before and alike and before["state"] in {SETTLED, OPEN}):
                    row = {"kind": kind, "record": each.record, "element": each.element, "said": said, "value": None}
                    opened.append((name, row, before))
            self._open(tx, _CONFLICT, opened)
            self._close(tx, _CONFLICT, held, wanted)
        return self.open_conflicts(kind)

    def list_duplicates(self, kind: str, found: Sequence[Duplicate], *, among: AbstractSet[str] | None = None) -> int:
        """Return how many cases are open, after those that are new are listed and those that ended are closed.

        ``found`` are those of all records, or those that have one ``among`` which they were looked for.
        """
        wanted = {each.id(kind): each for each in found}
        opened: list[_Opening] = []
        with self._store.registry.transaction() as tx:
            rows = tx.find(_DUPLICATE, where={"kind": kind})
            held = {row["id"]: row for row in rows if among is None or not among.isdisjoint(row["records"])}
            for name, each in wanted.items():
                before = held.get(name)
                if before is None or before["state"] not in {SETTLED, OPEN}:
                    said = dict(zip(each.alike, each.said, strict=True))
                    row = {"kind": kind, "records": list(each.records), "said": said, "decision": "", "kept": ""}
                    opened.append((name, row, before))
            self._open(tx, _DUPLICATE, opened)
            self._close(tx, _DUPLICATE, held, wanted)
        return self.open_duplicates(kind)

    def open_conflicts(self, kind: str) -> int:
        """Return how many conflicts wait for a person."""
        return self._store.registry.count(_CONFLICT, where={"kind": kind, "state": OPEN})

    def open_duplicates(self, kind: str) -> int:
        """Return how many cases of duplicates wait for a person."""
        return self._store.registry.count(_DUPLICATE, where={"kind": kind, "state": OPEN})

    def _find(self, table: str, kind: str, state: str | None, after: str | None, limit: int | None) -> list[Row]:
        where = {"kind": kind_of(kind).id} | ({} if state is None else {"state": state})
        return self._store.registry.find(table, where=where, after=after, limit=limit)

    def _settle(
        self,
        table: str,
        item: Conflict | DuplicateCase,
        changes: Row,
        detail: Row,
        reason: str,
        by: Subject,
        expect: Row,
    ) -> Row:
        now = self._clock.now()
        whole: Row = {**changes, "state": SETTLED, "reason": reason, "settled_by": by.id, "settled": now}
        with self._store.registry.transaction() as tx:
            present = tx.get(table, item.id)
            if present is None or any(present[name] != value for name, value in expect.items()):
                raise Clash("The bureaus say something else by now.", where=item.id, mend="Read it again.")
            row = tx.update(table, item.id, whole)
            kept = {**detail, "reason": reason, "salt": secrets.token_hex(16)}
            step = self._step(tx, item.id, "settled", by.id, kept, now)
            told = {"step": step, "sha256": digest_of(json.dumps(kept, sort_keys=True)), "reason": reason}
            tx.record(Entry(by.id, f"settle_{table}", f"dataset:{dataset_of(item.kind)}", detail=told))
        return row

    def _open(self, tx: Transaction, table: str, opened: Sequence[_Opening]) -> None:
        now = self._clock.now()
        fresh = {"state": OPEN, "reason": "", "settled_by": "", "settled": None}
        new = [{"id": name, **row, **fresh, "opened": now} for name, row, before in opened if before is None]
        tx.insert_many(table, new)
        told = {"move": "opened", "by": _SYSTEM, "recorded": now}
        steps = [{"id": new_id("step", now), "item": row["id"], **told, "detail": {"said": row["said"]}} for row in new]
        tx.insert_many(_STEP, steps)
        for name, row, before in opened:
            if before is not None:
                tx.update(table, name, {**row, **fresh})
                move = "reopened" if before["state"] != OPEN else "changed"
                self._step(tx, name, move, _SYSTEM, {"said": row["said"]}, now)

    def _close(self, tx: Transaction, table: str, held: Mapping[str, Row], wanted: Mapping[str, Any]) -> None:
        now = self._clock.now()
        for name, row in held.items():
            if name not in wanted and row["state"] == OPEN:
                tx.update(table, name, {"state": GONE, "settled": now})
                self._step(tx, name, GONE, _SYSTEM, {}, now)

    def _step(self, tx: Transaction, item: str, move: str, by: str, detail: Row, now: datetime) -> str:
        number = tx.count(_STEP, where={"item": item})  # steps of one moment stay in their order
        made = new_id("step", now + timedelta(milliseconds=number))
        tx.insert(_STEP, {"id": made, "item": item, "move": move, "by": by, "recorded": now, "detail": detail})
        return made


def _reason(text: str) -> str:
    if not text.strip() or len(text) > _REASON_MAX:
        raise BadInput("A decision needs a reason.", where="reason", mend=f"State it in {_REASON_MAX} characters.")
    return text.strip()


def _values(said: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return sorted((str(each["organisation"]), str(each["value"])) for each in said)
