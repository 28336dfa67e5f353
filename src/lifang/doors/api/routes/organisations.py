"""Routes of organisations: the bodies that people belong to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.app import Asker
from lifang.doors.api.bodies.house import NewOrganisation, OrganisationBody, OrganisationPage
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.listing import After, Limit, after_id, paged
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource
from lifang.identity import Organisation

_ANY = Resource("organisation", "*", Classification.SHARED)
Reads = Annotated[Asker, asking(Action.READ, _ANY)]
Manages = Annotated[Asker, asking(Action.MANAGE, _ANY)]


def router() -> APIRouter:
    """Return the routes of organisations."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["people"], responses=PROBLEMS)

    @routes.get("/organisations", response_model=OrganisationPage)
    def every(request: Request, asker: Reads, after: After = None, limit: Limit = 100) -> Response:
        """List the organisations that people may belong to."""
        later = after_id("organisations", after) or ""
        found = [each for each in asker.city.identity.organisations() if each.id > later][: limit + 1]
        items, following = paged("organisations", found, limit, lambda each: each.id)
        asker.seen(_ANY)
        return answer(request, OrganisationPage(items=[_body(each) for each in items], next=following))

    @routes.post("/organisations", status_code=201, response_model=OrganisationBody)
    def add(request: Request, body: NewOrganisation, asker: Manages) -> Response:
        """Add an organisation, such as a bureau."""
        added = asker.city.identity.add_organisation(body.id, zh=body.zh, en=body.en, by=asker.subject)
        return answer(request, _body(added), status=201)

    return routes


def _body(organisation: Organisation) -> OrganisationBody:
    return OrganisationBody(id=organisation.id, name=Name(zh=organisation.zh, en=organisation.en))
