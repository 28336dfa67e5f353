"""What search engines, feed readers and older portals fetch: data.json, schema.org, Atom, RSS, sitemaps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from tests.unit.doors.conftest import House, build_house

from lifang.catalogue import Card
from lifang.doors.dcat import feeds
from lifang.guard import SYSTEM

_ATOM = {"a": "http://www.w3.org/2005/Atom"}
_MAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
_LEVELS = {"public", "restricted public", "non-public"}
# Project Open Data metadata schema 1.1: required fields of a dataset.
_REQUIRED = {"title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier", "accessLevel"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("portal")
    built = build_house(folder)
    path = folder / "parks.csv"
    path.write_text("name\n人民公园\n", "utf-8")
    card: dict[str, Any] = {"id": "parks", "name": {"zh": "公园 <b>&\x07", "en": "parks"}, "classification": "open",
                            "summary": {"zh": "所有公园"}, "licence": "CC-BY-4.0", "published": "2019-01-12",
                            "coverage": {"start": "2018", "end": "2019"}, "update_cycle": "yearly",
                            "contact": {"zh": "公园处", "email": "parks@example.org"}}  # fmt: skip
    built.city.catalogue.add(path, name="parks.csv", card=Card.from_mapping(card), by=SYSTEM)
    yield built
    built.close()


def xml(house: House, address: str, role: str = "") -> Element:
    answer = house.client(role).get(address)
    assert answer.status_code == 200, answer.text
    return fromstring(answer.content)


def test_data_json_has_every_required_field_and_tells_only_what_the_asker_may_read(house: House) -> None:
    whole = house.client().get("/data.json").json()
    assert whole["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    assert {each["identifier"] for each in whole["dataset"]} == {"wells", "parks"}
    for each in whole["dataset"]:
        assert set(each) >= _REQUIRED
        assert each["accessLevel"] in _LEVELS
        assert all(file["downloadURL"].startswith("http://127.0.0.1/api/v1/datasets/") for file in each["distribution"])
    parks = next(each for each in whole["dataset"] if each["identifier"] == "parks")
    assert parks["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert (parks["temporal"], parks["accrualPeriodicity"], parks["issued"]) == ("2018/2019", "R/P1Y", "2019-01-12")
    assert len(house.client("analyst").get("/data.json").json()["dataset"]) == 3


def test_a_dataset_is_told_to_search_engines(house: House) -> None:
    answer = house.client().get("/dcat/datasets/wells/schema.org")
    assert answer.headers["content-type"] == "application/ld+json"
    told = json.loads(answer.content)
    assert (told["@type"], told["@context"]) == ("Dataset", "https://schema.org/")
    assert told["spatialCoverage"]["geo"]["box"] == "30.61 104.01 30.63 104.03"
    assert told["spatialCoverage"].get("name") != ""
    assert {each["name"]: each.get("unitText") for each in told["variableMeasured"]}["depth"] == "m"
    assert {each["encodingFormat"] for each in told["distribution"]} >= {"text/csv", "application/geo+json"}
    assert house.client().get("/dcat/datasets/cellars/schema.org").status_code == 404


def test_the_atom_feed_tells_the_newest_change_first(house: House) -> None:
    feed = xml(house, "/dcat/feed.atom")
    entries = feed.findall("a:entry", _ATOM)
    assert [each.findtext("a:title", "", _ATOM) for each in entries] == ["公园 <b>&", "wells数据"]
    changed = [each.findtext("a:updated", "", _ATOM) for each in entries]
    assert changed == sorted(changed, reverse=True)
    assert feed.findtext("a:updated", "", _ATOM) == changed[0]
    for tag in ("id", "title", "updated", "author"):  # RFC 4287, 4.1.1 and 4.1.2
        assert feed.find(f"a:{tag}", _ATOM) is not None
        assert all(each.find(f"a:{tag}", _ATOM) is not None for each in entries[1:])
    assert len(xml(house, "/dcat/feed.atom", "analyst").findall("a:entry", _ATOM)) == 3


def test_the_rss_feed_tells_the_same(house: House) -> None:
    channel = xml(house, "/dcat/feed.rss").find("channel")
    assert channel is not None
    assert [each.findtext("title") for each in channel.findall("item")] == ["公园 <b>&", "wells数据"]
    assert all((each.findtext("pubDate") or "").endswith("+0000") for each in channel.findall("item"))


def test_the_sitemap_leads_to_the_pages_of_datasets(house: House) -> None:
    places = [each.text or "" for each in xml(house, "/sitemap.xml").findall("s:url/s:loc", _MAP)]
    assert places == [f"http://127.0.0.1/?room=data&dataset={name}" for name in ("parks", "wells")]
    assert "Sitemap: http://127.0.0.1/sitemap.xml" in house.client().get("/robots.txt").text


def test_a_sitemap_of_too_many_pages_is_an_index_of_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "URLS_MAX", 1)
    parts = [each.text or "" for each in xml(house, "/sitemap.xml").findall("s:sitemap/s:loc", _MAP)]
    assert parts == ["http://127.0.0.1/sitemap-1.xml", "http://127.0.0.1/sitemap-2.xml"]
    assert [len(xml(house, part).findall("s:url", _MAP)) for part in parts] == [1, 1]
    assert house.client().get("/sitemap-3.xml").status_code == 404


def test_nothing_is_sent_twice(house: House) -> None:
    for address in ("/dcat/feed.atom", "/dcat/feed.rss", "/sitemap.xml"):
        tag = house.client().get(address).headers["etag"]
        assert house.client().get(address, headers={"If-None-Match": tag}).status_code == 304
