from __future__ import annotations

import numpy as np
import pytest

from lifang.operations import Hours, backtest, enough, fit, predict

DAYS = 120


def series(days: int = DAYS, *, noise: float = 0.0, seed: int = 7) -> Hours:
    """A daily course around a slowly wandering level."""
    hours = np.arange(days * 24)
    level = 60 + 20 * np.sin(hours / 24 / 9)
    course = 15 * np.sin(2 * np.pi * hours / 24)
    return np.asarray(np.maximum(level + course + noise * np.random.default_rng(seed).normal(size=hours.size), 1.0))


def test_a_pure_daily_course_is_forecast_almost_exactly() -> None:
    hours = np.tile(40 + 15 * np.sin(2 * np.pi * np.arange(24) / 24), DAYS)
    model = fit(hours)
    assert model is not None
    found = predict(model, hours)
    assert found is not None
    np.testing.assert_allclose(found.value, hours[:24], rtol=0.01)


def test_it_starts_from_any_hour_of_the_day() -> None:
    hours = series()
    model = fit(hours[: 100 * 24])
    assert model is not None
    for origin in (100 * 24 - 1, 100 * 24 + 6, 100 * 24 + 17):
        found = predict(model, hours[: origin + 1])
        assert found is not None
        assert np.abs(found.value - hours[origin + 1 : origin + 25]).mean() < 3


def test_the_band_lies_around_the_value_and_widens() -> None:
    hours = series(noise=6)
    model = fit(hours)
    assert model is not None
    found = predict(model, hours)
    assert found is not None
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()
    assert (found.high - found.low)[0] <= (found.high - found.low).max()


def test_the_back_test_beats_persistence_and_the_band_covers_what_it_says() -> None:
    tested = backtest(series(noise=6))
    assert tested is not None
    assert tested.days == 60
    assert tested.origins == 60 * 24
    assert tested.total.skill > 0.3
    assert 0.7 < tested.total.coverage < 0.9
    assert tested.total.mae <= tested.total.rmse
    assert [(each.first_hour, each.last_hour) for each in tested.groups] == [(1, 3), (4, 6), (7, 12), (13, 24)]
    assert sum(each.pairs for each in tested.groups) == tested.total.pairs


def test_errors_are_what_their_names_say() -> None:
    hours = series(noise=6)
    tested = backtest(hours)
    assert tested is not None
    ahead = np.arange(1, 25)
    origins = np.arange(60 * 24, 120 * 24)
    at = origins[:, None] + ahead
    known = at < hours.size
    errors = np.abs(hours[origins][:, None] - hours[np.minimum(at, hours.size - 1)])[known]
    assert tested.total.persistence_mae == pytest.approx(errors.mean())
    assert tested.total.pairs == known.sum()


def test_a_forecast_does_not_see_the_future() -> None:
    past = series(noise=6)
    future = past.copy()
    future[100 * 24 :] *= 3
    one, other = fit(past[: 100 * 24]), fit(future[: 100 * 24])
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.weights, other.weights)
    whole, cut = backtest(future[: 100 * 24]), backtest(past[: 100 * 24])
    assert whole == cut


def test_gaps_are_lived_with() -> None:
    hours = series(noise=6)
    hours[np.random.default_rng(3).random(hours.size) < 0.1] = np.nan
    hours[-1] = 60.0
    model, tested = fit(hours), backtest(hours)
    assert model is not None
    assert tested is not None
    assert predict(model, hours) is not None
    assert tested.total.skill > 0.2


def test_without_enough_history_there_is_no_forecast() -> None:
    assert not enough(series(29))
    assert enough(series(30))
    assert fit(series(29)) is None
    assert backtest(series(41)) is None
    hours = series(60)
    hours[: 50 * 24] = np.nan
    assert fit(hours) is None


def test_without_the_present_value_there_is_no_forecast() -> None:
    hours = series()
    model = fit(hours)
    assert model is not None
    hours[-1] = np.nan
    assert predict(model, hours) is None
