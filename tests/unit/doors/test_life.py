"""The life of datasets over HTTP: who sees a draft, who may move, what an archive tells, how one is destroyed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.doors.conftest import PASSWORD, Client, House, build_house
from tests.unit.doors.test_twin import T0, add, model
from tests.unit.standards.test_data_standards import TEXT
from tests.unit.twin.test_imagery import CARD, geotiff
from tests.unit.twin.test_textured import street
from tests.unit.twin.test_topics import PICTURE, TOPIC

from lifang.guard import SYSTEM, Classification
from lifang.twin import read_model

WHY = {"X-Lifang-Purpose": "records%20management"}
FILE = b"code,name\n1,a\n2,b\n"


def card(dataset: str, **more: Any) -> dict[str, Any]:
    return {"card": {"id": dataset, "name": {"zh": "井", "en": "Wells"}, "classification": "open", **more}}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A city of its own: what is published here would be found by other tests."""
    built = build_house(tmp_path_factory.mktemp("life"))
    yield built
    built.close()


@pytest.fixture
def officer(house: House) -> Client:
    return house.client("data_officer")


def other_officer(house: House) -> Client:
    """Return a client of a second data officer."""
    people = [person for person in house.city.identity.people() if person.name == "second"]
    person = (
        people[0] if people else house.city.identity.add_person("second", PASSWORD, roles=["data_officer"], by=SYSTEM)
    )
    _, token = house.city.identity.issue_token(person.id, "test", by=SYSTEM)
    house.tokens["second"] = token
    return house.client("second")


def move(client: Client, dataset: str, name: str, **more: str) -> Any:
    return client.post(f"/api/v1/datasets/{dataset}/life", json={"move": name, **more}, headers=WHY)


def test_a_draft_is_404_for_all_but_those_who_prepare_data(house: House, officer: Client) -> None:
    made = officer.post("/api/v1/drafts", json=card("life_draft"))
    assert (made.status_code, made.json()["state"], made.json()["release"]) == (201, "draft", None)
    for role in ("", "citizen", "analyst", "operator"):
        client = house.client(role)
        for url in ("", "/life", "/rows", "/card", "/lineage", "/refused"):
            assert client.get(f"/api/v1/datasets/life_draft{url}").status_code == 404, (role, url)
        assert client.get("/api/v1/datasets?state=any&q=life_draft").json()["items"] == []
        assert move(client, "life_draft", "publish").status_code == 404
    assert officer.get("/api/v1/datasets/life_draft/card").json()["card"]["id"] == "life_draft"
    assert [each["id"] for each in officer.get("/api/v1/datasets?state=draft").json()["items"]] == ["life_draft"]
    assert officer.get("/api/v1/datasets?q=life_draft").json()["items"] == []
    taken = officer.post("/api/v1/drafts", json=card("life_draft"))
    assert (taken.status_code, house.client("analyst").post("/api/v1/drafts", json=card("x")).status_code) == (409, 403)


def test_a_published_draft_is_there_for_everyone_and_tells_its_history(house: House, officer: Client) -> None:
    officer.post("/api/v1/drafts", json=card("life_one"))
    offered = {each["id"] for each in officer.get("/api/v1/datasets/life_one/life").json()["moves"]}
    assert {"submit", "publish", "hold", "ask_destruction"} == offered
    assert move(officer, "life_one", "submit").json()["state"] == "review"
    refused = move(officer, "life_one", "approve")
    assert (refused.status_code, "another person" in refused.json()["detail"]) == (409, True)
    assert move(other_officer(house), "life_one", "approve").json()["state"] == "published"
    seen = house.client().get("/api/v1/datasets/life_one/life").json()
    assert ([each["kind"] for each in seen["history"]], seen["moves"], seen["holds"]) == (["approve"], [], [])
    assert [each["by"] for each in seen["history"]] == [None]
    assert move(house.client(), "life_one", "archive", reason="x").status_code == 401
    assert move(house.client("analyst"), "life_one", "archive", reason="x").status_code == 403


def test_an_archived_dataset_is_named_and_read_on_request_only(house: House, officer: Client) -> None:
    url = "/api/v1/datasets/life_old"
    made = officer.post("/api/v1/datasets?filename=life_old.csv", content=FILE)
    assert made.json()["state"] == "done"
    body = card("life_old")
    assert officer("PUT", f"{url}/card", json=body).json()["classification"] == "open"
    assert move(officer, "life_old", "archive", reason="no longer collected").json()["state"] == "archived"
    visitor = house.client()
    assert (visitor.get(url).json()["state"], visitor.get(url).json()["releases"]) == ("archived", [])
    assert visitor.get(f"{url}/rows").status_code == 401
    denied = house.client("analyst").get(f"{url}/rows")
    assert (denied.status_code, "on request" in denied.json()["detail"]) == (403, False)
    assert officer.get(f"{url}/rows").json()["needs"] == "purpose"
    assert officer.get(f"{url}/rows", headers=WHY).json()["total"] == 2
    assert visitor.get("/api/v1/datasets?q=life_old").json()["items"] == []
    assert len(visitor.get("/api/v1/datasets?q=life_old&state=archived").json()["items"]) == 1
    asked = visitor.post("/api/v1/query", json={"sql": "SELECT * FROM life_old"})
    assert asked.status_code in {400, 401}


