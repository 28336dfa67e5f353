"""Problems as NGSI-LD tells them (CIM 009 clauses 5.5.2 and 6.3.2): the house's problem+json with a type of its own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from lifang.core import BadInput, Conflict, Denied, NotFound, Problem, TooLarge, Unavailable
from lifang.doors.http import GuardedRoute, NotOffered, of_problem

ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"


class InvalidRequest(BadInput):
    """A body that is no JSON, or no JSON-LD."""


class NotSupported(BadInput):
    """Something that the standard knows and a projection cannot do."""


class TooMuch(BadInput):
    """A question whose answer would be too large."""


class NoContext(BadInput):
    """A JSON-LD context that is not here; nothing is fetched from outside."""


class NotAcceptable(BadInput):
    """A representation that is not made here."""


_TOLD: tuple[tuple[type[Problem], int, str], ...] = (  # the more special class first
    (NoContext, 503, "LdContextNotAvailable"),
    (NotAcceptable, 406, "InvalidRequest"),
    (NotSupported, 422, "OperationNotSupported"),
    (NotOffered, 501, "OperationNotSupported"),
    (TooMuch, 403, "TooManyResults"),
    (InvalidRequest, 400, "InvalidRequest"),
    (TooLarge, 413, "InvalidRequest"),
    (BadInput, 400, "BadRequestData"),
    (Denied, 0, "InvalidRequest"),
    (NotFound, 404, "ResourceNotFound"),
    (Conflict, 409, "AlreadyExists"),
    (Unavailable, 0, "InternalError"),
)


def response_of(problem: Problem) -> Response:
    """Return the answer that tells ``problem``: the house's, with the ``type`` and status of NGSI-LD."""
    response = of_problem(problem)
    status, kind = next(
        ((status, kind) for known, status, kind in _TOLD if isinstance(problem, known)), (0, "InternalError")
    )
    status = status or response.status_code
    body = {**orjson.loads(response.body), "type": ERRORS + kind, "status": status}
    if status != response.status_code:
        body["title"] = kind
    headers = {name: value for name, value in response.headers.items() if name not in {"content-length", "retry-after"}}
    return Response(orjson.dumps(body), status, headers=headers)


class LdRoute(GuardedRoute):
    """A guarded route whose problems are told as NGSI-LD does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with problems turned into answers."""
        handle = super().get_route_handler()

        async def telling(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return response_of(problem)
            except RequestValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first.get("loc", ())))
                return response_of(BadInput(f"{first.get('msg')}.", where=where, mend="Correct it."))

        return telling
