from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lifang.scenes
from lifang.core import ManualClock, Plugins, Settings, to_micros
from lifang.guard import SYSTEM
from lifang.operations import POLLUTANTS, Alerts, Indicators, Level, Severity
from lifang.scenes import SceneContext
from lifang.scenes import air_quality_early_warning as scene
from lifang.sensing import Datastream, Sensing, Thing, make_observations
from lifang.standards import Pollutant
from lifang.store import Store

pytestmark = pytest.mark.slow

MIDNIGHT = datetime(2019, 12, 1, 16, tzinfo=UTC)  # 2019-12-02T00:00+08:00
HOUR = timedelta(hours=1)
SETTINGS = Settings(id="testtown", name_zh="试城", name_en="Testtown", area_code="510100")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SceneContext]:
    clock = ManualClock(MIDNIGHT)
    store = Store.open(tmp_path / "city", clock=clock, threads=1)
    sensing = Sensing(store, clock)
    sensing.start()
    unused: Any = None
    yield SceneContext(sensing, Alerts(store, clock), Indicators(store, clock), unused, clock, SETTINGS)
    sensing.close()
    store.close()


@pytest.fixture
def city(empty: SceneContext) -> SceneContext:
    things = [
        Thing(
            f"site-{n}", f"站{n}", f"Site {n}", scene.STATION_KIND, 104.0 + n, 30.6, properties={"background": n == 3}
        )
        for n in range(4)
    ]
    streams = [
        Datastream(
            f"{thing.id}.{code.lower()}", thing.id, code, code, code, code, "ug/m3", 3600, properties={"dataset": "air"}
        )
        for thing in things
        for code in POLLUTANTS
    ]
    empty.sensing.register(things, streams, by=SYSTEM)
    return empty


def blow(city: SceneContext, pm25: list[float], *, start: datetime = MIDNIGHT, sites: int = 4) -> None:
    """Have all sites measure these hourly PM2.5 values, and clean air otherwise."""
    columns: list[tuple[int, int, float]] = []
    for site in range(sites):
        for code in POLLUTANTS:
            number = city.sensing.datastream(f"site-{site}.{code.lower()}").number
            values = pm25 if code == Pollutant.PM2_5 else [1.0] * len(pm25)
            columns += [(number, to_micros(start + hour * HOUR), value) for hour, value in enumerate(values)]
    city.sensing.ingest(make_observations(*zip(*columns, strict=True)), by=SYSTEM).result()


def run(city: SceneContext, hours: range) -> list[str]:
    return [change.kind for hour in hours for change in scene.run(city, MIDNIGHT + hour * HOUR).changes]


def test_the_registry_finds_the_scene() -> None:
    found = Plugins(lifang.scenes).get("air_quality_early_warning")
    assert found.spec.as_json()["period_s"] == 3600
    assert set(found.spec.units) == {"AQI", *POLLUTANTS}
    assert {f"indicator:{each.id}" for each in scene.INDICATORS} <= set(found.spec.writes)
    assert json.dumps(found.spec.as_json())


def test_a_city_without_stations_says_so(empty: SceneContext) -> None:
    shown = scene.view(empty, MIDNIGHT)
    assert shown["city"]["aqi"] is None
    assert shown["notes"][0]["en"] == "There are no air quality stations."
    result = scene.run(empty, MIDNIGHT)
    assert (result.changes, result.indicators) == ((), ())


def test_it_shows_city_and_stations_by_the_hourly_report(city: SceneContext) -> None:
    blow(city, [75.0])
    shown = scene.view(city, MIDNIGHT + timedelta(minutes=20))
    assert shown["city"]["aqi"] == 100
    assert shown["city"]["primary"] == "PM2.5"
    assert shown["city"]["class"]["zh"] == "良"
    assert len(shown["stations"]) == 4
    assert shown["stations"][3]["background"] is True
    assert shown["stations"][0]["iaqi"][Pollutant.PM2_5] == 100
    assert shown["forecast"] is None
    assert any("not enough history" in note["en"] for note in shown["notes"])
    assert json.loads(json.dumps(shown)) == shown


def test_looking_changes_nothing(city: SceneContext) -> None:
    blow(city, [200.0] * 40)
    scene.view(city, MIDNIGHT + 39 * HOUR)
    assert city.alerts.alerts() == []
    assert city.indicators.all() == []


