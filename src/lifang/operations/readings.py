"""Hourly series from the city's datastreams as one array, remembered between calls."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from lifang.core import from_micros, to_micros
from lifang.operations.hourly import Hours
from lifang.sensing import TRUSTED, Sensing

HOUR_US = 3_600_000_000
LATE_H = 48


class HourlyReadings:
    """The hourly values of some datastreams, (datastreams, hours) with NaN where a trusted value lacks.

    A datastream that is ``None`` has no values. All is read once, then only what is new and the ``LATE_H`` hours before
    it, in which values may still arrive late.
    """

    def __init__(self, sensing: Sensing, datastreams: Sequence[str | None]) -> None:
        self.datastreams = tuple(datastreams)
        self._sensing = sensing
        self._lock = threading.Lock()
        self._first = self._until = 0
        self._values: Hours = np.empty((len(self.datastreams), 0))

    def between(self, start: datetime, end: datetime, *, ahead_of: datetime | None = None) -> Hours:
        """Return the values at the hours of ``[start, end)``; both are whole hours.

        ``ahead_of`` (at or before ``start``) says from where to read if the store must be read anyway.
        """
        first, until = to_micros(start), to_micros(end)
        with self._lock:
            if not self._first <= first <= self._until:
                self._forget(to_micros(ahead_of or start))
            fresh = min(self._until, until - LATE_H * HOUR_US)
            if until > self._until - LATE_H * HOUR_US:
                self._read(max(self._first, fresh), until)
            here, there = ((moment - self._first) // HOUR_US for moment in (first, until))
            return self._values[:, here:there].copy()

    def _forget(self, first: int) -> None:
        self._first = self._until = first
        self._values = np.empty((len(self.datastreams), 0))

    def _read(self, first: int, until: int) -> None:
        rows = {self._sensing.datastream(each).number: row for row, each in enumerate(self.datastreams) if each}
        table = self._sensing.many_series(list(rows), from_micros(first), from_micros(until))
        hours = max(self._until, until) - self._first
        values = np.full((len(self.datastreams), hours // HOUR_US), np.nan)
        values[:, : self._values.shape[1]] = self._values
        values[:, (first - self._first) // HOUR_US : (until - self._first) // HOUR_US] = np.nan
        use = np.isin(table["quality"].to_numpy(), TRUSTED)
        number, which = np.unique(table["datastream"].to_numpy()[use], return_inverse=True)
        row = np.array([rows[int(each)] for each in number], dtype=np.intp)[which]
        hour = (table["time"].cast("int64").to_numpy()[use] - self._first) // HOUR_US
        values[row, hour] = table["value"].to_numpy()[use]
        self._values, self._until = values, max(self._until, until)
