"""Connectors over HTTP: who may, what is told, what never is."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import House

_SECRET = "correct horse"
_FILE = """
kind = "folder"
zh = "雨量站"
en = "Rain"
zone = "+08:00"
[source]
path = "inbox"
settle_s = 0
[time]
field = "time"
[thing]
id = "rain-{station}"
lon = 104.0
lat = 30.6
[[values]]
field = "rain"
unit = "mm"
"""
_WITH_SECRET = """
kind = "http_poll"
[source]
url = "http://127.0.0.1:9/x?key=${key}"
allow = ["127.0.0.1"]
ports = [9]
[[values]]
field = "v"
unit = "1"
datastream = "site-1.pm2.5"
"""


@pytest.fixture
def inbox(house: House) -> Iterator[Path]:
    folder = house.city.folder / "inbox"
    folder.mkdir(exist_ok=True)
    yield folder
    admin = house.client("administrator")
    for each in admin.get("/api/v1/connectors").json()["items"]:
        assert admin("DELETE", f"/api/v1/connectors/{each['id']}").status_code == 204
    for path in folder.iterdir():
        path.unlink()


def test_a_connector_is_added_pulled_and_told_of(house: House, inbox: Path) -> None:
    admin = house.client("administrator")
    added = admin.post("/api/v1/connectors", json={"id": "rain", "toml": _FILE})
    assert added.status_code == 201
    assert (added.json()["state"], added.json()["name"]) == ("running", {"zh": "雨量站", "en": "Rain"})
    (inbox / "a.csv").write_text("station,time,rain\nx,2024-01-01T08:00,1.5\nx,2024-01-01T09:00,wet\n", "utf-8")
    pulled = house.client("operator").post("/api/v1/connectors/rain/pull").json()
    assert (pulled["counts"]["values"], pulled["counts"]["refused"]) == (1, 1)
    assert pulled["newest"] == "2024-01-01T00:00:00Z"
    (issue,) = house.client("data_officer").get("/api/v1/connectors/rain/issues").json()["items"]
    assert (issue["where"], issue["row"], issue["column"]) == ("a.csv", 3, "rain")
    assert (issue["value"], issue["rule"]) == ("wet", "number")
    assert admin.get("/api/v1/datastreams/rain-x.rain").json()["latest"]["value"] == 1.5
    standard = admin.get("/sta/v1.1/Things('rain-x')/Datastreams?$expand=Observations").json()["value"]
    assert [each["result"] for each in standard[0]["Observations"]] == [1.5]
    shown = admin.get("/api/v1/connectors/rain").json()
    assert shown["toml"] == _FILE
    metrics = house.client().get("/metrics").text
    assert 'lifang_connector_values_total{connector="rain"} 1.0' in metrics
    assert 'lifang_connector_refused_total{connector="rain"} 1.0' in metrics
    assert 'lifang_connector_up{connector="rain"} 1.0' in metrics
    assert 'lifang_connector_lag_seconds{connector="rain"}' in metrics


def test_a_pause_and_every_other_change_is_in_the_ledger(house: House, inbox: Path) -> None:
    admin, operator = house.client("administrator"), house.client("operator")
    admin.post("/api/v1/connectors", json={"id": "rain", "toml": _FILE})
    assert operator("PATCH", "/api/v1/connectors/rain", json={"paused": True}).json()["state"] == "paused"
    assert operator.post("/api/v1/connectors/rain/pull").status_code == 409
    assert operator("PATCH", "/api/v1/connectors/rain", json={"paused": False}).json()["state"] == "running"
    again = admin.post("/api/v1/connectors", json={"id": "rain", "toml": _FILE})
    assert again.status_code == 409
    changed = {"id": "rain", "toml": _FILE + "# by hand\n", "replace": True}
    assert admin.post("/api/v1/connectors", json=changed).status_code == 201
    assert admin("DELETE", "/api/v1/connectors/rain").status_code == 204
    records = house.city.store.ledger.records(limit=100_000)
    acts = [each.entry for each in records if each.entry.resource == "connector:rain"]
    steps = [each.action for each in acts if each.action != "read"][-5:]
    assert steps == ["manage", "run", "run", "manage", "manage"]
    assert acts[-1].detail["removed"] is True


@pytest.mark.parametrize(
    ("role", "see", "steer", "make"),
    [
        ("", 401, 401, 401),
        ("citizen", 403, 403, 403),
        ("analyst", 403, 403, 403),
        ("operator", 200, 200, 403),
        ("data_officer", 200, 403, 403),
        ("administrator", 200, 200, 201),
    ],
)
def test_who_may_see_steer_and_make_connectors(
    house: House, inbox: Path, role: str, see: int, steer: int, make: int
) -> None:
    house.client("administrator").post("/api/v1/connectors", json={"id": "rain", "toml": _FILE})
    client = house.client(role)
    assert client.get("/api/v1/connectors").status_code == see
    assert client.get("/api/v1/connectors/rain").status_code == see
    assert client.get("/api/v1/connectors/rain/issues").status_code == see
    assert client.get("/api/v1/connector-kinds").status_code == see
    assert client("PATCH", "/api/v1/connectors/rain", json={"paused": False}).status_code == steer
    assert client.post("/api/v1/connectors/rain/test").status_code == steer
    assert client.post("/api/v1/connector-trials", json={"toml": _FILE}).status_code == min(
        make, 200 if make == 201 else make
    )
    assert client.post("/api/v1/connectors", json={"id": "other", "toml": _FILE}).status_code == make


def test_a_secret_is_kept_from_everyone(house: House, inbox: Path) -> None:
    admin = house.client("administrator")
    body = {"id": "web", "toml": _WITH_SECRET, "secrets": {"key": _SECRET}}
    assert admin.post("/api/v1/connectors", json=body).status_code == 201
    pulled = admin.post("/api/v1/connectors/web/pull")
    assert pulled.json()["state"] == "failing"
    tried = admin.post("/api/v1/connectors/web/test")
    answers = [pulled, tried, admin.get("/api/v1/connectors/web"), admin.get("/api/v1/connectors"),
               admin.get("/api/v1/connectors/web/issues"), admin.get("/api/v1/ledger?limit=1000")]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 200
        assert _SECRET not in answer.text
        assert "correct%20horse" not in answer.text
    assert pulled.json()["secrets"] == ["key"]
    (path,) = (house.city.folder / "connectors" / ".secrets").iterdir()
    assert _SECRET in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = [each for each in house.city.folder.rglob("*") if each.is_file() and each != path]
    assert not [each for each in files if _SECRET.encode() in each.read_bytes()]
    path.chmod(0o644)
    told = admin.post("/api/v1/connectors/web/test")
    assert told.status_code == 403
    assert "chmod" in told.json()["mend"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"id": "Rain", "toml": _FILE}, ""),
        ({"id": "../rain", "toml": _FILE}, ""),
        ({"id": "rain", "toml": "kind = 'nothing'"}, "kind"),
        ({"id": "rain", "toml": "not toml"}, "rain.toml"),
        ({"id": "rain", "toml": _FILE, "secrets": {"key": _SECRET}}, "secret"),
        ({"id": "rain", "toml": _WITH_SECRET}, "source"),
        ({"id": "rain", "toml": _WITH_SECRET, "secrets": {"key": "x"}}, "secret key"),
        ({"id": "rain", "toml": _WITH_SECRET.replace("http:", "file:"), "secrets": {"key": _SECRET}}, "source"),
        ({"id": "rain", "toml": _WITH_SECRET.replace("ports = [9]", ""), "secrets": {"key": _SECRET}}, "source"),
        ({"id": "rain"}, "toml"),
        ({"id": "rain", "toml": _FILE, "more": 1}, "more"),
    ],
)
def test_what_cannot_be_a_connector_is_refused_and_leaves_nothing(
    house: House, inbox: Path, body: dict[str, object], where: str
) -> None:
    told = house.client("administrator").post("/api/v1/connectors", json=body)
    assert told.status_code == 400, told.text
    assert where in told.json()["where"]
    assert told.json()["mend"]
    assert house.client("administrator").get("/api/v1/connectors").json()["items"] == []
    folder = house.city.folder / "connectors"
    assert not [each for each in folder.rglob("*") if each.is_file()]


def test_a_connector_that_is_not_there_is_not_found(house: House) -> None:
    admin = house.client("administrator")
    for method, path in [("GET", ""), ("GET", "/issues"), ("POST", "/test"), ("POST", "/pull"), ("DELETE", "")]:
        assert admin(method, f"/api/v1/connectors/nothing{path}").status_code == 404
    assert admin("PATCH", "/api/v1/connectors/nothing", json={"paused": True}).status_code == 404


def test_a_file_that_is_only_tried_out_leaves_nothing(house: House, inbox: Path) -> None:
    (inbox / "a.csv").write_text("station,time,rain\ny,2024-01-01T08:00,1.5\ny,2024-01-01T09:00,\n", "utf-8")
    admin = house.client("administrator")
    told = admin.post("/api/v1/connector-trials", json={"toml": _FILE}).json()
    assert told["records"] == 2
    assert [each["value"] for each in told["values"]] == [1.5]
    assert told["things"][0]["id"] == "rain-y"
    assert admin.get("/api/v1/datastreams/rain-y.rain").status_code == 404
    assert admin.get("/api/v1/connectors").json()["items"] == []
