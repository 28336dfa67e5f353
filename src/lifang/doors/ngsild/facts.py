"""Facts about entities, in columns: latest values from the hot state, what was declared from the registry.

A column is made when a question first needs it. Declared ones are kept until the roll changes; for a few entities
their rows are fetched instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.app import City
from lifang.core import NotFound
from lifang.doors.ngsild.column import Column, column_of
from lifang.doors.ngsild.names import UN_CEFACT, attribute_name, thing_urn, urn
from lifang.doors.ngsild.roll import CLASSES, Bools, Roll, Rows
from lifang.guard import Action
from lifang.sensing import NEVER, Latest, Quality

FEW = 2000  # entities that are looked at one by one
_KEPT = 24  # declared columns kept
_WORDS = pa.array([each.word for each in Quality], pa.string())
Row = Mapping[str, Any]
_GONE: Row = {"properties": {}}  # a thing that is not there any more


@dataclass(frozen=True, eq=False)
class Sight:
    """What somebody may read: of things, datastreams and devices, which classes; in the order of ``CLASSES``."""

    things: Bools
    streams: Bools
    devices: Bools

    @classmethod
    def of(cls, may: Callable[[Action, str], Sequence[Any]]) -> Sight:
        """Return the sight of an asker whose ``classes`` is ``may``."""
        kinds = ("thing", "datastream", "device")
        readable = [set(may(Action.READ, kind)) for kind in kinds]
        return cls(*(np.array([each in known for each in CLASSES], np.bool_) for known in readable))


@dataclass(frozen=True)
class Override:
    """Latest values that stand in place of the hot state's: by datastream number (microseconds, value, quality)."""

    values: Mapping[int, tuple[int, float, int]] = field(default_factory=dict)

    def over(self, latest: Latest) -> Latest:
        """Return ``latest`` with these values in it."""
        if not self.values:
            return latest
        time, value, quality = latest.time.copy(), latest.value.copy(), latest.quality.copy()
        for place, number in enumerate(latest.numbers.tolist()):
            if number in self.values:
                time[place], value[place], quality[place] = self.values[number]
        return Latest(latest.numbers, latest.lon, latest.lat, time, value, quality)


