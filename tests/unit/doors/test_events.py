"""The event stream: what it tells, to whom, and that it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from lifang.doors.api import events
from lifang.guard import Classification

from .conftest import House

Read = Callable[[], Any]


@asynccontextmanager
async def _listening(house: House, role: str = "", query: bytes = b"") -> AsyncIterator[Read]:
    """A raw ASGI listener: httpx would wait for the end of an endless body."""
    token = house.tokens.get(role)
    headers = [(b"host", b"127.0.0.1"), *([(b"authorization", f"Bearer {token}".encode())] if token else [])]
    scope = {"type": "http", "method": "GET", "path": "/events", "raw_path": b"/events", "query_string": query,
             "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http",
             "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "root_path": ""}  # fmt: skip
    sent: asyncio.Queue[Any] = asyncio.Queue()
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def read() -> Any:
        return await asyncio.wait_for(sent.get(), 5)

    serving = asyncio.create_task(house.app(scope, receive, sent.put))  # type: ignore[arg-type]
    try:
        yield read
    finally:
        gone.set()
        await asyncio.wait_for(serving, 5)


async def _started(read: Read) -> dict[str, Any]:
    start = await read()
    assert (await read())["body"].startswith(b"retry:")
    return start  # type: ignore[no-any-return]


def _event(message: Any) -> tuple[str, Any]:
    lines = dict(line.split(": ", 1) for line in message["body"].decode().strip().splitlines())
    assert int(lines["id"]) > 0
    return lines["event"], orjson.loads(lines["data"])


def test_a_listener_that_asks_for_one_kind_is_told_of_no_other(house: House) -> None:
    async def listen() -> None:
        async with _listening(house, query=b"kind=twin&kind=alert") as read:
            await _started(read)
            house.city.bus.publish("clock", {"n": 1})
            house.city.bus.publish("alert", {"n": 2}, classification=Classification.OPEN)
            assert _event(await read()) == ("alert", {"n": 2})

    asyncio.run(listen())
    assert house.client().get("/events?kind=gossip").status_code == 400


def test_who_may_see_a_model_is_told_that_the_twin_is_another(house: House) -> None:
    async def listen() -> None:
        async with _listening(house, "analyst") as read:
            await _started(read)
            house.city.bus.publish("twin", {"model": "hall", "version": 1}, classification=Classification.SHARED)
            assert _event(await read()) == ("twin", {"model": "hall", "version": 1})

    asyncio.run(listen())


def test_events_are_told_as_they_happen_and_a_listener_that_leaves_is_forgotten(house: House) -> None:
    async def listen() -> None:
        async with _listening(house) as read:
            start = await _started(read)
            assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
            await asyncio.to_thread(house.city.bus.publish, "clock", {"now": "里坊\n"})
            assert _event(await read()) == ("clock", {"now": "里坊\n"})
        assert house.app.state.metrics.streams._value.get() == 0

    asyncio.run(listen())


def test_what_is_not_open_is_told_to_staff_only(house: House) -> None:
    async def listen() -> None:
        async with _listening(house) as anonymous, _listening(house, "analyst") as staff:
            await _started(anonymous)
            await _started(staff)
            house.city.bus.publish("observations", {"items": ["hidden"]}, classification=Classification.SHARED)
            house.city.bus.publish("job", {"id": "job_1"})
            house.city.bus.publish("indicator", {"id": "open"})
            assert _event(await anonymous()) == ("indicator", {"id": "open"})
            assert [_event(await staff())[0] for _ in range(3)] == ["observations", "job", "indicator"]

    asyncio.run(listen())


def test_what_a_bureau_delivered_is_told_to_those_who_see_its_inbox(house: House) -> None:
    async def listen() -> None:
        async with _listening(house, "analyst") as stranger, _listening(house, "data_officer") as officer:
            await _started(stranger)
            await _started(officer)
            delivery = {"id": "delivery_1", "organisation": "water", "state": "refused"}
            house.city.bus.publish("delivery", delivery, classification=Classification.SHARED)
            house.city.bus.publish("indicator", {"id": "open"})
            assert _event(await officer()) == ("delivery", delivery)
            assert _event(await stranger()) == ("indicator", {"id": "open"})

    asyncio.run(listen())


def test_a_stream_of_shared_events_is_in_the_ledger(house: House) -> None:
    async def listen() -> None:
        async with _listening(house, "analyst") as read:
            await _started(read)

    before = house.city.store.ledger.head()[0]
    asyncio.run(listen())
    assert house.city.store.ledger.records(after=before)[0].entry.resource == "event:*"


def test_silence_is_broken_by_heartbeats_and_a_revoked_listener_is_cut_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    made = house.client("administrator").post("/api/v1/tokens", json={"label": "stream"}).json()
    house.tokens["stream"] = made["secret"]

    async def listen() -> None:
        async with _listening(house, "stream") as read:
            await _started(read)
            assert (await read())["body"] == b": heartbeat\n\n"
            house.city.identity.revoke_token(made["token"]["id"], by=_system())
            while (await read())["more_body"]:
                pass

    asyncio.run(listen())


def _system() -> Any:
    from lifang.guard import SYSTEM

    return SYSTEM


def test_every_stream_ends_when_the_app_does(house: House) -> None:
    async def listen() -> None:
        async with _listening(house) as one, _listening(house) as two:
            await _started(one)
            await _started(two)
            house.app.state.streams.end()
            assert (await one())["more_body"] is False
            assert (await two())["more_body"] is False
        async with _listening(house) as late:
            assert (await late())["status"] == 503

    try:
        asyncio.run(listen())
    finally:
        house.app.state.streams = events.Streams(house.app.state.metrics)
