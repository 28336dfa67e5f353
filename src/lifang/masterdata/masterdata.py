"""The face of the room: sources, rules, consolidation; the docket of what waits for a person; records and places."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lifang.catalogue import Card, Catalogue, Change
from lifang.core import BadInput, Clock, NotFound, Settings
from lifang.core import Conflict as Clash
from lifang.guard import Action, Resource, Subject, require, strictest
from lifang.masterdata.addresses import Gazetteer, Matcher
from lifang.masterdata.consolidating import Consolidation, Naming, Ruling, Told, consolidate, key_of
from lifang.masterdata.docket import Docket
from lifang.masterdata.duplicates import Plain, duplicates
from lifang.masterdata.model import (
    ADDRESS,
    ADDRESS_CODE,
    ADDRESSED,
    COMPLETE,
    NEWEST,
    Source,
    dataset_of,
    kind_of,
    kinds,
)
from lifang.masterdata.names import by_name, plain_name
from lifang.masterdata.places import Places
from lifang.masterdata.records import Records
from lifang.standards import DataStandard
from lifang.store import Entry, Store, Transaction, read_setting, write_setting

_TOLD_MAX = 1_000  # unresolved rows that one consolidation tells
_DUPLICATES_MAX = 10_000  # cases of duplicates that one consolidation lists
_READ = "masterdata:read:"  # by source: the release that was the newest when it was named, or was last consolidated
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Consolidated:
    """What a consolidation came to: records in the release, conflicts and duplicates that are open, unresolved rows."""

    kind: str
    release: str
    records: int
    inserted: int
    updated: int
    deleted: int
    conflicts: int
    duplicates: int
    unresolved: Sequence[Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class MasterData:
    """The base databases of one city, each record once."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self.places = Places(catalogue, settings)
        self.docket = Docket(store, clock)
        self.records = Records(catalogue, self.docket)

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

        With the addresses come the kinds whose records name one.
        """
        sources = self._store.registry.find("master_source")
        late = {row["kind"] for row in sources if self._newest(row["id"]) > self._read(row["id"])}
        if ADDRESS in late:
            late |= ADDRESSED.keys()
        return [kind for kind in self.sourced() if kind in late]

    def consolidate(self, kind: str, *, by: Subject, progress: Progress = lambda _share: None) -> Consolidated:
        """Return what the sources of a kind come to now, released; what needs a person is on the docket.

        ``progress`` is told the done share, and may raise to end it: nothing is released then. Run again it comes to
        the same. ``Conflict`` without any source.
        """
        standard = kind_of(kind)
        told = [self._told(each, standard) for each in self.sources(kind)]
        if not told:
            raise Clash(f"{kind} has no source.", where=kind, mend="Name a dataset as its source first.")
        card = self._card(standard, told)
        require(by, Action.ADMIT, Resource("dataset", card.id, card.classification))
        progress(0.1)
        found = self._consolidated(standard, told, lambda share: progress(0.1 + 0.3 * share))
        if not len(found.records):
            raise BadInput(f"No row of the sources of {kind} can be resolved.", where=kind, mend="Mend their keys.")
        progress(0.4)
        alike = duplicates(kind, found.records, found.keys, self._plain(kind), most=_DUPLICATES_MAX)
        records = self._located(kind, found.records, lambda share: progress(0.5 + 0.3 * share))
        progress(0.8)
        release, counts = self._release(card, records, by)
        for each in told:
            self._mark_read(each.source.id, each.number)
        conflicts = self.docket.list_conflicts(kind, found.differences)
        cases = self.docket.list_duplicates(kind, alike)
        return Consolidated(kind, release, len(records), *counts, conflicts, cases, found.unresolved[:_TOLD_MAX])

    def _consolidated(self, standard: DataStandard, told: Sequence[Told], progress: Progress) -> Consolidation:
        kind = standard.id
        rules, merged, naming = self.rules(kind), self.docket.merged(kind), self._naming(kind)
        parse = self.places.gazetteer().parse
        plain = {ADDRESSED[kind]: lambda text: parse(text).canonical or plain_name(text)} if kind in ADDRESSED else {}
        undecided = consolidate(standard, told, Ruling(rules, merged), naming=naming, plain=plain, progress=progress)
        decided = self.docket.decided(kind, undecided.differences)
        return undecided.decided(decided) if decided else undecided

    def _naming(self, kind: str) -> Naming | None:
        """Return by what a row without a right key is known: firms by their name, addresses by their parts."""
        if kind == "legal_entity":
            return Naming("name", by_name)
        return Naming("full_address", _by_address(self.places.gazetteer())) if kind == ADDRESS else None

    def _plain(self, kind: str) -> dict[str, Plain]:
        """Return how texts are compared where two records may be one: addresses by their parts, homes by their room."""
        parse = self.places.gazetteer().parse
        if kind == ADDRESS:
            return {"full_address": lambda text: parse(text).canonical or plain_name(text)}
        if kind == "housing_unit":
            return {"address": lambda text: found.canonical if (found := parse(text)).room else ""}
        return {}

    def _located(self, kind: str, records: pa.Table, progress: Progress) -> pa.Table:
        """Return the records with the code of the standard address that theirs means, where they do not tell it."""
        element = ADDRESSED.get(kind)
        if element is None:
            return records
        codes = self.places.coded(records[element], progress)
        if ADDRESS_CODE in records.column_names:
            told = records[ADDRESS_CODE].combine_chunks()
            place = records.column_names.index(ADDRESS_CODE)
            return records.set_column(place, ADDRESS_CODE, pc.coalesce(told, codes))
        return records.append_column(ADDRESS_CODE, codes)

    def _told(self, source: Source, standard: DataStandard) -> Told:
        dataset = self._catalogue.dataset(source.id)
        release = dataset.release()
        relation = dataset.rows_of(release)
        there = {column.name for column in relation.columns}
        named = {each.id: source.columns.get(each.id, each.id) for each in standard.elements if each.type != "geometry"}
        chosen = {element: column for element, column in named.items() if column in there}
        if lacking := [name for name in source.columns.values() if name not in there]:
            raise BadInput(f"{source.id} has no column {lacking[0]!r}.", where=source.id, mend="Correct the source.")
        rows = relation.select(list(dict.fromkeys(chosen.values())))
        table = pa.table({element: rows[column] for element, column in chosen.items()})
        return Told(source, table, release.recorded, release.number)

    def _newest(self, dataset: str) -> int:
        """Return the number of the newest release of a dataset; 0 where there is none."""
        found = self._store.registry.extremes("release", of="dataset", by="number", where={"dataset": [dataset]})
        return int(found[0]["number"]) if found else 0

    def _read(self, dataset: str) -> int:
        return int((read_setting(self._store, f"{_READ}{dataset}") or {"release": 0})["release"])

    def _mark_read(self, dataset: str, release: int) -> None:
        write_setting(self._store, f"{_READ}{dataset}", {"release": release})

    def _card(self, standard: DataStandard, told: Sequence[Told]) -> Card:
        grades = [self._catalogue.dataset(each.source.id).card.classification for each in told]
        columns: dict[str, Any] = {
            each.id: {"zh": each.zh, "en": each.en, "type": each.type, "unit": each.unit}
            for each in standard.elements
            if each.type != "geometry"
        }
        if standard.id in ADDRESSED:
            columns.setdefault(ADDRESS_CODE, {"zh": "标准地址编码", "en": "address code", "type": "text"})
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

    def _release(self, card: Card, records: pa.Table, by: Subject) -> tuple[str, tuple[int, int, int]]:
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
                pq.write_table(records, path)
                admission = self._catalogue.add(path, name=path.name, card=card, by=by)
            release = admission.release or self._catalogue.dataset(card.id).release()
            return release.id, (release.rows, 0, 0)
        keys = pa.table({name: pc.cast(dataset.rows().select([name])[name], pa.string()) for name in card.key})
        gone = keys.join(records.select(list(card.key)), list(card.key), join_type="left anti")
        change = Change(records, gone if len(gone) else None)
        done = self._catalogue.amend(card.id, change, by=by, name=f"consolidation of {card.id}")
        return done.release.id, (done.inserted, done.updated, done.deleted)


def _by_address(gazetteer: Gazetteer) -> Callable[[Iterable[tuple[str, str]]], Callable[[str], Sequence[str]]]:
    """Return what finds the code of the address that a text means, among (code, text) pairs."""

    def known(pairs: Iterable[tuple[str, str]]) -> Callable[[str], Sequence[str]]:
        matcher = Matcher(gazetteer, dict(pairs))
        return lambda text: [found[0]] if (found := matcher.match(text)) else []

    return known


def _put(tx: Transaction, table: str, key: str, row: Mapping[str, Any]) -> None:
    if tx.get(table, key) is None:
        tx.insert(table, {"id": key, **row})
    else:
        tx.update(table, key, row)
