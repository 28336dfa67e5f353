"""Routes of the data standards: what a dataset of a kind holds; register one, try one, compare two."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.catalogue import Registered
from lifang.core import format_instant
from lifang.doors.api.bodies.data_standards import (
    ChangeBody,
    DiffBody,
    ElementBody,
    FaultBody,
    LintBody,
    RegisteredBody,
    StandardBody,
    StandardFile,
    StandardPage,
    StandardSummary,
)
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, bytes_answer
from lifang.guard import Action, Resource
from lifang.standards import Change, Element, as_markdown, compare, lint

Reads = Annotated[Asker, asking(Action.READ, Resource("data_standard"))]
Manages = Annotated[Asker, asking(Action.MANAGE, Resource("data_standard"))]
Filter = Annotated[str | None, Query(max_length=64)]
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def router() -> APIRouter:
    """Return the routes of the data standards."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["standards"], responses=PROBLEMS)
    routes.add_api_route("/standards/data", every, response_model=StandardPage)
    routes.add_api_route("/standards/data", register, methods=["POST"], status_code=201, response_model=RegisteredBody)
    routes.add_api_route("/standard-faults", faults, methods=["POST"], response_model=LintBody)
    routes.add_api_route("/standards/data/{reference}", one, response_model=StandardBody)
    routes.add_api_route("/standards/data/{reference}/text", text, responses=_TEXT)
    routes.add_api_route("/standards/data/{reference}/docs", docs, responses=_TEXT)
    routes.add_api_route("/standards/data/{reference}/diff", diff, response_model=DiffBody)
    return routes


def every(request: Request, asker: Reads, kind: Filter = None, theme: Filter = None) -> Response:
    """List the data standards, every edition: those that lifang ships, then the city's own."""
    found = [
        each
        for each in asker.city.catalogue.standards.every()
        if kind in (None, each.standard.kind) and theme in (None, each.standard.theme)
    ]
    return answer(
        request, StandardPage(items=[StandardSummary.model_validate(_summary(each)) for each in found], next=None)
    )


def register(body: StandardFile, request: Request, asker: Manages) -> Response:
    """Register a data standard; an edition never changes, the same text again changes nothing."""
    made = asker.city.catalogue.standards.add(body.toml, by=asker.subject)
    standard = _body(asker.city.catalogue.standards.get(made.standard.reference))
    told = RegisteredBody(standard=standard, unchanged=made.unchanged, changes=_changes(made.changes))
    return answer(request, told, status=200 if made.unchanged else 201)


def faults(body: StandardFile, request: Request, asker: Manages) -> Response:
    """Say what is wrong with the text of a data standard, line by line; nothing is kept."""
    del asker
    found = lint(body.toml)
    told = [FaultBody(**vars(each)) for each in found]
    return answer(request, LintBody(ok=all(each.warning for each in found), faults=told))


def one(reference: str, request: Request, asker: Reads) -> Response:
    """Give a data standard with its elements: `legal_entity@1`, or the newest edition of `legal_entity`."""
    return answer(request, _body(asker.city.catalogue.standards.get(reference)))


def text(reference: str, request: Request, asker: Reads) -> Response:
    """Give the TOML text of a data standard as it was registered."""
    content = asker.city.catalogue.standards.text(reference).encode()
    return bytes_answer(request, content, media_type="text/plain; charset=utf-8")


def docs(reference: str, request: Request, asker: Reads) -> Response:
    """Give a data standard as Markdown."""
    content = as_markdown(asker.city.catalogue.standards.get(reference).standard).encode()
    return bytes_answer(request, content, media_type="text/markdown; charset=utf-8")


def diff(
    reference: str, request: Request, asker: Reads, to: Annotated[str, Query(max_length=100, description="Another.")]
) -> Response:
    """Say what another standard or edition changes of this one, and whether data that kept this one may fail it."""
    standards = asker.city.catalogue.standards
    before, after = standards.get(reference).standard, standards.get(to).standard
    changes = _changes(compare(before, after))
    breaking = any(each.breaking for each in changes)
    told = DiffBody(before=before.reference, after=after.reference, breaking=breaking, changes=changes)
    return answer(request, told)


def _summary(found: Registered) -> dict[str, object]:
    standard = found.standard
    names = ("reference", "id", "edition", "kind", "theme", "source", "grade", "personal")
    return {
        **{name: getattr(standard, name) for name in names},
        "title": Name(zh=standard.title_zh, en=standard.title_en),
        "shipped": found.shipped,
        "recorded": format_instant(found.recorded) if found.recorded else None,
        "by": found.by,
        "element_count": len(standard.elements),
    }


def _body(found: Registered) -> StandardBody:
    standard = found.standard
    return StandardBody.model_validate(
        {
            **_summary(found),
            "summary": Name(zh=standard.summary_zh, en=standard.summary_en),
            "note": standard.note,
            "grading": dict(standard.grading),
            "elements": [_element(each) for each in standard.elements],
        }
    )


def _element(element: Element) -> ElementBody:
    told = element.as_json()
    name = Name(zh=told.pop("zh"), en=told.pop("en"))
    definition = Name(zh=told.pop("definition_zh"), en=told.pop("definition_en"))
    return ElementBody(**told, name=name, definition=definition)


def _changes(changes: Iterable[Change]) -> list[ChangeBody]:
    return [ChangeBody(**each.as_json(), text=str(each)) for each in changes]
