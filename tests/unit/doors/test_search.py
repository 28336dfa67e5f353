"""Finding datasets over HTTP: words, facets, place, pages, and what was probably meant."""

from __future__ import annotations

import pytest

from .conftest import House


def test_a_page_tells_total_facets_and_the_next(house: House) -> None:
    client = house.client("analyst")
    first = client.get("/api/v1/datasets", params={"q": "水务局", "limit": 1, "sort": "id"}).json()
    rest = client.get("/api/v1/datasets", params={"q": "水务局", "sort": "id", "after": first["next"]}).json()
    assert [each["id"] for each in first["items"] + rest["items"]][:2] == ["cellars", "wells"]
    assert (first["total"], rest["next"]) == (2, None)
    provider = {"value": "水务局", "name": {"zh": "水务局", "en": "water bureau"}, "count": 2}
    assert first["facets"]["provider"] == [provider]
    assert {each["value"] for each in first["facets"]["sharing"]} == {"unconditional", "conditional"}


def test_facets_repeat_and_a_place_narrows(house: House) -> None:
    client = house.client("analyst")
    asked = [("classification", "open"), ("classification", "shared"), ("format", "csv"), ("provider", "water bureau")]
    assert client.get("/api/v1/datasets", params=asked).json()["total"] == 2
    near = {"bbox": "104.015,30.6,104.05,30.7", "start": "2018", "end": "2018-06", "provider": "水务局"}
    assert client.get("/api/v1/datasets", params=near).json()["total"] == 2
    assert client.get("/api/v1/datasets", params={"bbox": "10,10,11,11"}).json()["total"] == 0


def test_what_may_have_been_meant_is_told_where_nothing_is_found(house: House) -> None:
    answer = house.client("analyst").get("/api/v1/datasets", params={"q": "celars"}).json()
    assert (answer["total"], answer["did_you_mean"]) == (0, "cellars")
    assert house.client().get("/api/v1/datasets", params={"q": "celars"}).json()["did_you_mean"] is None


@pytest.mark.parametrize("asked", [{"bbox": "1,2,3"}, {"start": "soon"}, {"sort": "size"}, {"limit": "0"}])
def test_a_question_that_is_none_is_refused(house: House, asked: dict[str, str]) -> None:
    assert house.client().get("/api/v1/datasets", params=asked).status_code in (400, 422)
