"""Thresholds over HTTP: set by operators; a value that passes one is an alert on the event stream within a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from lifang.core import format_instant

from .conftest import House, build_house

LEVELS = [{"severity": "orange", "fire": 150, "clear": 120}]
PM25 = {"zh": "细颗粒物", "en": "PM2.5", "unit": "ug/m3", "observed_property": "PM2.5", "levels": LEVELS}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = build_house(tmp_path_factory.mktemp("thresholds"))
    yield house
    house.close()


def send(house: House, value: float) -> Any:
    rows = [[format_instant(house.city.now), value]]
    group = {"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    return house.client("operator").http.post("/sta/v1.1/CreateObservations", content=orjson.dumps([group]))


def test_a_value_beyond_a_threshold_is_an_alert_on_the_stream_within_a_second(works: House) -> None:
    operator = works.client("operator")
    assert operator("PUT", "/api/v1/thresholds/haze", json=PM25).status_code == 200

    async def until_alert() -> tuple[Any, float]:
        subscription = works.city.bus.subscribe()
        start = time.perf_counter()
        await send(works, 180.0)
        async for event in subscription:
            if event.kind == "alert":
                subscription.close()
                return event, time.perf_counter() - start
        raise AssertionError

    event, passed = works.runner.run(until_alert())
    assert (event.data["change"], event.data["alert"]["severity"]) == ("fired", "orange")
    assert passed < 1.0
    shown = works.client().get("/api/v1/scenes/sensor_thresholds").json()["result"]
    assert [each["resource"] for each in shown["firing"]] == ["datastream:site-1.pm2.5"]


def test_only_operators_and_administrators_set_thresholds_and_all_see_them(works: House) -> None:
    for role, status in (("", 401), ("citizen", 403), ("analyst", 403), ("administrator", 200)):
        assert works.client(role)("PUT", "/api/v1/thresholds/smog", json=PM25).status_code == status, role
    assert "smog" in [each["id"] for each in works.client().get("/api/v1/thresholds").json()["items"]]
    assert works.client("operator")("DELETE", "/api/v1/thresholds/smog").status_code == 204
    assert works.client().get("/api/v1/thresholds/smog").status_code == 404


def test_what_is_no_threshold_is_refused(works: House) -> None:
    for change in ({"levels": []}, {"unit": "furlong"}, {"datastream": "site-1.pm2.5"}, {"direction": "up"}):
        answer = works.client("operator")("PUT", "/api/v1/thresholds/odd", json={**PM25, **change})
        assert answer.status_code in {400, 404}, change


def test_taking_a_threshold_out_clears_its_alerts(works: House) -> None:
    operator = works.client("operator")
    operator("PUT", "/api/v1/thresholds/haze", json=PM25)
    assert operator("DELETE", "/api/v1/thresholds/haze").status_code == 204
    alerts = operator.get("/api/v1/alerts").json()["items"]
    states = [each["state"] for each in alerts if each["rule"] == "threshold_haze"]
    assert "firing" not in states
