"""``at=``: the past where it is kept, and a clear refusal where it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lifang.catalogue import Card, Search
from lifang.core import format_instant
from lifang.guard import SYSTEM

from .conftest import House


@pytest.fixture(scope="module")
def moments(house: House, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Release ``ponds`` twice; return moments before, between and after the two."""
    folder = tmp_path_factory.mktemp("ponds")
    columns = {"k": {}, "depth": {"type": "number"}}
    card = Card.from_mapping({"id": "ponds", "classification": "shared", "key": ["k"], "columns": columns})
    recorded: list[datetime] = []
    for rows in ("1,2\n2,deep\n", "1,2\n2,3\n3,4\n"):
        file: Path = folder / "ponds.csv"
        file.write_text(f"k,depth\n{rows}", "utf-8")
        release = house.city.catalogue.add(file, name="ponds.csv", card=card, by=SYSTEM).release
        assert release is not None
        recorded.append(release.recorded)
    tick = timedelta(microseconds=1)
    return [format_instant(each) for each in (recorded[0] - tick, recorded[0], recorded[1])]


def test_datasets_are_listed_as_they_were_released(house: House, moments: list[str]) -> None:
    def listed(at: str) -> list[tuple[int, int]]:
        answer = house.client("analyst").get("/api/v1/datasets", params={"q": "ponds", "at": at})
        facets = answer.json()["facets"]["classification"]
        found = [(each["release"], each["rows"]) for each in answer.json()["items"]]
        assert sum(facet["count"] for facet in facets) == len(found)
        return found

    assert [listed(at) for at in moments] == [[], [(1, 1)], [(2, 3)]]
    assert len(house.city.datasets(Search("ponds", at=house.city.clock.now()))) == 1


def test_a_dataset_and_its_refused_rows_are_told_as_of_a_moment(house: House, moments: list[str]) -> None:
    before, between, after = moments
    client = house.client("analyst")
    then = client.get("/api/v1/datasets/ponds", params={"at": between}).json()
    assert ([each["number"] for each in then["releases"]], then["rows"], then["refused"]) == ([1], 1, 1)
    assert client.get("/api/v1/datasets/ponds", params={"at": before}).status_code == 404
    refused = [client.get("/api/v1/datasets/ponds/refused", params={"at": at}).json() for at in (between, after)]
    assert [[row["value"] for row in each["items"]] for each in refused] == [["deep"], []]
    assert client.get("/api/v1/datasets/ponds/refused?release=1").json()["items"] != []
    assert client.get("/api/v1/datasets/ponds/refused", params={"at": before}).status_code == 404
    assert client.get("/api/v1/datasets/ponds/refused", params={"at": after, "release": 1}).status_code == 400
    links = [client.get("/api/v1/datasets/ponds/lineage", params={"at": at}).json()["edges"] for at in (before, after)]
    assert links[0] == []
    assert links[1] != []


def test_datastreams_show_the_value_of_that_moment(house: House) -> None:
    client = house.client()
    series = client.get("/api/v1/observations?datastream=1").json()["items"]
    early, late = series[0], series[-1]
    for each in (early, late):
        found = client.get("/api/v1/datastreams", params={"at": each["time"]}).json()["items"]
        assert [stream["latest"] for stream in found] == [each]
        assert client.get("/api/v1/datastreams/1", params={"at": each["time"]}).json()["latest"] == each
    assert client.get("/api/v1/datastreams/1?at=1990-01-01T00:00:00Z").json()["latest"] is None
    assert client.get("/api/v1/datastreams/1?at=2190-01-01T00:00:00Z").json()["latest"]["value"] == 80


def test_alerts_and_indicators_were_not_there_before_their_time(house: House) -> None:
    client = house.client()
    alert = client.get("/api/v1/alerts").json()["items"][-1]
    then = {"at": alert["opened"]}
    assert client.get(f"/api/v1/alerts/{alert['id']}", params=then).json()["state"] == "firing"
    assert client.get(f"/api/v1/alerts/{alert['id']}?at=1990-01-01T00:00:00Z").status_code == 404
    assert client.get("/api/v1/alerts?at=1990-01-01T00:00:00Z").json()["items"] == []
    value = client.get("/api/v1/indicators/pm25_mean?at=1990-01-01T00:00:00Z").json()
    assert (value["value"], value["items"]) == (None, [])


@pytest.mark.parametrize("url", ["city", "replay", "jobs", "people", "ledger", "session", "doctor", "tokens"])
def test_where_no_past_is_kept_at_is_refused(house: House, url: str) -> None:
    answer = house.client("administrator").get(f"/api/v1/{url}?at=2019-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["where"]) == (400, "at")
    assert "present" in answer.json()["detail"]


@pytest.mark.parametrize("url", ["datasets", "datasets/wells", "datastreams", "alerts", "indicators", "scenes/x"])
def test_a_moment_that_is_none_is_refused(house: House, url: str) -> None:
    for text in ("yesterday", "2019-02-30T00:00:00Z", "2019-01-01", "0001-01-01T00:00:00Z"):
        answer = house.client().get(f"/api/v1/{url}", params={"at": text})
        assert answer.status_code in {400, 404}, text
        assert answer.status_code == 400 or url == "scenes/x"


def test_the_card_of_a_dataset_states_what_was_found_and_can_be_sent_again(house: House, moments: list[str]) -> None:
    told = house.client("analyst").get("/api/v1/datasets/ponds/card", params={"at": moments[1]}).json()
    assert list(told["card"]["columns"]) == ["k", "depth"]
    assert told["card"]["columns"]["depth"]["type"] == "number"
    assert Card.from_mapping(told["card"]).key == ("k",)
    assert house.client().get("/api/v1/datasets/ponds/card").status_code == 404
    body = {"file": ("ponds.csv", b"k,depth\n1,2\n2,3\n3,4\n"), "card": ("dataset.toml", told["toml"].encode())}
    sent = house.client("data_officer").post("/api/v1/datasets", files=body)
    assert sent.status_code == 202
    assert house.city.jobs.wait(sent.json()["id"]).state == "done"
