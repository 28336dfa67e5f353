"""The catalogue as records, as OWSLib and a person look through it."""

from __future__ import annotations

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
