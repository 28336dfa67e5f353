"""Answers: entities as JSON, JSON-LD or GeoJSON, with the context, the count and the ways to other pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request
from starlette.responses import Response

from lifang.doors.http import bytes_answer
from lifang.doors.ngsild.asked import GEOJSON, LD, Asked
from lifang.doors.ngsild.context import CONTEXT_REL, CORE, Context
from lifang.doors.ngsild.core_context import CORE_URL
from lifang.doors.ngsild.entities import Entity

COUNT = "NGSILD-Results-Count"
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def context_link() -> str:
    """Return the Link header value that tells where the context is (CIM 009 clause 6.3.6)."""
    return f'<{CORE_URL}>; rel="{CONTEXT_REL}"; type="{LD}"'


def ld_answer(
    request: Request,
    body: Any,
    media: str,
    *,
    context: Context = CORE,
    links: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Return ``body`` as ``media``: JSON-LD carries its context inside, other kinds in a Link header."""
    inside = media == LD
    written = _with_context(body, context) if inside else body
    content = orjson.dumps(written, option=_OPTIONS)
    response = bytes_answer(request, content, media_type=media, status=status)
    told = [*links, *([] if inside else [context_link()])]
    if told:
        response.headers["Link"] = ", ".join(told)
    response.headers["Vary"] = "Cookie, Authorization, Accept-Encoding, Accept"
    response.headers.update(headers or {})
    return response


def _with_context(body: Any, context: Context) -> Any:
    if isinstance(body, list):
        return [_with_context(each, context) for each in body]
    return {**body, "@context": context.written} if isinstance(body, dict) else body


def entities_answer(request: Request, asked: Asked, entities: Sequence[Entity], found: int) -> Response:
    """Return a page of ``found`` entities in all."""
    written: Any = [asked.shape.entity(each) for each in entities]
    if asked.media == GEOJSON:
        written = {"type": "FeatureCollection", "features": written}
    headers = {COUNT: str(found)} if asked.count else {}
    return ld_answer(
        request, written, asked.media, context=asked.shape.context, links=page_links(request, asked, found),
        headers=headers,
    )  # fmt: skip


def page_links(request: Request, asked: Asked, found: int) -> list[str]:
    """Return the links to the page before and the page after (clause 6.3.10)."""
    links = []
    if asked.limit and asked.offset + asked.limit < found:
        links.append(_page_link(request, asked, asked.offset + asked.limit, "next"))
    if asked.limit and asked.offset:
        links.append(_page_link(request, asked, max(0, asked.offset - asked.limit), "prev"))
    return links


def _page_link(request: Request, asked: Asked, offset: int, rel: str) -> str:
    kept = [(name, text) for name, text in request.query_params.multi_items() if name not in {"limit", "offset"}]
    query = urlencode([*kept, ("limit", str(asked.limit)), ("offset", str(offset))])
    return f'<{request.url.path}?{query}>; rel="{rel}"; type="{asked.media}"'
