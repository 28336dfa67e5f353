"""The one record of each, of one kind: brought up to date with the sources, or redone where a person decided."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lifang.catalogue import Card, Catalogue, Change, Dataset, Release
from lifang.core import BadInput, NotFound, from_micros, to_micros
from lifang.core import Conflict as Clash
from lifang.guard import Action, Resource, Subject, require, strictest
from lifang.masterdata.addresses import Gazetteer, Matcher
from lifang.masterdata.consolidating import Consolidation, Naming, Ruling, consolidate, key_of
from lifang.masterdata.docket import Docket
from lifang.masterdata.duplicates import alike_as, duplicates, shared, touched
from lifang.masterdata.memory import ALIKE, Basis, Memory
from lifang.masterdata.model import ADDRESS, ADDRESS_CODE, ADDRESSED, Source, dataset_of, kind_of
from lifang.masterdata.names import Plain, one_by_one, plain_name, plain_names
from lifang.masterdata.places import Places
from lifang.masterdata.sayings import Sayings
from lifang.masterdata.since import Names, Since, Touched, meant
from lifang.store import Store

_TOLD_MAX = 1_000  # unresolved rows that one consolidation tells
_DUPLICATES_MAX = 10_000  # cases of duplicates that one consolidation lists
Progress = Callable[[float], None]
Counts = tuple[int, int, int]


@dataclass(frozen=True)
class Consolidated:
    """What a consolidation came to: records in the release, conflicts and duplicates that are open, unresolved rows.

    ``sources`` are the releases that it was made of.
    """

    kind: str
    release: str
    sources: Sequence[str]
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


class Golden:
    """The one record of each of a kind, as its sources and rules are now."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        docket: Docket,
        places: Places,
        kind: str,
        *,
        sources: Sequence[Source],
        rules: Mapping[str, Sequence[str]],
        began: datetime,
        anew: bool = False,
    ) -> None:
        """``Conflict`` without any source. ``anew`` has nothing taken over from the last consolidation."""
        if not sources:
            raise Clash(f"{kind} has no source.", where=kind, mend="Name a dataset as its source first.")
        self._store, self._catalogue, self._docket, self._places = store, catalogue, docket, places
        self.kind, self._standard = kind, kind_of(kind)
        self._sayings = Sayings(catalogue, self._standard)
        self._memory = Memory(store.folder, kind)
        self._ruling = Ruling(rules, docket.merged(kind))
        self.told = [(source, self._newest(source)) for source in sources]
        self._card = self._make_card()
        self._parse = places.gazetteer().parse
        self._state = places.state(kind)
        self._began, self._anew = began, anew

    def _newest(self, source: Source) -> Release:
        try:
            return self._sayings.newest(source)
        except NotFound:
            mend = "Publish or restore it, or take it away: lifang master remove-source."
            raise Clash(
                f"The source {source.id} is not in use, or has no release.", where=self.kind, mend=mend
            ) from None

    @property
    def resource(self) -> Resource:
        """What is written, as the guard knows it."""
        return Resource("dataset", self._card.id, self._card.classification)

    def up_to_date(self, *, by: Subject, progress: Progress) -> Consolidated:
        """Return what the sources come to: only what changed since the last time is done again, where that is known."""
        require(by, Action.ADMIT, self.resource)
        progress(0.1)
        basis = self._comparable()
        if basis is not None:
            decided = self._docket.decided_since(self.kind, from_micros(basis.began))
            since = Since(self._sayings, self.told, self._ruling, self._naming(), basis, by_name=self.kind != ADDRESS)
            work = since.touched(decided)
            if work is not None and not work.keys and self._basis({}).sources == basis.sources:
                return self._as_before(basis)
            if work is not None:
                made_of = self._basis(work.names, alike=basis.alike)
                if done := self._partly(work, made_of, by, progress):
                    return done
        return self._wholly(by, progress)

    def _of(self) -> list[str]:
        return [release.id for _, release in self.told]

    def _as_before(self, basis: Basis) -> Consolidated:
        """Return what the last consolidation came to, since nothing changed."""
        release = self._catalogue.dataset(self._card.id).release()
        waiting = (self._docket.open_conflicts(self.kind), self._docket.open_duplicates(self.kind))
        return Consolidated(self.kind, release.id, self._of(), release.rows, 0, 0, 0, *waiting, basis.unresolved)

    def redone(self, keys: Collection[str], *, by: Subject) -> None:
        """Have a decision on the records of ``keys`` show, by what the sources said at the last consolidation."""
        basis = self._comparable()
        if basis is None or not self._as_it_was(basis, keys, by):
            self.up_to_date(by=by, progress=lambda _share: None)

    def _as_it_was(self, basis: Basis, keys: Collection[str], by: Subject) -> bool:
        """Return whether the records of ``keys`` could be done again, alone, by what was said at the consolidation."""
        pairs = zip(self.told, basis.sources, strict=True)
        try:
            told = [(source, self._sayings.release(source, number)) for (source, _), (_, number, *_) in pairs]
        except NotFound:  # what was said then is not kept any more
            return False
        since = Since(self._sayings, told, self._ruling, self._naming(), basis, by_name=self.kind != ADDRESS)
        work = since.touched(keys)
        if work is None:
            return False
        before, self.told = self.told, told
        try:
            done = self._partly(work, replace(basis, merged=self._ruling.merged), by, lambda _share: None)
        finally:
            self.told = before
        return done is not None

    def _comparable(self) -> Basis | None:
        """Return what the last consolidation was made of, where the next one may differ by single records only."""
        basis, dataset = self._memory.basis(), self._dataset()
        if self._anew or basis is None or dataset is None or dataset.card.digest() != self._card.digest():
            return None
        now = self._basis({})
        mine = [[each[0], *each[2:]] for each in now.sources]
        alike = (
            basis.release == dataset.release().id,
            mine == [[each[0], *each[2:]] for each in basis.sources],
            {name: list(each) for name, each in now.rules.items()} == basis.rules,
            basis.places == self._state,
        )
        return basis if all(alike) else None

    def _basis(self, names: Names, *, alike: int = 0) -> Basis:
        sources = [
            [source.id, release.number, source.organisation, dict(source.columns)] for source, release in self.told
        ]
        return Basis("", to_micros(self._began), sources, self._ruling.rules, self._ruling.merged, self._state, names,
                     alike=alike)  # fmt: skip

    def _wholly(self, by: Subject, progress: Progress) -> Consolidated:
        naming = self._naming()
        names: dict[str, list[str]] = {}
        if naming and self.kind != ADDRESS:
            naming = _remembering(naming, names)
        told = [self._sayings.whole(*each) for each in self.told]
        undecided = consolidate(
            self._standard, told, self._ruling, naming=naming, plain=self._compared_as(),
            progress=lambda share: progress(0.1 + 0.3 * share),
        )  # fmt: skip
        found = self._with_decisions(undecided)
        if not len(found.records):
            raise BadInput(f"No row of the sources of {self.kind} can be resolved.", where=self.kind,
                           mend="Mend their keys.")  # fmt: skip
        progress(0.4)
        plain = self._told_apart_by()
        alike = pa.table(
            [pa.array(found.keys, pa.string()), alike_as(self.kind, found.records, plain)], ["key", "alike"]
        )
        rows = shared(alike["alike"].combine_chunks())
        keys = [found.keys[row] for row in rows.tolist()]
        cases = duplicates(self.kind, found.records.take(pa.array(rows)), keys, plain, most=_DUPLICATES_MAX)
        records = self._located(found.records, lambda share: progress(0.5 + 0.3 * share))
        progress(0.8)
        release, counts = self._released(records, by)
        told_of = found.unresolved[:_TOLD_MAX]
        before = self._memory.basis()
        made_of = replace(
            self._basis(names), release=release.id, unresolved=told_of, alike=before.alike if before else 0
        )
        self._memory.keep(made_of, alike)
        conflicts = self._docket.list_conflicts(self.kind, found.differences)
        open_cases = self._docket.list_duplicates(self.kind, cases)
        return Consolidated(self.kind, release.id, self._of(), len(records), *counts, conflicts, open_cases, told_of)

    def _partly(self, work: Touched, basis: Basis, by: Subject, progress: Progress) -> Consolidated | None:
        """Return what came of doing some records again; ``None`` if none at all are left."""
        told = [self._sayings.of(*each, work.read) for each in self.told]
        names = work.names

        def known(_keys: pa.Array, _texts: pa.Array, asked: pa.Array) -> list[Sequence[str]]:
            return [names.get(name, ()) if name else () for name in plain_names(asked).to_pylist()]

        naming = self._naming()
        undecided = consolidate(
            self._standard, told, self._ruling, naming=naming and Naming(naming.element, known),
            plain=self._compared_as(), only=work.keys,
            progress=lambda share: progress(0.1 + 0.3 * share),
        )  # fmt: skip
        found = self._with_decisions(undecided)
        records = self._located(found.records, lambda share: progress(0.5 + 0.3 * share))
        progress(0.8)
        amended = self._amended(records, work.keys.difference(found.keys), by)
        if amended is None:
            return None
        release, counts = amended
        conflicts = self._docket.list_conflicts(self.kind, found.differences, among=work.keys)
        told_of = found.unresolved[:_TOLD_MAX]
        made_of = replace(basis, release=release.id, unresolved=told_of)
        cases = self._alike_again(made_of, release, found, work.keys)
        return Consolidated(self.kind, release.id, self._of(), release.rows, *counts, conflicts, cases, told_of)

    def _alike_again(self, basis: Basis, release: Release, found: Consolidation, keys: set[str]) -> int:
        """Return how many cases of duplicates are open, after what is alike to records done again was compared."""
        plain, old = self._told_apart_by(), self._memory.alike(basis)
        gone = pc.is_in(old["key"], pa.array(keys, pa.string()))
        texts = alike_as(self.kind, found.records, plain)
        fresh = pa.table({"key": found.keys, "alike": texts}, schema=ALIKE)
        if old.filter(gone).sort_by("key").equals(fresh.sort_by("key")):
            self._memory.keep(basis, None)
            return self._docket.open_duplicates(self.kind)
        now = pa.concat_tables([old.filter(pc.invert(gone)), fresh]).combine_chunks()
        asked = pa.chunked_array([*old.filter(gone)["alike"].chunks, texts], pa.string()).unique().drop_null()
        among = now.filter(pc.fill_null(pc.is_in(now["alike"], asked), False)).combine_chunks()
        several = among["key"].take(pa.array(shared(pc.cast(among["alike"], pa.string()).combine_chunks())))
        cases = []
        if len(several):
            mine = Source(self._card.id, self.kind, "", {})
            rows = self._sayings.of(mine, release, several.to_pylist()).rows
            texts_of = pa.table({name: pc.cast(rows[name], pa.string()) for name in rows.column_names})
            listed = self._sayings.keys(rows).to_pylist()
            cases = duplicates(self.kind, texts_of, listed, plain, most=_DUPLICATES_MAX)
        self._memory.keep(basis, now)
        return self._docket.list_duplicates(self.kind, cases, among=touched(cases, [*keys, *among["key"].to_pylist()]))

    def _with_decisions(self, undecided: Consolidation) -> Consolidation:
        decided = self._docket.decided(self.kind, undecided.differences)
        return undecided.decided(decided) if decided else undecided

    def _naming(self) -> Naming | None:
        """Return by what a row without a right key is known: firms by their name, addresses by their parts."""
        if self.kind == "legal_entity":
            return Naming("name", _by_name)
        return Naming("full_address", _by_address(self._places.gazetteer())) if self.kind == ADDRESS else None

    def _compared_as(self) -> dict[str, Plain]:
        """Return how what bureaus say of an element is compared, where not as names are."""
        parse = self._parse
        element = ADDRESSED.get(self.kind)
        return {element: one_by_one(lambda text: parse(text).canonical or plain_name(text))} if element else {}

    def _told_apart_by(self) -> dict[str, Plain]:
        """Return how texts are compared where two records may be one: addresses by their parts, homes by their room."""
        parse = self._parse
        if self.kind == ADDRESS:
            return {"full_address": one_by_one(lambda text: parse(text).canonical or plain_name(text))}
        if self.kind == "housing_unit":
            return {"address": one_by_one(lambda text: found.canonical if (found := parse(text)).room else "")}
        return {}

    def _located(self, records: pa.Table, progress: Progress) -> pa.Table:
        """Return the records with the code of the standard address that theirs means, where they do not tell it."""
        element = ADDRESSED.get(self.kind)
        if element is None:
            return records
        codes = self._places.coded(records[element], progress)
        if ADDRESS_CODE in records.column_names:
            told = records[ADDRESS_CODE].combine_chunks()
            place = records.column_names.index(ADDRESS_CODE)
            return records.set_column(place, ADDRESS_CODE, pc.coalesce(told, codes))
        return records.append_column(ADDRESS_CODE, codes)

    def _make_card(self) -> Card:
        standard = self._standard
        grades = [self._catalogue.dataset(source.id).card.classification for source, _ in self.told]
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

    def _dataset(self) -> Dataset | None:
        try:
            dataset = self._catalogue.dataset(self._card.id)
            dataset.release()
        except NotFound:
            return None
        return dataset

    def _released(self, records: pa.Table, by: Subject) -> tuple[Release, Counts]:
        """Return the release that holds these records and no others, and how many came, changed and went.

        What is made anew is no amendment: that would tell of the records that are gone.
        """
        dataset, card = self._dataset(), self._card
        if self._anew or dataset is None or dataset.card.digest() != card.digest():
            folder = self._store.folder / "scratch"
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                path = Path(scratch) / f"{card.id}.parquet"
                pq.write_table(records, path)
                admission = self._catalogue.add(path, name=path.name, card=card, by=by)
            release = admission.release or self._catalogue.dataset(card.id).release()
            return release, (release.rows, 0, 0)
        keys = pa.table({name: pc.cast(dataset.rows().select([name])[name], pa.string()) for name in card.key})
        gone = keys.join(records.select(list(card.key)), list(card.key), join_type="left anti")
        return self._changed(Change(records, gone if len(gone) else None), by)

    def _amended(self, records: pa.Table, gone: Collection[str], by: Subject) -> tuple[Release, Counts] | None:
        """Return the release after ``records`` were done again and ``gone`` are not told of any more.

        ``None`` where that cannot be said of these records alone: none are left, or none of them can be taken.
        """
        before = self._catalogue.dataset(self._card.id).release()
        left: pa.Table | None = None
        if gone:
            rows = self._sayings.of(Source(self._card.id, self.kind, "", {}), before, gone).rows
            keys = {name: pc.cast(rows[name], pa.string()) for name in self._card.key}
            left = pa.table(keys) if len(rows) else None
        if left is not None and not len(records) and len(left) == before.rows:
            return None
        if left is None and not len(records):
            return before, (0, 0, 0)
        try:
            return self._changed(Change(records, left), by)
        except BadInput:
            return None

    def _changed(self, change: Change, by: Subject) -> tuple[Release, Counts]:
        done = self._catalogue.amend(self._card.id, change, by=by, name=f"consolidation of {self._card.id}")
        return done.release, (done.inserted, done.updated, done.deleted)


