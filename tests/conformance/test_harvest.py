"""One served city harvests another over loopback, by every form: the second time nothing changes, then what did.

Beside it portals that are hostile or broken: nothing of theirs is fetched on, resolved, or half taken in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conformance.portal import Portal, laid_out
from tests.unit.doors.conftest import House, build_house
from tests.victims import Doors, Victim, serve_city

from lifang.app import City, open_city
from lifang.catalogue import Card
from lifang.core import BadInput, Denied
from lifang.guard import ANONYMOUS, SYSTEM, Classification
from lifang.harvest import Report

_FORMS = ("dcat/catalog.ttl", "dcat/catalog.rdf", "dcat/catalog.jsonld", "dcat/catalog.nt", "data.json", "api/3/action")
_CASES = Path(__file__).parent / "cases"
Open = Callable[..., City]


@pytest.fixture
def portal() -> Iterator[Portal]:
    server = Portal()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Doors, House]]:
    """The city that is harvested: served by a process of its own."""
    folder = tmp_path_factory.mktemp("other")
    house = build_house(folder)
    house.close()
    with Victim(serve_city, folder / "city") as victim:
        doors: Doors = victim.hear()
        yield doors._replace(url=doors.url.rstrip("/")), house


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Callable[[int], City]]:
    """Open an empty city that may reach this machine at a port."""
    opened: list[City] = []

    def make(port: int, *, allow: str = '"127.0.0.1"', more: str = "") -> City:
        opened.append(laid_out(tmp_path / f"ours{len(opened)}", port, allow=allow, more=more))
        return opened[-1]

    yield make
    for city in opened:
        city.close()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Portal]:
    server = Portal()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, lasting: Portal) -> Iterator[City]:
    """A city that may reach one portal: for all that it refuses, so that nothing is ever in it."""
    with laid_out(tmp_path_factory.mktemp("empty") / "city", lasting.server_port) as city:
        yield city


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory, lasting: Portal) -> Iterator[City]:
    """A city that may reach no machine of its own network."""
    with laid_out(tmp_path_factory.mktemp("confined") / "city", lasting.server_port, allow="") as city:
        yield city


@pytest.fixture
def fresh(lasting: Portal) -> Iterator[Portal]:
    """The portal that lasts, with nothing at it, and not asked for anything."""
    yield lasting
    lasting.pages.clear()
    lasting.asked.clear()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def harvest(city: City, url: str, **more: Any) -> Report:
    return city.harvests.run(city.harvests.add(url, by=SYSTEM, **more).id, by=SYSTEM)


def told(report: Report) -> dict[str, int]:
    names = ("found", "added", "changed", "unchanged", "withdrawn", "refused")
    return {name: value for name, value in report.as_json().items() if name in names and value}


def set_card(doors: Doors, dataset: str, **changes: Any) -> None:
    headers = {"Authorization": f"Bearer {doors.secret}"}
    with httpx.Client(base_url=doors.url, headers=headers) as client:
        card = client.get(f"/api/v1/datasets/{dataset}/card").json()["card"]
        client.put(f"/api/v1/datasets/{dataset}/card", json={"card": {**card, **changes}}).raise_for_status()


def move(doors: Doors, dataset: str, name: str) -> None:
    headers = {"Authorization": f"Bearer {doors.secret}"}
    body = {"move": name, "reason": "a test"}
    httpx.post(f"{doors.url}/api/v1/datasets/{dataset}/life", json=body, headers=headers).raise_for_status()


@pytest.mark.parametrize("form", _FORMS)
def test_a_city_is_harvested_again_and_only_what_changed_is_written(
    other: tuple[Doors, House], ours: Open, form: str
) -> None:
    doors, _ = other
    city = ours(port_of(doors.url))
    url = f"{doors.url}/{form}"
    assert told(harvest(city, url, source_id="other")) == {"found": 1, "added": 1}
    wells = city.dataset("other-wells")
    card = wells.card
    assert (card.name.zh, card.theme, card.classification) == ("wells数据", "ecology", Classification.OPEN)
    assert "水务局" in (card.provider.zh, card.attribution.zh)
    assert set(card.keywords) == {"water", "水井"}
    assert card.source_text == f"Harvested from 127.0.0.1 ({url})"
    assert card.coverage.bbox[:2] == pytest.approx((104.01, 30.61))
    known = city.harvests.of(["other-wells"])["other-wells"]
    assert (known.state, known.source.id) == ("present", "other")
    assert f"{doors.url}/api/v1/datasets/wells/rows?format=csv" in {each.url for each in known.files}

    ledger = city.store.ledger.head()
    before = city.catalogue.dataset("other-wells").updated
    assert told(harvest(city, url)) == {"found": 1, "unchanged": 1}
    assert city.catalogue.dataset("other-wells").updated == before
    assert city.store.ledger.head() != ledger  # the harvest itself is on record

    summary = f"水井，按 {form}"
    set_card(doors, "wells", summary={"zh": summary, "en": summary})
    assert told(harvest(city, url)) == {"found": 1, "changed": 1}
    assert summary in (city.dataset("other-wells").card.summary.zh, city.dataset("other-wells").card.summary.en)
    assert (city.harvests.source("other").report or {})["changed"] == 1


def test_what_is_no_longer_listed_is_withdrawn_at_source_and_never_destroyed(
    other: tuple[Doors, House], ours: Open
) -> None:
    doors, _ = other
    city = ours(port_of(doors.url))
    with httpx.Client(base_url=doors.url, headers={"Authorization": f"Bearer {doors.secret}"}) as client:
        card = {"id": "extra", "name": {"zh": "另一个", "en": "another"}, "classification": "open"}
        client.post("/api/v1/drafts", json={"card": card}).raise_for_status()
    move(doors, "extra", "publish")
    for form in ("dcat/catalog.ttl", "api/3/action"):
        url = f"{doors.url}/{form}"
        assert told(harvest(city, url, source_id=f"by-{form[:3]}"))["added"] == 2
    move(doors, "extra", "retract")
    for form in ("dcat/catalog.ttl", "api/3/action"):
        report = harvest(city, f"{doors.url}/{form}")
        assert told(report) == {"found": 1, "unchanged": 1, "withdrawn": 1}
        name = f"by-{form[:3]}-extra"
        assert city.harvests.of([name])[name].is_withdrawn
        assert "withdrawn at source" in city.dataset(name).card.source_text
        assert told(harvest(city, f"{doors.url}/{form}")) == {"found": 1, "unchanged": 1}
    move(doors, "extra", "publish")
    for form in ("dcat/catalog.ttl", "api/3/action"):
        assert told(harvest(city, f"{doors.url}/{form}"))["changed"] == 1
        name = f"by-{form[:3]}-extra"
        assert not city.harvests.of([name])[name].is_withdrawn
        assert "withdrawn" not in city.dataset(name).card.source_text
    move(doors, "extra", "retract")


def test_the_kind_of_a_portal_is_found_by_asking_it(other: tuple[Doors, House], ours: Open) -> None:
    doors, _ = other
    city = ours(port_of(doors.url))
    kinds = {path: harvest(city, f"{doors.url}{path}").kind for path in ("/dcat", "/data.json", "/api/3", "")}
    assert kinds == {"/dcat": "dcat", "/data.json": "data.json", "/api/3": "ckan", "": "ckan"}


_DATASET = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://portal.example/{name}> a dcat:Dataset ; dct:title "{title}"@en .
"""
_NEXT = """
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
<http://portal.example/?page> a hydra:PagedCollection ; hydra:nextPage "{url}" .
"""


