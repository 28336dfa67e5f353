"""Routes of thresholds: when what a sensor measures is worth an alert."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from lifang.app import Asker
from lifang.doors.api.bodies.kinds import Asked, Name, Said
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.operations import SCENE, Threshold, ThresholdLevel

Reads = Annotated[Asker, asking(Action.READ, Resource("threshold"))]
Sets = Annotated[Asker, asking(Action.OBSERVE, Resource("threshold"))]
Number = Annotated[float, Field(ge=-1e12, le=1e12)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]
Text = Annotated[str, Field(max_length=200)]
Colour = Literal["blue", "yellow", "orange", "red"]


class LevelBody(Asked):
    """One severity: on at or beyond ``fire``, off again within ``clear``."""

    severity: Colour
    fire: Number
    clear: Number


class NewThreshold(Asked):
    """A threshold: of one datastream, or of every datastream of an observed property with this unit (UCUM)."""

    zh: Text
    en: Text
    unit: Text
    levels: Annotated[list[LevelBody], Field(min_length=1, max_length=4)]
    observed_property: Text = ""
    datastream: Text = ""
    direction: Literal["above", "below"] = "above"
    hold_s: Seconds = 0.0
    clear_hold_s: Seconds = 0.0
    citation: Annotated[str, Field(max_length=2000)] = ""
    enabled: bool = True


class ThresholdBody(Said):
    """A threshold as it stands."""

    id: str
    name: Name
    unit: str
    levels: list[LevelBody]
    observed_property: str
    datastream: str
    direction: str
    hold_s: float
    clear_hold_s: float
    citation: str
    enabled: bool


class ThresholdPage(Said):
    """Thresholds, by id."""

    items: list[ThresholdBody]
    next: str | None


def _body(found: Threshold) -> ThresholdBody:
    told = {
        **vars(found),
        "name": Name(zh=found.zh, en=found.en),
        "levels": [LevelBody(**vars(each)) for each in found.levels],
    }
    return ThresholdBody(**{name: told[name] for name in ThresholdBody.model_fields})


def router() -> APIRouter:
    """Return the routes of thresholds."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["alerts"], responses=PROBLEMS)

    @routes.get("/thresholds", response_model=ThresholdPage)
    def every(request: Request, asker: Reads) -> Response:
        """List the thresholds."""
        return answer(request, ThresholdPage(items=[_body(each) for each in asker.city.thresholds.all()], next=None))

    @routes.get("/thresholds/{threshold_id}", response_model=ThresholdBody)
    def one(threshold_id: str, request: Request, asker: Reads) -> Response:
        """Give one threshold."""
        return answer(request, _body(asker.city.thresholds.get(threshold_id)))

    @routes.put("/thresholds/{threshold_id}", response_model=ThresholdBody)
    def put(threshold_id: str, request: Request, body: NewThreshold, asker: Sets) -> Response:
        """Set a threshold; values are held against it from now on."""
        levels = tuple(ThresholdLevel(**each.model_dump()) for each in body.levels)
        told = Threshold(id=threshold_id, **{**body.model_dump(), "levels": levels})
        asker.city.thresholds.put(told, by=asker.subject)
        asker.city.scenes.run(SCENE)
        return answer(request, _body(asker.city.thresholds.get(threshold_id)))

    @routes.delete("/thresholds/{threshold_id}", status_code=204)
    def remove(threshold_id: str, asker: Sets) -> Response:
        """Take a threshold out; its alerts clear."""
        asker.city.thresholds.get(threshold_id)
        asker.city.thresholds.remove(threshold_id, by=asker.subject)
        asker.city.scenes.run(SCENE)
        return Response(status_code=204)

    return routes
