"""The routes of subscriptions: create, list, retrieve, change, delete (CIM 009 clauses 5.8, 6.10 and 6.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.core import format_instant
from lifang.doors.http import Asker, asking
from lifang.doors.ngsild.answering import COUNT, ld_answer, page_links
from lifang.doors.ngsild.asked import JSON, LD, Asked, check_parameters, media_of, number_of, truth_of
from lifang.doors.ngsild.context import context_of, context_of_body
from lifang.doors.ngsild.describing import described
from lifang.doors.ngsild.names import ID_MAX
from lifang.doors.ngsild.problems import LdRoute
from lifang.doors.ngsild.routes_entities import PREFIX, read_object
from lifang.doors.ngsild.selection import Selection
from lifang.doors.ngsild.shapes import Shape
from lifang.doors.ngsild.subscriptions import (
    Delivery,
    Notifier,
    Owner,
    Subscription,
    changed,
    nothing,
    read_subscription,
)
from lifang.guard import Action, Resource

_MEDIA = (JSON, LD)
_LIMIT, _LIMIT_MAX, _OFFSET_MAX = 20, 1000, 1_000_000
_HIDDEN = "…"
SubscriptionId = Annotated[str, Path(max_length=ID_MAX)]
Asks = Annotated[Asker, asking(Action.MANAGE, Resource("subscription"), per_item=True)]


def router() -> APIRouter:
    """Return the routes of subscriptions."""
    routes = APIRouter(prefix=PREFIX, route_class=LdRoute, tags=["ngsi-ld"])
    body = "A Subscription (CIM 009 clause 5.2.12)"
    one = "/subscriptions/{subscription_id}"
    routes.add_api_route("/subscriptions", _create, methods=["POST"], summary="Subscribe",
                         **described(media=_MEDIA, statuses=(201,), body=body))  # fmt: skip
    routes.add_api_route("/subscriptions", _list, summary="List subscriptions",
                         **described("limit", "offset", "count", "options", media=_MEDIA))  # fmt: skip
    routes.add_api_route(one, _retrieve, summary="Retrieve a subscription",
                         **described("options", media=_MEDIA))  # fmt: skip
    routes.add_api_route(one, _change, methods=["PATCH"], summary="Change a subscription",
                         **described(media=_MEDIA, statuses=(204,), body=body))  # fmt: skip
    routes.add_api_route(one, _delete, methods=["DELETE"], summary="End a subscription",
                         **described(media=_MEDIA, statuses=(204,)))  # fmt: skip
    return routes


def _notifier(request: Request) -> Notifier:
    found: Notifier = request.app.state.notifier
    return found


def _resource(subscription: Subscription) -> Resource:
    return Resource("subscription", subscription.owner.id)


async def _create(request: Request, asker: Asks) -> Response:
    """Subscribe; from now on the endpoint is notified of what the asker may read."""
    await run_sync(asker.must, Action.MANAGE, Resource("subscription", asker.subject.id))
    check_parameters(request.query_params)
    body = await read_object(request)
    return await run_sync(_created, request, asker, body)


def _created(request: Request, asker: Asker, body: Mapping[str, Any]) -> Response:
    notifier, context = _notifier(request), context_of_body(request, body)
    owner = Owner(asker.subject.id, tuple(sorted(map(str, asker.subject.roles))), asker.purpose)
    subscription = read_subscription(body, context, owner=owner, now=asker.city.clock.now())
    notifier.senders.check(subscription.endpoint)
    notifier.register.add(subscription, told=notifier.begin(), by=asker.subject.id)
    return Response(status_code=201, headers={"Location": f"{PREFIX}/subscriptions/{quote(subscription.id, safe=':')}"})


def _list(request: Request, asker: Asks) -> Response:
    """List the asker's subscriptions; an administrator sees everybody's."""
    asker.must(Action.READ, Resource("subscription", asker.subject.id))
    given = check_parameters(request.query_params, "limit", "offset", "count", "options")
    limit = number_of(given, "limit", _LIMIT, _LIMIT_MAX)
    offset = number_of(given, "offset", 0, _OFFSET_MAX)
    mine = [each for each in _notifier(request).register.all() if asker.may(Action.READ, _resource(each))]
    page = [_shown(request, asker, each, given) for each in mine[offset : offset + limit]]
    media = media_of(request, *_MEDIA)
    asked = Asked(Selection(), Shape(), media, limit=limit, offset=offset)
    headers = {COUNT: str(len(mine))} if truth_of(given, "count") or "count" in given.get("options", "") else {}
    return ld_answer(request, page, media, links=page_links(request, asked, len(mine)), headers=headers)


def _found(request: Request, asker: Asker, identifier: str, action: Action) -> Subscription:
    """Return a subscription that the asker may handle so; another's is not there."""
    asker.decide(action, Resource("subscription", asker.subject.id))
    subscription = _notifier(request).register.get(identifier)
    if asker.may(action, _resource(subscription)):
        return subscription
    asker.denied(action, _resource(subscription), detail={"subscription": identifier})
    raise nothing(identifier)


