"""A baseline forecast of an hourly series for the next 24 hours, and its error by back-test.

Damped persistence. On the square root of the value (so that the band widens with the level),

    z(t+h) = z(t) + w0 (z(t) - m24) + w1 (m6 - m24) + w2 (m24 - m72) + w3 (m72 - m240) + w4 (c(t+h) - c(t))

where ``m`` are trailing means over 6 to 240 hours and ``c`` is the mean by hour of day over the last 30 days.
Each of the 24 horizons has its own weights, by ridge regression on the last 90 days, shrunk towards persistence plus
the daily course (w0 to w3 = 0, w4 = 1). The band runs between the 10 and 90 % quantiles of the fit's residuals; their
variance is added to the square of z, so that the value is a mean and not a median.

Arrays are hourly without gaps in time (NaN where a value lacks) and start at a local midnight.
Method: Wilks, Statistical Methods in the Atmospheric Sciences, on persistence, climatology and skill.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifang.operations.hourly import DAY_H, Hours, by_day, trailing_mean

HORIZON_H = 24
MINIMUM_DAYS = 30
FIT_DAYS, COURSE_DAYS, TEST_DAYS, REFIT_DAYS = 90, 30, 60, 7
QUANTILES = (0.1, 0.9)
GROUPS = ((1, 3), (4, 6), (7, 12), (13, 24))
_RIDGE = 50.0
_WIDTHS = (6, 24, 72, 240)
_PRESENT_SHARE = 0.75
_MEMORY_DAYS = 11  # the longest mean, and a day


@dataclass(frozen=True)
class Model:
    """A fitted model: ``course`` (24) by hour of day; by horizon ``weights`` (24, 5) and the residuals' ``spread``
    (variance, 24) and quantiles ``low``, ``high`` (24).
    """

    course: Hours
    weights: Hours
    spread: Hours
    low: Hours
    high: Hours


@dataclass(frozen=True)
class Forecast:
    """The next 24 hours in the series' unit: ``value`` and its band from ``low`` to ``high``."""

    value: Hours
    low: Hours
    high: Hours


@dataclass(frozen=True)
class Score:
    """The error over some horizons, in the series' unit; ``coverage`` is the share of values inside the band.

    ``skill`` is 1 - MAE / MAE of persistence; above 0 is better.
    """

    first_hour: int
    last_hour: int
    pairs: int
    mae: float
    rmse: float
    bias: float
    coverage: float
    persistence_mae: float
    climatology_mae: float

    @property
    def skill(self) -> float:
        """The share of persistence's error that the model saves."""
        return 1.0 - self.mae / self.persistence_mae if self.persistence_mae else 0.0


@dataclass(frozen=True)
class Backtest:
    """Errors of forecasts made every hour of ``days`` days, each from values before it only; ``groups`` by horizon."""

    days: int
    origins: int
    total: Score
    groups: tuple[Score, ...]


def enough(hours: Hours) -> bool:
    """Return whether there are 30 days of history, three quarters of the hours with a value."""
    least = MINIMUM_DAYS * DAY_H
    return hours.shape[-1] >= least and int(np.isfinite(hours).sum()) >= _PRESENT_SHARE * least


def fit(hours: Hours) -> Model | None:
    """Return the model fitted on the last 90 days, or ``None`` without enough history."""
    days = hours.size // DAY_H
    hours = hours[max(0, days - FIT_DAYS) * DAY_H : days * DAY_H]
    if not enough(hours):
        return None
    z = np.sqrt(np.maximum(hours, 0.0))
    course = _course(z)
    if not np.isfinite(course).all():
        return None
    inputs = _inputs(z)
    hour = np.arange(z.size) % DAY_H
    weights, residuals = np.zeros((HORIZON_H, 5)), np.zeros((HORIZON_H, 3))
    prior = np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    penalty = _RIDGE * float(np.nanvar(z)) * np.eye(5)
    for ahead in range(1, HORIZON_H + 1):
        daily = course[(hour[:-ahead] + ahead) % DAY_H] - course[hour[:-ahead]]
        design = np.column_stack([inputs[:-ahead], daily])
        change = z[ahead:] - z[:-ahead]
        use = np.isfinite(design).all(axis=1) & np.isfinite(change)
        design, change = design[use], change[use]
        if change.size < MINIMUM_DAYS * DAY_H // 4:
            return None
        normal = design.T @ design + penalty
        weights[ahead - 1] = prior + np.linalg.solve(normal, design.T @ (change - design @ prior))
        rest = change - design @ weights[ahead - 1]
        residuals[ahead - 1] = np.var(rest), *np.quantile(rest, QUANTILES)
    spread, low, high = residuals.T
    return Model(course=course, weights=weights, spread=spread, low=low, high=high)


