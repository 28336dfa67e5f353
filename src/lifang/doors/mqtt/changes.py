"""Changed entities out: each is told to those who subscribed to it, its collection or a changed property of it.

A change tells on the thread that made it; what subscribers get is looked up and written on another, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from lifang.app import City
from lifang.core import Problem
from lifang.doors.mqtt.broker import Broker, Message, Subscription
from lifang.doors.mqtt.meaning import ROOT
from lifang.doors.mqtt.view import View
from lifang.doors.sensorthings import ALL, Writer
from lifang.sensing import (
    OBSERVATION,
    PLURALS,
    STREAMS,
    TASKING,
    WAYS,
    Changed,
    Entity,
    Page,
    Question,
    Start,
    told_entity,
)

_PARENTS_MAX = 100
_UNTOLD = frozenset({OBSERVATION, *TASKING.values()})  # what nobody hears of by what is linked to it
_NONE = np.zeros(0, np.int32)


@dataclass(frozen=True)
class _News:
    """What there is to tell of an entity: how it is graded, which properties changed, where it is told."""

    entity: Entity
    grade: str
    paths: tuple[str, ...]
    properties: tuple[tuple[str, str], ...]  # path and name


class Changes:
    """Tells a broker's subscribers of the city's entities."""

    def __init__(self, city: City, broker: Broker, root: Callable[[], str]) -> None:
        self._city, self._broker, self._root = city, broker, root
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._deep = 0
        self._is_open = True
        broker.subscriptions.changed.append(self._follow)
        city.sensing.on_change(self._changed)

    def close(self) -> None:
        """Tell no more."""
        self._is_open = False

    def _follow(self, subscription: Subscription, is_there: bool) -> None:
        """Keep count of who listens to what is linked to one entity."""
        levels = subscription.grant.path.split("/")
        if len(levels) > 2 or "#" in levels:
            self._deep += 1 if is_there else -1

    def _changed(self, changed: Sequence[Changed]) -> None:
        if self._is_open and len(self._broker.subscriptions) and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._broker.spawn(self._tell(changed)))

    async def _tell(self, changed: Sequence[Changed]) -> None:
        async with self._turn:
            for each in changed:
                if each.what == "delete":
                    continue
                news = await asyncio.to_thread(self._look, each)
                if news is not None:
                    await self._tell_one(news)
            await self._broker.keeper.flush()

    async def _tell_one(self, news: _News) -> None:
        whole = [(each, path, "") for path in news.paths for each in self._hearers(path, news)]
        parts = [(each, path, name) for path, name in news.properties for each in self._hearers(path, news)]
        views = {id(each.grant.view): each.grant.view for each, _, _ in (*whole, *parts)}
        bodies = await asyncio.to_thread(lambda: {key: self._body(news.entity, view) for key, view in views.items()})
        for subscription, path, name in (*whole, *parts):
            view: View = subscription.grant.view
            body = bodies.get(id(view))
            if body is not None:
                told = {name: body.get(name)} if name else body
                subscription.deliver(Message(view.topic(path), orjson.dumps(told), qos=2))

    def _hearers(self, path: str, news: _News) -> list[Subscription]:
        kind, grade = news.entity.kind, news.grade
        return list(self._broker.subscriptions.hearers(path, lambda each: each.grant.view.sees(kind, grade)))

    def _body(self, entity: Entity, view: View) -> dict[str, Any] | None:
        streams = np.array([entity.number], np.int32) if entity.kind in STREAMS else _NONE
        spans = self._city.sensing.entities.covers(streams, _NONE, view.sight)
        try:
            return Writer(self._root(), spans).write(entity, view.select)
        except Problem:
            return None  # a wildcard's $select names what this kind has not

    def _look(self, changed: Changed) -> _News | None:
        """Return what is to be told of a change, ``None`` if the entity is gone by now."""
        reading = self._city.sensing.entities.reading
        try:
            entity = reading.get(changed.kind, changed.number, ALL)
            grade = entity.row.get("classification")
            if grade is None:
                grade = reading.follow(Start(changed.kind, changed.number), "Thing", ALL).row["classification"]
        except Problem:
            return None
        own = f"{ROOT}/{PLURALS[changed.kind]}({changed.number})"
        paths = (f"{ROOT}/{PLURALS[changed.kind]}", own, *(self._linked(entity) if self._deep else ()))
        properties = tuple((f"{own}/{name}", name) for name in _names(changed, entity)) if self._deep else ()
        return _News(entity, str(grade), paths, properties)

    def _linked(self, entity: Entity) -> Iterator[str]:
        """Yield the collections of other entities that the entity is in."""
        ways = WAYS[entity.kind]
        expand = tuple(
            (link, Question(way.target, top=_PARENTS_MAX)) for link, way in ways.items() if way.target not in _UNTOLD
        )
        found = self._city.sensing.entities.reading.get(entity.kind, entity.number, ALL, expand)
        for linked in found.links.values():
            for parent in linked.items if isinstance(linked, Page) else [linked]:
                if parent is None:
                    continue
                for name, way in WAYS[parent.kind].items():
                    if way.target == entity.kind:
                        yield f"{ROOT}/{PLURALS[parent.kind]}({parent.number})/{name}"


def _names(changed: Changed, entity: Entity) -> list[str]:
    """Return the properties that are others than before."""
    now = told_entity(entity.kind, entity.row)
    if changed.before is None:
        return list(now)
    before = told_entity(entity.kind, changed.before)
    return [name for name, value in now.items() if value != before.get(name)]