class Declared:
    """Columns of what was declared of things, kept as long as the roll is the same."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._lock = Lock()
        self._kept: dict[str, Column] = {}
        self._version = -1
        self._names: tuple[int, Mapping[tuple[int, int], set[str]]] | None = None

    def column(self, roll: Roll, name: str, make: Callable[[Roll], Column]) -> Column:
        """Return the column ``name`` of the whole roll, made now or kept."""
        with self._lock:
            if self._version != roll.version:
                self._version, self._kept = roll.version, {}
            found = self._kept.get(name)
            if found is None:
                while len(self._kept) >= _KEPT:
                    self._kept.pop(next(iter(self._kept)))
                found = self._kept[name] = make(roll)
            return found

    def property_names(self, roll: Roll) -> Mapping[tuple[int, int], set[str]]:
        """Return the names of the properties declared of things, by kind and class; read once a roll."""
        with self._lock:
            if self._names is None or self._names[0] != roll.version:
                found: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
                groups = zip(roll.kind.tolist(), roll.classification.tolist(), strict=True)
                for group, text in zip(groups, self.texts(roll, "properties"), strict=True):
                    found[group].update(orjson.loads(text) if text else ())
                named = {group: {attribute_name(key) for key in keys} for group, keys in found.items()}
                self._names = roll.version, named
            return self._names[1]

    def texts(self, roll: Roll, name: str) -> list[Any]:
        """Return a column of the things as the registry keeps it, in the order of the roll."""
        told = self._city.store.registry.columns("thing", ["id", name])
        if len(told["id"]) == len(roll) and pa.array(told["id"], pa.string()).equals(roll.ids):
            return told[name]
        known = dict(zip(told["id"], told[name], strict=True))
        return [known.get(each) for each in roll.ids.to_pylist()]


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts that one asker may know; ``override`` holds values that are not in the hot state any more."""

    city: City
    roll: Roll
    declared: Declared
    sight: Sight
    override: Override = Override()

    def seen(self, rows: Rows) -> Rows:
        """Return those of ``rows`` whose thing may be read."""
        kept: Rows = rows[self.sight.things[self.roll.classification[rows]]]
        return kept

    def instances(self, name: str, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64], Latest]:
        """Return the instances of a measured attribute that have a value.

        ``rows`` rise. The datastreams' numbers, the place in ``rows`` each belongs to, and its latest value.
        """
        numbers = self.roll.named(name) if len(rows) > FEW else self._named_among(name, rows)
        numbers = numbers[self.sight.streams[self.roll.stream_class[numbers]]]
        if not len(numbers) or not len(rows):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), self.latest(np.zeros(0, np.int64))
        row = self.roll.stream_row[numbers]
        place = np.minimum(np.searchsorted(rows, row), len(rows) - 1)
        among = rows[place] == row
        numbers, place = numbers[among], place[among]
        latest = self.latest(numbers)
        there = has_value(latest)
        kept = latest.pick(there)
        return numbers[there], place[there], kept

    def _named_among(self, name: str, rows: Rows) -> NDArray[np.int64]:
        if name not in self.roll.attributes:
            return np.zeros(0, np.int64)
        numbers = self.roll.streams_of(rows)
        named: NDArray[np.int64] = numbers[self.roll.stream_attribute[numbers] == self.roll.attributes.index(name)]
        return named

    def latest(self, numbers: NDArray[np.int64]) -> Latest:
        """Return the latest value of each of these datastreams."""
        if len(numbers) <= FEW:
            try:
                return self.override.over(self.city.sensing.latest_of(numbers.tolist()))
            except NotFound:  # one was deleted after the roll was made: it has no value any more
                return self.override.over(self._latest_of_many(numbers))
        return self.override.over(self._latest_of_many(numbers))

    def _latest_of_many(self, numbers: NDArray[np.int64]) -> Latest:
        whole = self.city.sensing.latest(with_empty=True)
        place = np.searchsorted(whole.numbers, numbers)
        there = np.zeros(len(numbers), np.bool_)
        inside = place < len(whole)
        there[inside] = whole.numbers[place[inside]] == numbers[inside]
        place = place[there]
        lon, lat, value = (_filled(there, column[place], np.nan) for column in (whole.lon, whole.lat, whole.value))
        time, quality = _filled(there, whole.time[place], NEVER), _filled(there, whole.quality[place], 0)
        return Latest(numbers.astype(np.int32), lon, lat, time, value, quality)

    def units(self, numbers: NDArray[np.int64]) -> pa.StringArray:
        """Return the unit code of each of these datastreams, null where the unit has none."""
        registry = self.city.store.registry
        if len(numbers) > FEW:
            known = registry.columns("datastream", ["number", "unit"], order="number")
        else:
            found = registry.find("datastream", where={"number": numbers.tolist()}, order="number")
            known = {name: [row[name] for row in found] for name in ("number", "unit")}
        place = np.searchsorted(np.array(known["number"], np.int64), numbers)
        return pa.array([UN_CEFACT.get(each) for each in known["unit"]], pa.string()).take(pa.array(place))

    def things(self, rows: Rows) -> list[Row]:
        """Return the registry's rows of these things, in that order."""
        ids = self.roll.ids.take(pa.array(rows)).to_pylist()
        found = {row["id"]: row for row in self.city.store.registry.find("thing", where={"id": ids})}
        return [found.get(each, _GONE) for each in ids]

    def property_names(self, rows: Rows) -> set[str]:
        """Return the names of the properties that were declared of these things."""
        if len(rows) <= FEW:
            return {attribute_name(key) for row in self.things(rows) for key in row["properties"]}
        named = self.declared.property_names(self.roll)
        groups = np.unique(np.stack([self.roll.kind[rows], self.roll.classification[rows]]), axis=1).T.tolist()
        return set().union(*(named[kind, grade] for kind, grade in groups))

    def column(self, name: str, rows: Rows) -> Column:
        """Return what was declared of ``rows`` under ``name``: a property, a text or a relationship's object."""
        make = _DECLARED.get(name)
        if make is None and len(rows) <= FEW:
            return column_of([_property(row["properties"], name) for row in self.things(rows)])
        whole = self.declared.column(self.roll, name, lambda _: (make or _from_properties)(self, name))
        if name in _OF_DEVICE:
            hidden = ~self.sight.devices
            whole = self._without(whole, hidden)
        return whole.take(rows)

    def _without(self, column: Column, hidden: Bools) -> Column:
        if not hidden.any() or column.text is None:
            return column
        classes = self.declared.column(self.roll, "\0device class", lambda _: _device_classes(self))
        codes = np.zeros(column.size) if classes.number is None else classes.number
        known = np.where(np.isnan(codes), 0, codes).astype(np.intp)
        text = pc.if_else(pa.array(hidden[known]), pa.scalar(None, pa.string()), column.text)
        return Column(column.size, text=text)


