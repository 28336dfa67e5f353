"""The route of the synthetic population: a job makes it from published figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from lifang.app import Asker
from lifang.doors.api.bodies.kinds import Asked
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.population import PERSONS_MAX

Admits = Annotated[Asker, asking(Action.ADMIT, Resource("dataset"))]


class Synthesis(Asked):
    """How many synthetic persons to make, and from which seed: the same seed gives the same persons."""

    persons: Annotated[int, Field(ge=1_000, le=PERSONS_MAX)] = 1_000_000
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 2020


def router() -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["population"], responses=PROBLEMS)

    @routes.post("/population/synthesis", status_code=202, response_model=JobBody)
    def synthesise(request: Request, body: Synthesis, asker: Admits) -> Response:
        """Make synthetic persons, households and legal entities from published figures; none of them is real."""
        job = asker.city.jobs.submit("synthesise_population", body.model_dump(), subject=asker.subject)
        return answer(request, job_body(job, asker), status=202)

    return routes
