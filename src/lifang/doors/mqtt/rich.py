"""Observations that say more than a number: result times, features, texts, lists, whole features made with them.

Those that arrive together are one change, each with its own outcome; what does not fit into a row of it is created by
itself, as over HTTP, which also finds the words for what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from lifang.app import Asker, City
from lifang.core import Problem
from lifang.doors.http import Metrics
from lifang.doors.mqtt.access import Guest, asker_of
from lifang.doors.mqtt.broker import Delivery
from lifang.doors.sensorthings import create_at, sight_of

_ROW = frozenset({"phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters"})
_MOST = 500  # of one change
Refuse = Callable[[Delivery, Problem], None]


@dataclass(frozen=True)
class Rich:
    """One message: the path to create it at, and the group of a dataArray that says the same, where one does."""

    delivery: Delivery
    guest: Guest
    path: str
    group: dict[str, Any] | None


def group_of(kind: str, reference: int | str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the observation as a group of one row, ``None`` if it says what a row cannot."""
    fields = {name: value for name, value in body.items() if name in _ROW}
    left = body.keys() - _ROW - {"FeatureOfInterest"}
    feature = body.get("FeatureOfInterest")
    if (
        left
        or "result" not in body
        or (feature is not None and (not isinstance(feature, dict) or set(feature) != {"@iot.id"}))
    ):
        return None
    if feature is not None:
        fields["FeatureOfInterest/id"] = feature["@iot.id"]
    return {kind: {"@iot.id": reference}, "components": list(fields), "dataArray": [list(fields.values())]}


class RichIntake:
    """Takes such observations for a city; ``root`` is the service's address."""

    def __init__(
        self,
        city: City,
        metrics: Metrics,
        *,
        refuse: Refuse,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        root: Callable[[], str],
    ) -> None:
        self._city, self._metrics = city, metrics
        self._refuse, self._spawn, self._root = refuse, spawn, root
        self._waiting: list[Rich] = []
        self._is_busy = False

    def add(self, rich: Rich) -> None:
        """Take one message."""
        self._waiting.append(rich)
        if not self._is_busy:
            self._is_busy = True
            self._spawn(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                owner = self._waiting[0].guest.subject.id
                part = [each for each in self._waiting if each.guest.subject.id == owner][:_MOST]
                taken = set(map(id, part))
                self._waiting = [each for each in self._waiting if id(each) not in taken]
                problems = await asyncio.to_thread(self._store, part)
                for each, problem in zip(part, problems, strict=True):
                    if problem is not None:
                        self._refuse(each.delivery, problem)
                    else:
                        self._metrics.values.labels("mqtt").inc()
                        each.delivery.settle()
        finally:
            self._is_busy = False

    def _store(self, part: list[Rich]) -> list[Problem | None]:
        """Return, per message, why it was not stored, ``None`` where it is on disk."""
        asker = asker_of(self._city, part[0].guest)
        rows = [each for each in part if each.group is not None]
        stored: set[int] = set()
        if len(rows) > 1:
            try:
                stored = self._together(asker, rows)
            except Problem:
                stored = set()  # each by itself finds out which it was
        return [None if id(each) in stored else self._alone(asker, each) for each in part]

    def _together(self, asker: Asker, rows: list[Rich]) -> set[int]:
        entities = self._city.sensing.entities
        with entities.change(asker.subject, sight_of(asker), asker.purpose) as change:
            ids = entities.create_rows(change, [each.group for each in rows])
        return {id(each) for each, key in zip(rows, ids, strict=True) if key is not None}

    def _alone(self, asker: Asker, rich: Rich) -> Problem | None:
        try:
            create_at(asker, rich.path, rich.delivery.packet.payload, self._root())
        except Problem as problem:
            return problem
        return None
