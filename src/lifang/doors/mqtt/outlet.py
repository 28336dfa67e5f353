"""Observations out: each committed value is told to those who subscribed to it and may read it, newest state at once.

The city's watcher calls on a thread of its own; the telling happens on the event loop. Nothing is written where
nobody listens.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from lifang.app import City
from lifang.core import BadInput, format_instant, from_micros, to_micros
from lifang.doors.mqtt.broker import Broker, Message, Subscription
from lifang.doors.mqtt.meaning import ROOT, reaches, stream_of
from lifang.guard import Classification
from lifang.sensing import NEVER, Observations, Quality
from lifang.store import Call, Field, Literal, ObservationQuery

_WORDS = {each.value: each.word for each in Quality}
_MOST_AT_ONCE = 20_000  # rows told of one commit to those who want everything: the newest
_MARGIN_US = 10_000_000  # longer than a commit takes, from its recorded time to its telling
_STANDING_MAX = 1000  # latest values a wildcard subscription gets at once
FIELDS = (
    "@iot.id",
    "@iot.selfLink",
    "phenomenonTime",
    "resultTime",
    "result",
    "resultQuality",
    "Datastream@iot.navigationLink",
    "FeatureOfInterest@iot.navigationLink",
)
_SHORT = {"id": "@iot.id", "selfLink": "@iot.selfLink"}


@dataclass(frozen=True)
class View:
    """What a subscriber sees: of data classified so, these fields (all if none is named), free topics or not.

    ``shown`` is the topic its messages carry when that is not the path they were told under; ``query`` follows it.
    """

    classes: frozenset[Classification]
    select: tuple[str, ...] = ()
    query: str = ""
    shown: str = ""
    is_free: bool = False
    errors_of: str = ""


Row = tuple[int, int, float, int]


@dataclass
class Rendering:
    """Messages of one telling, made once for all who see the same."""

    root: str
    made: dict[tuple[str, Row, tuple[str, ...]], Message] = field(default_factory=dict)

    def message(self, topic: str, row: Row, view: View) -> Message:
        """Return the message of a row (number, microseconds, value, quality) for those who see ``view``."""
        shown = (view.shown or topic) + view.query
        key = (shown, row, view.select)
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = Message(shown, self._body(row, view.select), qos=2)
        return found

    def _body(self, row: Row, select: tuple[str, ...]) -> bytes:
        number, micros, value, quality = row
        link = f"{self.root}/Observations('{number}-{micros}')"
        whole = {
            "@iot.id": f"{number}-{micros}",
            "@iot.selfLink": link,
            "phenomenonTime": format_instant(from_micros(micros)),
            "resultTime": None,
            "result": value,
            "resultQuality": _WORDS.get(quality, str(quality)),
            "Datastream@iot.navigationLink": f"{self.root}/Datastreams({number})",
            "FeatureOfInterest@iot.navigationLink": f"{link}/FeatureOfInterest",
        }
        return orjson.dumps({name: whole[name] for name in select} if select else whole)


def check_select(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the fields of an Observation that ``$select`` names; ``BadInput`` for one that it has not."""
    found = tuple(_SHORT.get(name, name) for name in names)
    for name in found:
        if name not in FIELDS:
            raise BadInput(f"An Observation has no {name!r}.", where=where[:80], mend=f"Known: {', '.join(FIELDS)}.")
    return found


