"""Route of a datastream's figures over a period: exact ones, however many values a chart of it shows."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.core import format_instant
from lifang.doors.api.bodies.figures import StatisticsBody
from lifang.doors.api.bodies.sensing import Value, unit_body
from lifang.doors.api.listing import Moment, span
from lifang.doors.api.routes.sensing import Reads, stream_reference
from lifang.doors.http import PROBLEMS, GuardedRoute, answer
from lifang.sensing import Quality
from lifang.store import AggregateQuery, Call, Field, Literal, ObservationQuery

_FLAGGED_MOST = 500
_FUNCTIONS = ("count", "min", "max", "avg", "p50")
_WORDS = {each.value: each.word for each in Quality}


def router() -> APIRouter:
    """Return the route of a datastream's figures."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["sensing"], responses=PROBLEMS)
    routes.add_api_route(
        "/observations/statistics",
        _statistics,
        response_model=StatisticsBody,
        summary="Count, least, greatest, mean and last of a datastream's values, and those that were marked",
    )
    return routes


def _statistics(
    request: Request,
    asker: Reads,
    datastream: Annotated[str, Query(max_length=128, description="Its id or number.")],
    start: Moment = None,
    end: Moment = None,
) -> Response:
    """Tell the figures of the values in ``[start, end)``; of the last day if no bounds are given."""
    since, until = span(start, end, asker.city.now)
    stream, lake = asker.datastream(stream_reference(datastream)), asker.city.store.lake
    numbers = np.array([stream.number], np.int32)
    figures = lake.aggregate(AggregateQuery(since, until, 0, datastreams=numbers, functions=_FUNCTIONS)).to_pylist()
    found = figures[0] if figures else dict.fromkeys(_FUNCTIONS)
    marked = Call("ne", (Field("quality"), Literal(int(Quality.GOOD))))
    query = ObservationQuery(numbers, since, until, marked)
    last = ObservationQuery(numbers, since, until, order=(("time", True),), limit=1)
    shown = ObservationQuery(numbers, since, until, marked, order=(("time", False),), limit=_FLAGGED_MOST)
    body = StatisticsBody(
        datastream=stream.id,
        unit=unit_body(stream.unit),
        start=format_instant(since),
        end=format_instant(until),
        count=found["count"] or 0,
        minimum=found["min"],
        maximum=found["max"],
        mean=found["avg"],
        median=found["p50"],
        last=next(iter(_values(lake.read(last).to_pylist())), None),
        flagged_count=lake.count(query),
        flagged=_values(lake.read(shown).to_pylist()),
    )
    return answer(request, body)


def _values(rows: list[dict[str, Any]]) -> list[Value]:
    return [
        Value(
            time=format_instant(row["time"]),
            value=row["value"] if row["value"] is not None and np.isfinite(row["value"]) else None,
            quality=_WORDS.get(row["quality"], str(row["quality"])),
        )
        for row in rows
    ]
