"""Routes of the city itself: what it is, and the clock it runs by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.doors.api.bodies.city import CityBody, ClockBody, ReplayChange
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Resource


def router() -> APIRouter:
    """Return the routes of the city and its replay."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["city"], responses=PROBLEMS)

    @routes.get("/city", response_model=CityBody)
    def city(request: Request, asker: Annotated[Asker, asking(Action.READ, Resource("city"))]) -> Response:
        """Say what the city is, what time it is there, and which layers its map has."""
        return answer(request, CityBody.model_validate(asker.city.describe(asker)))

    @routes.get("/replay", response_model=ClockBody)
    def clock(request: Request, asker: Annotated[Asker, asking(Action.READ, Resource("replay"))]) -> Response:
        """Say by which clock the city runs."""
        return answer(request, ClockBody.model_validate(asker.city.pulse.state()))

    @routes.post("/replay", response_model=ClockBody)
    def steer(
        request: Request, body: ReplayChange, asker: Annotated[Asker, asking(Action.RUN, Resource("replay"))]
    ) -> Response:
        """Pause, resume or change the speed of the replay."""
        state = asker.city.set_replay(speed=body.speed, paused=body.paused, by=asker.subject)
        return answer(request, ClockBody.model_validate(state))

    return routes