class Outlet:
    """Tells a broker's subscribers of the city's observations."""

    def __init__(self, city: City, broker: Broker, root: Callable[[], str]) -> None:
        self._city, self._broker, self._root = city, broker, root
        self._loop = asyncio.get_running_loop()
        self._single: Counter[int] = Counter()
        self._wide = 0
        self._numbers: NDArray[np.int32] | None = None
        self._is_open = True
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
        elif reaches(path, ROOT):
            self._wide += step

    def _committed(self, observations: Observations) -> None:
        """Pick what somebody listens to, on the watcher's thread."""
        if not self._is_open or not (self._wide or self._single):
            return
        rows: NDArray[np.int64] | slice = slice(max(0, len(observations) - _MOST_AT_ONCE), None)
        if not self._wide:
            numbers = self._numbers
            if numbers is None:
                numbers = self._numbers = np.array(sorted(self._single), np.int32)
            rows = np.flatnonzero(np.isin(observations.datastream, numbers))
            if not len(rows):
                return
        columns = (observations.datastream, observations.time, observations.value, observations.quality)
        picked = list(zip(*(column[rows].tolist() for column in columns), strict=True))
        classes = self._classes(picked)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, picked, classes)

    def _tell(self, rows: Sequence[Row], classes: dict[int, Classification]) -> None:
        if not self._is_open:
            return
        rendering = Rendering(self._root())
        everyone = {each: self._hearers(f"{ROOT}/Observations", each) for each in set(classes.values())}
        for row in rows:
            number = row[0]
            topic = f"{ROOT}/Datastreams({number})/Observations"
            for subscription in self._hearers(topic, classes[number]):
                subscription.deliver(rendering.message(topic, row, subscription.grant.view))
            for subscription in everyone[classes[number]]:
                subscription.deliver(rendering.message(f"{ROOT}/Observations", row, subscription.grant.view))
        if any(True for _ in self._broker.sessions.kept()):
            self._broker.keeper.told(self.told_until())
            self._broker.spawn(self._broker.keeper.flush())

    def told_until(self) -> int:
        """Return the moment before which every observation has been told, with a margin for commits under way."""
        return to_micros(self._city.clock.now()) - _MARGIN_US

    async def catch_up(self, told: int) -> None:
        """Queue, for sessions that were kept, what was recorded since ``told`` and may not have been told.

        What the journal says was queued for a session is left out.
        """
        kept = list(self._broker.sessions.kept())
        if not any(reaches(each.grant.path, ROOT) for session in kept for each in session.subscriptions.values()):
            return
        rows, classes = await asyncio.to_thread(self._recorded_since, told)
        rendering = Rendering(self._root())
        for row in rows:
            paths = (f"{ROOT}/Datastreams({row[0]})/Observations", f"{ROOT}/Observations")
            for topic in paths:
                for subscription in self._hearers(topic, classes[row[0]]):
                    message = rendering.message(topic, row, subscription.grant.view)
                    if subscription.session in kept and hash(message.payload) not in subscription.session.seen:
                        subscription.deliver(message)
        for session in kept:
            session.seen.clear()
        await self._broker.keeper.flush()

    def _recorded_since(self, told: int) -> tuple[list[Row], dict[int, Classification]]:
        since = Call("gt", (Field("recorded"), Literal(from_micros(told))))
        order = (("recorded", True), ("datastream", False), ("time", False))
        table = self._city.store.lake.read(ObservationQuery(where=since, order=order, limit=_MOST_AT_ONCE))
        columns = (table["datastream"], table["time"].cast(pa.int64()), table["value"], table["quality"])
        rows = list(zip(*(column.to_pylist() for column in columns), strict=True))[::-1]
        return rows, self._classes(rows)

    def _classes(self, rows: Sequence[Row]) -> dict[int, Classification]:
        return {number: self._city.sensing.datastream(number).classification for number in {row[0] for row in rows}}

    def _hearers(self, topic: str, classification: Classification) -> list[Subscription]:
        return list(self._broker.subscriptions.hearers(topic, lambda each: classification in each.grant.view.classes))

    def standing(self, path: str, view: View) -> Iterator[Message]:
        """Yield the latest values that a new subscriber of ``path`` hears at once, from the hot state."""
        number = stream_of(path)
        if number is not None:
            latest = self._city.sensing.latest_of([number])
        elif path.endswith("/Observations") and path != f"{ROOT}/Observations" and reaches(path, ROOT):
            latest = self._city.sensing.latest(classes=view.classes)
        else:
            return
        newest = np.argsort(-latest.time, kind="stable")[:_STANDING_MAX]
        rendering = Rendering(self._root())
        columns = (latest.numbers, latest.time, latest.value, latest.quality)
        for row in zip(*(column[newest].tolist() for column in columns), strict=True):
            if row[1] != NEVER:
                yield rendering.message(f"{ROOT}/Datastreams({row[0]})/Observations", row, view)
