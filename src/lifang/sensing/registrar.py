"""The city's things and datastreams: registered, numbered, found again by id, number, place or property.

In memory: every id with its dense number (interned), and through the hot state every position. Full records stay in
the registry and are read when asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import BadInput, Box, Clock, NotFound, unit
from lifang.guard import Action, Subject
from lifang.sensing.curve import morton
from lifang.sensing.hot import HotState, class_codes
from lifang.sensing.model import Datastream, Numbers, Thing
from lifang.sensing.quality import Limits, check_limits
from lifang.sensing.rows import datastream_of, row_of, thing_of
from lifang.store import Entry, Row, Store

_Registered = TypeVar("_Registered", Thing, Datastream)

_PAGE = 50_000
_CHUNK = 1000
_CACHED = 65_536


class Registrar:
    """Things and datastreams of one city; numbers count from 1 and are never given twice."""

    def __init__(self, store: Store, clock: Clock, hot: HotState, limits: Limits) -> None:
        self._store, self._clock, self._hot, self._limits = store, clock, hot, limits
        self._lock = Lock()
        self._ids: list[str] = [""]
        self._numbers: dict[str, int] = {}
        self._places: dict[str, tuple[float, float]] = {}
        self._record = lru_cache(_CACHED)(self._fetch)
        for rows in self._pages("thing", "id"):
            self._places.update((row["id"], (row["lon"], row["lat"])) for row in rows)
        for rows in self._pages("datastream", "number"):
            self._take_in([datastream_of(row) for row in rows])

    def __len__(self) -> int:
        return len(self._ids) - 1

    def _pages(self, table: str, order: str) -> Iterator[list[Row]]:
        after = None
        while rows := self._store.registry.find(table, order=order, after=after, limit=_PAGE):
            yield rows
            after = rows[-1][order]

    def register(self, things: Sequence[Thing], datastreams: Sequence[Datastream], *, by: Subject) -> int:
        """Return how many records were added or changed; those registered already and unchanged cost nothing.

        New datastreams are numbered along a space-filling curve. The change and its ledger record are one
        transaction. ``NotFound`` if a datastream's thing is not known, ``UnknownCode`` for an unknown unit.
        """
        _check(things, datastreams)
        with self._lock:
            new_things = [thing for thing in things if thing.id not in self._places]
            new_streams = [stream for stream in datastreams if stream.id not in self._numbers]
            places = {**self._places, **{thing.id: (thing.lon, thing.lat) for thing in things}}
            self._check_known(datastreams, places)
            numbered = self._numbered(new_streams, places)
            changed_things = self._changed("thing", [thing for thing in things if thing.id in self._places])
            known_streams = [stream for stream in datastreams if stream.id in self._numbers]
            changed_streams = self._changed(
                "datastream", [_with_number(stream, self._numbers[stream.id]) for stream in known_streams]
            )
            count = len(new_things) + len(numbered) + len(changed_things) + len(changed_streams)
            if not count:
                return 0
            now = self._clock.now()
            with self._store.registry.transaction() as tx:
                tx.insert_many("thing", [{**row_of(thing), "created": now} for thing in new_things])
                tx.insert_many("datastream", [{**row_of(stream), "created": now} for stream in numbered])
                for thing in changed_things:
                    tx.update("thing", thing.id, row_of(thing))
                for stream in changed_streams:
                    tx.update("datastream", stream.id, row_of(stream))
                tx.record(_entry([*new_things, *changed_things], [*numbered, *changed_streams], by))
            self._places = places
            self._record.cache_clear()
            self._take_in([*numbered, *changed_streams])
            for thing in changed_things:
                self._take_in(self.datastreams(thing=thing.id))
            return count

    def _check_known(self, datastreams: Sequence[Datastream], places: Mapping[str, tuple[float, float]]) -> None:
        for stream in datastreams:
            if stream.thing not in places:
                raise NotFound(
                    f"There is no thing {stream.thing!r}.",
                    where=f"datastream {stream.id}",
                    mend="Register the thing with it.",
                )

    def _numbered(self, streams: Sequence[Datastream], places: Mapping[str, tuple[float, float]]) -> list[Datastream]:
        if not streams:
            return []
        lon, lat = np.array([places[stream.thing] for stream in streams], dtype=np.float64).T
        order = np.argsort(morton(lon, lat), kind="stable")
        return [_with_number(streams[int(place)], number) for number, place in enumerate(order, start=len(self._ids))]

    def _changed(self, table: str, records: Sequence[_Registered]) -> list[_Registered]:
        """Return those of ``records`` whose row in ``table`` says something else."""
        changed = []
        for start in range(0, len(records), _CHUNK):
            chunk = records[start : start + _CHUNK]
            rows = self._store.registry.find(table, where={"id": [record.id for record in chunk]})
            there = {row["id"]: row for row in rows}
            changed += [record for record in chunk if not _same(there[record.id], row_of(record))]
        return changed

    def _take_in(self, streams: Sequence[Datastream]) -> None:
        """Bring memory up to the registry: positions and limits first, then the ids that lead to them."""
        if not streams:
            return
        numbers = np.array([stream.number for stream in streams], dtype=np.int32)
        lon, lat = np.array([self._places[stream.thing] for stream in streams], dtype=np.float64).T
        self._hot.place(numbers, lon, lat, class_codes([stream.classification for stream in streams]))
        for stream in streams:
            self._limits.declare(stream.number, stream.properties, where=f"datastream {stream.id}")
            if stream.number == len(self._ids):
                self._ids.append(stream.id)
            self._numbers[stream.id] = stream.number

    def _fetch(self, number: int) -> Datastream:
        row = self._store.registry.get("datastream", self._ids[number])
        if row is None:
            raise NotFound(f"Datastream {self._ids[number]!r} is gone.")
        return datastream_of(row)

    def number(self, reference: int | str) -> int:
        """Return the dense number of a datastream given by id or number; ``NotFound`` if there is none."""
        if isinstance(reference, str):
            found = self._numbers.get(reference, 0)
        else:
            found = reference if 0 < reference < len(self._ids) else 0
        if not found:
            raise NotFound(
                f"There is no datastream {reference!r}.", mend="See /api/v1/datastreams for those there are."
            )
        return found

    def numbers(self, references: Sequence[int | str] | NDArray[np.int64]) -> Numbers:
        """Return the dense number of each reference, 0 where it is unknown."""
        if isinstance(references, np.ndarray):
            known = (references > 0) & (references < len(self._ids))
            return np.where(known, references, 0).astype(np.int32)
        size, get = len(self._ids), self._numbers.get
        return np.array(
            [get(each, 0) if isinstance(each, str) else each if 0 < each < size else 0 for each in references],
            dtype=np.int32,
        )

    def ids(self, numbers: Numbers) -> list[str]:
        """Return the id of each of ``numbers``."""
        return [self._ids[number] for number in numbers.tolist()]

    def datastream(self, reference: int | str) -> Datastream:
        """Return the datastream with this id or number, or ``NotFound``."""
        return self._record(self.number(reference))

    def thing(self, thing_id: str) -> Thing:
        """Return the thing with this id, or ``NotFound``."""
        row = self._store.registry.get("thing", thing_id)
        if row is None:
            raise NotFound(f"There is no thing {thing_id[:80]!r}.", mend="See the list of things for those there are.")
        return thing_of(row)

    def things(self, *, after: str | None = None, limit: int | None = None) -> list[Thing]:
        """Return the things by id, past ``after``."""
        return [thing_of(row) for row in self._store.registry.find("thing", after=after, limit=limit)]

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
        numbers = self._hot.latest(box, with_empty=True).numbers
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
