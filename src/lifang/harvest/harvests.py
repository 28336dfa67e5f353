"""Harvests: sources are added, and read as often as is wished; only what differs is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from lifang.catalogue import EXISTING, Card, Catalogue, short_name
from lifang.core import BadInput, Clock, Conflict, NotFound, Problem, Settings, check_slug
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.harvest import records
from lifang.harvest.cards import card_of, dataset_id_of
from lifang.harvest.model import KINDS, PRESENT, WITHDRAWN, Harvested, Remote, Report, Source, Trial
from lifang.harvest.portals import Portal
from lifang.harvest.settings import HarvestSettings
from lifang.outside import Fetcher, allowed_in, check_url
from lifang.store import Entry, Row, Store

Progress = Callable[[float, str], None]
_ID_MAX = 24
_EXAMPLES = 5
_DAYS_MAX = 366


class Harvests:
    """The portals that one city harvests."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, settings: Settings) -> None:
        self._store, self._catalogue, self._clock = store, catalogue, clock
        self._settings = HarvestSettings.from_table(settings.harvest)

    def sources(self) -> list[Source]:
        """Return every source with what came of its last harvest."""
        return records.sources(self._store.registry)

    def source(self, source_id: str) -> Source:
        """Return one source, or ``NotFound``."""
        return records.source_of(self._store.registry, source_id)

    def of(self, datasets: Iterable[str]) -> dict[str, Harvested]:
        """Return what is known of those of ``datasets`` that were harvested."""
        return records.harvested(self._store.registry, list(datasets))

    def add(
        self, url: str, *, by: Subject, kind: str = "auto", source_id: str = "", title: str = "",
        classification: Classification = Classification.OPEN, every_days: int = 0,
    ) -> Source:  # fmt: skip
        """Return the source at ``url``, a new one if there is none; ``BadInput`` or ``Denied`` for what is no address.

        ``classification`` is what its datasets are at least; what the portal itself restricts is not opened. It is
        read by itself ``every_days``, 0: only when asked. One that was removed is taken up again as it was.
        """
        require(by, Action.MANAGE, Resource("harvest"))
        host = self._host(url, kind)
        _check_days(every_days)
        for present in records.sources(self._store.registry, url=url, removed=True):
            if source_id in ("", present.id):
                taken_up = {"removed": None, "active": True, "every_days": every_days}
                return self._change(present, taken_up, by=by) if present.removed else present
        name = check_slug(source_id or self._free_id(host), what="source id")
        source = Source(name, url, kind, title.strip()[:200] or host, classification, by.id, self._clock.now(),
                        every_days=every_days)  # fmt: skip
        with self._store.registry.transaction() as tx:
            if tx.get("harvest_source", name):
                raise Conflict(f"There is a source {name} already.", where="id", mend="Choose another id.")
            records.insert_source(tx, source)
            detail = {"url": url, "kind": kind, "classification": classification.value}
            tx.record(Entry(by.id, "manage", f"harvest:{name}", detail=detail))
        return source

    def change(
        self, source_id: str, *, by: Subject, every_days: int | None = None, active: bool | None = None
    ) -> Source:
        """Return the source, which is read by itself ``every_days``, or is at rest where it is not ``active``."""
        require(by, Action.MANAGE, Resource("harvest", source_id))
        _check_days(every_days or 0)
        given = {"every_days": every_days, "active": active}
        changes = {name: value for name, value in given.items() if value is not None}
        return self._change(self.source(source_id), changes, by=by)

    def remove(self, source_id: str, *, by: Subject) -> None:
        """Have a source read no more: its datasets stay, and still say where they are from."""
        require(by, Action.MANAGE, Resource("harvest", source_id))
        self._change(self.source(source_id), {"removed": self._clock.now()}, by=by)

    def due(self, now: datetime) -> list[Source]:
        """Return the sources that are to be read by themselves by ``now``."""
        return [each for each in self.sources() if each.due is not None and each.due <= now]

    def tried(self, url: str, *, by: Subject, kind: str = "auto") -> Trial:
        """Return what the portal at ``url`` answers to a first question; nothing of it is kept.

        ``BadInput``, ``Denied`` or ``Unavailable`` as a harvest would be refused.
        """
        require(by, Action.MANAGE, Resource("harvest"))
        host = self._host(url, kind)
        with allowed_in("harvest"):
            source = Source("trial", url, kind, host, Classification.OPEN, by.id, self._clock.now())
            portal = Portal(source, Fetcher(self._settings.reach))
            pages = portal.pages()
            first = next(pages)
            more = portal.names is None and portal.kind == "dcat" and next(pages, None) is not None
        found = len(portal.names) if portal.names is not None else len(first.records) + len(first.refused)
        return Trial(portal.kind, found, not more, first.records[:_EXAMPLES], first.refused[:_EXAMPLES])

    def _host(self, url: str, kind: str) -> str:
        """Return the host of an address that may be asked; ``BadInput`` or ``Denied`` if it may not."""
        with allowed_in("harvest"):
            host = check_url(url, self._settings.ports).hostname or ""
        if kind not in KINDS:
            raise BadInput(f"{kind[:40]!r} is no kind of portal.", where="kind", mend=f"Use {', '.join(KINDS)}.")
        return host

    def _change(self, source: Source, changes: Mapping[str, Any], *, by: Subject) -> Source:
        with self._store.registry.transaction() as tx:
            changed = records.change_source(tx, source, changes)
            plain = {name: str(value) if isinstance(value, datetime) else value for name, value in changes.items()}
            tx.record(Entry(by.id, "manage", f"harvest:{source.id}", detail=plain))
        return changed

    def run(
        self, source_id: str, *, by: Subject, progress: Progress = lambda _share, _note: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Report:  # fmt: skip
        """Return what came of harvesting a source: new datasets are published (or reviewed first), others amended.

        Nothing is withdrawn unless the portal was read to its end. ``Conflict`` if it lists nothing any more.
        """
        require(by, Action.RUN, Resource("harvest", source_id))
        source = self.source(source_id)
        self._note(source, {"attempted": self._clock.now()})
        try:
            with allowed_in("harvest"):
                return self._run(source, by, progress, cancelled)
        except Problem as problem:
            self._note(source, {"trouble": {"detail": problem.what, "where": problem.where, "mend": problem.mend}})
            raise

    def _note(self, source: Source, changes: Mapping[str, Any]) -> None:
        with self._store.registry.transaction() as tx:
            records.change_source(tx, source, changes)

    def _run(self, source: Source, by: Subject, progress: Progress, cancelled: Callable[[], bool]) -> Report:
        portal = Portal(source, Fetcher(self._settings.reach, stopping=cancelled))
        report, known = Report(source.id, portal.kind), records.records_of(self._store.registry, source)
        seen: set[str] = set()
        for page in portal.pages():
            for identifier, why in page.refused:
                report.refuse(identifier, why)
            for remote in page.records:
                if cancelled():
                    raise Conflict("The harvest was stopped.", where=source.id, mend="Start it again when wanted.")
                if remote.identifier not in seen:
                    seen.add(remote.identifier)
                    self._take(remote, source, known.get(remote.identifier), report, by)
            if len(seen) > self._settings.datasets_max:
                raise BadInput(f"It lists more than {self._settings.datasets_max} datasets.", where=source.url[:300],
                               mend="Raise datasets_max in [harvest].")  # fmt: skip
            progress(min(0.95, len(seen) / max(1, len(portal.names or ()), len(known), len(seen) + 1)), f"{len(seen)}")
        listed = portal.names if portal.names is not None else frozenset(seen)
        report.found = len(listed)
        if not listed and not report.refused and not known:
            mend = "Give the address of a catalogue that does, and say its kind if it was not found right."
            raise BadInput("It lists no dataset.", where=source.url[:300], mend=mend)
        report.unchanged += sum(row["state"] == PRESENT for name, row in known.items() if name in listed - seen)
        self._withdraw([row for name, row in known.items() if name not in listed], listed, source, report, by)
        self._keep(source, portal, report, by)
        return report

    def _take(self, remote: Remote, source: Source, row: Row | None, report: Report, by: Subject) -> None:
        """Write one dataset if it is new or differs; what cannot be taken in is in the report, the others go on."""
        digest = remote.digest()
        if row and row["digest"] == digest and row["state"] == PRESENT:
            report.unchanged += 1
            return
        try:
            dataset_id = row["dataset"] if row else self._free_dataset_id(source, remote.identifier)
            card = card_of(remote, source, dataset_id, self._catalogue.themes, self._catalogue.eu_themes)
            if row is None:
                with self._store.registry.transaction() as tx:
                    row = records.begin_record(tx, source, remote.identifier, dataset_id, now=self._clock.now())
            is_new = self._write(card, by)
            with self._store.registry.transaction() as tx:
                records.settle_record(tx, row, digest=digest, modified=remote.modified, files=remote.files,
                                      now=self._clock.now())  # fmt: skip
        except Problem as problem:
            report.refuse(remote.identifier, str(problem))
            return
        report.added += is_new
        report.changed += not is_new

    def _write(self, card: Card, by: Subject) -> bool:
        """Return whether the dataset is new; a new one goes to its readers, or to review where the city reviews."""
        try:
            self._catalogue.dataset(card.id, states=EXISTING)
        except NotFound:
            self._catalogue.draft(card, by=by)
            moves = {move.id for move in self._catalogue.lifecycle.open_moves(card.id, by.id)}
            self._catalogue.lifecycle.move(card.id, "publish" if "publish" in moves else "submit", by=by)
            return True
        self._catalogue.set_card(card, by=by)
        return False

    def _withdraw(
        self, rows: list[Row], listed: frozenset[str] | set[str], source: Source, report: Report, by: Subject
    ) -> None:
        gone = [row for row in rows if row["state"] != WITHDRAWN]
        if gone and not listed:
            what = "The portal lists nothing any more; nothing was withdrawn."
            raise Conflict(what, where=source.url[:300], mend="Harvest again when it lists its datasets.")
        for row in gone:
            try:
                card = self._catalogue.dataset(row["dataset"], states=EXISTING).card
                told = f"{card.source_text}; withdrawn at source by {self._clock.now():%Y-%m-%d}"
                self._catalogue.set_card(replace(card, source_text=told), by=by)
            except Problem as problem:
                report.refuse(row["identifier"], str(problem))
                continue
            with self._store.registry.transaction() as tx:
                records.withdraw_record(tx, row, now=self._clock.now())
            report.withdrawn += 1

    def _keep(self, source: Source, portal: Portal, report: Report, by: Subject) -> None:
        cursor = portal.cursor if not report.refused else source.cursor
        with self._store.registry.transaction() as tx:
            records.keep_report(
                tx, source, kind=portal.kind, cursor=cursor, harvested=self._clock.now(), report=report.as_json()
            )
            counts = {name: value for name, value in report.as_json().items() if name != "reasons"}
            tx.record(Entry(by.id, "run", f"harvest:{source.id}", detail=counts))

    def _free_id(self, host: str) -> str:
        plain = short_name(host.removeprefix("www."))[:_ID_MAX].strip("-")
        name = plain if plain[:1].isalpha() else f"portal-{plain}".strip("-")
        taken = {each.id for each in records.sources(self._store.registry, removed=True)}
        return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 1000))) if each not in taken)

    def _free_dataset_id(self, source: Source, identifier: str) -> str:
        """Return an id for a new dataset; one that another dataset has gets the digest of the identifier."""
        plain = dataset_id_of(source, identifier)
        for name in (plain, f"{plain[:50].rstrip('-')}-{short_name(chr(0x7684) + identifier)[-8:]}"):
            if self._store.registry.get("dataset", name) is None:
                return name
        raise Conflict(
            f"There is a dataset {plain} already.", where=identifier[:200], mend="Give the source another id."
        )


def _check_days(every_days: int) -> None:
    if not 0 <= every_days <= _DAYS_MAX:
        raise BadInput(f"Every {every_days} days is no period.", where="every_days",
                       mend=f"Give 1 to {_DAYS_MAX} days, or 0: only when asked.")  # fmt: skip
