from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from lifang.core import ManualClock, to_micros
from lifang.guard import SYSTEM
from lifang.operations import AirReader, HourlyReadings
from lifang.sensing import Datastream, Quality, Sensing, Thing, make_observations
from lifang.store import Store

START = datetime(2019, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAN = np.nan


@pytest.fixture
def sensing(store: Store, clock: ManualClock) -> Iterator[Sensing]:
    found = Sensing(store, clock)
    found.start()
    thing = Thing("s1", "一", "one", "air-quality-station", 104.0, 30.6)
    found.register([thing], [stream("s1", code) for code in ("PM2.5", "O3")], by=SYSTEM)
    yield found
    found.close()


def stream(thing: str, code: str) -> Datastream:
    return Datastream(f"{thing}.{code.lower()}", thing, code, code, code, code, "ug/m3", 3600)


def put(sensing: Sensing, name: str, hour: int, values: list[float], quality: Quality = Quality.GOOD) -> None:
    number = sensing.datastream(name).number
    times = [to_micros(START + (hour + step) * HOUR) for step in range(len(values))]
    flags = [quality] * len(values)
    sensing.ingest(make_observations([number] * len(values), times, values, flags), by=SYSTEM).result()


def test_values_come_by_datastream_and_hour(sensing: Sensing) -> None:
    put(sensing, "s1.pm2.5", 0, [1, 2, 3])
    put(sensing, "s1.o3", 1, [7])
    readings = HourlyReadings(sensing, ["s1.o3", None, "s1.pm2.5"])
    assert_array_equal(readings.between(START, START + 3 * HOUR), [[NAN, 7, NAN], [NAN, NAN, NAN], [1, 2, 3]])
    assert_array_equal(readings.between(START + HOUR, START + 2 * HOUR)[2], [2])


def test_values_that_are_not_trusted_are_left_out(sensing: Sensing) -> None:
    put(sensing, "s1.pm2.5", 0, [1], Quality.SUSPECT_RANGE)
    put(sensing, "s1.pm2.5", 1, [2], Quality.ESTIMATED)
    assert_array_equal(HourlyReadings(sensing, ["s1.pm2.5"]).between(START, START + 2 * HOUR), [[NAN, 2]])


def test_new_and_late_values_are_seen(sensing: Sensing) -> None:
    put(sensing, "s1.pm2.5", 0, [1])
    readings = HourlyReadings(sensing, ["s1.pm2.5"])
    assert_array_equal(readings.between(START, START + 3 * HOUR), [[1, NAN, NAN]])
    put(sensing, "s1.pm2.5", 1, [2, 3, 4])
    assert_array_equal(readings.between(START, START + 4 * HOUR), [[1, 2, 3, 4]])
    put(sensing, "s1.pm2.5", 0, [9])
    assert_array_equal(readings.between(START, START + 4 * HOUR), [[9, 2, 3, 4]])


def test_any_stretch_may_be_asked_for_in_any_order(sensing: Sensing) -> None:
    put(sensing, "s1.pm2.5", 0, list(range(300)))
    readings = HourlyReadings(sensing, ["s1.pm2.5"])
    for first, until in ((200, 220), (10, 20), (0, 300), (150, 160), (290, 310), (400, 420), (0, 5)):
        expected = [hour if hour < 300 else NAN for hour in range(first, until)]
        assert_array_equal(readings.between(START + first * HOUR, START + until * HOUR)[0], expected)


def test_reading_ahead_answers_the_same(sensing: Sensing) -> None:
    put(sensing, "s1.pm2.5", 0, list(range(100)))
    readings = HourlyReadings(sensing, ["s1.pm2.5"])
    found = readings.between(START + 90 * HOUR, START + 100 * HOUR, ahead_of=START - 50 * HOUR)
    assert_array_equal(found[0], range(90, 100))
    assert_array_equal(readings.between(START, START + 5 * HOUR)[0], range(5))


def test_stations_that_come_later_are_found(sensing: Sensing) -> None:
    reader = AirReader(sensing, "air-quality-station", "Asia/Shanghai")
    put(sensing, "s1.pm2.5", 0, [115])
    air = reader.at(START)
    assert air is not None
    assert (len(air.things), air.index[air.last], air.moment) == (1, 150, START)
    sensing.register([Thing("s2", "二", "two", "air-quality-station", 104.1, 30.6)], [stream("s2", "PM2.5")], by=SYSTEM)
    reader.find()
    air = reader.at(START)
    assert air is not None
    assert len(air.things) == 2
    assert not air.known


def test_the_newest_of_the_last_three_hours_stands_for_the_present(sensing: Sensing) -> None:
    put(sensing, "s1.pm2.5", 0, [115])
    reader = AirReader(sensing, "air-quality-station", "Asia/Shanghai")
    seen = [reader.at(START + hour * HOUR) for hour in range(4)]
    assert [air and air.known for air in seen] == [True, True, True, False]
    assert [air and air.moment for air in seen] == [START, START, START, START + 3 * HOUR]


def test_a_city_without_stations_has_no_air(sensing: Sensing) -> None:
    assert AirReader(sensing, "weather-station", "Asia/Shanghai").at(START) is None
