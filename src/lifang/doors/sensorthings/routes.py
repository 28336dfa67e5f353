"""The routes below ``/sta/v1.1``."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any, TypeVar

import pyarrow as pa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.core import NotFound, from_micros
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, Metrics, asking, documented, json_answer, read_body
from lifang.doors.sensorthings.entities import (
    Entity,
    collection,
    datastream_entity,
    landing,
    observation_entity,
    thing_entity,
)
from lifang.doors.sensorthings.options import Options, read_options
from lifang.guard import Action, Classification, Resource
from lifang.sensing import Datastream, Thing

Item = TypeVar("Item")
_BATCH = 1000
_SMALL_BODY = 100_000  # bytes; decoded sooner than handed to a thread
_PREFIX = "/sta/v1.1"
_EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_OBSERVATION = re.compile(r"'([1-9]\d{0,8})-(-?\d{1,16})'", re.ASCII)


def _documented(*orders: str) -> dict[str, Any]:
    """Return what OpenAPI says of a list's query options."""
    number = {"type": "integer", "minimum": 0, "maximum": 10_000_000}
    schemas = {"$top": number, "$skip": number, "$count": {"type": "boolean"}, "$orderby": {"enum": list(orders)}}
    options = [{"name": name, "in": "query", "required": False, "schema": each} for name, each in schemas.items()]
    return {"openapi_extra": {"parameters": options}, "responses": documented(501)}


