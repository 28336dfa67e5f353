"""Hostile values in every parameter, hostile bodies to every route that takes JSON, injection into every language.

The addresses are those of the OpenAPI. A clear 4xx, or an answer in which the value did nothing; never a fault.
"""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from .conftest import PURPOSE, Fort, archive

_CASES = Path(__file__).parent / "cases"
_ELSEWHERE = ("/sta/", "/ngsi-ld/", "/api/v1/network", "/api/v1/connect", "/api/v1/backups", "/metrics")
_VALUES = (
    "", "'", '"', "' OR 1=1 --", "'; DROP TABLE release; --", "%00", "%0d%0aX-Evil:%201", "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd", "%c0%ae%c0%ae/", "%ff", "%ed%a0%80", "-1", "0", "99999999999999999999999",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e999", "NaN", "Infinity", "null", "true",
    "[]", "{}", "[" * 2000, "*", "*:*", "(((", "a:b", "[a TO", "/(x+x+)+y/", "_row", "_xmin", "rowid", "1,2,3,4",
    "180,90,-180,-90", "nan,nan,nan,nan", "0,0,1e309,1", "2019-02-30", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00%2B23:59", "2020-01-01T00:00:00Z/..", "../..",
    "99999999999-1-1",
    "a" * 9000, quote("测" * 3000), quote("\u202e\u200b\ufeff"), quote("\uff33\uff25\uff2c"), "{{7*7}}",
    "${jndi:ldap://x}", quote("<script>alert(1)</script>"), "http://127.0.0.1/", "EPSG:0", "EPSG:99999999",
    quote("POLYGON((0 0,1 1))"), quote("POINT(1e999 0)"), quote("POINT(nan nan)"),
)  # fmt: skip
_EACH = 2  # values of one parameter; the next one goes on where this one ended
_DEEP = (
    b"[" * 100_000, b'[{"":' * 20_000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b'{"limit":' + b"9" * 5000 + b"}",
    b'{"speed": NaN}', b'{"name": "\\ud800", "card": {"id": "\\ud800"}}', '{"a": "b"}'.encode("utf-16"), b"\0",
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
)  # fmt: skip


def _clear(answer: httpx.Response, case: object) -> None:
    assert answer.status_code < 500 or "not built" in answer.text, (case, answer.status_code, answer.text[:300])
    assert answer.headers["x-content-type-options"] == "nosniff", case
    assert "x-evil" not in answer.headers, case
    for leak in ("Traceback", "root:", "site-packages", "/src/lifang"):
        assert leak not in answer.text, (case, leak)
    if answer.status_code >= 400 and answer.headers["content-type"] == "application/problem+json":
        assert answer.json()["detail"], case


def test_hostile_values_of_any_parameter_never_break_anything(fort: Fort) -> None:
    client, at, tried = fort.client("administrator"), 0, 0
    for method, path, told in fort.operations("GET", without=_ELSEWHERE):
        for parameter in told.get("parameters", ()):
            if parameter["in"] == "header":
                continue
            for value in (_VALUES * 2)[at % len(_VALUES) :][:_EACH]:
                address = fort.filled(path)
                if parameter["in"] == "path":
                    address = fort.filled(path, **{parameter["name"]: quote(value, safe="%") or "%20"})
                else:
                    address += f"?{parameter['name']}={value}"
                _clear(client(method, address, headers=PURPOSE), (method, address[:300]))
                tried += 1
            at += _EACH
    assert tried > 300


def test_times_out_of_all_bounds_are_no_times(fort: Fort) -> None:
    for name in ("start", "end"):
        for value in ("99999999999999999999999", "9223372036854775807", "2020-99999999999"):
            answer = fort.client().get(f"/api/v1/datasets?{name}={value}")
            assert (answer.status_code, bool(answer.json()["mend"])) == (400, True)


def _is_broken(body: bytes) -> bool:
    with suppress(ValueError):
        orjson.loads(body)
        return False
    return True


