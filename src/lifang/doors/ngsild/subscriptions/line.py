"""The line to one subscriber: what waits to be told, what was told, and when the next attempt is due.

Up to a bound what was committed waits in memory; beyond it the line is *behind* and reads on from the lake, which has
everything. So a subscriber that is away costs no memory, and loses nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from lifang.doors.ngsild.roll import Roll
from lifang.doors.ngsild.subscriptions.model import Subscription
from lifang.doors.ngsild.subscriptions.news import AT_ONCE, News, joined
from lifang.doors.ngsild.subscriptions.notice import watched_streams
from lifang.doors.ngsild.subscriptions.register import Delivery, moment_text

WAITING_MAX = 50_000  # values
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0


@dataclass(eq=False)
class Line:
    """One subscription's line; ``due`` (seconds, monotonic) is when it may be served again."""

    subscription: Subscription
    delivery: Delivery
    behind: bool = True
    busy: bool = False
    due: float = 0.0
    dirty: bool = False
    failures: int = 0
    _waiting: deque[News] = field(default_factory=deque)
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)
    _heard: set[tuple[int, int, float]] = field(default_factory=set)
    _heard_until: int = 0
    _watched: tuple[Roll, NDArray[np.bool_]] | None = None

    def watched(self, roll: Roll) -> NDArray[np.bool_]:
        """Return, by datastream number, whether its values are watched."""
        if self._watched is None or self._watched[0] is not roll:
            self._watched = roll, watched_streams(self.subscription, roll)
        return self._watched[1]

    @property
    def has_work(self) -> bool:
        """Whether there may be something to tell."""
        return self.behind or bool(self._waiting)

    def offer(self, news: News, roll: Roll) -> None:
        """Take in what was committed, as far as it is watched."""
        watched = self.watched(roll)
        known = news.numbers < len(watched)
        known[known] = watched[news.numbers[known]]
        with self._lock:
            if self.behind:
                return
            if not known.any():
                if not self._waiting and not self.busy:
                    self._told(news.until)
                return
            self._waiting.append(news.pick(known))
            self._count += int(known.sum())
            if self._count > WAITING_MAX:
                self._waiting.clear()
                self._count, self.behind = 0, True

    def take(self, *, whole: bool) -> News | None:
        """Return what waits, all of it or about as much as one notification tells; it waits on until :meth:`settle`."""
        with self._lock:
            parts: list[News] = []
            for part in self._waiting:
                parts.append(part)
                if not whole and sum(map(len, parts)) >= AT_ONCE:
                    break
            return joined(parts) if parts else None

    def settle(self, news: News) -> None:
        """Forget what was told: the oldest values that wait, as many as ``news`` has."""
        with self._lock:
            left = len(news)
            while self._waiting and len(self._waiting[0]) <= left:
                left -= len(self._waiting.popleft())
            self._count = sum(map(len, self._waiting))
            if not self.behind:
                self._told(news.until)

    def catch_up(self) -> None:
        """Take in from now on: what was recorded so far is about to be read from the lake."""
        with self._lock:
            self.behind = False
            self._heard.clear()

    def heard(self, news: News, now_us: int) -> None:
        """Note what was told from the lake while what is committed waited already: it may wait, too."""
        with self._lock:
            self._heard_until = now_us
            if len(self._heard) < WAITING_MAX:
                self._heard.update(news.told())

    def unheard(self, news: News) -> News:
        """Return what waits without what was told from the lake just before."""
        with self._lock:
            if not self._heard:
                return news
            kept = news.pick(np.array([key not in self._heard for key in news.told()], np.bool_))
            if news.until > self._heard_until:
                self._heard.clear()
            return kept

    def fall_behind(self) -> None:
        """Have everything read from the lake again, from where it was told last."""
        with self._lock:
            self._waiting.clear()
            self._count, self.behind = 0, True

    def told(self, until: int) -> None:
        """Note that everything recorded until then was told."""
        with self._lock:
            self._told(until)

    def _told(self, until: int) -> None:
        if until > self.delivery.told:
            self.delivery = replace(self.delivery, told=until)
            self.dirty = True

    def succeeded(self, now: datetime) -> None:
        """Note one notification that arrived."""
        text = moment_text(now)
        with self._lock:
            self.delivery = replace(self.delivery, sent=self.delivery.sent + 1, last=text, last_success=text)
            self.dirty, self.failures = True, 0

    def failed(self, now: datetime) -> float:
        """Note one that did not; return for how many seconds to wait, each time twice as long up to a bound."""
        text = moment_text(now)
        with self._lock:
            sent, failed = self.delivery.sent + 1, self.delivery.failed + 1
            self.delivery = replace(self.delivery, sent=sent, failed=failed, last=text, last_failure=text)
            self.dirty = True
            self.failures += 1
            wait = min(FIRST_WAIT_S * 2.0 ** min(self.failures - 1, 20), LONGEST_WAIT_S)
            return max(wait, self.subscription.endpoint.cooldown_s)

    def clean(self) -> Delivery:
        """Return how the delivery stands, and take it as kept."""
        with self._lock:
            self.dirty = False
            return self.delivery
