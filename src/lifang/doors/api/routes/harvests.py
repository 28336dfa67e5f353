"""Routes of harvests: which portals are harvested, what came of it, and to do it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.doors.api.bodies.harvests import HarvestAsked, SourceBody, SourcePage
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource

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
    return routes


def every(request: Request, asker: Reads) -> Response:
    """List the portals that are harvested, with what came of it."""
    items = [SourceBody.model_validate(each.as_json()) for each in asker.city.harvests.sources()]
    return answer(request, SourcePage(items=items, next=None))


def one(source_id: str, request: Request, asker: Reads) -> Response:
    """Give one portal with what came of its last harvest."""
    return answer(request, SourceBody.model_validate(asker.city.harvests.source(source_id).as_json()))


def begin(body: HarvestAsked, request: Request, asker: Manages) -> Response:
    """Harvest a portal: DCAT in any form of RDF, data.json or CKAN; answer with the job that reads it."""
    source = asker.city.harvests.add(
        body.url,
        by=asker.subject,
        kind=body.kind,
        source_id=body.id,
        title=body.title,
        classification=Classification(body.classification),
    )
    return _start(request, asker, source.id)


def again(source_id: str, request: Request, asker: Runs) -> Response:
    """Harvest a portal again: only what has changed is written."""
    return _start(request, asker, asker.city.harvests.source(source_id).id)


def _start(request: Request, asker: Asker, source_id: str) -> Response:
    job = asker.city.jobs.submit("harvest", {"source": source_id}, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)
