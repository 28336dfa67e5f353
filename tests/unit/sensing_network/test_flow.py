"""How fast values come and how late; and devices counted in cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lifang.core import to_micros
from lifang.sensing import make_observations, network
from lifang.sensing.network import Flow, Health, SensorNetwork, in_cells

from .conftest import NOON, City, districts, register


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_is_of_the_last_ten_seconds_and_the_lag_of_the_last_minute() -> None:
    clock = Clock()
    flow = Flow(clock)
    flow.note(make_observations(np.ones(1000, np.int32), np.arange(1000), np.zeros(1000)), 2_000_000)
    clock.now += 30
    flow.note(make_observations(np.ones(50, np.int32), np.full(50, 1_000_000), np.zeros(50)), 11_000_000)
    told = flow.told()
    assert told.rate == pytest.approx(5.0)
    assert told.values == 1050
    assert told.lag_p50_s == pytest.approx(2.0, abs=0.01)
    assert told.lag_p99_s == pytest.approx(10.0)
    clock.now += 45
    assert flow.told().values == 50
    clock.now += 45
    assert np.isnan(flow.told().lag_p50_s)
    assert flow.told().rate == 0


def test_a_deleted_observation_is_no_value_that_came() -> None:
    flow = Flow(Clock())
    gone = make_observations(np.ones(3, np.int32), np.arange(3), np.zeros(3), np.full(3, 255, np.uint8))
    flow.note(gone, 10)
    assert flow.told().values == 0


def test_cells_hold_every_device_that_has_a_place_once() -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(103, 105, 5000), rng.uniform(30, 31, 5000)
    lon[:10] = np.nan
    health = rng.integers(0, len(Health), 5000).astype(np.uint8)
    cells = in_cells(lon, lat, health, across=20)
    assert len(cells.lon) <= 400
    assert cells.by_health.sum() == 4990
    assert np.array_equal(cells.by_health.sum(axis=0), np.bincount(health[10:], minlength=len(Health)))
    assert cells.lon.min() >= 103
    assert cells.lat.max() <= 31


def test_no_device_and_devices_at_one_place_make_no_cell_and_one() -> None:
    none = np.empty(0)
    assert len(in_cells(none, none, none.astype(np.uint8), across=9).lon) == 0
    one = in_cells(np.full(3, 104.0), np.full(3, 30.0), np.full(3, network.Health.SILENT, np.uint8), across=9)
    assert one.by_health.tolist() == [[0, 0, 0, 0, 0, 3]]


def test_what_is_loaded_before_the_start_does_not_flow(reopen: Callable[[], City]) -> None:
    city = reopen()
    register(city)
    fresh = SensorNetwork(city.sensing.store, city.clock, city.sensing, districts=districts)
    year = to_micros(NOON) - np.arange(3, 1003) * 3_600_000_000
    number = city.sensing.datastream("p1.noise").number
    fresh.watch(make_observations(np.full(1000, number), year[::-1], np.ones(1000)))
    assert fresh.flow.told().values == 0
    assert np.isnan(fresh.judge().devices.lag_s).all()
    city.hear("p1")
    assert city.network.flow.told().values == 1
    assert city.network.flow.told().lag_p99_s == 0.0
