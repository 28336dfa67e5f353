"""Counters of what arrives, per datastream and hour, kept at commit; a snapshot of them survives a restart.

The last 25 hours stand in a ring, by the hour of the phenomenon time; lag is a running mean with its mean deviation.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import Corrupt
from lifang.sensing.hot import NEVER, last_rows
from lifang.sensing.model import TRUSTED, Micros, Values, pick
from lifang.store import Observations

HOUR_US = 3_600_000_000
HOURS = 25  # the present one, and the 24 before it
FUTURE_US = 60_000_000  # a time further ahead than this is a clock that is wrong
_SHARE = 0.125  # of a new lag in the running mean
_FULL = np.iinfo(np.uint16).max
_FORMAT = 1
_ARRAYS = ("first", "last", "arrival", "lag", "spread", "future", "doubted", "hours_up", "hours_seen")
TOMBSTONE = 255  # the quality of a deleted observation


@dataclass(frozen=True)
class Counted:
    """The counters of one moment, per datastream number: see :class:`Counters`."""

    first: Micros
    last: Micros
    arrival: Micros
    lag: Values
    spread: Values
    future: NDArray[np.uint32]
    doubted: NDArray[np.uint32]
    received: NDArray[np.int64]
    hours_up: NDArray[np.int64]
    hours_seen: NDArray[np.int64]


class Counters:
    """First and last time, last arrival (microseconds UTC), lag and its spread (s), counts; by datastream number.

    ``future`` counts values whose time lies ahead of the clock, ``doubted`` those that a quality rule flagged,
    ``hours_up`` the hours before the ring in which a value came, ``hours_seen`` those in which one could have.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.first: Micros = np.full(capacity, NEVER, np.int64)
        self.last: Micros = np.full(capacity, NEVER, np.int64)
        self.arrival: Micros = np.full(capacity, NEVER, np.int64)
        self.lag: NDArray[np.float32] = np.full(capacity, np.nan, np.float32)
        self.spread: NDArray[np.float32] = np.zeros(capacity, np.float32)
        self.future: NDArray[np.uint32] = np.zeros(capacity, np.uint32)
        self.doubted: NDArray[np.uint32] = np.zeros(capacity, np.uint32)
        self.hours_up: NDArray[np.uint32] = np.zeros(capacity, np.uint32)
        self.hours_seen: NDArray[np.uint32] = np.zeros(capacity, np.uint32)
        self.ring: NDArray[np.uint16] = np.zeros((HOURS, capacity), np.uint16)
        self.hour = -1  # the newest hour in the ring, counted from 1970

    @property
    def capacity(self) -> int:
        """For how many numbers there is room."""
        return len(self.last)

    def update(self, observations: Observations, now_us: int, *, flowing: bool = True) -> None:
        """Take in committed observations that were told at ``now_us``; tombstones count for nothing.

        Those that were loaded rather than ``flowing`` in say nothing of the lag.
        """
        observations = pick(observations, observations.quality != TOMBSTONE)
        if not len(observations):
            return
        self._reach(int(observations.datastream.max()) + 1)
        self.turn(now_us // HOUR_US)
        numbers, time = observations.datastream, observations.time
        ahead = time > now_us + FUTURE_US
        np.add.at(self.future, numbers[ahead], 1)
        flagged = ~np.isin(observations.quality, TRUSTED)
        np.add.at(self.doubted, numbers[flagged], 1)
        self._count(numbers[~ahead], time[~ahead])
        fresh = self.first[numbers] == NEVER
        self.first[numbers[fresh]] = time[fresh]
        newest = last_rows(observations)
        if flowing:
            live = newest[time[newest] > now_us - (HOURS - 1) * HOUR_US]  # what is older is history, not late
            self._lagged(numbers[live], (now_us - time[live]) / 1e6)
        self.last[numbers[newest]] = np.maximum(self.last[numbers[newest]], time[newest])
        self.arrival[numbers[newest]] = now_us

    def _count(self, numbers: NDArray[np.int32], time: Micros) -> None:
        new = time != self.last[numbers]
        hour = time[new] // HOUR_US
        within = (hour > self.hour - HOURS) & (hour <= self.hour)
        rows, numbers = hour[within] % HOURS, numbers[new][within]
        keys, counts = np.unique(rows * self.capacity + numbers, return_counts=True)
        ring = self.ring.reshape(-1)
        ring[keys] = np.minimum(ring[keys].astype(np.int64) + counts, _FULL)

    def _lagged(self, numbers: NDArray[np.int32], lag_s: Values) -> None:
        before = self.lag[numbers]
        known = np.isfinite(before)
        mean = np.where(known, before + _SHARE * (lag_s - before), lag_s)
        off = np.abs(lag_s - mean)
        self.lag[numbers] = mean
        self.spread[numbers] = np.where(known, self.spread[numbers] + _SHARE * (off - self.spread[numbers]), off)

    def turn(self, hour: int) -> None:
        """Let the ring end with ``hour``; hours that leave it are added up first.

        A clock set back by less than the ring changes nothing; one set back further begins the ring again.
        """
        if self.hour < 0:
            self.hour = hour
        if hour <= self.hour - HOURS:
            self._begin_again(hour)
        if hour - self.hour >= HOURS:  # nothing was heard for longer than the ring: nobody knows of those hours
            self._retire(range(self.hour - HOURS + 1, self.hour + 1))
            self.hour = hour
        while self.hour < hour:
            self.hour += 1
            self._retire([self.hour - HOURS])

    def _begin_again(self, hour: int) -> None:
        self.ring[:] = 0
        self.lag[:], self.spread[:] = np.nan, 0.0
        later = self.arrival > (hour + 1) * HOUR_US
        self.arrival[later] = np.minimum(self.last[later], hour * HOUR_US)
        self.hour = hour

    def _retire(self, hours: Any) -> None:
        for hour in hours:
            column = self.ring[hour % HOURS]
            if column.any():  # an hour in which the city heard nothing says nothing of any device
                came = column > 0
                self.hours_up += came
                self.hours_seen += came | ((self.first != NEVER) & (self.first < hour * HOUR_US))
            column[:] = 0

    def _reach(self, size: int) -> None:
        if size <= self.capacity:
            return
        more = max(size, 2 * self.capacity) - self.capacity
        for name in _ARRAYS:
            present = getattr(self, name)
            empty = {"first": NEVER, "last": NEVER, "arrival": NEVER, "lag": np.nan}.get(name, 0)
            setattr(self, name, np.concatenate([present, np.full(more, empty, present.dtype)]))
        self.ring = np.concatenate([self.ring, np.zeros((HOURS, more), np.uint16)], axis=1)

    def of(self, size: int) -> Counted:
        """Return the counters of the first ``size`` numbers, with what came within the ring."""
        self._reach(size)
        return Counted(
            self.first[:size],
            self.last[:size],
            self.arrival[:size],
            self.lag[:size].astype(np.float64),
            self.spread[:size].astype(np.float64),
            self.future[:size],
            self.doubted[:size],
            self.ring[:, :size].sum(axis=0, dtype=np.int64),
            self.hours_up[:size].astype(np.int64),
            self.hours_seen[:size].astype(np.int64),
        )

    def hours_with_values(self, size: int) -> NDArray[np.bool_]:
        """Return, per hour of the ring and number, whether a value came in it."""
        return self.ring[:, :size] > 0

    def to_bytes(self) -> bytes:
        """Return a snapshot, compressed."""
        sink = io.BytesIO()
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez_compressed(sink, format=_FORMAT, hour=self.hour, ring=self.ring, **arrays)
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> Counters:
        """Return the counters of a snapshot; ``Corrupt`` if it is none of this form."""
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as kept:
                if int(kept["format"]) != _FORMAT:
                    raise Corrupt("The counters are of another form.", mend="They begin afresh.")
                found = cls(len(kept["last"]))
                for name in _ARRAYS:
                    setattr(found, name, kept[name])
                found.ring, found.hour = kept["ring"], int(kept["hour"])
        except (KeyError, ValueError, OSError) as error:
            raise Corrupt(f"The counters cannot be read: {error}.", mend="They begin afresh.") from error
        return found
