"""The notifier: tells subscribers of committed values, each at least once, also over restarts and outages.

Senders are few threads that serve the lines that are due; a slow endpoint holds up its own line and one thread for no
longer than its timeout. How far each line is told is kept every second; after a restart what was recorded since is
read from the lake, so that the last seconds may be told twice, and nothing is left out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Condition, Lock, Thread

import numpy as np
from anyio.to_thread import run_sync
from numpy.typing import NDArray

from lifang.core import Problem, to_micros
from lifang.doors.http import Metrics
from lifang.doors.ngsild.answering import context_link
from lifang.doors.ngsild.projection import Projection
from lifang.doors.ngsild.roll import Roll
from lifang.doors.ngsild.subscriptions.line import Line
from lifang.doors.ngsild.subscriptions.news import News
from lifang.doors.ngsild.subscriptions.notice import notification, subject_now
from lifang.doors.ngsild.subscriptions.past import recorded_between
from lifang.doors.ngsild.subscriptions.register import Delivery, Register
from lifang.doors.ngsild.subscriptions.senders import Publisher, Senders, media_headers
from lifang.sensing import NEVER, Observations

MARGIN_US = 10_000_000  # longer than a commit takes, from its recorded time to its telling
_SENDERS = 8
_KEEP_S = 1.0
_IDLE_S = 0.5
_SETTLED_S = 0.2  # longer than the pause between two tellings
_END_US = to_micros(datetime(9000, 1, 1, tzinfo=UTC))
_LOG = logging.getLogger(__name__)


class Notifier:
    """The subscriptions of one city and how they are told; serves from ``start`` to ``close``."""

    def __init__(self, projection: Projection, publisher: Publisher | None = None) -> None:
        self.city, self._projection = projection.city, projection
        self.register = Register(self.city.store)
        self.senders = Senders(self.city, publisher, lambda: self._closing)
        self._change = Condition()
        self._lines: dict[str, Line] = {}
        self._threads: list[Thread] = []
        self._newest: NDArray[np.int64] = np.zeros(0, np.int64)
        self._open = self._closing = self._watching = False
        self._tellings = 0
        self._offering = Lock()
        self._roll: Roll | None = None
        self._strange: list[News] = []

    @asynccontextmanager
    async def serving(self, metrics: Metrics) -> AsyncIterator[None]:
        """Tell subscribers for as long as the context lasts."""
        del metrics
        await run_sync(self.start)
        try:
            yield
        finally:
            await run_sync(self.close)

    def start(self) -> None:
        """Begin to tell: first what was recorded since each line was told last."""
        latest = self.city.sensing.latest(with_empty=True)
        self._newest = np.full(int(latest.numbers[-1]) + 1 if len(latest) else 1, NEVER, np.int64)
        self._newest[latest.numbers] = latest.time
        self._closing, self._open = False, True
        if not self._watching:
            self._watching = True
            self.city.sensing.on_commit(self._committed)
            self.register.on_change(self._reload)
        self._reload()
        work = [self._keep, *([self._serve] * _SENDERS)]
        self._threads = [Thread(target=each, name="lifang-ngsild", daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Tell no more; what waits is told after the next start."""
        if not self._open:
            return
        with self._change:
            self._open, self._closing = False, True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()
        self._keep_once()

    def delivery(self, identifier: str) -> Delivery | None:
        """Return how the delivery of a subscription stands now."""
        line = self._lines.get(identifier)
        return line.delivery if line is not None else self.register.deliveries([identifier]).get(identifier)

    def begin(self) -> int:
        """Return the moment (microseconds UTC) at which a new watch begins: once what was committed before is told.

        Two tellings that end tell everything that was committed when the first was under way; where none comes for a
        while, nothing waits to be told.
        """
        with self._change:
            first = self._tellings
            while self._open and self._tellings < first + 2:
                before = self._tellings
                self._change.wait_for(lambda: self._tellings != before, _SETTLED_S)  # noqa: B023 - asked at once
                if self._tellings == before:
                    break
            return self._now_us()

    def _now_us(self) -> int:
        return to_micros(self.city.clock.now())

    def _reload(self) -> None:
        """Have one line for each subscription; one that was changed goes on where it was told last."""
        if not self._open:
            return
        there = {each.id: each for each in self.register.all()}
        kept = self.register.deliveries()
        with self._change:
            lines: dict[str, Line] = {}
            for identifier, subscription in there.items():
                known = self._lines.get(identifier)
                if known is not None and known.subscription.kept() == subscription.kept():
                    lines[identifier] = known
                    continue
                delivery = kept.get(identifier, Delivery(self._now_us()))
                if known is not None:
                    delivery = replace(known.delivery, told=max(known.delivery.told, delivery.told))
                lines[identifier] = Line(subscription, delivery)
            self._lines = lines
            self._change.notify_all()

    def _committed(self, observations: Observations) -> None:
        """Offer what was committed to every line, on the watchers' thread; a late value changes no entity.

        What a datastream says that is new to the roll waits until the keeper has read the roll again.
        """
        if not self._open:
            return
        until = self._now_us() - MARGIN_US
        news = self._timely(News.of(observations, until)).shown()
        if self._lines:
            with self._offering:
                self._offer(self._known(news, self._roll or self._projection.roll()))
        with self._change:
            self._tellings += 1
            self._change.notify_all()

    def _known(self, news: News, roll: Roll) -> News:
        """Return the values of datastreams that the roll has; the others are set aside."""
        self._roll = roll
        known = news.numbers < len(roll.stream_row)
        known[known] = roll.stream_row[news.numbers[known]] >= 0
        if not known.all():
            self._strange.append(news.pick(~known))
        until = min([news.until, *(each.until for each in self._strange)])  # what is set aside is not told yet
        return replace(news.pick(known), until=until)

    def _offer(self, news: News) -> None:
        moment = self.city.clock.now()
        for line in list(self._lines.values()):
            if self._roll is not None and line.subscription.status(moment) == "active":
                line.offer(news, self._roll)

    def _renew(self) -> None:
        """Read the roll again if it changed, and offer what was set aside."""
        if not self._lines:
            return
        roll = self._projection.roll(fresh=bool(self._strange))
        with self._offering:
            self._roll, strange, self._strange = roll, self._strange, []
            for news in strange:
                self._offer(news)
        if strange:
            with self._change:
                self._change.notify_all()

    def _timely(self, news: News) -> News:
        most = int(news.numbers.max()) + 1 if len(news) else 0
        if most > len(self._newest):
            more = np.full(max(most, 2 * len(self._newest)) - len(self._newest), NEVER, np.int64)
            self._newest = np.concatenate([self._newest, more])
        timely = news.time >= self._newest[news.numbers]
        np.maximum.at(self._newest, news.numbers, news.time)
        return news.pick(timely)

    def _serve(self) -> None:
        while self._open:
            line = self._next()
            if line is None:
                continue
            try:
                self._work_off(line)
            except Exception:  # noqa: BLE001 - one line's fault must not end the others'; it is logged
                _LOG.exception("a subscription could not be served")
                line.due = time.monotonic() + line.failed(self.city.clock.now())
            finally:
                with self._change:
                    line.busy = False
                    self._change.notify_all()

    def _next(self) -> Line | None:
        """Return a line that is due, now busy; wait a moment if there is none."""
        with self._change:
            now, moment = time.monotonic(), self.city.clock.now()
            for line in self._lines.values():
                subscription = line.subscription
                if line.has_work and not line.busy and line.due <= now and subscription.status(moment) == "active":
                    line.busy = True
                    return line
            if self._open:
                self._change.wait(_IDLE_S)
        return None

    def _work_off(self, line: Line) -> None:
        if line.behind:
            for news in self._missed(line):
                if not self._tell(line, news.shown()):
                    line.fall_behind()
                    return
                line.told(min(news.until, self._now_us() - MARGIN_US))
                if not line.behind:
                    line.heard(news, self._now_us())
        if line.due > time.monotonic():
            return
        waiting = line.take(whole=line.subscription.throttling_s > 0)
        if waiting is not None and self._tell(line, line.unheard(waiting)):
            line.settle(waiting)

    def _missed(self, line: Line) -> Iterator[News]:
        """Yield what was recorded since the line was told last; from the last part on, what is committed waits."""
        watched = line.watched(self._projection.roll(fresh=True))
        lake = self.city.store.lake
        safe = self._now_us() - MARGIN_US
        if line.delivery.told < safe:
            yield from recorded_between(lake, watched, line.delivery.told, safe)
        line.catch_up()
        yield from recorded_between(lake, watched, line.delivery.told, _END_US)

    def _tell(self, line: Line, news: News) -> bool:
        """Return whether all of ``news`` was told, or is not to be told; else the line is due again later."""
        subscription = line.subscription
        parts = news.newest().rounds() if subscription.throttling_s else news.rounds()
        for part in parts:
            if self._lines.get(subscription.id) is not line or not self._open:
                return False
            if not self._tell_part(line, part):
                return False
        if subscription.throttling_s and len(news):
            line.due = time.monotonic() + subscription.throttling_s
        return True

    def _tell_part(self, line: Line, news: News) -> bool:
        subscription = line.subscription
        subject = subject_now(self.city, subscription.owner)
        body = notification(self._projection, subscription, subject, news) if subject is not None else None
        if body is None:
            return True
        try:
            self.senders.send(subscription.endpoint, body, media_headers(subscription.endpoint, context_link()))
        except Problem as problem:
            _LOG.info("a notification of %s failed: %s", subscription.id, problem)
            line.due = time.monotonic() + line.failed(self.city.clock.now())
            return False
        line.succeeded(self.city.clock.now())
        return True

    def _keep(self) -> None:
        while self._open:
            with self._change:
                self._change.wait_for(lambda: not self._open or self._strange, _KEEP_S)
            try:
                self._renew()
            except Problem as problem:  # tried again in a moment; what was set aside waits
                _LOG.warning("the entities could not be read: %s", problem)
            self._keep_once()

    def _keep_once(self) -> None:
        lines = [line for line in list(self._lines.values()) if line.dirty]
        try:
            self.register.put_deliveries({line.subscription.id: line.clean() for line in lines})
        except Problem as problem:  # what was told may be told again after a restart
            _LOG.warning("how far subscribers were told could not be kept: %s", problem)
