"""Routes of the data-ethics office: impact assessments, the register of uses, articles of law, usage."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import SharingDesk, Use
from lifang.catalogue import Assessment, Usage
from lifang.core import format_instant
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.sharing import (
    AnswersBody,
    AssessmentBody,
    AssessmentPage,
    FormBody,
    LawBody,
    LawPage,
    QuestionBody,
    UsageBody,
    UsagePage,
    UseBody,
    UsePage,
)
from lifang.doors.api.listing import After, Limit, after_id, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, decode_cursor, encode_cursor
from lifang.guard import Action, Resource
from lifang.standards import code_list

Codes = Annotated[Asker, asking(Action.READ, Resource("code_list"))]
Register = Annotated[Asker, asking(Action.READ, Resource("use"))]
Agrees = Annotated[Asker, asking(Action.READ, Resource("agreement"), per_item=True)]
Id = Annotated[str, Path(max_length=80)]
Filter = Annotated[str | None, Query(max_length=80)]


def router() -> APIRouter:
    """Return the routes of the data-ethics office."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["ethics"], responses=PROBLEMS)
    routes.add_api_route("/ethics/laws", laws, response_model=LawPage)
    routes.add_api_route("/ethics/form", form, response_model=FormBody)
    routes.add_api_route("/ethics/register", register, response_model=UsePage)
    path = "/sharing/agreements/{agreement_id}/assessments"
    routes.add_api_route(path, assessments, response_model=AssessmentPage)
    routes.add_api_route(path, assess, methods=["POST"], status_code=201, response_model=AssessmentBody)
    routes.add_api_route("/usage", usage, response_model=UsagePage)
    return routes


def laws(request: Request, asker: Codes) -> Response:
    """List the articles of law that the use of data rests on: one line each, with a link, never the text."""
    del asker
    found = code_list("data_laws")
    items = [
        LawBody(
            id=each.code,
            law=Name(zh=each.properties["law_zh"], en=each.properties["law_en"]),
            article=each.properties["article"],
            summary=Name(zh=each.zh, en=each.en),
            url=each.properties["url"],
        )
        for each in found
    ]
    return answer(request, LawPage(edition=found.edition, note=found.note, items=items, next=None))


def form(request: Request, asker: Codes) -> Response:
    """Give the form of an impact assessment: its questions, each with the article that it comes from."""
    del asker
    found = code_list("impact_assessment")
    questions = [
        QuestionBody(id=each.code, question=Name(zh=each.zh, en=each.en), law=each.properties["law"]) for each in found
    ]
    return answer(request, FormBody(edition=found.edition, source=found.source, questions=questions))


def register(request: Request, asker: Register, after: After = None, limit: Limit = 100) -> Response:
    """List who uses what for what, under which agreement: open to everyone, without names of persons."""
    desk = SharingDesk(asker)
    found = desk.register(after=after_id("register", after), limit=limit + 1)
    items, following = paged("register", found, limit, lambda each: each.agreement.id)
    return answer(request, UsePage(items=[_use(each, desk) for each in items], next=following))


def assessments(agreement_id: Id, request: Request, asker: Agrees) -> Response:
    """List the versions of the impact assessment of a request, the newest first."""
    found = SharingDesk(asker).assessments(agreement_id)
    return answer(request, AssessmentPage(items=[_assessment(each) for each in found], next=None))


def assess(agreement_id: Id, body: AnswersBody, request: Request, asker: Agrees) -> Response:
    """Write the impact assessment of a request; a further one is a new version, none is changed."""
    made = SharingDesk(asker).assess(agreement_id, body.answers, acceptable=body.acceptable)
    return answer(request, _assessment(made), status=201)


def usage(
    request: Request,
    asker: Agrees,
    dataset: Filter = None,
    subject: Filter = None,
    agreement: Filter = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List what was taken of datasets, by day: for data officers by anybody, for others by themselves."""
    known = decode_cursor("usage", after, str, str)
    past = (str(known[0]), str(known[1])) if known else None
    found = SharingDesk(asker).usage(dataset=dataset, subject=subject, agreement=agreement, after=past, limit=limit + 1)
    items = found[:limit]
    more = encode_cursor("usage", items[-1].day, items[-1].id) if len(found) > limit else None
    return answer(request, UsagePage(items=[_usage(each) for each in items], next=more))


def _use(use: Use, desk: SharingDesk) -> UseBody:
    agreement, card = use.agreement, use.card
    return UseBody(
        agreement=agreement.id,
        dataset=card.id,
        name=Name(zh=card.name.zh, en=card.name.en),
        provider=Name(zh=card.provider.zh, en=card.provider.en),
        user=agreement.organisation if agreement.for_organisation else "",
        purpose=agreement.purpose,
        fields=list(agreement.fields),
        whole=not agreement.rows,
        since=format_instant(agreement.since) if agreement.since else "",
        until=format_instant(agreement.ended or agreement.until),
        status=agreement.status(desk.now),
        assessed=bool(agreement.assessment),
    )


def _assessment(found: Assessment) -> AssessmentBody:
    return AssessmentBody.model_validate({**vars(found), "recorded": format_instant(found.recorded)})


def _usage(found: Usage) -> UsageBody:
    return UsageBody.model_validate({**vars(found), "last": format_instant(found.last)})
