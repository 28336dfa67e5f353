"""Routes of harvests: which portals are harvested, what came of it, and to do it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.doors.api.bodies.harvests import (
    HarvestAsked,
    HarvestChanged,
    HarvestTrialBody,
    HarvestTried,
    Listed,
    NotTaken,
    SourceBody,
    SourcePage,
)
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, in_chinese
from lifang.guard import Action, Classification, Resource
from lifang.harvest import Source

Reads = Annotated[Asker, asking(Action.READ, Resource("harvest"))]
Manages = Annotated[Asker, asking(Action.MANAGE, Resource("harvest"))]
Runs = Annotated[Asker, asking(Action.RUN, Resource("harvest"))]


def router() -> APIRouter:
    """Return the routes of harvests."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["harvests"], responses=PROBLEMS)
    routes.add_api_route("/harvests", every, response_model=SourcePage)
    routes.add_api_route("/harvests", begin, methods=["POST"], status_code=202, response_model=JobBody)
    routes.add_api_route("/harvests/{source_id}", one, response_model=SourceBody)
    routes.add_api_route("/harvests/{source_id}", again, methods=["POST"], status_code=202, response_model=JobBody)
    routes.add_api_route("/harvests/{source_id}", change, methods=["PATCH"], response_model=SourceBody)
    routes.add_api_route("/harvests/{source_id}", remove, methods=["DELETE"], status_code=204, response_class=Response)
    routes.add_api_route("/harvest-trials", try_out, methods=["POST"], response_model=HarvestTrialBody)
    return routes


def every(request: Request, asker: Reads) -> Response:
    """List the portals that are harvested, with what came of it."""
    items = [_body(each) for each in asker.city.harvests.sources()]
    return answer(request, SourcePage(items=items, next=None))


def one(source_id: str, request: Request, asker: Reads) -> Response:
    """Give one portal with what came of its last harvest."""
    return answer(request, _body(asker.city.harvests.source(source_id)))


def begin(body: HarvestAsked, request: Request, asker: Manages) -> Response:
    """Harvest a portal: DCAT in any form of RDF, data.json or CKAN; answer with the job that reads it."""
    source = asker.city.harvests.add(
        body.url,
        by=asker.subject,
        kind=body.kind,
        source_id=body.id,
        title=body.title,
        classification=Classification(body.classification),
        every_days=body.every_days,
    )
    return _start(request, asker, source.id)


def again(source_id: str, request: Request, asker: Runs) -> Response:
    """Harvest a portal again: only what has changed is written."""
    return _start(request, asker, asker.city.harvests.source(source_id).id)


def change(source_id: str, body: HarvestChanged, request: Request, asker: Manages) -> Response:
    """Say how often a portal is read by itself, or let it rest."""
    changed = asker.city.harvests.change(source_id, by=asker.subject, **body.model_dump())
    return answer(request, _body(changed))


def remove(source_id: str, asker: Manages) -> Response:
    """Have a portal read no more; its datasets stay, and say where they are from."""
    asker.city.harvests.remove(source_id, by=asker.subject)
    return Response(status_code=204)


def try_out(body: HarvestTried, request: Request, asker: Manages) -> Response:
    """Ask a portal a first question: what it speaks, and what it lists; nothing of it is kept."""
    found = asker.city.harvests.tried(body.url, kind=body.kind, by=asker.subject)
    examples = [
        Listed(identifier=each.identifier, title=Name(zh=each.title.zh, en=each.title.en)) for each in found.examples
    ]
    refused = [NotTaken(identifier=identifier[:300], why=why[:500]) for identifier, why in found.refused]
    told = HarvestTrialBody(kind=found.kind, found=found.found, whole=found.whole, examples=examples, refused=refused)
    return answer(request, told)


def _start(request: Request, asker: Asker, source_id: str) -> Response:
    job = asker.city.jobs.submit("harvest", {"source": source_id}, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def _body(source: Source) -> SourceBody:
    told = source.as_json()
    if source.trouble:
        told["trouble"] = {**source.trouble, "zh": in_chinese(source.trouble)}
    return SourceBody.model_validate(told)
