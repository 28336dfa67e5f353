"""Routes of sensing: datastreams, their series, and bulk observations as Arrow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import City, Current
from lifang.catalogue import csv_cell
from lifang.core import Box, NotFound, TooLarge, format_instant, from_micros, zone
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.sensing import (
    Accepted,
    DatastreamBody,
    DatastreamPage,
    LatestBody,
    ObservationPage,
    ThingBody,
    Value,
    unit_body,
)
from lifang.doors.api.listing import After, CityMoment, Limit, Moment, RecordedMoment, after_number, moment, span
from lifang.doors.http import (
    PROBLEMS,
    Asker,
    GuardedRoute,
    Metrics,
    ShortRoute,
    answer,
    asking,
    encode_cursor,
    json_answer,
    read_body,
)
from lifang.guard import Action, Resource
from lifang.sensing import Datastream, Quality

_MOST = 200_000  # values of one JSON answer
_MOST_LATEST = 10_000  # values of one picture
_PIECE = 20_000  # values of one piece of CSV
_WORDS = {each.value: each.word for each in Quality}
Reads = Annotated[Asker, asking(Action.READ, Resource("datastream"), per_item=True)]
Observes = Annotated[Asker, asking(Action.OBSERVE, Resource("observation"))]
BoxText = Annotated[str | None, Query(max_length=200, description="west,south,east,north in degrees.")]
IdText = Annotated[str | None, Query(max_length=128)]


def _value(latest: tuple[int, float | None, int] | None) -> Value | None:
    if latest is None:
        return None
    micros, value, quality = latest
    return Value(time=format_instant(from_micros(micros)), value=value, quality=_WORDS[quality])


def _bodies(asker: Asker, shown: Sequence[Current]) -> list[DatastreamBody]:
    """Return the datastreams with their things and latest values."""
    things = asker.city.sensing.things_named({each.datastream.thing for each in shown})
    found = []
    for each in shown:
        stream, thing = each.datastream, things[each.datastream.thing]
        body = ThingBody(id=thing.id, name=Name(zh=thing.zh, en=thing.en), lon=thing.lon, lat=thing.lat)
        found.append(
            DatastreamBody(
                id=stream.id,
                number=stream.number,
                name=Name(zh=stream.zh, en=stream.en),
                thing=body,
                observed_property=stream.observed_property,
                unit=unit_body(stream.unit),
                period_s=stream.period_s,
                classification=stream.classification.value,
                latest=_value(each.value),
            )
        )
    return found


def stream_reference(text: str) -> int | str:
    """Return the id or number of a datastream as written in an address; ``NotFound`` for nothing."""
    if not text:
        raise NotFound("No datastream is named.", where="datastream", mend="Name one of /api/v1/datastreams.")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _csv(table: pa.Table, stream: Datastream, city: City) -> Iterator[bytes]:
    """Yield the series as CSV: times in the city's zone, as its charts show them."""
    local, named, unit = zone(city.settings.time_zone), csv_cell(stream.id), csv_cell(stream.unit)
    yield b"datastream,time,value,unit,quality\r\n"
    for batch in table.to_batches(_PIECE):
        rows = zip(*(batch[name].to_pylist() for name in ("time", "value", "quality")), strict=True)
        lines = (
            f"{named},{format_instant(when, in_zone=local)},{'' if value is None else repr(value)},{unit},"
            f"{_WORDS[quality]}\r\n"
            for when, value, quality in rows
        )
        yield "".join(lines).encode()


