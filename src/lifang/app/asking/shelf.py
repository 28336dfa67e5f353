"""The shelf: all that one asker may read of the catalogue, for doors that tell it page by page or as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lifang.app.asking.asker import Asker
from lifang.app.asking.datasets import OpenDataset
from lifang.catalogue import Bilingual, Card, Dataset, Extent, LifeState, Release, Search, named
from lifang.guard import Action, Resource
from lifang.harvest import Harvested

_AT_ONCE = 200  # datasets whose records are asked for together


@dataclass(frozen=True)
class Shown:
    """A dataset as it is shown whole: with the newest release that the asker may read, if there is one.

    ``code`` is its resource code, ``theme`` the names of its theme in this city; ``created`` and ``updated`` are when
    it was first recorded and when it last changed, in UTC; ``harvested`` says from which portal it came, if from one;
    ``state`` is where it is in its life.
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


class Shelf:
    """The datasets that an asker may read and that hold ``text``: decided once, told one by one, recorded as told."""

    def __init__(self, asker: Asker, *, text: str = "") -> None:
        catalogue = asker.city.catalogue
        asker.decide(Action.READ, Resource("dataset"))
        found = catalogue.datasets(Search(text), subject=asker.subject, purpose=asker.purpose)
        self._asker = asker
        self.themes: Mapping[str, Bilingual] = catalogue.themes
        self.moments = catalogue.moments()
        self.datasets: list[Dataset] = [each for each in found if asker.may(Action.READ, each.resource)]

    def tell(self, datasets: Iterable[Dataset]) -> list[Shown]:
        """Return these datasets of the shelf; what is not open is on record as told."""
        return list(self.stream(list(datasets)))

    def stream(self, datasets: list[Dataset] | None = None) -> Iterator[Shown]:
        """Yield these datasets of the shelf, all of them if not told, one at a time; on record as one list."""
        chosen = self.datasets if datasets is None else datasets
        self._asker.seen(*(each.resource for each in chosen), action="list")
        for start in range(0, len(chosen), _AT_ONCE):
            yield from self._shown(chosen[start : start + _AT_ONCE])

    def _shown(self, datasets: list[Dataset]) -> Iterator[Shown]:
        """Yield datasets whose records are asked for at once."""
        catalogue, ids = self._asker.city.catalogue, [each.id for each in datasets]
        codes, releases, harvested = catalogue.codes(ids), catalogue.releases(ids), self._asker.city.harvests.of(ids)
        for each in datasets:
            decided = ((one, self._asker.decide(Action.READ, each.release_resource(one))) for one in releases[each.id])
            readable = (each.as_decided(one, decision) for one, decision in decided if decision.allowed)
            found = self._one(each, next(readable, None), codes.get(each.id, ""))
            yield replace(found, harvested=harvested.get(each.id), state=each.state)

    def _one(self, dataset: Dataset, newest: Release | None, code: str) -> Shown:
        card = dataset.card
        theme = named(self.themes, card.theme or "other")
        created, updated = self.moments[card.id]
        return Shown(card, newest, code, theme, dataset.extent(newest), created, updated)


def shown(asker: Asker, dataset: OpenDataset) -> Shown:
    """Return a dataset that the asker has opened as it is shown whole."""
    catalogue, card = asker.city.catalogue, dataset.card
    newest = next(iter(dataset.releases()), None)
    created, updated = catalogue.moments()[card.id]
    theme = named(catalogue.themes, card.theme or "other")
    harvested, state = asker.city.harvests.of([card.id]).get(card.id), dataset.standing.state
    return Shown(card, newest, dataset.code, theme, dataset.extent_of(newest), created, updated, harvested, state)
