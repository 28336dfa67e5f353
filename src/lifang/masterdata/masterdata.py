"""The face of the room: sources, rules, consolidation, conflicts and what persons decide, links, history."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lifang.catalogue import Card, Catalogue, Change
from lifang.core import BadInput, Clock, NotFound
from lifang.core import Conflict as Clash
from lifang.guard import Action, Resource, Subject, require, strictest
from lifang.masterdata.consolidating import Consolidation, Difference, Told, consolidate, key_of
from lifang.masterdata.model import COMPLETE, GONE, LINKS, NEWEST, OPEN, SETTLED, Conflict, Link, Source, kind_of
from lifang.standards import DataStandard
from lifang.store import Condition, Entry, Store, Transaction

_TOLD_MAX = 1_000  # unresolved rows and duplicates that one consolidation tells
_REASON_MAX = 500
_LINKED_MAX = 100


def dataset_of(kind: str) -> str:
    """Return the dataset that holds the one record of each of a kind."""
    return f"master_{kind}"


@dataclass(frozen=True)
class Consolidated:
    """What a consolidation came to: records in the release, conflicts that are open, and what needs a person."""

    kind: str
    release: str
    records: int
    inserted: int
    updated: int
    deleted: int
    conflicts: int
    unresolved: Sequence[Mapping[str, Any]]
    duplicates: Sequence[Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class MasterData:
    """The base databases of one city, each record once."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    def put_source(
        self, dataset: str, kind: str, organisation: str, columns: Mapping[str, str], *, by: Subject
    ) -> Source:
        """Return the source: ``dataset`` tells of ``kind`` for a bureau; ``columns`` maps elements to other names."""
        standard = kind_of(kind)
        card = self._catalogue.dataset(dataset).card
        require(by, Action.ADMIT, Resource("dataset", dataset, card.classification))
        elements = {each.id for each in standard.elements}
        if unknown := sorted(set(columns) - elements):
            raise BadInput(f"{kind} has no element {unknown[0][:80]!r}.", where="columns", mend="Name its elements.")
        row = {"kind": kind, "organisation": organisation, "columns": dict(columns), "created": self._clock.now()}
        with self._store.registry.transaction() as tx:
            if tx.get("organisation", organisation) is None:
                mend = "Add it first: lifang user organisation."
                raise NotFound(f"There is no organisation {organisation[:80]!r}.", where="organisation", mend=mend)
            _put(tx, "master_source", dataset, row)
            tx.record(Entry(by.id, "put_master_source", f"dataset:{dataset}", detail={"kind": kind}))
        return Source.from_row({"id": dataset, **row})

    def sources(self, kind: str) -> list[Source]:
        """Return the sources of a kind."""
        rows = self._store.registry.find("master_source", where={"kind": kind_of(kind).id})
        return [Source.from_row(row) for row in rows]

    def put_rule(self, kind: str, element: str, precedence: Sequence[str], *, by: Subject) -> None:
        """Have ``precedence`` decide what is said of an element (``*``: of all that have no rule of their own).

        First comes first: organisations, ``newest``, ``most_complete``; an empty one takes the rule away.
        """
        standard = kind_of(kind)
        require(by, Action.ADMIT, Resource("dataset", dataset_of(kind)))
        if element != "*" and element not in {each.id for each in standard.elements}:
            raise BadInput(f"{kind} has no element {element[:80]!r}.", where="element", mend="Name one, or *.")
        known = {NEWEST, COMPLETE, *(row["id"] for row in self._store.registry.find("organisation"))}
        if unknown := [each for each in precedence if each not in known]:
            mend = "Name organisations, newest or most_complete."
            raise BadInput(f"{unknown[0][:80]!r} cannot go first.", where="precedence", mend=mend)
        name = f"{kind}.{element}"
        with self._store.registry.transaction() as tx:
            if precedence:
                row = {"kind": kind, "element": element, "precedence": list(precedence), "updated": self._clock.now()}
                _put(tx, "master_rule", name, row)
            elif tx.get("master_rule", name):
                tx.delete("master_rule", name)
            detail = {"element": element, "precedence": list(precedence)}
            tx.record(Entry(by.id, "put_master_rule", f"dataset:{dataset_of(kind)}", detail=detail))

    def rules(self, kind: str) -> dict[str, list[str]]:
        """Return who goes first, by element."""
        rows = self._store.registry.find("master_rule", where={"kind": kind_of(kind).id})
        return {row["element"]: row["precedence"] for row in rows}

    def consolidate(self, kind: str, *, by: Subject) -> Consolidated:
        """Return what the sources of a kind come to now, released; what bureaus differ in is listed for a person.

        A decision holds while the bureaus say what they said when it was taken. ``Conflict`` without any source.
        """
        standard = kind_of(kind)
        told = [self._told(each, standard) for each in self.sources(kind)]
        if not told:
            raise Clash(f"{kind} has no source.", where=kind, mend="Name a dataset as its source first.")
        found = consolidate(standard, told, self.rules(kind), self._decided(kind, told, standard))
        if not len(found.records):
            raise BadInput(f"No row of the sources of {kind} can be resolved.", where=kind, mend="Mend their keys.")
        card = self._card(standard, told)
        require(by, Action.ADMIT, Resource("dataset", card.id, card.classification))
        release, counts = self._release(card, found, by)
        still = self._list_conflicts(kind, found.differences)
        unresolved, duplicates = found.unresolved[:_TOLD_MAX], found.duplicates[:_TOLD_MAX]
        return Consolidated(kind, release, len(found.records), *counts, still, unresolved, duplicates)

    def conflicts(
        self, kind: str, *, state: str | None = OPEN, after: str | None = None, limit: int | None = None
    ) -> list[Conflict]:
        """Return what bureaus differ in, by record and element."""
        where = {"kind": kind_of(kind).id} | ({} if state is None else {"state": state})
        rows = self._store.registry.find("master_conflict", where=where, after=after, limit=limit)
        return [Conflict.from_row(row) for row in rows]

    def conflict(self, conflict_id: str) -> Conflict:
        """Return the conflict, or ``NotFound``."""
        row = self._store.registry.get("master_conflict", conflict_id)
        if row is None:
            raise NotFound(
                f"There is no conflict {conflict_id[:80]!r}.", mend="List them: lifang master conflicts KIND."
            )
        return Conflict.from_row(row)

    def settle(self, conflict_id: str, organisation: str, reason: str, *, by: Subject) -> Conflict:
        """Return the conflict, settled: what ``organisation`` says holds, for a stated ``reason``, on record.

        It shows in the record at the next consolidation, and holds until a bureau says something else.
        """
        conflict = self.conflict(conflict_id)
        require(by, Action.ADMIT, Resource("dataset", dataset_of(conflict.kind)))
        if not reason.strip() or len(reason) > _REASON_MAX:
            raise BadInput("A decision needs a reason.", where="reason", mend=f"State it in {_REASON_MAX} characters.")
        said = next((each for each in conflict.said if each["organisation"] == organisation), None)
        if said is None:
            named = ", ".join(each["organisation"] for each in conflict.said)
            raise BadInput(f"{organisation[:80]!r} says nothing of it.", where="organisation", mend=f"One of {named}.")
        changes = {"state": SETTLED, "value": said["value"], "reason": reason.strip(), "settled_by": by.id,
                   "settled": self._clock.now()}  # fmt: skip
        with self._store.registry.transaction() as tx:
            present = tx.get("master_conflict", conflict_id)
            if present is None or present["said"] != conflict.said:
                raise Clash("The bureaus say something else by now.", where=conflict_id, mend="Read it again.")
            row = tx.update("master_conflict", conflict_id, changes)
            detail = {"element": conflict.element, "organisation": organisation, "reason": reason.strip()}
            tx.record(Entry(by.id, "settle_master_conflict", f"dataset:{dataset_of(conflict.kind)}", detail=detail))
        return Conflict.from_row(row)

    def record(self, kind: str, key: Sequence[str], *, at: datetime | None = None) -> dict[str, Any]:
        """Return the one record with this key, now or as it was recorded ``at`` a moment; ``NotFound`` if none was."""
        standard = kind_of(kind)
        where = [Condition(name, "=", value) for name, value in zip(key_of(standard), key, strict=True)]
        rows = self._catalogue.dataset(dataset_of(kind)).rows(at=at).select(where=where).to_pylist()
        if not rows:
            raise NotFound(f"There is no such {kind}.", where="/".join(key)[:200], mend="Check the key, or the moment.")
        return dict(rows[0])

    def history(self, kind: str, key: Sequence[str]) -> list[tuple[datetime, dict[str, Any]]]:
        """Return every state of a record with when it was recorded, the newest first."""
        states: list[tuple[datetime, dict[str, Any]]] = []
        for release in reversed(self._catalogue.dataset(dataset_of(kind)).releases()):
            try:
                found = self.record(kind, key, at=release.recorded)
            except NotFound:
                found = {}
            if (states[-1][1] if states else {}) != found:
                states.append((release.recorded, found))
        return states[::-1]

    def links(
        self, kind: str, key: Sequence[str], *, at: datetime | None = None
    ) -> list[tuple[Link, bool, dict[str, Any]]]:
        """Return the records that a record leads to, and (``False``) those that lead to it, with the link of each."""
        here = self.record(kind, key, at=at)
        found: list[tuple[Link, bool, dict[str, Any]]] = []
        for link in LINKS:
            if link.kind == kind and here.get(link.element):
                found += [(link, True, each) for each in self._having(link.to, link.by, here[link.element], at)]
            if link.to == kind and here.get(link.by):
                found += [(link, False, each) for each in self._having(link.kind, link.element, here[link.by], at)]
        return found

    def _having(self, kind: str, element: str, value: Any, at: datetime | None) -> list[dict[str, Any]]:
        try:
            rows = self._catalogue.dataset(dataset_of(kind)).rows(at=at)
        except NotFound:
            return []
        where = [Condition(element, "=", value)]
        return [dict(row) for row in rows.select(where=where, limit=_LINKED_MAX).to_pylist()]

    def _told(self, source: Source, standard: DataStandard) -> Told:
        dataset = self._catalogue.dataset(source.id)
        there = {column.name for column in dataset.rows().columns}
        named = {each.id: source.columns.get(each.id, each.id) for each in standard.elements if each.type != "geometry"}
        chosen = {element: column for element, column in named.items() if column in there}
        if lacking := [name for name in source.columns.values() if name not in there]:
            raise BadInput(f"{source.id} has no column {lacking[0]!r}.", where=source.id, mend="Correct the source.")
        rows = dataset.rows().select(list(dict.fromkeys(chosen.values())))
        table = pa.table({element: rows[column] for element, column in chosen.items()})
        return Told(source, table, dataset.release().recorded)

    def _decided(self, kind: str, told: Sequence[Told], standard: DataStandard) -> dict[tuple[str, str], str]:
        """Return the decisions that still hold: the bureaus say what they said when they were taken."""
        held = self.conflicts(kind, state=SETTLED)
        if not held:
            return {}
        found = consolidate(standard, told, self.rules(kind), {})
        now = {(each.record, each.element): _values(each.said) for each in found.differences}
        return {
            (each.record, each.element): each.value
            for each in held
            if each.value is not None and now.get((each.record, each.element)) == _values(each.said)
        }

    def _list_conflicts(self, kind: str, differences: Sequence[Difference]) -> int:
        """Return how many conflicts are open, after those that are new are listed and those that ended are closed."""
        now, still = self._clock.now(), 0
        wanted = {f"{kind}:{each.record}:{each.element}": each for each in differences if not each.ruled}
        with self._store.registry.transaction() as tx:
            held = {row["id"]: row for row in tx.find("master_conflict", where={"kind": kind})}
            for name, each in wanted.items():
                said = [dict(one) for one in each.said]
                before = held.get(name)
                if before and before["state"] == SETTLED and _values(before["said"]) == _values(said):
                    continue
                still += 1
                row = {"kind": kind, "record": each.record, "element": each.element, "said": said, "state": OPEN,
                       "value": None, "reason": "", "settled_by": "", "settled": None}  # fmt: skip
                _put(tx, "master_conflict", name, {**row, "opened": before["opened"] if before else now})
            for name, row in held.items():
                if name not in wanted and row["state"] == OPEN:
                    tx.update("master_conflict", name, {"state": GONE, "settled": now})
        return still

    def _card(self, standard: DataStandard, told: Sequence[Told]) -> Card:
        grades = [self._catalogue.dataset(each.source.id).card.classification for each in told]
        columns: dict[str, Any] = {
            each.id: {"zh": each.zh, "en": each.en, "type": each.type, "unit": each.unit}
            for each in standard.elements
            if each.type != "geometry"
        }
        columns["sources"] = {"zh": "提供单位", "en": "Bureaus that know it"}
        return Card.from_mapping(
            {
                "id": dataset_of(standard.id),
                "name": {"zh": f"{standard.title_zh}（主数据）", "en": f"{standard.title_en} (master data)"},
                "theme": standard.theme,
                "classification": strictest(*grades).value,
                "key": key_of(standard),
                "columns": columns,
            }
        )

    def _release(self, card: Card, found: Consolidation, by: Subject) -> tuple[str, tuple[int, int, int]]:
        """Return the release that holds the records, and how many came, changed and went."""
        try:
            dataset = self._catalogue.dataset(card.id)
        except NotFound:
            dataset = None
        if dataset is None or dataset.card.digest() != card.digest():
            folder = self._store.folder / "scratch"
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                path = Path(scratch) / f"{card.id}.parquet"
                pq.write_table(found.records, path)
                admission = self._catalogue.add(path, name=path.name, card=card, by=by)
            release = admission.release or self._catalogue.dataset(card.id).release()
            return release.id, (release.rows, 0, 0)
        keys = pa.table({name: pc.cast(dataset.rows().select([name])[name], pa.string()) for name in card.key})
        gone = keys.join(found.records.select(list(card.key)), list(card.key), join_type="left anti")
        change = Change(found.records, gone if len(gone) else None)
        done = self._catalogue.amend(card.id, change, by=by, name=f"consolidation of {card.id}")
        return done.release.id, (done.inserted, done.updated, done.deleted)


def _values(said: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return sorted((str(each["organisation"]), str(each["value"])) for each in said)


def _put(tx: Transaction, table: str, key: str, row: Mapping[str, Any]) -> None:
    if tx.get(table, key) is None:
        tx.insert(table, {"id": key, **row})
    else:
        tx.update(table, key, row)
