"""routes: every address of the city's own HTTP interface, a file a subject.

Does not belong here: what bodies look like (``bodies``).
"""

from fastapi import APIRouter

from lifang.doors.api import events
from lifang.doors.api.routes import (
    aggregates,
    changes,
    city,
    comparing,
    connectors,
    data_standards,
    datasets,
    ethics,
    exchange,
    harvests,
    house,
    lifecycle,
    masterdata,
    network,
    network_health,
    network_links,
    network_view,
    operations,
    organisations,
    population,
    portal,
    quality,
    query,
    rows,
    search,
    sensing,
    session,
    sharing,
    standards,
    statistics,
    system,
    tasking,
    tasking_devices,
    thresholds,
    twin,
    twin_links,
    upload,
    work,
)
from lifang.doors.http import gather

__all__ = ["router"]

_PARTS = (  # a request is compared with each in turn: what maps ask for all the time comes first
    sensing.router,
    city.router,
    session.router,
    search.router,
    datasets.router,
    rows.router,
    portal.router,
    lifecycle.router,
    comparing.router,
    quality.router,
    changes.router,
    upload.router,
    statistics.router,
    aggregates.router,
    network.router,
    network_links.router,
    network_health.router,
    thresholds.router,
    network_view.router,
    tasking.actuators,
    tasking.commands,
    tasking_devices.commands,
    tasking_devices.tokens,
    connectors.seen,
    connectors.steered,
    exchange.feeds,
    exchange.deliveries,
    exchange.receipts,
    operations.indicators,
    operations.alerts,
    work.scenes,
    work.jobs,
    query.queries,
    harvests.router,
    sharing.router,
    ethics.router,
    data_standards.router,
    standards.router,
    house.people,
    organisations.router,
    population.router,
    masterdata.settings,
    masterdata.records,
    house.tokens,
    house.ledger,
    twin.router,
    twin_links.router,
    system.router,
    events.router,
)


def router() -> APIRouter:
    """Return all of them."""
    return gather(part() for part in _PARTS)
