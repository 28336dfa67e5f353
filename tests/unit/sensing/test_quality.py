from datetime import timedelta

import numpy as np
import pytest

from lifang.core import BadInput, to_micros
from lifang.guard import SYSTEM
from lifang.sensing import TRUSTED, Datastream, Quality, Sensing, make_observations
from lifang.sensing.hot import HotState
from lifang.sensing.quality import Limits, assess

from .conftest import NOON

HOUR = 3_600_000_000
NO_LIMITS = [
    {"minimum": "0"},
    {"minimum": True},
    {"maximum": float("nan")},
    {"minimum": 2, "maximum": 1},
    {"flat_after_s": 0},
]


def limits(**properties: float) -> Limits:
    found = Limits(capacity=1)
    found.declare(1, properties, where="test")
    return found


def placed() -> HotState:
    hot = HotState()
    hot.place(np.array([1], np.int32), np.zeros(1), np.zeros(1), np.zeros(1, np.uint8))
    return hot


def test_a_value_outside_its_declared_range_is_flagged_and_kept() -> None:
    found = assess(make_observations([1] * 4, range(4), [-0.1, 0.0, 500.0, 500.1]), limits(minimum=0, maximum=500))
    assert found.quality.tolist() == [Quality.SUSPECT_RANGE, 0, 0, Quality.SUSPECT_RANGE]
    assert found.value.tolist() == [-0.1, 0.0, 500.0, 500.1]


def test_a_datastream_that_declares_nothing_is_never_flagged() -> None:
    found = assess(make_observations([2], [0], [1e300]), limits(maximum=1))
    assert found.quality.tolist() == [Quality.GOOD]


def test_a_mark_of_the_source_stays() -> None:
    found = assess(make_observations([1], [0], [9.0], [Quality.ESTIMATED]), limits(maximum=1))
    assert found.quality.tolist() == [Quality.ESTIMATED]


def test_a_value_that_stands_too_long_is_flagged_across_batches() -> None:
    rule, hot = limits(flat_after_s=3 * 3600), placed()
    flags = []
    for hours, values in (((0, 1), (5.0, 5.0)), ((2, 3, 4), (5.0, 5.0, 5.0)), ((5, 6), (6.0, 6.0))):
        batch = make_observations([1] * len(hours), np.array(hours) * HOUR, values)
        stored = assess(batch, rule, hot.began(batch))
        hot.update(stored)
        flags += stored.quality.tolist()
    assert flags == [0, 0, 0, Quality.SUSPECT_FLAT, Quality.SUSPECT_FLAT, 0, 0]


def test_a_change_that_comes_out_of_order_ends_the_flat_line() -> None:
    rule = limits(flat_after_s=2 * 3600)
    batch = make_observations([1] * 4, np.array([0, 3, 1, 4]) * HOUR, [5.0, 5.0, 6.0, 5.0])
    assert assess(batch, rule, placed().began(batch)).quality.tolist() == [0, 0, 0, 0]


def test_a_late_value_says_nothing_of_how_long_the_latest_has_stood() -> None:
    rule, hot = limits(flat_after_s=2 * 3600), placed()
    hot.update(make_observations([1], [4 * HOUR], [5.0]))
    late = make_observations([1, 1], np.array([1, 5]) * HOUR, [5.0, 5.0])
    assert assess(late, rule, hot.began(late)).quality.tolist() == [0, 0]
    hot.update(late)
    after = make_observations([1], [6 * HOUR], [5.0])
    assert assess(after, rule, hot.began(after)).quality.tolist() == [Quality.SUSPECT_FLAT]


@pytest.mark.parametrize("properties", NO_LIMITS)
def test_limits_that_are_none_are_refused(properties: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        Limits().declare(1, properties, where="datastream x")
    assert caught.value.where == "datastream x"


def test_a_step_too_large_or_too_fast_is_a_spike_and_so_is_the_way_back(sensing: Sensing) -> None:
    stream = Datastream("s1.t", "s1", "t", "t", "t", "t", "Cel", 60, properties={"max_step": 5, "max_rate_per_s": 0.1})
    sensing.register([], [stream], by=SYSTEM)
    assert flags(sensing, "s1.t", [(0, 20), (60, 22), (120, 60), (180, 22), (240, 24), (250, 26)]) == [
        "good", "good", "suspect_spike", "suspect_spike", "good", "suspect_spike"]  # fmt: skip


def test_the_first_value_after_a_gap_says_so_and_is_trusted(sensing: Sensing) -> None:
    stream = Datastream("s1.t", "s1", "t", "t", "t", "t", "Cel", 60, properties={"gap_after_s": 200})
    sensing.register([], [stream], by=SYSTEM)
    assert flags(sensing, "s1.t", [(0, 20), (60, 21), (600, 22), (660, 23)]) == ["good", "good", "after_gap", "good"]
    assert Quality.AFTER_GAP in TRUSTED


def test_changes_are_judged_within_one_body_as_across_bodies(sensing: Sensing) -> None:
    streams = [
        Datastream(name, "s1", "t", "t", "t", "t", "Cel", 60, properties={"max_step": 5, "gap_after_s": 200})
        for name in ("s1.a", "s1.b")
    ]
    sensing.register([], streams, by=SYSTEM)
    steps = [(0, 20), (60, 40), (120, 21), (500, 22), (560, 22)]
    apart = flags(sensing, "s1.a", steps)
    number = sensing.datastream("s1.b").number
    times = [to_micros(NOON) + second * 1_000_000 for second, _ in steps]
    shuffled = [3, 0, 4, 1, 2]
    told = make_observations([number] * 5, [times[n] for n in shuffled], [steps[n][1] for n in shuffled])
    sensing.ingest(told, by=SYSTEM).result()
    codes = sensing.series("s1.b", NOON, NOON + timedelta(hours=1))["quality"].to_pylist()
    assert [Quality(code).word for code in codes] == apart


def flags(sensing: Sensing, name: str, steps: list[tuple[int, float]]) -> list[str]:
    number = sensing.datastream(name).number
    for second, value in steps:
        told = make_observations([number], [to_micros(NOON) + second * 1_000_000], [value])
        sensing.ingest(told, by=SYSTEM).result()
    codes = sensing.series(name, NOON, NOON + timedelta(hours=1))["quality"].to_pylist()
    return [Quality(code).word for code in codes]
