import numpy as np
import pytest

from lifang.core import BadInput
from lifang.sensing import Quality, make_observations
from lifang.sensing.hot import HotState
from lifang.sensing.quality import Limits, assess

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
