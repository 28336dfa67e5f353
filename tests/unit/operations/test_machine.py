from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from lifang.core import BadInput
from lifang.operations import AlertRule, Level, Severity, State, step

START = datetime(2019, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = AlertRule(
    id="heat",
    scene="test",
    zh="高温",
    en="Heat",
    unit="Cel",
    levels=(Level(Severity.BLUE, 35, 33), Level(Severity.ORANGE, 40, 38)),
    hold=2 * HOUR,
    clear_hold=3 * HOUR,
    stale_after=4 * HOUR,
)


def told(values: list[float | None], rule: AlertRule = RULE, state: State | None = None) -> list[tuple[int, str, str]]:
    state, found = state or State(), []
    for hour, value in enumerate(values):
        state, changes = step(state, rule, START + hour * HOUR, value)
        found += [(hour, each.kind, each.severity.code) for each in changes]
    return found


def after(values: list[float | None], rule: AlertRule = RULE) -> State:
    state = State()
    for hour, value in enumerate(values):
        state, _ = step(state, rule, START + hour * HOUR, value)
    return state


def test_it_fires_only_after_the_value_has_held() -> None:
    assert told([30, 36, 36]) == [(1, "pending", "blue")]
    assert told([30, 36, 36, 35]) == [(1, "pending", "blue"), (3, "fired", "blue")]


def test_a_dip_before_firing_drops_it() -> None:
    assert told([36, 36, 34.9, 36]) == [(0, "pending", "blue"), (2, "dropped", "blue"), (3, "pending", "blue")]


def test_without_a_hold_it_fires_at_once() -> None:
    assert told([41], replace(RULE, hold=timedelta(0))) == [(0, "fired", "orange")]


def test_between_the_thresholds_it_keeps_firing() -> None:
    assert told([36, 36, 36, *[34] * 20])[-1] == (2, "fired", "blue")


def test_it_clears_after_the_value_has_been_low_for_long_enough() -> None:
    assert told([36, 36, 36, 32, 32, 32])[-1] == (2, "fired", "blue")
    assert told([36, 36, 36, 32, 32, 32, 32])[-1] == (6, "cleared", "blue")
    assert told([36, 36, 36, 32, 32, 34, 32, 32, 32])[-1] == (2, "fired", "blue")


def test_severity_is_raised_and_lowered_level_by_level() -> None:
    assert told([36, 36, 36, 41, 41, 41, 37, 37, 37, 37, 32, 32, 32, 32]) == [
        (0, "pending", "blue"),
        (2, "fired", "blue"),
        (5, "raised", "orange"),
        (9, "lowered", "blue"),
        (13, "cleared", "blue"),
    ]


def test_a_fall_to_the_ground_clears_from_the_highest_level_at_once() -> None:
    assert told([41, 41, 41, 10, 10, 10, 10])[-1] == (6, "cleared", "orange")


def test_it_fires_at_the_level_that_has_held_not_at_the_latest_one() -> None:
    assert told([36, 36, 41])[-1] == (2, "fired", "blue")


def test_missing_values_neither_fire_nor_clear_but_are_counted() -> None:
    assert told([36, None, nan]) == [(0, "pending", "blue")]
    assert after([36, None, nan]).missing == 2
    assert told([36, None, 36])[-1] == (2, "fired", "blue")
    assert told([36, 36, 36, 32, None, None])[-1] == (2, "fired", "blue")


def test_a_long_silence_makes_it_stale_and_starts_timers_afresh() -> None:
    silent: list[float | None] = [36, 36, 36, 32, None, None, None, None, None, 32]
    assert told(silent)[2:] == [(8, "stale", "blue"), (9, "fresh", "blue")]
    assert told([*silent, 32, 32, 32])[-1] == (12, "cleared", "blue")


def test_a_pending_alert_is_dropped_by_a_long_silence() -> None:
    assert told([36, *[None] * 5])[-1] == (5, "dropped", "blue")


def test_values_that_stopped_coming_without_notice_start_timers_afresh_too() -> None:
    state = after([36])
    state, changes = step(state, RULE, START + 5 * HOUR, 36)
    assert (state.phase, changes) == ("pending", [])


def test_the_same_moment_twice_and_earlier_ones_change_nothing() -> None:
    state = after([36, 36, 36])
    assert step(state, RULE, START + 2 * HOUR, 99) == (state, [])
    assert step(state, RULE, START, None) == (state, [])


def test_a_state_survives_being_written() -> None:
    state = after([41, 41, 41, 37, None])
    assert State.from_json(state.to_json()) == state


def test_a_rule_that_lost_a_level_goes_on_with_those_it_has() -> None:
    state = after([41, 41, 41])
    fewer = replace(RULE, levels=RULE.levels[:1])
    state, changes = step(state, fewer, START + 3 * HOUR, 41)
    assert (state.level, changes) == (1, [])


@pytest.mark.parametrize(
    "levels",
    [
        (),
        (Level(Severity.ORANGE, 35, 33), Level(Severity.BLUE, 40, 38)),
        (Level(Severity.BLUE, 35, 33), Level(Severity.ORANGE, 35, 34)),
        (Level(Severity.BLUE, 35, 33), Level(Severity.ORANGE, 36, 32)),
    ],
)
def test_levels_that_do_not_rise_are_refused(levels: tuple[Level, ...]) -> None:
    with pytest.raises(BadInput):
        replace(RULE, levels=levels)


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadInput):
        Level(Severity.BLUE, fire=1, clear=2)
    with pytest.raises(BadInput):
        replace(RULE, hold=-HOUR)
