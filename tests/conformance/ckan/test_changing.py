"""CKAN's own client writes: packages begin as drafts, files and records go through the admission, rights are kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import ckanapi
import pytest
from tests.conformance.ckan.conftest import Calls, caller, serving


@pytest.fixture(scope="module")
def ckan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """A city of its own: what is written here is not in the way of the others."""
    for served in serving(tmp_path_factory.mktemp("written")):
        yield caller(served)


@pytest.fixture(scope="module")
def officer(ckan: Calls) -> Any:
    return ckan("data_officer").action


def test_a_package_is_created_filled_published_and_found(ckan: Calls, officer: Any) -> None:
    made = officer.package_create(
        name="parks", title="公园", notes="所有公园", owner_org="water-bureau", license_id="CC-BY-4.0",
        groups=[{"name": "ecology"}], tags=[{"name": "green"}, {"name": "绿地"}], private=False,
        maintainer="公园处", maintainer_email="parks@example.org", url="https://example.org/parks",
        extras=[{"key": "update_cycle", "value": "yearly"}],
    )  # fmt: skip
    assert (made["state"], made["private"], made["license_id"]) == ("draft", False, "CC-BY-4.0")
    assert made["organization"]["title"] == "水务局"
    assert {each["name"] for each in made["tags"]} == {"green", "绿地"}
    assert made["maintainer_email"] == "parks@example.org"
    assert "parks" not in ckan().action.package_list()
    with pytest.raises(ckanapi.NotFound):
        ckan().action.package_show(id="parks")

    file = io.BytesIO("name,area_ha\n人民公园,11.3\n浣花溪,bad\n浣花溪,32.2\n".encode())
    file.name = "parks.csv"
    table = officer.resource_create(package_id="parks", upload=file, name="parks")
    assert (table["id"], table["datastore_active"]) == ("parks", True)
    assert table["admission"]["rows"] == 3

    assert officer.package_patch(id="parks", state="active")["state"] == "active"
    shown = ckan().action.package_show(id="parks")
    assert shown["notes"] == "所有公园"
    assert ckan().action.package_search(fq="tags:green")["count"] == 1
    assert ckan().action.datastore_search(resource_id="parks", sort="name")["total"] == 3


def test_a_shown_package_can_be_changed_and_sent_back_whole(ckan: Calls, officer: Any) -> None:
    officer.package_create(name="bridges", title="桥梁", notes="旧", title_translated={"zh": "桥梁", "en": "bridges"})
    package = officer.package_show(id="bridges")
    package["notes"] = "新"
    updated = officer.package_update(**package)
    assert (updated["notes"], updated["title_translated"]) == ("新", {"zh": "桥梁", "en": "bridges"})
    patched = officer.package_patch(id="bridges", title="大桥")
    assert (patched["title"], patched["notes"]) == ("大桥", "新")
    emptied = officer.package_update(id="bridges", title="大桥")
    assert emptied["notes"] == ""
    with pytest.raises(ckanapi.ValidationError):
        officer.package_patch(id="bridges", name="other")


def test_an_alias_names_the_table_in_sql_for_those_who_may_query_its_dataset(ckan: Calls, officer: Any) -> None:
    officer.package_create(name="tolls", title="tolls", private=False)
    rows = [{"code": 1}, {"code": 2}]
    officer.datastore_create(resource_id="tolls", fields=[{"id": "code", "type": "int"}], records=rows, aliases="fees")
    asked = "SELECT * FROM {} LIMIT 1"
    refusals = []
    for name in ("fees", "feet"):  # a draft's alias, and no table at all: the same words
        with pytest.raises(ckanapi.CKANAPIError) as refused:
            ckan().action.datastore_search_sql(sql=asked.format(name))
        refusals.append(str(refused.value).replace(name, "x"))
    assert refusals[0] == refusals[1]
    officer.package_patch(id="tolls", state="active")
    assert ckan().action.datastore_search_sql(sql=asked.format('"FEES"'))["records"] == [{"code": 1}]


def test_records_make_a_table_and_are_written_by_key(ckan: Calls, officer: Any) -> None:
    officer.package_create(name="counts", title="counts", private=False)
    fields = [{"id": "code", "type": "int"}, {"id": "name", "type": "text", "info": {"label": "名称"}},
              {"id": "day", "type": "date"}, {"id": "share", "type": "numeric"}]  # fmt: skip
    first = [{"code": 1, "name": "东", "day": "2026-01-01", "share": 0.5}, {"code": 2, "name": "=西", "share": None}]
    made = officer.datastore_create(
        resource_id="counts", fields=fields, primary_key=["code"], records=first, aliases="tallies, sums"
    )
    assert made["aliases"] == ["sums", "tallies"]
    assert (made["records"], made["refused"]) == (2, 0)
    done = officer.datastore_upsert(
        resource_id="counts", method="upsert", records=[{"code": 2, "share": 0.25}, {"code": 3, "name": "南"}]
    )
    assert (done["inserted"], done["updated"], done["refused"]) == (1, 1, 0)
    assert officer.datastore_upsert(resource_id="counts", records=[{"code": 3, "name": "南"}])["same"] == 1
    officer.package_patch(id="counts", state="active")
    rows = ckan().action.datastore_search(resource_id="counts", sort="code")["records"]
    assert [(each["code"], each["name"], each["share"]) for each in rows] == [
        (1, "东", 0.5),
        (2, "=西", 0.25),
        (3, "南", None),
    ]
    assert ckan().action.datastore_search_sql(sql="SELECT sum(share) AS s FROM counts")["records"] == [{"s": 0.75}]
    joined = 'SELECT count(*) AS n FROM tallies JOIN "SUMS" USING (code) JOIN counts USING (code)'
    assert ckan().action.datastore_search_sql(sql=joined)["records"] == [{"n": 3}]
    some = [{"code": 4, "day": "no day"}, {"code": 5, "day": "2026-02-01"}]
    bad = officer.datastore_upsert(resource_id="counts", records=some)
    assert (bad["inserted"], bad["refused"]) == (1, 1)
    assert bad["report"][0]["column"] == "day"
    mixed = [{"code": 6, "name": "中"}, {"code": 7, "day": "no day"}]
    half = officer.datastore_upsert(resource_id="counts", records=mixed)
    assert (half["inserted"], half["refused"]) == (1, 1)
    with pytest.raises(ckanapi.ValidationError):
        officer.datastore_upsert(resource_id="counts", records=mixed[1:])
    with pytest.raises(ckanapi.ValidationError):
        officer.datastore_upsert(resource_id="counts", method="insert", records=[{"code": 6, "name": "中"}])


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("package_create", {"title": "no name"}),
        ("package_create", {"name": "Not A Slug"}),
        ("package_create", {"name": "wells", "title": "taken"}),
        ("package_create", {"name": "x1", "groups": [{"name": "absent"}]}),
        ("package_create", {"name": "x2", "extras": [{"key": "unheard", "value": "of"}]}),
        ("package_create", {"name": "x3", "tags": "no list of objects"}),
        ("package_create", {"name": "x4", "maintainer_email": "no address"}),
        ("package_patch", {"id": "wells", "state": "deleted"}),
        ("resource_create", {"package_id": "wells"}),
        ("datastore_create", {"fields": []}),
        ("datastore_create", {"resource_id": "wells", "fields": [{"id": "a", "type": "geometry(point)"}]}),
        ("datastore_create", {"resource_id": "wells", "fields": [{"id": "a"}]}),
        ("datastore_create", {"resource_id": "wells", "aliases": "Not A Slug"}),
        ("datastore_upsert", {"resource_id": "wells"}),
        ("datastore_upsert", {"resource_id": "wells", "records": [{"code": 1}], "method": "replace"}),
        ("datastore_upsert", {"resource_id": "wells", "records": [{"absent": 1}]}),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(officer: Any, action: str, asked: dict[str, Any]) -> None:
    before = officer.package_show(id="wells")
    with pytest.raises(ckanapi.ValidationError):
        getattr(officer, action)(**asked)
    assert officer.package_show(id="wells") == before


@pytest.mark.parametrize("role", ["", "citizen", "analyst", "operator"])
def test_who_may_not_admit_data_may_not_write(ckan: Calls, role: str) -> None:
    action = ckan(role).action
    upload = io.BytesIO(b"code\n1\n")
    upload.name = "x.csv"
    for call in (
        lambda: action.package_create(name="stolen", title="stolen"),
        lambda: action.package_patch(id="wells", notes="changed"),
        lambda: action.package_update(id="wells", title="changed"),
        lambda: action.resource_create(package_id="wells", upload=upload),
        lambda: action.datastore_create(resource_id="wells", records=[{"code": 9}]),
        lambda: action.datastore_upsert(resource_id="wells", records=[{"code": 9}]),
    ):
        with pytest.raises((ckanapi.NotAuthorized, ckanapi.NotFound)):
            call()
    assert ckan().action.package_show(id="wells")["notes"] == ""
    assert ckan().action.datastore_search(resource_id="wells")["total"] == 3


def test_rows_and_packages_are_deleted_and_what_was_before_is_kept(ckan: Calls, officer: Any) -> None:
    officer.package_create(name="trees", title="trees", private=False)
    fields = [{"id": "tag", "type": "text"}, {"id": "height", "type": "numeric"}]
    rows = [{"tag": f"t{n}", "height": n} for n in range(6)]
    officer.datastore_create(resource_id="trees", fields=fields, primary_key=["tag"], records=rows)
    officer.package_patch(id="trees", state="active")
    gone = officer.datastore_delete(resource_id="trees", filters={"height": [1, 2]})
    assert (gone["resource_id"], gone["filters"]) == ("trees", {"height": [1, 2]})
    search = ckan().action.datastore_search
    assert [each["tag"] for each in search(resource_id="trees")["records"]] == ["t0", "t3", "t4", "t5"]
    officer.datastore_records_delete(resource_id="trees", filters={"tag": "t0"})
    assert officer.datastore_delete(resource_id="trees", filters={"tag": "absent"})["deleted"] == 0
    with pytest.raises(ckanapi.ValidationError, match="filters"):
        officer.datastore_records_delete(resource_id="trees")
    with pytest.raises(ckanapi.ValidationError, match="nosuch"):
        officer.datastore_delete(resource_id="trees", filters={"nosuch": 1})
    assert officer.resource_patch(id="trees", name="大树")["name"].startswith("大树")
    with pytest.raises(ckanapi.ValidationError, match="by itself"):
        officer.resource_delete(id="trees")
    for call in ("package_delete", "datastore_delete", "datastore_records_delete", "resource_delete"):
        with pytest.raises(ckanapi.NotAuthorized):
            ckan("analyst").call_action(call, {"id": "trees", "resource_id": "trees", "filters": {}})
    assert officer.datastore_delete(resource_id="trees")["deleted"] == 3
    assert search(resource_id="trees")["total"] == 0
    assert officer.package_delete(id="trees") is None
    assert "trees" not in ckan().action.package_list()
    assert officer.package_delete(id="trees") is None
    with pytest.raises(ckanapi.NotFound):
        officer.package_delete(id="absent")


def test_a_broken_file_is_refused_with_what_to_mend(officer: Any) -> None:
    officer.package_create(name="broken", title="broken")
    for content, name in ((b"<!DOCTYPE x><x/>", "x.csv"), (b"", "x.csv"), (b"\0\1\2", "x.xlsx"), (b"a\n", "x.csv")):
        file = io.BytesIO(content)
        file.name = name
        with pytest.raises(ckanapi.ValidationError):
            officer.resource_create(package_id="broken", upload=file)
    assert officer.package_show(id="broken")["resources"] == []


def test_an_action_that_writes_is_not_called_by_an_address(ckan: Calls) -> None:
    with pytest.raises(ckanapi.CKANAPIError, match="POST"):
        ckan("data_officer", get_only=True).call_action("package_patch", {"id": "wells", "notes": "x"})
