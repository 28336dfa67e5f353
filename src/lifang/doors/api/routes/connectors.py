"""Routes of connectors: add, list, show, pause, remove, try."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.app import Asker
from lifang.core import format_instant
from lifang.doors.api.bodies.connectors import (
    ConnectorBody,
    ConnectorChange,
    ConnectorFile,
    ConnectorPage,
    IssueBody,
    IssuePage,
    KindBody,
    KindPage,
    NewConnector,
    TrialBody,
    TriedFile,
    TriedValue,
    TroubleBody,
)
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.listing import After, Limit, after_id, paged
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource
from lifang.sensing import Quality, connectors

_ANY = Resource("connector", "*", Classification.SHARED)
_TRIED = "tried"  # the id of a file that is only tried out
Reads = Annotated[Asker, asking(Action.READ, _ANY)]
Steers = Annotated[Asker, asking(Action.RUN, _ANY)]
Manages = Annotated[Asker, asking(Action.MANAGE, _ANY)]
Id = Annotated[str, Path(max_length=64, description="The connector's id.")]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)


def _trouble(trouble: connectors.Trouble) -> TroubleBody:
    return TroubleBody(**{**asdict(trouble), "moment": format_instant(trouble.moment)})


def _told(status: connectors.Status) -> dict[str, object]:
    return {
        **{name: getattr(status, name) for name in ("id", "kind", "state", "file", "every_s", "failures", "lag_s")},
        "name": Name(zh=status.zh, en=status.en),
        "secrets": list(status.secrets),
        "newest": _moment(status.newest),
        "last_attempt": _moment(status.last_attempt),
        "last_success": _moment(status.last_success),
        "next_attempt": _moment(status.next_attempt),
        "counts": dict(status.counts),
        "troubles": [_trouble(each) for each in status.troubles],
    }


def _body(status: connectors.Status) -> ConnectorBody:
    return ConnectorBody.model_validate(_told(status))


def _issue(issue: connectors.Issue, moment: datetime | None = None) -> IssueBody:
    return IssueBody(moment=_moment(moment), **asdict(issue))


def _trial(trial: connectors.Trial) -> TrialBody:
    return TrialBody(
        records=trial.records,
        values=[
            TriedValue(
                datastream=each["datastream"],
                time=format_instant(each["time"]),
                value=None if each["value"] != each["value"] else each["value"],
                quality=Quality(each["quality"]).word,
            )
            for each in trial.values
        ],
        things=[
            {"id": each.id, "zh": each.zh, "en": each.en, "kind": each.kind, "lon": each.lon, "lat": each.lat}
            for each in trial.things
        ],
        datastreams=list(trial.datastreams),
        issues=[_issue(each) for each in trial.issues],
        trouble=None if trial.trouble is None else _trouble(trial.trouble),
    )


def seen() -> APIRouter:
    """Return the routes that tell of connectors."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["connectors"], responses=PROBLEMS)

    @routes.get("/connectors", response_model=ConnectorPage)
    def every(request: Request, asker: Reads, after: After = None, limit: Limit = 100) -> Response:
        """List the connectors and how they do."""
        later = after_id("connectors", after) or ""
        found = [each for each in asker.city.connectors.statuses() if each.id > later][: limit + 1]
        items, following = paged("connectors", found, limit, lambda each: each.id)
        asker.seen(_ANY)
        return answer(request, ConnectorPage(items=[_body(each) for each in items], next=following))

    @routes.get("/connector-kinds", response_model=KindPage)
    def kinds(request: Request, asker: Reads) -> Response:
        """List the kinds of connectors there are, with an example of each one's file."""
        items = [
            KindBody(
                id=spec.id,
                name=Name(zh=spec.zh, en=spec.en),
                says=Name(zh=spec.says[0], en=spec.says[1]),
                citation=spec.citation,
                continuous=spec.continuous,
                example=spec.example,
            )
            for spec in asker.city.connectors.kinds()
        ]
        return answer(request, KindPage(items=items, next=None))

    @routes.get("/connectors/{connector_id}", response_model=ConnectorFile)
    def one(connector_id: Id, request: Request, asker: Reads) -> Response:
        """Give a connector: how it does, its last failures, its file."""
        city = asker.city
        told = {**_told(city.connectors.status(connector_id)), "toml": city.connectors.text(connector_id)}
        asker.seen(connectors.resource(connector_id))
        return answer(request, ConnectorFile.model_validate(told))

    @routes.get("/connectors/{connector_id}/issues", response_model=IssuePage)
    def issues(connector_id: Id, request: Request, asker: Reads, after: After = None, limit: Limit = 100) -> Response:
        """List the cells that were refused: row, column, value, rule, remedy; the newest first."""
        found = asker.city.connectors.issues(connector_id, after=after_id("issues", after), limit=limit + 1)
        items, following = paged("issues", found, limit, lambda each: each.id)
        asker.seen(connectors.resource(connector_id), detail={"issues": len(items)})
        told = [_issue(each.issue, each.recorded) for each in items]
        return answer(request, IssuePage(items=told, next=following))

    return routes


def steered() -> APIRouter:
    """Return the routes that change connectors or have them act."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["connectors"], responses=PROBLEMS)

    @routes.post("/connectors", status_code=201, response_model=ConnectorBody)
    def add(request: Request, body: NewConnector, asker: Manages) -> Response:
        """Add a connector, or give one a new file; it begins to work at once."""
        status = asker.city.connectors.add(
            body.id, body.toml, secrets=body.secrets, replace=body.replace, by=asker.subject
        )
        return answer(request, _body(status), status=201)

    @routes.post("/connector-trials", response_model=TrialBody)
    def try_out(request: Request, body: TriedFile, asker: Manages) -> Response:
        """Say what a connector with this file would bring; neither the file nor what it brings is kept."""
        trial = asker.city.connectors.try_out(_TRIED, body.toml, secrets=body.secrets, by=asker.subject)
        return answer(request, _trial(trial))

    @routes.post("/connectors/{connector_id}/test", response_model=TrialBody)
    def test(connector_id: Id, request: Request, asker: Steers) -> Response:
        """Say what the connector would bring from its source now; nothing is stored."""
        return answer(request, _trial(asker.city.connectors.test(connector_id, by=asker.subject)))

    @routes.post("/connectors/{connector_id}/pull", response_model=ConnectorBody)
    def pull(connector_id: Id, request: Request, asker: Steers) -> Response:
        """Have the connector pull now, and say how it does afterwards."""
        return answer(request, _body(asker.city.connectors.pull(connector_id, by=asker.subject)))

    @routes.patch("/connectors/{connector_id}", response_model=ConnectorBody)
    def change(connector_id: Id, request: Request, body: ConnectorChange, asker: Steers) -> Response:
        """Let a connector rest, or go on where it stopped."""
        room = asker.city.connectors
        status = (room.pause if body.paused else room.resume)(connector_id, by=asker.subject)
        return answer(request, _body(status))

    @routes.delete("/connectors/{connector_id}", status_code=204, response_class=Response)
    def remove(connector_id: Id, asker: Manages) -> Response:
        """Remove a connector with its secrets; the things and values it brought stay."""
        asker.city.connectors.remove(connector_id, by=asker.subject)
        return Response(status_code=204)

    return routes
