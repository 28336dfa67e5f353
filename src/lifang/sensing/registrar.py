"""The city's things and datastreams: registered, numbered, found again by id, number, place or property.

In memory: every id with its dense number (interned), and through the hot state every position. Full records stay in
the registry and are read when asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import BadInput, Box, Clock, NotFound, morton, unit
from lifang.guard import Action, Subject
from lifang.sensing.entities.numbering import allocate
from lifang.sensing.entities.places import features_of_things, point_row, settle_thing
from lifang.sensing.entities.provision import add_things, shared_properties, shared_sensors, thing_row
from lifang.sensing.model import Datastream, Numbers, Thing
from lifang.sensing.quality import check_limits
from lifang.sensing.roster import UNKNOWN, Place, Roster
from lifang.sensing.rows import datastream_of, row_of, thing_of
from lifang.store import Entry, Row, Store, Transaction

_Registered = TypeVar("_Registered", Thing, Datastream)

_CHUNK = 1000
_CACHED = 65_536


class Registrar:
    """Things and datastreams of one city; numbers count from 1 and are never given twice."""

    def __init__(self, store: Store, clock: Clock, roster: Roster) -> None:
        self._store, self._clock, self._roster = store, clock, roster
        self._record = lru_cache(_CACHED)(self._fetch)
        roster.read(store)

    def __len__(self) -> int:
        return len(self._roster)

    def forget_records(self) -> None:
        """Read each record anew when it is next asked for."""
        self._record.cache_clear()

    def register(self, things: Sequence[Thing], datastreams: Sequence[Datastream], *, by: Subject) -> int:
        """Return how many records were added or changed; those registered already and unchanged cost nothing.

        New datastreams are numbered along a space-filling curve; new things get a location, its history and a
        feature of interest. The change and its ledger record are one transaction. ``NotFound`` if a datastream's
        thing is not known, ``UnknownCode`` for an unknown unit.
        """
        _check(things, datastreams)
        roster = self._roster
        with roster.lock:
            change = _Change(
                new_things=[thing for thing in things if thing.id not in roster.places],
                new_streams=[stream for stream in datastreams if stream.id not in roster.numbers],
            )
            places = {**roster.places, **{thing.id: (thing.lon, thing.lat) for thing in things}}
            _check_known(datastreams, places)
            change.things = self._changed("thing", [thing for thing in things if thing.id in roster.places])
            known = [stream for stream in datastreams if stream.id in roster.numbers]
            numbered = [_with_number(stream, roster.numbers[stream.id]) for stream in known]
            change.streams = self._changed("datastream", numbered)
            if not change.count:
                return 0
            with self._store.registry.transaction() as tx:
                fresh = self._write(tx, change, places, by)
            roster.places = places
            self._record.cache_clear()
            roster.take_in(fresh)
            return change.count

    def _write(self, tx: Transaction, change: _Change, places: Mapping[str, Place], by: Subject) -> list[Row]:
        """Return the rows of datastreams that memory is to take in, once the change is written."""
        now = self._clock.now()
        rows = [{**thing_row(thing, row_of(thing)), "created": now} for thing in change.new_things]
        features = add_things(tx, rows, now=now)
        kinds = self._kinds(tx, change.new_streams, {thing.id: thing.kind for thing in change.new_things})
        sensors = shared_sensors(tx, sorted(set(kinds.values())), now=now)
        properties = shared_properties(tx, [*change.new_streams, *change.streams], now=now)
        features |= _features_of(tx, {stream.thing for stream in change.new_streams} - features.keys(), now)
        first = allocate(tx, "datastream", len(change.new_streams)) if change.new_streams else 0
        change.numbered = _numbered(change.new_streams, places, first)
        fresh: list[Row] = [
            {
                **row_of(stream),
                "created": now,
                "description": stream.en,
                "sensor": sensors[kinds[stream.thing]],
                "property": properties[stream.observed_property],
                "feature": features.get(stream.thing),
            }
            for stream in change.numbered
        ]
        tx.insert_many("datastream", fresh)
        for thing in change.things:
            self._move(tx, thing, now)
            tx.update("thing", thing.id, thing_row(thing, row_of(thing)))
        for stream in change.streams:
            told = {**row_of(stream), "property": properties[stream.observed_property]}
            fresh.append(tx.update("datastream", stream.id, told))
        for thing in change.things:
            fresh += tx.find("datastream", where={"thing": thing.id}, order="number")
        tx.record(_entry([*change.new_things, *change.things], [*change.numbered, *change.streams], by))
        return fresh

    def _move(self, tx: Transaction, thing: Thing, now: datetime) -> None:
        """Give a thing that stands elsewhere now its new location."""
        row = tx.get("thing", thing.id)
        if row is None or (row["lon"], row["lat"]) == (thing.lon, thing.lat) or np.isnan(thing.lon):
            return
        number = allocate(tx, "location")
        told = {name: row_of(thing)[name] for name in ("zh", "en", "classification")}
        point = point_row(thing.lon, thing.lat)
        same = {"id": f"location-{number}", "number": number, "description": thing.en, "properties": {}, "created": now}
        tx.insert("location", {**told, **point, **same})
        settle_thing(tx, row["number"], [number], now=now)
        for stream in tx.find("datastream", where={"thing": thing.id}, order="number"):
            self._roster.current[stream["number"]] = UNKNOWN

    def _kinds(self, tx: Transaction, streams: Sequence[Datastream], fresh: Mapping[str, str]) -> dict[str, str]:
        """Return the kind of the thing of each of ``streams``."""
        found = dict(fresh)
        missing = sorted({stream.thing for stream in streams} - found.keys())
        for start in range(0, len(missing), _CHUNK):
            rows = tx.find("thing", where={"id": missing[start : start + _CHUNK]})
            found |= {row["id"]: row["kind"] for row in rows}
        return {thing: found[thing] for thing in {stream.thing for stream in streams}}

    def _changed(self, table: str, records: Sequence[_Registered]) -> list[_Registered]:
        """Return those of ``records`` whose row in ``table`` says something else."""
        changed = []
        for start in range(0, len(records), _CHUNK):
            chunk = records[start : start + _CHUNK]
            rows = self._store.registry.find(table, where={"id": [record.id for record in chunk]})
            there = {row["id"]: row for row in rows}
            changed += [record for record in chunk if not _same(there[record.id], row_of(record))]
        return changed

    def _fetch(self, number: int) -> Datastream:
        row = self._store.registry.get("datastream", self._roster.ids[number])
        if row is None:
            raise NotFound(f"Datastream {self._roster.ids[number]!r} is gone.")
        return datastream_of(row)

    def number(self, reference: int | str) -> int:
        """Return the dense number of a datastream given by id or number; ``NotFound`` if there is none."""
        return self._roster.number(reference)

    def numbers(self, references: Sequence[int | str] | NDArray[np.int64]) -> Numbers:
        """Return the dense number of each reference, 0 where it is unknown."""
        return self._roster.numbers_of(references)

    def property_number(self, observed_property: str) -> int:
        """Return the number of the observed property with this id, or ``NotFound``."""
        row = self._store.registry.get("observed_property", observed_property)
        if row is None:
            raise NotFound(
                f"Nothing measured is called {observed_property[:80]!r}.",
                where="property",
                mend="See /sta/v1.1/ObservedProperties for what is measured.",
            )
        return int(row["number"])

    def ids(self, numbers: Numbers) -> list[str]:
        """Return the id of each of ``numbers``."""
        return [self._roster.ids[number] for number in numbers.tolist()]

    def datastream(self, reference: int | str) -> Datastream:
        """Return the datastream with this id or number, or ``NotFound``."""
        return self._record(self.number(reference))

    def thing(self, thing_id: str) -> Thing:
        """Return the thing with this id, or ``NotFound``."""
        row = self._store.registry.get("thing", thing_id)
        if row is None:
            raise NotFound(f"There is no thing {thing_id[:80]!r}.", mend="See the list of things for those there are.")
        return thing_of(row)

    def things_named(self, ids: Collection[str]) -> dict[str, Thing]:
        """Return the things with these ids, by id; ``NotFound`` if one of them is not there."""
        found: dict[str, Thing] = {}
        wanted = sorted(ids)
        for start in range(0, len(wanted), _CHUNK):
            rows = self._store.registry.find("thing", where={"id": wanted[start : start + _CHUNK]})
            found |= {row["id"]: thing_of(row) for row in rows}
        return {name: found.get(name) or self.thing(name) for name in wanted}

    def things(self, *, kind: str | None = None, after: str | None = None, limit: int | None = None) -> list[Thing]:
        """Return the things, of ``kind`` if given, by id, past ``after``."""
        where = None if kind is None else {"kind": kind}
        return [thing_of(row) for row in self._store.registry.find("thing", where=where, after=after, limit=limit)]

    def datastreams(
        self,
        *,
        thing: str | None = None,
        box: Box | None = None,
        observed_property: str | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> list[Datastream]:
        """Return the datastreams that meet every condition given, by number, past number ``after``."""
        named = {"thing": thing, "observed_property": observed_property}
        where = {name: value for name, value in named.items() if value is not None}
        if box is None:
            rows = self._store.registry.find("datastream", where=where, order="number", after=after, limit=limit)
            return [datastream_of(row) for row in rows]
        numbers = self._roster.hot.latest(box, with_empty=True).numbers
        return self._among(numbers[numbers > (after or 0)], where, limit)

    def _among(self, numbers: Numbers, where: Mapping[str, Any], limit: int | None) -> list[Datastream]:
        found: list[Datastream] = []
        for start in range(0, len(numbers), _CHUNK):
            chunk = {**where, "number": numbers[start : start + _CHUNK].tolist()}
            left = None if limit is None else limit - len(found)
            rows = self._store.registry.find("datastream", where=chunk, order="number", limit=left)
            found += [datastream_of(row) for row in rows]
            if limit is not None and len(found) >= limit:
                break
        return found


@dataclass
class _Change:
    """What a registration adds and changes."""

    new_things: list[Thing]
    new_streams: list[Datastream]
    things: list[Thing] = field(default_factory=list)
    streams: list[Datastream] = field(default_factory=list)
    numbered: list[Datastream] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many records that is."""
        return len(self.new_things) + len(self.new_streams) + len(self.things) + len(self.streams)


