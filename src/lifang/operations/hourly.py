"""Hourly series as arrays: means over trailing hours and over calendar days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hours = NDArray[np.float64]
DAY_H = 24


def trailing_mean(hours: Hours, width: int, *, at_least: int) -> Hours:
    """Return, for each hour, the mean of the ``width`` hours that end with it; NaN with fewer than ``at_least`` values.

    Works along the last axis; the unit stays.
    """
    present = np.isfinite(hours)
    total = _windowed(np.where(present, hours, 0.0), width)
    count = _windowed(present.astype(np.float64), width)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= at_least, total / count, np.nan)


def _windowed(values: Hours, width: int) -> Hours:
    sums = np.cumsum(values, axis=-1)
    sums[..., width:] = sums[..., width:] - sums[..., :-width].copy()
    return sums


def mean_over(hours: Hours, *, share: float) -> Hours:
    """Return the mean over the first axis; NaN where fewer than ``share`` (0 to 1) of its members have a value."""
    present = np.isfinite(hours)
    count = present.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(present, hours, 0.0).sum(axis=0) / count
    return np.where((count > 0) & (count >= share * hours.shape[0]), mean, np.nan)


def by_day(hours: Hours) -> Hours:
    """Return the whole days as a last axis of 24, a rest shorter than a day cut off: (…, hours) to (…, days, 24)."""
    days = hours.shape[-1] // DAY_H
    return hours[..., : days * DAY_H].reshape(*hours.shape[:-1], days, DAY_H)


def day_mean(hours: Hours, *, at_least: int) -> Hours:
    """Return the mean of each whole day; NaN with fewer than ``at_least`` hours: (…, hours) to (…, days)."""
    return trailing_mean(by_day(hours), DAY_H, at_least=at_least)[..., -1]
