from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from lifang.operations import POLLUTANTS, Hours, city_concentrations, daily_index, hourly_index, warning_index
from lifang.standards import Pollutant

NAN = np.nan
PM25, OZONE = POLLUTANTS.index(Pollutant.PM2_5), POLLUTANTS.index(Pollutant.O3)


def clean(hours: int = 48) -> Hours:
    return np.ones((len(POLLUTANTS), hours))


def test_background_sites_do_not_count_for_the_city() -> None:
    stations = np.stack([clean(1) * 10, clean(1) * 20, clean(1) * 900])
    assert_array_equal(city_concentrations(stations, [False, False, True]), clean(1) * 15)


def test_a_city_of_background_sites_only_still_has_air() -> None:
    assert_array_equal(city_concentrations(np.stack([clean(1) * 7]), [True]), clean(1) * 7)


def test_three_of_five_stations_are_enough_and_two_are_not() -> None:
    stations = np.stack([clean(1)] * 5)
    stations[:2] = NAN
    assert np.isfinite(city_concentrations(stations, [False] * 5)).all()
    stations[2] = NAN
    assert np.isnan(city_concentrations(stations, [False] * 5)).all()


def test_the_hourly_index_is_that_of_the_worst_pollutant() -> None:
    air = clean(1)
    air[PM25] = 115  # HJ 633-2012, Table 1: an index of 150
    assert_array_equal(hourly_index(air), [150])


def test_an_hour_without_particulates_has_no_index() -> None:
    one = np.full((len(POLLUTANTS), 3), 20.0)
    one[POLLUTANTS.index("PM2.5"), 1:] = np.nan
    one[POLLUTANTS.index("PM10"), 2] = np.nan
    assert np.isfinite(hourly_index(one)).tolist() == [True, True, False]


def test_the_warning_index_is_a_rounded_up_mean_over_24_hours() -> None:
    index = np.full(30, 100.0)
    index[10] = 101
    values = warning_index(index)
    assert np.isnan(values[:17]).all()
    assert_array_equal(values[17:], 101)
    index[:7] = NAN
    assert np.isnan(warning_index(index)[23])


def test_the_daily_index_takes_means_and_the_highest_ozone() -> None:
    air = clean()
    air[PM25, :24] = np.tile([55.0, 95.0], 12)  # mean 75: an index of 100
    air[OZONE, 24 + 10 : 24 + 18] = 160  # highest 8-hour mean 160: an index of 100
    air[OZONE, 24 + 12] = 200  # mean of the eight 165: 105
    assert_array_equal(daily_index(air), [100, 105])


def test_a_day_with_too_few_hours_of_a_pollutant_has_no_index() -> None:
    air = clean(72)
    air[PM25, 0:5] = NAN
    air[OZONE, 24:42] = NAN
    assert_array_equal(daily_index(air), [NAN, NAN, 25])  # CO of 1 mg/m3: 25


def test_eight_hour_means_do_not_reach_into_the_day_before() -> None:
    air = clean()
    air[OZONE, 17:24] = 300
    assert daily_index(air)[1] == 25  # CO of 1 mg/m3
