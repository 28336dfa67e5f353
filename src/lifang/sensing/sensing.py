"""The face of the room: register, take in, read."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.core import BadInput, Box, Clock, NotFound
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.sensing.arrow_body import decode_arrow
from lifang.sensing.codec import Decoded
from lifang.sensing.data_array import decode_data_array
from lifang.sensing.entities import Entities
from lifang.sensing.entities.entities import ChangeWatcher
from lifang.sensing.entities.observation import extra_of, observation_ids
from lifang.sensing.entities.settling import find_features, settle
from lifang.sensing.history import absent, chunks, observations_of
from lifang.sensing.hot import HotState
from lifang.sensing.ingest import Committer
from lifang.sensing.model import Datastream, Latest, Numbers, Quality, Thing, pick
from lifang.sensing.quality import Limits, Previous, assess
from lifang.sensing.registrar import Registrar
from lifang.sensing.roster import UNKNOWN, Roster
from lifang.sensing.series import chart, check_points
from lifang.sensing.watchers import Watcher, Watchers
from lifang.store import DELETED, Entry, Observations, Store, read_setting, write_setting

_HISTORY_ROWS = 500_000


@dataclass(frozen=True)
class Receipt:
    """What became of a body of observations: ``batch`` is done when every accepted row is on disk.

    ``accepted`` says, per row as sent, whether its datastream is known; ``numbers`` and ``time`` name the rows.
    """

    batch: Future[int]
    accepted: NDArray[np.bool_]
    numbers: Numbers
    time: NDArray[np.int64]

    def outcomes(self, root: str) -> list[str]:
        """Return, per row, the URL of its Observation below ``root``, or ``error`` (OGC 18-088, CreateObservations)."""
        outcomes: list[str] = orjson.loads(self.told(root))
        return outcomes

    def told(self, root: str) -> bytes:
        """Return :meth:`outcomes` as JSON; without an object a row where all are named alike, as they mostly are."""
        begin = orjson.dumps(f"{root}/Observations(")[:-1]
        ids = observation_ids(self.numbers, self.time)
        if self.accepted.all() and len(ids):
            if (ids >= 0).all():
                told = orjson.dumps(ids, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
                return b"".join((b"[", begin, told.replace(b",", b')",' + begin), b')"]'))
            if (ids < 0).all():
                pairs = orjson.dumps(np.stack([self.numbers, self.time], axis=1), option=orjson.OPT_SERIALIZE_NUMPY)
                told = pairs[2:-2].replace(b"],[", b";").replace(b",", b"-").replace(b";", b"')\"," + begin + b"'")
                return b"".join((b"[", begin, b"'", told, b"')\"]"))
        rows = zip(self.numbers.tolist(), self.time.tolist(), ids.tolist(), strict=True)
        names = [str(key) if key >= 0 else f"'{number}-{time}'" for number, time, key in rows]
        return orjson.dumps(
            [
                f"{root}/Observations({name})" if known else "error"
                for known, name in zip(self.accepted.tolist(), names, strict=True)
            ]
        )


class Sensing:
    """The sensing network of one city; safe to use from many threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._hot, self._limits = HotState(), Limits()
        self._roster = Roster(self._hot, self._limits, store.lake.describe)
        self._registrar = Registrar(store, clock, self._roster)
        self._watchers = Watchers()
        self._committer = Committer(store, assess=self._assess, committed=self._show, told=self._tell)
        self._hot.update(_latest_stored(store, self._roster, None))
        self._clock = clock
        self.entities = Entities(
            store, self._roster, clock, ingest=self._store_settled, changed=self._registrar.forget_records
        )

    def start(self) -> None:
        """Begin to take observations and to tell of them."""
        self._hot.sort()
        self._watchers.start()
        self._committer.start()

    def close(self) -> None:
        """Store what was taken in, then take no more."""
        self._committer.close()
        self._watchers.close()

    def on_commit(self, watcher: Watcher) -> None:
        """Call ``watcher`` with observations soon after they are durable, each once, in order of their commits.

        It runs on a thread of its own; several commits may come as one call.
        """
        self._watchers.add(watcher)

    def on_change(self, watcher: ChangeWatcher) -> None:
        """Call ``watcher`` with what each change did to entities; see :meth:`Entities.on_change`.

        What :meth:`register` does in bulk is not told.
        """
        self.entities.on_change(watcher)

    def register(self, things: Sequence[Thing], datastreams: Sequence[Datastream], *, by: Subject) -> int:
        """Return how many records were added or changed; what is registered already and unchanged is left alone."""
        require(by, Action.OBSERVE, Resource("datastream"))
        return self._registrar.register(things, datastreams, by=by)

    def thing(self, thing_id: str) -> Thing:
        """Return the thing, or ``NotFound``."""
        return self._registrar.thing(thing_id)

    def things_named(self, ids: Collection[str]) -> dict[str, Thing]:
        """Return the things with these ids, by id; ``NotFound`` if one of them is not there."""
        return self._registrar.things_named(ids)

    def things(self, *, kind: str | None = None, after: str | None = None, limit: int | None = None) -> list[Thing]:
        """Return the things, of ``kind`` if given, by id, past ``after``."""
        return self._registrar.things(kind=kind, after=after, limit=limit)

    def datastream(self, reference: int | str) -> Datastream:
        """Return the datastream with this id or number, or ``NotFound``."""
        return self._registrar.datastream(reference)

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
        return self._registrar.datastreams(
            thing=thing, box=box, observed_property=observed_property, after=after, limit=limit
        )

    def datastream_count(self) -> int:
        """Return how many datastreams are registered."""
        return len(self._registrar)

    def number(self, reference: int | str) -> int:
        """Return the number of the datastream with this id or number, or ``NotFound``; from memory."""
        return self._registrar.number(reference)

    def ids(self, numbers: Numbers) -> list[str]:
        """Return the id of each datastream number."""
        return self._registrar.ids(numbers)

    def classes_of(self, numbers: Numbers) -> list[Classification]:
        """Return how each of the datastream ``numbers`` is classified; from memory."""
        return self._roster.classes_of(numbers)

    def ingest(self, observations: Observations, *, by: Subject) -> Future[int]:
        """Return a future of the batch id, done when every row is on disk.

        ``NotFound`` names the first unknown datastream, ``BadInput`` the first value that is not finite,
        ``Unavailable`` says to try again later.
        """
        require(by, Action.OBSERVE, Resource("observation"))
        known = self._roster.knows(observations.datastream)
        if not known.all():
            row = int(np.argmin(known))
            raise NotFound(
                f"There is no datastream {observations.datastream[row]}.", where=f"row {row}", mend="Register it first."
            )
        finite = np.isfinite(observations.value) | (observations.quality == Quality.MISSING)
        if not finite.all():
            raise BadInput("A value is not finite.", where=f"row {int(np.argmin(finite))}", mend="Leave such rows out.")
        return self._committer.submit(self._of_features(observations), by)

    def _store_settled(self, observations: Observations, by: Subject) -> Future[int]:
        """Return a future of the batch id of observations whose features are settled already."""
        return self._committer.submit(observations, by)

    def _of_features(self, observations: Observations) -> Observations:
        """Return the observations with the feature each is of, where that is not its datastream's own."""
        numbers = observations.datastream
        own, current = self._roster.own[numbers], self._roster.current[numbers]
        if bool((own == current).all()) and bool(own.all()):
            return observations
        return settle(observations, self._roster, self.store, self._clock.now(), self.entities.features_made)

    async def ingest_async(self, observations: Observations, *, by: Subject) -> int:
        """Return the batch id once every row is on disk."""
        return await asyncio.wrap_future(self.ingest(observations, by=by))

    def receive_data_array(self, body: bytes, *, by: Subject) -> Receipt:
        """Return the receipt of a SensorThings CreateObservations body; see ``Receipt.outcomes`` for its answer.

        A malformed body is refused whole; groups of unknown datastreams are ``error`` in the outcomes, the others
        are stored. ``NotFound`` when no datastream of the body is known.
        """
        return self._receive(decode_data_array(body), by, placed=True)

    def receive_arrow(self, body: bytes, *, by: Subject) -> Receipt:
        """Return the receipt of an Arrow IPC stream; ``NotFound`` names the first row of an unknown datastream."""
        decoded = decode_arrow(body)
        known = self._registrar.numbers(decoded.references)[decoded.index] > 0
        if not known.all():
            row = int(np.argmin(known))
            reference = decoded.references[int(decoded.index[row])]
            raise NotFound(f"There is no datastream {reference!r}.", where=f"row {row}", mend="Register it first.")
        return self._receive(decoded, by)

    def _receive(self, decoded: Decoded, by: Subject, *, placed: bool = False) -> Receipt:
        """Return the receipt; with ``placed`` rows of things without a location are not accepted (18-088, 10.2)."""
        numbers = self._registrar.numbers(decoded.references)[decoded.index]
        accepted = numbers > 0
        if placed:
            if bool((self._roster.current[numbers] == UNKNOWN).any()):
                find_features(
                    numbers[accepted], self._roster, self.store, self._clock.now(), self.entities.features_made
                )
            accepted &= self._roster.current[numbers] > UNKNOWN
        observations = Observations(numbers, decoded.time, decoded.value, decoded.quality)
        if not accepted.all():
            if not (numbers > 0).any():
                named = ", ".join(repr(each) for each in decoded.references[:3])
                raise NotFound(f"There is no datastream {named}.", mend="See /api/v1/datastreams for those there are.")
            observations = pick(observations, accepted)
        return Receipt(self.ingest(observations, by=by), accepted, numbers, decoded.time)

    def latest(
        self, box: Box | None = None, *, classes: Collection[Classification] | None = None, with_empty: bool = False
    ) -> Latest:
        """Return the latest values inside ``box``, by number; only of datastreams so classified, if ``classes`` says.

        ``with_empty`` keeps datastreams that never had a value (their time is ``NEVER``).
        """
        return self._hot.latest(box, classes=classes, with_empty=with_empty)

    def latest_page(
        self,
        box: Box | None,
        *,
        observed_property: str | None,
        classes: Collection[Classification],
        after: int,
        limit: int,
    ) -> Latest:
        """Return the first ``limit`` latest values in ``box`` past number ``after``, by number, from memory.

        ``observed_property`` names what is measured (the registry knows its number; ``NotFound`` if nothing is called
        so); datastreams without a value are left out.
        """
        wanted = None
        if observed_property is not None:
            wanted = self._roster.measuring(self._registrar.property_number(observed_property))
        return self._hot.page(box, wanted, classes, after, limit)

    def latest_of(self, datastreams: Sequence[int | str]) -> Latest:
        """Return the latest value of each datastream named, in that order."""
        return self._hot.of(np.array([self._registrar.number(each) for each in datastreams], dtype=np.int32))

    def series(
        self,
        datastream: int | str,
        start: datetime,
        end: datetime,
        *,
        points: int | None = None,
        at: datetime | None = None,
    ) -> pa.Table:
        """Return (time, value, quality) of ``[start, end)``, as recorded by ``at``, one value per moment.

        With ``points`` it is made for a chart: at most that many values with every peak kept, and a row without a value
        (quality ``missing``) in each gap longer than 1.5 periods.
        """
        stream = self._registrar.datastream(datastream)
        if points is not None:
            check_points(points)
        table = self.store.lake.series(stream.number, start, end, at=at)
        return table if points is None else chart(table, points, stream.period_s)

    def many_series(
        self, datastreams: Sequence[int | str], start: datetime, end: datetime, *, at: datetime | None = None
    ) -> pa.Table:
        """Return (datastream number, time, value, quality) of several datastreams in ``[start, end)``."""
        numbers = [self._registrar.number(each) for each in datastreams]
        return self.store.lake.many_series(numbers, start, end, at=at)

    def load_history(self, table: pa.Table, *, before: datetime, by: Subject, name: str = "city") -> int:
        """Return how many values of ``table`` earlier than ``before`` were stored now; a second call stores none.

        Large commits, then settled into the lake's sorted part. Broken off, it goes on where it stopped.
        """
        key = f"history:{name}"
        if read_setting(self.store, key) is not None:
            return 0
        recorded = observations_of(pa_before(table, before))
        fresh = pick(recorded, absent(self, recorded))
        for part in chunks(fresh, _HISTORY_ROWS):
            self.ingest(part, by=by).result()
        self.store.lake.settle(before)
        entry = Entry(by.id, Action.OBSERVE.value, key, detail={"rows": len(recorded), "stored": len(fresh)})
        write_setting(self.store, key, {"rows": len(recorded)}, entry=entry)
        return len(fresh)

    def _show(self, observations: Observations) -> None:
        """Bring the hot state up to what was committed."""
        if len(gone := self._hot.update(observations)):
            self._hot.show(gone, _latest_stored(self.store, self._roster, gone))

    def _tell(self, observations: Observations) -> None:
        """Have the watchers told of what was committed, save of deletions."""
        gone = observations.quality == DELETED
        if not gone.all():
            self._watchers.tell(pick(observations, ~gone) if gone.any() else observations)

    def _assess(self, observations: Observations) -> Observations:
        began = self._hot.began(observations) if self._limits.any_flat else None
        if not self._limits.any_change:
            return assess(observations, self._limits, began)
        latest = self._hot.of(observations.datastream)
        return assess(observations, self._limits, began, Previous(latest.time, latest.value))

    def inherit_limits(self, numbers: Numbers, properties: Mapping[str, Any], *, where: str) -> None:
        """Judge datastreams by the limits of their device's model, those that declare none of their own."""
        self._limits.inherit(numbers, properties, where=where)

    def limits_of(self, datastream: int | str) -> dict[str, float]:
        """Return the limits by which the quality rules judge a datastream."""
        return self._limits.told(self._registrar.number(datastream))


def pa_before(table: pa.Table, moment: datetime) -> pa.Table:
    """Return the rows of ``table`` whose time is before ``moment``."""
    return table.filter(pc.less(table["time"], pa.scalar(moment, table["time"].type)))


def _latest_stored(store: Store, roster: Roster, numbers: Numbers | None) -> Observations:
    table = store.lake.latest(numbers)
    stored = Observations(
        table["datastream"].to_numpy().astype(np.int32),
        table["time"].cast(pa.int64()).to_numpy(),
        table["value"].to_numpy(),
        table["quality"].to_numpy().astype(np.uint8),
        extra_of(table["until"].to_numpy()),
    )
    return pick(stored, roster.knows(stored.datastream))
