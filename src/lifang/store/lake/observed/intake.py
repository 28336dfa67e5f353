"""Intake: a batch gets its number and its moment, goes to the log, and waits there, readable, to be folded."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic, sleep

import numpy as np
from numpy.typing import NDArray

from lifang.core import Clock, Corrupt, Unavailable, from_micros, to_micros
from lifang.store.lake.model import Batch, Observations
from lifang.store.lake.observed.arrival import arrive
from lifang.store.lake.observed.book import reaching
from lifang.store.lake.observed.log import Log
from lifang.store.lake.observed.pending import Block, Waiting
from lifang.store.lake.observed.record import Logged
from lifang.store.lake.query import NEVER

MOST_WAITING = 6_000_000  # rows; when the tables cannot be written, no more is taken than memory can hold
SLOWED_AT = 4_000_000  # rows; whoever sends faster than the tables are written is slowed from here on
_PATIENCE_S, _PAUSE_S = 5.0, 0.01


class Intake:
    """The only way in. ``arrived`` is called for each block; ``high`` is the highest time of each datastream yet."""

    def __init__(
        self, log: Log, waiting: Waiting, clock: Clock, *, last: tuple[int, int], high: NDArray[np.int64]
    ) -> None:
        self.lock = Lock()
        self._log, self._waiting, self._clock = log, waiting, clock
        self._last, self._high = last, high.copy()
        self._closed = False
        self.arrived: Callable[[], None] = lambda: None
        self._take_up()

    def append(self, columns: Observations, subject: str) -> Batch:
        """Return the batch these observations became; they are on disk by then.

        It waits some seconds while the tables are far behind; ``Unavailable`` if they stay so.
        """
        columns.check_times()
        columns.check_numbers()
        digest = columns.digest()
        until = monotonic() + _PATIENCE_S
        while self._waiting.rows > SLOWED_AT and monotonic() < until:
            sleep(_PAUSE_S)
        with self.lock:
            if self._closed:
                raise Unavailable("The lake is closed.")
            if self._waiting.rows > MOST_WAITING:
                what = f"{self._waiting.rows:,} observations wait to be put into the lake's tables."
                raise Unavailable(what, mend="Check the disk; send these again in a second.")
            number, recorded = self._last
            recorded = max(to_micros(self._clock.now()), recorded)
            batch = Batch(number + 1, from_micros(recorded), subject, len(columns), digest)
            self._log.append(Logged(batch, columns))
            self._enter(batch, columns)
        self.arrived()
        return batch

    def close(self) -> None:
        """Take nothing more."""
        with self.lock:
            self._closed = True
            self._log.close()

    def _enter(self, batch: Batch, columns: Observations) -> None:
        self._high = reaching(self._high, int(columns.datastream.max(initial=0)) + 1, NEVER)
        arrival = arrive(columns, self._high)
        self._high[arrival.numbers] = arrival.highest
        self._last = batch.id, to_micros(batch.recorded)
        self._waiting.add(Block.of(batch, columns, arrival))

    def _take_up(self) -> None:
        """Let what the log holds past the tables wait to be folded."""
        for logged in self._log.tail(self._last[0]):
            if logged.batch.id != self._last[0] + 1:
                what = f"The log of observations lacks batch {self._last[0] + 1}."
                raise Corrupt(what, where=f"before batch {logged.batch.id}", mend="Restore the last backup.")
            self._enter(logged.batch, logged.observations)
