"""A short way for the routes that take in observations: past the search through all routes, not past the guard.

The routes stand in the app like all others, with their description; a request for exactly their address, with nothing
in its query, is handed to them by the outermost layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import cast

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lifang.core import Unauthenticated
from lifang.doors.http.asking import GuardedRoute, Rule, decided, without_stale_cookie
from lifang.doors.http.bodies import SafeRequest
from lifang.doors.http.problems import of_problem

Ways = Mapping[tuple[str, str], "ShortRoute"]


class ShortRoute(GuardedRoute):
    """A guarded route whose handler takes the request and its asker, nothing else: it can be called at once."""

    @cached_property
    def _rule(self) -> Rule:
        return next(each.call for each in self.dependant.dependencies if isinstance(each.call, Rule))

    async def directly(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as the app would: guard first, problems left to the shell."""
        request = SafeRequest(scope, receive)
        scope["route"] = self
        try:
            asker = await self._rule(request)
            response: Response = await self.endpoint(request, asker)
        except Unauthenticated as problem:
            response = without_stale_cookie(request, of_problem(problem))
        except ClientDisconnect:
            response = Response(status_code=400)
        if response.status_code < 400 and not decided(request):
            raise RuntimeError(f"{request.method} {self.path} answered without a decision")
        await response(scope, receive, send)


class ShortWay:
    """ASGI middleware: hands requests for the app's :class:`ShortRoute` to them, all others on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http" and not scope["query_string"]:
            ways = cast("Ways", scope["app"].state.short_ways)
            if (route := ways.get((scope["method"], scope["path"]))) is not None:
                await route.directly(scope, receive, send)
                return
        await self._app(scope, receive, send)


def short_ways(routes: Iterable[object]) -> Ways:
    """Return the short ways among ``routes``, by method and address."""
    short = (route for route in routes if isinstance(route, ShortRoute))
    return {(method, route.path): route for route in short for method in route.methods or ()}