def test_broken_json_is_refused_by_every_route_that_takes_json_and_nothing_is_written(fort: Fort) -> None:
    city, client = fort.house.city, fort.client("administrator")
    before = city.store.ledger.head(), city.store.registry.count("release"), len(city.catalogue.datasets())
    cases = [path.read_bytes() for path in sorted((_CASES / "json").glob("*.json"))[::14]]
    broken = [*filter(_is_broken, cases), *_DEEP]
    assert len(broken) > 15
    tried = 0
    for method, path, told in fort.operations("POST", "PUT", "PATCH", without=_ELSEWHERE):
        kinds = [each for each in told.get("requestBody", {}).get("content", {}) if "json" in each]
        if not kinds or path == "/api/v1/datasets":
            continue
        for body in broken:
            answer = client(method, fort.filled(path), content=body, headers={"Content-Type": kinds[0]})
            assert 400 <= answer.status_code < 500, (method, path, body[:60], answer.text[:200])
            _clear(answer, (method, path, body[:60]))
        tried += 1
    assert tried > 25
    after = city.store.ledger.head(), city.store.registry.count("release"), len(city.catalogue.datasets())
    assert after == before


_CQL = (
    "depth > 1; DROP TABLE wells", "depth > (SELECT max(depth) FROM vaults)", "1=1) OR (1=1",
    "name = 'a' UNION SELECT 1",
    "read_csv('/etc/passwd') = 1", "pg_sleep(10) = 1", "getenv('HOME') = 'x'", "\"vaults\".\"name\" = 'a'", "_row > 0",
    "rowid = 1", "_xmin > 0", "wells.name = 'a'", "name = 'a' --", "name /* */ = 'a'", "depth::text = '1'",
    "NOT " * 500,
    "(" * 500 + "1=1" + ")" * 500, "depth = 1 AND " * 1500 + "1=1", "S_INTERSECTS(geometry, POLYGON((0 0)))",
    "name LIKE 'a' ESCAPE 'b'", "EXISTS (SELECT 1)", "name IN (SELECT name FROM vaults)", "current_setting('x') = 'y'",
)  # fmt: skip
_ORDERS = ("depth;drop", "depth desc nulls first", "(select 1)", "1", "_row", "-_xmin", "vaults.name", "*",
           '"depth"', "depth,depth,depth,depth,depth,depth,depth,depth,depth", "random()", "+", "-")  # fmt: skip
_CKAN = (
    ("datastore_search", {"sort": "depth; drop"}), ("datastore_search", {"sort": "random()"}),
    ("datastore_search", {"sort": "_row"}), ("datastore_search", {"fields": "*, (select 1)"}),
    ("datastore_search", {"fields": "count(*)"}), ("datastore_search", {"filters": '{"1=1 OR name": "a"}'}),
    ("datastore_search", {"filters": '{"_xmin": 1}'}), ("datastore_search", {"filters": '{"name": {"$ne": 1}}'}),
    ("datastore_search", {"limit": "-1"}), ("datastore_search", {"offset": "1e3"}),
    ("datastore_search_sql", {"sql": "SELECT * FROM read_csv('/etc/passwd')"}),
    ("datastore_search_sql", {"sql": "COPY wells TO '/tmp/x'"}),
    ("datastore_search_sql", {"sql": "SELECT 1; SELECT 2"}),
    ("package_search", {"q": "name:(vaults"}), ("package_search", {"fq": "[a TO b]"}),
    ("package_search", {"q": "{!func}sum(1,1)"}), ("package_search", {"fq": "(" * 200}),
    ("package_search", {"sort": "sum(1,2) desc"}), ("package_search", {"rows": "-1"}),
)  # fmt: skip


def test_injection_into_filters_and_orders_is_refused(fort: Fort) -> None:
    client = fort.client()
    for text in _CQL:
        answer = client.get(f"/ogc/collections/wells/items?filter={quote(text)}")
        assert answer.status_code == 400, text[:80]
    for text in _ORDERS:
        assert client.get(f"/ogc/collections/wells/items?sortby={quote(text)}").status_code == 400, text
        assert client.get(f"/api/v1/datasets/wells/rows?order={quote(text)}").status_code == 400, text
        assert client.get(f"/api/v1/datasets?sort={quote(text)}").status_code == 400, text
    for action, asked in _CKAN:
        answer = client.get(f"/api/3/action/{action}", params={"resource_id": "wells", **asked})
        assert answer.status_code in {400, 403, 409}, (action, asked, answer.text[:200])
        assert not answer.json()["success"]
    for where in ("name:eq:x' OR '1'='1", "name) OR (1:eq:1", "name:like:%", "_row:eq:1", "1=1:eq:1"):
        answer = client.get("/api/v1/datasets/wells/rows", params={"where": where})
        assert answer.status_code == 400 or answer.json()["total"] == 0, where


