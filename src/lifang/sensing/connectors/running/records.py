"""The state of connectors in the registry: one row each, marks of what was taken, issues of what was refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from lifang.core import Clock, format_instant, new_id, parse_instant
from lifang.guard import Action
from lifang.sensing.connectors.mapping import Issue
from lifang.sensing.connectors.running.model import KeptIssue, Trouble
from lifang.store import Entry, Row, Store, Transaction

ISSUES_KEPT = 1000  # of one connector, the newest
_TROUBLES_KEPT = 20
COUNTS = ("pulls", "failures", "values", "refused", "things", "datastreams")


class Records:
    """Reads and writes the rows of connectors; each method is one transaction."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def row(self, connector_id: str) -> Row | None:
        """Return the connector's row, if there is one."""
        return self._store.registry.get("connector", connector_id)

    def rows(self) -> list[Row]:
        """Return every row, by id."""
        return self._store.registry.find("connector")

    def put(self, connector_id: str, *, kind: str, digest: str, by: str, detail: Mapping[str, Any]) -> Row:
        """Return the row of a connector whose file is now ``digest``; where it stopped stays if its kind does."""
        now = self._clock.now()
        with self._store.registry.transaction() as tx:
            there = tx.get("connector", connector_id)
            if there is None:
                tx.insert("connector", _fresh(connector_id, kind, digest, now))
            elif there["kind"] != kind:
                _forget(tx, connector_id)
                tx.insert("connector", _fresh(connector_id, kind, digest, now))
            elif there["digest"] != digest:
                tx.update("connector", connector_id, {"digest": digest, "updated": now})
            if there is None or there["digest"] != digest or detail:
                told = {"kind": kind, "digest": digest, "new": there is None, **detail}
                tx.record(Entry(by, Action.MANAGE.value, f"connector:{connector_id}", detail=told))
            return tx.get("connector", connector_id) or {}

    def pause(self, connector_id: str, paused: bool, *, by: str) -> None:
        """Keep whether the connector is paused."""
        with self._store.registry.transaction() as tx:
            tx.update("connector", connector_id, {"paused": paused, "updated": self._clock.now()})
            tx.record(Entry(by, Action.RUN.value, f"connector:{connector_id}", detail={"paused": paused}))

    def remove(self, connector_id: str, *, by: str) -> None:
        """Take the row out with its marks and issues; the values it brought stay."""
        with self._store.registry.transaction() as tx:
            row = tx.get("connector", connector_id) or {}
            _forget(tx, connector_id)
            detail = {"removed": True, "digest": row.get("digest", ""), "counts": row.get("counts", {})}
            tx.record(Entry(by, Action.MANAGE.value, f"connector:{connector_id}", detail=detail))

    def save(
        self,
        connector_id: str,
        changes: Mapping[str, Any],
        *,
        counted: Mapping[str, int],
        marks: Mapping[str, Mapping[str, Any]] | None = None,
        issues: Sequence[Issue] = (),
    ) -> None:
        """Keep ``changes`` of the row, what is ``counted`` on top of its counts, new marks and issues, in one step."""
        now = self._clock.now()
        with self._store.registry.transaction() as tx:
            row = tx.get("connector", connector_id)
            if row is None:
                return  # removed meanwhile
            counts = {name: row["counts"].get(name, 0) + counted.get(name, 0) for name in COUNTS}
            tx.update("connector", connector_id, {**changes, "counts": counts, "updated": now})
            for key, detail in (marks or {}).items():
                _mark(tx, connector_id, key, detail, now)
            _note(tx, connector_id, issues, now)

    def marked(self, connector_id: str, key: str) -> bool:
        """Return whether this mark is set."""
        return self._store.registry.get("connector_mark", _mark_id(connector_id, key)) is not None

    def issues(self, connector_id: str, *, after: str | None = None, limit: int = 100) -> list[KeptIssue]:
        """Return the newest issues, older than the one with id ``after``."""
        where = {"connector": connector_id}
        rows = self._store.registry.find("connector_issue", where=where, descending=True, after=after, limit=limit)
        return [KeptIssue(row["id"], row["recorded"], _issue_of(row)) for row in rows]


def _fresh(connector_id: str, kind: str, digest: str, now: datetime) -> Row:
    return {
        "id": connector_id,
        "kind": kind,
        "digest": digest,
        "paused": False,
        "checkpoint": {},
        "counts": {},
        "troubles": [],
        "failures": 0,
        "created": now,
        "updated": now,
    }


def _forget(tx: Transaction, connector_id: str) -> None:
    for table in ("connector_mark", "connector_issue"):
        for row in tx.find(table, where={"connector": connector_id}):
            tx.delete(table, row["id"])
    if tx.get("connector", connector_id):
        tx.delete("connector", connector_id)


def _mark_id(connector_id: str, key: str) -> str:
    return f"{connector_id}:{hashlib.sha256(key.encode()).hexdigest()}"


def _mark(tx: Transaction, connector_id: str, key: str, detail: Mapping[str, Any], now: datetime) -> None:
    row_id = _mark_id(connector_id, key)
    if tx.get("connector_mark", row_id) is None:
        row = {"id": row_id, "connector": connector_id, "name": key, "detail": dict(detail), "recorded": now}
        tx.insert("connector_mark", row)


def _note(tx: Transaction, connector_id: str, issues: Sequence[Issue], now: datetime) -> None:
    if not issues:
        return
    batch = new_id("issue", now)
    for place, issue in enumerate(issues[-ISSUES_KEPT:]):
        told = asdict(issue)
        row = {"id": f"{batch}_{place:04}", "connector": connector_id, "recorded": now, "origin": told.pop("where")}
        row |= {"line": told.pop("row"), "field": told.pop("column"), **told}
        tx.insert("connector_issue", row)
    there = tx.find("connector_issue", where={"connector": connector_id}, descending=True)
    for row in there[ISSUES_KEPT:]:
        tx.delete("connector_issue", row["id"])


def _issue_of(row: Row) -> Issue:
    return Issue(row["origin"], row["line"], row["field"], row["value"], row["rule"], row["mend"])


def with_trouble(troubles: Sequence[Mapping[str, Any]], fresh: Trouble) -> list[dict[str, Any]]:
    """Return the kept failures with ``fresh`` in front; the same one again only renews its moment."""
    told = {**asdict(fresh), "moment": format_instant(fresh.moment)}
    same = [each for each in troubles if {**each, "moment": told["moment"]} != told]
    return [told, *(dict(each) for each in same)][:_TROUBLES_KEPT]


def trouble_of(told: Mapping[str, Any]) -> Trouble:
    """Return a kept failure."""
    return Trouble(parse_instant(told["moment"]), told["what"], told["where"], told["mend"])
