"""The face of the catalogue: add files, find datasets, read their releases."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely

from lifang.catalogue.admit import Admissions, Request
from lifang.catalogue.amending import Amendment, Amendments, Change
from lifang.catalogue.card import Bilingual, Card, themes_of
from lifang.catalogue.changes import CatalogueChange, Changes
from lifang.catalogue.checking import clean_name
from lifang.catalogue.codes import codes_of, give_missing_codes
from lifang.catalogue.data_standards import DataStandards, standard_of
from lifang.catalogue.dataset import Dataset
from lifang.catalogue.drafts import check_open, put_card
from lifang.catalogue.features import ReadyKeeper
from lifang.catalogue.lifecycle import (
    EXISTING,
    IN_USE,
    OPEN_TO_RELEASES,
    LifeCycle,
    LifeState,
    Standing,
    standing_of,
    standings,
)
from lifang.catalogue.lineage import insert_once, link_row, walk
from lifang.catalogue.model import Admission, Link, Release
from lifang.catalogue.publishing import newest_release
from lifang.catalogue.retention import later, retention_of
from lifang.catalogue.search import Found, counted, in_brief, matching, searchable
from lifang.core import Clock, NotFound, Settings, from_micros, zone
from lifang.guard import SYSTEM, Action, Classification, Resource, Subject, decide, require
from lifang.store import Row, Store

_ID_MAX = 64
ROADS = "roads"  # the dataset whose lines positions are compared with


class Catalogue:
    """The datasets of one city."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self.standards = DataStandards(store, clock)
        self._settings = settings
        self.changes = Changes(store.registry)
        self._admissions = Admissions(store, clock, settings, self.changes)
        self.themes = themes_of(settings.themes)
        give_missing_codes(store.registry, self.themes)
        self._amendments = Amendments(store, clock, settings, self._admissions.lock, self.changes)
        self.lifecycle = LifeCycle(
            store, clock, self.changes, reviewed=settings.review_required, publishing=self._admissions.lock
        )
        self._keeper = ReadyKeeper(store.folder / "features")
        self._index: dict[str, Found] | None = None
        self._cards: dict[str, Card] = {}
        self._standings: dict[str, Standing] = {}
        self._moments: tuple[int, dict[str, tuple[datetime, datetime]]] = (-1, {})
        self._lock = threading.Lock()
        self.changes.on_change(self._take_in)

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
        self._keeper.wait(timeout_s)

    def close(self) -> None:
        """Stop what runs in the background."""
        self._keeper.close()

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

    def dataset(self, dataset_id: str, *, states: Collection[LifeState] = IN_USE) -> Dataset:
        """Return the dataset if it is in one of ``states``, or ``NotFound``.

        Who may read it is for the caller to ask (guard): of what is not in use, by its ``resource``.
        """
        self._entries()
        card, standing = self._cards.get(dataset_id), self._standings.get(dataset_id)
        if card is None or standing is None or standing.state not in states:
            raise NotFound(f"There is no dataset {dataset_id[:80]!r}.", mend="List them: lifang data list.")
        return Dataset(self._store, card, self.themes, standing, self._keeper)

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
        return later(newest.recorded, self.retention(dataset_id), zone(self._settings.time_zone))

    def datasets(
        self,
        *,
        text: str = "",
        theme: str | None = None,
        format: str | None = None,  # noqa: A002 - the word the API uses
        classification: str | None = None,
        subject: Subject = SYSTEM,
        purpose: str = "",
        at: datetime | None = None,
        states: Collection[LifeState] = IN_USE,
    ) -> list[Dataset]:
        """Return the datasets that ``subject`` may know of, hold every word of ``text`` and equal the facets given.

        Those in use, if no other ``states`` are asked for. One that cannot be read without a purpose that is not stated
        is found by its name, provider and theme only. With ``at`` those that had a release recorded by then.
        """
        found = matching(
            self._visible(subject, purpose, at, states),
            text=text,
            theme=theme,
            format=format,
            classification=classification,
        )
        return [
            Dataset(self._store, self._cards[entry.id], self.themes, self._standings[entry.id], self._keeper)
            for entry in found
        ]

    def facets(
        self,
        *,
        text: str = "",
        subject: Subject = SYSTEM,
        purpose: str = "",
        at: datetime | None = None,
        states: Collection[LifeState] = IN_USE,
    ) -> dict[str, list[tuple[str, int]]]:
        """Return how many datasets that hold ``text`` each theme, format and classification has, commonest first."""
        return counted(matching(self._visible(subject, purpose, at, states), text=text))

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

    def moments(self) -> Mapping[str, tuple[datetime, datetime]]:
        """Return of each dataset when it was first recorded and when it last changed, in UTC."""
        registry = self._store.registry
        version = registry.version("dataset")
        if self._moments[0] != version:
            kept = registry.columns("dataset", ["id", "created", "updated"])
            pairs = zip(map(from_micros, kept["created"]), map(from_micros, kept["updated"]), strict=True)
            self._moments = version, dict(zip(kept["id"], pairs, strict=True))
        return self._moments[1]

    def record_lineage(self, source: str, target: str, activity: str, detail: Mapping[str, Any]) -> None:
        """Record that ``target`` was made from ``source``; recording the same again changes nothing."""
        row = link_row(source, target, activity, detail, self._clock)
        if self._store.registry.get("lineage", row["id"]) is None:
            with self._store.registry.transaction() as transaction:
                insert_once(transaction, row)

    def lineage(self, end: str) -> list[Link]:
        """Return every link upstream and downstream of ``end`` (``dataset:roads``, ``indicator:aqi`` …)."""
        return walk(self._store.registry, end)

    def _visible(
        self, subject: Subject, purpose: str, at: datetime | None, states: Collection[LifeState]
    ) -> list[Found]:
        entries = {key: entry for key, entry in self._entries().items() if self._standings[key].state in states}
        if at is not None:
            released = {row["dataset"] for row in self._store.registry.find("release", where={"recorded <=": at})}
            entries = {key: entry for key, entry in entries.items() if key in released}
        found = []
        for entry in entries.values():
            resource = self._standings[entry.id].resource(entry.id, Classification(entry.classification))
            if decide(subject, Action.READ, resource, purpose).allowed:
                found.append(entry)
            elif decide(subject, Action.LIST, resource, purpose).allowed:
                found.append(in_brief(entry))
        return found

    def _entries(self) -> dict[str, Found]:
        with self._lock:
            if self._index is None:
                newest: dict[str, str] = {}
                for row in self._store.registry.find("release", order="number"):
                    newest[row["dataset"]] = (row["provenance"] or {}).get("format", "")
                self._standings = standings(self._store.registry)
                self._cards = {
                    row["id"]: Card.from_mapping(row["metadata"])
                    for row in self._store.registry.find("dataset")
                    if self._standings[row["id"]].state is not LifeState.DESTROYED
                }
                self._index = {
                    key: searchable(card, self.themes, media=newest.get(key, card.format))
                    for key, card in self._cards.items()
                }
            return dict(self._index)

    def _take_in(self, change: CatalogueChange) -> None:
        """Have the index know what became of one dataset."""
        registry = self._store.registry
        row, standing = registry.get("dataset", change.dataset), standing_of(registry, change.dataset)
        newest = newest_release(registry, change.dataset)
        if standing is not None and standing.state is LifeState.DESTROYED:
            self._keeper.forget(change.dataset)
        with self._lock:
            if self._index is None or row is None or standing is None:
                return
            if standing.state is LifeState.DESTROYED:
                for kept in (self._cards, self._standings, self._index):
                    kept.pop(change.dataset, None)
                return
            card = Card.from_mapping(row["metadata"])
            self._cards[card.id], self._standings[card.id] = card, standing
            self._index[card.id] = searchable(card, self.themes, media=newest.format if newest else card.format)

    def _card_for(self, name: str) -> Card:
        """Return the card of the dataset that files of this name belong to, or a new one."""
        stem = name.partition(".")[0]
        clean = clean_name(stem)
        plain = re.sub(r"[^a-z0-9_]", "", clean).strip("_")
        lost = plain != clean.strip("_") or len(plain) >= _ID_MAX
        plain = re.sub(r"_+", "_", plain)[: _ID_MAX - 10].strip("_") if lost else plain
        if lost:  # letters were lost: other files would get the same id
            plain = f"{plain or 'd'}_{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
        dataset_id = plain if plain[:1].isalpha() else f"d{plain}"
        self._entries()
        return self._cards.get(dataset_id) or Card(dataset_id, Bilingual(stem, stem))

    def _roads(self, dataset_id: str) -> Any:
        """Return the lines of the city's roads, or ``None`` while there are none (or they are what is being added)."""
        self._entries()
        if dataset_id == ROADS or ROADS not in self._cards:
            return None
        roads = self.dataset(ROADS, states=EXISTING)
        if roads.state not in IN_USE or not roads.releases():
            return None
        rows = roads.rows()
        if not any(column.name == "geometry" for column in rows.columns):
            return None
        shapes = shapely.from_wkb(rows.select(["geometry"])["geometry"].to_numpy())
        lines = shapes[~shapely.is_missing(shapes)]
        return lines if len(lines) else None
