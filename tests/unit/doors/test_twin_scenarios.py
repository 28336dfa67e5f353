"""Scenarios stand beside the city as it is: in lists, tiles and differences, for those who may know them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.doors.test_twin import add, model

from lifang.app import Job
from lifang.core import format_instant, from_micros, parse_instant, to_micros
from lifang.guard import SYSTEM
from lifang.store import Objects

T0 = "2022-01-01T00:00:00Z"
NAMES = {"zh": "公园方案", "en": "Park"}


def put(client: Client, **more: Any) -> Any:
    body = {"id": "park", "name": NAMES, "classification": "open", "models": ["park_plan"], **more}
    return client.post("/api/v1/twin/scenarios", json=body)


@pytest.fixture(scope="module")
def planned(own_house: House) -> House:
    """Blocks a, b and c stand; in the park's scenario b is gone and a pavilion stands."""
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b", "c"), valid_from=T0, model="town")["state"] == "done"
    answer = put(officer, removes=["town:b"])
    assert answer.status_code == 200, answer.text
    assert add(officer, model("pavilion", shift=300), valid_from=T0, model="park_plan")["state"] == "done"
    return own_house


def ids(house: House, **asked: str) -> list[str]:
    found = house.client().get("/api/v1/twin/objects", params=asked)
    assert found.status_code == 200, found.text
    return [each["id"] for each in found.json()["items"] if each["id"].startswith(("town", "park"))]


def test_the_city_as_it_is_knows_nothing_of_a_scenario(planned: House) -> None:
    assert ids(planned) == ["town:a", "town:b", "town:c"]
    told = planned.client().get("/api/v1/twin/models").json()["items"]
    assert "park_plan" not in {each["id"] for each in told}


def test_in_a_scenario_its_models_stand_and_what_it_removes_is_gone(planned: House) -> None:
    assert ids(planned, scenario="park") == ["park_plan:pavilion", "town:a", "town:c"]
    told = planned.client().get("/api/v1/twin/models", params={"scenario": "park"}).json()["items"]
    assert "park_plan" in {each["id"] for each in told}
    (listed,) = planned.client().get("/api/v1/twin/scenarios").json()["items"]
    assert (listed["id"], listed["name"], listed["removes"]) == ("park", NAMES, ["town:b"])


def test_what_a_scenario_changes_is_a_difference(planned: House) -> None:
    asked = {"before": "2023-01-01T00:00:00Z", "after": "2023-01-01T00:00:00Z", "after_scenario": "park"}
    found = planned.client().get("/api/v1/twin/difference", params=asked).json()
    changes = {(each["id"], each["change"]) for each in found["items"]}
    assert changes == {("park_plan:pavilion", "added"), ("town:b", "removed")}


def test_tiles_are_as_of_a_scenario(planned: House) -> None:
    client = planned.client()
    told = [client.get(f"/tiles/3d/town/{moment}/tileset.json").json() for moment in ("now", "now~park")]
    assert [each["asset"]["extras"]["classes"][0]["count"] for each in told] == [3, 2]
    assert client.get("/tiles/3d/all/now~nothing/tileset.json").status_code == 404


def contents(client: Client, moment: str) -> list[str]:
    """Return the addresses of what a tileset shows, beside the implicit tiles."""
    told = client.get(f"/tiles/3d/all/{moment}/tileset.json").json()["root"].get("children", [])
    return [leaf["content"]["uri"] for each in told for leaf in each.get("children", ())]


