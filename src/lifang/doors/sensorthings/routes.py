"""The routes below ``/sta/v1.1``: every path leads through one place, bulk and batches have their own."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from lifang.core import BadInput
from lifang.doors.http import (
    PROBLEMS,
    Asker,
    GuardedRoute,
    Metrics,
    ShortRoute,
    asking,
    bytes_answer,
    documented,
    gather,
    json_answer,
    read_body,
)
from lifang.doors.sensorthings import tasking
from lifang.doors.sensorthings.answering import answer
from lifang.doors.sensorthings.batch import Batch, read_json, write_json
from lifang.doors.sensorthings.bulk import by_rows, receive
from lifang.doors.sensorthings.changing import change
from lifang.doors.sensorthings.conformance import landing
from lifang.doors.sensorthings.exchange import JSON, PATCHED, Answer, Asked
from lifang.doors.sensorthings.mixed import read_mixed, write_mixed
from lifang.doors.sensorthings.modern import PREFIX as MODERN
from lifang.doors.sensorthings.modern import modern
from lifang.guard import Action, Resource

PREFIX = "/sta/v1.1"
_SMALL_BODY = 100_000  # bytes; decoded sooner than handed to a thread
_OBJECT: dict[str, Any] = {"schema": {"type": "object"}}
_FORMS: dict[str, Any] = {"text/plain": {}, "text/csv": {}, "application/geo+json": {}}
_OPTIONS = ("$filter", "$expand", "$select", "$orderby", "$resultFormat", "$apply", "$skiptoken")
Reads = Annotated[Asker, asking(Action.READ, Resource("datastream"))]
Observes = Annotated[Asker, asking(Action.OBSERVE, Resource("observation"))]


def _described(*types: str) -> dict[str, Any]:
    """Return what OpenAPI says of a body of these types."""
    return {"openapi_extra": {"requestBody": {"required": True, "content": dict.fromkeys(types, _OBJECT)}}}


def _query() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0, "maximum": 10_000_000}
    schemas: dict[str, Any] = {"$top": number, "$skip": number, "$count": {"type": "boolean"}}
    schemas |= {name: {"type": "string"} for name in _OPTIONS}
    options = [{"name": name, "in": "query", "required": False, "schema": each} for name, each in schemas.items()]
    read = {200: {"content": _FORMS}, 204: {"description": "The property is null."}}
    return {"openapi_extra": {"parameters": options}, "responses": {**read, **documented(501)}}


class _Entities(Convertor[str]):
    """Any resource path, but not the addresses that do something and only take."""

    regex = r"(?!CreateObservations$|\$batch$).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("entities", _Entities())


def root_of(request: Request, prefix: str = PREFIX) -> str:
    """Return the service's address as the client calls it."""
    return str(request.base_url).rstrip("/") + prefix


def asked_of(request: Request, path: str, body: bytes = b"", prefix: str = PREFIX) -> Asked:
    """Return the request apart from how it travels."""
    return Asked(
        request.method,
        path,
        tuple(_pair(name, value) for name, value in request.query_params.multi_items()),
        body,
        request.headers.get("content-type", JSON),
        root_of(request, prefix),
        request.headers.get("accept", ""),
    )


def _pair(name: str, value: str) -> tuple[str, str]:
    """Return an option and its value; also of a client that encodes the sign between them (``%24top%3D1``)."""
    first, sign, rest = name.partition("=")
    return (first, rest) if sign and not value and name.startswith("$") else (name, value)


def response_of(request: Request, given: Answer) -> Response:
    """Return the answer over HTTP."""
    if given.body is None:
        return Response(status_code=given.status, headers=dict(given.headers))
    if isinstance(given.body, bytes):
        found = bytes_answer(request, given.body, media_type=given.media_type, status=given.status)
    else:
        found = json_answer(request, given.body, status=given.status)
    found.headers.update(given.headers)
    return found


def _start(request: Request, asker: Reads) -> Response:
    """Say what there is, and what of the standard is kept."""
    return json_answer(request, landing(root_of(request), asker.city.addresses.get("mqtt")))


def _get(path: str, request: Request, asker: Reads) -> Response:
    """Give what the path names: a collection, an entity, a property, a value, a reference."""
    asked = asked_of(request, path)
    return response_of(request, answer(asker, asked))