def _filled(there: Bools, values: NDArray[Any], otherwise: Any) -> NDArray[Any]:
    found = np.full(len(there), otherwise, values.dtype)
    found[there] = values
    return found


def has_value(latest: Latest) -> Bools:
    """Return which latest values can be shown: neither never measured nor missing."""
    shown: Bools = (latest.time != NEVER) & (np.isfinite(latest.value) | (latest.quality != Quality.MISSING))
    return shown


def quality_column(latest: Latest) -> Column:
    """Return the words of quality of latest values."""
    codes = np.minimum(latest.quality, len(_WORDS) - 1)
    return Column(len(latest), text=_WORDS.take(pa.array(codes)))


def _property(properties: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in properties.items() if attribute_name(key) == name), None)


def _from_properties(facts: Facts, name: str) -> Column:
    told = facts.declared.texts(facts.roll, "properties")
    return column_of([_property(orjson.loads(each), name) if each else None for each in told])


def _texts(column: str) -> Callable[[Facts, str], Column]:
    def made(facts: Facts, _name: str) -> Column:
        texts = pa.array(facts.declared.texts(facts.roll, column), pa.string())
        return Column(len(texts), text=pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts))

    return made


def _created(facts: Facts, _name: str) -> Column:
    told = facts.declared.texts(facts.roll, "created")
    return Column(len(told), moment=np.array([NEVER if each is None else each for each in told], np.int64))


def _of_device(column: str, kind: str) -> Callable[[Facts, str], Column]:
    """Return what makes the column of the objects of a relationship that devices have."""

    def made(facts: Facts, _name: str) -> Column:
        told = facts.city.store.registry.columns("device", ["id", column])
        place = _places(facts, told["id"])
        objects: list[str | None] = [None] * len(facts.roll)
        for row, identifier in zip(place, told[column], strict=True):
            if row is not None and identifier:
                objects[row] = object_urn(facts, kind, identifier)
        return Column(len(objects), text=pa.array(objects, pa.string()))

    return made


def _device_classes(facts: Facts) -> Column:
    told = facts.city.store.registry.columns("device", ["id", "classification"])
    codes = {str(each): code for code, each in enumerate(CLASSES)}
    found = np.full(len(facts.roll), np.nan)
    for row, text in zip(_places(facts, told["id"]), told["classification"], strict=True):
        if row is not None:
            found[row] = codes[text]
    return Column(len(found), number=found)


def _places(facts: Facts, things: Sequence[str]) -> list[int | None]:
    places: list[int | None] = pc.index_in(pa.array(things, pa.string()), value_set=facts.roll.ids).to_pylist()
    return places


def object_urn(facts: Facts, kind: str, identifier: str) -> str:
    """Return the URN of what a relationship points to; of another thing by that thing's own kind."""
    if kind:
        return urn(kind, identifier)
    row = facts.city.store.registry.get("thing", identifier)
    return thing_urn(row["kind"] if row else "", identifier)


RELATIONSHIPS: Mapping[str, tuple[str, str]] = {  # by attribute: the device's column, and the type it points to
    "owner": ("organisation", "Organisation"),
    "deviceModel": ("model", "DeviceModel"),
    "mountedOn": ("mounted_on", ""),
    "gateway": ("gateway", ""),
    "network": ("link", "Link"),
}
_OF_DEVICE = frozenset(RELATIONSHIPS)
_DECLARED: Mapping[str, Callable[[Facts, str], Column]] = {
    "name[zh]": _texts("zh"),
    "name[en]": _texts("en"),
    "description": _texts("description"),
    "classification": _texts("classification"),
    "createdAt": _created,
    **{name: _of_device(*told) for name, told in RELATIONSHIPS.items()},
}
