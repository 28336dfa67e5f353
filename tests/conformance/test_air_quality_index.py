"""The computed air quality index against the one the national monitoring centre published for Chengdu in 2019."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lifang.standards import HOURLY, Aqi, AqiCheck, Finding, aqi_levels, check_aqi

SERIES = Path(__file__).parents[2] / "cities" / "chengdu" / "data" / "air" / "cnemc_chengdu_hourly_2019.parquet"
STATIONS = ["1431A", "1432A", "1433A", "1434A", "1437A", "1438A", "2880A", "3136A"]
NAMES = ["AQI", *HOURLY]
HOURS = 365 * 24


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """The series as value[name, station, hour of 2019 in Beijing]; NaN where the feed has none."""
    table = pq.read_table(SERIES)
    hours = np.array([text[:13] for text in table["time"].to_pylist()], dtype="datetime64[h]")
    at = (hours - np.datetime64("2019-01-01T00")).astype(int)
    name = np.array([NAMES.index(each) for each in table["pollutant"].to_pylist()])
    station = np.array([STATIONS.index(each) for each in table["station"].to_pylist()])
    grid = np.full((len(NAMES), len(STATIONS), HOURS), np.nan)
    grid[name, station, at] = table["value"].to_numpy()
    assert int((~np.isnan(grid)).sum()) == table.num_rows == 452_978
    assert pc.all(pc.ends_with(table["time"], "+08:00")).as_py()
    return grid


@pytest.fixture(scope="module")
def check(values: np.ndarray) -> AqiCheck:
    return check_aqi(values[0], dict(zip(NAMES[1:], values[1:], strict=True)))


def positions(check: AqiCheck, finding: Finding) -> list[tuple[str, str]]:
    found = np.argwhere(check.findings == finding)
    return [(STATIONS[station], str(np.datetime64("2019-01-01T00") + hour)) for station, hour in found.tolist()]


def test_every_station_hour_of_2019_is_accounted_for(check: AqiCheck) -> None:
    assert check.counts == {
        Finding.SAME: 64_858,
        Finding.INDEX_ALONE: 6,
        Finding.PRIMARY_MISSING: 2,
        Finding.NOT_PUBLISHED: 636,
        Finding.NOTHING: 4_578,
        Finding.UNEXPLAINED: 0,
    }


def test_the_computed_index_equals_the_published_one_in_99_98_per_cent_of_hours(check: AqiCheck) -> None:
    assert check.agreement == 64_858 / 64_866
    assert check.agreement > 0.9998


def test_with_all_six_pollutants_present_every_published_index_is_met_exactly(
    values: np.ndarray, check: AqiCheck
) -> None:
    complete = (check.computed.missing == 0) & ~np.isnan(values[0])
    assert int(complete.sum()) == 61_588
    assert (check.findings[complete] == Finding.SAME).all()


def test_an_index_alone_stands_where_the_feed_broke_off_for_six_stations(check: AqiCheck) -> None:
    stations = ["1431A", "1432A", "1433A", "1434A", "1437A", "1438A"]
    assert positions(check, Finding.INDEX_ALONE) == [(station, "2019-02-20T07") for station in stations]


def test_a_higher_published_index_stands_where_only_pm2_5_came_through(values: np.ndarray, check: AqiCheck) -> None:
    assert positions(check, Finding.PRIMARY_MISSING) == [("2880A", "2019-04-24T23"), ("3136A", "2019-04-24T23")]
    for station, hour in np.argwhere(check.findings == Finding.PRIMARY_MISSING):
        assert int(check.computed.missing[station, hour]) == 5
        before_and_after = values[NAMES.index("PM10"), station, [hour - 1, hour + 1]]
        in_between = np.interp(values[0, station, hour], [50, 100], [50, 150])  # PM10 whose index is the published one
        assert before_and_after.min() - 5 <= in_between <= before_and_after.max() + 5


def test_an_hour_without_a_published_index_lacks_at_least_one_pollutant(check: AqiCheck) -> None:
    assert (check.computed.missing[check.findings == Finding.NOT_PUBLISHED] > 0).all()


def test_the_particles_of_an_hour_use_the_24_hour_table_without_averaging(values: np.ndarray) -> None:
    """Averaged over the last 24 hours, as in a daily report, fewer than one hour in five would agree."""
    averaged = values.copy()
    for name in ("PM2.5", "PM10"):
        row = NAMES.index(name)
        window = np.lib.stride_tricks.sliding_window_view(values[row], 24, axis=1)
        averaged[row, :, 23:] = window.mean(axis=-1)
    check = check_aqi(values[0], dict(zip(NAMES[1:], averaged[1:], strict=True)))
    assert check.agreement < 0.2


def test_2019_shows_real_episodes(check: AqiCheck) -> None:
    computed: Aqi = check.computed
    levels = aqi_levels(computed.value)
    assert float(np.nanmax(computed.value)) == 406.0
    assert {level: int((levels == level).sum()) for level in range(7)} == {
        0: 4_584,
        1: 27_512,
        2: 28_485,
        3: 7_812,
        4: 1_358,
        5: 321,
        6: 8,
    }
    assert not computed.beyond.any()


def test_of_hours_without_particulates_the_feed_publishes_next_to_none(values: np.ndarray) -> None:
    particulates = values[[NAMES.index("PM2.5"), NAMES.index("PM10")]]
    without = np.isnan(particulates).all(axis=0) & ~np.isnan(values).all(axis=0)
    published = without & ~np.isnan(values[0])
    assert (int(without.sum()), int(published.sum())) == (295, 18)
