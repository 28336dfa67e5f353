"""Queries over HTTP: few at a time, a short queue, and answers that are exact or refused."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from lifang.core import Unavailable
from lifang.doors.http import Turns
from lifang.store import QueryResult

from .conftest import House


def ask(house: House, sql: str) -> httpx.Response:
    return house.client().post("/api/v1/query", json={"sql": sql})


def test_whoever_comes_when_too_many_wait_is_told_at_once() -> None:
    async def scenario() -> list[str]:
        turns, told, go = Turns(1, waiting=1, wait_s=5.0), [], asyncio.Event()

        async def one(name: str) -> None:
            try:
                async with turns.turn():
                    await go.wait()
                    told.append(f"{name} ran")
            except Unavailable:
                told.append(f"{name} refused")

        tasks = []
        for name in "abc":
            tasks.append(asyncio.create_task(one(name)))
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        go.set()
        await asyncio.gather(*tasks)
        return told

    assert asyncio.run(scenario()) == ["c refused", "a ran", "b ran"]


def test_a_wait_that_is_too_long_ends_and_leaves_the_turns_whole() -> None:
    async def scenario() -> None:
        turns = Turns(1, waiting=1, wait_s=0.02)
        async with turns.turn():
            for _ in range(3):
                with pytest.raises(Unavailable):
                    async with turns.turn():
                        pass
        async with turns.turn():
            pass

    asyncio.run(scenario())


def test_health_is_told_at_once_while_many_query(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    real = house.city.queries.run

    def slow(sql: str, **more: Any) -> QueryResult:
        release.wait(20)
        return real(sql, **more)

    monkeypatch.setattr(house.city.queries, "run", slow)
    http = house.client().http

    async def scenario() -> tuple[int, list[int]]:
        asked = [asyncio.create_task(http.post("/api/v1/query", json={"sql": "SELECT 1"})) for _ in range(60)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            health = await http.get("/healthz")
            city = await http.get("/api/v1/city")
        release.set()
        answers = await asyncio.gather(*asked)
        return health.status_code + city.status_code, [answer.status_code for answer in answers]

    both, statuses = house.runner.run(scenario())
    assert both == 400
    assert set(statuses) == {200, 503}
    assert statuses.count(503) >= 50


def test_an_answer_has_columns_rows_and_whether_it_was_cut(house: House) -> None:
    told = ask(house, "SELECT 'infinity'::TIMESTAMPTZ AS a, TIME '24:00:00' AS b, 1 AS b, (2::UHUGEINT)::UHUGEINT AS c")
    assert told.headers["content-type"] == "application/json"
    assert told.json() == {
        "columns": [
            {"name": "a", "type": "TIMESTAMP WITH TIME ZONE"},
            {"name": "b", "type": "TIME"},
            {"name": "b", "type": "INTEGER"},
            {"name": "c", "type": "UHUGEINT"},
        ],
        "rows": [["infinity", "24:00:00", 1, 2]],
        "truncated": False,
    }


def test_a_long_answer_arrives_whole_and_one_that_is_too_long_is_refused(house: House) -> None:
    told = ask(house, "SELECT lpad('x', 1000000, 'y') AS t")
    assert len(told.json()["rows"][0][0]) == 1_000_000
    assert ask(house, "SELECT lpad('x', 17000000, 'y') AS t").status_code == 413
