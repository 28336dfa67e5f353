"""What OpenAPI says of the routes of this door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifang.doors.ngsild.asked import GEOJSON, JSON, LD

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
_STATUSES = {
    400: "The request cannot be read",
    401: "Not authenticated",
    403: "Not allowed, or the answer would be too large",
    404: "There is no such thing",
    406: "Not made here",
    409: "There is one already",
    413: "Too large",
    422: "Not supported",
    501: "Not offered",
    503: "Unavailable, or a context that is not here",
}
_NUMBERS = frozenset({"limit", "offset", "lastN"})
_TRUTHS = frozenset({"count", "local", "details"})
_ANY: dict[str, Any] = {"schema": {}}


def described(
    *parameters: str, media: Sequence[str] = (JSON, LD, GEOJSON), statuses: Sequence[int] = (200,), body: str = ""
) -> dict[str, Any]:
    """Return the arguments of ``add_api_route`` that tell its parameters, its answers and its body."""
    extra: dict[str, Any] = {"parameters": [_parameter(name) for name in parameters]}
    if body:
        shape = {"schema": {"type": "object"}}
        extra["requestBody"] = {"required": True, "description": body, "content": {JSON: shape, LD: shape}}
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": _PROBLEM} for status, text in _STATUSES.items()
    }
    for status in statuses:
        responses[status] = {"description": "Done"} if status in {201, 204} else _answer(media, status)
    return {"openapi_extra": extra, "responses": responses}


def _answer(media: Sequence[str], status: int) -> dict[str, Any]:
    said = "A part of what was asked, as Content-Range tells" if status == 206 else "What was asked for"
    return {"description": said, "content": dict.fromkeys(media, _ANY)}


def _parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name in _NUMBERS:
        schema = {"type": "integer", "minimum": 0}
    elif name in _TRUTHS:
        schema = {"type": "boolean"}
    return {"name": name, "in": "query", "required": False, "schema": schema}
