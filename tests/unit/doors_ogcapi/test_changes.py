"""Features are changed one by one: by whom it is allowed, as new releases, never over somebody else's change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from owslib.ogcapi.features import Features
from tests.unit.doors.conftest import Client, House

from lifang.catalogue import Card
from lifang.guard import SYSTEM

_CARD = {
    "id": "trees",
    "name": {"zh": "树", "en": "trees"},
    "classification": "open",
    "columns": {
        "tag": {"type": "text", "required": True},
        "height": {"type": "number", "minimum": 0, "maximum": 120},
        "planted": {"type": "date"},
    },
    "geometry": {"lon": "lon", "lat": "lat"},
    "key": ["tag"],
}
_ITEMS = "/ogc/collections/trees/items"


def _tree(tag: str, **properties: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [104.06, 30.66]}
    return {"type": "Feature", "geometry": place, "properties": {"tag": tag, **properties}}


@pytest.fixture
def officer(house: House) -> Client:
    file = house.city.folder.parent / "trees.csv"
    rows = ("tag,height,planted,lon,lat", "t1,12.5,2001-03-12,104.05,30.65", "t2,3,2020-03-12,104.07,30.67")
    file.write_text("\n".join(rows), "utf-8")
    house.city.catalogue.add(file, name=file.name, card=Card.from_mapping(_CARD), by=SYSTEM)
    return house.client("data_officer")


def test_owslib_creates_replaces_and_deletes_a_feature(house: House, served: str, officer: Client) -> None:
    client = Features(f"{served}/", headers={"Authorization": f"Bearer {house.tokens['data_officer']}"})
    client.headers["Content-Type"] = "application/geo+json"
    assert client.collection_item_create("trees", json.dumps(_tree("t9", height=4)))
    assert officer.get(f"{_ITEMS}/t9").json()["properties"] == {"tag": "t9", "height": 4.0, "planted": None}
    client.headers["Content-Type"] = "application/geo+json"
    assert client.collection_item_update("trees", "t9", json.dumps(_tree("t9", planted="2021-01-02")))
    assert officer.get(f"{_ITEMS}/t9").json()["properties"] == {"tag": "t9", "height": None, "planted": "2021-01-02"}
    assert client.collection_item_delete("trees", "t9")
    assert officer.get(f"{_ITEMS}/t9").status_code == 404


def test_each_change_is_a_release_that_keeps_those_before(house: House, officer: Client) -> None:
    before = house.city.catalogue.dataset("trees").release().number
    created = officer.post(_ITEMS, json=_tree("t3", height=7.5))
    assert created.status_code == 201, created.text
    assert created.headers["location"] == f"http://127.0.0.1{_ITEMS}/t3"
    assert officer("PATCH", f"{_ITEMS}/t3", json={"properties": {"height": 8}}).status_code == 204
    told = officer.get(f"{_ITEMS}/t3").json()
    assert told["properties"]["height"] == 8
    assert told["geometry"]["coordinates"] == pytest.approx([104.06, 30.66])
    assert officer("DELETE", f"{_ITEMS}/t3").status_code == 204
    assert officer.get(f"{_ITEMS}/t3").status_code == 404
    assert officer.get(f"{_ITEMS}/t3?release={before + 1}").json()["properties"]["height"] == 7.5
    assert house.city.catalogue.dataset("trees").release().number == before + 3
    last = house.city.store.ledger.last("dataset")
    assert last is not None
    assert (last.entry.resource, last.entry.action) == ("dataset:trees", "amend")


def test_a_change_of_what_another_changed_is_refused(officer: Client) -> None:
    tag = officer.get(f"{_ITEMS}/t1").headers["etag"]
    first = officer("PATCH", f"{_ITEMS}/t1", json={"properties": {"height": 13}}, headers={"If-Match": tag})
    assert first.status_code == 204, first.text
    for method, body in (("PATCH", {"properties": {"height": 14}}), ("PUT", _tree("t1")), ("DELETE", None)):
        late = officer(method, f"{_ITEMS}/t1", json=body, headers={"If-Match": tag})
        assert late.status_code == 412
    assert officer.get(f"{_ITEMS}/t1").json()["properties"]["height"] == 13
    assert officer("PATCH", f"{_ITEMS}/t1", json={"properties": {"height": 12.5}}).status_code == 204


def test_a_place_in_another_system_is_kept_in_degrees(officer: Client) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4326"
    body = {"geometry": {"type": "Point", "coordinates": [30.61, 104.01]}}
    assert officer("PATCH", f"{_ITEMS}/t2", json=body, headers={"Content-Crs": f"<{crs}>"}).status_code == 204
    assert officer.get(f"{_ITEMS}/t2").json()["geometry"]["coordinates"] == pytest.approx([104.01, 30.61])


def test_a_collection_of_features_is_added_whole_or_not_at_all(house: House, officer: Client) -> None:
    before = house.city.catalogue.dataset("trees").release().number
    some = {"type": "FeatureCollection", "features": [_tree("c1", height=1), {**_tree("c2"), "geometry": None}]}
    done = officer.post(_ITEMS, json=some)
    assert done.status_code == 201, done.text
    assert done.json()["ids"] == ["c1", "c2"]
    assert done.headers["location"] == f"http://127.0.0.1{_ITEMS}"
    assert officer.get(f"{_ITEMS}/c1").json()["properties"]["height"] == 1
    assert house.city.catalogue.dataset("trees").release().number == before + 1
    for features, status in (
        ([_tree("c3"), _tree("c1")], 409),
        ([_tree("c3"), _tree("c3")], 409),
        ([_tree("c3"), _tree("c4", height=999)], 400),
        ([_tree("c3", height=1), _tree("c4", height="1")], 400),
        ([_tree("c3"), 7], 400),
        ([], 400),
    ):
        answer = officer.post(_ITEMS, json={"type": "FeatureCollection", "features": features})
        assert answer.status_code == status, answer.text
    assert house.city.catalogue.dataset("trees").release().number == before + 1
    for name in ("c1", "c2"):
        assert officer("DELETE", f"{_ITEMS}/{name}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", _tree("t1"), 409),
        ("POST", "", {"type": "Feature", "geometry": None, "properties": {}}, 400),
        ("POST", "", _tree("t8", height=999), 400),
        ("POST", "", _tree("t8", height="high"), 400),
        ("POST", "", _tree("t8", planted="2021-02-30"), 400),
        ("POST", "", _tree("t8", nosuch=1), 400),
        ("POST", "", _tree("t8", height={"$gt": 1}), 400),
        ("POST", "", {**_tree("t8"), "id": "t7"}, 400),
        ("POST", "", {**_tree("t8"), "geometry": {"type": "Point", "coordinates": ["a", "b"]}}, 400),
        ("POST", "", {**_tree("t8"), "geometry": {"type": "Point", "coordinates": [10, 10]}}, 400),
        ("POST", "", {"type": "FeatureCollection", "features": []}, 400),
        ("PUT", "/t7", _tree("t7"), 404),
        ("PUT", "/t1", _tree("t2"), 400),
        ("PATCH", "/t7", {"properties": {"height": 1}}, 404),
        ("PATCH", "/t1", {}, 400),
        ("PATCH", "/t1", {"properties": {"tag": "t5"}}, 400),
        ("DELETE", "/t7", None, 404),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    house: House, officer: Client, method: str, path: str, body: Any, status: int
) -> None:
    before = house.city.catalogue.dataset("trees").release().number
    response = officer(method, f"{_ITEMS}{path}", json=body)
    assert response.status_code == status, response.text
    assert house.city.catalogue.dataset("trees").release().number == before


def test_only_who_may_admit_may_change_and_hidden_collections_are_not_there(house: House, officer: Client) -> None:
    del officer
    for role, status in (("", 401), ("citizen", 403), ("analyst", 403)):
        client = house.client(role)
        for method, path in (("POST", ""), ("PUT", "/t1"), ("PATCH", "/t1"), ("DELETE", "/t1")):
            body = None if method == "DELETE" else _tree("t1" if path else "t6", height=1)
            assert client(method, f"{_ITEMS}{path}", json=body).status_code == status
            assert client(method, f"/ogc/collections/bunkers/items{path}", json=body).status_code == 404


def test_rows_without_a_key_are_not_changed_one_by_one(house: House) -> None:
    body = {"type": "Feature", "geometry": None, "properties": {"fee": "c"}}
    assert house.client("data_officer").post("/ogc/collections/fees/items", json=body).status_code == 409
