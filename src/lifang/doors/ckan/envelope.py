"""Answers as CKAN gives them: ``{help, success, result}``, or ``{help, success, error: {__type, message, …}}``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from lifang.core import BadInput, Conflict, Denied, NotFound, Problem, TooLarge, Unauthenticated
from lifang.doors.http import GuardedRoute, of_problem

JSON = "application/json"
_KEYS = ("authorization", "x-ckan-api-key")


class NotJson(BadInput):
    """A body that is no JSON, or no object."""


class SearchFault(BadInput):
    """A question in Solr's words that is not understood here."""


_TOLD: tuple[tuple[type[Problem], int, str], ...] = (  # the more special class first
    (NotJson, 400, "Bad Request"),
    (SearchFault, 400, "Search Query Error"),
    (TooLarge, 413, "Validation Error"),
    (BadInput, 409, "Validation Error"),
    (Denied, 403, "Authorization Error"),
    (NotFound, 404, "Not Found Error"),
    (Conflict, 409, "Validation Error"),
)

_PREFIXES = {"Search Query Error": "Search Query Error: ", "Not Found Error": "Not found: "}  # which ckanapi cuts off


def help_of(request: Request) -> str:
    """Return where the action that was called explains itself."""
    name = request.path_params.get("action", "")
    return f"{str(request.base_url).rstrip('/')}/api/3/action/help_show?name={name}"


def success(request: Request, result: Any) -> Response:
    """Return the envelope of a result (orjson-able; ``orjson.Fragment`` for parts that are JSON already)."""
    return Response(orjson.dumps({"help": help_of(request), "success": True, "result": result}), media_type=JSON)


def failure(request: Request, problem: Problem) -> Response:
    """Return the envelope of a problem, with CKAN's type and status; a fault of the house keeps its own status."""
    housed = of_problem(problem)
    status, kind = next(
        ((status, kind) for known, status, kind in _TOLD if isinstance(problem, known)),
        (housed.status_code, "Internal Error"),
    )
    told = orjson.loads(housed.body)
    sentence = " ".join(filter(None, (told["detail"], told["mend"])))
    error: dict[str, Any] = {"__type": kind, "message": f"{_PREFIXES.get(kind, '')}{sentence}"}
    if kind == "Validation Error":
        error[told["where"] or "__before"] = [sentence]
    elif told["where"]:
        error["where"] = told["where"]
    headers = {name: value for name, value in housed.headers.items() if name in {"retry-after", "www-authenticate"}}
    body = orjson.dumps({"help": help_of(request), "success": False, "error": error})
    return Response(body, status, headers=headers, media_type=JSON)


class CkanRoute(GuardedRoute):
    """A guarded route that takes a bare token, as CKAN's clients send one, and tells problems in CKAN's envelope."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with tokens read before it and problems turned into answers behind it."""
        handle = super().get_route_handler()

        async def telling(request: Request) -> Response:
            _take_bare_token(request)
            try:
                response = await handle(request)
            except Problem as problem:
                return failure(request, problem)
            except RequestValidationError as error:
                return failure(request, BadInput(f"{error.errors()[0].get('msg')}.", mend="Correct it."))
            if response.status_code == 401:
                told = orjson.loads(response.body)
                denied = failure(request, Unauthenticated(told["detail"], where=told["where"], mend=told["mend"]))
                denied.raw_headers += [each for each in response.raw_headers if each[0] == b"set-cookie"]
                return denied
            return response

        return telling


def _take_bare_token(request: Request) -> None:
    """Put ``Bearer`` before a token that came alone, in ``Authorization`` or in CKAN's older header."""
    given = [request.headers.get(name, "").strip() for name in _KEYS]
    secret = next(filter(None, given), "")
    if not secret or " " in secret:
        return
    others = [(name, value) for name, value in request.scope["headers"] if name.decode("latin-1").lower() not in _KEYS]
    request.scope["headers"] = [*others, (b"authorization", b"Bearer " + secret.encode("latin-1"))]
    request.__dict__.pop("_headers", None)
