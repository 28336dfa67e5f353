"""Places by name or address, as an asker may know them: objects, rows of datasets that have a name and a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import shapely

from lifang.app.asking.asker import Asker
from lifang.app.asking.datasets import Listed
from lifang.app.asking.linked import object_resource
from lifang.app.asking.twin import TwinView
from lifang.catalogue import Search
from lifang.core import BadInput, Denied, NotFound
from lifang.masterdata import Address, score
from lifang.store import Condition, Relation, likest
from lifang.twin import Area

_NAMES = ("name", "name_zh", "name_en", "station", "full_name", "title")
_ADDRESSES = ("full_address", "address")
_OBJECTS_MAX = 50  # called nearly so, and as many that hold the text
_ROWS_MAX = 500  # of one dataset
_ADDRESS_LEAST = 0.6
_SO = 0.6  # the least score of what is called so, or has the address, not nearly
_NEARLY = 0.5  # what an address on a road of nearly that name counts
_ROADS = 5
_UNREADABLE = (NotFound, Denied, BadInput)  # not theirs to read, or a column that is no text


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
        """Return the places that a name or an address may mean, the likeliest first.

        What is called nearly so, a slip or two away, is told only where nothing is called so.
        """
        wanted = text.strip()
        if not wanted:
            raise BadInput("There is no name.", where="q", mend="Give a name or an address.")
        found = [*self._objects(wanted, at), *self._rows(wanted)]
        so = [each for each in found if each.score >= _SO]
        best: dict[str, Place] = {}
        for each in sorted(so or found, key=lambda place: (-place.score, len(place.name), place.target)):
            best.setdefault(each.target, each)
        return list(best.values())[:limit]

    def area(self, text: str, *, at: datetime, within_m: float) -> Area:
        """Return what lies no farther than ``within_m`` from the likeliest place of a name; ``NotFound`` if none."""
        for each in self.find(text, at=at, limit=1):
            return Area(each.shape, within_m)
        raise NotFound(f"There is no place {text[:80]!r}.", where="place", mend="Look: GET /api/v1/twin/places?q=…")

    def _objects(self, wanted: str, at: datetime) -> Iterator[Place]:
        found = self._asker.city.twin.called(TwinView(self._asker).query(at, None), wanted, _OBJECTS_MAX)
        self._asker.seen(*map(object_resource, found))
        called = list({each.name for each in found} | {each.id for each in found})
        fits = {each.name: each.score for each in likest(called, wanted, len(called))}
        for each in found:
            box = each.box
            shape = shapely.box(box.west, box.south, box.east, box.north)
            fit = max(fits.get(each.name, 0.0), fits.get(each.id, 0.0))
            yield Place(each.name or each.id, f"object:{each.id}", shape, fit)

    def _rows(self, wanted: str) -> Iterator[Place]:
        addresses = self._addresses(wanted)
        for listed in self._asker.datasets(Search(), limit=1000):
            if listed.release is None or not listed.release.has_geometry or not listed.card.key:
                continue
            columns = [str(each["name"]) for each in listed.release.columns]
            yield from self._named(listed, [each for each in (*_NAMES, *_ADDRESSES) if each in columns], wanted)
            for column in (each for each in _ADDRESSES if each in columns):
                for fits, address in addresses:
                    yield from self._addressed(listed, column, address, fits)

    def _addresses(self, wanted: str) -> list[tuple[float, Address]]:
        """Return what a text may mean as an address, each with what its fit counts: of a road unheard of a near one."""
        gazetteer = self._asker.city.masterdata.places.gazetteer()
        address = gazetteer.parse(wanted)
        if not address.road or address.road in gazetteer.roads:
            return [(1.0, address)] if address.road else []
        near = likest([*gazetteer.roads], address.road, _ROADS)
        others = [replace(address, road=each.name) for each in near if abs(len(each.name) - len(address.road)) <= 1]
        return [(1.0, address), *((_NEARLY, each) for each in others)]

    def _named(self, listed: Listed, columns: Sequence[str], wanted: str) -> Iterator[Place]:
        try:
            found = self._dataset(listed).likest(columns, wanted)
        except _UNREADABLE:
            return
        for column, names in zip(columns, found, strict=True):
            near = {each.name: each.score for each in names}
            if near:
                for target, name, shape in self._having(listed, Condition(column, "in", [*near])):
                    yield Place(name, target, shape, near[name])

    def _addressed(self, listed: Listed, column: str, address: Address, counts: float) -> Iterator[Place]:
        stem = address.road.rstrip("段0123456789")
        for target, name, shape in self._having(listed, Condition(column, "contains", stem)):
            fits = score(address, self.parse(name))
            if fits >= _ADDRESS_LEAST:
                yield Place(name, target, shape, fits * counts, address.parts)

    def _dataset(self, listed: Listed) -> Relation:
        return self._asker.dataset(listed.card.id).rows()

    def _having(self, listed: Listed, condition: Condition) -> list[tuple[str, str, Any]]:
        """Return target, text and shape of the rows whose column meets a condition."""
        card, column = listed.card, condition.column
        try:
            wanted = [*dict.fromkeys([*card.key, column, "geometry"])]
            rows = self._dataset(listed).select(wanted, where=[condition], limit=_ROWS_MAX).to_pylist()
        except _UNREADABLE:
            return []
        return [
            (f"row:{card.id}/{'/'.join(str(row[key]) for key in card.key)}", str(row[column]), _shape(row["geometry"]))
            for row in rows
            if row["geometry"]
        ]


def _shape(wkb: bytes) -> Any:
    return shapely.force_2d(shapely.from_wkb(wkb))