def _check_known(datastreams: Sequence[Datastream], places: Mapping[str, Place]) -> None:
    for stream in datastreams:
        if stream.thing not in places:
            raise NotFound(
                f"There is no thing {stream.thing!r}.",
                where=f"datastream {stream.id}",
                mend="Register the thing with it.",
            )


def _numbered(streams: Sequence[Datastream], places: Mapping[str, Place], first: int) -> list[Datastream]:
    if not streams:
        return []
    lon, lat = np.nan_to_num(np.array([places[stream.thing] for stream in streams], dtype=np.float64).T)
    order = np.argsort(morton(lon, lat), kind="stable")
    return [_with_number(streams[int(place)], number) for number, place in enumerate(order, start=first)]


def _features_of(tx: Transaction, things: set[str], now: datetime) -> dict[str, int]:
    """Return the feature that each of ``things`` stands for where it is, by id."""
    found: dict[str, int] = {}
    ordered = sorted(things)
    for start in range(0, len(ordered), _CHUNK):
        rows = tx.find("thing", where={"id": ordered[start : start + _CHUNK]})
        numbers = {row["number"]: row["id"] for row in rows if row["number"]}
        features = features_of_things(tx, list(numbers), now=now)
        found |= {numbers[number]: feature for number, feature in features.items()}
    return found


def _same(there: Row, row: Row) -> bool:
    return all(there[name] == value for name, value in row.items())


def _with_number(stream: Datastream, number: int) -> Datastream:
    return Datastream(**{**vars(stream), "number": number})


def _check(things: Sequence[Thing], datastreams: Sequence[Datastream]) -> None:
    for what, records in (("thing", things), ("datastream", datastreams)):
        seen: set[str] = set()
        for record in records:
            if record.id in seen:
                raise BadInput(f"The {what} {record.id!r} is given twice.", mend="Give it once.")
            seen.add(record.id)
    for code in {stream.unit for stream in datastreams}:
        unit(code)
    for stream in datastreams:
        check_limits(stream.properties, where=f"datastream {stream.id}")


def _entry(things: Sequence[Thing], streams: Sequence[Datastream], by: Subject) -> Entry:
    digest = hashlib.sha256()
    records: list[Thing | Datastream] = [*things, *streams]
    for record in records:
        digest.update(orjson.dumps(row_of(record), option=orjson.OPT_SORT_KEYS))
    detail = {"things": len(things), "datastreams": len(streams), "digest": digest.hexdigest()}
    return Entry(by.id, Action.OBSERVE.value, "registration", detail=detail)
