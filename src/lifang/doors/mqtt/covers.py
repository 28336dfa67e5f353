"""What datastreams cover, out: their times and area are told when observations changed them (18-088, clause 14.2.3).

A commit marks its datastreams, and nothing at all where nobody listens. Rounds look at what is marked and tell what is
other than was told: some a second, and fewer where looking takes long, so that taking values in is never held up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.app import City
from lifang.doors.mqtt.broker import Broker, Message, Subscription
from lifang.doors.mqtt.meaning import ROOT, covers_of
from lifang.doors.mqtt.view import Sight
from lifang.sensing import OBSERVATION, PLURALS, Changed, Observations

_PAUSE_S = 0.3
_SHARE = 9  # of a round's own time, the least pause after it
_MOST = 2000  # datastreams of one round; others wait for their turn
_PART = 20  # datastreams told at one go
_NONE = np.zeros(0, np.int32)
Item = TypeVar("Item")
_Key = tuple[tuple[str, tuple[str, ...]], ...]
_Due = tuple[Subscription, int, str, str]  # who hears, of which datastream, which property, under which topic


class Covers:
    """Tells a broker's subscribers what the city's datastreams cover."""

    def __init__(self, city: City, broker: Broker) -> None:
        self._city, self._broker = city, broker
        self._loop = asyncio.get_running_loop()
        self._names: Counter[str] = Counter()
        self._single: Counter[int] = Counter()
        self._wide = 0
        self._marking = Lock()
        self._marked = np.zeros(0, np.bool_)
        self._last = 0
        self._told: dict[tuple[_Key, str], NDArray[np.int64]] = {}
        self._is_due, self._is_open = False, True
        self._pause_s = _PAUSE_S
        broker.subscriptions.changed.append(self._follow)
        city.sensing.on_commit(self._committed)
        city.sensing.on_change(self._changed)

    def close(self) -> None:
        """Tell no more."""
        self._is_open = False

    def _follow(self, subscription: Subscription, is_there: bool) -> None:
        """Keep count of who listens to which property, of one datastream or of any."""
        number, names = covers_of(subscription.grant.path)
        if not names:
            return
        step = 1 if is_there else -1
        self._names.update(dict.fromkeys(names, step))
        if number is None:
            self._wide += step
        else:
            self._single[number] += step
        self._names, self._single = +self._names, +self._single
        if not self._names:
            self._told.clear()
            with self._marking:
                self._marked[:] = False  # whoever listens next is not told what was before

    def _committed(self, observations: Observations) -> None:
        if self._is_open and self._names:
            self._mark(observations.datastream)

    def _changed(self, changed: Sequence[Changed]) -> None:
        """Mark the datastreams of observations that were deleted, and those of features that changed."""
        if not self._is_open or not self._names:
            return
        reading = self._city.sensing.entities.reading
        for each in changed:
            if each.kind == OBSERVATION:
                self._mark(np.array([each.number], np.int32))
            elif each.kind == "FeatureOfInterest" and each.what == "update":
                self._mark(reading.streams_of(each.number))

    def _mark(self, numbers: NDArray[np.int32]) -> None:
        """Have these datastreams looked at, on whichever thread."""
        if not len(numbers):
            return
        with self._marking:
            if (highest := int(numbers.max())) >= len(self._marked):
                self._marked = np.append(self._marked, np.zeros(highest + 1, np.bool_))
            self._marked[numbers] = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._await_round)

    def _await_round(self) -> None:
        if not self._is_due and self._is_open:
            self._is_due = True
            self._loop.call_later(self._pause_s, lambda: self._broker.spawn(self._round()))

    async def _round(self) -> None:
        begin = self._loop.time()
        try:
            if self._is_open and len(numbers := self._taken()):
                await self._tell(numbers)
        finally:
            self._pause_s = max(_PAUSE_S, _SHARE * (self._loop.time() - begin))
            self._is_due = False
            if self._marked.any():
                self._await_round()

    def _taken(self) -> NDArray[np.int32]:
        """Return the marked datastreams whose turn it is that somebody listens to; others stay marked."""
        with self._marking:
            marked = np.flatnonzero(self._marked).astype(np.int32)
            if not self._wide:
                self._marked[marked] = False
                marked = marked[np.isin(marked, list(self._single))]
            turn = np.roll(marked, -int(np.searchsorted(marked, self._last, side="right")))
            chosen, rest = turn[:_MOST], turn[_MOST:]
            self._marked[chosen], self._marked[rest] = False, True
        self._last = int(chosen[-1]) if len(rest) else 0
        return chosen

    async def _tell(self, numbers: NDArray[np.int32]) -> None:
        """Tell those who listen to these datastreams what is other than they were told."""
        due: list[_Due] = []
        async for number in _in_turn(numbers.tolist()):
            due += self._due(number)
        sights = {_key(each[0].grant.view.sight): each[0].grant.view.sight for each in due}
        names, entities = tuple(self._names), self._city.sensing.entities
        for key, sight in sights.items():
            heard = [each for each in due if _key(each[0].grant.view.sight) == key]
            wanted = np.array(sorted({number for _, number, _, _ in heard}), np.int32)
            covered = await asyncio.to_thread(entities.covers, wanted, _NONE, sight, names)
            news = self._news(key, covered, names)
            async for subscription, number, name, topic in _in_turn(heard):
                if (payload := news.get((number, name))) is not None:
                    subscription.deliver(Message(subscription.grant.view.topic(topic), payload, qos=2))
        await self._broker.keeper.flush()

    def _due(self, number: int) -> Iterator[_Due]:
        """Yield who hears of a datastream's properties."""
        entities = self._city.sensing.entities
        kind = "MultiDatastream" if entities.is_multi(number) else "Datastream"
        grade = entities.grade_of(number)
        for name in self._names:
            topic = f"{ROOT}/{PLURALS[kind]}({number})/{name}"
            hearers = self._broker.subscriptions.hearers(topic, lambda each: each.grant.view.sees(kind, grade))
            yield from ((each, number, name, topic) for each in hearers)

    def _news(
        self, key: _Key, covered: Mapping[int, Mapping[str, Any]], names: Sequence[str]
    ) -> dict[tuple[int, str], bytes]:
        """Return, by datastream and property, what is other than those of this sight were told."""
        news: dict[tuple[int, str], bytes] = {}
        for name in names:
            told = self._told.setdefault((key, name), np.zeros(0, np.int64))
            if (highest := max(covered, default=0)) >= len(told):
                told = self._told[key, name] = np.append(told, np.zeros(highest + 1, np.int64))
            for number, values in covered.items():
                payload = orjson.dumps({name: values.get(name)})
                if told[number] != (mark := hash(payload)):
                    told[number] = mark
                    news[number, name] = payload
        return news


async def _in_turn(items: Sequence[Item]) -> AsyncIterator[Item]:
    """Yield ``items``, some at a time: others have their turn on the loop in between."""
    for at, item in enumerate(items, start=1):
        yield item
        if not at % _PART:
            await asyncio.sleep(0)


def _key(sight: Sight) -> _Key:
    return tuple(sorted(sight.items()))
