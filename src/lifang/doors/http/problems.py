"""Problems as RFC 9457 ``application/problem+json``: what, where and how to mend; never internals."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal, cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lifang.core import (
    BadInput,
    Conflict,
    Corrupt,
    Denied,
    NeedsPurpose,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    chinese,
)
from lifang.doors.http.methods import allowed, methods_at

_LOG = logging.getLogger(__name__)


class NotOffered(BadInput):
    """Something of an outside standard that this door does not offer."""


_STATUS: tuple[tuple[type[Problem], int], ...] = (  # the more special class first
    (NotOffered, 501),
    (TooLarge, 413),
    (BadInput, 400),
    (Unauthenticated, 401),
    (Denied, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (Unavailable, 503),
    (Corrupt, 500),
)
_TITLES = {
    400: "Bad input",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    429: "Too many requests",
    500: "Internal error",
    501: "Not offered",
    503: "Unavailable",
}
_TITLES_ZH = {
    400: "输入有误",
    401: "尚未登录",
    403: "不允许",
    404: "没有找到",
    405: "不支持的方法",
    409: "与现状冲突",
    413: "太大",
    500: "内部错误",
    501: "不提供",
    503: "暂时不可用",
}
_HINTS = {
    404: "Look at /api/v1/openapi.json for what there is.",
    405: "Use one of the methods in the Allow header.",
}


class ProblemWords(BaseModel):
    """A problem in Chinese; a text is empty where it has no Chinese words."""

    title: str
    detail: str
    where: str
    mend: str


class ProblemBody(BaseModel):
    """What went wrong, where, and how to mend it (RFC 9457, with ``where`` and ``mend``).

    ``needs`` is there when one thing would turn the answer: ``purpose``, to be stated in ``X-Lifang-Purpose``
    (percent-encoded UTF-8) or ``?purpose=``.
    """

    type: str
    title: str
    status: int
    detail: str
    where: str
    mend: str
    needs: Literal["purpose"] | None = None
    zh: ProblemWords


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the problems with these statuses."""
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": _TITLES[status], "content": body} for status in statuses}


PROBLEMS = documented(400, 401, 403, 404, 409, 413, 503)


def status_of(problem: Problem) -> int:
    """Return the HTTP status of a problem."""
    return next((status for kind, status in _STATUS if isinstance(problem, kind)), 500)


def problem_response(
    status: int,
    detail: str,
    *,
    where: str = "",
    mend: str = "",
    needs: str = "",
    kind: str = "about:blank",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem+json response; text that cannot be encoded is replaced."""
    told = {"detail": _clean(detail), "where": _clean(where), "mend": _clean(mend)}
    body = {
        "type": kind,
        "title": _TITLES.get(status, "Problem"),
        "status": status,
        **told,
        **({"needs": needs} if needs else {}),
        "zh": {"title": _TITLES_ZH.get(status, "没有成功"), **in_chinese(told)},
    }
    content = orjson.dumps(body)
    return Response(content, status, headers=dict(headers or {}), media_type="application/problem+json")


def in_chinese(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the ``detail``, ``where`` and ``mend`` of a problem in Chinese, each empty where it has no Chinese."""
    return {name: chinese(str(told.get(name) or "")) for name in ("detail", "where", "mend")}


def _clean(text: str) -> str:
    return text[:2000].encode("utf-8", "replace").decode("utf-8")


def of_problem(problem: Problem) -> Response:
    """Return the response that tells ``problem``; a store's failure is logged too."""
    status = status_of(problem)
    if status in {500, 503}:
        _LOG.error("%s", problem)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "5"
    needs = "purpose" if isinstance(problem, NeedsPurpose) else ""
    return problem_response(status, problem.what, where=problem.where, mend=problem.mend, needs=needs, headers=headers)


def of_unexpected(number: str) -> Response:
    """Return a 500 that carries only a number, under which the failure is in the log."""
    return problem_response(
        500, f"Something failed that should not; it is in the server's log as {number}.", mend="Report that number."
    )


async def _problem(request: Request, error: Exception) -> Response:
    del request
    return of_problem(cast("Problem", error))


async def _http(request: Request, error: Exception) -> Response:
    given = cast("HTTPException", error)
    headers = dict(given.headers or {})
    if given.status_code == 405:
        headers["Allow"] = allowed(methods_at(request.app, request.url.path))
    detail = {
        404: "There is nothing at this address.",
        405: f"{request.method} is not offered at this address.",
    }.get(given.status_code, str(given.detail))
    return problem_response(
        given.status_code,
        detail,
        where=request.url.path,
        mend=_HINTS.get(given.status_code, ""),
        headers=headers,
    )


async def _validation(request: Request, error: Exception) -> Response:
    del request
    first = cast("RequestValidationError", error).errors()[0]
    where = ".".join(str(part) for part in first.get("loc", ()))
    reason = str(first.get("ctx", {}).get("error", "")) if first.get("type") == "json_invalid" else ""
    detail = f"{first.get('msg', 'The request does not fit')}{': ' + reason if reason else ''}."
    return problem_response(400, detail, where=where, mend="Compare with /api/v1/openapi.json.")


def add_problem_handlers(app: FastAPI) -> None:
    """Make ``app`` answer every failure as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
