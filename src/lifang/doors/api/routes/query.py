"""The route of queries: few at a time on threads of their own, a short queue, and an answer sent piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from lifang.doors.api.bodies.query import QueryAnswer, QueryBody
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, Turns, asking
from lifang.guard import Action, Resource

_PIECE = 1 << 16  # bytes: compressing one keeps the event loop for a millisecond or two
MayQuery = Annotated[Asker, asking(Action.QUERY, Resource("dataset"))]


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
        await asyncio.sleep(0)


def queries() -> APIRouter:
    """Return the route of queries."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["query"], responses=PROBLEMS)

    @routes.post("/query", response_model=QueryAnswer)
    async def query(body: QueryBody, request: Request, asker: MayQuery) -> Response:
        """Answer one SELECT (DuckDB's dialect) over the datasets the asker may query."""
        ask = partial(asker.query, body.sql, limit=body.limit)
        turns: Turns = request.app.state.query_turns
        async with turns.turn() as threads:
            found = await run_sync(ask, limiter=threads)
        return StreamingResponse(_pieces(found.json), media_type="application/json")

    return routes
