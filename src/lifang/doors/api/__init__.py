"""api: the city's own HTTP interface, ``/api/v1``, with ``/events``, ``/metrics`` and ``/healthz``; and the server.

Does not belong here: rules of any room, other outside languages. Reads and writes no dataset itself.
"""

from fastapi import APIRouter

from lifang.doors.api import (
    events,
    routes_aggregates,
    routes_city,
    routes_connectors,
    routes_datasets,
    routes_house,
    routes_network,
    routes_network_health,
    routes_network_links,
    routes_network_view,
    routes_operations,
    routes_query,
    routes_rows,
    routes_sensing,
    routes_session,
    routes_standards,
    routes_statistics,
    routes_system,
    routes_tasking,
    routes_tasking_devices,
    routes_thresholds,
    routes_upload,
    routes_work,
)
from lifang.doors.api.app import create_app
from lifang.doors.api.serve import serve
from lifang.doors.http import Door, gather

__all__ = ["create_app", "router", "serve", "spec"]

spec = Door("api", "接口", "the city's API", "JSON over HTTP, OpenAPI 3.1, server-sent events", order=10)

_PARTS = (  # a request is compared with each in turn: what maps ask for all the time comes first
    routes_sensing.router,
    routes_city.router,
    routes_session.router,
    routes_datasets.router,
    routes_rows.router,
    routes_upload.router,
    routes_statistics.router,
    routes_aggregates.router,
    routes_network.router,
    routes_network_links.router,
    routes_network_health.router,
    routes_thresholds.router,
    routes_network_view.router,
    routes_tasking.actuators,
    routes_tasking.commands,
    routes_tasking_devices.commands,
    routes_tasking_devices.tokens,
    routes_connectors.seen,
    routes_connectors.steered,
    routes_operations.indicators,
    routes_operations.alerts,
    routes_work.scenes,
    routes_work.jobs,
    routes_query.queries,
    routes_standards.router,
    routes_house.people,
    routes_house.tokens,
    routes_house.ledger,
    routes_system.router,
    events.router,
)


def router() -> APIRouter:
    """Return every route of this door."""
    return gather(part() for part in _PARTS)
