"""Routes of observations along a line, and of datastreams one by one as items (OGC 19-086r6, clauses 7 and 8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import numpy as np
import shapely
from fastapi import APIRouter, Path, Query, Request
from numpy.typing import NDArray
from starlette.responses import Response

from lifang.core import BadInput, Box, TooLarge, from_micros, to_micros
from lifang.doors.http import Asker, json_answer
from lifang.doors.ogcapi.coverages import (
    COVERAGE_JSON,
    Station,
    Vertices,
    coverages,
    points_along,
    reading,
    trajectory_of,
)
from lifang.doors.ogcapi.crs import boxes_of
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, ROOT, address, again, link
from lifang.doors.ogcapi.observed import (
    MEDIA,
    NAMED,
    NEAR_M,
    SENSED,
    Names,
    Reads,
    Sensed,
    When,
    Wkt,
    away_m,
    check_asked,
    named,
    shape_of,
    span,
    stations_of,
    streams_in,
    told,
    unit_m,
    with_things,
)
from lifang.doors.ogcapi.parameters import Limit, Text
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.sensing import Thing

_LINES = ("LineString", "MultiLineString")
_VERTICES_MAX = 1_000
_DAY = timedelta(days=1)
_ITEMS, _ITEMS_MAX = 100, 1_000
_ITEM_MEDIA = {"GeoJSON": GEOJSON, "geojson": GEOJSON, "json": GEOJSON, "CoverageJSON": COVERAGE_JSON,
               "covjson": COVERAGE_JSON}  # fmt: skip
_M_PER_DEGREE = 111_320.0  # of latitude
Width = Annotated[float, Query(alias="corridor-width", gt=0, le=1e6, description="From side to side.")]
Height = Annotated[float | None, Query(alias="corridor-height", ge=0, le=1e6, description="Of no effect.")]


def router() -> APIRouter:
    """Return the routes of lines and items."""
    routes = APIRouter(prefix=f"{ROOT}/collections/{SENSED}", route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    data: dict[int | str, dict[str, Any]] = {200: {"content": {COVERAGE_JSON: {}, GEOJSON: {}}}}
    routes.add_api_route("/trajectory", trajectory, summary="Observations along a line", responses=data)
    routes.add_api_route("/corridor", corridor, summary="Observations beside a line", responses=data)
    routes.add_api_route("/items", items, summary="What is observed, each with its last value", responses=data)
    routes.add_api_route("/items/{item_id}", item, summary="One of what is observed", responses=data)
    return routes


def trajectory(
    request: Request, asker: Reads, names: Names, coords: Wkt, when: When = None, crs: Text = None
) -> Response:
    """Give at each vertex of a line the last value of each parameter at the nearest station, not farther than 5 km.

    A line with M (seconds since 1970) says at which time each vertex is passed, and what was the last value then, not
    older than a day; one without is told of at the end of `datetime`.
    """
    check_asked(request, "coords", "datetime", *NAMED, "crs")
    media = media_of(request, MEDIA)
    line = shape_of(coords, crs, *_LINES)
    places = shapely.get_coordinates(line, include_m=True)
    if len(places) > _VERTICES_MAX:
        raise TooLarge(f"The line has more than {_VERTICES_MAX:,} vertices.", where="coords", mend="Simplify it.")
    if line.has_m and when is not None:
        raise BadInput("The line says when by its M.", where="datetime", mend="Leave datetime out.")
    start, end = _times(places[:, 2]) if line.has_m else span(asker, when)
    at = places[:, 2] * 1e6 if line.has_m else np.full(len(places), to_micros(end) - 1)
    near = streams_in(asker, Box(*line.bounds).grown(NEAR_M), names)
    stations = stations_of(asker, near, start, end)
    vertices = _vertices(places, at.astype(np.int64), stations, oldest=start if not line.has_m else None)
    body = points_along(vertices) if media == GEOJSON else trajectory_of(vertices)
    response = json_answer(request, body)
    response.headers["Content-Type"] = media
    return response


def _times(seconds: NDArray[np.float64]) -> tuple[datetime, datetime]:
    """Return from when to when values matter for vertices that are passed at these times."""
    low, high = float(np.min(seconds)), float(np.max(seconds))
    if not (np.isfinite(seconds).all() and low >= 0 and high < 32_503_680_000):  # the year 3000
        raise BadInput("M is no time.", where="coords", mend="Write seconds since 1970 as M.")
    return from_micros(int(low * 1e6)) - _DAY, from_micros(int(high * 1e6)) + timedelta(microseconds=1)


def _vertices(
    places: NDArray[np.float64], at: NDArray[np.int64], stations: list[Station], *, oldest: datetime | None
) -> Vertices:
    """Return what was measured nearest to each vertex at its time."""
    values: dict[str, NDArray[np.float64]] = {}
    streams = {}
    for name in sorted({each.stream.observed_property for each in stations}):
        same = [each for each in stations if each.stream.observed_property == name]
        away = np.array([[away_m(each.thing, lon, lat) for each in same] for lon, lat in places[:, :2]])
        nearest = np.argmin(away, axis=1)
        lowest = to_micros(oldest) if oldest else None
        values[name] = np.array(
            [
                _last(same[n], at[row], at[row] - 86_400_000_000 if lowest is None else lowest)
                if away[row, n] <= NEAR_M
                else np.nan
                for row, n in enumerate(nearest)
            ]
        )
        streams[name] = same[0].stream
    return Vertices(places[:, 0], places[:, 1], at, streams, values)


def _last(station: Station, at: int, oldest: int) -> float:
    place = int(np.searchsorted(station.time, at, "right")) - 1
    return float(station.value[place]) if place >= 0 and station.time[place] >= oldest else np.nan


def corridor(
    request: Request,
    asker: Reads,
    names: Names,
    coords: Wkt,
    width: Width,
    width_units: Annotated[str, Query(alias="width-units", max_length=20)] = "m",
    height: Height = None,
    height_units: Annotated[str, Query(alias="height-units", max_length=20)] = "m",
    when: When = None,
    crs: Text = None,
) -> Response:
    """Give the series of the stations beside a line, within half the corridor's width of it."""
    del height
    asked = ("coords", "corridor-width", "width-units", "corridor-height", "height-units", "datetime", *NAMED, "crs")
    check_asked(request, *asked)
    unit_m(height_units, "height-units")
    reach = width * unit_m(width_units, "width-units") / 2
    line = shape_of(coords, crs, *_LINES)
    near = streams_in(asker, Box(*line.bounds).grown(reach * 1.01), names)
    return told(request, asker, [pair for pair in near if _beside_m(pair[0], line) <= reach], when)