def router() -> APIRouter:
    """Return the routes of datastreams and observations."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["sensing"], responses=PROBLEMS)

    routes.add_api_route(
        "/latest", _latest, response_model=LatestBody, summary="Latest values in a box, in columns, for a map"
    )

    @routes.get("/datastreams", response_model=DatastreamPage)
    def datastreams(
        request: Request,
        asker: Reads,
        bbox: BoxText = None,
        thing: IdText = None,
        observed: Annotated[str | None, Query(alias="property", max_length=128)] = None,
        at: CityMoment = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """List datastreams with their latest values, now or at a moment, by number."""
        page = asker.latest(
            at=moment(at),
            thing=thing,
            box=Box.parse(bbox) if bbox else None,
            observed_property=observed,
            after=after_number("datastreams", after) or None,
            limit=limit,
        )
        following = encode_cursor("datastreams", page[-1].datastream.number) if page.more else None
        return answer(request, DatastreamPage(items=_bodies(asker, page), next=following))

    @routes.get("/datastreams/{reference}", response_model=DatastreamBody)
    def datastream(reference: str, request: Request, asker: Reads, at: CityMoment = None) -> Response:
        """Give one datastream, by its id or number, with its latest value, now or at a moment."""
        return answer(request, _bodies(asker, [asker.latest_of(stream_reference(reference), at=moment(at))])[0])

    routes.add_api_route(
        "/observations",
        _observations,
        response_model=ObservationPage,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        summary="A datastream's values through time",
    )
    routes.add_api_route(
        "/observations",
        _ingest,
        methods=["POST"],
        status_code=201,
        route_class_override=ShortRoute,
        response_model=Accepted,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
        summary="Observations in bulk, as an Arrow IPC stream",
    )
    return routes


async def _latest(
    request: Request,
    asker: Reads,
    bbox: BoxText = None,
    observed: Annotated[str | None, Query(alias="property", max_length=128)] = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_LATEST, description="How many values at most.")] = 1000,
) -> Response:
    """Tell the latest value of each datastream in a box, by number; those that never had one are left out.

    The values are in memory: nothing waits for others that are being stored.
    """
    read = partial(
        asker.latest_in,
        Box.parse(bbox) if bbox else None,
        observed_property=observed,
        after=after_number("latest", after),
        limit=limit,
    )
    found = read() if observed is None else await run_sync(read)  # a property's number is in the registry
    if found.hidden:
        await run_sync(lambda: asker.seen(*found.hidden))
    latest = found.latest
    columns = {
        "number": latest.numbers,
        "lon": np.round(latest.lon, 6),
        "lat": np.round(latest.lat, 6),
        "time": latest.time // 1000,
        "value": latest.value,
        "quality": latest.quality,
    }
    following = encode_cursor("latest", int(latest.numbers[-1])) if found.more else None
    return json_answer(request, {"id": found.ids, "columns": columns, "qualities": _WORDS, "next": following})


def _observations(
    request: Request,
    asker: Reads,
    datastream: Annotated[str, Query(max_length=128, description="Its id or number.")],
    start: Moment = None,
    end: Moment = None,
    points: Annotated[int | None, Query(ge=4, le=100_000, description="For a chart: at most so many values.")] = None,
    at: RecordedMoment = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Return the values in ``[start, end)``; the last day if no bounds are given."""
    city = asker.city
    since, until = span(start, end, city.now)
    found = asker.series(stream_reference(datastream), since, until, points=points, at=moment(at))
    stream, table = found.datastream, found.table
    if form == "csv":
        name = {"Content-Disposition": f'attachment; filename="{stream.number}.csv"'}
        return StreamingResponse(_csv(table, stream, city), media_type="text/csv; charset=utf-8", headers=name)
    if len(table) > _MOST:
        raise TooLarge(f"These are {len(table):,} values.", where="start, end", mend="Give `points`, or format=csv.")
    rows = zip(*(table[name].to_pylist() for name in ("time", "value", "quality")), strict=True)
    body = ObservationPage(
        datastream=stream.id,
        unit=unit_body(stream.unit),
        time_zone=city.settings.time_zone,
        items=[Value(time=format_instant(when), value=value, quality=_WORDS[code]) for when, value, code in rows],
        next=None,
        downsampled=points is not None and found.whole > points,
    )
    return answer(request, body)


async def _ingest(request: Request, asker: Observes) -> Response:
    """Take observations; the answer comes once every row is on disk."""
    body = await read_body(request)
    start = time.perf_counter()
    sensing = asker.city.sensing
    receipt = await run_sync(lambda: sensing.receive_arrow(body, by=asker.subject))
    batch = await asyncio.wrap_future(receipt.batch)
    metrics: Metrics = request.app.state.metrics
    metrics.commit.observe(time.perf_counter() - start)
    metrics.values.labels("api").inc(len(receipt.time))
    return answer(request, Accepted(accepted=len(receipt.time), batch=batch), status=201)
