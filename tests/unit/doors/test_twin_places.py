"""Places by name and address over HTTP, and the objects near them, in polygons, by several conditions at once."""

import tomllib
from typing import Any

import pytest
import shapely
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import T0, add, ids, model

from lifang.catalogue import Card
from lifang.guard import SYSTEM

CARD = """
id = "addresses"
theme = "space"
classification = "open"
key = ["no"]
[name]
zh = "地址"
en = "Addresses"
[geometry]
wkt = "shape"
"""


@pytest.fixture(scope="module")
def placed(own_house: House) -> House:
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b", "c"), valid_from=T0)["state"] == "done"
    assert add(officer, model("vault"), valid_from=T0, model="hidden", classification="restricted")["state"] == "done"
    (lon, lat) = middle(own_house, "blocks:c")
    path = own_house.city.spool / "addresses.csv"
    rows = ["no,full_address,name,shape"]
    rows += [f"1,四川省成都市武侯区人民南路四段12号,华西楼,POINT ({lon} {lat})"]
    rows += ["2,四川省成都市武侯区人民南路四段14号,东楼,POINT (104.2 30.9)"]
    path.write_text("\n".join(rows), "utf-8")
    own_house.city.catalogue.add(path, name=path.name, card=Card.from_mapping(tomllib.loads(CARD)), by=SYSTEM)
    path.unlink()
    return own_house


def middle(house: House, object_id: str) -> tuple[float, float]:
    west, south, east, north = house.client().get(f"/api/v1/twin/objects/{object_id}").json()["object"]["bbox"]
    return (west + east) / 2, (south + north) / 2


def found(house: House, **asked: Any) -> list[str]:
    return ids(house.client().get("/api/v1/twin/objects", params=asked))


def test_an_address_leads_to_its_place_and_to_the_objects_near_it(placed: House) -> None:
    told = placed.client().get("/api/v1/twin/places", params={"q": "武侯区人民南路4段１２号"}).json()
    assert told["address"] == {"division": "510107", "road": "人民南路4段", "number": "12"}
    assert [(each["target"], each["score"]) for each in told["items"]] == [("row:addresses/1", 1.0)]
    assert found(placed, place="武侯区人民南路4段１２号", within_m=1) == ["blocks:c"]
    assert found(placed, place="华西楼", within_m=45, model="blocks") == ["blocks:b", "blocks:c"]


def test_names_of_objects_and_rows_are_places(placed: House) -> None:
    told = placed.client().get("/api/v1/twin/places", params={"q": "blocks:b"}).json()["items"]
    assert [(each["target"], each["score"]) for each in told] == [("object:blocks:b", 1.0)]
    answer = placed.client().get("/api/v1/twin/objects", params={"place": "nowhere at all"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no place 'nowhere at all'.")


def test_places_called_nearly_so_are_told_only_where_nothing_is_called_so(placed: House) -> None:
    def told(text: str) -> list[tuple[str, bool]]:
        items = placed.client().get("/api/v1/twin/places", params={"q": text}).json()["items"]
        return [(each["target"], each["score"] >= 0.6) for each in items]

    assert told("西楼") == [("row:addresses/1", True)]
    assert told("西搂") == [("row:addresses/1", False)]
    assert told("武侯区人民男路四段12号") == [("row:addresses/1", False)]
    assert told("武侯区人民南路四段13号") == []  # another house is another place
    assert told("夜郎西") == []


def test_objects_are_found_in_a_polygon_and_within_a_distance_exactly(placed: House) -> None:
    lon, lat = middle(placed, "blocks:a")
    assert found(placed, near=f"{lon},{lat}", within_m=35) == ["blocks:a"]
    assert found(placed, near=f"{lon},{lat}", within_m=45) == ["blocks:a", "blocks:b"]  # 50 m apart, 20 m wide
    corner = shapely.Polygon([(lon, lat), (lon + 1, lat), (lon, lat + 1)]).wkt
    far = shapely.Polygon([(lon + 0.0007, lat), (lon + 1, lat), (lon + 1, lat + 1)]).wkt
    assert found(placed, polygon=corner) == ["blocks:a", "blocks:b", "blocks:c"]
    assert found(placed, polygon=far) == ["blocks:c"]
    page = placed.client().get("/api/v1/twin/objects", params={"polygon": corner, "limit": 2}).json()
    rest = placed.client().get("/api/v1/twin/objects", params={"polygon": corner, "limit": 2, "after": page["next"]})
    assert [each["id"] for each in page["items"]] + ids(rest) == ["blocks:a", "blocks:b", "blocks:c"]


def test_conditions_are_combined_and_counted(placed: House) -> None:
    lon, lat = middle(placed, "blocks:a")
    near = {"near": f"{lon},{lat}", "within_m": 100_000}
    assert found(placed, q="b", **{"class": "Building"}, stage="operation", fuzzy="", **near) == [
        "blocks:a",
        "blocks:b",
        "blocks:c",
    ]
    assert found(placed, q="s:b", level=2, **near) == ["blocks:b"]
    counted = placed.client().get("/api/v1/twin/statistics", params={**near, "q": "s:b"}).json()["items"]
    assert [(each["group"], each["count"]) for each in counted] == [("Building", 1)]
    officer = placed.client("data_officer")
    hidden = officer.get("/api/v1/twin/objects", params=near, headers={"X-Lifang-Purpose": "fire drill"})
    assert "hidden:vault" in ids(hidden)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"near": "104"}, "no point"),
        ({"near": "30,104"}, "no place on earth"),
        ({"polygon": "POINT (104 30)"}, "no polygon"),
        ({"polygon": "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"}, "not valid"),
        ({"polygon": "(", "near": "1,2"}, "one way"),
    ],
)
def test_an_area_that_cannot_be_is_refused(placed: House, asked: dict[str, str], what: str) -> None:
    answer = placed.client().get("/api/v1/twin/objects", params=asked)
    assert answer.status_code == 400
    assert what in answer.text
