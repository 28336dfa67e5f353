"""The face of the catalogue: add files, find datasets, read their releases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely

from lifang.catalogue.admit import Admissions, Request
from lifang.catalogue.amending import Amendment, Amendments, Change
from lifang.catalogue.card import Bilingual, Card, eu_themes_of, themes_of
from lifang.catalogue.changes import CatalogueChange, Changes
from lifang.catalogue.checking import clean_name
from lifang.catalogue.codes import codes_of, give_missing_codes
from lifang.catalogue.data_standards import DataStandards, standard_of
from lifang.catalogue.dataset import Dataset, Means
from lifang.catalogue.drafts import check_open, put_card
from lifang.catalogue.features import ReadyKeeper
from lifang.catalogue.finder import Counts, Finder, Hits, Shelved
from lifang.catalogue.handles import Handles
from lifang.catalogue.lifecycle import (
    EXISTING,
    IN_USE,
    OPEN_TO_RELEASES,
    LifeCycle,
    LifeState,
    standing_of,
)
from lifang.catalogue.lineage import insert_once, link_row, walk
from lifang.catalogue.looking import Look, as_change, look, opened_apart
from lifang.catalogue.model import Admission, Link, Release
from lifang.catalogue.newest import NewestReleases
from lifang.catalogue.offered_files import OfferedFiles
from lifang.catalogue.publishing import newest_release
from lifang.catalogue.quality import Issues, QualityRuns, Run
from lifang.catalogue.reading import Opened
from lifang.catalogue.retention import later, retention_of
from lifang.catalogue.search import Search, readable_to, visible_to
from lifang.catalogue.sharing import Agreements, Assessments, Meter
from lifang.core import Clock, NotFound, Settings, zone
from lifang.guard import SYSTEM, Action, Classification, Resource, Subject, decide, require
from lifang.standards import WorkingCalendar
from lifang.store import Row, Store

_ID_MAX = 64
_AT_ONCE = 500  # datasets whose releases are asked for together
ROADS = "roads"  # the dataset whose lines positions are compared with


class Catalogue:
    """The datasets of one city."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self.standards = DataStandards(store, clock)
        self._settings, self._zone = settings, zone(settings.time_zone)
        calendar = WorkingCalendar(self._zone, chinese=bool(settings.area_code))
        self.changes = Changes(store.registry)
        self._admissions = Admissions(store, clock, settings, self.changes)
        self.themes, self.eu_themes = themes_of(settings.themes), eu_themes_of(settings.themes)
        give_missing_codes(store.registry, self.themes)
        self._amendments = Amendments(store, clock, settings, self._admissions.lock, self.changes)
        self.lifecycle = LifeCycle(
            store, clock, self.changes, reviewed=settings.review_required, publishing=self._admissions.lock
        )
        self.sharing, self.assessments = Agreements(store, clock, calendar), Assessments(store, clock)
        self.meter = Meter(store, clock)
        keeper, newest = ReadyKeeper(store.folder / "features"), NewestReleases(store.registry)
        self._means = Means(store, newest, self.themes, keeper, calendar, self.sharing, self.meter)
        self._handles = Handles(self._means)
        self.quality = QualityRuns(store, clock, settings, calendar, self.dataset)
        self.issues, self.files = Issues(store, clock), OfferedFiles(store, clock)
        self._finder = Finder(store, self._handles, self.themes)
        self.changes.on_change(self._take_in)
        self.lifecycle.destructions.on_removal(self._remove)
        self.lifecycle.destructions.needed_by(self.standards.needing)

    def add(
        self,
        source: Path,
        *,
        name: str | None = None,
        card: Card | None = None,
        by: Subject,
        progress: Callable[[float, str], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Admission:
        """Return what became of the file at ``source``, called ``name`` by its sender.

        Without a card the dataset is named after the file, its types are found by looking, and it is shared among
        staff, not open. The same bytes with the same card change nothing. ``BadInput``: nothing was admitted and why.
        """
        called = Path(name or source.name).name
        known = card or self._card_for(called)
        require(by, Action.ADMIT, Resource("dataset", known.id, known.classification))
        present = self._store.registry.get("dataset", known.id)
        if present:
            require(by, Action.ADMIT, Resource("dataset", known.id, Classification(present["classification"])))
            check_open(standing_of(self._store.registry, known.id), known.id)
        request = Request(
            Path(source),
            called,
            known,
            by,
            standard=standard_of(self.standards, known),
            first_state=LifeState.DRAFT if self._settings.review_required else LifeState.PUBLISHED,
            roads=lambda: self._roads(known.id),
            progress=progress or (lambda _share, _stage: None),
            cancelled=cancelled or (lambda: False),
        )
        return self._admissions.admit(request, latest=newest_release(self._store.registry, known.id))

    def draft(self, card: Card, *, by: Subject) -> Dataset:
        """Return the new dataset of ``card``, a draft without a release; ``Conflict`` if its id is taken."""
        self.changes.tell(put_card(self._store.registry, self._clock, card, by=by, new=True, themes=self.themes))
        return self.dataset(card.id, states=EXISTING)

    def set_card(self, card: Card, *, by: Subject) -> Dataset:
        """Return the dataset with ``card`` in place of the one it had; what was released stays as it was."""
        self.changes.tell(put_card(self._store.registry, self._clock, card, by=by, new=False, themes=self.themes))
        return self.dataset(card.id, states=EXISTING)

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Return once no features are being made ready in the background (see ``features``), or after ``timeout_s``."""
        self._means.keeper.wait(timeout_s)

    def close(self) -> None:
        """Stop what runs in the background."""
        self._means.keeper.close()

    def amend(
        self, dataset_id: str, change: Change, *, by: Subject, name: str = "change", expected: int | None = None
    ) -> Amendment:
        """Return what became of rows written and deleted by the card's key: a new release, made of the one before.

        Bad cells are refused as in a file, their rows left out, the rest is taken; ``name`` is what the sender calls
        the change. A row that is there already just so counts as the same; if nothing differs there is no new release.
        ``Conflict`` if ``expected`` is not the newest release; ``BadInput`` if nothing of it could be taken.
        """
        card = self.dataset(dataset_id, states=OPEN_TO_RELEASES).card
        require(by, Action.ADMIT, Resource("dataset", card.id, card.classification))
        standard = standard_of(self.standards, card)
        return self._amendments.amend(card, change, by=by, name=name, expected=expected, standard=standard)

    def look(self, source: Path, *, name: str, card: Card, beside: Collection[str] = ()) -> Look:
        """Return what a file holds and how its columns differ from what is due; nothing of it is kept.

        Due are the card's columns and what its standard has besides, else the columns of the newest release;
        ``beside`` are headers that may come besides.
        """
        standard = standard_of(self.standards, card)
        release = newest_release(self._store.registry, card.id)
        city_zone = zone(card.time_zone or self._settings.time_zone)
        with self._opened(source, name, card) as opened:
            return look(opened, card, release, standard, zone=city_zone, beside=beside)

    def read(self, source: Path, *, name: str, card: Card) -> Change:
        """Return the rows of a file as a change for :meth:`amend`: as text under its headers, with ``_row`` numbers."""
        with self._opened(source, name, card) as opened:
            return as_change(opened)

    def _opened(self, source: Path, name: str, card: Card) -> AbstractContextManager[Opened]:
        return opened_apart(source, name, card, folder=self._store.folder / "scratch", settings=self._settings)

    def dataset(self, dataset_id: str, *, states: Collection[LifeState] = IN_USE) -> Dataset:
        """Return the dataset if it is in one of ``states``, or ``NotFound``.

        Who may read it is for the caller to ask (guard): of what is not in use, by its ``resource``.
        """
        found = self._handles.one(dataset_id)
        if found is None or found.state not in states:
            raise NotFound(f"There is no dataset {dataset_id[:80]!r}.", mend="List them: lifang data list.")
        return found

    def classification(self, dataset_id: str) -> Classification:
        """Return how a dataset is classified, also one that is destroyed; ``NotFound`` for one that never was."""
        return Classification(self._row(dataset_id)["classification"])

    def _row(self, dataset_id: str) -> Row:
        row = self._store.registry.get("dataset", dataset_id)
        if row is None:
            raise NotFound(f"There is no dataset {dataset_id[:80]!r}.", mend="List them: lifang data list.")
        return row

    def retention(self, dataset_id: str) -> str:
        """Return for how long the dataset's data are kept after its last release: a duration, or ``permanent``."""
        row = self._row(dataset_id)
        card_says = str((row["metadata"] or {}).get("retention", ""))
        return retention_of(card_says, row["classification"], self._settings.retention)

    def retained_until(self, dataset_id: str) -> datetime | None:
        """Return when the dataset's retention ends; ``None``: never, or it has no release."""
        newest = newest_release(self._store.registry, dataset_id)
        if newest is None:
            return None
        return later(newest.recorded, self.retention(dataset_id), self._zone)

    def may_know(self, change: CatalogueChange, subject: Subject, purpose: str = "") -> bool:
        """Return whether ``subject`` may know of a change: as its readers, or of a draft as those who prepare it."""
        resource = Resource("dataset", change.dataset, self.classification(change.dataset))
        action = Action.READ if change.is_for_readers else Action.ADMIT
        return decide(subject, action, resource, purpose).allowed

    def check(self, dataset_id: str) -> Run:
        """Return what the newest release of a dataset scores now; what falls short is an issue from here on."""
        run = self.quality.run(self.dataset(dataset_id, states=OPEN_TO_RELEASES))
        self.issues.follow(run)
        return run

    def expire(self, dataset_id: str, *, by: Subject) -> bool:
        """Return whether the dataset was archived because its retention has ended; not while a legal hold is on it."""
        until = self.retained_until(dataset_id)
        if until is None or until > self._clock.now() or self.lifecycle.standing(dataset_id).life.holds:
            return False
        ended = f"Its retention ({self.retention(dataset_id)}) ended on {until.astimezone(self._zone).date()}."
        self.lifecycle.move(dataset_id, "archive", by=by, reason=ended)
        return True

    def datasets(self, search: Search | None = None, *, subject: Subject = SYSTEM, purpose: str = "") -> list[Dataset]:
        """Return every dataset that meets ``search`` and that ``subject`` may know of; see :meth:`found`."""
        hits = self.found(search or Search(), subject=subject, purpose=purpose, limit=None)
        return self.several(hits.ids)

    def found(
        self,
        search: Search,
        *,
        subject: Subject = SYSTEM,
        purpose: str = "",
        offset: int = 0,
        limit: int | None = 20,
    ) -> Hits:
        """Return the ids of the datasets that meet ``search`` and that ``subject`` may know of, and how many there are.

        One that cannot be read without a purpose that is not stated is found by its name, provider, theme and
        classification only.
        """
        most = self._store.registry.count("dataset") if limit is None else limit
        return self._finder.search(search, visible_to(subject, purpose), offset=offset, limit=most)

    def readable(self, search: Search, *, subject: Subject, purpose: str = "", action: Action = Action.READ) -> Shelved:
        """Return the datasets that meet ``search`` and of which ``subject`` may take everything, not yet looked up."""
        held = self.several(self.sharing.held_by(subject))
        granted = [
            each.id
            for each in held
            if each.state in search.states and decide(subject, action, each.resource, purpose).allowed
        ]
        return Shelved(self._finder, search, readable_to(subject, purpose, action, granted))

    def several(self, ids: Sequence[str]) -> list[Dataset]:
        """Return those of these datasets that there are, in their order."""
        return list(self._handles.several(ids).values())

    def facets(self, search: Search | None = None, *, subject: Subject = SYSTEM, purpose: str = "") -> Counts:
        """Return how many datasets that ``subject`` may know of each value of each facet has, the commonest first.

        What is chosen of one facet narrows the others, not itself.
        """
        return self._finder.facets(search or Search(), visible_to(subject, purpose))

    def suggestion(self, search: Search, *, subject: Subject = SYSTEM, purpose: str = "") -> str:
        """Return the text that was probably meant where ``search`` finds nothing; empty where nothing is like it."""
        return self._finder.suggestion(search, visible_to(subject, purpose))

    def listed(self, ids: Sequence[str]) -> list[tuple[Dataset, Release | None]]:
        """Return datasets with their newest releases, for a list."""
        newest: dict[str, Release] = {}
        for at in range(0, len(ids), _AT_ONCE):
            asked = {"dataset": list(ids[at : at + _AT_ONCE])}
            rows = self._store.registry.extremes("release", of="dataset", by="number", where=asked)
            newest |= {row["dataset"]: Release.from_row(row) for row in rows}
        return [(each, newest.get(each.id)) for each in self._handles.several(ids).values()]

    def codes(self, dataset_ids: Sequence[str]) -> dict[str, str]:
        """Return the resource codes of datasets, asked for at once."""
        return codes_of(self._store.registry, dataset_ids)

    def releases(self, dataset_ids: Sequence[str]) -> dict[str, list[Release]]:
        """Return the releases of each of these datasets, the newest first, asked for at once."""
        found: dict[str, list[Release]] = {each: [] for each in dataset_ids}
        rows = self._store.registry.find("release", where={"dataset": list(found)}, order="number", descending=True)
        for row in rows:
            found[row["dataset"]].append(Release.from_row(row))
        return found

    def record_lineage(self, source: str, target: str, activity: str, detail: Mapping[str, Any]) -> None:
        """Record that ``target`` was made from ``source``; recording the same again changes nothing."""
        row = link_row(source, target, activity, detail, self._clock)
        if self._store.registry.get("lineage", row["id"]) is None:
            with self._store.registry.transaction() as transaction:
                insert_once(transaction, row)

    def lineage(self, end: str) -> list[Link]:
        """Return every link upstream and downstream of ``end`` (``dataset:roads``, ``indicator:aqi`` …)."""
        return walk(self._store.registry, end)

    def _take_in(self, change: CatalogueChange) -> None:
        """Have the index know what became of one dataset."""
        self._finder.changed(change.dataset)

    def _remove(self, dataset_id: str) -> None:
        """Take away what is made ready of a destroyed dataset, and its words in the index."""
        self._means.keeper.forget(dataset_id)
        self._finder.forget()

    def _card_for(self, name: str) -> Card:
        """Return the card of the dataset that files of this name belong to, or a new one."""
        stem = name.partition(".")[0]
        dataset_id = id_after(stem)
        known = self._handles.one(dataset_id)
        return known.card if known else Card(dataset_id, Bilingual(stem, stem))

    def _roads(self, dataset_id: str) -> Any:
        """Return the lines of the city's roads, or ``None`` while there are none (or they are what is being added)."""
        roads = self._handles.one(ROADS)
        if dataset_id == ROADS or roads is None or roads.state not in IN_USE or not roads.releases():
            return None
        rows = roads.rows()
        if not any(column.name == "geometry" for column in rows.columns):
            return None
        shapes = shapely.from_wkb(rows.select(["geometry"])["geometry"].to_numpy())
        lines = shapes[~shapely.is_missing(shapes)]
        return lines if len(lines) else None


def id_after(stem: str) -> str:
    """Return the id of the dataset named after a file; ``stem`` is what precedes the first dot of its name."""
    clean = clean_name(stem)
    plain = re.sub(r"[^a-z0-9_]", "", clean).strip("_")
    lost = plain != clean.strip("_") or len(plain) >= _ID_MAX
    plain = re.sub(r"_+", "_", plain)[: _ID_MAX - 10].strip("_") if lost else plain
    if lost:  # letters were lost: other files would get the same id
        plain = f"{plain or 'd'}_{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    return plain if plain[:1].isalpha() else f"d{plain}"
