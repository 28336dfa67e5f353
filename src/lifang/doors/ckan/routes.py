"""The addresses of the action API: one for every action, by GET or POST."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.core import BadInput
from lifang.doors.ckan.actions import TAKE_FILES, UPLOADS, WRITES, action_of
from lifang.doors.ckan.asked import Asked, values_of
from lifang.doors.ckan.datastore import datastore_search_sql
from lifang.doors.ckan.dumping import FORMATS, dump
from lifang.doors.ckan.envelope import JSON, CkanRoute, NotJson, success
from lifang.doors.ckan.filling import admit_upload
from lifang.doors.http import Asker, Parts, Turns, asking, file_of_form, gather, receive_file
from lifang.guard import Action, Resource

PREFIXES = ("/api/3/action", "/api/action")
_FORM = "application/x-www-form-urlencoded"
_FIELDS_MAX = 1000
_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": ["help", "success"],
    "properties": {"help": {"type": "string"}, "success": {"type": "boolean"}, "result": {}, "error": {}},
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {JSON: {"schema": _ENVELOPE}}}
    for status, text in {
        200: "What the action gives.",
        400: "The body is no JSON, or the question is not understood.",
        403: "The asker may not.",
        404: "There is no such action, or nothing that the asker may know of.",
        409: "A value is missing or does not fit.",
        413: "Too large.",
        503: "Unavailable.",
    }.items()
}
Calls = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]


def router() -> APIRouter:
    """Return the routes of this door."""
    return gather([*(_at(prefix, shown=prefix == PREFIXES[0]) for prefix in PREFIXES), _dumps()])


def _dumps() -> APIRouter:
    routes = APIRouter(prefix="/datastore", route_class=CkanRoute, tags=["ckan"])
    content = {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in FORMATS.values()}
    answers = {**_ANSWERS, 200: {"description": "All rows.", "content": content}}
    routes.add_api_route("/dump/{resource_id}", _dump, responses=answers, response_class=Response,
                         summary="All rows of a table, as CKAN dumps them")  # fmt: skip
    return routes


def _dump(
    resource_id: str,
    request: Request,
    asker: Calls,
    form: Annotated[str, Query(alias="format", max_length=20, description="csv, tsv, json or xml.")] = "csv",
) -> Response:
    """Give all rows of a table, or those that filters, q, fields, sort, limit and offset ask for, as a stream."""
    asked = Asked({**_values(request), "format": form}, str(request.base_url).rstrip("/"))
    kind, pieces = dump(asker, asked, resource_id)
    headers = {"Content-Disposition": f'attachment; filename="{resource_id}.{kind}"'}
    return StreamingResponse(pieces, media_type=FORMATS[kind], headers=headers)


def _values(request: Request) -> dict[str, Any]:
    """Return the parameters of the address; one that is there several times as a list."""
    values: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        held = values.get(name)
        values[name] = value if held is None else [*(held if isinstance(held, list) else [held]), value]
    return values


def _at(prefix: str, *, shown: bool) -> APIRouter:
    routes = APIRouter(prefix=prefix, route_class=CkanRoute, tags=["ckan"], responses=_ANSWERS)
    body = {"requestBody": {"content": {JSON: {"schema": {"type": "object"}}}}}
    routes.add_api_route("/{action}", _get, include_in_schema=shown, summary="Call an action of CKAN that reads")
    routes.add_api_route(
        "/{action}",
        _post,
        methods=["POST"],
        include_in_schema=shown,
        openapi_extra=body,
        summary="Call an action of CKAN",
    )
    return routes


async def _get(action: str, request: Request, asker: Calls) -> Response:
    """Call an action that changes nothing, with its parameters in the address."""
    if action in WRITES or action in UPLOADS:
        raise NotJson("This action changes something.", where=action, mend="Call it by POST.")
    return await _call(action, request, asker, _values(request))


async def _post(action: str, request: Request, asker: Calls) -> Response:
    """Call an action with its parameters as JSON, or as a form; files come as the part `upload` of a form."""
    if action in WRITES or action in UPLOADS:
        asker.must(Action.ADMIT, Resource("dataset"))
    if action in TAKE_FILES and _kind(request) == "multipart/form-data":
        return await _upload(request, asker)
    body = await request.body()
    if _kind(request) == _FORM:
        return await _call(action, request, asker, _form(body))
    return await _call(action, request, asker, values_of(body) if body.strip() else {})


async def _upload(request: Request, asker: Asker) -> Response:
    """Take in a file that is admitted as the new release of a package."""
    parts = Parts()
    path = await receive_file(file_of_form(request, parts, file="upload"), asker.city.spool)
    try:
        values = {name: value.decode("utf-8", "replace") for name, value in parts.small.items()}
        asked = Asked(values, str(request.base_url).rstrip("/"))
        return success(request, await run_sync(admit_upload, asker, asked, path, parts.filename))
    finally:
        await run_sync(lambda: path.unlink(missing_ok=True))


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS_MAX))
    except ValueError as error:
        raise BadInput(f"The form cannot be read: {error}.", where="body", mend="Send JSON.") from error


async def _call(action: str, request: Request, asker: Asker, values: dict[str, Any]) -> Response:
    handler = action_of(action)
    asked = Asked(values, str(request.base_url).rstrip("/"))
    if handler is datastore_search_sql:
        turns: Turns = request.app.state.query_turns
        async with turns.turn() as threads:
            return success(request, await run_sync(handler, asker, asked, limiter=threads))
    return success(request, await run_sync(handler, asker, asked))
