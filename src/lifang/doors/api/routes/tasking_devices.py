"""Routes of tasking for devices: fetch what is to be done, answer it; and the tokens that devices show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import Asker
from lifang.core import NotFound, Problem, format_instant
from lifang.doors.api.bodies.tasking import (
    Answer,
    CommandBody,
    CommandMessage,
    CommandMessages,
    DeviceTokenBody,
    DeviceTokenPage,
    NewDeviceToken,
)
from lifang.doors.api.listing import moment
from lifang.doors.api.mailboxes import Mailboxes
from lifang.doors.api.routes.tasking import command_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking, identify
from lifang.guard import Action, Classification, Resource
from lifang.sensing import tasking

HEARTBEAT_S = 15.0
WAIT_MAX_S = 60.0
Fetches = Annotated[Asker, asking(Action.READ, Resource("command"), per_item=True)]
Answers = Annotated[Asker, asking(Action.HANDLE, Resource("command"), per_item=True)]
Manages = Annotated[Asker, asking(Action.MANAGE, Resource("device"))]
Wait = Annotated[float, Query(ge=0, le=WAIT_MAX_S, description="Wait up to so many seconds for a command.")]


def commands() -> APIRouter:
    """Return the routes by which devices fetch and answer their commands."""
    routes = APIRouter(prefix="/api/v1/devices", route_class=GuardedRoute, tags=["tasking"], responses=PROBLEMS)
    routes.add_api_route(
        "/{device_id}/commands",
        _fetch,
        response_model=CommandMessages,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
        summary="What a device, or those it speaks for, is to do: at once, by long poll, or as an event stream",
    )
    routes.add_api_route(
        "/{device_id}/commands/{command_id}",
        _answer,
        methods=["POST"],
        response_model=CommandBody,
        summary="A device's answer to a command",
    )
    return routes


async def _fetch(device_id: str, request: Request, asker: Fetches, wait: Wait = 0.0) -> Response:
    """Give what is to be done, oldest first; what was never answered comes again under its own id."""
    await run_sync(asker.must, Action.READ, _own(device_id))
    mailboxes: Mailboxes = request.app.state.mailboxes
    if "text/event-stream" in request.headers.get("accept", ""):
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = _stream(request, asker, device_id, mailboxes)
        return StreamingResponse(stream, headers=headers, media_type="text/event-stream")
    with mailboxes.waiting(device_id) as arrived:
        found = await _due(asker, device_id)
        if not found and wait:
            await _wait(arrived, wait)
            found = await _due(asker, device_id)
    items = [CommandMessage.model_validate(each.message()) for each in found]
    return answer(request, CommandMessages(items=items))


async def _stream(request: Request, asker: Asker, device: str, mailboxes: Mailboxes) -> AsyncIterator[bytes]:
    """Yield commands as they come; those sent before and not answered come first, each once on this stream."""
    told: set[str] = set()
    yield b"retry: 3000\n\n"
    with mailboxes.waiting(device) as arrived:
        while not mailboxes.ended:
            for command in await _due(asker, device):
                if command.id not in told:
                    told.add(command.id)
                    body = orjson.dumps(command.message())
                    yield b"id: %s\nevent: command\ndata: %s\n\n" % (command.id.encode(), body)
            if not await _wait(arrived, HEARTBEAT_S):
                if not await _still(request, asker):
                    return
                yield b": heartbeat\n\n"


async def _due(asker: Asker, device: str) -> list[tasking.Command]:
    return await run_sync(lambda: asker.city.tasking.fetch(device, by=asker.subject, purpose=asker.purpose))


async def _wait(arrived: asyncio.Event, seconds: float) -> bool:
    """Return whether something arrived within ``seconds``."""
    try:
        await asyncio.wait_for(arrived.wait(), seconds)
    except TimeoutError:
        return False
    arrived.clear()
    return True


async def _still(request: Request, asker: Asker) -> bool:
    try:
        return (await run_sync(identify, request, asker.city)) == asker.subject
    except Problem:
        return False


def _own(device: str) -> Resource:
    return Resource("command", tasking.subject_id(device), Classification.RESTRICTED)


def _answer(device_id: str, command_id: str, request: Request, body: Answer, asker: Answers) -> Response:
    """Take a device's answer: acknowledged, done or failed; the same again changes nothing."""
    asker.must(Action.HANDLE, _own(device_id))
    engine = asker.city.tasking
    nothing = NotFound(f"There is no command {command_id[:80]!r}.", mend="Fetch those there are.")
    try:
        command = engine.command(command_id)
    except NotFound:
        raise nothing from None
    if device_id not in {command.queue, command.device}:
        raise nothing
    made = engine.acknowledge(command_id, body.state, by=asker.subject, note=body.note, result=body.result)
    return answer(request, command_body(made))


def tokens() -> APIRouter:
    """Return the routes of device tokens."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["tasking"], responses=PROBLEMS)

    @routes.get("/devices/{device_id}/tokens", response_model=DeviceTokenPage)
    def every(device_id: str, request: Request, asker: Manages) -> Response:
        """List a device's tokens."""
        found = asker.city.tasking.tokens.tokens(device_id)
        return answer(request, DeviceTokenPage(items=[_token(each) for each in found], next=None))

    @routes.post("/devices/{device_id}/tokens", response_model=DeviceTokenBody, status_code=201)
    def issue(device_id: str, request: Request, body: NewDeviceToken, asker: Manages) -> Response:
        """Issue a token with which a device sees and answers its own commands; the secret is told this once."""
        asker.city.sensing.thing(device_id)
        token, secret = asker.city.tasking.tokens.issue_token(
            device_id, body.label, by=asker.subject, expires=moment(body.expires)
        )
        return answer(request, _token(token, secret), status=201)

    @routes.delete("/device-tokens/{token_id}", response_model=DeviceTokenBody)
    def revoke(token_id: str, request: Request, asker: Manages) -> Response:
        """Revoke a device's token."""
        return answer(request, _token(asker.city.tasking.tokens.revoke_token(token_id, by=asker.subject)))

    return routes


def _token(token: tasking.DeviceToken, secret: str | None = None) -> DeviceTokenBody:
    return DeviceTokenBody(
        id=token.id,
        device=token.device,
        label=token.label,
        created=format_instant(token.created),
        expires=format_instant(token.expires) if token.expires else None,
        revoked=format_instant(token.revoked) if token.revoked else None,
        secret=secret,
    )
