"""Topics of the twin over HTTP: kept with view and picture, told to those who may know them, passed on as BCF."""

from __future__ import annotations

import base64
from typing import Any

from tests.unit.doors.conftest import House

PICTURE = b"\x89PNG\r\n\x1a\n" + b"picture"
VIEW = {"eye": [104.065, 30.659, 60.0], "target": [104.0655, 30.6594, 10.0], "selection": ["town:b"]}
ADDRESS = "/api/v1/twin/topics"


def add(house: House, **more: Any) -> Any:
    shot = base64.b64encode(PICTURE).decode()
    body = {"title": "Too narrow", "view": VIEW, "snapshot": shot, "classification": "open", **more}
    return house.client("data_officer").post(ADDRESS, json=body)


def test_a_topic_is_kept_with_its_view_and_picture_and_on_record(own_house: House) -> None:
    link = "?room=twin&t.cut=h9"
    made = add(own_house, link=link)
    assert made.status_code == 201, made.text
    topic = made.json()
    anybody = own_house.client()
    (listed,) = anybody.get(ADDRESS).json()["items"]
    assert listed == topic
    told = {**VIEW, "field_of_view": 50.0, "shown": True, "exceptions": []}
    assert (listed["view"], listed["pictured"], listed["link"]) == (told, True, link)
    seen = anybody.get(f"{ADDRESS}/{topic['guid']}/snapshot")
    assert (seen.headers["content-type"], seen.content) == ("image/png", PICTURE)
    closed = own_house.client("data_officer").post(f"{ADDRESS}/{topic['guid']}/status", json={"status": "Closed"})
    assert closed.json()["status"] == "Closed"
    records = [each.entry for each in own_house.city.store.ledger.records()]
    assert [each.detail for each in records if each.resource == f"topic:{topic['guid']}"] == [
        {"topics": 1}, {"topics": 1, "status": "Closed"},
    ]  # fmt: skip


def test_topics_are_passed_on_as_bcf_and_taken_in_again(own_house: House) -> None:
    officer = own_house.client("data_officer")
    sent = own_house.client().get(f"{ADDRESS}/bcf")
    assert sent.headers["content-type"] == "application/zip"
    before = own_house.client().get(ADDRESS).json()["items"]
    asked = {"headers": {"Content-Type": "application/zip"}, "params": {"classification": "open"}}
    back = officer.post(f"{ADDRESS}/bcf", content=sent.content, **asked)
    assert back.status_code == 200, back.text
    assert [each["guid"] for each in back.json()["items"]] == [each["guid"] for each in before]
    assert [each["status"] for each in own_house.client().get(ADDRESS).json()["items"]] == ["Closed"]
    assert officer.post(f"{ADDRESS}/bcf", content=b"no zip", **asked).status_code == 400
    assert own_house.client().post(f"{ADDRESS}/bcf", content=sent.content, **asked).status_code == 401


def test_what_is_not_open_is_unknown_to_others_and_what_is_not_so_is_refused(own_house: House) -> None:
    hidden = add(own_house, classification="restricted").json()["guid"]
    anybody = own_house.client()
    assert hidden not in {each["guid"] for each in anybody.get(ADDRESS).json()["items"]}
    assert anybody.get(f"{ADDRESS}/{hidden}/snapshot").status_code == 404
    assert add(own_house, snapshot=base64.b64encode(b"GIF89a").decode()).status_code == 400
    assert add(own_house, view={"eye": [104, 30, 5], "target": [104, 30, 5]}).status_code == 400
    assert add(own_house, view={"eye": [30, 104, 5], "target": [30, 104, 9]}).status_code == 400  # the other way about
    assert add(own_house, link="https://elsewhere.example/").status_code in {400, 422}
    officer = own_house.client("data_officer")
    assert officer.post(f"{ADDRESS}/{add(own_house).json()['guid']}/status", json={"status": "?"}).status_code == 400
    asked = {"json": {"status": "Closed"}, "headers": {"X-Lifang-Purpose": "safety"}}
    assert officer.post(f"{ADDRESS}/{hidden}/status", **asked).json()["status"] == "Closed"
    assert anybody.post(ADDRESS, json={"title": "x", "view": VIEW}).status_code == 401