def test_an_alert_is_raised_and_cleared_and_advises_by_its_level(city: SceneContext) -> None:
    blow(city, [20.0] * 24 + [120.0] * 48 + [10.0] * 48)
    assert run(city, range(18, 120)) == ["pending", "fired", "raised", "raised", "lowered", "lowered", "cleared"]
    (alert,) = city.alerts.alerts()
    assert alert.resource == "city:testtown"
    assert alert.severity is Severity.BLUE
    assert "试城空气质量" in alert.zh
    shown = scene.view(city, MIDNIGHT + 71 * HOUR)
    assert shown["alert"] == alert.id
    assert [each["audience"]["en"] for each in shown["advice"]][1] == "Sensitive groups"
    after = scene.view(city, MIDNIGHT + 119 * HOUR)
    assert after["alert"] is None
    assert [each["audience"]["zh"] for each in after["advice"]] == ["居民"]


@pytest.mark.parametrize("severity", list(Severity))
def test_every_level_advises_every_audience_in_both_languages(severity: Severity) -> None:
    advice = scene._advice(severity, 180.0)
    assert [each["audience"]["en"] for each in advice] == [
        "Residents",
        "Sensitive groups",
        "Schools",
        "Businesses and bureaus",
    ]
    assert all(each["zh"] and each["en"] and each["citation"]["zh"] for each in advice)


def test_indicators_carry_value_and_sources(city: SceneContext) -> None:
    blow(city, [75.0] * 24 + [35.0] * 24 + [20.0])
    written = {each["id"]: each for each in scene.run(city, MIDNIGHT + 48 * HOUR).indicators}
    assert written["city_aqi"]["value"] == 29
    assert written["city_pm25_24h"]["value"] == 34.4
    assert written["good_air_days"]["value"] == 100
    assert written["stations_reporting"]["value"] == 4
    assert written["city_aqi"]["sources"] == ["dataset:air"]
    assert {each.id for each in city.indicators.all()} == set(written)


def test_the_share_of_good_days_starts_anew_with_the_local_year(city: SceneContext) -> None:
    new_year = datetime(2019, 12, 31, 16, tzinfo=UTC)
    blow(city, [200.0] * 48 + [20.0] * 48, start=new_year - 48 * HOUR)
    shares = []
    for hours in (-1, 0, 24, 47):
        scene.run(city, new_year + hours * HOUR)
        newest = city.indicators.latest("good_air_days")
        shares.append(newest and newest.value)
    assert shares == [0, None, 100, 100]


def test_missing_hours_neither_fire_nor_clear(city: SceneContext) -> None:
    blow(city, [160.0] * 30)
    assert run(city, range(18, 30)) == ["pending", "fired"]
    assert run(city, range(30, 60)) == ["stale"]
    shown = scene.run(city, MIDNIGHT + 60 * HOUR).result
    assert shown["city"]["aqi"] is None
    assert shown["alert"] is not None
    assert city.alerts.alerts()[0].machine.missing > 20
    newest = city.indicators.latest("city_aqi")
    assert newest is not None
    assert (newest.value, newest.quality) == (None, "missing")


def test_a_city_may_set_its_own_thresholds(city: SceneContext) -> None:
    own = replace(scene.RULE, levels=(Level(Severity.RED, 60, 50),), hold=timedelta(0))
    blow(city, [60.0] * 24)
    changes = scene.run(replace(city, rules={own.id: own}), MIDNIGHT + 20 * HOUR).changes
    assert [(each.kind, each.alert.severity) for each in changes] == [("fired", Severity.RED)]


def test_a_forecast_comes_with_its_band_and_tested_error(city: SceneContext) -> None:
    hours = np.arange(60 * 24)
    noise = np.random.default_rng(1).normal(size=hours.size)
    blow(city, list(np.maximum(60 + 20 * np.sin(hours / 24 * 2 * np.pi) + 3 * noise, 1)))
    shown = scene.view(city, MIDNIGHT + (hours.size - 1) * HOUR)
    forecast = shown["forecast"]
    assert forecast["variable"] == "AQI"
    assert len(forecast["items"]) == 24
    assert forecast["items"][0]["time"] == "2020-01-30T16:00:00Z"
    assert all(each["low"] <= each["value"] <= each["high"] for each in forecast["items"])
    assert forecast["backtest"]["skill"] > 0.3
    assert [each["first_hour"] for each in forecast["horizons"]] == [1, 4, 7, 13]
    assert shown["forecast_pm25"]["unit"] == "ug/m3"
