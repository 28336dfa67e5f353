"""The feed of changes and webhooks over HTTP: what each may know of, from where they stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.doors.conftest import Client, House, build_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("changes"))
    yield built
    built.close()


def told(client: Client, **params: Any) -> Any:
    return client.get("/api/v1/changes", params=params).json()


def test_each_reads_on_from_where_they_stopped_what_they_may_know_of(house: House) -> None:
    visitor, officer = house.client(), house.client("data_officer")
    first = told(visitor)
    assert [(each["dataset"], each["kind"]) for each in first["items"]] == [("wells", "release")]
    assert told(house.client("analyst"))["items"][1]["dataset"] == "cellars"
    assert told(visitor, after=first["next"])["items"] == []
    card = {"card": {"id": "fresh", "classification": "open"}}
    officer.post("/api/v1/drafts", json=card)
    assert told(visitor, after=first["next"])["items"] == []
    officer.post("/api/v1/datasets/fresh/life", json={"move": "publish"})
    officer.post("/api/v1/datasets/fresh/life", json={"move": "retract", "reason": "secret reason"})
    later = told(visitor, after=first["next"])
    assert [(each["kind"], each["detail"]) for each in later["items"]] == [
        ("publish", {"from": "draft", "to": "published"}),
        ("retract", {"from": "published", "to": "draft"}),
    ]
    assert [each["kind"] for each in told(officer, dataset="fresh")["items"]] == ["draft", "publish", "retract"]
    newest = told(officer, latest=True, limit=2)
    assert [each["kind"] for each in newest["items"]] == ["retract", "publish"]
    assert told(officer, after=newest["next"])["items"] == []
    pages, after = [], None
    while True:
        page = told(officer, limit=1, **({"after": after} if after else {}))
        pages += page["items"]
        after = page["next"]
        if not page["more"]:
            break
    assert [each["seq"] for each in pages] == [each["seq"] for each in told(officer)["items"]]


def test_a_webhook_is_its_owners_and_its_secret_is_told_once(house: House) -> None:
    analyst, other = house.client("analyst"), house.client("operator")
    body = {"url": "https://example.org/hook", "datasets": ["wells"]}
    assert house.client().post("/api/v1/webhooks", json=body).status_code == 401
    assert house.client("citizen").post("/api/v1/webhooks", json=body).status_code == 403
    made = analyst.post("/api/v1/webhooks", json=body).json()
    url = f"/api/v1/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    assert "secret" not in analyst.get(url).json()
    assert [each["id"] for each in analyst.get("/api/v1/webhooks").json()["items"]] == [made["id"]]
    assert other.get("/api/v1/webhooks").json()["items"] == []
    for method, more in (("GET", {}), ("PATCH", {"json": {"state": "paused"}}), ("DELETE", {})):
        assert other(method, url, **more).status_code == 404
    assert (other.get(f"{url}/deliveries").status_code, other.post(f"{url}/test").status_code) == (404, 404)
    assert analyst.get(f"{url}/deliveries").json() == {"items": [], "next": None}
    assert analyst("PATCH", url, json={"state": "paused"}).json()["state"] == "paused"
    assert analyst.post(f"{url}/secret").json()["secret"] != made["secret"]
    hidden = analyst.post("/api/v1/webhooks", json={**body, "datasets": ["vaults"]})
    assert hidden.status_code == 404
    assert analyst.post("/api/v1/webhooks", json={"url": "ftp://x"}).status_code == 400
    assert house.client("administrator")("DELETE", url).status_code == 204
    assert analyst.get(url).status_code == 404
