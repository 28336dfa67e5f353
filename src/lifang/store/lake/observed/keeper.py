"""The keeper: one thread that folds what waits into the tables, and keeps house in them while nothing waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from time import monotonic

from lifang.core import Problem
from lifang.store.lake.background import stand_back

_SHARE = 10  # chores get one part in so many of the keeper's time while it folds
_LOG = logging.getLogger(__name__)


class Keeper:
    """Runs ``fold`` at most ``pause_s`` after it is woken, and each of ``chores`` after that and every ``idle_s``.

    Its thread stands back behind those that answer somebody. A chore that returns true is run again soon. While much
    is folded, chores get a tenth of the time. A failure is logged and the work tried again after ``retry_s``.
    """

    def __init__(
        self,
        fold: Callable[[], object],
        chores: Sequence[Callable[[], object]],
        *,
        hurry: Callable[[], bool],
        pause_s: float = 0.5,
        idle_s: float = 10.0,
        retry_s: float = 1.0,
    ) -> None:
        self._fold, self._chores, self._hurry = fold, chores, hurry
        self._pause_s, self._idle_s, self._retry_s = pause_s, idle_s, retry_s
        self._change = Condition()
        self._woken = self._closed = False
        self._chores_at = 0.0
        self._thread = Thread(target=self._run, name="lifang-keeper", daemon=True)

    def start(self) -> None:
        """Begin to keep."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something waits to be folded."""
        if self._woken and not self._hurry():
            return
        with self._change:
            self._woken = True
            self._change.notify_all()

    def close(self) -> None:
        """Stop after the work in hand."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        stand_back()
        while self._wait():
            done = [self._try(self._fold)]
            if (begin := monotonic()) >= self._chores_at:
                done += [self._try(chore) for chore in self._chores]
                self._chores_at = begin + (monotonic() - begin) * _SHARE if done[0] else 0.0
            if None in done:
                self._rest(self._retry_s)
            elif any(done[1:]):
                self._again()

    def _wait(self) -> bool:
        """Return once there is something to do, false when it is time to stop."""
        with self._change:
            self._change.wait_for(lambda: self._woken or self._closed, timeout=self._idle_s)
            if self._woken:
                self._change.wait_for(lambda: self._closed or self._hurry(), timeout=self._pause_s)
            self._woken = False
            return not self._closed

    def _again(self) -> None:
        with self._change:
            self._woken = True

    def _rest(self, seconds: float) -> None:
        with self._change:
            self._change.wait_for(lambda: self._closed, timeout=seconds)
            self._woken = True

    def _try(self, work: Callable[[], object]) -> bool | None:
        """Return what ``work`` returned, ``None`` if it failed."""
        try:
            return bool(work())
        except Problem as problem:
            _LOG.warning("the lake's keeper will try again: %s", problem)
        except Exception:  # noqa: BLE001 - what waits has to be folded all the same; the failure is logged
            _LOG.exception("the lake's keeper will try again")
        return None
