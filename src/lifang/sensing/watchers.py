"""Those who want to hear of committed observations, told on a thread of their own: slow ones never hold up a commit.

What was committed since the last telling is told at once, in order, so that under load few tellings carry many rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition, Thread

from lifang.sensing.model import concatenate
from lifang.store import Observations

Watcher = Callable[[Observations], None]
_logger = logging.getLogger(__name__)


class Watchers:
    """The list of watchers and the thread that tells them.

    ``pause_s`` lies between two tellings; when more than ``most_rows`` wait to be told, ``tell`` waits too.
    """

    def __init__(self, *, pause_s: float = 0.05, most_rows: int = 2_000_000) -> None:
        self._pause_s, self._most_rows = pause_s, most_rows
        self._watchers: list[Watcher] = []
        self._change = Condition()
        self._news: list[Observations] = []
        self._rows = 0
        self._open = False
        self._thread: Thread | None = None

    def add(self, watcher: Watcher) -> None:
        """Tell ``watcher`` too, from now on."""
        self._watchers.append(watcher)

    def start(self) -> None:
        """Start telling; again does nothing."""
        with self._change:
            if self._open:
                return
            self._open = True
            self._thread = Thread(target=self._run, name="lifang-watchers", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Tell what is still to be told, then stop."""
        with self._change:
            self._open = False
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def tell(self, observations: Observations) -> None:
        """Have the watchers told of ``observations`` soon."""
        if not self._watchers:
            return
        with self._change:
            while self._open and self._rows > self._most_rows:
                self._change.wait()
            self._news.append(observations)
            self._rows += len(observations)
            self._change.notify_all()

    def _run(self) -> None:
        while news := self._next():
            told = concatenate(news)
            for watcher in self._watchers:
                try:
                    watcher(told)
                except Exception:
                    _logger.exception("a watcher of committed observations failed")

    def _next(self) -> list[Observations]:
        """Return what was committed since the last call, once there is any; nothing when closed and all told."""
        with self._change:
            while self._open and not self._news:
                self._change.wait()
            self._change.wait_for(lambda: not self._open, timeout=self._pause_s)
            news, self._news, self._rows = self._news, [], 0
            self._change.notify_all()
            return news
