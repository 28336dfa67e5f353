"""The shelf: all that one asker may read of the catalogue, for doors that tell it page by page or as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lifang.app.asking.asker import Asker
from lifang.app.asking.datasets import OpenDataset
from lifang.catalogue import Bilingual, Card, Counts, Dataset, Extent, FileFacts, LifeState, Release, Search, named
from lifang.guard import Action, Resource
from lifang.harvest import Harvested

_AT_ONCE = 200  # datasets whose records are asked for together


@dataclass(frozen=True)
class Shown:
    """A dataset as it is shown whole: with the newest release that the asker may read, if there is one.

    ``code`` is its resource code, ``theme`` the names of its theme in this city; ``created`` and ``updated`` are when
    it was first recorded and when it last changed, in UTC; ``harvested`` says from which portal it came, if from one;
    ``state`` is where it is in its life; ``eu_themes`` are the EU's data themes that its theme belongs to; ``files``
    has size and checksum of those of its newest release's files, by format, that were measured; ``model`` is that of
    the twin whose objects it holds, if it does.
    """

    card: Card
    release: Release | None
    code: str
    theme: Bilingual
    extent: Extent
    created: datetime
    updated: datetime
    harvested: Harvested | None = None
    state: LifeState = LifeState.PUBLISHED
    eu_themes: tuple[str, ...] = ()
    files: Mapping[str, FileFacts] = field(default_factory=dict)
    model: str = ""


class Shelf:
    """The datasets that an asker may read and that meet a question: counted, listed and told by page or as a stream.

    The index knows which they are; each is decided again as it is told, and what is not open is on record as told.
    """

    def __init__(self, asker: Asker, search: Search | None = None) -> None:
        asker.decide(Action.READ, Resource("dataset"))
        self._asker, self._catalogue = asker, asker.city.catalogue
        self.themes: Mapping[str, Bilingual] = self._catalogue.themes
        asked = search or Search(sort="key")
        self._found = self._catalogue.readable(asked, subject=asker.subject, purpose=asker.purpose)

    @property
    def total(self) -> int:
        """How many they are."""
        return self._found.found(limit=1).total

    def ids(self, offset: int = 0, limit: int | None = None) -> list[str]:
        """Return the ids of those from ``offset`` on in the order asked for; of all, sorted, without a limit."""
        return self._found.ids()[offset:] if limit is None else self._found.found(offset=offset, limit=limit).ids

    def counts(self, most: Mapping[str, int]) -> Counts:
        """Return how many have each value of these keywords of the index, up to so many values, the commonest first."""
        return self._found.counts(most)

    def page(self, offset: int, limit: int) -> list[Shown]:
        """Return those from ``offset`` on, in the order asked for."""
        return list(self._shown(self._found.found(offset=offset, limit=limit).ids)) if limit else []

    def moments(self, offset: int, limit: int) -> list[tuple[str, datetime]]:
        """Return the ids of those from ``offset`` on, sorted among themselves, each with when it last changed."""
        return sorted(self._found.moments(offset=offset, limit=limit))

    def stream(self) -> Iterator[Shown]:
        """Yield all of them, a few in memory at a time."""
        for ids in self._found.parts(_AT_ONCE):
            yield from self._shown(ids)

    def _readable(self, ids: Sequence[str]) -> list[Dataset]:
        return [each for each in self._catalogue.several(ids) if self._asker.may(Action.READ, each.resource)]

    def _shown(self, wanted: Sequence[str]) -> Iterator[Shown]:
        """Yield datasets whose records are asked for at once."""
        datasets = self._readable(wanted)
        ids = [each.id for each in datasets]
        self._asker.seen(*(each.resource for each in datasets), action="list")
        codes, harvested = self._catalogue.codes(ids), self._asker.city.harvests.of(ids)
        every = self._catalogue.releases(ids)
        newest = {each.id: self._newest(each, every[each.id]) for each in datasets}
        files = self._catalogue.files.of(filter(None, newest.values()))
        for each in datasets:
            release, theme = newest[each.id], each.card.theme or "other"
            yield Shown(
                each.card,
                release,
                codes.get(each.id, ""),
                named(self.themes, theme),
                each.extent(release),
                each.created,
                each.updated,
                harvested.get(each.id),
                each.state,
                self._catalogue.eu_themes.get(theme, ()),
                files.get(each.id, {}),
                self._asker.city.shelf.model_of(each.id),
            )

    def _newest(self, dataset: Dataset, releases: Sequence[Release]) -> Release | None:
        """Return the newest of its releases that the asker may read, if there is one."""
        decided = ((each, self._asker.decide(Action.READ, dataset.release_resource(each))) for each in releases)
        return next((dataset.as_decided(each, decision) for each, decision in decided if decision.allowed), None)


def shown(asker: Asker, dataset: OpenDataset) -> Shown:
    """Return a dataset that the asker has opened as it is shown whole."""
    card, newest, catalogue = dataset.card, next(iter(dataset.releases()), None), asker.city.catalogue
    theme = card.theme or "other"
    files = catalogue.files.of([newest] if newest else [])
    return Shown(
        card,
        newest,
        dataset.code,
        named(catalogue.themes, theme),
        dataset.extent_of(newest),
        dataset.created,
        dataset.updated,
        asker.city.harvests.of([card.id]).get(card.id),
        dataset.standing.state,
        catalogue.eu_themes.get(theme, ()),
        files.get(card.id, {}),
        asker.city.shelf.model_of(card.id),
    )
