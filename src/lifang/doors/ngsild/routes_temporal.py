"""The routes of the past: query, retrieve, query by POST (CIM 009 clauses 6.18, 6.19 and 6.24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.core import BadInput, format_instant
from lifang.doors.http import Asker
from lifang.doors.ngsild.answering import COUNT, ld_answer, page_links
from lifang.doors.ngsild.asked import (
    JSON,
    LD,
    SELECTING,
    Asked,
    check_parameters,
    media_of,
    read_asked,
    read_body_query,
    read_selection,
)
from lifang.doors.ngsild.context import Context, context_of, context_of_body
from lifang.doors.ngsild.describing import described
from lifang.doors.ngsild.facts import Facts
from lifang.doors.ngsild.problems import LdRoute, TooMuch
from lifang.doors.ngsild.roll import Rows
from lifang.doors.ngsild.routes_entities import PREFIX, EntityId, Reads, projection_of, read_object, row_of
from lifang.doors.ngsild.shapes import Form
from lifang.doors.ngsild.temporal import Past, past_of
from lifang.doors.ngsild.window import TEMPORAL, Window, read_window

LIMIT_MAX = 100  # entities of a page
_SHAPING = ("pick", "omit", "options", "format", "count", "limit", "offset", "local")
_OF_ONE = ("attrs", "pick", "omit", "options", "format", "local")
_MEDIA = (JSON, LD)
_FORMS = ("temporalValues", "aggregatedValues")


def router() -> APIRouter:
    """Return the routes of the past."""
    routes = APIRouter(prefix=f"{PREFIX}/temporal", route_class=LdRoute, tags=["ngsi-ld"])
    told = described(*SELECTING, *TEMPORAL, *_SHAPING, media=_MEDIA, statuses=(200, 206))
    routes.add_api_route("/entities", _query, summary="Query the past of entities", **told)
    told = described(*TEMPORAL, *_OF_ONE, media=_MEDIA, statuses=(200, 206))
    routes.add_api_route("/entities/{entity_id}", _retrieve, summary="Retrieve the past of an entity", **told)
    body = "A Query with a temporalQ (CIM 009 clause 5.2.23)"
    told = described(*_SHAPING, media=_MEDIA, statuses=(200, 206), body=body)
    routes.add_api_route(
        "/entityOperations/query", _post_query, methods=["POST"], summary="Query the past with a body", **told
    )
    return routes


def _query(request: Request, asker: Reads) -> Response:
    """Give the past of the entities that meet every condition as they are now."""
    given = check_parameters(request.query_params, *SELECTING, *TEMPORAL, *_SHAPING)
    context = context_of(request)
    asked = _asked(request, given, context)
    return _page(request, asker, asked, read_window(given, needed=True), given)


def _asked(request: Request, given: Mapping[str, str], context: Context) -> Asked:
    return read_asked(request, given, context, read_selection(given, context))


async def _post_query(request: Request, asker: Reads) -> Response:
    """Give the past of the entities that a Query asks for."""
    given = check_parameters(request.query_params, *_SHAPING)
    body = await read_object(request)
    return await run_sync(_of_body, request, asker, given, body)


def _of_body(request: Request, asker: Asker, given: Mapping[str, str], body: Mapping[str, Any]) -> Response:
    context = context_of_body(request, body)
    told = body.get("temporalQ")
    if not isinstance(told, dict):
        raise BadInput("The Query has no temporalQ.", where="temporalQ", mend='Write {"timerel": …, "timeAt": …}.')
    sums = told.get("aggrParams") or {}
    if not isinstance(sums, dict):
        raise BadInput("aggrParams is no object.", where="aggrParams", mend="Write aggrMethods and aggrPeriodDuration.")
    window = read_window({**told, **sums}, needed=True, where="temporalQ.timerel")
    return _page(request, asker, read_asked(request, given, context, read_body_query(body, context)), window, given)


def _page(request: Request, asker: Asker, asked: Asked, window: Window, given: Mapping[str, str]) -> Response:
    if asked.limit > LIMIT_MAX and "limit" in given:
        raise TooMuch(f"A page of the past has at most {LIMIT_MAX} entities.", where="limit", mend="Ask for fewer.")
    facts = projection_of(request).facts(asker)
    rows = asked.selection.rows(facts)
    past = _read(asker, facts, rows[asked.offset : asked.offset + asked.limit], asked, window)
    written = [_shape(asked).shape.entity(each) for each in past.entities]
    headers = {COUNT: str(len(rows))} if asked.count else {}
    media = media_of(request, *_MEDIA)
    return _answer(request, written, replace(asked, media=media), past, headers, page_links(request, asked, len(rows)))


def _retrieve(entity_id: EntityId, request: Request, asker: Reads) -> Response:
    """Give the past of one entity; without ``timerel`` all of it, as far as it fits."""
    given = check_parameters(request.query_params, *TEMPORAL, *_OF_ONE)
    context = context_of(request)
    facts = projection_of(request).facts(asker)
    row = row_of(facts, asker, entity_id)
    asked = read_asked(request, given, context, read_selection(given, context, needed=False))
    past = _read(asker, facts, row, asked, read_window(given, needed=False))
    bare = {"id": facts.roll.urns[int(row[0])].as_py(), "type": facts.roll.types[facts.roll.kind[row[0]]]}
    entity = past.entities[0] if past.entities else bare
    media = media_of(request, *_MEDIA)
    return _answer(request, _shape(asked).shape.entity(entity), replace(asked, media=media), past, {}, ())


def _read(asker: Asker, facts: Facts, rows: Rows, asked: Asked, window: Window) -> Past:
    forms = [each for each in _FORMS if each in asked.options]
    form = forms[0] if forms else "aggregatedValues" if window.methods else ""
    if len(forms) > 1 or (form == "temporalValues" and window.methods):
        raise BadInput("Two forms are asked for at once.", where="options", mend="Choose one.")
    past = past_of(facts, rows, window, wanted=asked.wanted, form=form)
    asker.seen(*past.told)
    if asked.omitted:
        entities = [{name: each[name] for name in each if name not in asked.omitted} for each in past.entities]
        return replace(past, entities=entities)
    return past


def _shape(asked: Asked) -> Asked:
    """Return the question with a form that the past has: sums and pairs are as short as they get."""
    if asked.shape.form is Form.SIMPLIFIED or set(_FORMS) & asked.options:
        return replace(asked, shape=replace(asked.shape, form=Form.NORMALIZED, is_geojson=False))
    return replace(asked, shape=replace(asked.shape, is_geojson=False))


def _answer(
    request: Request, written: Any, asked: Asked, past: Past, headers: Mapping[str, str], links: Any
) -> Response:
    status, told = 200, dict(headers)
    if past.cut:  # clause 6.3.10
        status = 206
        told["Content-Range"] = f"date-time {format_instant(past.cut[0])}-{format_instant(past.cut[1])}/*"
    return ld_answer(
        request, written, asked.media, context=asked.shape.context, links=links, headers=told, status=status
    )
