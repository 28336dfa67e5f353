"""A handle on one catalogued dataset, and what its releases say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lifang.catalogue.card import Bilingual, Card
from lifang.catalogue.codes import code_of
from lifang.catalogue.comparing import Comparison
from lifang.catalogue.describe import Described, declared_items, describe
from lifang.catalogue.extent import Extent, extent_of
from lifang.catalogue.features import Features, ReadyKeeper
from lifang.catalogue.lifecycle import LifeState, Standing
from lifang.catalogue.lineage import walk
from lifang.catalogue.model import Link, Release
from lifang.catalogue.newest import NewestReleases
from lifang.catalogue.punctuality import due_after
from lifang.catalogue.sharing import Agreements, Meter, agreed_part
from lifang.core import NotFound
from lifang.guard import Classification, Decision, Resource, Subject, strictest
from lifang.standards import WorkingCalendar
from lifang.store import Relation, Store


@dataclass(frozen=True)
class Means:
    """What datasets are read with: stores, newest releases, names of themes, ready features, calendar, agreements."""

    store: Store
    newest: NewestReleases
    themes: Mapping[str, Bilingual]
    keeper: ReadyKeeper
    calendar: WorkingCalendar
    sharing: Agreements
    meter: Meter


class Dataset:
    """A handle on one catalogued dataset: its card, its releases, its rows.

    ``created`` is when it was first recorded, ``updated`` when it last changed, in UTC.
    """

    def __init__(self, means: Means, card: Card, standing: Standing, *, created: datetime, updated: datetime) -> None:
        self._store, self._themes, self._keeper = means.store, means.themes, means.keeper
        self._calendar, self._newest = means.calendar, means.newest
        self._sharing, self._meter = means.sharing, means.meter
        self.card = card
        self.standing = standing
        self.created, self.updated = created, updated

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self.card.id

    @property
    def state(self) -> LifeState:
        """Where it is in its life."""
        return self.standing.state

    @property
    def resource(self) -> Resource:
        """The dataset as the guard knows it."""
        plain = self.standing.resource(self.id, self.card.classification)
        return with_conditions(plain, self.card, self._sharing)

    def release_resource(self, release: Release) -> Resource:
        """Return a release as the guard knows it: by the stricter of the dataset's classification now and its own."""
        stricter = strictest(self.card.classification, release.classification)
        return with_conditions(self.standing.release_resource(release.id, stricter), self.card, self._sharing)

    def as_decided(self, release: Release, decision: Decision) -> Release:
        """Return the release, or what may be told of it where the decision to read it rests on an agreement.

        ``Denied`` if the release no longer has what was agreed on.
        """
        if not decision.agreement:
            return release
        return agreed_part(self._store, self._sharing.get(decision.agreement), release).release

    def rows_of(self, release: Release) -> Relation:
        """Return the rows of a release that :meth:`as_decided` gave, lazily: no more than was agreed on."""
        if not release.agreement:
            return self._store.lake.release(self.id, release.number)
        whole = self.release(release.number)
        return agreed_part(self._store, self._sharing.get(release.agreement), whole).relation

    def releases(self) -> list[Release]:
        """Return every release, the newest first."""
        rows = self._store.registry.find("release", where={"dataset": self.id}, order="number", descending=True)
        return [Release.from_row(row) for row in rows]

    def release(self, number: int | None = None, *, at: datetime | None = None) -> Release:
        """Return release ``number``, or the newest, or the newest recorded by the moment ``at``; else ``NotFound``."""
        if (found := self._newest.of(self.id) if number is None and at is None else self._one(number, at)) is not None:
            return found
        asked = {"number": number, "at": at}
        told = ", ".join(f"{name} {value}" for name, value in asked.items() if value is not None)
        raise NotFound(f"{self.id} has no such release.", where=told, mend=f"List them: lifang data show {self.id}.")

    def _one(self, number: int | None, at: datetime | None) -> Release | None:
        where: dict[str, Any] = {"dataset": self.id}
        where |= {} if number is None else {"number": number}
        where |= {} if at is None else {"recorded <=": at}
        found = self._store.registry.find("release", where=where, order="number", descending=True, limit=1)
        return Release.from_row(found[0]) if found else None

    def rows(self, number: int | None = None, *, at: datetime | None = None) -> Relation:
        """Return the rows of a release (chosen as in ``release``), lazily."""
        return self._store.lake.release(self.id, self.release(number, at=at).number)

    @property
    def due(self) -> datetime | None:
        """Until when the next release is punctual; ``None`` if its update cycle sets no date, or there is none yet."""
        newest = next(iter(self.releases()), None)
        return due_after(newest.recorded, self.card.update_cycle, self._calendar) if newest else None

    def comparison(self, old: Release, new: Release) -> Comparison:
        """Return how the rows of release ``new`` differ from those of ``old``, by the key of the card."""
        known = [{str(column["name"]) for column in each.columns} for each in (old, new)]
        key = self.card.key if all(names.issuperset(self.card.key) for names in known) else ()
        return Comparison(old, new, rows=(self.rows_of(old), self.rows_of(new)), key=key)

    def refused(self, number: int | None = None, *, at: datetime | None = None) -> Relation:
        """Return the refused cells of a release, lazily: row, column, value, rule, mend."""
        return self._store.lake.refused(self.id, self.release(number, at=at).number)

    def changes(self, number: int | None = None, *, at: datetime | None = None) -> Relation:
        """Return the rows by which an amended release differs from the one before, lazily.

        ``_change`` (insert, update or delete), then the row as it is now, or was before it was deleted. ``NotFound`` if
        the release came as a whole file.
        """
        release = self.release(number, at=at)
        if "amended" not in release.provenance:
            raise NotFound(f"{release.id} came whole: it keeps no change.", mend="Compare it with another release.")
        return self._store.lake.changes(self.id, release.number)

    def features(self, number: int | None = None, *, at: datetime | None = None) -> Features:
        """Return the rows of a release (chosen as in ``release``) as features."""
        return self.features_of(self.release(number, at=at))

    def taken(self, release: Release, *, by: Subject, action: str = "read") -> Relation:
        """Return what :meth:`rows_of` does; what is read of it is metered as taken by a subject."""

        def told(rows: int, size: int) -> None:
            self._meter.count(self.id, by, action, rows, size, agreement=release.agreement)

        return self.rows_of(release).observed(told)

    def features_of(self, release: Release, *, by: Subject | None = None) -> Features:
        """Return the rows of a release that :meth:`as_decided` gave as features, metered as taken ``by`` a subject."""

        def told(rows: int, size: int) -> None:
            if by is not None:
                self._meter.count(self.id, by, "read", rows, size, agreement=release.agreement)

        keeper = None if release.agreement else self._keeper
        return Features(self.rows_of(release), release, self.card, keeper, taken=told)

    def original(self, number: int | None = None) -> Path:
        """Return where the source file of a release is kept, as it was received."""
        return self._store.blobs.path(self.release(number).source_sha256)

    def metadata(self, release: Release | None = None) -> list[dict[str, Any]]:
        """Return the GB/T 21063 elements as ``{element, en, value}`` rows, with the facts of a release if given."""
        columns = [dict(each) for each in release.columns] if release else declared_items(self.card.columns)
        told = Described(
            self.card,
            self.code,
            self._themes,
            self.extent(release),
            columns,
            media=release.format if release else self.card.format,
            released=release.recorded.date().isoformat() if release else "",
        )
        return describe(told)

    @property
    def code(self) -> str:
        """The dataset's resource code 信息资源代码."""
        return code_of(self._store.registry, self.id)

    def extent(self, release: Release | None = None) -> Extent:
        """Return what place and time the dataset covers: as its card says, else as a release shows."""
        return extent_of(self.card, release)

    def lineage(self) -> list[Link]:
        """Return every link to what the dataset came from and to what came of it."""
        return walk(self._store.registry, f"dataset:{self.id}")


def with_conditions(resource: Resource, card: Card, sharing: Agreements) -> Resource:
    """Return a resource of the dataset of ``card`` with the conditions on which it is shared."""
    conditional = card.sharing == "conditional" and card.classification is not Classification.OPEN
    grants = sharing.grants(card.id)
    if not (conditional or grants):
        return resource
    return replace(resource, conditional=conditional, provider=card.provider_code, grants=grants, moment=sharing.now)


def card_from(release: Release, card: Card) -> Card:
    """Return a card that states what the admission of a release found by looking, for a person to correct."""
    columns = {
        str(column["name"]): {key: column[key] for key in ("zh", "en", "type") if column[key]}
        for column in release.columns
        if column["type"] != "geometry"
    }
    return Card.from_mapping({**card.to_mapping(), "columns": columns})
