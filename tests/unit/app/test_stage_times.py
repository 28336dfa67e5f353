from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifang.app import open_city
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


def test_only_a_scene_that_tells_of_the_past_makes_up_for_missed_periods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "city"
    home.mkdir()
    lines = ('id = "x"', 'name_zh = "城"', 'name_en = "X"', 'area_code = "510100"', "extent = [103, 30, 105, 32]")
    (home / "city.toml").write_text("\n".join(lines), "utf-8")
    with open_city(home) as city:
        now = city.now.replace(minute=0, second=0, microsecond=0)
        city.scenes.begin(now, back=10 * HOUR)
        runs: list[str] = []
        monkeypatch.setattr(city.scenes, "run", lambda scene, moment: runs.append(scene))
        city.scenes.run_due(now)
    assert runs.count("air_quality_early_warning") == 10
    present = {"late_datasets", "overdue_issues", "device_health", "sensor_thresholds"}
    assert {scene: runs.count(scene) for scene in present} == dict.fromkeys(present, 1)
