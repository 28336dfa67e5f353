"""Waiting times after failed log-ins, by name, known or not: guessing gets slow, and tells nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from lifang.core import Clock, Unauthenticated

_FREE = 5  # failures before the first wait
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)
_FORGET = timedelta(hours=1)
_NAMES_MAX = 10_000


class Lockout:
    """Counts attempts by name in memory: after 5 failures a wait of 30 s, doubling up to 15 minutes.

    An attempt counts as failed from its start until ``passed`` says otherwise, so that guesses at the same time count.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def attempt(self, name: str) -> None:
        """Count one attempt; ``Unauthenticated`` with the seconds to wait if it comes too soon."""
        now = self._clock.now()
        with self._lock:
            count, last = self._tries.pop(name, (0, now))
            if now - last > _FORGET:
                count = 0
            left = last + _wait(count) - now
            if left > timedelta():
                self._tries[name] = (count, last)
                seconds = -(-left // timedelta(seconds=1))
                raise Unauthenticated(
                    "Too many failed attempts with this name.", mend=f"Wait {seconds} s and try again."
                )
            self._tries[name] = (count + 1, now)
            if len(self._tries) > _NAMES_MAX:
                self._tries.popitem(last=False)

    def passed(self, name: str) -> None:
        """Forget the attempts with ``name``."""
        with self._lock:
            self._tries.pop(name, None)


def _wait(failures: int) -> timedelta:
    if failures < _FREE:
        return timedelta()
    doublings = min(failures - _FREE, 10)
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << doublings))
