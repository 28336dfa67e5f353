"""Places by name or address, as an asker may know them: objects, rows of datasets that have a name and a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely

from lifang.app.asking.asker import Asker
from lifang.app.asking.datasets import Listed
from lifang.app.asking.twin import TwinView
from lifang.catalogue import Search
from lifang.core import BadInput, Denied, NotFound
from lifang.masterdata import Address, score
from lifang.store import Condition
from lifang.twin import Area

_NAMES = ("name", "name_zh", "name_en", "station", "full_name", "title")
_ADDRESSES = ("full_address", "address")
_ROWS_MAX = 500  # of one dataset
_ADDRESS_LEAST = 0.6


@dataclass(frozen=True)
class Place:
    """A place: its name, what it is (``object:ID`` or ``row:DATASET/KEY``), its shape in degrees, how well it fits.

    ``address`` are the parts of the address by which it was found.
    """

    name: str
    target: str
    shape: Any
    score: float
    address: Mapping[str, str] = field(default_factory=dict)


class PlaceView:
    """Finds places for an asker."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def parse(self, text: str) -> Address:
        """Return an address of the city in its parts."""
        return self._asker.city.masterdata.places.gazetteer().parse(text)

    def find(self, text: str, *, at: datetime, limit: int = 10) -> list[Place]:
        """Return the places that a name or an address may mean, the likeliest first."""
        wanted = text.strip()
        if not wanted:
            raise BadInput("There is no name.", where="q", mend="Give a name or an address.")
        found = [*self._objects(wanted, at), *self._rows(wanted)]
        best: dict[str, Place] = {}
        for each in sorted(found, key=lambda place: (-place.score, len(place.name), place.target)):
            best.setdefault(each.target, each)
        return list(best.values())[:limit]

    def area(self, text: str, *, at: datetime, within_m: float) -> Area:
        """Return what lies no farther than ``within_m`` from the likeliest place of a name; ``NotFound`` if none."""
        for each in self.find(text, at=at, limit=1):
            return Area(each.shape, within_m)
        raise NotFound(f"There is no place {text[:80]!r}.", where="place", mend="Look: GET /api/v1/twin/places?q=…")

    def _objects(self, wanted: str, at: datetime) -> Iterator[Place]:
        view = TwinView(self._asker)
        found = view.objects(at=at, text=wanted, limit=50) or view.objects(at=at, fuzzy=wanted, limit=50)
        for each in found:
            box = each.box
            shape = shapely.box(box.west, box.south, box.east, box.north)
            yield Place(each.name or each.id, f"object:{each.id}", shape, _fit(wanted, each.name or each.id))

    def _rows(self, wanted: str) -> Iterator[Place]:
        address = self.parse(wanted)
        for listed in self._asker.datasets(Search(), limit=1000):
            if listed.release is None or not listed.release.has_geometry or not listed.card.key:
                continue
            columns = [str(each["name"]) for each in listed.release.columns]
            for column in (each for each in _NAMES if each in columns):
                yield from self._named(listed, column, wanted)
            if address.road:
                for column in (each for each in _ADDRESSES if each in columns):
                    yield from self._addressed(listed, column, address)

    def _named(self, listed: Listed, column: str, wanted: str) -> Iterator[Place]:
        for target, name, shape in self._having(listed, column, wanted):
            yield Place(name, target, shape, _fit(wanted, name))

    def _addressed(self, listed: Listed, column: str, address: Address) -> Iterator[Place]:
        stem = address.road.rstrip("段0123456789")
        for target, name, shape in self._having(listed, column, stem):
            fits = score(address, self.parse(name))
            if fits >= _ADDRESS_LEAST:
                yield Place(name, target, shape, fits, address.parts)

    def _having(self, listed: Listed, column: str, text: str) -> list[tuple[str, str, Any]]:
        """Return target, text and shape of the rows whose ``column`` contains a text."""
        card = listed.card
        try:
            relation = self._asker.dataset(card.id).rows()
            wanted = [*dict.fromkeys([*card.key, column, "geometry"])]
            rows = relation.select(wanted, where=[Condition(column, "contains", text)], limit=_ROWS_MAX).to_pylist()
        except (NotFound, Denied, BadInput):  # not theirs to read, or a column that is no text
            return []
        return [
            (f"row:{card.id}/{'/'.join(str(row[key]) for key in card.key)}", str(row[column]), _shape(row["geometry"]))
            for row in rows
            if row["geometry"]
        ]


def _shape(wkb: bytes) -> Any:
    return shapely.force_2d(shapely.from_wkb(wkb))


def _fit(wanted: str, name: str) -> float:
    """Return how well a name fits what was asked for, 0 to 1: itself, its beginning, a part of it, or less."""
    one, other = wanted.casefold(), name.casefold()
    if one == other:
        return 1.0
    if one in other:
        return (0.8 if other.startswith(one) else 0.7) + 0.1 * len(one) / len(other)
    return 0.5
