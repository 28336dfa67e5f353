"""Datasets as an asker may read them: each release decided by its own classification, each reading recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from lifang.app.asking.decisions import Decisions
from lifang.catalogue import Card, Comparison, Dataset, Extent, Features, LifeState, Release, Standing, card_from
from lifang.core import Denied
from lifang.guard import Action, Resource
from lifang.store import Relation


class OpenDataset:
    """A dataset that an asker may read. Its rows are lazy; ``NotFound`` for a release that may not be seen.

    Where that rests on an agreement, releases tell of the agreed part only, and their rows are no others.
    """

    def __init__(self, asker: Decisions, dataset: Dataset) -> None:
        self._asker, self._dataset = asker, dataset
        self._exported: set[int] = set()

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self._dataset.id

    @property
    def resource(self) -> Resource:
        """The dataset as the guard knows it."""
        return self._dataset.resource

    @property
    def standing(self) -> Standing:
        """Where it is in its life, since when and why."""
        return self._dataset.standing

    @property
    def created(self) -> datetime:
        """When it was first recorded, in UTC."""
        return self._dataset.created

    @property
    def updated(self) -> datetime:
        """When it last changed, in UTC."""
        return self._dataset.updated

    @property
    def card(self) -> Card:
        """What is said of the dataset."""
        return self._dataset.card

    def releases(self, *, at: datetime | None = None) -> list[Release]:
        """Return every release that the asker may read (recorded by the moment ``at``), the newest first."""
        found = (each for each in self._dataset.releases() if at is None or each.recorded <= at)
        decided = ((each, self._asker.decide(Action.READ, self._dataset.release_resource(each))) for each in found)
        return [self._dataset.as_decided(each, decision) for each, decision in decided if decision.allowed]

    def release(self, number: int | None = None, *, at: datetime | None = None, export: bool = False) -> Release:
        """Return release ``number``, or the newest, or the newest recorded by ``at``; ``export`` asks to take it away.

        ``Denied`` says why it may be read but not exported.
        """
        found = self._dataset.release(number, at=at)
        resource = self._dataset.release_resource(found)
        if self._dataset.state is LifeState.ARCHIVED:  # that it is there is no secret: it is asked for
            self._asker.must(Action.READ, resource)
        self._asker.see("release", found.id, lambda: found, lambda _: resource)
        decision = self._asker.decide(Action.READ, resource)
        if export:
            decision = self._asker.must(Action.EXPORT, resource)
            self._exported.add(found.number)
            told = {"agreement": decision.agreement} if decision.agreement else None
            self._asker.seen(resource, action="export", detail=told)
        return self._dataset.as_decided(found, decision)

    def rows(self, number: int | None = None, *, at: datetime | None = None) -> Relation:
        """Return the rows of a release (chosen as in :meth:`release`), lazily."""
        return self.rows_of(self.release(number, at=at))

    def rows_of(self, release: Release) -> Relation:
        """Return the rows of a release that :meth:`release` gave, lazily."""
        action = "export" if release.number in self._exported else "read"
        return self._dataset.taken(release, by=self._asker.subject, action=action)

    def features(self, number: int | None = None, *, at: datetime | None = None) -> Features:
        """Return the rows of a release (chosen as in :meth:`release`) as features."""
        return self._dataset.features_of(self.release(number, at=at), by=self._asker.subject)

    def refused(self, number: int | None = None, *, at: datetime | None = None) -> Relation:
        """Return the refused cells of a release, lazily: row, column, value, rule, mend."""
        return self.refused_of(self.release(number, at=at))

    def refused_of(self, release: Release) -> Relation:
        """Return the refused cells of a release that :meth:`release` gave, lazily; no agreement reaches them."""
        if release.agreement:
            what = "What was refused on admission is no part of an agreement."
            raise Denied(what, where=f"release:{release.id}", mend="Ask the provider.")
        return self._dataset.refused(release.number)

    def due(self) -> datetime | None:
        """Return until when the next release is punctual; ``None`` if its update cycle sets no date."""
        return self._dataset.due

    def comparison(self, old: int | None, new: int | None) -> Comparison:
        """Return how release ``new`` (the newest, if not told) differs from ``old`` (the one before, if not told)."""
        after = self.release(new)
        before = self.release(after.number - 1 if old is None else old)
        return self._dataset.comparison(before, after)

    def found_card(self, number: int | None = None, *, at: datetime | None = None) -> Card:
        """Return a card that states the columns of a release as they were found, for a person to correct.

        Of a dataset that has no release yet it is the card itself.
        """
        if not self._dataset.releases():
            return self.card
        release = self.release(number, at=at)
        return card_from(release, replace(self.card, key=()) if release.agreement else self.card)

    def metadata(self, *, at: datetime | None = None) -> list[dict[str, Any]]:
        """Return the GB/T 21063 elements as ``{element, en, value}`` rows, with the release as of ``at``."""
        return self.metadata_of(self._newest(at))

    def metadata_of(self, release: Release | None) -> list[dict[str, Any]]:
        """Return the GB/T 21063 elements with the facts of a release that :meth:`releases` gave."""
        return self._dataset.metadata(release)

    @property
    def code(self) -> str:
        """The dataset's resource code 信息资源代码."""
        return self._dataset.code

    def extent(self, *, at: datetime | None = None) -> Extent:
        """Return what place and time the dataset covers, with the release as of ``at``."""
        return self.extent_of(self._newest(at))

    def extent_of(self, release: Release | None) -> Extent:
        """Return what place and time the dataset covers, by a release that :meth:`releases` gave."""
        return self._dataset.extent(release)

    def _newest(self, at: datetime | None) -> Release | None:
        return next(iter(self.releases(at=at)), None)


@dataclass(frozen=True)
class Listed:
    """A dataset in a list. If it ``needs`` a purpose or an agreement, only name, theme, provider and grade are shown.

    ``release`` is the newest that the asker may read (of the moment asked for), if there is one.
    """

    card: Card
    release: Release | None
    extent: Extent
    state: LifeState
    needs: Literal["purpose", "agreement"] | None = None