def _modern(request: Request, asker: Reads, path: str = "") -> Response:
    """Give what the path names, as SensorThings 2.0 tells it."""
    return response_of(request, modern(asker, asked_of(request, path, prefix=MODERN)))


async def _change(path: str, request: Request, asker: Observes) -> Response:
    """Create an entity, with those inside it; or replace or change one, or some of its properties."""
    asked = asked_of(request, path, await read_body(request))
    done = tasking.change if tasking.is_tasking(asked) else change
    return await run_sync(lambda: response_of(request, done(asker, asked)))


def _delete(path: str, request: Request, asker: Observes) -> Response:
    """Delete an entity, with what cannot be without it."""
    asked = asked_of(request, path)
    done = tasking.change if tasking.is_tasking(asked) else change
    return response_of(request, done(asker, asked))


async def _create(request: Request, asker: Observes) -> Response:
    """Take observations in bulk (dataArray); the answer comes once every row is on disk."""
    body = await read_body(request)
    start = time.perf_counter()
    if len(body) <= _SMALL_BODY:
        receipt = receive(asker, body)
    else:
        receipt = await run_sync(lambda: receive(asker, body))
    root = root_of(request)
    if receipt is None:
        outcomes = await run_sync(lambda: by_rows(asker, body, root))
        count = sum(each != "error" for each in outcomes)
    else:
        await asyncio.wrap_future(receipt.batch)
        count = int(receipt.accepted.sum())
    metrics: Metrics = request.app.state.metrics
    metrics.commit.observe(time.perf_counter() - start)
    metrics.values.labels("sensorthings").inc(count)
    if receipt is not None:
        return bytes_answer(request, receipt.told(root), media_type=JSON, status=201)
    return json_answer(request, outcomes, status=201)


async def _batch(request: Request, asker: Reads) -> Response:
    """Do many requests in one, some of them all or nothing."""
    body = await read_body(request)
    kind = request.headers.get("content-type", "")
    mixed = kind.lower().startswith("multipart/mixed")
    if not mixed and JSON not in kind.lower():
        raise BadInput("A batch is multipart/mixed or JSON.", where="Content-Type", mend=f"Send {JSON}.")

    def run() -> Response:
        requests = read_mixed(body, kind) if mixed else read_json(body)
        done = Batch(asker, root_of(request)).run(requests)
        return response_of(request, write_mixed(done) if mixed else Answer(body=write_json(done)))

    return await run_sync(run)


def router() -> APIRouter:
    """Return the routes of this door."""
    newer = APIRouter(prefix=MODERN, route_class=GuardedRoute, tags=["sensorthings"], responses=PROBLEMS)
    newer.add_api_route("", _modern, name="modern_root")
    newer.add_api_route("/{path:entities}", _modern, name="modern_entity", **_query())
    return gather((_older(), newer))


def _older() -> APIRouter:
    routes = APIRouter(prefix=PREFIX, route_class=GuardedRoute, tags=["sensorthings"], responses=PROBLEMS)
    routes.add_api_route("", _start)
    routes.add_api_route("/", _start, include_in_schema=False)
    routes.add_api_route(
        "/CreateObservations",
        _create,
        methods=["POST"],
        status_code=201,
        route_class_override=ShortRoute,
        **_described(JSON),
    )
    mixed: dict[int | str, dict[str, Any]] = {200: {"content": {"multipart/mixed": {}}}}
    routes.add_api_route("/$batch", _batch, methods=["POST"], responses=mixed, **_described(JSON, "multipart/mixed"))
    routes.add_api_route("/{path:entities}", _get, **_query())
    for method in ("POST", "PATCH", "PUT"):
        kinds = (JSON, PATCHED) if method == "PATCH" else (JSON,)
        routes.add_api_route(
            "/{path:entities}",
            _change,
            methods=[method],
            status_code=201 if method == "POST" else 200,
            name=f"{method.lower()}_entity",
            responses={204: {"description": "Done; it may not be read."}},
            **_described(*kinds),
        )
    routes.add_api_route("/{path:entities}", _delete, methods=["DELETE"])
    return routes
