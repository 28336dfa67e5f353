"""Rounds: a piece of work that one thread does again and again, beside those who answer somebody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread, current_thread

from lifang.core.errors import Problem

_LOG = logging.getLogger(__name__)
_END_S = 30.0


class Rounds:
    """Calls ``step`` from ``start`` to ``close``: ``every_s`` seconds after it last ended, and soon after ``wake``.

    Without ``every_s`` only when it is woken. A step that fails is logged with ``fault``, a few words on what was left
    undone, and called again in its turn.
    """

    def __init__(
        self, step: Callable[[], object], *, name: str, fault: str, every_s: float | None, at_once: bool = True
    ) -> None:
        """``at_once`` also calls it first without waiting."""
        self._step, self._name, self._fault, self._every_s = step, name, fault, every_s
        self._at_once = at_once
        self._woken, self._ending = Event(), Event()
        self._thread: Thread | None = None

    @property
    def started(self) -> bool:
        """Whether ``start`` was called."""
        return self._thread is not None

    @property
    def ending(self) -> bool:
        """Whether ``close`` was called: a long step looks at it and stops early."""
        return self._ending.is_set()

    def start(self) -> None:
        """Begin; again does nothing."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Have the step called soon; while it runs, once more after that."""
        self._woken.set()

    def woken(self) -> bool:
        """Return whether it was woken since the step began or last asked; that wake is then seen to."""
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    def pause(self, seconds: float) -> None:
        """Wait within a step; it ends early when ``close`` is called."""
        self._ending.wait(seconds)

    def close(self) -> None:
        """End after the present step, which is waited for, half a minute at most."""
        self._ending.set()
        self._woken.set()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(_END_S)

    def _run(self) -> None:
        if self._at_once:
            self._woken.set()
        while not self.ending:
            self._woken.wait(self._every_s)
            self._woken.clear()
            if not self.ending:
                self.attempt(self._step)

    def attempt(self, step: Callable[[], object]) -> None:
        """Call ``step``; a failure is logged, and whoever called goes on."""
        try:
            step()
        except Problem as problem:
            _LOG.warning("%s: %s", self._fault, problem)
        except Exception:  # noqa: BLE001 - time goes on; the failure is logged
            _LOG.exception("%s", self._fault)
