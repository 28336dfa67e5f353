"""The routes of entities: query, retrieve, query by POST (CIM 009 clauses 6.4, 6.5 and 6.23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.core import BadInput, NotFound
from lifang.doors.http import Asker, asking, read_body
from lifang.doors.ngsild.answering import entities_answer, ld_answer
from lifang.doors.ngsild.asked import (
    SELECTING,
    SHAPING,
    Asked,
    check_parameters,
    read_asked,
    read_body_query,
    read_selection,
)
from lifang.doors.ngsild.context import context_of, context_of_body
from lifang.doors.ngsild.describing import described
from lifang.doors.ngsild.entities import make_entities
from lifang.doors.ngsild.facts import Facts
from lifang.doors.ngsild.names import ID_MAX, thing_of, urn
from lifang.doors.ngsild.problems import InvalidRequest, LdRoute
from lifang.doors.ngsild.projection import Projection
from lifang.doors.ngsild.roll import Rows
from lifang.doors.ngsild.selection import Chosen, Selection
from lifang.guard import Action, Resource

PREFIX = "/ngsi-ld/v1"
Reads = Annotated[Asker, asking(Action.READ, Resource("thing"))]
EntityId = Annotated[str, Path(max_length=ID_MAX)]
_OF_ONE = ("attrs", "pick", "omit", "options", "format", "lang", "geometryProperty", "local")


def router() -> APIRouter:
    """Return the routes of entities."""
    routes = APIRouter(prefix=PREFIX, route_class=LdRoute, tags=["ngsi-ld"])
    routes.add_api_route("/entities", _query, summary="Query entities", **described(*SELECTING, *SHAPING))
    routes.add_api_route("/entities/{entity_id}", _retrieve, summary="Retrieve an entity", **described(*_OF_ONE))
    routes.add_api_route(
        "/entityOperations/query",
        _post_query,
        methods=["POST"],
        summary="Query entities with a body",
        **described(*SHAPING, body="A Query (CIM 009 clause 5.2.23)"),
    )
    return routes


def projection_of(request: Request) -> Projection:
    """Return the projection of the city that this app serves."""
    found: Projection = request.app.state.projection
    return found


def _query(request: Request, asker: Reads) -> Response:
    """Give the entities that meet every condition, page by page."""
    given = check_parameters(request.query_params, *SELECTING, *SHAPING)
    context = context_of(request)
    return _answered(request, asker, read_asked(request, given, context, read_selection(given, context)))


async def _post_query(request: Request, asker: Reads) -> Response:
    """Give the entities that a Query asks for."""
    given = check_parameters(request.query_params, *SHAPING)
    body = await read_object(request)
    return await run_sync(_of_body, request, asker, given, body)


def _of_body(request: Request, asker: Asker, given: Mapping[str, str], body: Mapping[str, Any]) -> Response:
    context = context_of_body(request, body)
    merged = {**given, **{name: _shaping(body[name]) for name in ("pick", "omit", "lang") if name in body}}
    return _answered(request, asker, read_asked(request, merged, context, read_body_query(body, context)))


def _shaping(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _answered(request: Request, asker: Asker, asked: Asked) -> Response:
    facts = projection_of(request).facts(asker)
    rows = asked.selection.rows(facts)
    page = rows[asked.offset : asked.offset + asked.limit]
    return entities_answer(request, asked, made(asker, facts, page, asked), len(rows))


def made(asker: Asker, facts: Facts, rows: Rows, asked: Asked) -> list[dict[str, Any]]:
    """Return the entities of ``rows``, and record the reading of what is not public."""
    found = make_entities(facts, rows, wanted=asked.wanted, times=asked.times)
    asker.seen(*found.told)
    entities = found.entities
    if asked.omitted:
        entities = [{name: each[name] for name in each if name not in asked.omitted} for each in entities]
    return entities


def _retrieve(entity_id: EntityId, request: Request, asker: Reads) -> Response:
    """Give one entity."""
    given = check_parameters(request.query_params, *_OF_ONE)
    context = context_of(request)
    facts = projection_of(request).facts(asker)
    row = row_of(facts, asker, entity_id)
    asked = read_asked(request, given, context, read_selection(given, context, needed=False))
    found = made(asker, facts, row, asked)
    if not found or (asked.selection.attributes and not found[0].keys() & asked.selection.attributes):
        raise _nothing(entity_id)
    return ld_answer(request, asked.shape.entity(found[0]), asked.media, context=context)


def row_of(facts: Facts, asker: Asker, entity_id: str) -> Rows:
    """Return the row of the entity with this id; what may not be seen is ``NotFound`` as what is not there."""
    kind, thing = thing_of(entity_id)
    name = urn(kind, thing)  # an id whose signs were unescaped on the way names the same entity
    row = Selection((Chosen(frozenset({kind}), (name,)),)).rows(facts)
    if not len(row):
        hidden = np.flatnonzero(facts.roll.rows_of((name,)))
        if len(hidden):  # there, and not for this asker: the refusal is recorded, the answer the same
            _refuse(facts, asker, thing)
        raise _nothing(entity_id)
    return row


def _refuse(facts: Facts, asker: Asker, thing: str) -> None:
    """Record that a thing was refused; ``NeedsPurpose`` if only stating one is lacking."""
    try:
        found = facts.city.sensing.thing
        asker.see("thing", thing, lambda: found(thing), _thing_resource, listed=f"GET {PREFIX}/entities")
    except NotFound:
        return


def _thing_resource(thing: Any) -> Resource:
    return Resource("thing", thing.id, thing.classification)


def _nothing(entity_id: str) -> NotFound:
    return NotFound(f"There is no entity {entity_id[:120]!r}.", mend=f"{PREFIX}/entities lists those there are.")


async def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of a body; ``InvalidRequest`` for what is none, or of another kind."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/json", "application/ld+json"}:
        raise InvalidRequest(
            f"A body of type {kind[:60]!r} is not read here.",
            where="header Content-Type",
            mend="Send application/json or application/ld+json.",
        )
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"The body is no JSON: {error}.", where="body", mend="Correct it.") from error
    if not isinstance(body, dict):
        raise BadInput("The body is no object.", where="body", mend="Write it in { }.")
    return body
