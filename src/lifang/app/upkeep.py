"""Upkeep: what the catalogue needs without being asked: checks of new releases, and what the calendar brings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from lifang.catalogue import Catalogue, CatalogueChange
from lifang.core import Clock, NotFound, Rounds, format_instant, parse_instant
from lifang.guard import SYSTEM
from lifang.store import Store, read_setting, write_setting

_KEY = "upkeep"
_DAY = timedelta(days=1)
_WAIT_S = 60.0


class Upkeep:
    """Tends one city's catalogue on a thread of its own, from ``start`` to ``close``."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock) -> None:
        self._store, self._catalogue, self._clock = store, catalogue, clock
        self._unchecked: set[str] = set()
        self._lock = threading.Lock()
        self._rounds = Rounds(self._round, name="upkeep", fault="upkeep left something undone", every_s=_WAIT_S)
        self._told = time.monotonic()
        catalogue.changes.on_change(self._hear)

    def start(self) -> None:
        """Start tending; releases that nobody checked before the program ended are checked now."""
        if not self._rounds.started:
            with self._lock:
                self._unchecked |= self._left_over()
            self._rounds.start()

    def close(self) -> None:
        """Stop after the present step."""
        self._rounds.close()

    def tend(self) -> None:
        """Check what was released since, and do what a day asks for if a day has passed."""
        with self._lock:
            unchecked, self._unchecked = sorted(self._unchecked), set()
        for dataset in unchecked:
            if self._rounds.ending:
                return  # what was not checked is found again at the next start
            self._guarded(partial(self._catalogue.check, dataset))
            self._guarded(partial(self._measure, dataset))
        now = self._clock.now()
        last = read_setting(self._store, _KEY)
        if last is None or parse_instant(last["day"]) + _DAY <= now:
            write_setting(self._store, _KEY, {"day": format_instant(now)})
            if last is not None:
                self._daily()

    def _measure(self, dataset: str) -> None:
        self._catalogue.files.measure(self._catalogue.dataset(dataset))

    def _daily(self) -> None:
        self._guarded(self._catalogue.sharing.sweep)
        for dataset in self._catalogue.datasets():
            if self._rounds.ending:
                return
            if dataset.releases():
                self._guarded(partial(self._catalogue.check, dataset.id))
                self._guarded(partial(self._catalogue.expire, dataset.id, by=SYSTEM))
        self._catalogue.lifecycle.destructions.carry_out()

    def _left_over(self) -> set[str]:
        columns = self._store.registry.columns
        runs, releases = columns("quality_run", ["dataset", "release"]), columns("release", ["dataset", "number"])
        checked = set(zip(runs["dataset"], runs["release"], strict=True))
        newest: dict[str, int] = {}
        for dataset, number in zip(releases["dataset"], releases["number"], strict=True):
            newest[dataset] = max(number, newest.get(dataset, 0))
        return {dataset for dataset, number in newest.items() if (dataset, number) not in checked}

    def _hear(self, change: CatalogueChange) -> None:
        if change.kind == "release":
            with self._lock:
                self._unchecked.add(change.dataset)
            self._rounds.wake()

    def _round(self) -> None:
        self._guarded(self.tend)
        if time.monotonic() - self._told >= _WAIT_S:
            self._guarded(self._tell_ducklake)
            self._told = time.monotonic()

    def _tell_ducklake(self) -> None:
        while self._store.lake.tell_ducklake() and not self._rounds.ending:
            pass

    def _guarded(self, step: Callable[[], object]) -> None:
        self._rounds.attempt(partial(_unless_gone, step))


def _unless_gone(step: Callable[[], object]) -> None:
    with suppress(NotFound):  # archived or destroyed meanwhile
        step()
