"""How fast values come and how late they are: the last minute, by the seconds of a clock that never goes back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np

from lifang.sensing.model import Values
from lifang.sensing.network.counters import TOMBSTONE
from lifang.store import Observations

WINDOW_S = 60.0
RATE_S = 10.0
_SAMPLE = 64  # lags kept of one batch, evenly spread over it
_BATCHES = 4096


@dataclass(frozen=True)
class Flowing:
    """Values a second over the last ``rate_s`` seconds, their count over ``window_s`` seconds, and how late they came.

    Lags are the city's time at arrival less the phenomenon time, in seconds: half and 99 of 100 values came no later;
    NaN where nothing came.
    """

    rate: float
    rate_s: float
    values: int
    window_s: float
    lag_p50_s: float
    lag_p99_s: float


class Flow:
    """Counts of what was committed, with a sample of its lags; of constant cost per batch, whatever its size."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._batches: deque[tuple[float, int, Values]] = deque(maxlen=_BATCHES)

    def note(self, observations: Observations, now_us: int) -> None:
        """Take in committed observations that were told at ``now_us`` (microseconds UTC); tombstones are no values."""
        times = observations.time[observations.quality != TOMBSTONE]
        if len(times):
            sample = times[:: -(-len(times) // _SAMPLE)]
            with self._lock:
                self._batches.append((self._clock(), len(times), (now_us - sample) / 1e6))

    def told(self) -> Flowing:
        """Return how it flows now."""
        now = self._clock()
        with self._lock:
            kept = [each for each in self._batches if now - each[0] <= WINDOW_S]
        recent = sum(count for at, count, _ in kept if now - at <= RATE_S)
        lag = np.concatenate([lags for _, _, lags in kept]) if kept else np.empty(0)
        weight = np.concatenate([np.full(len(lags), count / len(lags)) for _, count, lags in kept] or [lag])
        count = sum(count for _, count, _ in kept)
        half, most = _percentile(lag, weight, 0.5), _percentile(lag, weight, 0.99)
        return Flowing(recent / RATE_S, RATE_S, count, WINDOW_S, half, most)


def _percentile(values: Values, weight: Values, share: float) -> float:
    """Return the least value that ``share`` of the whole weight does not exceed; NaN of none."""
    if not len(values):
        return float("nan")
    order = np.argsort(values)
    upto = np.cumsum(weight[order])
    at = int(np.searchsorted(upto, share * upto[-1] * (1 - 1e-12)))
    return float(values[order][min(at, len(values) - 1)])
