"""Observations out: each committed value is told to those who subscribed to it and may read it, newest state at once.

The city's watcher calls on a thread of its own; the telling happens on the event loop. Nothing is written where
nobody listens.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from lifang.app import City
from lifang.core import from_micros, to_micros
from lifang.doors.mqtt.broker import Broker, Message, Subscription
from lifang.doors.mqtt.meaning import ROOT, reaches, stream_of
from lifang.doors.mqtt.view import View
from lifang.doors.sensorthings import Writer
from lifang.sensing import NEVER, OBSERVATION, Entity, Observations, key_text
from lifang.store import DELETED, Call, Field, Literal, ObservationQuery, all_of

Row = tuple[int, int, float, int, str | None]  # datastream, microseconds, value, quality, what else is known
_MOST_AT_ONCE = 20_000  # rows told of one commit to those who want everything, the newest; of one page when catching up
_MARGIN_US = 10_000_000  # longer than a commit takes, from its recorded time to its telling
_STANDING_MAX = 1000  # latest values a wildcard subscription gets at once
_RARE = (f"{ROOT}/Observations(", f"{ROOT}/FeaturesOfInterest(")


class Rendering:
    """Messages of one telling, made once for all who see the same."""

    def __init__(self, city: City, root: str) -> None:
        self._entities = city.sensing.entities
        self._multi: dict[int, dict[str, Any]] = {0: {}}
        self._writer = Writer(root, self._multi)
        self._made: dict[tuple[str, Row, tuple[str, ...]], Message] = {}

    def topic(self, number: int) -> str:
        """Return the topic of the observations of a datastream."""
        if number not in self._multi:
            self._multi[number] = {"multi": self._entities.is_multi(number)}
        return f"{ROOT}/{'MultiDatastreams' if self._multi[number]['multi'] else 'Datastreams'}({number})/Observations"

    def message(self, topic: str, row: Row, view: View) -> Message:
        """Return the message of a row for those who see ``view``."""
        self.topic(row[0])
        shown = view.topic(topic)
        key = (shown, row, view.select)
        found = self._made.get(key)
        if found is None:
            body = self._writer.write(entity_of(row), view.select)
            found = self._made[key] = Message(shown, orjson.dumps(body), qos=2)
        return found


def entity_of(row: Row) -> Entity:
    """Return the row as an Observation."""
    return Entity(OBSERVATION, dict(zip(("datastream", "time", "value", "quality", "extra"), row, strict=True)))


def rows_of(observations: Observations, chosen: NDArray[np.int64]) -> list[Row]:
    """Return the rows at these places, without those that say that something was deleted."""
    chosen = chosen[observations.quality[chosen] != DELETED]
    columns = (observations.datastream, observations.time, observations.value, observations.quality)
    extra = repeat(None, len(chosen)) if observations.extra is None else _taken(observations.extra, chosen)
    return list(zip(*(column[chosen].tolist() for column in columns), extra, strict=True))


def _taken(extra: pa.Array, chosen: NDArray[np.int64]) -> list[str | None]:
    found: list[str | None] = extra.take(pa.array(chosen)).to_pylist()
    return found


class Outlet:
    """Tells a broker's subscribers of the city's observations."""

    def __init__(self, city: City, broker: Broker, root: Callable[[], str]) -> None:
        self._city, self._broker, self._root = city, broker, root
        self._loop = asyncio.get_running_loop()
        self._single: Counter[int] = Counter()
        self._wide = self._rare = 0
        self._numbers: NDArray[np.int32] | None = None
        self._is_open = True
        self._behind: int | None = 0  # up to when all is told, while what was missed is still being queued
        broker.subscriptions.changed.append(self._follow)
        city.sensing.on_commit(self._committed)

    def close(self) -> None:
        """Tell no more."""
        self._is_open = False

    def _follow(self, subscription: Subscription, is_there: bool) -> None:
        """Keep count of who listens to single datastreams, and who to more."""
        path, step = subscription.grant.path, 1 if is_there else -1
        number = stream_of(path)
        if isinstance(number, int):
            self._single[number] += step
            if not self._single[number]:
                del self._single[number]
            self._numbers = None
        elif path.startswith(_RARE):
            self._rare += step
        elif path == f"{ROOT}/Observations" or {"+", "#"} & set(path.split("/")):
            self._wide += step

    def _committed(self, observations: Observations) -> None:
        """Pick what somebody listens to, on the watcher's thread."""
        if not self._is_open or not (self._wide or self._rare or self._single):
            return
        numbers = self._numbers
        if numbers is None:
            numbers = self._numbers = np.array(sorted(self._single), np.int32)
        chosen = np.flatnonzero(np.isin(observations.datastream, numbers))
        if self._wide or self._rare:
            newest = np.arange(max(0, len(observations) - _MOST_AT_ONCE), len(observations))
            chosen = np.union1d(chosen, newest)
        rows = rows_of(observations, chosen)
        if rows and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, rows)

    def _tell(self, rows: Sequence[Row]) -> None:
        if not self._is_open:
            return
        for subscription, message in self._messages(rows):
            subscription.deliver(message)
        if any(True for _ in self._broker.sessions.kept()):
            self._broker.keeper.told(self.told_until())
            self._broker.spawn(self._broker.keeper.flush())

    def _messages(self, rows: Sequence[Row]) -> Iterator[tuple[Subscription, Message]]:
        """Yield what each subscriber hears of the rows."""
        rendering = Rendering(self._city, self._root())
        grades = {number: self._city.sensing.entities.grade_of(number) for number in {row[0] for row in rows}}
        collection = f"{ROOT}/Observations"
        everyone = {grade: self._hearers(collection, grade) for grade in set(grades.values())}
        for row in rows:
            grade, topic = grades[row[0]], rendering.topic(row[0])
            for subscription in self._hearers(topic, grade):
                yield subscription, rendering.message(topic, row, subscription.grant.view)
            for subscription in everyone[grade]:
                yield subscription, rendering.message(collection, row, subscription.grant.view)
            for rare in self._rare_topics(row):
                for subscription in self._hearers(rare, grade):
                    if subscription.grant.path == rare:
                        yield subscription, rendering.message(rare, row, subscription.grant.view)

    def _rare_topics(self, row: Row) -> Iterator[str]:
        """Yield where else a row is told, while somebody listens to single observations or to features."""
        if self._rare:
            entity = entity_of(row)
            if isinstance(key := key_text(entity), int):
                yield f"{ROOT}/Observations({key})"
                key = f"{row[0]}-{row[1]}"
            yield f"{ROOT}/Observations('{key}')"
            feature = self._city.sensing.entities.reading.feature_of(entity)
            yield f"{ROOT}/FeaturesOfInterest({feature})/Observations"

    def told_until(self) -> int:
        """Return the moment before which every observation has been told, with a margin for commits under way.

        It stands still while what was missed is being queued; 0: nothing is known yet.
        """
        return to_micros(self._city.clock.now()) - _MARGIN_US if self._behind is None else self._behind

    async def catch_up(self, told: int) -> None:
        """Queue, for sessions that were kept, what was recorded since ``told`` and may not have been told.

        ``told`` is 0 where nobody was there to be told. What the journal says was queued for a session is left out.
        Until all is queued and on disk, the journal's mark stays: a city that ends meanwhile begins there again.
        """
        self._behind = told
        kept = set(self._broker.sessions.kept())
        if told and any(reaches(each.grant.path, ROOT) for session in kept for each in session.subscriptions.values()):
            async for rows in self._recorded_since(told):
                for subscription, message in self._messages(rows):
                    session = subscription.session
                    if session in kept and hash(message.payload) not in session.seen:
                        subscription.deliver(message)
                await self._broker.keeper.flush()
        for session in kept:
            session.seen.clear()
        self._behind = None

    async def _recorded_since(self, told: int) -> AsyncIterator[list[Row]]:
        """Yield the rows that were recorded after ``told`` and are there now, as they were recorded, page by page."""
        since = Call("gt", (Field("recorded"), Literal(from_micros(told))))
        newest = ObservationQuery(where=since, order=(("recorded", True),), limit=1)
        last = (await asyncio.to_thread(self._city.store.lake.read, newest))["key_0"].to_pylist()
        if not last:
            return
        order = (("recorded", False), ("datastream", False), ("time", False))
        there = all_of(since, Call("le", (Field("recorded"), Literal(from_micros(last[0])))))
        query = ObservationQuery(where=there, order=order, limit=_MOST_AT_ONCE)
        while True:
            table = await asyncio.to_thread(self._city.store.lake.read, query)
            columns = [table[name].to_pylist() for name in ("value", "quality", "extra")]
            times = table["time"].cast(pa.int64()).to_pylist()
            yield list(zip(table["datastream"].to_pylist(), times, *columns, strict=True))
            if len(table) < _MOST_AT_ONCE:
                return
            query = replace(query, after=tuple(table[f"key_{at}"][-1].as_py() for at in range(len(order))))

    def _hearers(self, topic: str, grade: str) -> list[Subscription]:
        return list(self._broker.subscriptions.hearers(topic, lambda each: each.grant.view.sees(OBSERVATION, grade)))

    def standing(self, path: str, view: View) -> Iterator[Message]:
        """Yield the latest values that a new subscriber of ``path`` hears at once, from the hot state."""
        number = stream_of(path)
        if number is not None:
            latest = self._city.sensing.latest_of([number])
        elif path.endswith("/Observations") and {"+", "#"} & set(path.split("/")) and reaches(path, ROOT):
            latest = self._city.sensing.latest()
        else:
            return
        there = np.flatnonzero(latest.time != NEVER)
        numbers = latest.numbers[there[np.argsort(-latest.time[there], kind="stable")[:_STANDING_MAX]]]
        entities = self._city.sensing.entities
        seen = [each for each in numbers.tolist() if view.sees(OBSERVATION, entities.grade_of(each))]
        rendering = Rendering(self._city, self._root())
        latest_of = entities.reading.observing.latest(np.array(seen, np.int32))
        for number in seen:
            if number in latest_of:
                row = latest_of[number].row
                shown = (number, row["time"], row["value"], row["quality"], row["extra"])
                yield rendering.message(rendering.topic(number), shown, view)