def test_two_persons_destroy_and_the_certificate_holds(house: House, officer: Client) -> None:
    officer.post("/api/v1/datasets?filename=life_gone.csv", content=FILE)
    move(officer, "life_gone", "archive", reason="over")
    held = move(officer, "life_gone", "hold", reason="suit", authority="case 7").json()
    assert move(officer, "life_gone", "ask_destruction", reason="over").status_code == 409
    move(officer, "life_gone", "lift", reason="settled", hold=held["holds"][0]["id"])
    asked = move(officer, "life_gone", "ask_destruction", reason="over").json()
    assert move(officer, "life_gone", "destroy", reason="yes").status_code == 409
    assert move(other_officer(house), "life_gone", "destroy", reason="yes").json()["state"] == "destroyed"
    assert officer.get("/api/v1/datasets/life_gone", headers=WHY).status_code == 404
    found = officer.get(f"/api/v1/destructions/{asked['destruction']}").json()
    assert (found["state"], found["certificate"]["body"]["rows"]) == ("done", 2)
    assert house.client("analyst").get("/api/v1/destructions").status_code == 403
    verdict = officer.post("/api/v1/certificates/verify", json={"certificate": found["certificate"]}).json()
    assert (verdict["ok"], len(verdict["checks"])) == (True, 7)
    found["certificate"]["body"]["asked"]["by"] = "nobody"
    assert not officer.post("/api/v1/certificates/verify", json={"certificate": found["certificate"]}).json()["ok"]
    assert officer.post("/api/v1/certificates/verify", json={"certificate": {"a": 1}}).status_code == 400


def test_a_file_that_the_twin_or_a_standard_has_too_stays_and_the_certificate_names_who_needs_it(
    house: House, officer: Client, tmp_path: Path
) -> None:
    city = house.city
    picture = geotiff(np.full((64, 64, 3), 90, np.uint8), tmp_path / "ortho.tif")
    layer = city.twin.imagery.add("ortho", picture, CARD, by=SYSTEM)
    (topic,) = city.twin.topics.put([(replace(TOPIC, link=""), PICTURE)], by=SYSTEM)
    city.catalogue.standards.add(TEXT, by=SYSTEM)
    draped = read_model(street(), prefix="street", scratch=tmp_path)
    city.twin.add("street", draped, classification=Classification.OPEN, valid_from=datetime(2026, 1, 1, tzinfo=UTC),
                  by=SYSTEM)  # fmt: skip
    sent = add(officer, model("a"), valid_from=T0)["result"]["source_sha256"]
    needed = {
        layer.original: "imagery:ortho",
        layer.archive: "imagery:ortho",
        topic.snapshot: f"topic:{topic.guid}",
        city.store.registry.get("data_standard", "wells@1")["sha256"]: "data_standard:wells@1",
        sent: "model:blocks",
        **dict.fromkeys(draped.pictures, "model:street"),
    }
    nobodys = city.store.blobs.put(io.BytesIO(b"\x89PNG nobody else has"), max_bytes=100).sha256
    officer.post("/api/v1/datasets?filename=life_same.csv", content=b"code,name\n7,g\n")
    with city.store.registry.transaction() as tx:
        now = city.clock.now()
        tx.insert("organisation", {"id": "bureau", "zh": "局", "en": "bureau", "created": now})
        feed = {"id": "feed", "organisation": "bureau", "dataset": "life_same", "created": now, "updated": now}
        tx.insert("exchange_feed", {**feed, "active": True})
        ends = {"feed": "feed", "organisation": "bureau", "dataset": "life_same", "kind": "full", "state": "admitted"}
        for number, sha256 in enumerate((*needed, nobodys)):
            told = {"id": f"d{number}", "reference": f"d{number}", "name": "a", "sha256": sha256, "bytes": 1}
            tx.insert("exchange_delivery", {**ends, **told, "received": now})
    move(officer, "life_same", "archive", reason="over")
    asked = move(officer, "life_same", "ask_destruction", reason="over").json()
    assert move(other_officer(house), "life_same", "destroy", reason="yes").json()["state"] == "destroyed"
    body = officer.get(f"/api/v1/destructions/{asked['destruction']}").json()["certificate"]["body"]
    assert {Path(name).name: why for name, why in body["kept"].items()} == {
        sha256: f"needed by {who}" for sha256, who in needed.items()
    }
    assert all(city.store.blobs.intact(sha256) for sha256 in needed)
    assert not city.store.blobs.exists(nobodys)


def test_a_successor_is_told_to_those_who_may_know_of_it(house: House, officer: Client) -> None:
    for dataset, grade in (("life_first", "open"), ("life_next", "shared")):
        officer.post("/api/v1/drafts", json=card(dataset, classification=grade))
        move(officer, dataset, "publish")
    assert move(officer, "life_first", "deprecate", reason="new").status_code == 400
    told = move(officer, "life_first", "deprecate", reason="new", successor="life_next").json()
    assert (told["state"], told["successor"]) == ("deprecated", "life_next")
    seen = house.client().get("/api/v1/datasets/life_first/life").json()
    assert (seen["state"], seen["successor"], seen["reason"]) == ("deprecated", None, "new")
