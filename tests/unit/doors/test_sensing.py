"""Datastreams and observations over HTTP, and SensorThings."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from .conftest import House

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_GROUP = {
    "Datastream": {"@iot.id": 1},
    "components": ["phenomenonTime", "result"],
    "dataArray": [["2026-01-01T00:00:00Z", 1.5], ["2026-01-01T01:00:00Z", 2.5]],
}


def _arrow(**columns: Any) -> bytes:
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_datastreams_come_with_thing_unit_and_latest_value(house: House) -> None:
    told = house.client().get("/api/v1/datastreams?bbox=104,30,105,31&property=PM2.5").json()["items"][0]
    assert told["thing"]["name"] == {"zh": "站1", "en": "site 1"}
    assert told["unit"]["symbol"] == "µg/m³"
    assert told["latest"]["value"] == 80.0
    assert house.client().get("/api/v1/datastreams?bbox=1,1,2,2").json() == {"items": [], "next": None}


@pytest.mark.parametrize("role", ["", "analyst"])
@pytest.mark.parametrize("query", ["", "bbox=104,30,105,31", "bbox=104.015,30,105,31", "bbox=1,1,2,2", "property=O3"])
def test_a_maps_latest_values_are_those_of_the_list(house: House, role: str, query: str) -> None:
    told = house.client(role).get(f"/api/v1/latest?{query}").json()
    listed = house.client(role).get(f"/api/v1/datastreams?{query}").json()["items"]
    columns, times = told["columns"], [datetime.fromisoformat(each["latest"]["time"]) for each in listed]
    assert told["id"] == [each["id"] for each in listed]
    assert columns["number"] == [each["number"] for each in listed]
    assert columns["lon"] == [each["thing"]["lon"] for each in listed]
    assert columns["lat"] == [each["thing"]["lat"] for each in listed]
    assert columns["value"] == [each["latest"]["value"] for each in listed]
    assert columns["time"] == [round(each.timestamp() * 1000) for each in times]
    assert [told["qualities"][str(each)] for each in columns["quality"]] == [e["latest"]["quality"] for e in listed]


def test_a_maps_latest_values_come_in_pages_and_what_is_not_open_is_on_record(house: House) -> None:
    analyst, ledger = house.client("analyst"), house.city.store.ledger
    before = len(ledger.records(limit=100_000))
    first = analyst.get("/api/v1/latest?limit=1&bbox=104,30,104.025,31").json()
    assert len(ledger.records(limit=100_000)) == before
    second = analyst.get(f"/api/v1/latest?limit=1&bbox=104,30,104.025,31&after={first['next']}").json()
    assert [*first["id"], *second["id"]] == ["site-1.pm2.5", "site-2.o3"]
    last = ledger.records(limit=100_000)[-1].entry
    assert (last.action, last.resource) == ("read", "datastream:site-2.o3")


@pytest.mark.parametrize("query", ["property=joy", "bbox=1,2", "limit=0", "limit=10001", "after=abc"])
def test_a_bad_question_about_latest_values_is_refused(house: House, query: str) -> None:
    answer = house.client().get(f"/api/v1/latest?{query}")
    assert answer.status_code in {400, 404}
    assert answer.json()["mend"]


def test_a_series_is_given_in_part_or_thinned_for_a_chart(house: House) -> None:
    client = house.client()
    day = client.get("/api/v1/observations?datastream=site-1.pm2.5").json()
    assert len(day["items"]) in {23, 24}  # an hour may have begun since the city was made
    assert day["downsampled"] is False
    few = client.get(
        "/api/v1/observations", params={"datastream": "1", "start": "1999-01-01T00:00:00+08:00", "points": 6}
    )
    assert len(few.json()["items"]) <= 6
    assert few.json()["downsampled"] is True
    csv = client.get("/api/v1/observations?datastream=1&format=csv").text.splitlines()
    assert csv[0] == "datastream,time,value,unit,quality"
    assert "+08:00" in csv[1]


@pytest.mark.parametrize(
    "query", ["", "datastream=", "datastream=1&start=yesterday", "datastream=1&start=2019-02-30T00:00:00Z",
              "datastream=1&points=1", "datastream=1&start=0001-01-01T00:00:00Z",
              "datastream=1&end=9999-12-31T23:59:59Z"]
)  # fmt: skip
def test_a_bad_question_about_a_series_is_refused(house: House, query: str) -> None:
    assert house.client().get(f"/api/v1/observations?{query}").status_code in {400, 404}


def test_arrow_observations_are_acknowledged_once_they_are_durable(house: House) -> None:
    body = _arrow(datastream=["site-1.pm2.5"], time=pa.array([_NOW], pa.timestamp("us", "UTC")), value=[7.5])
    told = house.client("operator").post("/api/v1/observations", content=body)
    assert told.status_code == 201
    assert told.json()["accepted"] == 1
    found = house.city.store.lake.series(1, _NOW, datetime(2026, 1, 2, tzinfo=UTC))
    assert found["value"].to_pylist() == [7.5]
    assert house.client("analyst").post("/api/v1/observations", content=body).status_code == 403
    assert house.client().post("/api/v1/observations", content=body).status_code == 401


@pytest.mark.parametrize("body", [b"", b"ARROW1", b"\xff" * 40, b"{}", _arrow(a=[1])])
def test_a_broken_arrow_body_is_refused(house: House, body: bytes) -> None:
    answer = house.client("operator").post("/api/v1/observations", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_an_unknown_datastream_is_named(house: House) -> None:
    body = _arrow(datastream=["absent"], time=pa.array([_NOW], pa.timestamp("us", "UTC")), value=[7.5])
    answer = house.client("operator").post("/api/v1/observations", content=body)
    assert answer.status_code == 404
    assert "absent" in answer.json()["detail"]


def test_create_observations_answers_per_row_with_the_observation_or_error(house: House) -> None:
    client = house.client("operator")
    unknown = {**_GROUP, "Datastream": {"@iot.id": 999}}
    told = client.post("/sta/v1.1/CreateObservations", json=[_GROUP, unknown])
    assert told.status_code == 201
    first, *_, last = told.json()
    assert last == "error"
    assert client.get(first).json()["result"] == 1.5


def test_create_observations_needs_an_operator(house: House) -> None:
    assert house.client().post("/sta/v1.1/CreateObservations", json=[_GROUP]).status_code == 401
    assert house.client("citizen").post("/sta/v1.1/CreateObservations", json=[_GROUP]).status_code == 403


@pytest.mark.parametrize("fault", [[], {}, [{}], [{**_GROUP, "components": ["result", "nonsense"]}]])
def test_a_faulty_body_is_refused_as_a_whole(house: House, fault: Any) -> None:
    before = house.city.store.lake.observation_count()
    answer = house.client("operator").post("/sta/v1.1/CreateObservations", json=fault)
    assert answer.status_code == 400
    assert answer.json()["where"]
    assert house.city.store.lake.observation_count() == before


@pytest.mark.parametrize(
    "row", [["2019-02-30T00:00:00Z", 1], ["2019-02-03T00:00:00Z", "NaN"], ["2019-02-03T00:00:00Z"]]
)
def test_a_faulty_row_costs_only_itself(house: House, row: list[Any]) -> None:
    good = ["2019-02-03T01:00:00Z", 7]
    group = {**_GROUP, "dataArray": [row, good]}
    answer = house.client("operator").post("/sta/v1.1/CreateObservations", json=[group])
    assert answer.status_code == 201
    first, last = answer.json()
    assert first == "error"
    assert house.client().get(last).json()["result"] == 7


def test_sensorthings_pages_counts_and_orders(house: House) -> None:
    client = house.client()
    url = "/sta/v1.1/Datastreams(1)/Observations?$orderby=phenomenonTime desc&$top=3&$count=true"
    page = client.get(url).json()
    times = [each["phenomenonTime"] for each in page["value"]]
    assert times == sorted(times, reverse=True)
    following = client.get(page["@iot.nextLink"]).json()
    assert following["value"][0]["phenomenonTime"] < times[-1]
    assert page["@iot.count"] >= 48
    none = client.get("/sta/v1.1/Datastreams?$top=0&$count=true").json()
    assert none == {"@iot.count": 1, "value": []}
    whole = client.get("/sta/v1.1/Datastreams(1)/Observations?$top=1000").json()["value"]
    ascending = [each["phenomenonTime"] for each in whole]
    assert ascending == sorted(ascending)
    assert client.get("/sta/v1.1/Datastreams(1)/Observations?$skip=100000").json()["value"] == []


def test_links_of_entities_lead_somewhere(house: House) -> None:
    client = house.client()
    thing = client.get("/sta/v1.1/Things").json()["value"][0]
    assert client.get(thing["@iot.selfLink"]).json()["name"] == "站1"
    stream = client.get(thing["Datastreams@iot.navigationLink"]).json()["value"][0]
    assert client.get(stream["@iot.selfLink"]).status_code == 200
    value = client.get(stream["Observations@iot.navigationLink"]).json()["value"][0]
    assert client.get(value["@iot.selfLink"]).json() == value


@pytest.mark.parametrize(
    ("query", "status"),
    [("$search=x", 501), ("$filter=x eq 1", 400), ("$expand=Things", 400), ("$top=-1", 400), ("$top=x", 400),
     ("$count=maybe", 400), ("$skip=99999999999999999999", 400)],
)  # fmt: skip
def test_what_is_not_offered_is_said_never_ignored(house: House, query: str, status: int) -> None:
    answer = house.client().get(f"/sta/v1.1/Datastreams(1)/Observations?{query}")
    assert answer.status_code == status
    assert answer.json()["where"].startswith("$")


@pytest.mark.parametrize(
    "path", ["Datastreams(0)", "Datastreams(99999999999999)", "Datastreams(x)", "Things(9)", "Things('')",
             "Observations('1')", "Observations('1-99999999999999999999')", "Observations('1-0')", "Nothings"]
)  # fmt: skip
def test_an_entity_that_is_not_there_is_a_clear_4xx(house: House, path: str) -> None:
    assert house.client().get(f"/sta/v1.1/{path}").status_code in {400, 404}