def predict(model: Model, hours: Hours) -> Forecast | None:
    """Return the 24 hours after the last of ``hours``; ``None`` if too many of the last ten days lack."""
    skip = max(0, hours.size // DAY_H - _MEMORY_DAYS) * DAY_H
    value, low, high = _predicted(model, hours[skip:], np.array([hours.size - skip - 1]))
    return Forecast(value[0], low[0], high[0]) if np.isfinite(value).all() else None


def backtest(hours: Hours) -> Backtest | None:
    """Return the error over up to the last 60 days: every hour an origin, the model refitted weekly on the past.

    ``None`` without enough history before the first tested day.
    """
    days = hours.size // DAY_H
    first = max(MINIMUM_DAYS + _MEMORY_DAYS, days - TEST_DAYS)
    parts = []
    model: Model | None = None
    for day in range(first, days):
        if (day - first) % REFIT_DAYS == 0:
            model = fit(hours[: day * DAY_H])
            usual = _course(hours[max(0, day - COURSE_DAYS) * DAY_H : day * DAY_H])
        if model:
            parts.append(_tested(model, usual, hours, day))
    if not parts:
        return None
    value, low, high, truth, last, climate = (np.concatenate(column) for column in zip(*parts, strict=True))
    scores = [_score(value, low, high, truth, last, climate, span) for span in ((1, HORIZON_H), *GROUPS)]
    known = [score for score in scores if score]
    return Backtest(len(parts), value.shape[0], known[0], tuple(known[1:])) if len(known) == len(scores) else None


def _tested(model: Model, usual: Hours, hours: Hours, day: int) -> tuple[Hours, ...]:
    skip = max(0, day - _MEMORY_DAYS) * DAY_H
    origins = np.arange(day * DAY_H, min((day + 1) * DAY_H, hours.size))
    value, low, high = _predicted(model, hours[skip : (day + 1) * DAY_H], origins - skip)
    ahead = origins[:, None] + np.arange(1, HORIZON_H + 1)
    truth = np.where(ahead < hours.size, hours[np.minimum(ahead, hours.size - 1)], np.nan)
    last = np.repeat(hours[origins][:, None], HORIZON_H, axis=1)
    return value, low, high, truth, last, usual[ahead % DAY_H]


def _score(
    value: Hours, low: Hours, high: Hours, truth: Hours, last: Hours, climate: Hours, span: tuple[int, int]
) -> Score | None:
    cut = (slice(None), slice(span[0] - 1, span[1]))
    value, low, high, truth, last, climate = (each[cut] for each in (value, low, high, truth, last, climate))
    use = np.isfinite(value) & np.isfinite(truth) & np.isfinite(last) & np.isfinite(climate)
    if not use.any():
        return None
    error = (value - truth)[use]
    return Score(
        first_hour=span[0],
        last_hour=span[1],
        pairs=int(use.sum()),
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt(np.square(error).mean())),
        bias=float(error.mean()),
        coverage=float(((truth >= low) & (truth <= high))[use].mean()),
        persistence_mae=float(np.abs(last - truth)[use].mean()),
        climatology_mae=float(np.abs(climate - truth)[use].mean()),
    )


def _course(hours: Hours) -> Hours:
    days = by_day(hours)[-COURSE_DAYS:]
    present = np.isfinite(days)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(present, days, 0.0).sum(axis=0) / present.sum(axis=0), dtype=np.float64)


def _inputs(z: Hours) -> Hours:
    m6, m24, m72, m240 = (trailing_mean(z, width, at_least=int(_PRESENT_SHARE * width)) for width in _WIDTHS)
    return np.column_stack([z - m24, m6 - m24, m24 - m72, m72 - m240])


def _predicted(model: Model, hours: Hours, origins: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Hours, ...]:
    z = np.sqrt(np.maximum(hours, 0.0))
    inputs = _inputs(z)[origins]
    ahead = np.arange(1, HORIZON_H + 1)
    daily = model.course[(origins[:, None] + ahead) % DAY_H] - model.course[origins % DAY_H][:, None]
    middle = z[origins][:, None] + inputs @ model.weights[:, :4].T + daily * model.weights[:, 4]
    value, low, high = (np.square(np.maximum(middle + more, 0.0)) for more in (0.0, model.low, model.high))
    return value + model.spread, low, high
