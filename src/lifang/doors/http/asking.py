"""Who asks and what was decided: one dependency in front of every route, and a route that insists on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import unquote

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from lifang.app import City
from lifang.core import BadInput, Denied, NotFound, Unauthenticated
from lifang.doors.http.bodies import SafeRequest
from lifang.doors.http.problems import of_problem
from lifang.guard import ANONYMOUS, Action, Decision, Resource, Subject, decide, is_public
from lifang.store import Entry

Item = TypeVar("Item")
COOKIE = "lifang_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PURPOSE_MAX = 200
_LISTED = 50  # ids named in one ledger record of a list


def city_of(request: Request) -> City:
    """Return the city that this app serves."""
    return cast("City", request.app.state.city)


class Asker:
    """The subject of one request with the purpose it states; every decision of the request goes through it."""

    def __init__(self, city: City, subject: Subject, purpose: str) -> None:
        self.city, self.subject, self.purpose = city, subject, purpose
        self.decisions = 0
        self._lock = threading.Lock()

    def decide(self, action: Action, resource: Resource) -> Decision:
        """Return the guard's decision."""
        with self._lock:
            self.decisions += 1
        return decide(self.subject, action, resource, self.purpose)

    def may(self, action: Action, resource: Resource) -> bool:
        """Return whether the guard allows it."""
        return self.decide(action, resource).allowed

    def must(self, action: Action, resource: Resource) -> Decision:
        """Return the decision if it allows, else raise ``Unauthenticated`` or ``Denied``; a denial is kept."""
        decision = self.decide(action, resource)
        if decision.allowed:
            return decision
        reasons = " ".join([*decision.reasons, decision.law]).strip()
        if self.subject.is_anonymous:
            raise Unauthenticated(reasons, where=_name(resource), mend="Log in or send a token.")
        self._record(resource, action.value, "denied", {"reasons": list(decision.reasons)})
        raise Denied(reasons, where=_name(resource), mend=self._mend(action, resource))

    def see(self, kind: str, reference: str, fetch: Callable[[], Item], resource: Callable[[Item], Resource]) -> Item:
        """Return what ``fetch`` finds if the asker may read it, and record the reading if it is not public.

        What may not be seen is ``NotFound`` in the very words of what is not there. Whoever lacks only a stated
        purpose is told so (``Denied``).
        """
        nothing = NotFound(f"There is no {kind} {reference[:80]!r}.", mend="List them to see those there are.")
        try:
            item = fetch()
        except NotFound:
            self.decide(Action.READ, Resource(kind))
            raise nothing from None
        found = resource(item)
        if not self.may(Action.READ, found):
            if self._would(Action.READ, found):
                self.must(Action.READ, found)
            if not self.subject.is_anonymous:
                self._record(found, Action.READ.value, "denied", {})
            raise nothing
        self.seen(found)
        return item

    def _would(self, action: Action, resource: Resource) -> bool:
        """Return whether a stated purpose would be enough."""
        return decide(self.subject, action, resource, "any stated purpose").allowed

    def _mend(self, action: Action, resource: Resource) -> str:
        if self._would(action, resource):
            return "State a purpose: header X-Lifang-Purpose, or ?purpose= in the address."
        return "Ask an administrator for the role, or the provider for the data."

    def seen(self, *resources: Resource, action: str = "read") -> None:
        """Record that the asker was given what is not public among ``resources``, in one ledger record."""
        hidden = [resource for resource in resources if not is_public(resource)]
        if not hidden:
            return
        whole = hidden[0] if len(hidden) == 1 else Resource(hidden[0].kind, "*", hidden[0].classification)
        detail: dict[str, Any] = {"classification": whole.classification.value}
        if len(hidden) > 1:
            detail |= {"count": len(hidden), "ids": [resource.id for resource in hidden[:_LISTED]]}
        self._record(whole, action, "allowed", detail)

    def _record(self, resource: Resource, action: str, outcome: str, detail: Mapping[str, Any]) -> None:
        entry = Entry(self.subject.id, action, _name(resource), self.purpose, outcome, detail)
        self.city.store.ledger.append(entry)


def _name(resource: Resource) -> str:
    return f"{resource.kind}:{resource.id}"


def identify(request: Request, city: City) -> Subject:
    """Return who asks: by bearer token, else by session cookie, else nobody; what is not valid is refused."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unauthenticated("The Authorization header is not a bearer token.", mend="Send `Bearer lfg_…`.")
        return city.subject_of(secret.strip())
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


def _recent(request: Request, city: City) -> Subject | None:
    """Return who asks if that is known without waiting: nobody, or the bearer of a token seen lately."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return city.recent_subject(secret.strip())
    return None if scheme or request.cookies.get(COOKIE) else ANONYMOUS


def _purpose(request: Request) -> str:
    text = unquote(request.headers.get("x-lifang-purpose") or request.query_params.get("purpose", "")).strip()
    if len(text) > _PURPOSE_MAX:
        raise BadInput(f"A purpose has at most {_PURPOSE_MAX} characters.", where="purpose")
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
        asker = Asker(city, subject, _purpose(request))
        request.state.asker = asker
        if not self.per_item:
            asker.must(self.action, self.resource)
        return asker


def asking(action: Action, resource: Resource, *, per_item: bool = False, identify: bool = True) -> Dependency:
    """Return the dependency that puts the guard in front of a route (see :class:`Rule`)."""
    rule = Rule(action, resource, per_item=per_item, identify=identify)
    return cast("Dependency", Depends(rule))


class GuardedRoute(APIRoute):
    """A route that answers only after a decision; one that forgot to ask fails closed with a 500."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with safe JSON in front and the check of decisions behind."""
        handle = super().get_route_handler()
        takes_json = self.body_field is not None

        async def guarded(request: Request) -> Response:
            safe = SafeRequest(request.scope, request.receive)
            try:
                if takes_json:
                    await safe.body()
                response = await handle(safe)
            except Unauthenticated as problem:
                return _without_stale_cookie(request, of_problem(problem))
            except ClientDisconnect:
                return Response(status_code=400)
            if response.status_code < 400 and not _decided(safe):
                raise RuntimeError(f"{request.method} {self.path} answered without a decision")
            return response

        return guarded


def _decided(request: Request) -> bool:
    asker = getattr(request.state, "asker", None)
    return isinstance(asker, Asker) and asker.decisions > 0


def _without_stale_cookie(request: Request, response: Response) -> Response:
    if COOKIE in request.cookies and "authorization" not in request.headers:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response
