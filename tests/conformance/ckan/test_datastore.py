"""CKAN's own client reads rows: by filters, words and SQL; what is hidden, hostile or wrong is refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import ckanapi
import httpx
import pytest
from defusedxml.ElementTree import fromstring
from tests.conformance.ckan.conftest import Calls


def names(found: dict[str, Any]) -> list[str]:
    return [each["name"] for each in found["records"]]


def test_rows_come_with_their_fields_total_and_links(ckan: Calls) -> None:
    found = ckan().action.datastore_search(resource_id="wells", limit=2)
    assert found["total"] == 3
    assert found["total_was_estimated"] is False
    assert names(found) == ["东井", "西井"]
    assert [each["_id"] for each in found["records"]] == [1, 2]
    types = {each["id"]: each["type"] for each in found["fields"]}
    assert (types["_id"], types["code"], types["name"], types["dug"]) == ("int4", "int8", "text", "date")
    assert found["records"][0]["geometry"]["type"] == "Point"
    assert "offset=2" in found["_links"]["next"]
    assert names(ckan().action.datastore_search(resource_id="wells", limit=2, offset=2)) == ["=cmd"]


def test_rows_are_filtered_ordered_and_narrowed(ckan: Calls) -> None:
    search = ckan().action.datastore_search
    assert names(search(resource_id="wells", filters={"code": 2})) == ["西井"]
    assert names(search(resource_id="wells", filters={"code": ["1", 3], "depth": 30})) == ["=cmd"]
    assert names(search(resource_id="wells", filters={"dug": "2018-05-01"})) == ["西井"]
    assert names(search(resource_id="wells", sort="depth desc, name asc")) == ["=cmd", "东井", "西井"]
    assert names(search(resource_id="wells", q="井")) == ["东井", "西井"]
    assert names(search(resource_id="wells", q={"name": "CMD"})) == ["=cmd"]
    assert names(search(resource_id="wells", q="12.5")) == ["东井"]
    assert search(resource_id="wells", q="absent")["total"] == 0
    assert search(resource_id="wells", fields="name,code", limit=1)["records"] == [{"name": "东井", "code": 1}]
    assert search(resource_id="wells", fields=["code"], records_format="lists")["records"][0] == [1]
    assert search(resource_id="wells", fields=["name"], records_format="csv")["records"].splitlines()[3] == '"\'=cmd"'
    assert "total" not in search(resource_id="wells", include_total=False)


def test_distinct_rows_come_once_counted_ordered_and_paged(ckan: Calls) -> None:
    search = ckan().action.datastore_search
    found = search(resource_id="wells", fields="depth", distinct=True, sort="depth desc", q="井")
    assert [each["depth"] for each in found["records"]] == sorted({each["depth"] for each in found["records"]})[::-1]
    every = search(resource_id="wells", fields="depth", distinct=True)
    assert every["total"] == len({each["depth"] for each in search(resource_id="wells")["records"]})
    page = search(resource_id="wells", fields="depth", distinct=True, limit=1, offset=1)["records"]
    assert page == every["records"][1:2]
    assert search(resource_id="wells", distinct=True)["total"] == 3  # their _id tells them apart


def test_an_address_alone_asks_the_same(ckan: Calls) -> None:
    got = ckan(get_only=True).call_action("datastore_search", {"resource_id": "wells", "filters": '{"code": 2}'})
    assert names(got) == ["西井"]


@pytest.mark.parametrize(
    "asked",
    [
        {"filters": {"absent": 1}},
        {"filters": {"code": "1 OR 1=1"}},
        {"filters": {"code": {"$gt": 1}}},
        {"filters": {"_xmin": 1}},
        {"filters": []},
        {"sort": "name; DROP TABLE wells"},
        {"sort": "(SELECT 1)"},
        {"fields": ['name" FROM wells; --']},
        {"limit": -1},
        {"limit": "all"},
        {"offset": 1.5},
        {"records_format": "xml"},
        {"q": " ".join("abcdefghijklmnopqrstuvwxyz")},
        {"distinct": True, "fields": "name", "sort": "depth"},
    ],
)
def test_what_does_not_fit_is_refused_field_by_field(ckan: Calls, asked: dict[str, Any]) -> None:
    with pytest.raises(ckanapi.ValidationError) as refused:
        ckan().action.datastore_search(resource_id="wells", **asked)
    assert set(refused.value.error_dict) & {*asked}


def test_a_filter_is_a_value_whatever_is_written_in_it(ckan: Calls) -> None:
    for text in ("' OR ''='", "东井' --", "\\", "%", "$1", "{}"):
        assert ckan().action.datastore_search(resource_id="wells", filters={"name": text})["records"] == []
        ckan().action.datastore_search(resource_id="wells", q=text)


def test_a_table_is_dumped_in_ckans_forms(ckan: Calls) -> None:
    def dump(**asked: str) -> httpx.Response:
        answer = httpx.get(f"{ckan().address}datastore/dump/wells", params=asked)
        assert answer.status_code == 200, answer.text
        return answer

    head = next(csv.reader(io.StringIO(dump().text)))
    assert head == ["_id", "code", "name", "depth", "dug", "geometry"]
    tabs = list(csv.reader(io.StringIO(dump(format="tsv", bom="true").text.lstrip("\ufeff")), delimiter="\t"))
    assert [row[2] for row in tabs] == ["name", "东井", "西井", "'=cmd"]
    told = dump(format="json", filters='{"code": [1, 2]}', fields="code,name", sort="code desc").json()
    assert [each["type"] for each in told["fields"]] == ["int8", "text"]
    assert told["records"] == [[2, "西井"], [1, "东井"]]
    rows = fromstring(dump(format="xml", limit="1").content).findall("row")
    assert [(row.get("_id"), row.findtext("name")) for row in rows] == [("1", "东井")]
    assert httpx.get(f"{ckan().address}datastore/dump/cellars").status_code == 404
    assert httpx.get(f"{ckan().address}datastore/dump/wells?format=exe").json()["error"]["__type"] == "Validation Error"


def test_sql_reads_the_tables_that_the_asker_may_query(ckan: Calls) -> None:
    sql = 'SELECT name, depth FROM "wells" WHERE depth > 10 ORDER BY depth'
    found = ckan().action.datastore_search_sql(sql=sql)
    assert found["records"] == [{"name": "东井", "depth": 12.5}, {"name": "=cmd", "depth": 30.0}]
    assert [each["type"] for each in found["fields"]] == ["text", "float8"]
    assert found["records_truncated"] is False
    joined = 'SELECT count(*) AS n FROM "wells" JOIN cellars USING (code)'
    assert ckan("analyst").action.datastore_search_sql(sql=joined)["records"] == [{"n": 3}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM cellars",
        "SELECT * FROM vaults",
        "SELECT * FROM absent",
        "DROP TABLE wells",
        "SELECT 1; SELECT 2",
        "COPY wells TO 'x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM duckdb_settings()",
        "ATTACH 'registry.db'",
        "SELECT pg_sleep(10)",
        "INSTALL httpfs",
        "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT * FROM t",
        "",
    ],
)
def test_sql_that_may_not_run_is_refused(ckan: Calls, sql: str) -> None:
    with pytest.raises(ckanapi.CKANAPIError) as refused:
        ckan().action.datastore_search_sql(sql=sql)
    assert "root:" not in str(refused.value)
    assert ckan().action.site_read() is True


def test_tables_that_one_may_not_know_are_not_found(ckan: Calls) -> None:
    for name in ("cellars", "vaults", "absent", "wells.csv", "_table_metadata"):
        with pytest.raises(ckanapi.NotFound):
            ckan().action.datastore_search(resource_id=name)
    assert ckan("analyst").action.datastore_info(id="cellars")["meta"]["count"] == 3