def _beside_m(thing: Thing, line: shapely.Geometry) -> float:
    """Return how far a thing stands from a line in metres, on the plane that touches the earth there."""
    east = _M_PER_DEGREE * float(np.cos(np.radians(thing.lat)))
    flat = shapely.transform(line, lambda c: (c - [thing.lon, thing.lat]) * [east, _M_PER_DEGREE])
    return float(shapely.distance(flat, shapely.Point(0, 0)))


def items(
    request: Request,
    asker: Reads,
    names: Names,
    bbox: Text = None,
    when: When = None,
    limit: Limit = None,
    after: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="As links to the next page have it.")] = None,
) -> Response:
    """List what is observed, each datastream as a feature with its last value of the time asked for."""
    check_asked(request, "bbox", "datetime", "limit", "after", *NAMED)
    media = media_of(request, {"geojson": GEOJSON, "GeoJSON": GEOJSON, "json": GEOJSON})
    boxes = boxes_of(bbox) if bbox else (None,)
    size = min(limit or _ITEMS, _ITEMS_MAX)
    numbered: dict[int, Any] = {}
    for box in boxes:
        for each in asker.datastreams(box=box, after=after, limit=size + 1):
            numbered[each.number] = each
    page = [numbered[number] for number in sorted(numbered)]
    found = named(with_things(asker, page[:size]), names)
    features = _features(request, asker, found, when)
    links = [link("self", again(request, {}), media, "this document"),
             link("collection", address(request, "collections", SENSED))]  # fmt: skip
    if len(page) > size:
        links.append(link("next", again(request, {"after": page[size - 1].number, "limit": size}), media))
    whole = {"numberMatched": len(features)} if after is None and len(page) <= size else {}
    body = {"type": "FeatureCollection", **whole, "numberReturned": len(features), "links": links, "features": features}
    response = json_answer(request, body)
    response.headers["Content-Type"] = media
    return response


def _features(request: Request, asker: Asker, found: Sensed, when: str | None) -> list[dict[str, Any]]:
    """Return datastreams with their last values; where a time is asked for, those that have one then."""
    stations = {each.stream.id: each for each in stations_of(asker, found, *span(asker, when))}
    return [
        reading(thing, stream, stations.get(stream.id), address(request, "collections", SENSED, "locations", thing.id))
        for thing, stream in found
        if when is None or stream.id in stations
    ]


def item(item_id: Annotated[str, Path(max_length=128)], request: Request, asker: Reads, when: When = None) -> Response:
    """Give one datastream: as GeoJSON with its last value, as CoverageJSON its series."""
    check_asked(request, "datetime")
    media = media_of(request, _ITEM_MEDIA)
    stream = asker.datastream(item_id)
    found = with_things(asker, [stream])
    if media == COVERAGE_JSON:
        response = json_answer(request, coverages(stations_of(asker, found, *span(asker, when))))
    else:
        body = _features(request, asker, found, when) or _features(request, asker, found, None)
        response = json_answer(request, body[0])
    response.headers["Content-Type"] = media
    return response
