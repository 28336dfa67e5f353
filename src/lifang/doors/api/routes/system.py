"""Routes for those who run the city: health, metrics, OpenAPI."""

from __future__ import annotations

import ipaddress
import math
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from lifang.core import format_instant, version_of
from lifang.doors.api.bodies.city import Health
from lifang.doors.http import Asker, GuardedRoute, Metrics, answer, asking, json_answer
from lifang.guard import Action, Classification, Resource
from lifang.sensing import connectors, network, tasking

_FORWARDING = frozenset({"forwarded", "via", "x-real-ip"})
_STATES = ("queued", "running", "done", "failed", "cancelled")
Anyone = Annotated[Asker, asking(Action.READ, Resource("city"), identify=False)]
FromHere = Annotated[Asker, asking(Action.OPERATE, Resource("store", "metrics", Classification.SHARED), per_item=True)]


def router() -> APIRouter:
    """Return the routes of health, metrics and OpenAPI."""
    routes = APIRouter(route_class=GuardedRoute, tags=["system"])

    @routes.get("/healthz", response_model=Health)
    async def health(request: Request, asker: Anyone) -> Response:
        """Say whether the city answers."""
        city = asker.city
        now = format_instant(city.clock.now())
        return answer(request, Health(status="ok", city=city.settings.id, version=version_of("lifang"), now=now))

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def metrics(request: Request, asker: FromHere) -> Response:
        """Give counts for Prometheus: to this machine freely, to others with an administrator's token."""
        if not _is_loopback(request):
            asker.must(Action.OPERATE, Resource("store", "metrics", Classification.SHARED))
        else:
            asker.must(Action.READ, Resource("city"))
        counts: Metrics = request.app.state.metrics
        _refresh(counts, asker)
        return Response(counts.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @routes.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi(request: Request, asker: Anyone) -> Response:
        """Describe every route in OpenAPI 3.1."""
        del asker
        return json_answer(request, request.app.openapi())

    return routes


def _is_loopback(request: Request) -> bool:
    """Return whether the caller is on this machine; one that a proxy speaks for is not."""
    forwarded = any(name in _FORWARDING or name.startswith("x-forwarded-") for name in request.headers)
    if request.client is None or forwarded:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _refresh(counts: Metrics, asker: Asker) -> None:
    city = asker.city
    counts.ledger.set(city.store.ledger.head()[0])
    counts.datastreams.set(city.sensing.datastream_count())
    _refresh_network(counts, asker)
    counts.feeds.told = {each.id: _feed(each) for each in city.connectors.statuses()}
    for state in _STATES:
        counts.jobs.labels(state).set(city.store.registry.count("job", where={"state": state}))


def _refresh_network(counts: Metrics, asker: Asker) -> None:
    city = asker.city
    state = city.network.state()
    rows = np.arange(1, len(state.network.ids))
    whole = network.summed_up(state.devices, state.network.simulated, np.zeros(len(rows) + 1, np.int64), 1, rows)
    figures = whole.as_json(0)
    for word, count in figures["health"].items():
        counts.devices.labels(word).set(count)
    for name in ("uptime", "loss", "lag_s"):
        value = figures[name]
        counts.network.labels(name).set(math.nan if value is None else value)
    counts.links_down.set(int(state.devices.links_down.sum()))
    for each in tasking.CommandState:
        counts.commands.labels(each.value).set(city.store.registry.count("command", where={"state": each.value}))


def _feed(status: connectors.Status) -> dict[str, float]:
    """Return the counts of a connector by their names in :class:`lifang.doors.http.Feeds`."""
    told = {name: float(status.counts[name]) for name in ("values", "refused", "pulls", "failures")}
    told |= {"up": float(status.state == "running"), "failures_in_a_row": float(status.failures)}
    if status.lag_s is not None:
        told["lag_seconds"] = status.lag_s
    if status.last_success is not None:
        told["last_success_timestamp_seconds"] = status.last_success.timestamp()
    return told
