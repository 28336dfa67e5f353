"""Health from what arrives: silence, links that explain it, loss, uptime, clocks; kept over a restart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from lifang.core import BadInput, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.sensing import make_observations
from lifang.sensing.network import Device, Link, Wanted, summed_up

from .conftest import MINUTE, POLES, City

ALL = list(Classification)


def test_a_device_is_silent_after_three_of_its_periods_and_well_once_heard_again(city: City) -> None:
    assert city.health("p1") == "unknown"
    city.hear(*POLES)
    assert [city.health(pole) for pole in POLES] == ["ok"] * 4
    city.hear("p2", "p3", "p4", minutes=3)
    assert city.health("p1") == "ok"
    city.hear("p2", "p3", "p4")
    assert (city.health("p1"), city.health("p2")) == ("silent", "ok")
    assert city.network.is_silent("p1")
    city.hear("p1")
    assert city.health("p1") == "ok"


def test_silence_of_everything_on_a_link_is_explained_by_the_link(city: City) -> None:
    city.hear(*POLES)
    city.hear("p4", minutes=4)
    assert [city.health(pole) for pole in POLES] == ["explained"] * 3 + ["ok"]
    assert city.network.is_silent("p1"), "a command to it would be lost all the same"


def test_an_uplink_that_is_said_to_be_down_explains_what_is_silent_below_it_and_no_more(city: City) -> None:
    city.hear(*POLES)
    city.hear("p1", "p2", "p3", minutes=4)
    assert city.health("p4") == "silent", "one device is too few to blame its link"
    core = city.network.link("core")
    city.network.put_links([Link(**{**vars(core), "state": "down", "state_since": None})], by=SYSTEM)
    assert city.health("p4") == "explained"
    assert city.health("p1") == "ok"
    assert city.network.link("core").state_since == city.clock.now()


def test_loss_is_what_was_expected_by_the_period_and_did_not_come(city: City) -> None:
    for _ in range(10):
        city.hear(*POLES)
        city.hear("p1", "p2", "p3")
    state = city.network.state()
    loss = [round(float(state.devices.loss[state.network.numbers[pole]]), 2) for pole in ("p1", "p4")]
    assert loss == [0.0, pytest.approx(0.47, abs=0.03)]


def test_uptime_counts_whole_hours_in_which_the_city_was_heard(city: City) -> None:
    city.hear(*POLES)
    for _ in range(3):
        city.clock.advance(timedelta(minutes=59))
        city.hear("p1")
    city.clock.advance(timedelta(minutes=59))
    city.hear(*POLES)
    state = city.network.state()
    uptime = {pole: float(state.devices.uptime[state.network.numbers[pole]]) for pole in POLES}
    assert uptime["p1"] == 1.0
    assert uptime["p2"] == pytest.approx(1 / 4)


def test_a_clock_that_is_steadily_behind_or_ahead_is_suspect(city: City) -> None:
    for _ in range(30):
        city.hear("p1", "p4")
        city.hear("p2", late_s=-50)
        city.hear("p3", late_s=300)
    state = city.network.state()
    offset = {pole: float(state.devices.offset_s[state.network.numbers[pole]]) for pole in POLES}
    assert offset["p1"] == 0.0
    assert offset["p2"] == pytest.approx(50, abs=1)
    assert offset["p3"] == pytest.approx(300, abs=1)
    assert [city.health(pole) for pole in ("p2", "p3")] == ["suspect", "suspect"]


def test_times_in_the_future_are_counted_and_make_a_device_suspect(city: City) -> None:
    city.hear("p1", late_s=-3600)
    city.hear("p1")
    assert city.health("p1") == "suspect"


def test_the_counters_survive_a_restart_and_take_in_what_was_stored_after_they_were_kept(
    reopen: Callable[[], City], city: City
) -> None:
    city.hear(*POLES, minutes=30)
    city.network.save()
    before = city.network.state().streams.received.tolist()
    city.hear("p1", minutes=5)
    city.network._told = city.network._saved  # as if killed: the last five minutes were never written down
    again = reopen()
    number = again.sensing.datastream("p1.noise").number
    after = again.network.state().streams.received.tolist()
    assert [b - a for a, b in zip(before, after, strict=True)] == [5 * (n == number) for n in range(len(before))]


def test_after_a_restart_nothing_is_silent_for_the_time_the_city_stood(reopen: Callable[[], City], city: City) -> None:
    city.hear(*POLES, minutes=5)
    city.clock.advance(timedelta(hours=5))
    again = reopen()
    assert again.health("p1") == "ok"
    again.clock.advance(4 * MINUTE)
    assert again.health("p1") == "explained"


def test_devices_are_found_by_every_condition_and_by_class(city: City) -> None:
    city.network.put_devices([Device("p4", "noise-meter", organisation="城管", link="b",
                                     classification=Classification.RESTRICTED)], by=SYSTEM)  # fmt: skip
    city.hear(*POLES)
    find = city.network.find
    assert find(Wanted(), classes=ALL).tolist() == [1, 2, 3, 4]
    assert find(Wanted(), classes=[Classification.OPEN]).tolist() == [1, 2, 3]
    assert find(Wanted(district="2"), classes=ALL).tolist() == [3, 4]
    assert find(Wanted(link="a"), classes=ALL, after=1, limit=1).tolist() == [2]
    assert find(Wanted(device_type="environment"), classes=ALL).tolist() == [1, 2, 3, 4]
    assert find(Wanted(device_type="lamp"), classes=ALL).tolist() == []
    assert find(Wanted(organisation="城管"), classes=ALL).tolist() == [4]
    assert find(Wanted(district="9"), classes=ALL).tolist() == []


def test_districts_sum_up_their_devices(city: City) -> None:
    city.hear(*POLES)
    state = city.network.state()
    rows = city.network.find(Wanted(), classes=ALL)
    found = summed_up(state.devices, state.network.simulated, state.network.district, 3, rows)
    assert found.devices.tolist() == [0, 2, 2]
    assert found.as_json(1)["health"]["ok"] == 2
    assert found.as_json(0)["loss"] is None


def test_uplinks_may_not_run_in_a_circle(city: City) -> None:
    core = city.network.link("core")
    with pytest.raises(BadInput, match="circle"):
        city.network.put_links([Link(**{**vars(core), "uplink": "a"})], by=SYSTEM)
    assert city.network.link("core").uplink == ""


def test_a_large_network_is_judged_in_one_pass() -> None:
    from lifang.sensing.network.columns import Links, Names, Network
    from lifang.sensing.network.counters import Counters
    from lifang.sensing.network.health import judge_devices, judge_streams

    size = 100_001
    zeros = np.zeros(size, np.int32)
    links = Links(("", "a"), {"a": 1}, np.zeros(2, np.int32), np.zeros(2, np.bool_), np.zeros(2, np.uint8),
                  np.zeros(2, np.bool_))  # fmt: skip
    of = np.arange(size, dtype=np.int32)
    nobody = Names((), {})
    network = Network(
        ("",) * size, {}, nobody, nobody, nobody, zeros, zeros, zeros, zeros, zeros, zeros, zeros.astype(np.uint8),
        zeros.astype(np.int64), np.full(size, np.nan), np.full(size, np.nan), zeros.astype(np.int64),
        zeros.astype(np.bool_), zeros.astype(np.uint8), np.full(size, np.nan), np.full(size, np.nan),
        zeros.astype(np.int16), links, of, np.full(size, 60_000_000),
    )  # fmt: skip
    counted = Counters(size).of(size)
    counted.last[1:] = 10**15
    counted.arrival[1:] = 10**15
    counted.first[1:] = 10**15
    now = 10**15 + 60_000_000
    counted.arrival[::2] = 10**15 - 10**12
    streams = judge_streams(network, counted, now, 0)
    came = np.zeros((25, size), np.bool_)
    found = judge_devices(network, streams, counted, came, now)
    assert np.bincount(found.health, minlength=6).tolist() == [50_000, 1, 0, 0, 0, 50_000]


def test_a_clock_set_back_by_years_begins_the_counters_again_and_history_is_not_late(city: City) -> None:
    numbers = [city.sensing.datastream(f"{pole}.noise").number for pole in POLES]
    city.hear(*POLES)
    city.clock.advance(timedelta(days=-2000))
    old = make_observations(numbers, np.full(4, to_micros(city.clock.now() - timedelta(days=30))), np.ones(4))
    city.network.watch(old)
    city.hear(*POLES, minutes=10)
    state = city.network.state()
    row = state.network.numbers["p1"]
    assert state.devices.lag_s[row] == 0.0
    assert state.streams.received[numbers[0]] == 10
    assert city.health("p1") == "ok"
    city.hear("p4", minutes=4)
    assert city.health("p1") == "explained"
