"""Routes of changes in the catalogue: the feed with its cursor, and the webhooks that are told of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.catalogue import Attempt, CatalogueChange, Webhook
from lifang.core import NotFound, format_instant
from lifang.doors.api.bodies.changes import (
    ChangeBody,
    ChangePage,
    NewWebhook,
    NewWebhookBody,
    SecretBody,
    WebhookBody,
    WebhookChange,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookPage,
)
from lifang.doors.api.listing import After, Limit, after_id, after_number, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, encode_cursor
from lifang.guard import Action, Resource

Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
Own = Annotated[Asker, asking(Action.READ, Resource("subscription"), per_item=True)]
_KIND = "changes"
_LATEST = 1_000
_LOOKED_AT = 5_000  # changes at most for one page, whoever may know of them


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["changes"], responses=PROBLEMS)
    routes.add_api_route("/changes", changes, response_model=ChangePage)
    routes.add_api_route("/webhooks", every, response_model=WebhookPage)
    routes.add_api_route("/webhooks", add, methods=["POST"], status_code=201, response_model=NewWebhookBody)
    routes.add_api_route("/webhooks/{webhook_id}", one, response_model=WebhookBody)
    routes.add_api_route("/webhooks/{webhook_id}", change, methods=["PATCH"], response_model=WebhookBody)
    routes.add_api_route("/webhooks/{webhook_id}", remove, methods=["DELETE"], status_code=204)
    routes.add_api_route("/webhooks/{webhook_id}/deliveries", sent, response_model=WebhookDeliveryPage)
    routes.add_api_route("/webhooks/{webhook_id}/test", try_out, methods=["POST"], response_model=WebhookDelivery)
    routes.add_api_route("/webhooks/{webhook_id}/secret", renew, methods=["POST"], response_model=SecretBody)
    return routes


def changes(
    request: Request,
    asker: Reads,
    dataset: Annotated[str | None, Query(max_length=64, description="Only changes of this dataset.")] = None,
    latest: Annotated[bool, Query(description="Only the newest changes, the newest first.")] = False,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List what changed in the catalogue, in order: releases, cards, moves of a dataset's life.

    Ask again with `next` for what came since; it is there also at the end, and with `latest`.
    """
    if latest:
        return _latest(request, asker, dataset, limit)
    catalogue = asker.city.catalogue
    seq = after_number(_KIND, after)
    found: list[Any] = []
    looked = more = 0
    while len(found) <= limit and looked < _LOOKED_AT:
        batch = catalogue.changes.after(seq, dataset=dataset, limit=limit + 1)
        for each in batch:
            if catalogue.may_know(each, asker.subject, asker.purpose):
                if len(found) == limit:
                    more = 1
                    break
                found.append(each)
            seq = each.seq
        looked += len(batch)
        if more or len(batch) <= limit:
            break
    return _page(request, asker, found, seq, more=bool(more))


def _latest(request: Request, asker: Asker, dataset: str | None, limit: int) -> Response:
    catalogue = asker.city.catalogue
    newest = catalogue.changes.newest()
    last = catalogue.changes.latest(dataset, _LATEST)
    found = [each for each in last if catalogue.may_know(each, asker.subject, asker.purpose)]
    return _page(request, asker, found[:limit], newest, more=len(found) > limit)


def _page(request: Request, asker: Asker, found: list[CatalogueChange], seq: int, *, more: bool) -> Response:
    catalogue = asker.city.catalogue
    shown = {each.dataset: Resource("dataset", each.dataset, catalogue.classification(each.dataset)) for each in found}
    asker.seen(*shown.values(), action="list")
    items = [ChangeBody.model_validate(each.as_json()) for each in found]
    return answer(request, ChangePage(items=items, next=encode_cursor(_KIND, seq), more=more))


def every(request: Request, asker: Own) -> Response:
    """List one's webhooks; administrators see everybody's."""
    whole = asker.may(Action.READ, Resource("subscription"))
    if not whole:
        asker.must(Action.READ, Resource("subscription", asker.subject.id))
    found = asker.city.webhooks.all(owner=None if whole else asker.subject.id)
    return answer(request, WebhookPage(items=[WebhookBody(**_told(each)) for each in found], next=None))