def test_levels_of_detail_are_as_of_a_scenario_and_nobody_waits_for_them(
    planned: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang.twin.tiles._MUCH_BYTES", 1)
    client, moment = planned.client(), "2023-01-01T00:00:00Z~park"
    first = contents(client, moment)
    assert first
    assert all(each.endswith(".glb") for each in first)  # as they are, while a job makes the levels
    plain = b"".join(client.get(f"/tiles/3d/all/{moment}/{each}").content for each in first)
    until = time.monotonic() + 10
    while ".glb" in " ".join(later := contents(client, moment)) and time.monotonic() < until:
        time.sleep(0.02)
    assert later == [each.replace(".glb", ".json") for each in first]
    jobs = planned.client("data_officer").get("/api/v1/jobs").json()["items"]
    assert {each["state"] for each in jobs if each["kind"] == "make_levels"} <= {"running", "done"}
    finest = []
    for each in later:
        tile = client.get(f"/tiles/3d/all/{moment}/{each}").json()["root"]
        while "children" in tile:
            (tile,) = tile["children"]
        folder = each.rpartition("/")[0]
        assert tile["geometricError"] == 0
        finest.append(client.get(f"/tiles/3d/all/{moment}/{folder}/{tile['content']['uri']}").content)
    for held in (plain, b"".join(finest)):
        assert b"park_plan:pavilion" in held
        assert b"town:a" in held
        assert b"town:b" not in held  # which the scenario takes away
    assert b"town:b" in b"".join(
        client.get(f"/tiles/3d/all/2023-01-01T00:00:00Z/{each}").content
        for each in contents(client, "2023-01-01T00:00:00Z")
    )


def test_a_model_that_comes_in_has_its_levels_before_anybody_looks(
    planned: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang.twin.tiles._MUCH_BYTES", 1)
    officer = planned.client("data_officer")
    assert add(officer, model("mill", shift=900), valid_from=T0, model="mill")["state"] == "done"
    jobs = planned.city.jobs
    job = next(each for each in jobs.recent() if each.kind == "make_levels")
    done = jobs.wait(job.id, timeout_s=20)
    assert (done.state, done.error) == ("done", None)
    assert done.result is not None
    assert done.result["cells"] >= 1
    told = planned.client().get("/tiles/3d/mill/now/tileset.json").json()["root"]
    assert [each["children"][0]["content"]["uri"][-5:] for each in told["children"]] == [".json"]
    again = jobs.submit("make_levels", job.arguments, subject=SYSTEM)
    assert jobs.wait(again.id, timeout_s=20).result == {"cells": 0, "bytes": 0}  # after a restart what is kept stays


def test_levels_are_made_in_turns_that_let_others_before_and_in_a_quiet_city_without_being_asked(
    planned: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turns() -> list[Job]:
        while waiting := jobs.unfinished():
            jobs.wait(waiting[0].id, timeout_s=20)
        return [each for each in jobs.recent() if each.kind == "make_levels"]

    jobs, detailer = planned.city.jobs, planned.city.detailer
    before = len(turns())
    monkeypatch.setattr("lifang.twin.tiles._MUCH_BYTES", 1)
    monkeypatch.setattr("lifang.twin.kept._FORM", "another")  # nothing is made yet
    monkeypatch.setattr("lifang.app.detailing._TURN_S", 0.0)
    detailer.tend()
    found = turns()[: -before or None]
    cells = [(each.result or {})["cells"] for each in found]
    assert len(cells) > 1
    assert set(cells) <= {0, 1}  # a turn of no length makes one
    assert {each.state for each in found} == {"done"}
    told = planned.client().get("/tiles/3d/all/now/tileset.json").json()["root"]
    assert {each["children"][0]["content"]["uri"][-5:] for each in told["children"]} == {".json"}
    detailer.tend()
    assert len(turns()) == before + len(found)


def test_a_quiet_city_of_many_models_is_looked_through_once_and_has_no_more_levels_than_are_kept(
    planned: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turns() -> int:
        while waiting := jobs.unfinished():
            jobs.wait(waiting[0].id, timeout_s=20)
        return sum(each.kind == "make_levels" for each in jobs.recent(limit=1000))

    jobs, detailer, officer = planned.city.jobs, planned.city.detailer, planned.client("data_officer")
    for limit, name in ((1, "lifang.app.detailing._TRIED_MAX"), (1, "lifang.twin.tiles._HELD_MAX")):
        monkeypatch.setattr(name, limit)
    monkeypatch.setattr("lifang.app.detailing._MOST_BYTES", 1)
    assert add(officer, model("kiln", shift=2000), valid_from=T0, model="kiln")["state"] == "done"
    monkeypatch.setattr("lifang.twin.tiles._MUCH_BYTES", 1)
    monkeypatch.setattr("lifang.twin.kept._FORM", "a third")  # nothing is made yet
    before = turns()
    counted: list[Any] = []
    cells = Objects.cells
    monkeypatch.setattr(Objects, "cells", lambda *given: counted.append(given) or cells(*given))
    detailer.tend()
    after = turns()
    assert after > before
    assert len(counted) > 2
    counted.clear()
    detailer.tend()
    assert turns() == after
    assert len(counted) <= 1, "the city as a whole, and none of its models"
    monkeypatch.setattr("lifang.twin.tiles._MUCH_BYTES", 1 << 30)  # so that to come in makes none
    assert add(officer, model("oven", shift=3000), valid_from=T0, model="oven")["state"] == "done"
    monkeypatch.setattr("lifang.twin.tiles._MUCH_BYTES", 1)
    detailer.tend()
    assert turns() == after
    assert len(counted) > 2


def test_a_scenario_grows_with_the_city(planned: House) -> None:
    officer = planned.client("data_officer")
    assert add(officer, model("late", shift=600), valid_from=T0, model="suburb")["state"] == "done"
    found = planned.client().get("/api/v1/twin/objects", params={"scenario": "park", "model": "suburb"}).json()
    assert [each["id"] for each in found["items"]] == ["suburb:late"]


def test_what_stands_in_the_city_cannot_be_made_a_plan_nor_what_is_not_there_be_gone(planned: House) -> None:
    officer = planned.client("data_officer")
    assert put(officer, id="other", models=["town"]).status_code == 409
    assert put(officer, id="other", models=[], removes=["town:nothing"]).status_code == 400
    assert put(planned.client(), id="other").status_code == 401


def test_a_scenario_that_is_not_open_is_unknown_to_others(planned: House) -> None:
    officer = planned.client("data_officer")
    assert put(officer, id="secret", models=[], classification="shared").status_code == 200
    assert [each["id"] for each in planned.client().get("/api/v1/twin/scenarios").json()["items"]] == ["park"]
    assert planned.client().get("/api/v1/twin/objects", params={"scenario": "secret"}).status_code == 404
    assert [each["id"] for each in officer.get("/api/v1/twin/scenarios").json()["items"]] == ["park", "secret"]


def test_what_is_analysed_is_as_of_a_scenario(planned: House) -> None:
    client = planned.client()
    asked = {"id": "park_plan:pavilion"}
    assert client.get("/api/v1/twin/analyses/measures", params=asked).status_code == 404
    told = client.get("/api/v1/twin/analyses/measures", params={**asked, "scenario": "park"})
    assert told.status_code == 200, told.text
    box = {"bbox": "100,20,110,40", "at": "2023-06-21T04:00:00Z"}
    cast = [
        {each["id"] for each in client.get("/api/v1/twin/analyses/shadows", params=each).json()["features"]}
        for each in (box, {**box, "scenario": "park"})
    ]
    assert cast[0] - cast[1] == {"town:b"}
    assert cast[1] - cast[0] == {"park_plan:pavilion"}


def test_a_scenario_that_is_adopted_is_the_plan_from_its_day_on_and_on_record(planned: House) -> None:
    officer, since = planned.client("data_officer"), "2031-01-01T00:00:00Z"
    address, day = "/api/v1/twin/scenarios/park/adoption", {"valid_from": since}
    assert planned.client().post(address, json=day).status_code == 401
    assert officer.post("/api/v1/twin/scenarios/none/adoption", json=day).status_code == 404
    assert officer.post(address, json={**day, "stage": "dream"}).status_code == 400
    assert ids(planned, at="2032-01-01T00:00:00Z", model="town") == ["town:a", "town:b", "town:c"]
    adopted = officer.post(address, json=day)
    assert adopted.status_code == 200, adopted.text
    assert adopted.json()["adopted"] == since
    before, after = ids(planned, at="2030-12-31T00:00:00Z"), ids(planned, at="2031-01-02T00:00:00Z")
    assert set(before) - set(after) == {"town:b"}
    assert set(after) - set(before) == {"park_plan:pavilion"}
    asked = {"at": "2032-01-01T00:00:00Z", "model": "park_plan"}
    (pavilion,) = planned.client().get("/api/v1/twin/objects", params=asked).json()["items"]
    assert (pavilion["stage"]["en"], pavilion["valid_from"]) == ("planned", since)
    entries = [each.entry for each in planned.city.store.ledger.records() if each.entry.resource == "scenario:park"]
    assert (entries[-1].detail or {})["stage"] == "planned"
    assert officer.post(address, json=day).status_code == 200  # the same again changes nothing
    assert ids(planned, at="2031-01-02T00:00:00Z") == after
    assert officer.post(address, json={"valid_from": "2033-01-01T00:00:00Z"}).status_code == 409
    assert put(officer).status_code == 409


def test_an_adoption_is_taken_back_and_all_is_as_before_but_what_was_known_meanwhile(planned: House) -> None:
    officer, later = planned.client("data_officer"), "2032-01-01T00:00:00Z"
    address, meanwhile = (
        "/api/v1/twin/scenarios/park/adoption",
        format_instant(from_micros(planned.city.store.lake.objects.known)),
    )
    assert planned.client()("DELETE", address).status_code == 401
    back = officer("DELETE", address)
    assert back.status_code == 200, back.text
    assert back.json()["adopted"] is None
    assert officer("DELETE", address).status_code == 409
    assert ids(planned, at=later, model="town") == ["town:a", "town:b", "town:c"]
    assert "park_plan:pavilion" not in ids(planned, at=later)
    assert "park_plan:pavilion" in ids(planned, at=later, scenario="park")
    asked = {"at": later, "model": "park_plan", "scenario": "park"}
    (pavilion,) = planned.client().get("/api/v1/twin/objects", params=asked).json()["items"]
    assert (pavilion["stage"]["en"], pavilion["valid_from"]) == ("in operation", T0)
    told = planned.client().get("/api/v1/twin/objects/town:b", params={"at": later, "recorded": meanwhile})
    assert told.status_code == 404
    moments = planned.client().get("/api/v1/twin/moments").json()["items"]
    assert "2031-01-01T00:00:00Z" not in {each["moment"] for each in moments}
    entries = [each.entry for each in planned.city.store.ledger.records() if each.entry.resource == "scenario:park"]
    assert (entries[-1].detail or {})["taken_back"] == to_micros(parse_instant("2031-01-01T00:00:00Z"))
    assert put(officer, removes=["town:b"]).status_code == 200
    assert officer.post(address, json={"valid_from": later}).json()["adopted"] == later
