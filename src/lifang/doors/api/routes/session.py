"""Routes of the page's session: log in, see who one is, log out."""

from __future__ import annotations

from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.core import Denied, Unauthenticated, Unavailable
from lifang.doors.api.bodies.session import LogIn, SessionBody, SubjectBody
from lifang.doors.http import COOKIE, PROBLEMS, Asker, GuardedRoute, answer, asking, identify
from lifang.guard import ANONYMOUS, Action, Resource, Subject

_AT_ONCE = 2  # log-ins hashed at the same time: each takes tens of megabytes
_WAITING = 50
Anyone = Annotated[Asker, asking(Action.READ, Resource("city"), identify=False)]


def subject_body(subject: Subject) -> SubjectBody | None:
    """Return the subject as the page knows it; null for an anonymous visitor."""
    if subject.is_anonymous:
        return None
    return SubjectBody(id=subject.id, name=subject.name, roles=sorted(subject.roles))


def router() -> APIRouter:
    """Return the routes of the session."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["session"], responses=PROBLEMS)
    logging_in = CapacityLimiter(_AT_ONCE)

    @routes.post("/session", response_model=SessionBody)
    async def log_in(request: Request, body: LogIn, asker: Anyone) -> Response:
        """Log in: the answer sets the session cookie."""
        if logging_in.statistics().tasks_waiting > _WAITING:
            raise Unavailable("Too many people are logging in.", mend="Try again in a few seconds.")
        identity = asker.city.identity
        session = await run_sync(identity.log_in, body.name, body.password, limiter=logging_in)
        response = answer(request, SessionBody(subject=subject_body(session.subject)))
        settings = asker.city.settings
        response.set_cookie(
            COOKIE,
            session.token,
            max_age=settings.session_max_age_s,
            path="/",
            httponly=True,
            samesite="strict",
            secure=settings.secure_cookies,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get("/session", response_model=SessionBody)
    def who(request: Request, asker: Anyone) -> Response:
        """Say who is asking; null for an anonymous visitor or an ended session."""
        known = _known(request, asker)
        response = answer(request, SessionBody(subject=subject_body(known)))
        if known.is_anonymous and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    @routes.delete("/session", status_code=204, response_class=Response)
    def log_out(request: Request, asker: Anyone) -> Response:
        """Log out: the session ends here and now."""
        token = request.cookies.get(COOKIE)
        if token and request.headers.get("x-lifang") != "page":
            raise Denied("Only the page may log out.", where="header X-Lifang", mend="Send `X-Lifang: page`.")
        if token:
            asker.city.identity.log_out(token)
        response = Response(status_code=204)
        if token:
            response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    return routes


def _known(request: Request, asker: Asker) -> Subject:
    try:
        return identify(request, asker.city)
    except Unauthenticated:
        return ANONYMOUS
