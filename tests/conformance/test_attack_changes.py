"""Changes under attack: forged from another site, made twice at once, made while others read or destroy."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from tests.unit.doors.conftest import PASSWORD

from lifang.guard import SYSTEM, Role

from .conftest import PURPOSE, Fort, settled


@pytest.fixture(scope="module")
def officers(fort: Fort) -> list[str]:
    """Three data officers, the first of whom asks."""
    names = ["first", "second", "third"]
    for name in names:
        who = fort.house.city.identity.add_person(name, PASSWORD, roles=[Role.DATA_OFFICER], by=SYSTEM)
        _, fort.house.tokens[name] = fort.house.city.identity.issue_token(who.id, "test", by=SYSTEM)
    return names


def _at_once(fort: Fort, calls: Sequence[tuple[str, str, str, dict[str, Any]]]) -> list[httpx.Response]:
    """Return the answers to calls (who, method, address, more) that are all made before one is answered."""

    async def all_of_them() -> list[httpx.Response]:
        clients = {who: fort.client(who).http for who, *_ in calls}
        return await asyncio.gather(
            *(clients[who].request(method, url, headers=PURPOSE | more.pop("headers", {}), **more)
              for who, method, url, more in calls)
        )  # fmt: skip

    return fort.house.runner.run(all_of_them())


def _statuses(answers: Sequence[httpx.Response]) -> dict[int, int]:
    return dict(Counter(each.status_code for each in answers))


def test_no_change_is_made_with_a_cookie_by_another_site(fort: Fort, officers: list[str]) -> None:
    made = fort.client().post(
        "/api/v1/session", json={"name": officers[0], "password": PASSWORD}, headers={"X-Lifang": "page"}
    )
    kept = made.headers["set-cookie"].lower()
    assert ("httponly" in kept, "samesite=strict" in kept) == (True, True)
    cookie, tried = made.cookies["lifang_session"], 0
    for method, path, _ in fort.operations("POST", "PUT", "PATCH", "DELETE"):
        if path == "/api/v1/session":
            continue
        headers = {"Cookie": f"lifang_session={cookie}", "Origin": "http://evil.example", "Content-Type": "text/plain"}
        answer = fort.client()(method, fort.filled(path), headers=headers, content=b"{}")
        assert answer.status_code == 403, (method, path, answer.status_code, answer.text)
        assert "access-control-allow-origin" not in answer.headers
        tried += 1
    assert tried > 50


def test_of_two_officers_who_approve_at_once_one_does(fort: Fort, officers: list[str]) -> None:
    card = {"card": {"id": "raced", "name": {"zh": "赛", "en": "Raced"}, "classification": "open"}}
    made = _at_once(fort, [(who, "POST", "/api/v1/drafts", {"json": card}) for who in officers * 2])
    assert _statuses(made) == {201: 1, 409: 5}
    life = "/api/v1/datasets/raced/life"
    maker = officers[next(at for at, each in enumerate(made) if each.status_code == 201) % 3]
    assert fort.client(maker).post(life, json={"move": "submit"}).status_code == 200
    others = [each for each in officers if each != maker]
    moved = _at_once(fort, [(who, "POST", life, {"json": {"move": "approve"}}) for who in others * 3])
    assert _statuses(moved) == {200: 1, 409: 5}
    history = [each["kind"] for each in fort.client(maker).get(life).json()["history"]]
    assert history.count("approve") == 1


def test_rows_changed_at_once_are_each_changed_once(fort: Fort) -> None:
    items = "/ogc/collections/evil/items"
    new = [{"type": "Feature", "properties": {"code": f"new{n % 2}", "name": f"n{n}"}} for n in range(4)]
    made = _at_once(fort, [("administrator", "POST", items, {"json": each}) for each in new])
    assert _statuses(made) == {201: 2, 409: 2}, [each.text for each in made]
    seen = fort.client("administrator").get(f"{items}/new0")
    change = {"json": {"properties": {"name": "mine"}}, "headers": {"If-Match": seen.headers["etag"]}}
    calls = [("administrator", "PATCH", f"{items}/new0", dict(change)) for _ in range(3)]
    assert _statuses(_at_once(fort, calls)) == {204: 1, 412: 2}
    deleted = _at_once(fort, [("administrator", "DELETE", f"{items}/new1", {}) for _ in range(2)])
    assert Counter(each.status_code == 204 for each in deleted)[True] >= 1
    assert not [each for each in deleted if each.status_code >= 500]
    codes = [row["code"] for row in fort.client().get("/api/v1/datasets/evil/rows?limit=100").json()["items"]]
    assert (codes.count("new0"), codes.count("new1")) == (1, 0)


def test_a_dataset_destroyed_while_it_is_read_is_given_whole_or_not_at_all(fort: Fort, officers: list[str]) -> None:
    first, second, third = officers
    client = fort.client(first)
    file = "code,name\n" + "".join(f"{n},{'x' * 40}\n" for n in range(20_000))
    done = settled(client, client.post("/api/v1/datasets?filename=doomed.csv", content=file.encode()))
    assert done["state"] == "done", done
    life, rows = "/api/v1/datasets/doomed/life", "/api/v1/datasets/doomed/rows?format=csv"
    for move in ("archive", "ask_destruction"):
        assert client.post(life, json={"move": move, "reason": "over"}, headers=PURPOSE).status_code == 200
    destroy = {"json": {"move": "destroy", "reason": "over"}}
    reads = [(first, "GET", each, {}) for each in (rows, "/ogc/collections/doomed/items?limit=9000", rows, rows)]
    others = [(first, "GET", each, {}) for each in ("/dcat/datasets/doomed.ttl", "/api/v1/datasets?state=any", life)]
    calls = [*reads, (second, "POST", life, dict(destroy)), (third, "POST", life, dict(destroy)), *reads, *others]
    answers = _at_once(fort, calls)
    assert not [each.text for each in answers if each.status_code >= 500]
    assert sorted(each.status_code for each in answers[4:6]) in ([200, 404], [200, 409])
    for call, each in zip(calls, answers, strict=True):
        if call[2] == rows and each.status_code == 200:
            assert each.text.count("\n") == 20_001
    assert client.get(rows, headers=PURPOSE).status_code == 404


def test_a_clerk_changes_nothing_in_another_bureaus_inbox(fort: Fort) -> None:
    before = fort.house.city.store.registry.count("exchange_delivery")
    for method, path, told in fort.operations("POST", "PUT", "PATCH", "DELETE"):
        if path.startswith("/api/v1/exchange"):
            body: dict[str, Any] = (
                {"json": {"active": False, "key": {}, "jws": "a.b.c"}} if "requestBody" in told else {}
            )
            if method == "PUT":
                body = {"json": {"feed": {"organisation": "tap_bureau", "dataset": "taps"}}}
            answer = fort.client("well_bureau")(method, fort.filled(path), **body)
            assert answer.status_code in {400, 403, 404}, (method, path, answer.text)
    assert fort.house.city.store.registry.count("exchange_delivery") == before
    assert fort.client("administrator").get("/api/v1/exchange/feeds/tapfeed").json()["active"]