def test_pages_are_followed_to_the_last_and_a_circle_ends(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    first = portal.at("/1", "")
    second = portal.at("/2", _DATASET.format(name="b", title="B") + _NEXT.format(url=first))
    portal.at("/1", _DATASET.format(name="a", title="A") + _NEXT.format(url=second))
    assert told(harvest(city, first)) == {"found": 2, "added": 2}


def test_themes_and_licences_of_the_eus_tables_are_understood(portal: Portal, ours: Open) -> None:
    eu = "http://publications.europa.eu/resource/authority"
    body = f"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
        <https://portal.example/trams> a dcat:Dataset ; dct:title "Trams"@en ; dcat:theme <{eu}/data-theme/TRAN> ;
          dct:accrualPeriodicity <{eu}/frequency/WEEKLY> ; dcat:contactPoint [ vcard:fn "Tram office" ] ;
          dcat:distribution [ a dcat:Distribution ; dct:license <{eu}/licence/CC_BYSA_4_0> ] ."""
    city = ours(portal.server_port)
    assert told(harvest(city, portal.at("/trams.ttl", body), source_id="eu")) == {"found": 1, "added": 1}
    card = city.dataset("eu-trams").card
    assert (card.theme, card.licence, card.update_cycle) == ("transport", "CC-BY-SA-4.0", "weekly")
    assert (card.contact.zh, card.contact.en) == ("", "Tram office")


def test_a_portal_that_fails_on_the_way_withdraws_nothing(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    first, second = portal.at("/1", ""), portal.at("/2", _DATASET.format(name="b", title="B"))
    portal.at("/1", _DATASET.format(name="a", title="A") + _NEXT.format(url=second))
    harvest(city, first, source_id="p")
    portal.at("/2", "gone", status=500)
    with pytest.raises(OSError, match="500"):
        harvest(city, first)
    portal.at("/1", "")
    with pytest.raises(RuntimeError, match="nothing was withdrawn"):
        harvest(city, first)
    assert {each.state for each in city.harvests.of(["p-a", "p-b"]).values()} == {"present"}


def test_what_cannot_be_understood_is_reported_and_the_rest_is_taken(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    packages = [
        {"name": "good", "title": "Good", "extras": "none", "resources": [{"url": "javascript:alert(1)"}, 7],
         "tags": [{"name": "x" * 500}], "maintainer_email": "no address", "metadata_modified": "2026-01-01T00:00:00"},
        {"name": "untitled"}, 7, {"title": "nameless"},
        {"name": "../../etc/passwd", "title": "<script>alert(1)</script>", "url": "file:///etc/passwd"},
    ]  # fmt: skip
    portal.at("/api/3/action/package_list", json.dumps({"success": True, "result": ["good", "../../etc/passwd"]}))
    search = json.dumps({"success": True, "result": {"count": 5, "results": packages}})
    url = portal.at("/api/3/action/package_search?rows=100&sort=name+asc&start=0", search)
    report = harvest(city, url.partition("/api")[0] + "/api/3", source_id="p")
    assert told(report) == {"found": 2, "added": 2, "refused": 3}
    assert all(each["why"] for each in report.reasons)
    assert city.harvests.of(["p-good"])["p-good"].files == ()
    assert city.dataset("p-good").card.contact.email == ""
    odd = city.dataset("p-etc-passwd").card
    assert odd.source_url.startswith("http://127.0.0.1")


@pytest.mark.parametrize("path", sorted((_CASES / "xml").iterdir()), ids=lambda path: path.name)
def test_xml_with_a_dtd_or_entities_is_refused_and_nothing_is_resolved(fresh: Portal, empty: City, path: Path) -> None:
    url = fresh.at(f"/{path.name}/catalog.rdf", path.read_bytes(), kind="application/rdf+xml")
    with pytest.raises(BadInput) as refused:
        harvest(empty, url, kind="dcat")
    assert "root:" not in str(refused.value)
    assert fresh.asked == [f"/{path.name}/catalog.rdf"]
    assert empty.datasets() == []


def test_an_external_entity_inside_rdf_is_not_fetched(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    secret = portal.at("/secret", "SECRET", kind="text/plain")
    rdf = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{secret}">]>'
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/terms/" '
        'xmlns:c="http://www.w3.org/ns/dcat#"><c:Dataset r:about="http://a/b"><d:title>&x;</d:title></c:Dataset></r:RDF>'
    )
    with pytest.raises(BadInput, match="DTD"):
        harvest(city, portal.at("/catalog.rdf", rdf, kind="application/rdf+xml"))
    assert "/secret" not in portal.asked


@pytest.mark.parametrize(
    "context",
    [
        '"{url}"',
        '[{{"a": "http://a/"}}, "{url}"]',
        '{{"@import": "{url}"}}',
        '{{"x": {{"@id": "http://x", "@context": "{url}"}}}}',
    ],
)
def test_a_remote_json_ld_context_is_never_fetched(fresh: Portal, empty: City, context: str) -> None:
    url = fresh.at("/context", '{"@context": {}}', kind="application/ld+json")
    body = '{"@context": %s, "@graph": [{"@id": "http://a/b", "@type": "http://www.w3.org/ns/dcat#Dataset"}]}'
    with pytest.raises(BadInput, match="never fetched"):
        harvest(empty, fresh.at("/c.jsonld", body % context.format(url=url), kind="application/ld+json"))
    assert fresh.asked == ["/c.jsonld"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/turtle", "<a> <b> "),
        ("text/turtle", "<http://a> <http://b> " + "[<http://c> " * 20_000),
        ("application/ld+json", '{"@graph": ' + "[" * 900 + "]" * 900 + "}"),
        ("application/ld+json", "[" * 100_000),
        ("application/json", '{"dataset": 7}'),
        ("application/json", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")),
        ("text/html", "<html>"),
        ("application/rdf+xml", "<a><b></a>"),
        ("application/octet-stream", "\0" * 100),
    ],
)
def test_broken_catalogues_are_refused_with_what_and_where(fresh: Portal, empty: City, kind: str, body: str) -> None:
    with pytest.raises(BadInput) as refused:
        harvest(empty, fresh.at("/x", body, kind=kind))
    assert refused.value.where
    assert refused.value.mend
    assert empty.datasets() == []


def test_an_answer_that_is_too_large_is_not_read(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port, more="")
    toml = city.folder / "city.toml"
    city.close()
    toml.write_text(toml.read_text("utf-8") + "page_bytes_max = 1000\n", "utf-8")
    with open_city(city.folder) as small, pytest.raises(BadInput, match="larger"):
        harvest(small, portal.at("/big.ttl", "# " + "x" * 2000))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "http://[::1]:{port}/x",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://user:secret@example.org/",
        "http://example.org:22/",
    ],
)
def test_addresses_that_are_not_allowed_are_not_reached(fresh: Portal, confined: City, url: str) -> None:
    fresh.at("/x", _DATASET.format(name="a", title="A"))
    with pytest.raises((Denied, BadInput)) as refused:
        harvest(confined, url.format(port=fresh.server_port))
    assert "[source]" not in refused.value.mend
    assert fresh.asked == []


def test_a_redirect_or_a_next_page_does_not_lead_where_one_may_not_go(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    for target in ("http://169.254.169.254/x", "http://10.1.2.3/x", "file:///etc/passwd"):
        with pytest.raises((Denied, BadInput)):
            harvest(city, portal.at("/1", _DATASET.format(name="a", title="A") + _NEXT.format(url=target)))


def test_who_may_not_bring_in_data_may_not_harvest(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    with pytest.raises(Denied):
        city.harvests.add(portal.at("/x"), by=ANONYMOUS)
    source = city.harvests.add(portal.at("/x"), by=SYSTEM)
    with pytest.raises(Denied):
        city.harvests.run(source.id, by=ANONYMOUS)
    assert portal.asked == []


def test_harvested_data_is_no_more_open_than_its_source_or_its_portal_says(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    rights = "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"
    restricted = f"<http://portal.example/a> dct:accessRights <{rights}> ."
    url = portal.at("/a", _DATASET.format(name="a", title="A") + restricted)
    harvest(city, url, source_id="p")
    assert city.dataset("p-a").card.classification is Classification.SHARED
    url = portal.at("/b", _DATASET.format(name="b", title="B"))
    harvest(city, url, source_id="q", classification=Classification.RESTRICTED)
    assert city.catalogue.dataset("q-b").card.classification is Classification.RESTRICTED


def test_a_city_that_reviews_gets_harvested_data_for_review(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port, more="review_required = true")
    harvest(city, portal.at("/a", _DATASET.format(name="a", title="A")), source_id="p")
    assert city.catalogue.lifecycle.standing("p-a").state == "review"


def test_an_id_that_a_dataset_of_ours_has_is_not_taken_from_it(portal: Portal, ours: Open) -> None:
    city = ours(portal.server_port)
    city.catalogue.draft(Card.from_mapping({"id": "p-a", "name": "ours"}), by=SYSTEM)
    harvest(city, portal.at("/a", _DATASET.format(name="a", title="A")), source_id="p")
    assert city.harvests.of(["p-a"]) == {}
    assert len(city.datasets()) == 1
