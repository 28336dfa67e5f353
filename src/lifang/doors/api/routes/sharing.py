"""Routes of the sharing desk: what is shared on conditions, requests for it, their review, agreements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import Offer, SharingDesk
from lifang.catalogue import Agreement, SharingRequest
from lifang.core import BadInput
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.sharing import (
    AgreementBody,
    AgreementPage,
    FieldBody,
    OfferBody,
    OfferPage,
    ReasonsBody,
    ReviewBody,
    SharingRequestBody,
    Status,
)
from lifang.doors.api.listing import After, Limit, after_id, moment, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Resource

Lists = Annotated[Asker, asking(Action.LIST, Resource("dataset"))]
Agrees = Annotated[Asker, asking(Action.READ, Resource("agreement"), per_item=True)]
Id = Annotated[str, Path(max_length=80)]
Filter = Annotated[str | None, Query(max_length=64)]


def router() -> APIRouter:
    """Return the routes of the sharing desk."""
    routes = APIRouter(prefix="/api/v1/sharing", route_class=GuardedRoute, tags=["sharing"], responses=PROBLEMS)
    routes.add_api_route("/offers", offers, response_model=OfferPage)
    routes.add_api_route("/requests", ask, methods=["POST"], status_code=201, response_model=AgreementBody)
    routes.add_api_route("/agreements", every, response_model=AgreementPage)
    routes.add_api_route("/agreements/{agreement_id}", one, response_model=AgreementBody)
    for name, step in (("approve", approve), ("refuse", refuse), ("end", end)):
        routes.add_api_route(
            f"/agreements/{{agreement_id}}/{name}", step, methods=["POST"], response_model=AgreementBody
        )
    return routes


def offers(request: Request, asker: Lists, after: After = None, limit: Limit = 100) -> Response:
    """List the datasets shared on conditions that the asker may know of, with the fields that may be asked for."""
    known = after_id("offers", after) or ""
    everything = sorted(SharingDesk(asker).offers(), key=lambda each: each.card.id)
    found = [each for each in everything if each.card.id > known]
    items, following = paged("offers", found, limit, lambda each: each.card.id)
    return answer(request, OfferPage(items=[_offer(each) for each in items], next=following))


def ask(body: SharingRequestBody, request: Request, asker: Agrees) -> Response:
    """Ask for fields and rows of a dataset that is shared on conditions, for a purpose and a term."""
    until = moment(body.until)
    if until is None:
        raise BadInput("The term has no end.", where="until", mend="Write ISO 8601 with an offset.")
    wanted = SharingRequest(
        body.dataset, body.purpose, tuple(body.fields), until, tuple(body.rows), body.for_organisation
    )
    desk = SharingDesk(asker)
    return answer(request, _body(desk.ask(wanted), desk), status=201)


def every(
    request: Request,
    asker: Agrees,
    dataset: Filter = None,
    status: Status | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List requests and agreements: one's own; for data officers all."""
    desk = SharingDesk(asker)
    found = desk.every(dataset=dataset, status=status, after=after_id("agreements", after), limit=limit + 1)
    items, following = paged("agreements", found, limit, lambda each: each.id)
    return answer(request, AgreementPage(items=[_body(each, desk) for each in items], next=following))


def one(agreement_id: Id, request: Request, asker: Agrees) -> Response:
    """Give a request or agreement."""
    desk = SharingDesk(asker)
    return answer(request, _body(desk.get(agreement_id), desk))


def approve(agreement_id: Id, body: ReviewBody, request: Request, asker: Agrees) -> Response:
    """Approve a request, as it is or narrowed: an agreement in force from now, which expires by itself."""
    desk = SharingDesk(asker)
    found = desk.approve(
        agreement_id,
        reasons=body.reasons,
        fields=tuple(body.fields),
        rows=tuple(body.rows),
        until=moment(body.until),
    )
    return answer(request, _body(found, desk))


def refuse(agreement_id: Id, body: ReasonsBody, request: Request, asker: Agrees) -> Response:
    """Refuse a request, with reasons."""
    desk = SharingDesk(asker)
    return answer(request, _body(desk.refuse(agreement_id, reasons=body.reasons), desk))


def end(agreement_id: Id, body: ReasonsBody, request: Request, asker: Agrees) -> Response:
    """End an agreement at once, or withdraw a request."""
    desk = SharingDesk(asker)
    return answer(request, _body(desk.end(agreement_id, reasons=body.reasons), desk))


def _offer(offer: Offer) -> OfferBody:
    card = offer.card
    fields = [
        FieldBody(
            name=each["name"],
            title=Name(zh=each["zh"], en=each["en"]),
            type=each["type"],
            unit=each["unit"],
            element=each["element"],
        )
        for each in offer.fields
    ]
    names = {
        name: Name(zh=text.zh, en=text.en)
        for name, text in (
            ("name", card.name),
            ("summary", card.summary),
            ("provider", card.provider),
            ("condition", card.sharing_condition),
        )
    }
    return OfferBody(
        id=card.id, theme=card.theme or "other", classification=card.classification.value, fields=fields, **names
    )


def _body(agreement: Agreement, desk: SharingDesk) -> AgreementBody:
    return AgreementBody.model_validate(agreement.as_json(desk.now))
