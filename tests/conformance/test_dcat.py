"""The catalogue as DCAT-AP 3: no shape is violated, every form says the same, nothing hidden is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, RDF, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from tests.unit.doors.conftest import House, build_house

from lifang.catalogue import Card
from lifang.guard import SYSTEM

_SHAPES = Path(__file__).parent / "cases" / "shacl" / "dcat-ap_3_shacl_shapes.ttl"
_HYDRA = "http://www.w3.org/ns/hydra/core#"
_SPDX = Namespace("http://spdx.org/rdf/terms#")
_FORMS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml", "nt": "nt"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("dcat"))
    yield built
    built.close()


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return Graph().parse(_SHAPES)


def get(house: House, address: str, role: str = "", **headers: str) -> httpx.Response:
    answer = house.client(role).get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def graph_of(house: House, address: str, role: str = "", form: str = "turtle") -> Graph:
    return Graph().parse(data=get(house, address, role).content, format=form)


def violations(graph: Graph, shapes: Graph) -> str:
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)
    return "" if conforms else str(text)


@pytest.mark.parametrize("address", ["/dcat/catalog.ttl", "/dcat/datasets/wells.ttl", "/dcat/export.ttl"])
def test_no_shape_of_dcat_ap_3_is_violated(house: House, shapes: Graph, address: str) -> None:
    graph = graph_of(house, address, "analyst")
    assert set(graph.subjects(RDF.type, DCAT.Dataset))
    assert violations(graph, shapes) == ""


def test_the_shapes_see_what_is_missing(house: House, shapes: Graph) -> None:
    graph = graph_of(house, "/dcat/catalog.ttl")
    graph.remove((None, DCTERMS.title, None))
    assert "title" in violations(graph, shapes)


@pytest.mark.parametrize("address", ["/dcat/catalog", "/dcat/datasets/wells"])
def test_every_form_says_the_same(house: House, address: str) -> None:
    graphs = {suffix: graph_of(house, f"{address}.{suffix}", form=form) for suffix, form in _FORMS.items()}
    for graph in graphs.values():
        for one in set(graph.subjects()):  # a page's own address has its suffix in it
            if "?page=" in str(one):
                graph.remove((one, None, None))
                graph.remove((None, None, one))
    assert all(isomorphic(graph, graphs["ttl"]) for graph in graphs.values())


@pytest.mark.parametrize(
    ("accept", "told"),
    [
        ("text/turtle", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml;q=0.9, text/turtle;q=0.2", "application/rdf+xml"),
        ("application/n-triples", "application/n-triples"),
        ("*/*", "text/turtle"),
        ("image/png", "text/turtle"),
    ],
)
def test_the_form_is_negotiated(house: House, accept: str, told: str) -> None:
    for address in ("/dcat", "/dcat/datasets/wells"):
        answer = get(house, address, Accept=accept)
        assert answer.headers["content-type"].partition(";")[0] == told
        assert "Accept" in answer.headers["vary"]


def test_a_browser_is_led_to_the_page(house: House) -> None:
    answer = house.client().get("/dcat/datasets/wells", headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/?room=data&dataset=wells")


def test_only_what_the_asker_may_read_is_told(house: House) -> None:
    for address in ("/dcat/catalog.ttl", "/dcat/export.nt"):
        for role, known in (("", 1), ("analyst", 2), ("data_officer", 2)):
            told = set(graph_of(house, address, role, "turtle").subjects(RDF.type, DCAT.Dataset))
            assert len(told) == known
    assert house.client().get("/dcat/datasets/vaults.ttl").status_code == 404
    assert house.client("data_officer").get("/dcat/datasets/vaults.ttl").status_code == 403
    assert house.client("data_officer").get("/dcat/datasets/vaults.ttl?purpose=audit").status_code == 200


def test_a_dataset_says_what_harvesters_ask_for(house: House) -> None:
    graph = graph_of(house, "/dcat/datasets/wells.ttl")
    wells = URIRef("http://127.0.0.1/dcat/datasets/wells")
    assert set(graph.objects(wells, DCTERMS.title)) == {Literal("wells数据", lang="zh"), Literal("wells", lang="en")}
    assert {str(each) for each in graph.objects(wells, DCAT.keyword)} == {"water", "水井"}
    assert str(graph.value(wells, DCTERMS.accessRights)).endswith("/access-right/PUBLIC")
    box = str(graph.value(graph.value(wells, DCTERMS.spatial), DCAT.bbox))
    assert box.startswith("POLYGON((104.01")
    files = {str(graph.value(each, DCAT.downloadURL)) for each in graph.objects(wells, DCAT.distribution)}
    assert "http://127.0.0.1/api/v1/datasets/wells/rows?format=csv" in files
    kinds = {str(each) for each in graph.objects(None, DCAT.mediaType)}
    assert "https://www.iana.org/assignments/media-types/application/geo+json" in kinds


def test_a_dataset_is_under_the_eu_themes_of_its_theme_too(house: House) -> None:
    graph = graph_of(house, "/dcat/catalog.ttl")
    wells = URIRef("http://127.0.0.1/dcat/datasets/wells")
    themes = {str(each).rpartition("authority/")[2] for each in graph.objects(wells, DCAT.theme)}
    assert themes == {"data-theme/ENVI", "http://127.0.0.1/dcat/themes/ecology"}
    told = set(map(str, graph.objects(URIRef("http://127.0.0.1/dcat/themes/food_and_drugs"), SKOS.broadMatch)))
    assert {each.rpartition("/")[2] for each in told} == {"AGRI", "HEAL"}


def test_size_and_checksum_are_told_of_a_file_that_was_taken_whole_and_they_are_right(
    house: House, shapes: Graph
) -> None:
    taken = {form: get(house, f"/api/v1/datasets/wells/rows?format={form}").content for form in ("csv", "parquet")}
    get(house, "/api/v1/datasets/wells/rows?format=geojson&limit=1")  # a part of it is not the file
    graph = graph_of(house, "/dcat/datasets/wells.ttl")
    sizes = {str(file).rpartition("#")[2]: int(str(size)) for file, size in graph.subject_objects(DCAT.byteSize)}
    assert sizes == {form: len(content) for form, content in taken.items()}
    sums = {str(each).rpartition("#")[2]: str(value) for each, value in graph.subject_objects(_SPDX.checksumValue)}
    assert sums == {f"{form}-checksum": sha256(content).hexdigest() for form, content in taken.items()}
    assert violations(graph, shapes) == ""
    told = get(house, "/dcat/datasets/wells/schema.org").json()["distribution"]
    assert next(each for each in told if each["encodingFormat"] == "text/csv")["sha256"] == sums["csv-checksum"]


@pytest.mark.parametrize("query", ["room=data&dataset=wells", "dataset=wells"])
def test_the_html_of_a_datasets_page_tells_of_it_without_javascript(house: House, query: str) -> None:
    html = get(house, f"/?{query}", Accept="text/html").text
    data = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(data)["name"] == "wells数据"
    assert "<title>wells数据 wells · 小城</title>" in html
    assert '<link rel="canonical" href="http://127.0.0.1/?room=data&amp;dataset=wells" />' in html
    shown = html.partition("<noscript>")[2].partition("</noscript>")[0]
    assert "<h1>wells数据 wells</h1>" in shown
    assert "rows?format=csv" in shown


def test_the_html_tells_nothing_of_what_not_everybody_may_read(house: House) -> None:
    plain = get(house, "/?room=data&dataset=absent").text
    for role in ("", "data_officer"):
        assert get(house, "/?room=data&dataset=vaults&purpose=audit", role).text == plain
    assert "ld+json" not in plain
    assert '"@type":"DataCatalog"' in get(house, "/").text


def test_pages_are_linked_and_the_last_one_ends(house: House) -> None:
    graph = graph_of(house, "/dcat/catalog.ttl", "analyst")
    view = next(graph.subjects(RDF.type, URIRef(_HYDRA + "PartialCollectionView")))
    assert graph.value(view, URIRef(_HYDRA + "totalItems")) == Literal(2)
    assert graph.value(view, URIRef(_HYDRA + "next")) is None
    assert house.client().get("/dcat/catalog.ttl?page=2").status_code == 404


def test_the_same_is_not_sent_twice(house: House) -> None:
    first = get(house, "/dcat/datasets/wells.ttl")
    again = house.client().get("/dcat/datasets/wells.ttl", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["wells.exe", "absent.ttl", "wells.ttl.ttl", "%2e%2e", "wells.schema"])
def test_what_is_not_there_is_not_found(house: House, name: str) -> None:
    assert house.client().get(f"/dcat/datasets/{name}").status_code == 404


def test_hostile_texts_stay_text_in_every_form(house: House, tmp_path: Path) -> None:
    hostile = '"""\\ </dct:title><x>&xxe;\x0b\x00> . <http://evil> <http://p> "o" .\n@prefix\r\t]]>'
    card: dict[str, Any] = {"id": "hostile", "name": {"zh": hostile, "en": hostile}, "summary": hostile,
                            "classification": "open", "keywords": [hostile[:70]], "theme": "../x y<>\"",
                            "licence": hostile, "source_url": "javascript:alert(1)"}  # fmt: skip
    path = tmp_path / "hostile.csv"
    path.write_text("a\n1\n")
    house.city.catalogue.add(path, name="hostile.csv", card=Card.from_mapping(card), by=SYSTEM)
    for suffix, form in _FORMS.items():
        graph = graph_of(house, f"/dcat/datasets/hostile.{suffix}", form=form)
        titles = list(graph.objects(URIRef("http://127.0.0.1/dcat/datasets/hostile"), DCTERMS.title))
        assert len(titles) == 2
        told = hostile.replace("\x0b", "").replace("\x00", "")
        assert {str(each) for each in titles} == {told}, suffix
        assert not list(graph.triples((URIRef("http://evil"), None, None)))
    html = get(house, "/?dataset=hostile").text
    assert "<x>" not in html
    assert json.loads(html.partition('ld+json">')[2].partition("</script>")[0])["name"].startswith('"""')


def test_the_whole_catalogue_is_streamed_in_every_form_and_says_the_same(house: House) -> None:
    graphs = {suffix: graph_of(house, f"/dcat/export.{suffix}", "analyst", form) for suffix, form in _FORMS.items()}
    assert len(set(graphs["nt"].subjects(RDF.type, DCAT.Dataset))) > 1
    assert all(isomorphic(graph, graphs["nt"]) for graph in graphs.values())
