"""The shell: which hosts are answered, which bodies are refused, what every answer carries."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from lifang.doors.http import Metrics, Shell
from lifang.doors.http.shell import host_is_allowed


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8000",
        "localhost",
        "LOCALHOST:80",
        "[::1]",
        "[::1]:8000",
        "192.168.1.7:8000",
        "city.example",
    ],
)
def test_a_literal_address_localhost_and_configured_names_are_answered(host: str) -> None:
    assert host_is_allowed(host, {"city.example"})


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "[::1",
        "a:b:c",
        "1e3",
        "127.0.0.1:80@evil.example",
        "localhost:80/evil",
    ],
)
def test_any_other_name_is_refused_so_that_dns_rebinding_fails(host: str) -> None:
    assert not host_is_allowed(host, {"city.example"})


async def _read_all(scope: Scope, receive: Receive, send: Send) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await PlainTextResponse(str(size))(scope, receive, send)


async def _break(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("secret internals")


def _call(app: Any = _read_all, **request: Any) -> httpx.Response:
    shell = Shell(app, hosts=(), body_max=10, larger={"POST /big": 1000}, metrics=Metrics())

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(shell), base_url="http://127.0.0.1") as client:
            return await client.request(**{"method": "POST", "url": "/", **request})

    return asyncio.run(call())


def test_every_answer_carries_the_security_headers() -> None:
    for answer in (_call(content=b"x"), _call(content=b"x" * 11), _call(_break)):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


def _from(sites: list[str], **headers: str) -> tuple[str, str | None]:
    """Return who may frame an answer, and which sites' scripts may read it."""
    shell = Shell(_read_all, hosts=(), body_max=10, larger={}, metrics=Metrics(), embedded_by=sites)

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=shell), base_url="http://127.0.0.1") as client:
            return await client.get("/", headers=headers)

    answer = asyncio.run(call()).headers
    assert ("Origin" in answer.get("vary", "")) == ("access-control-allow-origin" in answer)
    return answer["content-security-policy"].partition("frame-ancestors ")[2], answer.get("access-control-allow-origin")


def test_only_sites_that_the_city_names_may_frame_its_page_and_read_it_by_script() -> None:
    one, other = "https://a.example", "https://b.example"
    assert _from([], Origin=one) == ("'none'", None)
    assert _from([one], Origin=one) == (one, one)
    assert _from([one], Origin=other) == (one, None)
    assert _from(["*", one], Origin=other) == ("*", "*")
    assert _from(["*"]) == ("*", None)


@pytest.mark.parametrize("who", [{"Cookie": "a=b; lifang_session=x"}, {"Authorization": "Bearer lfg_x"}])
def test_no_script_of_another_site_reads_what_somebody_is_signed_in_to(who: dict[str, str]) -> None:
    assert _from(["*"], Origin="https://b.example", **who) == ("'none'", None)
    assert _from(["*", "https://a.example"], Origin="https://a.example", **who) == ("https://a.example", None)


def test_a_body_announced_too_large_is_refused_before_it_is_read() -> None:
    answer = _call(headers={"Content-Length": "5000000000"}, content=b"")
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert answer.json()["where"] == "body"


def test_a_body_that_grows_too_large_is_refused_while_it_streams() -> None:
    async def endless() -> Any:
        while True:
            yield b"12345"

    assert _call(content=endless()).status_code == 413


def test_an_upload_route_may_take_more() -> None:
    assert _call(url="/big", content=b"x" * 900).text == "900"
    assert _call(url="/big", content=b"x" * 1001).status_code == 413


def test_a_strange_host_is_refused_as_a_problem() -> None:
    answer = _call(headers={"Host": "rebound.example"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "allowed_hosts" in answer.json()["mend"]
    two = _call(headers=[("Host", "127.0.0.1"), ("Host", "rebound.example")])
    assert (two.status_code, two.json()["where"]) == (400, "header Host")


def test_an_unexpected_failure_tells_a_number_and_no_internals(caplog: pytest.LogCaptureFixture) -> None:
    answer = _call(_break)
    assert answer.status_code == 500
    assert "secret internals" not in answer.text
    number = answer.json()["detail"].rsplit(" ", 1)[-1].rstrip(".")
    assert number in caplog.text
    assert "secret internals" in caplog.text
