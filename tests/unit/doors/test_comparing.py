"""Two releases told apart over HTTP: by key, in pages, to those who may read both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.doors.conftest import Client, House, build_house

from lifang.catalogue import Card
from lifang.guard import SYSTEM

OLD = "code,name,depth,lon,lat\n1,东井,12.5,104.01,30.61\n2,西井,8,104.02,30.62\n3,南井,9,104.03,30.63\n"
NEW = "code,name,depth,owner,lon,lat\n1,东井,12.5,水务,104.01,30.61\n2,西井,8.5,,104.02,30.70\n4,北井,5,,104.04,30.64\n"
COLUMNS = {
    "code": {"type": "integer", "required": True},
    "name": {"zh": "名称"},
    "depth": {"type": "number", "unit": "m"},
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("comparing")
    built = build_house(folder)
    for content, more in ((OLD, {}), (NEW, {"owner": {"type": "text"}})):
        path = folder / "pumps.csv"
        path.write_text(content, "utf-8")
        columns = {**COLUMNS, **more}
        card = {"id": "pumps", "classification": "open", "key": ["code"], "columns": columns, "crs": "EPSG:4326"}
        card["geometry"] = {"lon": "lon", "lat": "lat"}
        built.city.catalogue.add(path, name=path.name, card=Card.from_mapping(card), by=SYSTEM)
    yield built
    built.close()


@pytest.fixture
def visitor(house: House) -> Client:
    return house.client()


def told(client: Client, **params: Any) -> Any:
    return client.get("/api/v1/datasets/pumps/diff", params=params).json()


def test_the_newest_release_is_told_apart_from_the_one_before(visitor: Client) -> None:
    found = told(visitor)
    assert (found["from"], found["to"], found["key"], found["rows"]) == (1, 2, ["code"], {"from": 3, "to": 3})
    assert (found["added"], found["removed"], found["changed"], found["same"]) == (1, 1, 2, 0)
    assert found["cells"] == {"depth": 1, "owner": 1, "geometry": 1}
    assert [(each["kind"], each["name"]) for each in found["columns"]] == [("added", "owner")]
    first, second, third, fourth = found["items"]
    assert first == {"change": "changed", "key": {"code": 1}, "cells": {"owner": {"from": None, "to": "水务"}}}
    assert second["cells"]["depth"] == {"from": 8.0, "to": 8.5}
    assert second["cells"]["geometry"]["to"] == {"type": "Point", "coordinates": [104.02, 30.7]}
    assert (third["change"], third["key"], third["cells"]["name"]) == (
        "removed",
        {"code": 3},
        {"from": "南井", "to": None},
    )
    assert (fourth["change"], fourth["key"]) == ("added", {"code": 4})


def test_it_comes_in_pages_and_backwards(visitor: Client) -> None:
    whole = told(visitor, **{"from": 2, "to": 1})
    assert (whole["added"], whole["removed"], [each["kind"] for each in whole["columns"]]) == (1, 1, ["removed"])
    items, after = [], None
    while True:
        page = told(visitor, limit=1, **({"after": after} if after else {"from": 2, "to": 1}))
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    assert items == whole["items"]
    assert [each["key"] for each in told(visitor, change="added")["items"]] == [{"code": 4}]


def test_wrong_questions_are_told_so(house: House, visitor: Client) -> None:
    assert visitor.get("/api/v1/datasets/pumps/diff?from=9").status_code == 404
    assert visitor.get("/api/v1/datasets/pumps/diff?from=0").status_code == 400
    assert visitor.get("/api/v1/datasets/wells/diff").status_code == 404
    assert visitor.get("/api/v1/datasets/cellars/diff?from=1&to=1").status_code == 404
    cursor = told(visitor, limit=1)["next"]
    assert visitor.get(f"/api/v1/datasets/pumps/diff?after={cursor}&change=added").status_code == 400
    assert house.client("analyst").get("/api/v1/datasets/cellars/diff?from=1&to=1").json()["items"] == []
