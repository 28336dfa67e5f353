"""Routes of the exchange: feeds, deliveries, receipts, keys. A bureau's staff see their own inbox, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import Asker
from lifang.doors.api.bodies.catalogue import RefusedPage
from lifang.doors.api.bodies.exchange import (
    Acknowledgement,
    DeliveryBody,
    DeliveryPage,
    FeedBody,
    FeedChange,
    FeedPage,
    KeySet,
    NewFeed,
    NewKey,
    ReceiptBody,
    ReceiptPage,
    TakenBody,
)
from lifang.doors.api.dataset_view import refused_row
from lifang.doors.api.listing import After, Limit, after_id, after_number, paged
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking, receive_file
from lifang.exchange import Delivery, Feed, FeedSpec, Manifest, inbox
from lifang.guard import Action, Resource

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Asks = Annotated[Asker, asking(Action.READ, inbox(), per_item=True)]
Open = Annotated[Asker, asking(Action.READ, Resource("city"))]
FeedId = Annotated[str, Path(max_length=64, description="The feed's id.")]
DeliveryId = Annotated[str, Path(max_length=64, description="The delivery's id.")]
Bureau = Annotated[str, Path(max_length=64, description="The organisation's id.")]


def _feed(asker: Asker, feed_id: str) -> Feed:
    _scope(asker)
    return asker.see("feed", feed_id, lambda: asker.city.exchange.feed(feed_id), lambda feed: inbox(feed.organisation))


def _delivery(asker: Asker, delivery_id: str) -> Delivery:
    _scope(asker)
    exchange = asker.city.exchange
    return asker.see(
        "delivery", delivery_id, lambda: exchange.delivery(delivery_id), lambda found: inbox(found.organisation)
    )


def _scope(asker: Asker) -> str | None:
    """Return the bureau whose inbox the asker may see, ``None`` for every bureau's; else the denial."""
    if asker.may(Action.READ, inbox()):
        return None
    own = asker.subject.organisation
    asker.must(Action.READ, inbox(own or "*"))
    return own


def _receipts(asker: Asker, delivery: Delivery) -> list[ReceiptBody]:
    return [ReceiptBody.model_validate(each.as_json()) for each in asker.city.exchange.receipts(delivery.id)]


def feeds() -> APIRouter:
    """Return the routes of feeds and keys."""
    routes = APIRouter(prefix="/api/v1/exchange", route_class=GuardedRoute, tags=["exchange"], responses=PROBLEMS)

    @routes.get("/feeds", response_model=FeedPage)
    def every(request: Request, asker: Asks, after: After = None, limit: Limit = 100) -> Response:
        """List the feeds of one's own bureau; those who set inboxes up see every bureau's."""
        organisation, later = _scope(asker), after_id("feeds", after) or ""
        found = [each for each in asker.city.exchange.feeds(organisation) if each.id > later][: limit + 1]
        items, following = paged("feeds", found, limit, lambda each: each.id)
        asker.seen(inbox(organisation or "*"))
        return answer(request, FeedPage(items=[_feed_body(each) for each in items], next=following))

    @routes.put("/feeds/{feed_id}", response_model=FeedBody)
    def put(feed_id: FeedId, request: Request, body: NewFeed, asker: Asks) -> Response:
        """Add a feed, or write it anew: whose it is and to which dataset stays."""
        spec = FeedSpec.from_mapping({**body.feed, "id": feed_id})
        asker.must(Action.MANAGE, inbox(spec.organisation))
        feed = asker.city.exchange.put_feed(spec, secrets=body.secrets or None, by=asker.subject)
        return answer(request, _feed_body(feed))

    @routes.get("/feeds/{feed_id}", response_model=FeedBody)
    def one(feed_id: FeedId, request: Request, asker: Asks) -> Response:
        """Give a feed, and how its source does."""
        return answer(request, _feed_body(_feed(asker, feed_id)))

    @routes.patch("/feeds/{feed_id}", response_model=FeedBody)
    def change(feed_id: FeedId, request: Request, body: FeedChange, asker: Asks) -> Response:
        """Let a feed rest, or have it at work again."""
        asker.must(Action.MANAGE, inbox(_feed(asker, feed_id).organisation))
        return answer(request, _feed_body(asker.city.exchange.set_active(feed_id, body.active, by=asker.subject)))

    @routes.post("/feeds/{feed_id}/pull", response_model=FeedBody)
    def pull(feed_id: FeedId, request: Request, asker: Asks) -> Response:
        """Look at the feed's source now, and say how it does afterwards."""
        asker.must(Action.HANDLE, inbox(_feed(asker, feed_id).organisation))
        return answer(request, _feed_body(asker.city.exchange.pull(feed_id, by=asker.subject)))

    @routes.get("/keys", response_model=KeySet)
    def keys(request: Request, asker: Open) -> Response:
        """Give the public keys that receipts are verified with, the city's own and the bureaus'."""
        return answer(request, KeySet(keys=asker.city.exchange.keys()))

    @routes.post("/inboxes/{organisation}/keys", status_code=201, response_model=KeySet)
    def put_key(organisation: Bureau, request: Request, body: NewKey, asker: Asks) -> Response:
        """Register a public key of a bureau: what it signs is the bureau's word."""
        asker.must(Action.MANAGE, inbox(organisation))
        key = asker.city.exchange.put_key(organisation, body.key, by=asker.subject)
        return answer(request, KeySet(keys=[key]), status=201)

    @routes.delete("/inboxes/{organisation}/keys/{kid}", status_code=204, response_class=Response)
    def retire(organisation: Bureau, kid: Annotated[str, Path(max_length=100)], asker: Asks) -> Response:
        """Retire a bureau's key; what it signed before still verifies."""
        asker.must(Action.MANAGE, inbox(organisation))
        asker.city.exchange.retire_key(organisation, kid, by=asker.subject)
        return Response(status_code=204)

    return routes


