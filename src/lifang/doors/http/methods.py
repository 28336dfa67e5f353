"""Methods: which ones an address offers, over the routes of every door (RFC 9110 §15.5.6 wants them in ``Allow``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

_ANY_ADDRESS = "/{"  # a route whose first part is a parameter answers whatever no other one does


def methods_at(app: FastAPI, path: str) -> frozenset[str]:
    """Return the methods that the routes made for ``path`` offer: those of its very name, else those that fit it.

    Those of the route for any address count only if there are no others.
    """
    found = list(_matching(app, path))
    named = [methods for pattern, methods in found if pattern == path]
    made_for_it = named or [methods for pattern, methods in found if not pattern.startswith(_ANY_ADDRESS)]
    return frozenset().union(*(made_for_it or [methods for _, methods in found]))


def refuse_method(request: Request) -> None:
    """Raise a 405 that names what the address offers, if it offers other methods than the request's."""
    offered = methods_at(request.app, request.url.path)
    if offered and request.method not in offered:
        raise HTTPException(405, headers={"Allow": allowed(offered)})


def allowed(methods: frozenset[str]) -> str:
    """Return methods as the ``Allow`` header lists them."""
    return ", ".join(sorted(methods))


def _matching(app: FastAPI, path: str) -> Iterator[tuple[str, frozenset[str]]]:
    for context in iter_route_contexts(app.routes):
        regex: re.Pattern[str] | None = getattr(context, "path_regex", None)
        if context.path and context.methods and regex is not None and regex.match(path):
            yield context.path, frozenset(context.methods)
