"""Scores and issues over HTTP: who sees, who files, who settles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.doors.conftest import PASSWORD, House, build_house

from lifang.catalogue import Card, Run
from lifang.catalogue.quality import Check
from lifang.guard import SYSTEM, Role


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("quality"))
    yield built
    built.close()


def file(house: House, role: str, dataset: str, text: str = "第三行错了", **more: Any) -> Any:
    return house.client(role).post(f"/api/v1/datasets/{dataset}/issues", json={"text": text, **more})


def test_scores_are_there_for_readers_and_run_by_those_who_admit(house: House) -> None:
    url = "/api/v1/datasets/wells/quality"
    assert house.client().get(url).json()["checks"] == []
    assert house.client("analyst").post(url).status_code == 403
    found = house.client("data_officer").post(url).json()
    assert {each["dimension"]: each["score"] for each in found["checks"]}["validity"] == 75.0
    assert house.client().get(url).json()["history"][0]["scores"]["uniqueness"] == 100.0
    assert house.client().get("/api/v1/datasets/cellars/quality").status_code == 404
    issues = house.client().get("/api/v1/datasets/wells/issues").json()["items"]
    assert [(each["dimension"], each["reporter"]) for each in issues] == [("validity", None)]


def test_a_citizen_files_sees_their_own_and_confirms_that_it_is_mended(house: House) -> None:
    made = file(house, "citizen", "wells", row_key="3", column="depth")
    assert (made.status_code, made.json()["state"]) == (201, "open")
    url = f"/api/v1/issues/{made.json()['id']}"
    citizen, officer = house.client("citizen"), house.client("data_officer")
    assert citizen.get(url).json()["text"] == "第三行错了"
    for other in ("", "analyst"):
        assert house.client(other).get(url).status_code == 404
    assert citizen.post(url, json={"move": "assign", "assignee": "me"}).status_code == 403
    assert (
        officer.post(url, json={"move": "assign", "assignee": "水务局", "due": "2020-01-01T00:00:00Z"}).status_code
        == 400
    )
    assert officer.post(url, json={"move": "assign", "assignee": "水务局"}).json()["assignee"] == "水务局"
    seen = house.client().get(url).json()
    assert (seen["state"], seen["reporter"], seen["events"][0]["by"]) == ("assigned", None, None)
    officer.post(url, json={"move": "mend", "note": "改了"})
    assert house.client("analyst").post(url, json={"move": "confirm"}).status_code == 403
    assert citizen.post(url, json={"move": "confirm"}).json()["state"] == "closed"
    assert citizen.post(url, json={"move": "confirm"}).status_code == 409


def test_feedback_is_for_those_who_may_read_and_bounded_by_the_day(house: House) -> None:
    assert file(house, "", "cellars").status_code == 404
    assert file(house, "citizen", "cellars").status_code == 404
    assert file(house, "analyst", "cellars").status_code == 201
    assert file(house, "", "wells", text="").status_code == 400
    assert file(house, "", "wells", text="x" * 2001).status_code == 400
    codes = [file(house, "", "wells", text=f"错 {number}").status_code for number in range(6)]
    assert codes == [201, 201, 201, 201, 201, 429]


def test_whoever_filed_an_issue_and_the_bureau_it_concerns_see_it_and_who_filed_it_is_not_told(
    house: House, tmp_path: Path
) -> None:
    city = house.city
    for bureau in ("water", "fire"):
        city.identity.add_organisation(bureau, zh="局", en=bureau, by=SYSTEM)
        who = city.identity.add_person(bureau, PASSWORD, roles=[Role.ANALYST], organisation=bureau, by=SYSTEM)
        _, house.tokens[bureau] = city.identity.issue_token(who.id, "test", by=SYSTEM)
    path = tmp_path / "springs.csv"
    path.write_text("code\n1\n")
    card = {"id": "springs", "classification": "open", "provider_code": "water", "columns": {"code": {}}}
    city.catalogue.add(path, card=Card.from_mapping(card), by=SYSTEM)
    made = file(house, "citizen", "springs").json()
    url = f"/api/v1/issues/{made['id']}"
    water, fire, citizen = house.client("water"), house.client("fire"), house.client("citizen")
    seen = water.get(url).json()
    assert (seen["text"], seen["reporter"], seen["bureau"], seen["moves"]) == ("第三行错了", None, "water", ["mend"])
    assert seen["events"][0]["by"] is None
    listed = [[each["id"] for each in who.get("/api/v1/issues").json()["items"]] for who in (water, fire, citizen)]
    assert (listed[0], listed[1], made["id"] in listed[2]) == ([made["id"]], [], True)
    late = Run("run", "springs", 1, city.clock.now(), (Check("timeliness", 0.0, 100.0, {}),))
    (alarm,) = city.catalogue.issues.follow(late)
    assert water.get("/api/v1/waiting-issues").json() == {"late": 1, "others": 1}
    city.catalogue.issues.move(alarm.id, "decline", by="system", note="已知")
    waiting = [who.get("/api/v1/waiting-issues").json() for who in (water, fire)]
    assert waiting == [{"late": 0, "others": 1}, {"late": 0, "others": 0}]
    assert house.client().get("/api/v1/waiting-issues").status_code == 401
    assert fire.get(url).status_code == 404
    assert water.post(url, json={"move": "decline", "note": "no"}).status_code == 403
    assert fire.post(url, json={"move": "mend", "note": "x"}).status_code == 404
    assert water.post(url, json={"move": "mend", "note": "已更正"}).json()["state"] == "mended"
    told = citizen.get(url).json()
    assert (told["events"][-1]["note"], told["moves"]) == ("已更正", ["confirm", "reopen"])
    assert water.get("/api/v1/waiting-issues").json() == {"late": 0, "others": 0}


def test_the_list_of_all_is_for_those_who_settle_issues(house: House) -> None:
    assert {each["dataset"] for each in house.client("analyst").get("/api/v1/issues").json()["items"]} == {"cellars"}
    assert house.client().get("/api/v1/issues").status_code == 401
    found = house.client("administrator").get("/api/v1/issues?limit=2").json()
    assert (len(found["items"]), found["next"] is not None) == (2, True)
    assert house.client("administrator").get("/api/v1/issues?overdue=true").json()["items"] == []