def _retrieve(subscription_id: SubscriptionId, request: Request, asker: Asks) -> Response:
    """Give one subscription, with how its delivery stands."""
    asker.must(Action.READ, Resource("subscription", asker.subject.id))
    given = check_parameters(request.query_params, "options")
    found = _found(request, asker, subscription_id, Action.READ)
    return ld_answer(request, _shown(request, asker, found, given), media_of(request, *_MEDIA),
                     context=found.shape.context)  # fmt: skip


def _shown(request: Request, asker: Asker, subscription: Subscription, given: Mapping[str, str]) -> dict[str, Any]:
    delivery: Delivery | None = _notifier(request).delivery(subscription.id)
    written = {name: value for name, value in subscription.written.items() if name != "@context"}
    notification = {**written["notification"], **(delivery.as_json() if delivery else {})}
    if subscription.owner.id != asker.subject.id and subscription.endpoint.headers:
        hidden = [{"key": name, "value": _HIDDEN} for name in subscription.endpoint.headers]
        notification["endpoint"] = {**notification["endpoint"], "receiverInfo": hidden}
    status = subscription.status(asker.city.clock.now())
    times = {}
    if "sysAttrs" in given.get("options", ""):
        times = {"createdAt": format_instant(subscription.created), "modifiedAt": format_instant(subscription.modified)}
    is_active = {"isActive": subscription.is_active}
    return {**written, **is_active, "notification": notification, "status": status, **times}


async def _change(subscription_id: SubscriptionId, request: Request, asker: Asks) -> Response:
    """Change what is given of a subscription; one that was paused begins anew."""
    await run_sync(asker.must, Action.MANAGE, Resource("subscription", asker.subject.id))
    check_parameters(request.query_params)
    body = await read_object(request)
    return await run_sync(_changed, request, asker, subscription_id, body)


def _changed(request: Request, asker: Asker, identifier: str, body: Mapping[str, Any]) -> Response:
    found, notifier = _found(request, asker, identifier, Action.MANAGE), _notifier(request)
    context = context_of_body(request, body) if "@context" in body else context_of(request)
    after = changed(found, body, context, asker.city.clock.now())
    notifier.senders.check(after.endpoint)
    resumed = after.is_active and not found.is_active
    notifier.register.replace(after, by=asker.subject.id, told=notifier.begin() if resumed else None)
    return Response(status_code=204)


def _delete(subscription_id: SubscriptionId, request: Request, asker: Asks) -> Response:
    """End a subscription; nothing is told any more."""
    asker.must(Action.MANAGE, Resource("subscription", asker.subject.id))
    check_parameters(request.query_params)
    found = _found(request, asker, subscription_id, Action.MANAGE)
    _notifier(request).register.remove(found, by=asker.subject.id)
    return Response(status_code=204)
