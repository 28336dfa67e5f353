"""Routes of scenarios: what the city would be, beside what it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.app import TwinView
from lifang.core import format_instant, from_micros, parse_instant, to_micros
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.twin_scenarios import Adoption, NewScenario, ScenarioBody, ScenarioList
from lifang.doors.api.routes.twin import Admits
from lifang.doors.api.routes.twin_places import Sees
from lifang.doors.http import PROBLEMS, GuardedRoute, answer
from lifang.twin import Scenario


def router() -> APIRouter:
    """Return the routes of scenarios."""
    routes = APIRouter(prefix="/api/v1/twin/scenarios", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route("", every, response_model=ScenarioList, summary="The scenarios")
    routes.add_api_route("", put, methods=["POST"], response_model=ScenarioBody, summary="Put a scenario")
    routes.add_api_route(
        "/{scenario}/adoption",
        adopt,
        methods=["POST"],
        response_model=ScenarioBody,
        summary="Adopt a scenario into the plan",
    )
    routes.add_api_route(
        "/{scenario}/adoption",
        take_back,
        methods=["DELETE"],
        response_model=ScenarioBody,
        summary="Take the adoption of a scenario back",
    )
    return routes


def every(request: Request, asker: Sees) -> Response:
    """List the scenarios that the asker may know."""
    return answer(request, ScenarioList(items=[_body(each) for each in TwinView(asker).scenarios()]))


def put(request: Request, asker: Admits, body: NewScenario) -> Response:
    """Put a scenario, in place of one of the same id: name its models first, then add them.

    Objects of its models stand in it alone; those it removes are gone in it. All else is as the city is.
    """
    scenario = Scenario(
        body.id, body.name.zh, body.name.en, tuple(body.models), tuple(body.removes), body.classification
    )
    made = asker.city.twin.scenarios.put(scenario, at=to_micros(asker.city.now), by=asker.subject)
    return answer(request, _body(made))


def adopt(scenario: str, request: Request, asker: Admits, body: Adoption) -> Response:
    """Adopt a scenario: from a moment on the city is planned to be as it has it, and what it removes is gone.

    Until then the city stays as it is. It cannot be put again under its id; its objects are as other planned ones.
    Taken back it stands beside the city again.
    """
    since = parse_instant(body.valid_from)
    return answer(request, _body(TwinView(asker).adopt(scenario, since=since, stage=body.stage)))


def take_back(scenario: str, request: Request, asker: Admits) -> Response:
    """Take the adoption of a scenario back: its objects are as they were known before, in new versions.

    What was planned meanwhile stays in their history. 409 if one of them was changed since it was adopted.
    """
    return answer(request, _body(TwinView(asker).take_back(scenario)))


def _body(scenario: Scenario) -> ScenarioBody:
    return ScenarioBody(
        id=scenario.id,
        name=Name(zh=scenario.zh, en=scenario.en),
        models=list(scenario.models),
        removes=list(scenario.removes),
        classification=scenario.classification.value,
        adopted=None if scenario.adopted is None else format_instant(from_micros(scenario.adopted)),
    )