def deliveries() -> APIRouter:
    """Return the routes of deliveries."""
    routes = APIRouter(prefix="/api/v1/exchange", route_class=GuardedRoute, tags=["exchange"], responses=PROBLEMS)
    routes.add_api_route(
        "/feeds/{feed_id}/deliveries",
        deliver,
        methods=["POST"],
        status_code=202,
        response_model=TakenBody,
        openapi_extra=_BODY,
        summary="Deliver a file: it is kept and receipted by the answer; what becomes of it is told by its address",
    )

    @routes.get("/deliveries", response_model=DeliveryPage)
    def every(
        request: Request,
        asker: Asks,
        feed: Annotated[str | None, Query(max_length=64)] = None,
        state: Annotated[Literal["received", "admitted", "refused"] | None, Query()] = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """List the deliveries of one's own bureau, the newest first."""
        organisation = _scope(asker)
        found = asker.city.exchange.deliveries(
            organisation=organisation, feed=feed, state=state, after=after_id("deliveries", after), limit=limit + 1
        )
        items, following = paged("deliveries", found, limit, lambda each: each.id)
        asker.seen(inbox(organisation or "*"), detail={"deliveries": len(items)})
        return answer(request, DeliveryPage(items=[_delivery_body(each) for each in items], next=following))

    @routes.get("/deliveries/{delivery_id}", response_model=TakenBody)
    def one(delivery_id: DeliveryId, request: Request, asker: Asks) -> Response:
        """Give a delivery: its reconciled counts, what became of it, its receipts."""
        delivery = _delivery(asker, delivery_id)
        return answer(request, TakenBody(**delivery.as_json(), receipts=_receipts(asker, delivery)))

    @routes.get("/deliveries/{delivery_id}/refused", response_model=RefusedPage)
    def refused(
        delivery_id: DeliveryId, request: Request, asker: Asks, after: After = None, limit: Limit = 100
    ) -> Response:
        """List the cells of an admitted delivery that were refused, and how to mend them."""
        delivery, start = _delivery(asker, delivery_id), after_number("refused", after)
        rows = asker.city.exchange.refused(delivery.id).select(limit=limit + 1, offset=start).to_pylist()
        places = list(enumerate(rows, start=start + 1))
        items, following = paged("refused", places, limit, lambda each: each[0])
        return answer(request, RefusedPage(items=[refused_row(row) for _, row in items], next=following))

    return routes


def receipts() -> APIRouter:
    """Return the routes of receipts, ours and the bureaus'."""
    routes = APIRouter(prefix="/api/v1/exchange", route_class=GuardedRoute, tags=["exchange"], responses=PROBLEMS)

    @routes.get("/deliveries/{delivery_id}/receipts", response_model=ReceiptPage)
    def every(delivery_id: DeliveryId, request: Request, asker: Asks) -> Response:
        """Give a delivery's receipts, ours and the bureau's, each naming the one before."""
        return answer(request, ReceiptPage(items=_receipts(asker, _delivery(asker, delivery_id)), next=None))

    @routes.post("/deliveries/{delivery_id}/acknowledgement", status_code=201, response_model=ReceiptBody)
    def acknowledge(delivery_id: DeliveryId, request: Request, body: Acknowledgement, asker: Asks) -> Response:
        """Keep the bureau's signed acknowledgement of the newest receipt."""
        delivery = _delivery(asker, delivery_id)
        asker.must(Action.HANDLE, inbox(delivery.organisation))
        kept = asker.city.exchange.acknowledge(delivery.id, body.jws.strip(), by=asker.subject)
        return answer(request, ReceiptBody.model_validate(kept.as_json()), status=201)

    return routes


async def deliver(
    feed_id: FeedId,
    request: Request,
    asker: Asks,
    kind: Annotated[Literal["full", "incremental"], Query(description="The whole, or changes by key.")] = "full",
    reference: Annotated[str, Query(max_length=200, description="The sender's own name for the delivery.")] = "",
    filename: Annotated[str, Query(max_length=255, description="What the file is called.")] = "",
    rows: Annotated[int | None, Query(ge=0, description="How many rows the sender declares.")] = None,
    sha256: Annotated[str, Query(max_length=64, description="SHA-256 of the content, hex.")] = "",
) -> Response:
    """Take a file into an inbox: the same again, under the same reference, is the delivery that came before."""
    feed = await run_sync(_feed, asker, feed_id)
    asker.must(Action.ADMIT, inbox(feed.organisation))
    manifest = Manifest(reference, kind, rows, sha256)
    path = await receive_file(request.stream(), asker.city.spool)
    name = filename.replace("\\", "/").rpartition("/")[2] or f"{feed.id}.csv"
    take: Callable[[], Delivery] = lambda: asker.city.exchange.receive(  # noqa: E731 - a call for another thread
        feed.id, path, name=name, manifest=manifest, by=asker.subject
    )
    try:
        delivery = await run_sync(take)
    finally:
        await run_sync(lambda: path.unlink(missing_ok=True))
    receipts = await run_sync(_receipts, asker, delivery)
    return answer(request, TakenBody(**delivery.as_json(), receipts=receipts), status=202)


def _feed_body(feed: Feed) -> FeedBody:
    return FeedBody.model_validate(feed.as_json())


def _delivery_body(delivery: Delivery) -> DeliveryBody:
    return DeliveryBody.model_validate(delivery.as_json())
