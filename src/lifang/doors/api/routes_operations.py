"""Routes of operations: indicators and alerts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.core import unit
from lifang.doors.api.listing import After, Limit, Moment, after_id, day_before, moment, paged
from lifang.doors.api.models import (
    AlertBody,
    AlertPage,
    IndicatorBody,
    IndicatorHistory,
    IndicatorMoment,
    IndicatorPage,
    NoteBody,
    Unit,
)
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.operations import Alert, IndicatorSpec, IndicatorValue

_MOST = 10_000  # values of one history
ReadsIndicators = Annotated[Asker, asking(Action.READ, Resource("indicator"))]
ReadsAlerts = Annotated[Asker, asking(Action.READ, Resource("alert"))]
State = Annotated[Literal["pending", "firing", "cleared", "closed"] | None, Query()]
HandlesAlerts = Annotated[Asker, asking(Action.HANDLE, Resource("alert"))]


def unit_body(code: str) -> Unit:
    """Return the unit with this UCUM code."""
    known = asdict(unit(code))
    return Unit(**{name: known[name] for name in ("code", "symbol", "zh", "en")})


def _indicator(spec: IndicatorSpec, value: IndicatorValue | None) -> IndicatorBody:
    told = value.as_json() if value else {"value": None, "moment": None, "quality": "missing"}
    return IndicatorBody.model_validate(
        {**spec.as_json(), **{k: told[k] for k in ("value", "moment", "quality")}, "unit": unit_body(spec.unit)}
    )


def _alert(alert: Alert) -> AlertBody:
    return AlertBody.model_validate(alert.as_json())


def indicators() -> APIRouter:
    """Return the routes of indicators."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["indicators"], responses=PROBLEMS)

    @routes.get("/indicators", response_model=IndicatorPage)
    def every(request: Request, asker: ReadsIndicators, at: Moment = None) -> Response:
        """List the indicators with their values, now or as of a moment."""
        found, when = asker.city.indicators, moment(at)
        items = [_indicator(spec, found.latest(spec.id, at=when)) for spec in found.all()]
        return answer(request, IndicatorPage(items=items, next=None))

    @routes.get("/indicators/{indicator_id}", response_model=IndicatorHistory)
    def one(
        indicator_id: str, request: Request, asker: ReadsIndicators, start: Moment = None, end: Moment = None
    ) -> Response:
        """Give one indicator and its values through time (the last day if no ``start`` is given)."""
        found = asker.city.indicators
        spec = found.spec(indicator_id)
        until = moment(end) or asker.city.now
        since = moment(start) or day_before(until)
        values = found.history(indicator_id, since, until)[-_MOST:]
        items = [IndicatorMoment.model_validate(_without_id(value)) for value in values]
        present = _indicator(spec, found.latest(indicator_id))
        return answer(request, IndicatorHistory(**present.model_dump(), items=items, next=None))

    return routes


def _without_id(value: IndicatorValue) -> dict[str, object]:
    told = value.as_json()
    return {name: told[name] for name in ("moment", "value", "quality")}


def alerts() -> APIRouter:
    """Return the routes of alerts."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["alerts"], responses=PROBLEMS)

    @routes.get("/alerts", response_model=AlertPage)
    def every(
        request: Request,
        asker: ReadsAlerts,
        state: State = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """List alerts, newest first."""
        found = asker.city.alerts.alerts(state=state, after=after_id("alerts", after), limit=min(limit + 1, 1000))
        items, following = paged("alerts", found, min(limit, 999), lambda alert: alert.id)
        return answer(request, AlertPage(items=[_alert(each) for each in items], next=following))

    @routes.get("/alerts/{alert_id}", response_model=AlertBody)
    def one(alert_id: str, request: Request, asker: ReadsAlerts) -> Response:
        """Give one alert."""
        return answer(request, _alert(asker.city.alerts.alert(alert_id)))

    @routes.post("/alerts/{alert_id}/acknowledge", response_model=AlertBody)
    def acknowledge(alert_id: str, request: Request, body: NoteBody, asker: HandlesAlerts) -> Response:
        """Say that somebody has seen to this alert."""
        return answer(request, _alert(asker.city.alerts.acknowledge(alert_id, asker.subject, body.note)))

    @routes.post("/alerts/{alert_id}/close", response_model=AlertBody)
    def close(alert_id: str, request: Request, body: NoteBody, asker: HandlesAlerts) -> Response:
        """Say that this alert is dealt with; one that still fires needs a note."""
        return answer(request, _alert(asker.city.alerts.close(alert_id, asker.subject, body.note)))

    return routes
