"""Latest values as they were at a moment in the city, read from the series: near it first, then further back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from lifang.sensing import Sensing

Latest = tuple[int, float | None, int]  # microseconds UTC, value, code of quality
_TICK = timedelta(microseconds=1)
_EVER = datetime(1900, 1, 1, tzinfo=UTC)
_BACK = (timedelta(days=2), timedelta(days=60))
_AT_ONCE = 100  # datastreams whose whole past is read together


def latest_at(sensing: Sensing, numbers: Sequence[int], at: datetime) -> dict[int, Latest]:
    """Return by number the last value of each datastream no later than ``at``; those without one are left out."""
    found: dict[int, Latest] = {}
    until = at + _TICK
    for since in (*(at - back for back in _BACK), _EVER):
        left = [number for number in numbers if number not in found]
        size = _AT_ONCE if since == _EVER else max(1, len(left))
        for start in range(0, len(left), size):
            found |= _last(sensing, left[start : start + size], since, until)
        until = since
    return found


def _last(sensing: Sensing, numbers: Sequence[int], since: datetime, until: datetime) -> dict[int, Latest]:
    if not numbers or since >= until:
        return {}
    table = sensing.many_series(numbers, since, until)
    streams = table["datastream"].to_numpy()
    ends = np.flatnonzero(np.append(streams[1:] != streams[:-1], True)) if len(streams) else np.zeros(0, np.intp)
    last = table.take(ends)
    micros = last["time"].cast("int64").to_pylist()
    rows = zip(micros, last["value"].to_pylist(), last["quality"].to_pylist(), strict=True)
    return dict(zip(streams[ends].tolist(), rows, strict=True))
