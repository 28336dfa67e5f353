"""CKAN's own client reads a served city, unchanged: lists, packages, search, and what each asker may know."""

from __future__ import annotations

from functools import partial

import ckanapi
import httpx
import pytest
from tests.conformance.ckan.conftest import Calls


def test_a_visitor_is_told_of_open_packages_only(ckan: Calls) -> None:
    assert ckan().action.package_list() == ["wells"]
    assert ckan("analyst").action.package_list() == ["cellars", "wells"]
    assert ckan().action.package_search()["count"] == 1


def test_restricted_packages_are_told_for_a_stated_purpose_and_not_before(ckan: Calls) -> None:
    assert "vaults" not in ckan("data_officer").action.package_list()
    with pytest.raises(ckanapi.NotAuthorized, match="purpose"):
        ckan("data_officer").action.package_show(id="vaults")
    asked = ckan("data_officer", get_only=True).call_action("package_show", {"id": "vaults", "purpose": "audit"})
    assert asked["private"] is True


def test_what_is_hidden_is_not_found_in_the_very_words_of_what_is_not_there(ckan: Calls) -> None:
    told = []
    for name in ("vaults", "absent"):
        with pytest.raises(ckanapi.NotFound) as refused:
            ckan().action.package_show(id=name)
        told.append(str(refused.value).replace(name, "it"))
    assert told[0] == told[1]


def test_a_package_has_what_ckan_clients_look_for(ckan: Calls) -> None:
    wells = ckan().action.package_show(id="wells")
    assert (wells["name"], wells["title"], wells["state"], wells["private"]) == ("wells", "wells数据", "active", False)
    assert wells["organization"]["name"] == wells["owner_org"] == "water-bureau"
    assert [each["name"] for each in wells["groups"]] == ["ecology"]
    assert wells["num_resources"] == len(wells["resources"])
    table = wells["resources"][0]
    assert (table["id"], table["format"], table["datastore_active"]) == ("wells", "CSV", True)
    assert {"GeoJSON", "Parquet"} <= {each["format"] for each in wells["resources"]}
    assert ckan().action.resource_show(id="wells.geojson")["package_id"] == "wells"


