from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from lifang.operations import by_day, day_mean, mean_over, trailing_mean

NAN = np.nan


def test_a_trailing_mean_needs_enough_values() -> None:
    hours = np.array([1.0, 2.0, NAN, 4.0, 6.0])
    assert_array_equal(trailing_mean(hours, 2, at_least=2), [NAN, 1.5, NAN, NAN, 5.0])
    assert_array_equal(trailing_mean(hours, 2, at_least=1), [1.0, 1.5, 2.0, 4.0, 5.0])
    assert_array_equal(trailing_mean(hours, 9, at_least=4), [NAN, NAN, NAN, NAN, 3.25])


def test_trailing_means_run_along_the_last_axis() -> None:
    hours = np.arange(12.0).reshape(2, 6)
    expected = [np.convolve(row, np.ones(3) / 3, "valid") for row in hours]
    assert_allclose(trailing_mean(hours, 3, at_least=3)[:, 2:], expected)


def test_a_mean_over_stations_needs_a_share_of_them() -> None:
    hours = np.array([[1.0, 1.0, NAN], [3.0, NAN, NAN], [5.0, NAN, NAN]])
    assert_array_equal(mean_over(hours, share=0.5), [3.0, NAN, NAN])
    assert_array_equal(mean_over(hours, share=0.0), [3.0, 1.0, NAN])


def test_days_are_whole_days() -> None:
    hours = np.arange(60.0)
    assert by_day(hours).shape == (2, 24)
    assert_array_equal(day_mean(hours, at_least=24), [11.5, 35.5])
    hours[30:] = NAN
    assert_array_equal(day_mean(hours, at_least=20), [11.5, NAN])
