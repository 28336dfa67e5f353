"""What others published to break parsers, sent through every HTTP door: a clear 4xx, nothing half-written, server up.

Cases: ``cases/`` (see its SOURCES.md).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.unit.doors.conftest import Client, House, build_house

_CASES = Path(__file__).parent / "cases"
_JSON = sorted((_CASES / "json").glob("*.json"))
_NAUGHTY: list[str] = json.loads((_CASES / "strings" / "blns.json").read_text("utf-8"))
_DEEP = {
    "100000 opening arrays": b"[" * 100_000,
    "50000 open objects": b'[{"":' * 50_000,
    "2000 nested": b'{"name":' * 2000 + b"1" + b"}" * 2000,
    "a huge integer": b'{"limit":' + b"9" * 5000 + b',"sql":"SELECT 1"}',
    "not a number": b'{"speed": NaN}',
    "infinity": b'{"speed": Infinity}',
    "beyond floats": b'{"speed": 1e999}',
    "a lone surrogate": b'{"name": "\\ud800", "label": "\\ud800", "sql": "\\ud800", "note": "\\ud800"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "nul": b"\0",
}
_TAKES_JSON = (
    "/api/v1/session",
    "/api/v1/replay",
    "/api/v1/alerts/absent/acknowledge",
    "/api/v1/alerts/absent/close",
    "/api/v1/query",
    "/api/v1/people",
    "/api/v1/tokens",
    "/sta/v1.1/CreateObservations",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("bad"))
    yield built
    assert built.client().get("/healthz").status_code == 200
    built.close()


@pytest.fixture(scope="module")
def client(house: House) -> Client:
    return house.client("administrator")


def _clear(answer: httpx.Response, case: str) -> None:
    """Check that an answer is a problem a person can act on."""
    assert 400 <= answer.status_code < 500, (case, answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json", case
    told = answer.json()
    assert told["detail"], case
    assert told["status"] == answer.status_code, case
    assert "Traceback" not in answer.text, case


@pytest.mark.parametrize("url", _TAKES_JSON)
def test_broken_json_is_refused_and_odd_json_handled_by_every_route_that_takes_it(
    house: House, client: Client, url: str
) -> None:
    store = house.city.store
    (seq, _), count = store.ledger.head(), store.lake.observation_count()
    headers = {"Content-Type": "application/json"}
    for path in _JSON:
        _clear(client.post(url, content=path.read_bytes(), headers=headers), f"{path.name} to {url}")
    for case, body in _DEEP.items():
        _clear(client.post(url, content=body, headers=headers), f"{case} to {url}")
    assert store.lake.observation_count() == count
    assert {record.entry.outcome for record in store.ledger.records(after=seq)} <= {
        "denied"
    }  # to ask for what is not there


def test_json_that_is_no_geojson_is_refused_as_an_upload(house: House, client: Client) -> None:
    known = {dataset.id for dataset in house.city.catalogue.datasets()}
    for path in _JSON[::4]:  # test_bad_files admits every one of them, by the function that this route calls
        answer = client.post("/api/v1/datasets?filename=x.geojson", content=path.read_bytes() or b" ")
        _clear(answer, path.name)
    _clear(client.post("/api/v1/datasets?filename=x.geojson", content=_DEEP["100000 opening arrays"]), "deep")
    assert {dataset.id for dataset in house.city.catalogue.datasets()} == known
    assert list(house.city.spool.iterdir()) == []


def test_xml_is_refused_as_an_upload_within_a_second_and_no_entity_is_resolved(client: Client) -> None:
    for path in sorted((_CASES / "xml").iterdir()):
        for name in (path.name, "x.csv", "x.geojson", "x.json"):
            start = time.monotonic()
            answer = client.post("/api/v1/datasets", params={"filename": name}, content=path.read_bytes())
            _clear(answer, f"{path.name} as {name}")
            assert time.monotonic() - start < 1
            assert "root:" not in answer.text


def test_xml_is_refused_by_the_routes_that_take_json(client: Client) -> None:
    body = (_CASES / "xml" / "xmlbomb.xml").read_bytes()
    for url in _TAKES_JSON:
        for kind in ("application/xml", "application/json"):
            _clear(client.post(url, content=body, headers={"Content-Type": kind}), url)


_IN_ADDRESSES = (
    "/api/v1/datasets/{path}",
    "/api/v1/datasets/{path}/rows",
    "/api/v1/datasets?q={query}&theme={query}&provider={query}&after={query}",
    "/api/v1/datasets?q={query}",
    "/api/v1/datasets/wells/rows?where=name:eq:{query}&where=name:contains:{query}",
    "/api/v1/datasets/wells/rows?where={query}&columns={query}&order={query}&bbox={query}",
    "/api/v1/datastreams/{path}",
    "/api/v1/datastreams?thing={query}&property={query}",
    "/api/v1/observations?datastream={query}&start={query}",
    "/api/v1/indicators/{path}?at={query}",
    "/api/v1/alerts/{path}",
    "/api/v1/scenes/{path}",
    "/api/v1/jobs/{path}",
    "/api/v1/ledger?after={query}",
    "/sta/v1.1/Things({path})",
    "/sta/v1.1/Observations({path})",
    "/sta/v1.1/Datastreams(1)/Observations?$orderby={query}&{query}={query}",
    "/{path}",
)


_IN_FULL = _IN_ADDRESSES[:1] + _IN_ADDRESSES[3:4]


@pytest.mark.parametrize("address", _IN_ADDRESSES)
def test_naughty_strings_in_an_address_never_break_anything(client: Client, address: str) -> None:
    for text in _NAUGHTY[:: 1 if address in _IN_FULL else 5]:
        raw = text.encode("utf-8", "surrogatepass")
        url = address.format(path=quote(raw, safe=""), query=quote(raw, safe=""))
        answer = client.get(url)
        assert answer.status_code < 500 or answer.status_code in {501, 503}, (url, answer.text)
        assert answer.status_code != 503 or address == "/{path}", (url, answer.text)
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_naughty_strings_in_bodies_never_break_anything(client: Client) -> None:
    bodies: list[tuple[str, Any]] = [
        ("/api/v1/tokens", lambda text: {"label": text, "person": text or "absent", "expires": text}),
        ("/sta/v1.1/CreateObservations", lambda text: [{"Datastream": {"@iot.id": text}, "components": [text],
                                                        "dataArray": [[text, text]]}]),
    ]  # fmt: skip
    for url, body in bodies:
        for text in _NAUGHTY:
            answer = client.post(url, json=body(text))
            assert answer.status_code < 500, (url, text, answer.text)
    for text in _NAUGHTY[::5]:  # what is denied is on record: each costs a commit
        answer = client.post("/api/v1/alerts/absent/close", json={"note": text})
        assert answer.status_code < 500, (text, answer.text)


def test_naughty_strings_as_sql_never_break_anything(client: Client) -> None:
    for text in _NAUGHTY[::80]:
        for sql in (text, f"SELECT '{text}'"):
            answer = client.post("/api/v1/query", json={"sql": sql})
            assert answer.status_code < 500, (sql, answer.text)


def test_every_naughty_string_comes_back_from_sql_to_the_letter(client: Client) -> None:
    texts = [text for text in _NAUGHTY if "\0" not in text]
    for part in (texts[::3], texts[1::3], texts[2::3]):
        values = ", ".join("('" + text.replace("'", "''") + "')" for text in part)
        answer = client.post("/api/v1/query", json={"sql": f"SELECT text FROM (VALUES {values}) AS v(text)"})
        assert [row[0] for row in answer.json()["rows"]] == part


def test_naughty_strings_as_names_and_passwords_log_nobody_in(house: House) -> None:
    for text in _NAUGHTY[::24]:
        answer = house.client().post("/api/v1/session", json={"name": text, "password": text})
        assert answer.status_code in {400, 401}, (text, answer.text)


def test_naughty_strings_in_headers_never_break_anything(client: Client) -> None:
    for text in _NAUGHTY[::10]:
        value = text.replace("\r", "").replace("\n", "").replace("\0", "").encode("utf-8", "surrogatepass")
        for name in ("Cookie", "X-Lifang-Purpose", "If-None-Match", "Accept-Encoding", "Content-Type", "Host"):
            answer = client.get("/api/v1/datasets/cellars", headers=[(name.encode(), value)])
            assert answer.status_code < 500, (name, text, answer.text)


@pytest.mark.parametrize(
    "address",
    [
        "/%ff%fe",
        "/api/v1/datasets/%00",
        "/api/v1/datasets/%c0%ae",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%5c..%5cx",
        "/api/v1/datasets?q=%ff",
        "/api/v1/datasets?limit=1&limit=x",
        "/api/v1//datasets",
    ],
)
def test_odd_addresses_are_answered_without_a_fault(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code < 500 or "not built" in answer.text
    assert "root:" not in answer.text


def test_bodies_beyond_the_bound_are_refused(client: Client) -> None:
    for url in _TAKES_JSON:
        answer = client.post(url, content=b" " * 1_100_000, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["mend"]
