"""Routes of operations: indicators and alerts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import Indicator
from lifang.doors.api.bodies.operations import (
    AlertBody,
    AlertPage,
    IndicatorBody,
    IndicatorHistory,
    IndicatorMoment,
    IndicatorPage,
    NoteBody,
)
from lifang.doors.api.bodies.sensing import unit_body
from lifang.doors.api.listing import After, CityMoment, Limit, Moment, after_id, day_before, moment
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, encode_cursor
from lifang.guard import Action, Resource
from lifang.operations import Alert, IndicatorValue

_MOST = 10_000  # values of one history
ReadsIndicators = Annotated[Asker, asking(Action.READ, Resource("indicator"))]
ReadsAlerts = Annotated[Asker, asking(Action.READ, Resource("alert"))]
State = Annotated[Literal["pending", "firing", "cleared", "closed"] | None, Query()]
HandlesAlerts = Annotated[Asker, asking(Action.HANDLE, Resource("alert"))]


def _indicator(found: Indicator) -> IndicatorBody:
    spec, value = found.spec, found.value
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
    def every(request: Request, asker: ReadsIndicators, at: CityMoment = None) -> Response:
        """List the indicators with their values, now or as of a moment."""
        items = [_indicator(each) for each in asker.indicators(at=moment(at))]
        return answer(request, IndicatorPage(items=items, next=None))

    @routes.get("/indicators/{indicator_id}", response_model=IndicatorHistory)
    def one(
        indicator_id: str,
        request: Request,
        asker: ReadsIndicators,
        start: Moment = None,
        end: Moment = None,
        at: CityMoment = None,
    ) -> Response:
        """Give one indicator and its values through time (the last day if no ``start`` is given)."""
        until = moment(end) or moment(at) or asker.city.now
        since = moment(start) or day_before(until)
        found = asker.indicator(indicator_id, since, until, at=moment(at))
        items = [IndicatorMoment.model_validate(_without_id(value)) for value in found.values[-_MOST:]]
        return answer(request, IndicatorHistory(**_indicator(found).model_dump(), items=items, next=None))

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
        at: CityMoment = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """List alerts, newest first; with `at` those there were then, in the state in which they were."""
        page = asker.alerts(state=state, at=moment(at), after=after_id("alerts", after), limit=limit)
        following = encode_cursor("alerts", page[-1].id) if page.more else None
        return answer(request, AlertPage(items=[_alert(each) for each in page], next=following))

    @routes.get("/alerts/{alert_id}", response_model=AlertBody)
    def one(alert_id: str, request: Request, asker: ReadsAlerts, at: CityMoment = None) -> Response:
        """Give one alert, now or as it was at a moment."""
        return answer(request, _alert(asker.alert(alert_id, at=moment(at))))

    @routes.post("/alerts/{alert_id}/acknowledge", response_model=AlertBody)
    def acknowledge(alert_id: str, request: Request, body: NoteBody, asker: HandlesAlerts) -> Response:
        """Say that somebody has seen to this alert."""
        asker.alert(alert_id)
        handled = asker.city.alerts.acknowledge(alert_id, asker.subject, body.note, purpose=asker.purpose)
        return answer(request, _alert(handled))

    @routes.post("/alerts/{alert_id}/close", response_model=AlertBody)
    def close(alert_id: str, request: Request, body: NoteBody, asker: HandlesAlerts) -> Response:
        """Say that this alert is dealt with; one that still fires needs a note."""
        asker.alert(alert_id)
        handled = asker.city.alerts.close(alert_id, asker.subject, body.note, purpose=asker.purpose)
        return answer(request, _alert(handled))

    return routes
