"""The event stream: what happens in the city, told to each open page over server-sent events.

Each stream has its own bounded queue; who is slow loses the oldest events and blocks nobody. A stream tells only
what its subject may see, checks at each heartbeat that the subject still is who it was, and ends when the app does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from typing import Annotated, Literal

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import Event, Subscription
from lifang.core import Problem, Unavailable
from lifang.doors.http import Asker, GuardedRoute, Metrics, asking, identify
from lifang.guard import Action, Classification, Resource

HEARTBEAT_S = 15.0
Kind = Literal["clock", "observations", "alert", "indicator", "job", "command", "catalogue", "delivery", "twin"]
_MOST = 500  # open streams
_KINDS = {
    "clock": "replay",
    "observations": "observation",
    "alert": "alert",
    "indicator": "indicator",
    "job": "job",
    "command": "command",
    "catalogue": "dataset",
    "delivery": "inbox",
    "twin": "object",
}


class Streams:
    """The open event streams of one app: counted, bounded, ended together."""

    def __init__(self, metrics: Metrics) -> None:
        self._open: set[Subscription] = set()
        self._metrics = metrics
        self._ended = False
        self._also: list[Callable[[], None]] = []

    def on_end(self, also: Callable[[], None]) -> None:
        """Call ``also`` when every stream is ended."""
        self._also.append(also)

    def enter(self, subscription: Subscription) -> None:
        """Count a stream in; ``Unavailable`` when there are too many or the app is ending."""
        if self._ended or len(self._open) >= _MOST:
            subscription.close()
            raise Unavailable("No more event streams can be opened now.", mend="Try again in a while.")
        self._open.add(subscription)
        self._metrics.streams.set(len(self._open))

    def leave(self, subscription: Subscription) -> None:
        """Count a stream out and stop its listening."""
        subscription.close()
        self._open.discard(subscription)
        self._metrics.streams.set(len(self._open))

    def end(self) -> None:
        """End every stream and open no more."""
        self._ended = True
        for subscription in list(self._open):
            subscription.close()
        for also in self._also:
            also()


def router() -> APIRouter:
    """Return the route of the event stream."""
    routes = APIRouter(route_class=GuardedRoute, tags=["events"])
    routes.add_api_route(
        "/events",
        events,
        response_class=StreamingResponse,
        responses={
            200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
        },
        summary="What happens in the city, as it happens",
    )
    return routes


async def events(
    request: Request,
    asker: Annotated[Asker, asking(Action.READ, Resource("city"))],
    kind: Annotated[list[Kind] | None, Query(description="Only these kinds; may be repeated.")] = None,
) -> Response:
    """Return an endless stream of clock, observations, alert, indicator, job, catalogue, delivery and twin events."""
    streams: Streams = request.app.state.streams
    hidden = Resource("event", "*", Classification.SHARED)
    if asker.may(Action.READ, Resource("alert", "*", Classification.SHARED)):
        await run_sync(asker.seen, hidden)
    subscription = asker.city.bus.subscribe()
    streams.enter(subscription)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _stream(request, asker, subscription, streams, frozenset(kind or ())),
        headers=headers,
        media_type="text/event-stream",
    )


async def _stream(
    request: Request, asker: Asker, subscription: Subscription, streams: Streams, kinds: Collection[str]
) -> AsyncIterator[bytes]:
    arriving = aiter(subscription)
    following: asyncio.Future[Event] | None = None
    clock = asyncio.get_running_loop().time
    beat = clock() + HEARTBEAT_S
    try:
        yield b"retry: 3000\n\n"
        while True:
            following = following or asyncio.ensure_future(anext(arriving))
            await asyncio.wait({following}, timeout=max(0.0, beat - clock()))
            if following.done():
                if isinstance(following.exception(), StopAsyncIteration):
                    return
                event, following = following.result(), None
                if (not kinds or event.kind in kinds) and _visible(asker, event):
                    yield _written(event)
            if clock() >= beat:
                if not await _still(request, asker):
                    return
                yield b": heartbeat\n\n"
                beat = clock() + HEARTBEAT_S
    finally:
        streams.leave(subscription)
        if following is not None:
            following.cancel()


async def _still(request: Request, asker: Asker) -> bool:
    try:
        return (await run_sync(identify, request, asker.city)) == asker.subject
    except Problem:
        return False


def _visible(asker: Asker, event: Event) -> bool:
    of = str(event.data["organisation"]) if event.kind == "delivery" else "*"
    return asker.may(Action.READ, Resource(_KINDS.get(event.kind, event.kind), of, event.classification))


def _written(event: Event) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), orjson.dumps(event.data))