def test_the_files_of_a_package_can_be_taken_from_their_addresses(ckan: Calls) -> None:
    for each in ckan().action.package_show(id="wells")["resources"]:
        answer = httpx.get(each["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == each["mimetype"]


def test_search_by_words_fields_ranges_and_facets(ckan: Calls) -> None:
    search = partial(ckan("analyst").action.package_search, include_private=True)
    assert [each["name"] for each in search(q="wells")["results"]] == ["wells"]
    assert search(q="水务")["count"] == 2
    assert [each["name"] for each in search(fq="organization:water-bureau -capacity:private")["results"]] == ["wells"]
    assert search(fq='title:"wells数据" OR name:cell*')["count"] == 2
    assert search(fq="+res_format:(CSV AND GeoJSON) +groups:ecology")["count"] == 2
    assert search(q="metadata_modified:[2020-01-01T00:00:00Z TO NOW]")["count"] == 2
    assert search(fq="metadata_created:*")["count"] == 2
    assert search(fq="metadata_modified:[* TO 2020-01-01T00:00:00Z]")["count"] == 0
    found = search(**{"facet.field": ["organization", "classification"], "rows": 0})
    assert found["facets"] == {"organization": {"water-bureau": 2}, "classification": {"open": 1, "shared": 1}}
    assert found["search_facets"]["organization"]["items"][0]["display_name"] == "水务局"
    assert found["results"] == []


def test_search_is_sorted_and_paged(ckan: Calls) -> None:
    search = partial(ckan("analyst").action.package_search, include_private=True)
    assert [each["name"] for each in search(sort="name asc")["results"]] == ["cellars", "wells"]
    assert [each["name"] for each in search(sort="name desc", rows=1, start=1)["results"]] == ["cellars"]


@pytest.mark.parametrize(
    "asked",
    [
        {"fq": "secret:1"},
        {"fq": "name:(wells"},
        {"fq": "name:wells)"},
        {"fq": "[a TO b]"},
        {"fq": "metadata_modified:[2020-99-99T00:00:00Z TO *]"},
        {"fq": "(" * 40 + "a" + ")" * 40},
        {"sort": "name; DROP TABLE dataset"},
        {"facet.field": ["password"]},
        {"fq": "name:"},
        {"fq": '_query_:"{!xmlparser v=\'<!DOCTYPE a SYSTEM \\"file:///etc/passwd\\"><a></a>\'}"'},
    ],
)
def test_what_is_not_understood_is_refused_with_how_to_mend_it(ckan: Calls, asked: dict[str, object]) -> None:
    with pytest.raises(ckanapi.SearchQueryError, match=r"Known|Write|Flatten|Correct|ISO|mean"):
        ckan().action.package_search(**asked)


def test_groups_organizations_tags_licences_and_the_site(ckan: Calls) -> None:
    action = ckan().action
    assert action.group_list() == ["ecology"]
    assert action.group_show(id="ecology", include_datasets=True)["packages"][0]["name"] == "wells"
    assert action.organization_list(all_fields=True)[0]["package_count"] == 1
    assert action.organization_show(id="water-bureau")["title"] == "水务局"
    assert action.tag_list(query="wat") == ["water"]
    assert "CC-BY-4.0" in {each["id"] for each in action.license_list()}
    assert action.status_show()["site_url"].startswith("http://127.0.0.1")
    assert action.site_read() is True
    assert "package" in action.help_show(name="package_show")


def test_small_questions_are_answered_as_ckan_answers_them(ckan: Calls) -> None:
    action = ckan("analyst").action
    assert action.tag_show(id="water", include_datasets=True)["packages"][0]["name"] in {"cellars", "wells"}
    assert action.tag_search(query="wat")["count"] == 1
    assert action.tag_autocomplete(query="水") == ["水井"]
    assert action.package_autocomplete(q="well")[0]["name"] == "wells"
    assert action.organization_autocomplete(q="水务")[0]["name"] == "water-bureau"
    assert action.group_autocomplete(q="eco")[0]["name"] == "ecology"
    assert "geojson" in action.format_autocomplete(q="geo")
    assert action.vocabulary_list() == []
    found = action.resource_search(query=["format:GeoJSON", "name:wells"])
    assert [each["id"] for each in found["results"]] == ["wells.geojson"]
    assert action.organization_list_for_user() == []
    assert ckan("data_officer").action.organization_list_for_user()[0]["name"] == "water-bureau"
    for call in (lambda: action.tag_show(id="absent"), lambda: action.vocabulary_show(id="absent")):
        with pytest.raises(ckanapi.NotFound):
            call()
    for query in ("password:x", "name:", "format"):
        with pytest.raises(ckanapi.ValidationError):
            action.resource_search(query=query)


def test_search_gives_the_fields_and_the_privacy_asked_for(ckan: Calls) -> None:
    search = ckan("analyst").action.package_search
    found = search(fl="name,title", sort="name asc", include_private=True)["results"]
    assert found[1] == {"name": "wells", "title": "wells数据"}
    assert [each["name"] for each in search()["results"]] == ["wells"]
    assert search(**{"facet": False, "facet.field": ["tags"]})["facets"] == {}


def test_a_get_only_client_reads_too(ckan: Calls) -> None:
    assert ckan(get_only=True).action.package_show(id="wells")["id"] == "wells"


def test_errors_come_in_ckans_envelope(ckan: Calls) -> None:
    with pytest.raises(ckanapi.NotFound):
        ckan().action.absent_action()
    with pytest.raises(ckanapi.ValidationError) as refused:
        ckan().action.package_show()
    assert "id" in refused.value.error_dict
    stranger = ckanapi.RemoteCKAN(ckan().address, apikey="lfg_absent")
    with pytest.raises(ckanapi.NotAuthorized):
        stranger.action.package_list()
