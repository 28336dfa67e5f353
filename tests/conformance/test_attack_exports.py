"""What was stored with ill intent is inert where it comes out: formulas in tables, markup in feeds, RDF, pages."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from defusedxml import ElementTree
from rdflib import Graph

from .conftest import FORMULA, HOSTILE, PURPOSE, Fort

_DANGEROUS = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_RDF = {"ttl": "turtle", "rdf": "xml", "nt": "nt", "jsonld": "json-ld"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def _neutral(text: str, case: str, delimiter: str = ",") -> None:
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert len({len(row) for row in rows if row}) == 1, (case, "a cell broke out of its column", text)
    for row in rows:
        for cell in row:
            assert _NUMBER.fullmatch(cell) or not _DANGEROUS.match(cell), (case, cell)


def test_no_table_that_goes_out_runs_a_formula(fort: Fort) -> None:
    client = fort.client("administrator")
    rows = client.get("/api/v1/datasets/evil/rows?format=csv")
    assert f"'{FORMULA}" in [each["name"] for each in csv.DictReader(io.StringIO(rows.text))]
    _neutral(rows.text, "rows")
    found = client.get("/api/3/action/datastore_search?resource_id=evil&records_format=csv").json()["result"]
    _neutral(found["records"], "datastore_search")
    for form, sign in (("csv", ","), ("tsv", "\t")):
        dumped = client.get(f"/datastore/dump/evil?format={form}")
        assert "'=HYPERLINK" in dumped.text
        _neutral(dumped.text, f"dump {form}", sign)
    for _, path, told in fort.operations("GET", without=("/sta/",)):
        answers = told.get("responses", {}).get("200", {}).get("content", {})
        if "text/csv" in answers:
            address = fort.filled(path, dataset_id="evil", collection_id="evil")
            answer = client.get(address, params={"format": "csv", "datastream": "1", "every": "PT1H"}, headers=PURPOSE)
            if "text/csv" in answer.headers["content-type"]:
                _neutral(answer.text, path)


def test_a_workbook_holds_texts_and_no_formula_or_link(fort: Fort) -> None:
    answer = fort.client().get("/api/v1/datasets/evil/rows?format=xlsx")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        parts = {name: book.read(name).decode("utf-8", "replace") for name in book.namelist()}
    sheets = "".join(text for name, text in parts.items() if "worksheets" in name)
    assert "<f>" not in sheets
    assert "<hyperlink" not in sheets.lower()
    assert not [name for name in parts if "externalLink" in name or "vba" in name.lower()]


def test_names_and_units_that_a_sensor_was_given_are_neutral_in_its_tables(fort: Fort) -> None:
    client = fort.client("administrator")
    thing = {
        "name": FORMULA,
        "description": "@x",
        "properties": {FORMULA: "=1+1", "+x": {"-y": "\uff1d1"}},
        "Locations": [{"name": "=l", "description": "d", "encodingType": "application/geo+json",
                       "location": {"type": "Point", "coordinates": [104, 30.6]}}],
    }  # fmt: skip
    made = client.post("/sta/v1.1/Things", json=thing)
    assert made.status_code == 201, made.text
    told = client.get("/sta/v1.1/Things", params={"$resultFormat": "CSV", "$filter": "description eq '@x'"})
    assert told.status_code == 200, told.text
    assert FORMULA.replace('"', '""') in told.text
    _neutral(told.text, "Things")
    for address in ("/api/v1/observations?format=csv&datastream=1", "/api/v1/observations/aggregates?format=csv"):
        span = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z", "datastream": "1", "every": "PT1H"}
        _neutral(client.get(address, params=span).text, address)


def _inert(answer: httpx.Response, case: str) -> None:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert answer.headers["x-content-type-options"] == "nosniff", case
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy, case
    assert "object-src 'none'" in policy, case
    assert not re.search(r"script-src[^;]*'unsafe", policy), case
    if kind in {"text/html", "image/svg+xml", "application/xhtml+xml"} or kind.endswith("xml"):
        assert not re.search(r"<script>alert|<svg onload", answer.text), case
    if kind.endswith("xml") and answer.status_code == 200:
        root = ElementTree.fromstring(answer.content)
        assert not [each for each in root.iter() if str(each.tag).rpartition("}")[2] in {"script", "svg"}], case
    if kind == "text/plain" or not kind:
        assert "<script>alert" not in answer.text, case


def test_hostile_names_are_inert_at_every_address_of_their_dataset(fort: Fort) -> None:
    stranger, tried = fort.client(), 0
    for _, path, _ in fort.operations("GET", without=("/sta/", "/ngsi-ld/", "/api/v1/network")):
        address = fort.filled(path, dataset_id="evil", collection_id="evil", name="evil.rdf", record_id="evil",
                              feature_id="a")  # fmt: skip
        _inert(stranger.get(address, headers={"Accept": "text/html,image/svg+xml,*/*;q=0.1"}), address)
        tried += 1
    assert tried > 70
    for address in ("/", "/?room=data&dataset=evil", "/?room=data&q=" + quote(HOSTILE)):
        _inert(stranger.get(address), address)


@pytest.mark.parametrize("suffix", _RDF)
def test_hostile_names_stay_literals_in_rdf(fort: Fort, suffix: str) -> None:
    graph = Graph().parse(data=fort.client().get(f"/dcat/datasets/evil.{suffix}").content, format=_RDF[suffix])
    titles = {str(each) for each in graph.objects(None, None) if "<script>alert(1)</script>" in str(each)}
    assert HOSTILE.strip() in {each.strip() for each in titles}
    assert not [each for each in graph.all_nodes() if type(each).__name__ == "URIRef" and "javascript:" in str(each)]


def test_no_address_that_is_told_of_a_dataset_runs_a_script(fort: Fort) -> None:
    package = fort.client().get("/api/3/action/package_show?id=evil").json()["result"]
    assert not str(package["url"] or "").startswith("javascript")
    assert not str(package.get("license_url") or "").startswith("javascript")

    def addresses(value: Any, name: str = "") -> list[str]:
        if isinstance(value, dict):
            return [each for key, inner in value.items() for each in addresses(inner, key)]
        if isinstance(value, list):
            return [each for inner in value for each in addresses(inner, name)]
        return [str(value)] if name.lower() in {"url", "href", "link", "@id", "landingpage", "accessurl"} else []

    for address in (
        "/data.json",
        "/dcat/datasets/evil/schema.org",
        "/ogc/collections/evil",
        "/dcat/datasets/evil.jsonld",
    ):
        told = addresses(fort.client().get(address).json())
        assert not [each for each in told if each.lower().startswith(("javascript:", "data:"))], address


def test_a_feature_whose_id_breaks_lines_adds_no_header(fort: Fort) -> None:
    client = fort.client("data_officer")
    for name in ("d\r\nX-Evil: 1", "e/../../f", "g?h#i", "\u6d4b\u8bd5"):
        made = client.post("/ogc/collections/evil/items", json={"type": "Feature", "properties": {"code": name}})
        assert "x-evil" not in made.headers
        if made.status_code == 201:
            assert made.headers["location"].isascii()
            assert not set(made.headers["location"]) & set("\r\n ")
            if name.isalnum() or "?" in name:
                assert client.get(made.headers["location"]).json()["properties"]["code"] == name
    for address in ("/api/v1/datasets/evil/rows?format=csv", "/api/v1/datasets/evil/rows?format=parquet"):
        assert re.fullmatch(r'attachment; filename="[\w.-]+"', client.get(address).headers["content-disposition"])
