"""Routes of links: what carries the devices, and how it is."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import Asker
from lifang.catalogue import write_rows
from lifang.doors.api.bodies.devices import link_bodies
from lifang.doors.api.bodies.network import LinkBody, LinkPage, NewLinks
from lifang.doors.api.bodies.tasking import Registered
from lifang.doors.api.listing import After, Limit, after_number, paged
from lifang.doors.api.routes.network import Form
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource
from lifang.sensing import network

Reads = Annotated[Asker, asking(Action.READ, Resource("link"), per_item=True)]
Registers = Annotated[Asker, asking(Action.OBSERVE, Resource("link"))]
_FLAT = ("id", "capacity_mbps", "latency_ms", "uplink", "organisation", "state", "state_since", "down", "simulated",
         "devices", "uptime", "lag_s", "loss")  # fmt: skip


def router() -> APIRouter:
    """Return the routes of links."""
    routes = APIRouter(prefix="/api/v1/network", route_class=GuardedRoute, tags=["network"], responses=PROBLEMS)

    @routes.get(
        "/links",
        response_model=LinkPage,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    def every(request: Request, asker: Reads, after: After = None, limit: Limit = 100, form: Form = "json") -> Response:
        """List links by number, with what hangs on them; as CSV all of them."""
        engine = asker.city.network
        last, most = after_number("links", after) or None, None if form == "csv" else limit + 1
        found = engine.links(after=last, limit=most)
        items, following = paged("links", found, limit, lambda each: each.number) if most else (found, None)
        action = Action.EXPORT if form == "csv" else Action.READ
        asker.decide(action, Resource("link"))
        shown = [each for each in items if asker.may(action, each.resource)]
        asker.seen(*(each.resource for each in shown), action=action.value)
        bodies = link_bodies(asker, shown)
        if form == "csv":
            rows = [_flat(each) for each in bodies]
            table = pa.Table.from_pylist(rows) if rows else pa.table({"id": pa.array([], pa.string())})
            return StreamingResponse(write_rows(table, "csv"), media_type="text/csv; charset=utf-8")
        return answer(request, LinkPage(items=bodies, next=following))

    @routes.get("/links/{link_id}", response_model=LinkBody)
    def one(link_id: str, request: Request, asker: Reads) -> Response:
        """Give one link."""
        found = asker.see("link", link_id, lambda: asker.city.network.link(link_id), lambda each: each.resource)
        return answer(request, link_bodies(asker, [found])[0])

    @routes.post("/links", response_model=Registered)
    def register(request: Request, body: NewLinks, asker: Registers) -> Response:
        """Register links; one that goes up or down is changed by sending it again with its state."""
        told = [
            network.Link(**{**each.model_dump(), "classification": Classification(each.classification)})
            for each in body.links
        ]
        return answer(request, Registered(changed=asker.city.network.put_links(told, by=asker.subject)))

    return routes


def _flat(body: LinkBody) -> dict[str, object]:
    told = body.model_dump()
    return {"zh": body.name.zh, "en": body.name.en, "kind": body.kind.code, **{name: told[name] for name in _FLAT}}
