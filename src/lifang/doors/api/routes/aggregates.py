"""Route of a datastream's figures per bucket of time: a year of it in few numbers, from the sums that are kept up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import FIGURES, Buckets, City
from lifang.catalogue import csv_cell
from lifang.core import BadInput, format_instant, parse_duration, zone
from lifang.doors.api.bodies.figures import BucketsBody
from lifang.doors.api.bodies.sensing import unit_body
from lifang.doors.api.listing import Moment, RecordedMoment, moment, span
from lifang.doors.api.routes.sensing import Reads, stream_reference
from lifang.doors.http import PROBLEMS, GuardedRoute, json_answer

_DAY_S = 86_400
_FIGURES = ",".join(FIGURES)
_PIECE = 20_000  # buckets of one piece of CSV
Every = Annotated[
    str,
    Query(
        max_length=40,
        description="How long a bucket is, up to a day or whole days: ISO 8601 (PT15M, PT1H, P1D) or seconds.",
    ),
]
Functions = Annotated[
    str, Query(max_length=400, description="Some of count, min, max, avg, sum, and percentiles p0 to p100.")
]


def router() -> APIRouter:
    """Return the route of a datastream's buckets."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["sensing"], responses=PROBLEMS)
    routes.add_api_route(
        "/observations/aggregates",
        _aggregates,
        response_model=BucketsBody,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        summary="Count, least, greatest, mean … of a datastream's values per minute, hour, day or any bucket of time",
    )
    return routes


def _aggregates(
    request: Request,
    asker: Reads,
    datastream: Annotated[str, Query(max_length=128, description="Its id or number.")],
    every: Every,
    start: Moment = None,
    end: Moment = None,
    functions: Functions = _FIGURES,
    at: RecordedMoment = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Tell the figures of each bucket of time in ``[start, end)``; of the last day if no bounds are given.

    Minutes, quarters of an hour, hours and days are summed up already, percentiles are not.
    """
    city = asker.city
    since, until = span(start, end, city.now)
    names = [each.strip() for each in functions.split(",")]
    reference, every_s = stream_reference(datastream), seconds_of(every)
    found = asker.buckets(reference, since, until, every_s=every_s, functions=names, at=moment(at))
    if form == "csv":
        name = {"Content-Disposition": f'attachment; filename="{found.datastream.number}-{every_s}s.csv"'}
        return StreamingResponse(_csv(found, city), media_type="text/csv; charset=utf-8", headers=name)
    table = found.table
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "time"}
    body = {
        "datastream": found.datastream.id,
        "unit": unit_body(found.datastream.unit),
        "time_zone": city.settings.time_zone,
        "start": format_instant(since),
        "end": format_instant(until),
        "bucket_s": every_s,
        "columns": {"time": table["time"].cast(pa.int64()).to_numpy() // 1000, **columns},
    }
    return json_answer(request, body)


def seconds_of(every: str) -> int:
    """Return the seconds of a bucket written as ISO 8601 duration or in seconds; ``BadInput`` for any other text."""
    text = every.strip()
    if text.isascii() and text.isdigit():
        months, whole = 0, int(text)
    else:
        try:
            months, whole = parse_duration(text)
        except BadInput as error:
            raise BadInput(error.what, where="every", mend="Write PT15M, PT1H, P1D, or seconds.") from error
    if months:
        raise BadInput("Months and years are not summed up.", where="every", mend="Ask for days or weeks: P1D, P1W.")
    if whole > _DAY_S and whole % _DAY_S:
        raise BadInput("A bucket longer than a day is whole days.", where="every", mend="Write P2D, not PT36H.")
    return whole


def _csv(found: Buckets, city: City) -> Iterator[bytes]:
    """Yield the buckets as CSV: times in the city's zone, as its charts show them."""
    named, unit = csv_cell(found.datastream.id), csv_cell(found.datastream.unit)
    every, local = found.every_s, zone(city.settings.time_zone)
    names = [each for each in found.table.column_names if each != "time"]
    yield f"datastream,time,bucket_s,{','.join(names)},unit\r\n".encode()
    for batch in found.table.to_batches(_PIECE):
        rows = zip(*(batch[name].to_pylist() for name in ("time", *names)), strict=True)
        lines = (
            f"{named},{format_instant(when, in_zone=local)},{every},{','.join(map(repr, told))},{unit}\r\n"
            for when, *told in rows
        )
        yield "".join(lines).encode()