def add(body: NewWebhook, request: Request, asker: Own) -> Response:
    """Have an address told of changes from now on, as POST of JSON, signed by a secret that is told here once.

    `X-Lifang-Signature: t=<seconds>,v1=<hex>` is HMAC-SHA256 by the secret over `<seconds>.` and the body. A delivery
    arrives at least once; one that is not taken (no 2xx) is tried again, later each time; 410 ends the webhook.
    """
    asker.must(Action.MANAGE, Resource("subscription", asker.subject.id))
    for dataset in body.datasets:
        asker.dataset(dataset)
    city = asker.city
    newest = city.catalogue.changes.newest()
    made, secret = city.webhooks.add(
        body.url, datasets=body.datasets, by=asker.subject, purpose=asker.purpose, after=newest
    )
    return answer(request, NewWebhookBody(**_told(made), secret=secret), status=201)


def one(webhook_id: str, request: Request, asker: Own) -> Response:
    """Give a webhook, and how its deliveries go."""
    return answer(request, WebhookBody(**_told(_seen(asker, webhook_id, Action.READ))))


def change(webhook_id: str, body: WebhookChange, request: Request, asker: Own) -> Response:
    """Pause a webhook, or have it go on where it stopped."""
    _seen(asker, webhook_id, Action.MANAGE)
    changed = asker.city.webhooks.set_state(webhook_id, body.state, by=asker.subject)
    return answer(request, WebhookBody(**_told(changed)))


def remove(webhook_id: str, asker: Own) -> Response:
    """End a webhook for good."""
    _seen(asker, webhook_id, Action.MANAGE)
    asker.city.webhooks.remove(webhook_id, by=asker.subject)
    return Response(status_code=204)


def sent(webhook_id: str, request: Request, asker: Own, after: After = None, limit: Limit = 100) -> Response:
    """List the newest attempts to tell a webhook, the newest first: what each told of, and its outcome."""
    _seen(asker, webhook_id, Action.READ)
    found = asker.city.webhooks.sent(webhook_id, after=after_id("sent", after), limit=limit + 1)
    items, following = paged("sent", found, limit, lambda each: each.id)
    return answer(request, WebhookDeliveryPage(items=[_sent(each.attempt) for each in items], next=following))


def try_out(webhook_id: str, request: Request, asker: Own) -> Response:
    """Send a webhook a delivery without changes, signed like any other, once and at once; give its outcome."""
    _seen(asker, webhook_id, Action.MANAGE)
    return answer(request, _sent(asker.city.webhook_deliveries.try_out(webhook_id)))


def renew(webhook_id: str, request: Request, asker: Own) -> Response:
    """Give a webhook a new secret in place of the one it had."""
    _seen(asker, webhook_id, Action.MANAGE)
    return answer(request, SecretBody(secret=asker.city.webhooks.renew_secret(webhook_id, by=asker.subject)))


def _seen(asker: Asker, webhook_id: str, action: Action) -> Webhook:
    """Return a webhook on which the asker may do ``action``; ``NotFound`` in the words of what is not there."""
    nothing = NotFound(f"There is no webhook {webhook_id[:80]!r}.", mend="List yours: GET /api/v1/webhooks.")
    if asker.subject.is_anonymous:
        asker.must(action, Resource("subscription"))
    asker.decide(action, Resource("subscription"))
    try:
        found = asker.city.webhooks.get(webhook_id)
    except NotFound:
        raise nothing from None
    if not asker.may(action, Resource("subscription", found.owner)):
        raise nothing
    return found


def _sent(attempt: Attempt) -> WebhookDelivery:
    return WebhookDelivery(
        kind=attempt.kind,
        first=attempt.first,
        last=attempt.last,
        sent=format_instant(attempt.sent),
        took_ms=round(attempt.took / timedelta(milliseconds=1)),
        status=attempt.status,
        arrived=attempt.arrived,
    )


def _told(webhook: Webhook) -> dict[str, Any]:
    kept = {name: value for name, value in vars(webhook).items() if name not in {"roles", "purpose"}}
    return {
        **kept,
        "datasets": list(webhook.datasets),
        "due": format_instant(webhook.due) if webhook.due else None,
        "last_success": format_instant(webhook.last_success) if webhook.last_success else None,
        "created": format_instant(webhook.created),
    }
