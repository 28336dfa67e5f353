"""A signpost before the routes: by how its address begins, a request is led to the few routes that could take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_PARTS = 3  # of an address: how it begins
_Parts = tuple[str, ...]


class Signpost(BaseRoute):
    """Takes what the first of ``routes`` to match would take; the rest (no such address or method) goes on to them."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        said = [(_fixed(getattr(route, "path", "")), route) for route in routes]
        self._ways: Mapping[_Parts, list[BaseRoute]] = {
            way: [route for parts, route in said if parts == way[: len(parts)]] for way in {parts for parts, _ in said}
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the match of the first route that takes the request whole, if there is one."""
        for route in self._way(scope["path"]) if scope["type"] == "http" else ():
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, {"route": route, **found}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope["route"].handle(scope, receive, send)

    def _way(self, path: str) -> Sequence[BaseRoute]:
        parts = tuple(path.split("/", _PARTS + 1)[1 : _PARTS + 1])
        while parts not in self._ways and parts:
            parts = parts[:-1]
        return self._ways.get(parts, ())


def _fixed(path: str) -> _Parts:
    """Return the parts with which every address of a route begins, ``_PARTS`` at most."""
    parts = path.split("/", _PARTS + 1)[1 : _PARTS + 1]
    return tuple(parts[: next((at for at, part in enumerate(parts) if "{" in part), len(parts))])
