"""The route of queries: few at a time on threads of their own, a short queue, and an answer sent piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from lifang.app import Queries
from lifang.core import Unavailable
from lifang.doors.api.bodies.query import QueryAnswer, QueryBody
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, asking
from lifang.guard import Action, Resource

_WAITING = 8
_WAIT_S = 2.0
_PIECE = 1 << 16  # bytes: compressing one keeps the event loop for a millisecond or two
MayQuery = Annotated[Asker, asking(Action.QUERY, Resource("dataset"))]


class Turns:
    """At most ``running`` at a time and ``waiting`` for ``wait_s`` seconds; whoever else comes is told at once.

    For one event loop. What runs does so on threads of its own, so that no other route waits for it.
    """

    def __init__(self, running: int, *, waiting: int = _WAITING, wait_s: float = _WAIT_S) -> None:
        self._free = asyncio.Semaphore(running)
        self._most, self._wait_s = waiting, wait_s
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[CapacityLimiter]:
        """Hold a turn, with the threads to use in it; ``Unavailable`` when too many wait or the wait is too long."""
        if self._waiting >= self._most:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        try:
            yield CapacityLimiter(1)
        finally:
            self._free.release()


def _busy() -> Unavailable:
    return Unavailable("Too many queries are running.", mend="Try again in a moment.")


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
        await asyncio.sleep(0)


def queries() -> APIRouter:
    """Return the route of queries."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["query"], responses=PROBLEMS)
    turns = Turns(Queries.WORKERS)

    @routes.post("/query", response_model=QueryAnswer)
    async def query(body: QueryBody, asker: MayQuery) -> Response:
        """Answer one SELECT (DuckDB's dialect) over the datasets the asker may query."""
        ask = partial(asker.query, body.sql, limit=body.limit)
        async with turns.turn() as threads:
            found = await run_sync(ask, limiter=threads)
        return StreamingResponse(_pieces(found.json), media_type="application/json")

    return routes
