"""Contexts are resolved here or not at all (CIM 009 clauses 5.5.7 and 6.3.5)."""

from typing import Any

import httpx
import pytest
from tests.unit.doors.conftest import Client
from tests.unit.doors_ngsild.conftest import PREFIX

from lifang.doors.ngsild.context import CORE, context_in
from lifang.doors.ngsild.core_context import CORE_URL, core_context

LD = {"Content-Type": "application/ld+json"}
OURS = "https://uri.etsi.org/ngsi-ld/default-context/"


def link(url: str) -> dict[str, str]:
    return {"Link": f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'}


def post(client: Client, body: dict[str, Any], **more: Any) -> httpx.Response:
    return client.post(f"{PREFIX}/entityOperations/query", json=body, **more)


def test_the_core_context_means_what_the_standard_says() -> None:
    for term, uri in {
        "Property": "https://uri.etsi.org/ngsi-ld/Property",
        "value": "https://uri.etsi.org/ngsi-ld/hasValue",
        "object": "https://uri.etsi.org/ngsi-ld/hasObject",
        "languageMap": "https://uri.etsi.org/ngsi-ld/hasLanguageMap",
        "observedAt": "https://uri.etsi.org/ngsi-ld/observedAt",
        "location": "https://uri.etsi.org/ngsi-ld/location",
        "description": "http://purl.org/dc/terms/description",
        "Point": "https://purl.org/geojson/vocab#Point",
        "PM2_5": f"{OURS}PM2_5",
    }.items():
        assert CORE.expand(term) == uri
    written = core_context()
    assert written["observedAt"] == {"@id": "ngsi-ld:observedAt", "@type": "DateTime"}
    assert written["coordinates"]["@container"] == "@list"


def test_terms_are_expanded_and_written_back() -> None:
    context = context_in([CORE_URL, {"air": "https://air.example/", "pm": f"{OURS}PM2_5", "no2": {"@id": "air:no2"}}])
    assert context.expand("no2") == "https://air.example/no2"
    assert context.expand("air:so2") == "https://air.example/so2"
    assert context.inner("pm") == "PM2_5"
    assert context.shown("PM2_5") == "pm"
    assert context.shown("temperature") == "temperature"


def test_a_core_term_keeps_its_meaning() -> None:
    assert context_in({"location": "https://elsewhere.example/place"}).inner("location") == "location"


def test_another_vocabulary_means_other_things() -> None:
    context = context_in({"@vocab": "https://elsewhere.example/"})
    assert context.inner("PM2_5") == "https://elsewhere.example/PM2_5"
    assert context.shown("PM2_5") == f"{OURS}PM2_5"


@pytest.mark.parametrize("url", [CORE_URL, "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"])
def test_the_core_context_is_known_by_its_addresses(anyone: Client, url: str) -> None:
    assert anyone.get(f"{PREFIX}/entities?type=Thing", headers=link(url)).status_code == 200


def test_a_context_that_is_elsewhere_is_not_fetched(anyone: Client) -> None:
    url = "http://127.0.0.1:1/context.jsonld"
    by_link = anyone.get(f"{PREFIX}/entities?type=Thing", headers=link(url))
    inside = post(anyone, {"type": "Query", "entities": [{"type": "*"}], "@context": [url]}, headers=LD)
    for answer in (by_link, inside):
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("/LdContextNotAvailable")
        assert url in answer.json()["detail"]


def test_a_body_with_terms_is_asked_and_answered_in_them(anyone: Client) -> None:
    terms = {"Station": f"{OURS}AirQualityStation", "pm": f"{OURS}PM2_5"}
    body = {"type": "Query", "entities": [{"type": "Station"}], "q": "pm>50", "attrs": ["pm"], "@context": terms}
    answer = post(anyone, body, headers=LD)
    assert answer.headers["content-type"] == "application/ld+json"
    (found,) = answer.json()
    assert (found["type"], found["pm"]["value"]) == ("Station", 56.0)
    assert found["@context"] == [terms, CORE_URL]


def test_the_context_is_inside_json_ld_and_linked_from_json(anyone: Client) -> None:
    inside = anyone.get(f"{PREFIX}/entities?type=Thing", headers={"Accept": "application/ld+json"})
    assert inside.json()[0]["@context"] == CORE_URL
    beside = anyone.get(f"{PREFIX}/entities?type=Thing")
    assert CORE_URL in beside.headers["link"]
    assert "@context" not in beside.json()[0]


def test_a_bundled_copy_is_served(anyone: Client) -> None:
    answer = anyone.get(f"{PREFIX}/jsonldContexts/core")
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.json()["@context"]["@vocab"] == OURS


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"type": "Query"}, {}),
        ({"type": "Other", "q": "a"}, {}),
        ({"type": "Query", "q": "a"}, LD),
        ({"type": "Query", "q": "a", "@context": CORE_URL}, {}),
        ({"type": "Query", "q": "a", "@context": {"@import": "x"}}, LD),
        ({"type": "Query", "q": "a", "@context": 7}, LD),
        ({"type": "Query", "q": 7}, {}),
        ({"type": "Query", "entities": []}, {}),
        ({"type": "Query", "entities": [{"id": "urn:x:y"}]}, {}),
        ({"type": "Query", "attrs": [1]}, {}),
        ({"type": "Query", "geoQ": "near"}, {}),
        ({"type": "Query", "q": "a"}, {"Content-Type": "text/plain"}),
    ],
)
def test_bodies_that_do_not_fit_are_refused(anyone: Client, body: dict[str, Any], headers: dict[str, str]) -> None:
    assert post(anyone, body, headers=headers).status_code == 400