_BY_ID = _documented("id", "@iot.id")
_BY_TIME = _documented("phenomenonTime", "phenomenonTime asc", "phenomenonTime desc")
_BODY: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "array"}}}}}
}
Reads = Annotated[Asker, asking(Action.READ, Resource("datastream"))]
Observes = Annotated[Asker, asking(Action.OBSERVE, Resource("observation"))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Key = Annotated[str, Path(max_length=130)]


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/") + _PREFIX


def _page(request: Request, entities: Sequence[Entity], options: Options, *, more: bool, count: int | None) -> Response:
    following = f"{request.url.replace(query=options.next_query(request.query_params))}" if more else None
    return json_answer(request, collection(list(entities), count=count, following=following))


def _cut(found: Iterable[Item], options: Options) -> tuple[list[Item], bool]:
    """Return the page of ``found`` that was asked for, and whether more follow; no more is read than that."""
    end = options.skip + options.top
    page = list(islice(found, options.skip, end + 1))
    return page[: options.top], len(page) > options.top > 0


def _thing_resource(thing: Thing) -> Resource:
    return Resource("thing", thing.id, thing.classification)


def _stream_resource(stream: Datastream) -> Resource:
    return Resource("datastream", stream.id, stream.classification)


def _things_of(asker: Asker) -> Iterator[Thing]:
    """Yield the things that the asker may read, by id."""
    after = None
    while batch := asker.city.sensing.things(after=after, limit=_BATCH):
        yield from (thing for thing in batch if asker.may(Action.READ, _thing_resource(thing)))
        after = batch[-1].id


def _streams_of(asker: Asker, thing: str | None = None) -> Iterator[Datastream]:
    """Yield the datastreams (of one thing) that the asker may read, by number."""
    after = None
    while batch := asker.city.sensing.datastreams(thing=thing, after=after, limit=_BATCH):
        yield from (stream for stream in batch if asker.may(Action.READ, _stream_resource(stream)))
        after = batch[-1].number


def _count(asker: Asker) -> int:
    """Return how many datastreams the asker may read, from memory."""
    classes = [each for each in Classification if asker.may(Action.READ, Resource("datastream", "*", each))]
    return len(asker.city.sensing.latest(classes=classes, with_empty=True))


def _stream(asker: Asker, number: int) -> Datastream:
    return asker.see("datastream", str(number), lambda: asker.city.sensing.datastream(number), _stream_resource)


def _things(request: Request, asker: Reads) -> Response:
    """List the things."""
    options = read_options(request.query_params, orders=False)
    page, more = _cut(_things_of(asker), options)
    asker.seen(*map(_thing_resource, page))
    root = _root(request)
    count = sum(1 for _ in _things_of(asker)) if options.count else None
    return _page(request, [thing_entity(thing, root) for thing in page], options, more=more, count=count)


def _thing(key: Key, request: Request, asker: Reads) -> Response:
    """Give one thing."""
    return json_answer(request, thing_entity(_seen_thing(asker, key), _root(request)))


def _seen_thing(asker: Asker, key: str) -> Thing:
    if len(key) < 3 or key[0] != "'" or key[-1] != "'":
        raise NotFound(f"There is no thing {key[:80]}.", mend="Write the id in single quotes.")
    name = key[1:-1].replace("''", "'")
    return asker.see("thing", name, lambda: asker.city.sensing.thing(name), _thing_resource)


def _thing_streams(key: Key, request: Request, asker: Reads) -> Response:
    """List the datastreams of a thing."""
    thing = _seen_thing(asker, key).id
    return _streams_page(
        request, asker, _streams_of(asker, thing), count=lambda: sum(1 for _ in _streams_of(asker, thing))
    )


def _streams(request: Request, asker: Reads) -> Response:
    """List the datastreams."""
    return _streams_page(request, asker, _streams_of(asker), count=lambda: _count(asker))


def _streams_page(request: Request, asker: Asker, found: Iterator[Datastream], *, count: Callable[[], int]) -> Response:
    options = read_options(request.query_params, orders=False)
    page, more = _cut(found, options)
    asker.seen(*map(_stream_resource, page))
    root = _root(request)
    entities = [datastream_entity(stream, root) for stream in page]
    return _page(request, entities, options, more=more, count=count() if options.count else None)


def _one_stream(number: Number, request: Request, asker: Reads) -> Response:
    """Give one datastream."""
    return json_answer(request, datastream_entity(_stream(asker, number), _root(request)))


def _observations(number: Number, request: Request, asker: Reads) -> Response:
    """List the observations of a datastream, by phenomenonTime."""
    options = read_options(request.query_params, orders=True)
    stream = _stream(asker, number)
    table: pa.Table = asker.city.sensing.series(number, *_EVER)
    start = options.skip if not options.descending else max(0, len(table) - options.skip - options.top)
    size = options.top if not options.descending else max(0, min(options.top, len(table) - options.skip))
    part = table.slice(start, size)
    times = part["time"].cast(pa.int64()).to_pylist()
    rows = list(zip(times, part["value"].to_pylist(), part["quality"].to_pylist(), strict=True))
    root = _root(request)
    entities = [observation_entity(stream, row, root) for row in (reversed(rows) if options.descending else rows)]
    more = len(table) > options.skip + options.top and options.top > 0
    return _page(request, entities, options, more=more, count=len(table) if options.count else None)


def _observation(key: Key, request: Request, asker: Reads) -> Response:
    """Give one observation, named by its datastream's number and its moment in microseconds."""
    named = _OBSERVATION.fullmatch(key)
    if named is None:
        raise NotFound(f"There is no observation {key[:80]}.", mend="Write '<datastream number>-<microseconds>'.")
    stream, micros = _stream(asker, int(named[1])), int(named[2])
    moment = from_micros(micros)
    table: pa.Table = asker.city.sensing.series(stream.number, moment, moment + _TICK)
    if not len(table):
        raise NotFound(f"There is no observation {key[:80]}.", mend="List the datastream's observations.")
    row = table.slice(0, 1).to_pylist()[0]
    return json_answer(request, observation_entity(stream, (micros, row["value"], row["quality"]), _root(request)))


async def _create(request: Request, asker: Observes) -> Response:
    """Take observations in bulk (dataArray); the answer comes once every row is on disk."""
    body = await read_body(request)
    start = time.perf_counter()
    sensing = asker.city.sensing
    if len(body) <= _SMALL_BODY:
        receipt = sensing.receive_data_array(body, by=asker.subject)
    else:
        receipt = await run_sync(lambda: sensing.receive_data_array(body, by=asker.subject))
    await asyncio.wrap_future(receipt.batch)
    metrics: Metrics = request.app.state.metrics
    metrics.commit.observe(time.perf_counter() - start)
    metrics.values.labels("sensorthings").inc(int(receipt.accepted.sum()))
    return json_answer(request, receipt.outcomes(_root(request)), status=201)


def router() -> APIRouter:
    """Return the routes of this door."""
    routes = APIRouter(prefix=_PREFIX, route_class=GuardedRoute, tags=["sensorthings"], responses=PROBLEMS)

    @routes.get("")
    def start(request: Request, asker: Reads) -> Response:
        """Say what there is, and what of the standard is kept."""
        del asker
        return json_answer(request, landing(_root(request)))

    routes.add_api_route("/Things", _things, **_BY_ID)
    routes.add_api_route("/Things({key})", _thing)
    routes.add_api_route("/Things({key})/Datastreams", _thing_streams, **_BY_ID)
    routes.add_api_route("/Datastreams", _streams, **_BY_ID)
    routes.add_api_route("/Datastreams({number})", _one_stream)
    routes.add_api_route("/Datastreams({number})/Observations", _observations, **_BY_TIME)
    routes.add_api_route("/Observations({key})", _observation)
    routes.add_api_route("/CreateObservations", _create, methods=["POST"], status_code=201, **_BODY)
    return routes
