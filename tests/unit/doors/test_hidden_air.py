"""A city whose series are shared: what is made from them is as hidden as they are, at every door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from lifang.app import open_city
from lifang.core import ManualClock, NotFound, to_micros
from lifang.doors.api import create_app
from lifang.guard import ANONYMOUS, SYSTEM, Classification, Role, Subject
from lifang.operations import POLLUTANTS
from lifang.sensing import Datastream, Thing, make_observations
from lifang.standards import Pollutant

from .conftest import PASSWORD, House, ServingRunner
from .test_events import _event, _listening, _started

pytestmark = pytest.mark.slow
NOW = datetime(2019, 12, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCENE = "air_quality_early_warning"
STAFF = Subject("person_x", "Zhao", frozenset({Role.OPERATOR}))
_TOML = """
id = "greytown"
name_zh = "灰城"
name_en = "Greytown"
area_code = "510100"
extent = [103.0, 30.0, 105.0, 32.0]
"""
_LISTS = ("alerts", "alerts?state=firing", "alerts?at=2019-12-02T23:30:00Z", "indicators", "scenes")


def _station(grade: Classification) -> tuple[list[Thing], list[Datastream]]:
    things = [Thing(f"s{n}", f"站{n}", f"site {n}", "air-quality-station", 104.0 + n / 9, 30.6) for n in (1, 2)]
    streams = [
        Datastream(f"{thing.id}.{code}".lower(), thing.id, code, code, code, code, "ug/m3", 3600, grade)
        for thing in things
        for code in POLLUTANTS
    ]
    return things, streams


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("grey") / "city"
    home.mkdir()
    (home / "city.toml").write_text(_TOML, "utf-8")
    city = open_city(home, clock=ManualClock(NOW))
    city.start(time_passes=False)
    city.sensing.register(*_station(Classification.SHARED), by=SYSTEM)
    times = to_micros(NOW) - np.arange(72)[::-1] * 3_600_000_000
    for stream in city.sensing.datastreams():
        level = 200.0 if stream.code == Pollutant.PM2_5 else 5.0
        told = make_observations(np.full(72, stream.number), times, np.full(72, level))
        city.sensing.ingest(told, by=SYSTEM).result()
    for hour in range(6):
        city.scenes.run(SCENE, NOW - (6 - hour) * HOUR)
    tokens = {}
    for role in Role:
        person = city.identity.add_person(f"p.{role.value}", PASSWORD, roles=[role], by=SYSTEM)
        _, tokens[role.value] = city.identity.issue_token(person.id, "test", by=SYSTEM)
    built = House(city, create_app(city), tokens, ServingRunner())
    yield built
    built.close()


def _alert(grey: House) -> str:
    (alert,) = grey.city.alerts.alerts()
    return alert.id


def test_a_scene_and_all_it_makes_take_the_strictest_class_of_what_it_reads(grey: House) -> None:
    assert grey.city.scenes.classification(SCENE) is Classification.SHARED
    (alert,) = grey.city.alerts.alerts()
    assert (alert.state, alert.classification) == ("firing", Classification.SHARED)
    assert {spec.classification for spec in grey.city.indicators.all()} == {Classification.SHARED}


# Scenes that read the open part of the network, or of the catalogue, only.
_OPEN = {"device_health", "gigabit_city", "late_datasets", "overdue_issues", "sensor_thresholds"}


@pytest.mark.parametrize("role", ["", "citizen"])
@pytest.mark.parametrize("url", _LISTS)
def test_lists_hold_what_is_open_for_whoever_may_not_read_the_series(grey: House, role: str, url: str) -> None:
    shown = {each["id"] for each in grey.client(role).get(f"/api/v1/{url}").json()["items"]}
    assert shown == (_OPEN if url == "scenes" else set())
    staff = {each["id"] for each in grey.client("analyst").get(f"/api/v1/{url}").json()["items"]}
    assert staff > shown


@pytest.mark.parametrize("role", ["", "citizen"])
def test_what_is_named_is_not_there_for_whoever_may_not_read_the_series(grey: House, role: str) -> None:
    client = grey.client(role)
    for kind, known in (("alerts", _alert(grey)), ("indicators", "city_aqi"), ("scenes", SCENE)):
        hidden, absent = (client.get(f"/api/v1/{kind}/{name}") for name in (known, "absent_"))
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert hidden.text.replace(known, "absent_") == absent.text
        assert grey.client("analyst").get(f"/api/v1/{kind}/{known}").status_code == 200
    assert client.post(f"/api/v1/scenes/{SCENE}/run").status_code in {401, 403}
    assert client.post(f"/api/v1/alerts/{_alert(grey)}/close", json={"note": "x"}).status_code in {401, 403}


def test_python_tells_no_more_than_http(grey: House) -> None:
    nobody, staff = grey.city.asker(ANONYMOUS), grey.city.asker(STAFF)
    assert (nobody.alerts(), nobody.indicators()) == ([], [])
    assert {spec.id for spec in nobody.scenes()} == _OPEN
    with pytest.raises(NotFound):
        nobody.scene(SCENE)
    assert [alert.id for alert in staff.alerts()] == [_alert(grey)]
    assert staff.scene(SCENE)["city"]["aqi"] > 200


def test_a_reading_of_alerts_indicators_and_scenes_that_are_not_open_is_on_record(grey: House) -> None:
    ledger = grey.city.store.ledger
    before = ledger.head()[0]
    for url in ("alerts", "indicators", f"scenes/{SCENE}"):
        grey.client("analyst").get(f"/api/v1/{url}")
    found = [(each.entry.action, each.entry.resource) for each in ledger.records(after=before)]
    assert found == [("read", f"alert:{_alert(grey)}"), ("read", "indicator:*"), ("read", f"scene:{SCENE}")]


def test_events_of_alerts_and_indicators_reach_staff_only(grey: House) -> None:
    async def listen() -> list[tuple[str, Any]]:
        async with _listening(grey) as nobody, _listening(grey, "analyst") as staff:
            await _started(nobody)
            await _started(staff)
            await asyncio.to_thread(grey.city.scenes.run, SCENE, NOW)
            await asyncio.to_thread(grey.city.alerts.acknowledge, _alert(grey), STAFF, "seen")
            grey.city.bus.publish("clock", {"now": "later"})
            assert _event(await nobody()) == ("clock", {"now": "later"})
            return [_event(await staff()) for _ in range(5)]

    told = asyncio.run(listen())
    assert [kind for kind, _ in told] == ["indicator"] * 4 + ["alert"]
    assert told[-1][1]["alert"]["classification"] == "shared"


def test_lineage_names_no_indicator_that_is_hidden(grey: House) -> None:
    end = "indicator:city_aqi"
    assert grey.city.asker(ANONYMOUS).lineage(end) == []
    assert grey.city.asker(STAFF).lineage(end)


def test_a_grade_follows_the_series_when_they_are_classified_anew(grey: House) -> None:
    things, streams = _station(Classification.RESTRICTED)
    grey.city.sensing.register(things, streams, by=SYSTEM)
    try:
        assert grey.city.scenes.classification(SCENE) is Classification.RESTRICTED
        assert grey.client("analyst").get("/api/v1/indicators").json()["items"] == []
        needs = grey.client("administrator").get(f"/api/v1/scenes/{SCENE}").json()
        assert needs["needs"] == "purpose"
    finally:
        grey.city.sensing.register(*_station(Classification.SHARED), by=SYSTEM)


def test_what_is_read_but_of_no_known_kind_is_restricted(grey: House) -> None:
    assert grey.city.grades.of(["moon:dust"]) is Classification.RESTRICTED
    assert grey.city.grades.of(["dataset:absent_", "datastream:nothing/PM2.5"]) is Classification.OPEN
