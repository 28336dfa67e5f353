"""Methods: which ones an address offers, over the routes of every door (RFC 9110 §15.5.6 wants them in ``Allow``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException


def methods_at(app: FastAPI, path: str) -> frozenset[str]:
    """Return the methods that the routes made for ``path`` offer: those whose pattern names most of it."""
    found = [(len(pattern.partition("{")[0]), methods) for pattern, methods in _matching(app, path)]
    most = max((named for named, _ in found), default=0)
    return frozenset().union(*(methods for named, methods in found if named == most))


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
