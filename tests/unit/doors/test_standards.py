"""Code lists over HTTP: open to all, by prefix and page, with the list's own columns."""

from __future__ import annotations

from .conftest import House


def test_every_code_list_names_its_standard_edition_and_source(house: House) -> None:
    items = house.client().get("/api/v1/standards").json()["items"]
    known = {each["id"]: each for each in items}
    assert {"gbt2260", "gb3095_limits", "hj633_classes"} <= set(known)
    assert known["gb3095_limits"]["standard"] == "GB 3095-2012"
    assert all(each["edition"] and each["source"] for each in items)


def test_codes_are_found_by_prefix_and_turned_page_by_page(house: House) -> None:
    client = house.client()
    first = client.get("/api/v1/standards/gbt2260?prefix=5101&limit=20").json()
    rest = client.get(f"/api/v1/standards/gbt2260?prefix=5101&limit=20&after={first['next']}").json()
    codes = [each["code"] for each in [*first["items"], *rest["items"]]]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("5101") for code in codes)
    assert rest["next"] is None
    named = {each["code"]: each["en"] for each in first["items"]}
    assert named["510104"] == "Jinjiang District"


def test_a_limit_comes_with_its_unit_and_averaging(house: House) -> None:
    told = house.client().get("/api/v1/standards/gb3095_limits?prefix=PM2.5/24h").json()
    assert told["of"]["standard"] == "GB 3095-2012"
    properties = told["items"][0]["properties"]
    assert properties == {"unit": "ug/m3", "averaging": "24h", "grade1": "35", "grade2": "75"}


def test_a_list_that_is_not_there_names_those_that_are(house: House) -> None:
    answer = house.client().get("/api/v1/standards/gb9999")
    assert answer.status_code == 404
    assert "gbt2260" in answer.json()["mend"]
