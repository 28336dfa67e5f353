"""The latches in columns do for every row what the alert machine does for one resource."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import from_micros
from lifang.operations import AlertRule, Level, Severity, State, step
from lifang.operations.watching import Latches

BASE = 1_767_225_600_000_000  # 2026-01-01
SECOND = 1_000_000


@st.composite
def rules(draw: st.DrawFn) -> AlertRule:
    count = draw(st.integers(1, 4))
    fires = sorted(draw(st.lists(st.integers(1, 20), min_size=count, max_size=count, unique=True)))
    clears = sorted(draw(st.integers(-3, fire)) for fire in fires)
    clears = [min(clear, fire) for clear, fire in zip(clears, fires, strict=True)]
    severities = list(Severity)[:count]
    levels = tuple(Level(s, float(f), float(c)) for s, f, c in zip(severities, fires, clears, strict=True))
    hold, clear_hold = (timedelta(seconds=draw(st.integers(0, 3))) for _ in range(2))
    stale = timedelta(seconds=draw(st.integers(4, 20)))
    return AlertRule("r", "s", "规则", "rule", "1", levels, hold, clear_hold, stale)


SERIES = st.lists(st.tuples(st.integers(0, 6), st.integers(-5, 25)), max_size=40)


@settings(max_examples=300, deadline=None)
@given(rule=rules(), series=st.lists(SERIES, min_size=1, max_size=4), cut=st.integers(1, 7))
def test_every_row_walks_as_the_machine_does(rule: AlertRule, series: list[list[tuple[int, int]]], cut: int) -> None:
    latches = Latches((rule,), np.zeros(len(series), np.int32), np.array([1.0]))
    told, expected = [], []
    for row, steps in enumerate(series):
        now, state = BASE, State()
        for wait, value in steps:
            now += wait * SECOND
            before = state
            state, _ = step(state, rule, from_micros(now), float(value))
            told.append((row, now, float(value)))
            if before.level != state.level:
                expected.append((row, now, state.level))
    # Rows are interleaved in batches, as they come from many datastreams; each row keeps its order.
    told.sort(key=lambda each: each[1])
    found = []
    for start in range(0, len(told), cut):
        part = told[start : start + cut]
        rows = np.array([each[0] for each in part])
        time = np.array([each[1] for each in part], dtype=np.int64)
        value = np.array([each[2] for each in part])
        found += [(each.row, int(time[each.at]), each.state.level) for each in latches.observe(rows, time, value)]
    assert sorted(found) == sorted(expected)


@settings(max_examples=50, deadline=None)
@given(rule=rules(), series=SERIES)
def test_low_values_are_grave_where_the_sign_says_so(rule: AlertRule, series: list[tuple[int, int]]) -> None:
    up = Latches((rule,), np.zeros(1, np.int32), np.array([1.0]))
    down = Latches((rule,), np.zeros(1, np.int32), np.array([-1.0]))
    time = BASE + np.cumsum([wait for wait, _ in series], dtype=np.int64) * SECOND
    value = np.array([value for _, value in series], dtype=np.float64)
    rows = np.zeros(len(series), np.int64)
    first = [(each.at, each.state.level) for each in up.observe(rows, time, value)]
    assert first == [(each.at, each.state.level) for each in down.observe(rows, time, -value)]