def _by_name(keys: pa.Array, texts: pa.Array, asked: pa.Array) -> list[Sequence[str]]:
    """Return the keys of the records that have a name, for each that is asked."""
    found = meant(keys, texts, asked)
    return [found[name] if name else () for name in plain_names(asked).to_pylist()]


def _remembering(naming: Naming, names: dict[str, list[str]]) -> Naming:
    """Return the same naming, which adds what it finds to ``names``."""

    def known(keys: pa.Array, texts: pa.Array, asked: pa.Array) -> Sequence[Collection[str]]:
        found = naming.meant(keys, texts, asked)
        plain = plain_names(asked).to_pylist()
        names.update({name: sorted(each) for name, each in zip(plain, found, strict=True) if name is not None})
        return found

    return Naming(naming.element, known)


def _by_address(gazetteer: Gazetteer) -> Callable[[pa.Array, pa.Array, pa.Array], list[Sequence[str]]]:
    """Return what finds the code of the address that a text means, among codes and their texts."""

    def known(keys: pa.Array, texts: pa.Array, asked: pa.Array) -> list[Sequence[str]]:
        pairs: Iterable[tuple[str, str | None]] = zip(keys.to_pylist(), texts.to_pylist(), strict=True)
        matcher = Matcher(gazetteer, {key: text for key, text in pairs if text})
        return [[found[0]] if text and (found := matcher.match(text)) else () for text in asked.to_pylist()]

    return known
