"""The catalogue as records, as OWSLib and a person look through it."""

from __future__ import annotations

import pytest
from owslib.ogcapi.records import Records
from tests.unit.doors.conftest import Client, House

_ITEMS = "/ogc/collections/catalogue.records/items"


def _ids(client: Client, **asked: str) -> list[str]:
    response = client.get(_ITEMS, params={"limit": "100", **asked})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["numberMatched"] == body["numberReturned"] == len(body["features"])
    return [each["id"] for each in body["features"]]


def test_owslib_finds_the_catalogue_and_reads_its_records(served: str) -> None:
    client = Records(f"{served}/")
    assert client.records() == ["catalogue.records"]
    found = client.collection_items("catalogue.records", q="wells")
    assert [each["id"] for each in found["features"]] == ["wells"]
    one = client.collection_item("catalogue.records", "wells")
    assert one["properties"]["type"] == "dataset"
    assert one["geometry"]["type"] == "Polygon"
    assert client.collection_queryables("catalogue.records")["properties"]["q"]


def test_words_place_time_and_facets_narrow(anyone: Client) -> None:
    assert set(_ids(anyone)) >= {"wells", "plots", "fees"}
    assert _ids(anyone, q="地块") == ["plots"]
    assert "plots" in _ids(anyone, bbox="104.0,30.6,104.1,30.7")
    assert "fees" not in _ids(anyone, bbox="104.0,30.6,104.1,30.7")
    assert _ids(anyone, bbox="0,0,1,1") == []
    assert _ids(anyone, datetime="2017-01-01/2017-12-31", theme="ecology") == ["wells"]
    assert _ids(anyone, type="service") == []
    assert _ids(anyone, ids="fees,nothere") == ["fees"]
    assert _ids(anyone, sortby="-title")[0] == "wells"
    facets = anyone.get(f"{_ITEMS}?q=wells").json()["facets"]
    assert facets["theme"]["buckets"] == [{"value": "ecology", "count": 1}]


@pytest.mark.parametrize(
    ("filter_", "lang", "found"),
    [
        ("theme = 'urban'", "cql2-text", {"plots"}),
        ("theme IN ('urban','ecology') AND NOT id = 'wells'", "cql2-text", {"plots"}),
        ("title LIKE '%地块%' OR keywords = 'water'", "cql2-text", {"plots", "wells"}),
        ("CASEI(keywords) = CASEI('WATER')", "cql2-text", {"wells"}),
        ("keywords = 'WATER'", "cql2-text", set()),
        ("NOT (keywords = 'nosuch')", "cql2-text", {"wells"}),
        ("keywords IS NOT NULL", "cql2-text", {"wells"}),
        ("S_INTERSECTS(geometry, BBOX(104.0, 30.6, 104.015, 30.615))", "cql2-text", {"wells", "plots"}),
        ("S_DISJOINT(geometry, POINT(0 0))", "cql2-text", {"wells", "plots"}),
        ("T_INTERSECTS(time, INTERVAL('2018-01-01','2018-12-31'))", "cql2-text", {"wells"}),
        ("T_BEFORE(time, DATE('2019-06-01'))", "cql2-text", {"wells"}),
        ("updated < TIMESTAMP('2000-01-01T00:00:00Z')", "cql2-text", set()),
        ("id LIKE 'we%'", "cql2-text", {"wells"}),
        ('{"op":"and","args":[{"op":"=","args":[{"property":"type"},"dataset"]},'
         '{"op":"like","args":[{"property":"id"},"plo%"]}]}', "cql2-json", {"plots"}),
    ],
)  # fmt: skip
def test_cql2_narrows_records(anyone: Client, filter_: str, lang: str, found: set[str]) -> None:
    ids = set(_ids(anyone, filter=filter_, **{"filter-lang": lang}))
    assert ids & {"wells", "plots", "fees"} == found, ids


def test_ids_terms_and_order_go_together(anyone: Client) -> None:
    assert set(_ids(anyone, externalIds="wells,fees,nothere")) == {"wells", "fees"}
    assert _ids(anyone, ids="wells,plots", filter="theme = 'urban'") == ["plots"]
    assert {"plots", "wells"} <= set(_ids(anyone, q="地块,水井"))
    assert _ids(anyone, ids="wells,plots,fees", sortby="-id") == ["wells", "plots", "fees"]


@pytest.mark.parametrize(
    "filter_",
    [
        "nosuch = 1",
        "theme = provider",
        "theme > 'a'",
        "title = 'x'",
        "title LIKE 'a_b'",
        "theme LIKE '%x'",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 0 1, 0 0)))",
        "S_CROSSES(geometry, POINT(0 0))",
        "updated < 'yesterday'",
        "geometry = 1",
        "theme = 'x'; DROP TABLE dataset",
        "theme = 'x' OR",
        "1 + 1",
    ],
)
def test_a_filter_that_is_not_understood_is_refused(anyone: Client, filter_: str) -> None:
    assert anyone.get(_ITEMS, params={"filter": filter_}).status_code == 400


def test_pages_lead_through_all_records(anyone: Client) -> None:
    url, seen = f"{_ITEMS}?limit=1&sortby=title", []
    while url:
        body = anyone.get(url).json()
        seen += [each["id"] for each in body["features"]]
        url = next((each["href"] for each in body["links"] if each["rel"] == "next"), "")
    assert sorted(seen) == sorted(_ids(anyone))


def test_hidden_datasets_have_no_record(house: House) -> None:
    for role in ("", "citizen"):
        client = house.client(role)
        assert not {"bunkers", "vaults"} & set(_ids(client))
        assert client.get(f"{_ITEMS}/bunkers").status_code == client.get(f"{_ITEMS}/nothere").status_code == 404
    assert "bunkers" in _ids(house.client("data_officer"))


def test_what_is_not_known_is_refused(anyone: Client) -> None:
    for asked in ("nosuch=1", "bbox=1", "sortby=(SELECT 1)", "datetime=x", "limit=0"):
        assert anyone.get(f"{_ITEMS}?{asked}").status_code == 400
