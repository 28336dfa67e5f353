"""The page's session: the cookie, who one is, cross-site requests, stale cookies."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx
import pytest

from .conftest import PASSWORD, House

PAGE = {"X-Lifang": "page"}


def _log_in(house: House, name: str = "p.administrator") -> tuple[httpx.Response, dict[str, str]]:
    answer = house.client().post("/api/v1/session", json={"name": name, "password": PASSWORD})
    cookie = SimpleCookie(answer.headers.get("set-cookie", ""))
    return answer, {"Cookie": f"lifang_session={cookie['lifang_session'].value}"} if cookie else {}


def test_logging_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(house: House) -> None:
    answer, cookie = _log_in(house)
    assert answer.status_code == 200
    assert answer.json()["subject"]["roles"] == ["administrator"]
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert answer.headers["cache-control"] == "no-store"
    who = house.client().get("/api/v1/session", headers=cookie)
    assert who.json()["subject"]["name"] == "p.administrator"
    assert house.client().get("/api/v1/people", headers=cookie).status_code == 200


def test_a_change_with_a_cookie_must_come_from_the_page(house: House) -> None:
    _, cookie = _log_in(house)
    body = {"label": "x"}
    assert house.client().post("/api/v1/tokens", json=body, headers=cookie).status_code == 403
    assert house.client()("DELETE", "/api/v1/session", headers=cookie).status_code == 403
    assert house.client().post("/api/v1/tokens", json=body, headers=cookie | PAGE).status_code == 201


def test_logging_out_ends_the_session_itself(house: House) -> None:
    _, cookie = _log_in(house)
    left = house.client()("DELETE", "/api/v1/session", headers=cookie | PAGE)
    assert left.status_code == 204
    assert "max-age=0" in left.headers["set-cookie"].lower()
    assert house.client().get("/api/v1/people", headers=cookie).status_code == 401


def test_a_stale_cookie_is_refused_and_taken_away_so_that_the_next_request_is_anonymous(house: House) -> None:
    stale = {"Cookie": "lifang_session=gone"}
    answer = house.client().get("/api/v1/datasets", headers=stale)
    assert answer.status_code == 401
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    who = house.client().get("/api/v1/session", headers=stale)
    assert who.json() == {"subject": None}
    assert "max-age=0" in who.headers["set-cookie"].lower()
    assert _log_in(house)[0].status_code == 200


def test_a_wrong_password_and_an_unknown_name_are_told_alike(house: House) -> None:
    wrong, unknown = (
        house.client().post("/api/v1/session", json={"name": name, "password": "wrong password"})
        for name in ("p.operator", "nobody")
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert "set-cookie" not in wrong.headers


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"name":"a"}', b'{"name":"a","password":1}', b'{"name":"a","password":"b","x":1}', b"\xff"],
)
def test_a_malformed_log_in_is_a_clear_400(house: House, body: bytes) -> None:
    answer = house.client().post("/api/v1/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["where"].startswith("body")


def test_a_form_cannot_log_anybody_in(house: House) -> None:
    answer = house.client().post(
        "/api/v1/session",
        content=f'{{"name":"p.operator","password":"{PASSWORD}"}}'.encode(),
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 400


def test_anonymous_answers_carry_no_cookie(house: House) -> None:
    for url in ("/", "/api/v1/city", "/api/v1/session", "/api/v1/datasets", "/api/v1/absent"):
        assert "set-cookie" not in house.client().get(url).headers
