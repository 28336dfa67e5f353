"""Every route asks before it answers, and tells the anonymous nothing that is not open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from lifang.doors.http import Asker, GuardedRoute, Shell, Signpost, asking
from lifang.doors.http.asking import Rule
from lifang.guard import Action, Resource, Role

from .conftest import House


def _routes(app: FastAPI) -> Iterator[Any]:
    signpost, *routes = app.routes
    assert isinstance(signpost, Signpost)  # leads to those that follow it
    for context in iter_route_contexts(routes):
        yield context.original_route


def _calls(dependant: Any) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def test_every_route_of_every_door_has_a_decision_in_front(house: House) -> None:
    routes = list(_routes(house.app))
    assert len(routes) > 40
    for route in routes:
        assert isinstance(route, GuardedRoute), route.path
        rules = [call for call in _calls(route.dependant) if isinstance(call, Rule)]
        assert len(rules) == 1, route.path


def test_a_route_that_forgets_to_decide_answers_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    routes = APIRouter(route_class=GuardedRoute)

    @routes.get("/forgetful")
    def forgetful(asker: Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]) -> dict[str, str]:
        return {"secret": "told"}

    app = FastAPI()
    app.state.city = house.city
    app.include_router(routes)
    shell = Shell(app, hosts=(), body_max=1000, larger={}, metrics=house.app.state.metrics)

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(shell, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/forgetful")

    answer = asyncio.run(call())
    assert answer.status_code == 500
    assert "told" not in answer.text
    assert "without a decision" in caplog.text


class _Filled(dict[str, str]):
    """What an address is filled with; a parameter that is not told of is ``x``."""

    def __missing__(self, key: str) -> str:
        return "x"


_FILLED = _Filled(
    action="package_create",
    collection_id="wells",
    process_id="buffer",
    dataset_id="wells",
    reference="1",
    number="1",
    key="'site-1'",
    indicator_id="pm25_mean",
    list_id="gbt2260",
    path="Things(1)",
    scene_id="air_quality_early_warning",
)
_HIDDEN = ("cellars", "vaults", "site-2.o3", "臭氧", "p.administrator", "lfg_")


def test_anonymous_visitors_get_open_data_and_nothing_else(house: House) -> None:
    client = house.client()
    for path, operations in house.app.openapi()["paths"].items():
        for method in operations:
            if path == "/events":
                continue
            url = path.format_map(_FILLED)
            answer = client(method.upper(), url, json={} if method == "post" else None)
            assert answer.status_code < 500, (method, url, answer.text)
            assert not any(word in answer.text for word in _HIDDEN), (method, url)
            if method != "get" and url not in {"/api/v1/session", "/api/v1/query"}:
                refused = {403} if url.startswith("/api/3/") else {400, 401}  # CKAN's word for who is not known
                assert answer.status_code in refused, (method, url, answer.status_code)


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/datasets/{}",
        "/api/v1/datasets/{}/rows",
        "/api/v1/datasets/{}/refused",
        "/api/v1/datasets/{}/lineage",
        "/api/v1/datasets/{}/rows?format=csv",
    ],
)
def test_what_may_not_be_seen_answers_in_the_words_of_what_is_not_there(house: House, url: str) -> None:
    hidden, absent = (house.client().get(url.format(name)) for name in ("cellars", "absent_"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.text.replace("cellars", "absent_") == absent.text


def test_a_datastream_that_may_not_be_seen_is_not_there(house: House) -> None:
    for url in ("/api/v1/datastreams/{}", "/api/v1/observations?datastream={}", "/sta/v1.1/Datastreams({})"):
        hidden, absent = (house.client().get(url.format(number)) for number in (2, 9))
        assert hidden.status_code == absent.status_code == 404
        assert hidden.text.replace("'2'", "'9'") == absent.text
    listed = house.client().get("/api/v1/datastreams").json()["items"]
    assert [each["number"] for each in listed] == [1]


def test_an_invalid_token_is_refused_not_taken_for_nobody(house: House) -> None:
    for header in ("Bearer lfg_wrong", "Bearer ", "Basic YTpi", "lfg_x", "Bearer \xe9\xe9"):
        answer = house.client().get("/api/v1/city", headers={"Authorization": header.encode("latin-1")})  # type: ignore[dict-item]
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_role_sees_what_the_guard_says(house: House, role: str) -> None:
    client = house.client(role)
    staff = role != "citizen"
    assert client.get("/api/v1/datasets/cellars").status_code == (200 if staff else 404)
    assert client.get("/api/v1/jobs").status_code == (200 if staff else 403)
    assert client.get("/api/v1/people").status_code == (200 if role == "administrator" else 403)
    assert client.get("/api/v1/ledger").status_code == (200 if role in {"administrator", "data_officer"} else 403)
    assert client.post("/api/v1/replay", json={"paused": True}).status_code == (
        409 if role in {"administrator", "operator"} else 403
    )


def test_restricted_data_needs_a_stated_purpose_and_every_reading_is_in_the_ledger(house: House) -> None:
    client, ledger = house.client("data_officer"), house.city.store.ledger
    refused = client.get("/api/v1/datasets/vaults/rows")
    assert refused.status_code == 403
    assert "purpose" in refused.json()["mend"]
    before = ledger.head()[0]
    told = client.get("/api/v1/datasets/vaults/rows", headers={"X-Lifang-Purpose": "%E6%A3%80%E6%9F%A5%E5%A4%9C"})
    assert told.status_code == 200
    record = ledger.records(after=before)[0].entry
    assert (record.action, record.resource, record.purpose) == ("read", "dataset:vaults", "检查夜")


def test_a_denial_to_somebody_known_is_in_the_ledger(house: House) -> None:
    before = house.city.store.ledger.head()[0]
    house.client("citizen").get("/api/v1/people")
    record = house.city.store.ledger.records(after=before)[0].entry
    assert (record.outcome, record.resource) == ("denied", "person:*")


def test_reading_open_data_leaves_no_trace(house: House) -> None:
    before = house.city.store.ledger.head()
    for url in ("/api/v1/datasets", "/api/v1/datasets/wells/rows", "/api/v1/datastreams", "/api/v1/alerts", "/"):
        assert house.client().get(url).status_code in {200, 503}
    assert house.city.store.ledger.head() == before
