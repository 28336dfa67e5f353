from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lifang.app.stage import due_moments

HOUR = timedelta(hours=1)
NOON = datetime(2019, 12, 8, 12, tzinfo=UTC)


def test_nothing_is_due_before_a_whole_period_has_passed() -> None:
    assert due_moments(NOON, NOON + timedelta(minutes=59), HOUR, at_most=72) == []


def test_each_missed_period_is_due_once_oldest_first() -> None:
    assert due_moments(NOON, NOON + timedelta(hours=3, minutes=5), HOUR, at_most=72) == [
        NOON + HOUR,
        NOON + 2 * HOUR,
        NOON + 3 * HOUR,
    ]


def test_after_a_long_silence_only_the_newest_are_due() -> None:
    due = due_moments(NOON, NOON + timedelta(days=30), HOUR, at_most=72)
    assert len(due) == 72
    assert due[-1] == NOON + timedelta(days=30)


def test_a_scene_that_never_ran_is_due_for_the_newest_period_only() -> None:
    assert due_moments(None, NOON + timedelta(minutes=30), HOUR, at_most=72) == [NOON]
