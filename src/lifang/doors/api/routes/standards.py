"""Routes of the code lists: what a code is called, which limits a standard sets."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.doors.api.bodies.standards import CodeBody, CodeListBody, CodeListPage, CodePage
from lifang.doors.api.listing import After, Limit, after_number
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, encode_cursor
from lifang.guard import Action, Resource
from lifang.standards import Code, CodeList, code_list, code_lists

Reads = Annotated[Asker, asking(Action.READ, Resource("code_list"))]
Prefix = Annotated[str, Query(max_length=40, description="Only codes that begin so.")]


def router() -> APIRouter:
    """Return the routes of the code lists."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["standards"], responses=PROBLEMS)

    @routes.get("/standards", response_model=CodeListPage)
    def every(request: Request, asker: Reads) -> Response:
        """List the code lists with their editions and sources."""
        del asker
        return answer(request, CodeListPage(items=[_list(each) for each in code_lists()], next=None))

    @routes.get("/standards/{list_id}", response_model=CodePage)
    def one(
        list_id: str, request: Request, asker: Reads, prefix: Prefix = "", after: After = None, limit: Limit = 100
    ) -> Response:
        """Give one code list: its codes in the list's order, with names and the list's own columns."""
        del asker
        found, start = code_list(list_id), after_number("standards", after)
        fitting = (each for each in found if each.code.startswith(prefix))
        codes = list(islice(fitting, start, start + limit + 1))
        following = encode_cursor("standards", start + limit) if len(codes) > limit else None
        return answer(request, CodePage(of=_list(found), items=[_code(each) for each in codes[:limit]], next=following))

    return routes


def _list(found: CodeList) -> CodeListBody:
    names = ("id", "standard", "title_zh", "title_en", "edition", "source", "licence", "note")
    return CodeListBody(**{name: getattr(found, name) for name in names})


def _code(found: Code) -> CodeBody:
    dates = {name: day.isoformat() if (day := getattr(found, name)) else None for name in ("valid_from", "valid_to")}
    return CodeBody(
        code=found.code, zh=found.zh, en=found.en, parent=found.parent, properties=dict(found.properties), **dates
    )
