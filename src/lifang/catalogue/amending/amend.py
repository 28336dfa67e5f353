"""Amending: a new release made of the one before, with rows written and deleted by the card's key.

The order is that of an admission: check into scratch, write the refused cells, the change itself and the release, then
one registry transaction that makes it exist. A crash before that transaction leaves nothing that anyone can see.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from lifang.catalogue.amending.incoming import Incoming, check_incoming, whole_card
from lifang.catalogue.amending.merge import bounds_after, change_rows, merged
from lifang.catalogue.amending.model import METHODS, Amendment, Change
from lifang.catalogue.amending.plan import Plan, Planner
from lifang.catalogue.card import Card, themes_of
from lifang.catalogue.changes import Changes
from lifang.catalogue.checking import (
    REFUSED,
    Geometries,
    QualityReport,
    Sketches,
    count_hits,
    hash_column,
    ruled_as_released,
)
from lifang.catalogue.model import Release
from lifang.catalogue.publishing import geo_metadata, newest_release, record_release
from lifang.core import BadInput, Clock, Conflict, NotFound, Settings, disk_errors, zone
from lifang.guard import Subject
from lifang.standards import DataStandard
from lifang.store import Relation, ReleaseFile, Store


@dataclass(frozen=True)
class _Checked:
    upserts: Incoming | None
    deletes: Incoming | None
    unread: pa.Table

    @property
    def received(self) -> int:
        unread = len(self.unread["row"].unique())
        return unread + sum(each.received for each in (self.upserts, self.deletes) if each)

    def refused(self, plan: Plan) -> pa.Table:
        tables = [plan.refused, self.unread, *(each.refused for each in (self.upserts, self.deletes) if each)]
        return pa.concat_tables(tables).combine_chunks().sort_by("row")


class Amendments:
    """Amends the datasets of one city; ``lock`` is held by whoever publishes a release."""

    def __init__(self, store: Store, clock: Clock, settings: Settings, lock: threading.Lock, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._settings = settings
        self._lock = lock

    def amend(
        self,
        card: Card,
        change: Change,
        *,
        by: Subject,
        name: str,
        expected: int | None,
        standard: DataStandard | None = None,
    ) -> Amendment:
        """Return what became of ``change``; ``BadInput`` says why nothing of it could be taken."""
        _check_change(change)
        before = self._newest(card, expected)
        whole = whole_card(ruled_as_released(card, standard, before.columns) if standard else card, before)
        with disk_errors(self._store.folder):
            checked = self._check(whole, before, change)
            with self._lock:
                newest = self._newest(card, expected)
                if newest.columns != before.columns:
                    what = f"{card.id} got a release with other columns meanwhile."
                    raise Conflict(what, where=newest.id, mend="Read it and send the change again.")
                return self._carry_out(card, whole, newest, checked, change, by=by, name=name)

    def _newest(self, card: Card, expected: int | None) -> Release:
        newest = newest_release(self._store.registry, card.id)
        if newest is None:
            raise NotFound(f"{card.id} has no release to amend.", mend="Add a file first.")
        if expected not in (None, newest.number):
            what = f"{card.id} is at release {newest.number}, not {expected}."
            raise Conflict(what, where=newest.id, mend="Read it and send the change again.")
        return newest

    def _check(self, card: Card, release: Release, change: Change) -> _Checked:
        city_zone = zone(card.time_zone or self._settings.time_zone)
        extent = self._settings.box if card.geometry.extent == "city" else None
        folder = self._store.folder / "scratch"
        folder.mkdir(exist_ok=True)

        def check(table: pa.Table | None, file: str) -> Incoming | None:
            if table is None or not len(table):
                return None
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                path = Path(scratch) / file
                return check_incoming(table, card, release, zone=city_zone, extent=extent, scratch=path)

        deletes = change.deletes
        unread = REFUSED.empty_table() if change.refused is None else change.refused
        return _Checked(check(change.upserts, "upserts.arrow"), check(deletes, "deletes.arrow"), unread)

    def _carry_out(
        self, card: Card, whole: Card, before: Release, checked: _Checked, change: Change, *, by: Subject, name: str
    ) -> Amendment:
        base = self._store.lake.release(card.id, before.number)
        schema = pq.read_schema(base.path)
        plan = Planner(base, schema, whole).plan(checked.upserts, checked.deletes, change.method)
        refused = checked.refused(plan)
        if change.whole and refused.num_rows:
            raise _refused(refused, checked.received)
        if plan.is_empty:
            return _nothing_to_do(before, plan, refused, checked.received)
        number = before.number + 1
        lake = self._store.lake
        try:
            sketches, bounds, schema = Sketches(_names(schema)), *_geometry(base, schema, plan)
            rows = _stream(base, schema, plan, sketches)
            file = lake.write_release(card.id, number, rows, refused=refused, changes=change_rows(plan))
            kept = lake.changes(card.id, number).path
            with kept.open("rb") as stream:
                source = self._store.blobs.put(stream, max_bytes=kept.stat().st_size)
            report = _report(file.rows, _left_out(plan, checked.received), refused, sketches)
            provenance = {
                **before.provenance,
                "classification": card.classification.value,
                "by": by.id,
                "bounds": bounds,
                "source_bytes": source.bytes,
                "amended": {"from": before.number, **_counts(plan), "same": plan.same},
            }
            release = self._release(before, file, report, source.sha256, name, provenance)
            ends = {f"release:{before.id}": "amend", f"blob:{source.sha256}": "admit"}
            themes = themes_of(self._settings.themes)
            told = record_release(
                self._store, self._clock, card, release, themes=themes, made_from=ends, activity="amend"
            )
        except BaseException:
            lake.discard_release(card.id, number)
            raise
        self._changes.tell(told)
        return Amendment(card.id, release, **_counts(plan), same=plan.same, refused=release.refused, report=report)

    def _release(
        self,
        before: Release,
        file: ReleaseFile,
        report: QualityReport,
        source_sha256: str,
        name: str,
        provenance: dict[str, Any],
    ) -> Release:
        return Release(
            dataset=before.dataset,
            number=before.number + 1,
            recorded=self._clock.now(),
            rows=file.rows,
            refused=report.refused,
            bytes=file.bytes,
            sha256=file.sha256,
            source_sha256=source_sha256,
            source_name=name,
            columns=before.columns,
            quality=report,
            provenance=provenance,
        )


def _check_change(change: Change) -> None:
    if change.method not in METHODS:
        mend = f"Use one of {', '.join(METHODS)}."
        raise BadInput(f"{str(change.method)[:40]!r} is no way to amend.", where="method", mend=mend)
    if not any(table is not None and len(table) for table in (change.upserts, change.deletes)):
        raise BadInput("There is nothing to change.", mend="Send rows to write, or keys to delete.")


def _nothing_to_do(before: Release, plan: Plan, refused: pa.Table, received: int) -> Amendment:
    if refused.num_rows and not plan.same:
        raise _refused(refused, received)
    report = _report(0, _left_out(plan, received), refused, Sketches([]))
    return Amendment(before.dataset, before, 0, 0, 0, plan.same, report.refused, report)


def _refused(refused: pa.Table, received: int) -> BadInput:
    first = refused.slice(0, 1).to_pylist()[0]
    return BadInput(
        f"None of the {received} rows can be taken; the first breaks the rule {first['rule']!r}.",
        where=f"row {first['row']}, column {first['column']!r}, value {(first['value'] or '')[:80]!r}",
        mend=first["mend"],
    )


def _report(rows: int, left_out: int, refused: pa.Table, sketches: Sketches) -> QualityReport:
    return QualityReport(
        rows=rows + left_out,
        admitted=rows,
        refused=left_out,
        bad_cells=refused.num_rows,
        columns=sketches.columns(),
        hits=count_hits(refused),
    )


def _counts(plan: Plan) -> dict[str, int]:
    return {"inserted": len(plan.inserts), "updated": len(plan.updates), "deleted": len(plan.deletes)}


def _left_out(plan: Plan, received: int) -> int:
    """Return how many rows and keys of those received were refused."""
    return received - plan.same - sum(_counts(plan).values())


def _names(schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if not name.startswith("_")]


def _stream(base: Relation, schema: pa.Schema, plan: Plan, sketches: Sketches) -> pa.RecordBatchReader:
    def rows() -> Iterator[pa.RecordBatch]:
        for batch in merged(iter(base.batches()), schema, plan):
            if batch.num_rows:
                hashes = {name: hash_column(batch.column(name)) for name in _names(schema)}
                sketches.add_hashes(hashes, slice(None))
                sketches.add_rows(batch)
                yield batch

    return pa.RecordBatchReader.from_batches(schema, rows())


def _geometry(base: Relation, schema: pa.Schema, plan: Plan) -> tuple[list[float], pa.Schema]:
    """Return the bounds of the amended rows, and the schema that tells of them."""
    if "geometry" not in schema.names:
        return [], schema
    bounds = bounds_after(base.select(["_xmin", "_ymin", "_xmax", "_ymax"]), plan)
    told = orjson.loads((schema.metadata or {}).get(b"geo", b"{}")).get("columns", {}).get("geometry", {})
    kinds = set(told.get("geometry_types", []))
    for rows in (plan.inserts, plan.updates):
        shapes = Geometries.from_wkb(rows["geometry"])
        kinds |= shapes.kinds(~shapes.missing)
    return bounds, schema.with_metadata(geo_metadata(sorted(kinds), bounds))
