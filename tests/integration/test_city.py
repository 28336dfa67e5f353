"""A city opened from Python: it stands still at rest, lives when started, and goes on where it stood."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import lifang
from lifang.app import City
from lifang.app.sensors import ReplayPlan, recorded_series
from lifang.core import Conflict, NotFound


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(furnished, tmp_path / "chengdu"))


def _until(city: City, hours: float) -> None:
    """Wait until so much city time has passed, and what was recorded till shortly before is stored."""
    goal = city.now + timedelta(hours=hours)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        bounds = city.store.lake.bounds()
        if city.now >= goal and bounds and bounds[1] > goal - timedelta(hours=4):
            return
        time.sleep(0.1)
    pytest.fail(f"city time came to {city.now}, what is stored to {bounds}")


def test_the_pack_is_in_the_city_whole(folder: Path) -> None:
    with lifang.open(folder) as city:
        assert len(city.catalogue.datasets(subject=lifang.app.OWNER)) >= 8
        assert len(city.sensing.things()) == 8
        assert city.sensing.datastream_count() == 56
        assert city.store.ledger.verify().ok


def test_a_city_at_rest_grows_no_older(folder: Path) -> None:
    with lifang.open(folder) as city:
        before = city.now
        time.sleep(0.5)
        assert city.now == before
    with lifang.open(folder) as city:
        assert city.now == before


def test_a_started_city_replays_every_value_once_and_goes_on_after_a_restart(folder: Path) -> None:
    with lifang.open(folder) as city:
        start, held = city.now, city.store.lake.observation_count()
        city.start()
        city.set_speed(14_400)
        _until(city, 12)
    with lifang.open(folder) as city:
        between = city.now
        assert between > start + timedelta(hours=6)
        city.start()
        _until(city, 6)
    with lifang.open(folder) as city:
        end = city.now
        assert end > between
        table = city.sensing.many_series(range(1, 57), start, end + timedelta(microseconds=1))
        recorded = city.catalogue.dataset("air_hourly_2019").rows().select(["time"])["time"].to_pylist()
        assert table.num_rows == sum(start <= moment <= end for moment in recorded)
        fresh = sum(start < moment <= end for moment in recorded)
        assert city.store.lake.observation_count() == held + fresh, "a value came twice"


def test_the_early_warning_fires_in_the_replayed_december(folder: Path) -> None:
    with lifang.open(folder) as city:
        city.start()
        city.set_speed(14_400)
        deadline = time.monotonic() + 60
        while not city.alerts.alerts(state="firing") and time.monotonic() < deadline:
            time.sleep(0.1)
        (alert,) = city.alerts.alerts(state="firing")
        assert alert.rule == "air_quality"
        assert "alert:" in {record.entry.resource[:6] for record in city.store.ledger.records(limit=10_000)}


def test_a_city_reads_no_more_of_its_recording_than_it_has_not_played(folder: Path) -> None:
    with lifang.open(folder) as city:
        plan, dataset = ReplayPlan.from_table(city.settings.replay), city.catalogue.dataset("air_hourly_2019")
        whole = recorded_series(plan, dataset, city.sensing)
        later = recorded_series(plan, dataset, city.sensing, after=plan.start)
        assert len(whole) > 10 * len(later) > 0
        assert later.equals(whole.filter(pc.greater(whole["time"], pa.scalar(plan.start, whole["time"].type))))
        assert len(recorded_series(plan, dataset, city.sensing, after=whole["time"][-1].as_py())) == 0


def test_two_processes_cannot_hold_one_city(folder: Path) -> None:
    with lifang.open(folder), pytest.raises(Conflict, match="owns"):
        lifang.open(folder)


def test_a_folder_without_a_city_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="lifang init"):
        lifang.open(tmp_path)
