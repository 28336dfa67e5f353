"""The face of the room: sources, rules, consolidation, decisions; the docket, records and places."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lifang.catalogue import Catalogue
from lifang.core import BadInput, Clock, NotFound, Settings, format_instant, from_micros
from lifang.guard import Action, Resource, Subject, require
from lifang.masterdata.docket import Docket
from lifang.masterdata.forgetting import Left, forget_kind, forget_source
from lifang.masterdata.golden import Consolidated, Golden, Progress
from lifang.masterdata.memory import Memory
from lifang.masterdata.model import (
    ADDRESS,
    ADDRESSED,
    COMPLETE,
    NEWEST,
    Conflict,
    DuplicateCase,
    Source,
    dataset_of,
    kind_of,
    kinds,
)
from lifang.masterdata.places import Places
from lifang.masterdata.records import Records
from lifang.masterdata.sayings import Sayings
from lifang.store import Entry, Store, Transaction, read_setting, write_setting

_READ = "masterdata:read:"  # by source: the release that was the newest when it was named, or was last consolidated
_ANEW = -1  # instead of that release: another source of the kind was destroyed since


class MasterData:
    """The base databases of one city, each record once."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._consolidating = threading.Lock()
        self.places = Places(catalogue, settings)
        self.docket = Docket(store, clock)
        self.records = Records(catalogue, self.docket, self._began)
        catalogue.lifecycle.destructions.on_removal(self.forget)

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
        self._mark_read(dataset, self._newest(dataset))
        return Source.from_row({"id": dataset, **row})

    def remove_source(self, dataset: str, kind: str, *, by: Subject) -> None:
        """Have a dataset tell of ``kind`` no more, from the next consolidation on, which is due then.

        ``NotFound`` if it is no source of it.
        """
        known = next((each for each in self.sources(kind) if each.id == dataset), None)
        if known is None:
            mend = "List them: lifang master sources."
            raise NotFound(f"{dataset[:80]!r} is no source of {kind}.", where="dataset", mend=mend)
        require(by, Action.ADMIT, Resource("dataset", dataset, self._catalogue.classification(dataset)))
        with self._store.registry.transaction() as tx:
            tx.delete("master_source", dataset)
            tx.delete_where("setting", {"id": f"{_READ}{dataset}"})
            tx.record(Entry(by.id, "remove_master_source", f"dataset:{dataset}", detail={"kind": kind}))
        for each in self.sources(kind):
            self._mark_read(each.id, 0)

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

    def sourced(self) -> list[str]:
        """Return the kinds that have a source, addresses first: others name them."""
        found = [kind for kind in kinds() if self.sources(kind)]
        return sorted(found, key=lambda kind: kind != ADDRESS)

    def is_source(self, dataset: str) -> bool:
        """Return whether a dataset is a source of any kind."""
        return self._store.registry.get("master_source", dataset) is not None

    def behind(self) -> list[str]:
        """Return the kinds of which a source had a release since it was named or last consolidated, addresses first.

        Also those of which a person decided something that no release says yet. With the addresses come the kinds whose
        records name one.
        """
        sources = self._store.registry.find("master_source")
        late = {row["kind"] for row in sources if self._newest(row["id"]) > self._read(row["id"])}
        late |= {kind for kind in {row["kind"] for row in sources} if self._is_undecided(kind)}
        if ADDRESS in late:
            late |= ADDRESSED.keys()
        return [kind for kind in self.sourced() if kind in late]

    def consolidate(self, kind: str, *, by: Subject, progress: Progress = lambda _share: None) -> Consolidated:
        """Return what the sources of a kind come to now, released; what needs a person is on the docket.

        Only what changed since the last time is done again, where that is known: it comes to the same as all of it.
        ``progress`` is told the done share, and may raise to end it: nothing is released then. ``Conflict`` without any
        source.
        """
        with self._consolidating:
            golden = self._golden(kind)
            done = golden.up_to_date(by=by, progress=progress)
            self._record_lineage(done.sources, done.release)
            for source, release in golden.told:
                self._mark_read(source.id, release.number)
        return done

    def _record_lineage(self, sources: Sequence[str], release: str) -> None:
        for each in sources:
            self._catalogue.record_lineage(f"release:{each}", f"release:{release}", "consolidate", {})

    def _is_undecided(self, kind: str) -> bool:
        basis = Memory(self._store.folder, kind).basis()
        began = from_micros(basis.began) if basis else None
        merged = basis is not None and self.docket.merged(kind) != basis.merged
        return merged or (began is not None and bool(self.docket.decided_since(kind, began)))

    def unresolved(self, kind: str) -> list[Mapping[str, Any]]:
        """Return rows that the last consolidation of a kind could not resolve, each with why."""
        basis = Memory(self._store.folder, kind_of(kind).id).basis()
        return list(basis.unresolved) if basis else []

    def forget(self, dataset: str) -> None:
        """Take away what is kept of what a destroyed dataset said of records, or of records that were kept in it.

        A source is none any more; what its kind comes to without it is for the next consolidation, which is due.
        Doing it again does nothing.
        """
        with self._consolidating:
            for kind in kinds():
                if dataset == dataset_of(kind):
                    with self._store.registry.transaction() as tx:
                        forget_kind(tx, kind)
                    Memory(self._store.folder, kind).forget()
            row = self._store.registry.get("master_source", dataset)
            if row is not None:
                self._forget_source(Source.from_row(row))

    def _forget_source(self, gone: Source) -> None:
        Memory(self._store.folder, gone.kind).forget()
        left = [each for each in self.sources(gone.kind) if each.id != gone.id]
        for each in left:
            self._mark_read(each.id, _ANEW)
        same = [each.id for each in left if each.organisation == gone.organisation]
        said = self._store.registry.find("release", where={"dataset": same}) if same else []
        moments = frozenset(format_instant(each["recorded"]) for each in said)
        sayings = Sayings(self._catalogue, kind_of(gone.kind))
        told = Left(gone.organisation, moments, lambda: sayings.known(left))
        with self._store.registry.transaction() as tx:
            forget_source(tx, gone.kind, told)
            tx.delete("master_source", gone.id)
            tx.delete_where("setting", {"id": f"{_READ}{gone.id}"})

    def settle_conflict(
        self, conflict_id: str, organisation: str, reason: str, *, by: Subject, release: bool = True
    ) -> Conflict:
        """Return the conflict, settled; the record says it from now on. See :meth:`Docket.settle_conflict`.

        The release that says so is written before this returns, or, without ``release``, by the next consolidation.
        """
        done = self.docket.settle_conflict(conflict_id, organisation, reason, by=by)
        if release:
            self._redo(done.kind, [done.record], by)
        return done

    def settle_duplicate(
        self, case_id: str, decision: str, reason: str, *, kept: str = "", by: Subject, release: bool = True
    ) -> DuplicateCase:
        """Return the case, settled; its records are one, or apart, from the release on that is written of it.

        See :meth:`Docket.settle_duplicate`; ``release`` is as for :meth:`settle_conflict`.
        """
        done = self.docket.settle_duplicate(case_id, decision, reason, kept=kept, by=by)
        if release:
            self._redo(done.kind, done.records, by)
        return done

    def _redo(self, kind: str, records: Sequence[str], by: Subject) -> None:
        with self._consolidating:
            self._golden(kind).redone(records, by=by)

    def _began(self, kind: str) -> datetime | None:
        """Return when the last consolidation of a kind began, as far as that is known."""
        basis = Memory(self._store.folder, kind).basis()
        return from_micros(basis.began) if basis else None

    def _golden(self, kind: str) -> Golden:
        return Golden(
            self._store, self._catalogue, self.docket, self.places, kind_of(kind).id,
            sources=(sources := self.sources(kind)), rules=self.rules(kind), began=self._clock.now(),
            anew=any(self._read(each.id) == _ANEW for each in sources),
        )  # fmt: skip

    def _newest(self, dataset: str) -> int:
        """Return the number of the newest release of a dataset; 0 where there is none."""
        found = self._store.registry.extremes("release", of="dataset", by="number", where={"dataset": [dataset]})
        return int(found[0]["number"]) if found else 0

    def _read(self, dataset: str) -> int:
        return int((read_setting(self._store, f"{_READ}{dataset}") or {"release": 0})["release"])

    def _mark_read(self, dataset: str, release: int) -> None:
        write_setting(self._store, f"{_READ}{dataset}", {"release": release})


def _put(tx: Transaction, table: str, key: str, row: Mapping[str, Any]) -> None:
    if tx.get(table, key) is None:
        tx.insert(table, {"id": key, **row})
    else:
        tx.update(table, key, row)