@pytest.mark.parametrize(
    "text",
    ["*zzqzz", "wells OR zzqzz", "-zzqzz", "NOT zzqzz", "zzqzz OR *:*", "+wells zzqzz^0", "zzqzz~9", "id:wells zzqzz",
     "zz*",     "/.*/ zzqzz", "[a TO z] zzqzz", '"wells" | zzqzz', "(wells) || (zzqzz)", "zzqzz%00wells",
     "w.*ls", "w?lls"],
)  # fmt: skip
def test_no_query_syntax_of_the_index_is_reachable(fort: Fort, text: str) -> None:
    stranger = fort.client()
    assert stranger.get("/api/v1/datasets", params={"q": "wells"}).json()["total"] == 1
    assert stranger.get("/api/v1/datasets", params={"q": text}).json()["total"] == 0
    assert stranger.get("/ogc/collections/catalogue.records/items", params={"q": text}).json()["numberMatched"] == 0


def _sheet(rows: str) -> bytes:
    book, main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships", "spreadsheetml/2006/main"
    bomb = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
    sheets = f'<workbook xmlns="http://schemas.openxmlformats.org/{main}" xmlns:r="{book}"><sheets>'
    relation = '<Relationship Id="rId1" Type="{}/{}" Target="{}"/>'
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    return archive(
        **{
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>',
            "_rels/.rels": relations.format(relation.format(book, "officeDocument", "xl/workbook.xml")),
            "xl/_rels/workbook.xml.rels": relations.format(relation.format(book, "worksheet", "worksheets/sheet1.xml")),
            "xl/workbook.xml": f'{sheets}<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'{bomb}<worksheet xmlns="http://schemas.openxmlformats.org/{main}"><sheetData>'
            f"{rows}</sheetData></worksheet>",
        }
    )


def test_hostile_files_in_an_inbox_are_refused_in_words_and_leave_nothing(fort: Fort) -> None:
    city, admin = fort.house.city, fort.client("administrator")
    table = b"code\nevil\n"
    nested = table
    for _ in range(5):
        nested = gzip.compress(nested)
    files: dict[str, bytes] = {
        "slip.zip": archive(____evil_slip=table),
        "two.zip": archive(**{"a.csv": table, "__b.csv": table}),
        "nested.csv.gz": nested,
        "zipped.zip": archive(**{"inner.zip": archive(**{"a.csv": table})}),
        "entities.xlsx": _sheet('<row r="1"><c r="A1" t="str"><v>&e9;</v></c></row>'),
        "not.xlsx": b"PK\x03\x04broken",
        "..%2f..%2fevil_slip.csv": b"\x00\x01\x02",
        "good_feed.zip": (_CASES / "gtfs" / "good_feed.zip").read_bytes(),
        "unknown_format.zip": (_CASES / "gtfs" / "unknown_format.zip").read_bytes(),
        "null.csv": (_CASES / "gtfs" / "contains_null" / "stops.txt").read_bytes(),
        "empty.csv": (_CASES / "gtfs" / "empty_file" / "agency.txt").read_bytes(),
        **{f"{path.stem}.xml": path.read_bytes() for path in sorted((_CASES / "xml").iterdir())[::3]},
    }
    releases = city.store.registry.count("release")
    for name, content in files.items():
        taken = admin.post(f"/api/v1/exchange/feeds/tapfeed/deliveries?filename={name}", content=content)
        assert taken.status_code in {202, 400}, (name, taken.text)
        if taken.status_code == 202:
            settled = city.exchange.wait(taken.json()["id"], timeout_s=30)
            told: dict[str, Any] = settled.as_json()["problem"] or {}
            assert (settled.state, bool(told.get("mend"))) == ("refused", True), (name, settled)
            assert "Unexpected" not in told["detail"], name
    assert city.store.registry.count("release") == releases
    assert not list(city.folder.parent.rglob("evil_slip*"))
    assert not list(city.spool.iterdir())
    assert not list((city.folder / "scratch").glob("*"))
