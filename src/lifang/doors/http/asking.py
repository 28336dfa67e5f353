"""Who asks over HTTP: one dependency in front of every route, and a route that insists on a decision."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Coroutine
from threading import RLock
from typing import Any, cast
from urllib.parse import unquote

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import compile_path

from lifang.app import Asker, City
from lifang.core import BadInput, Denied, Unauthenticated
from lifang.doors.http.bodies import SafeRequest
from lifang.doors.http.problems import of_problem
from lifang.guard import ANONYMOUS, PURPOSE_MAX, Action, Resource, Subject, decide

COOKIE = "lifang_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def city_of(request: Request) -> City:
    """Return the city that this app serves."""
    return cast("City", request.app.state.city)


def identify(request: Request, city: City) -> Subject:
    """Return who asks: by token, else by session cookie, else nobody; what is not valid is refused."""
    header = request.headers.get("authorization")
    if header is not None:
        secret = token_in(header)
        if not secret:
            raise Unauthenticated("The Authorization header is not a bearer token.", mend="Send `Bearer lfg_…`.")
        return city.subject_of(secret)
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return ANONYMOUS
    if request.method not in _SAFE and request.headers.get("x-lifang") != "page":
        raise Denied(
            "A change with a session cookie must come from the page.",
            where="header X-Lifang",
            mend="Send `X-Lifang: page`, or use a bearer token.",
        )
    return city.identity.subject_of_session(cookie)


def token_in(header: str) -> str:
    """Return the token that an ``Authorization`` header carries, empty if none.

    It is a bearer token (RFC 6750), or the password beside any name (RFC 7617), for programs that know no other way.
    """
    scheme, _, told = header.partition(" ")
    if scheme.lower() == "bearer":
        return told.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = b64decode(told.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ""
    return password or name


def _recent(request: Request, city: City) -> Subject | None:
    """Return who asks if that is known without waiting: nobody, or the bearer of a token seen lately."""
    header = request.headers.get("authorization", "")
    if secret := token_in(header):
        return city.recent_subject(secret)
    return None if header or request.cookies.get(COOKIE) else ANONYMOUS


def _purpose(request: Request) -> str:
    text = unquote(request.headers.get("x-lifang-purpose") or request.query_params.get("purpose", "")).strip()
    if len(text) > PURPOSE_MAX:
        raise BadInput(f"A purpose has at most {PURPOSE_MAX} characters.", where="purpose")
    return text


class Rule:
    """The dependency of a route: finds who asks, and where the route is about one kind of thing, decides at once.

    ``per_item`` leaves the decision to the handler, because it hangs on the item's classification.
    ``identify=False`` treats everybody as anonymous: log-in, log-out and the page's own files.
    """

    def __init__(self, action: Action, resource: Resource, *, per_item: bool, identify: bool) -> None:
        self.action, self.resource = action, resource
        self.per_item, self.identify = per_item, identify

    async def __call__(self, request: Request) -> Asker:
        """Return the asker of this request; only who is not known yet, or is denied, is looked up on a thread."""
        city = city_of(request)
        subject = _recent(request, city) if self.identify else ANONYMOUS
        if subject is None or not (self.per_item or decide(subject, self.action, self.resource).allowed):
            return await run_sync(self._ask, request, city)
        return self._asker(request, city, subject)

    def _ask(self, request: Request, city: City) -> Asker:
        return self._asker(request, city, identify(request, city) if self.identify else ANONYMOUS)

    def _asker(self, request: Request, city: City, subject: Subject) -> Asker:
        asker = city.asker(subject, _purpose(request))
        request.state.asker = asker
        if not self.per_item:
            asker.must(self.action, self.resource)
        return asker


def asking(action: Action, resource: Resource, *, per_item: bool = False, identify: bool = True) -> Dependency:
    """Return the dependency that puts the guard in front of a route (see :class:`Rule`)."""
    rule = Rule(action, resource, per_item=per_item, identify=identify)
    return cast("Dependency", Depends(rule))


class LateRoute(APIRoute):
    """A route that knows its address and methods, and of its handler only once anybody asks.

    A handler's parameters take a millisecond to understand: all of them together a third of a second of every start.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        self.path, self.endpoint, self.methods = path, endpoint, {each.upper() for each in told["methods"] or ["GET"]}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._understanding, self._told = RLock(), told

    def __getattr__(self, name: str) -> Any:
        """Return what FastAPI makes of the handler."""
        with self.__dict__["_understanding"]:
            if (told := self.__dict__.pop("_told", None)) is not None:
                super().__init__(self.path, self.endpoint, **told)
        return self.__getattribute__(name)


class GuardedRoute(LateRoute):
    """A route that answers only after a decision; one that forgot to ask fails closed with a 500.

    ``at`` in the query of a route that has no history is refused, so that nobody takes the present for the past.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with safe JSON in front and the check of decisions behind."""
        handle = super().get_route_handler()
        takes_json = self.body_field is not None
        knows_history = not self.include_in_schema or any(each.alias == "at" for each in self.dependant.query_params)

        async def guarded(request: Request) -> Response:
            safe = SafeRequest(request.scope, request.receive)
            try:
                if not knows_history and "at" in request.query_params:
                    raise BadInput("This address tells the present only.", where="at", mend="Leave `at` out.")
                if takes_json:
                    await safe.body()
                response = await handle(safe)
            except Unauthenticated as problem:
                return without_stale_cookie(request, of_problem(problem))
            except ClientDisconnect:
                return Response(status_code=400)
            if response.status_code < 400 and not decided(safe):
                raise RuntimeError(f"{request.method} {self.path} answered without a decision")
            return response

        return guarded


def decided(request: Request) -> bool:
    """Return whether the guard was asked for this request."""
    asker = getattr(request.state, "asker", None)
    return isinstance(asker, Asker) and asker.decisions > 0


def without_stale_cookie(request: Request, response: Response) -> Response:
    """Return ``response``, which takes back the session cookie that was not accepted."""
    if COOKIE in request.cookies and "authorization" not in request.headers:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response
