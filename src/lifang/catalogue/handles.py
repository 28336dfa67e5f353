"""Handles on datasets: those asked for of late are at hand."""

from __future__ import annotations

from collections.abc import Iterable

from lifang.catalogue.card import Card
from lifang.catalogue.dataset import Dataset, Means
from lifang.catalogue.lifecycle import LifeState, Standing, standings
from lifang.store import Row

_HELD = 20_000  # handles in memory at most
_AT_ONCE = 500
_TABLES = ("dataset", "life", "legal_hold")
_ID_MAX = 200  # letters of an id that is nobody's; a longer one is looked up each time


class Handles:
    """Gives handles on datasets that are not destroyed; what is held is forgotten when the catalogue changes.

    That an id is nobody's is held too: what one may not know of is found as fast as what is not there.
    """

    def __init__(self, means: Means) -> None:
        self._means, self._store = means, means.store
        self._held: tuple[int, dict[str, Dataset], set[str]] = -1, {}, set()

    def one(self, dataset_id: str) -> Dataset | None:
        """Return the handle on a dataset, or ``None`` if there is none."""
        return self.several([dataset_id]).get(dataset_id)

    def several(self, ids: Iterable[str]) -> dict[str, Dataset]:
        """Return the handles on those of ``ids`` that there are, in their order."""
        version = self._store.registry.version(*_TABLES)
        if self._held[0] != version:
            self._held = version, {}, set()
        (_, held, absent), wanted = self._held, list(ids)
        found = {each: held[each] for each in wanted if each in held}
        missing = [each for each in wanted if each not in found and each not in absent]
        for at in range(0, len(missing), _AT_ONCE):
            found |= self._read(missing[at : at + _AT_ONCE])
        if len(held) + len(found) <= _HELD:
            held.update(found)
        if len(absent) + len(missing) > _HELD:
            absent.clear()
        absent.update(each[:_ID_MAX] for each in missing if each not in found)
        return {each: found[each] for each in wanted if each in found}

    def _read(self, ids: list[str]) -> dict[str, Dataset]:
        registry = self._store.registry
        stand = standings(registry, ids)
        return {
            row["id"]: self._handle(row, stand[row["id"]])
            for row in registry.find("dataset", where={"id": ids})
            if stand[row["id"]].state is not LifeState.DESTROYED
        }

    def _handle(self, row: Row, standing: Standing) -> Dataset:
        card = Card.from_mapping(row["metadata"])
        return Dataset(self._means, card, standing, created=row["created"], updated=row["updated"])
