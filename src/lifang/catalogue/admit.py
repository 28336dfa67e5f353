"""Admission: from a file as received to an immutable release.

Order: fingerprint, recognise, read, check (into scratch), keep the original, write the refused cells, write the
release, then one registry transaction (dataset, release, lineage, ledger) that makes it exist. A crash before that
transaction leaves nothing that anyone can see; the next admission takes the same number again.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from lifang.catalogue.card import Card, themes_of
from lifang.catalogue.changes import Changes
from lifang.catalogue.checking import (
    Checked,
    Checker,
    QualityReport,
    Schema,
    beyond_degrees,
    bind,
    conform,
    count_hits,
    described,
    guess_crs,
    position_fit,
    raw_bounds,
)
from lifang.catalogue.lifecycle import LifeState
from lifang.catalogue.model import Admission, Release
from lifang.catalogue.publishing import geo_metadata, newest_release, record_release
from lifang.catalogue.reading import Hints, Limits, Opened, open_source
from lifang.catalogue.spool import Spool
from lifang.core import BadInput, Clock, Conflict, Settings, TooLarge, Unavailable, check_crs, zone
from lifang.guard import Subject
from lifang.standards import DataStandard
from lifang.store import ReleaseFile, Store

Progress = Callable[[float, str], None]
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CHECKERS = 2  # threads; Arrow and NumPy work outside the interpreter's lock
_DEGREES = frozenset({"", "EPSG:4326", "EPSG:4490", "GCJ-02"})


@dataclass(frozen=True)
class Request:
    """One admission asked for: which file, by whom, the standard of its card, how to tell of progress and to stop."""

    source: Path
    name: str
    card: Card
    by: Subject
    standard: DataStandard | None = None
    first_state: LifeState = LifeState.PUBLISHED
    roads: Callable[[], Any] = lambda: None
    progress: Progress = lambda _share, _stage: None
    cancelled: Callable[[], bool] = lambda: False

    def poll(self) -> None:
        """Raise ``Conflict`` once the admission is to stop."""
        if self.cancelled():
            raise Conflict("The admission was cancelled.", where=self.name, mend="Start it again when wanted.")


@dataclass(frozen=True)
class _Read:
    """What checking a file came to."""

    opened: Opened
    card: Card
    schema: Schema
    arrow: pa.Schema
    crs: str
    spool: Spool
    good: Any
    refused: pa.Table
    notes: tuple[str, ...]


class Admissions:
    """Admits files into the stores of one city; one release is published at a time."""

    def __init__(self, store: Store, clock: Clock, settings: Settings, changes: Changes) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._settings = settings
        self.lock = threading.Lock()  # whoever publishes holds it
        self._scratch = store.folder / "scratch"
        shutil.rmtree(self._scratch, ignore_errors=True)  # what a killed process left

    def admit(self, request: Request, *, latest: Release | None) -> Admission:
        """Return what became of the file; ``BadInput`` says why nothing of it could be admitted.

        ``Unavailable`` if the disk is full; nothing is left of the file then.
        """
        fingerprint, size = _fingerprint(request, bound=self._settings.upload_max_bytes)
        if latest and _same(latest, fingerprint, request.card):
            return Admission(latest.dataset, latest, latest.quality.rows, latest.refused, True, latest.quality)
        try:
            self._scratch.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
                read = self._read(request, Path(scratch), size)
                request.progress(0.6, "write")
                with self.lock:
                    return self._publish(request, read, fingerprint)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            what = "The disk is full: the file cannot be read and kept."
            mend = "Free several times the file's size on the disk of the city's folder and send it again."
            raise Unavailable(what, where=request.name, mend=mend) from error

    def _read(self, request: Request, scratch: Path, size: int) -> _Read:
        limits = Limits(expanded=self._settings.upload_expanded_max_bytes)
        hints = Hints(**{each.name: getattr(request.card, each.name) for each in fields(Hints)})
        opened = open_source(
            request.source, name=request.name, scratch=scratch, hints=hints, limits=limits, poll=request.poll
        )
        city_zone = zone(request.card.time_zone or self._settings.time_zone)
        card, standard_notes = _conformed(request, opened)
        schema = bind(card, opened, zone=city_zone)
        crs, crs_notes = self._crs(card, opened, schema)
        extent = self._settings.box if card.geometry.extent == "city" else None
        checker = Checker(schema, card, crs=crs, extent=extent)
        arrow = checker.arrow_schema
        spool = Spool(scratch / "spool.arrow", checker, card, names=arrow.names)
        done = 0
        with closing(spool), closing(checked_batches(checker, opened)) as batches:
            for checked in batches:
                request.poll()
                spool.add(checked)
                done += checked.received
                request.progress(0.6 * done / (done + size), "check")
            good, refused = spool.settle()
        if not good.any():
            raise _nothing_admitted(refused, spool.rows)
        notes = (*standard_notes, *schema.notes, *crs_notes, *_position_notes(request, spool, crs))
        return _Read(opened, card, schema, arrow, crs, spool, good, refused, notes)

    def _crs(self, card: Card, opened: Opened, schema: Schema) -> tuple[str, tuple[str, ...]]:
        if schema.placing is None:
            return "", ()
        declared = check_crs(card.crs) if card.crs else ""
        if declared:
            differs = opened.crs and opened.crs != declared
            return declared, (
                f"The card says {declared}, the file {opened.crs[:60]}; the card is followed.",
            ) if differs else ()
        if opened.crs:
            return opened.crs, ()
        for batch in opened.batches():
            if len(batch.rows):
                bounds = raw_bounds(batch, schema.placing)
                if beyond_degrees(bounds):
                    guess = guess_crs(bounds, self._settings.box)
                    return guess, (f"No crs is declared; the positions fit the city as {guess}.",)
                break
        return "EPSG:4326", ("No crs is declared; degrees are taken as WGS 84.",)

    def _publish(self, request: Request, read: _Read, fingerprint: str) -> Admission:
        card, store = request.card, self._store
        with request.source.open("rb") as stream:
            blob = store.blobs.put(stream, max_bytes=self._settings.upload_max_bytes)
        if blob.sha256 != fingerprint:
            raise Conflict("The file changed while it was read.", where=request.name, mend="Add it again.")
        newest = newest_release(store.registry, card.id)
        number = newest.number + 1 if newest else 1
        try:
            request.progress(0.65, "write")
            schema = read.arrow
            if read.schema.placing:
                schema = schema.with_metadata(geo_metadata(read.spool.geometry_types, read.spool.bounds))
            rows = read.spool.admitted(read.good, schema)
            file = store.lake.write_release(card.id, number, rows, refused=read.refused)
            request.progress(0.95, "register")
            release = self._release(request, read, file, number=number, fingerprint=fingerprint, size=blob.bytes)
            made_from = {f"blob:{release.source_sha256}": "admit"}
            themes = themes_of(self._settings.themes)
            change = record_release(
                store,
                self._clock,
                card,
                release,
                themes=themes,
                made_from=made_from,
                activity="admit",
                first_state=request.first_state,
            )
        except BaseException:
            store.lake.discard_release(card.id, number)
            raise
        self._changes.tell(change)
        request.progress(1.0, "done")
        return Admission(card.id, release, release.quality.rows, release.refused, False, release.quality)

    def _release(
        self, request: Request, read: _Read, file: ReleaseFile, *, number: int, fingerprint: str, size: int
    ) -> Release:
        admitted = int(read.good.sum())
        report = QualityReport(
            rows=read.spool.rows,
            admitted=admitted,
            refused=read.spool.rows - admitted,
            bad_cells=read.refused.num_rows,
            columns=read.spool.sketches.columns(),
            hits=count_hits(read.refused),
            notes=read.notes,
        )
        columns = [described(column, read.arrow.field(column.name).type) for column in read.schema.declared]
        if read.schema.placing:
            place = read.card.geometry
            columns.append({"name": "geometry", "zh": place.zh, "en": place.en, "type": "geometry", "unit": "",
                            "code_list": "", "arrow": "binary"})  # fmt: skip
        provenance = {
            "card_sha256": request.card.digest(),
            "classification": request.card.classification.value,
            "standard": request.card.standard,
            "format": read.opened.format,
            "encoding": read.opened.encoding,
            "delimiter": read.opened.delimiter,
            "crs": read.crs,
            "source_bytes": size,
            "source_url": request.card.source_url,
            "by": request.by.id,
            "bounds": read.spool.bounds,
        }
        return Release(
            dataset=request.card.id,
            number=number,
            recorded=self._clock.now(),
            rows=admitted,
            refused=report.refused,
            bytes=file.bytes,
            sha256=file.sha256,
            source_sha256=fingerprint,
            source_name=request.name,
            columns=tuple(columns),
            quality=report,
            provenance=provenance,
        )


def _conformed(request: Request, opened: Opened) -> tuple[Card, tuple[str, ...]]:
    """Return the card with the rules of its standard, if it names one, and what was noticed."""
    if request.standard is None:
        return request.card, ()
    found = conform(request.card, request.standard, opened)
    return found.card, found.notes


def checked_batches(checker: Checker, opened: Opened) -> Generator[Checked, None, None]:
    """Yield the batches of a file, checked, in their order: some are checked while the next one is read."""
    waiting: deque[Future[Checked]] = deque()
    with ThreadPoolExecutor(_CHECKERS, "check") as pool:
        for batch in opened.batches():
            waiting.append(pool.submit(checker.check, batch))
            if len(waiting) > _CHECKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _fingerprint(request: Request, *, bound: int) -> tuple[str, int]:
    """Return SHA-256 (hex) and size of the file; ``TooLarge`` beyond ``bound`` before it is read through."""
    source = request.source
    if not source.is_file():
        raise BadInput("There is no such file.", where=request.name, mend="Give the path of a file.")
    if source.stat().st_size > bound:
        raise TooLarge(
            f"The file is larger than {bound} bytes.", where=request.name, mend="Send it in parts, or packed."
        )
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), source.stat().st_size


def _same(latest: Release, fingerprint: str, card: Card) -> bool:
    return latest.source_sha256 == fingerprint and latest.provenance.get("card_sha256") == card.digest()


def _nothing_admitted(refused: pa.Table, rows: int) -> BadInput:
    if not refused.num_rows:
        return BadInput("There is no row with a value.", mend="Send at least one filled row.")
    first = refused.slice(0, 1).to_pylist()[0]
    column = f", column {first['column']!r}" if first["column"] else ""
    value = f", value {first['value'][:80]!r}" if first["value"] else ""
    return BadInput(
        f"None of the {rows} rows can be admitted; the first breaks the rule {first['rule']!r}.",
        where=f"row {first['row']}{column}{value}",
        mend=first["mend"],
    )


def _position_notes(request: Request, spool: Spool, crs: str) -> tuple[str, ...]:
    """Return what the comparison with the city's roads says; ``BadInput`` if the file's crs seems wrong."""
    if crs not in _DEGREES or not len(spool.positions) or (roads := request.roads()) is None:
        return ()
    lon, lat = spool.positions.T
    fit = position_fit(lon, lat, roads, crs=crs)
    if fit is None:
        return ()
    if fit.suspicious and not request.card.geometry.crs_confirmed:
        raise BadInput(
            f"The coordinate system seems to be {fit.other}, not {crs or 'WGS 84'}: {fit}",
            where="crs",
            mend=f'Set crs = "{fit.other}" in the card; if it is right as it is, crs_confirmed = true in [geometry].',
        )
    return (f"Confirmed by a person although {fit}" if fit.suspicious else str(fit),)
