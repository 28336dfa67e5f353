"""Properties of the alert state machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.operations import AlertRule, Change, Level, Severity, State, step

START = datetime(2019, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAST = settings(max_examples=60, deadline=None)

values = st.lists(st.one_of(st.none(), st.integers(80, 220)), max_size=60)


@st.composite
def rules(draw: st.DrawFn) -> AlertRule:
    fires = sorted(draw(st.sets(st.integers(95, 205), min_size=1, max_size=4)))
    gap = draw(st.integers(0, 20))
    levels = tuple(Level(each, fire, fire - gap) for each, fire in zip(Severity, fires, strict=False))
    hold, clear, stale = (draw(st.integers(0, 6)) * HOUR for _ in range(3))
    return AlertRule("r", "s", "规", "rule", "{index}", levels, hold, clear, stale)


def walked(rule: AlertRule, seen: list[int | None]) -> tuple[list[State], list[list[Change]]]:
    states, changes = [State()], []
    for hour, value in enumerate(seen):
        state, found = step(states[-1], rule, START + hour * HOUR, value)
        states.append(state)
        changes.append(found)
    return states, changes


@FAST
@given(rules(), values)
def test_missing_values_never_fire_raise_lower_or_clear(rule: AlertRule, seen: list[int | None]) -> None:
    _, changes = walked(rule, seen)
    for value, found in zip(seen, changes, strict=True):
        if value is None:
            assert {each.kind for each in found} <= {"dropped", "stale"}


@FAST
@given(rules(), values)
def test_the_same_moment_twice_changes_nothing(rule: AlertRule, seen: list[int | None]) -> None:
    states, _ = walked(rule, seen)
    for hour, value in enumerate(seen):
        assert step(states[hour + 1], rule, START + hour * HOUR, value) == (states[hour + 1], [])


@FAST
@given(rules(), values)
def test_a_state_written_and_read_goes_on_alike(rule: AlertRule, seen: list[int | None]) -> None:
    states, _ = walked(rule, seen)
    for hour, value in enumerate(seen):
        again, _ = step(State.from_json(states[hour].to_json()), rule, START + hour * HOUR, value)
        assert again == states[hour + 1]


@FAST
@given(rules(), values)
def test_changes_tell_the_whole_story(rule: AlertRule, seen: list[int | None]) -> None:
    states, changes = walked(rule, seen)
    level = 0
    ranks = {each.severity: rank for rank, each in enumerate(rule.levels, 1)}
    for state, found in zip(states[1:], changes, strict=True):
        for change in found:
            if change.kind in {"fired", "raised", "lowered"}:
                assert {"fired": level == 0, "raised": ranks[change.severity] > level > 0}.get(change.kind, True)
                level = ranks[change.severity]
            elif change.kind == "cleared":
                assert ranks[change.severity] == level
                level = 0
        assert state.level == level


@FAST
@given(rules(), st.lists(st.integers(80, 220), max_size=60))
def test_it_agrees_with_one_latch_for_each_level(rule: AlertRule, seen: list[int]) -> None:
    states, _ = walked(rule, list(seen))
    hold, clear_hold = rule.hold // HOUR, rule.clear_hold // HOUR
    if rule.stale_after < HOUR:
        return
    on = [False] * len(rule.levels)
    for hour in range(len(seen)):
        for place, level in enumerate(rule.levels):
            past = seen[max(0, hour - hold) : hour + 1]
            low = seen[max(0, hour - clear_hold) : hour + 1]
            if len(past) > hold and min(past) >= level.fire:
                on[place] = True
            if len(low) > clear_hold and max(low) < level.clear:
                on[place] = False
        assert states[hour + 1].level == sum(on)


@FAST
@given(values)
def test_quiet_air_never_speaks(seen: list[int | None]) -> None:
    rule = AlertRule("r", "s", "规", "rule", "{index}", (Level(Severity.BLUE, 500, 490),))
    assert all(not each for each in walked(rule, seen)[1])
