"""Routes of observations by place (OGC API - Environmental Data Retrieval, 19-086r6): of what the city senses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import shapely
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from lifang.core import BadInput, Box, NotFound, TooLarge, distance_m
from lifang.doors.http import Asker, asking, json_answer
from lifang.doors.ogcapi.asked import check_known, span_of
from lifang.doors.ogcapi.coverages import COVERAGE_JSON, Station, coverages, features, parameter, point
from lifang.doors.ogcapi.crs import CRS84, boxes_of, crs_of
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, REL, ROOT, address, link
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.guard import Action, Resource
from lifang.sensing import Datastream, Thing

SENSED = "sensing.observations"  # no dataset can be called so: their ids have no point
_MEDIA = {"CoverageJSON": COVERAGE_JSON, "GeoJSON": GEOJSON, "geojson": GEOJSON, "covjson": COVERAGE_JSON, "json": JSON}
_STREAMS_MAX, _VALUES_MAX = 2_000, 500_000
_NEAR_M = 5_000.0  # a position is told of by the nearest station not farther away
_DAY, _TICK = timedelta(days=1), timedelta(microseconds=1)
_UNITS_M = {"m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "km": 1000.0, "kilometres": 1000.0,
            "kilometers": 1000.0}  # fmt: skip
_NAMED = ("parameter-name", "parameter_names")  # OWSLib writes the latter
_QUERIES = ("position", "radius", "area", "cube", "locations")
Reads = Annotated[Asker, asking(Action.READ, Resource("datastream"))]
Text = Annotated[str | None, Query(max_length=500)]
Wkt = Annotated[str, Query(max_length=20_000, description="Well-known text, longitude first.")]
When = Annotated[str | None, Query(alias="datetime", max_length=100, description="Else the last day.")]


def _parameter_names(
    names: Annotated[str | None, Query(alias="parameter-name", max_length=2000)] = None,
    underscored: Annotated[str | None, Query(alias="parameter_names", max_length=2000)] = None,
) -> str | None:
    return underscored if names is None else names


Names = Annotated[str | None, Depends(_parameter_names)]


def router() -> APIRouter:
    """Return the routes of observations."""
    routes = APIRouter(prefix=f"{ROOT}/collections/{SENSED}", route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    data: dict[int | str, dict[str, Any]] = {200: {"content": {COVERAGE_JSON: {}, GEOJSON: {}}}}
    places: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}
    routes.add_api_route("", collection, summary="What is sensed", response_model=dict[str, Any])
    routes.add_api_route("/position", position, summary="Observations nearest to a position", responses=data)
    routes.add_api_route("/radius", radius, summary="Observations around a position", responses=data)
    routes.add_api_route("/area", area, summary="Observations in an area", responses=data)
    routes.add_api_route("/cube", cube, summary="Observations in a box", responses=data)
    routes.add_api_route("/locations", locations, summary="Where it is observed", responses=places)
    routes.add_api_route("/locations/{location_id}", location, summary="Observations of one place", responses=data)
    return routes


def described(request: Request, asker: Asker) -> dict[str, Any]:
    """Return what is sensed as an EDR collection, with its parameters."""
    here = address(request, "collections", SENSED)
    streams = asker.datastreams(limit=_STREAMS_MAX)
    formats = ["CoverageJSON", "GeoJSON"]
    queries = {
        kind: {
            "link": {
                **link("data", f"{here}/{kind}", COVERAGE_JSON),
                "variables": {"query_type": kind, "output_formats": formats, "default_output_format": "CoverageJSON",
                              "crs_details": [{"crs": "CRS84", "wkt": "OGC:CRS84"}]},
            }
        }
        for kind in _QUERIES
    }  # fmt: skip
    return {
        "id": SENSED,
        "title": "Observations / 观测",
        "description": "What the city senses, by place and time.",
        "extent": {"spatial": {"bbox": [list(asker.city.settings.extent)], "crs": "CRS84"}},
        "crs": [CRS84],
        "output_formats": formats,
        "data_queries": queries,
        "parameter_names": {each.observed_property: parameter(each) for each in streams},
        "links": [link("self", here), link("data", f"{here}/position", COVERAGE_JSON, "observations at a position"),
                  link(f"{REL}data", f"{here}/locations", GEOJSON, "where it is observed")],
    }  # fmt: skip


def collection(request: Request, asker: Reads) -> Response:
    """Describe what is sensed."""
    check_known(request)
    media_of(request, {"json": JSON})
    return json_answer(request, described(request, asker))


def position(
    request: Request, asker: Reads, names: Names, coords: Wkt, when: When = None, crs: Text = None
) -> Response:
    """Give the series of each parameter at the station nearest to a position, not farther than 5 km."""
    check_known(request, "coords", "datetime", *_NAMED, "crs")
    here = _shape(coords, crs, "Point")
    lon, lat = float(here.x), float(here.y)
    box = Box(lon, lat, lon, lat).grown(_NEAR_M)
    nearest: dict[str, tuple[float, Thing, Datastream]] = {}
    for thing, stream in _streams(asker, box, names):
        away = _away_m(thing, lon, lat)
        if away <= nearest.get(stream.observed_property, (_NEAR_M,))[0]:
            nearest[stream.observed_property] = (away, thing, stream)
    return _told(request, asker, [(thing, stream) for _, thing, stream in nearest.values()], when)


def radius(
    request: Request,
    asker: Reads,
    names: Names,
    coords: Wkt,
    within: Annotated[float, Query(gt=0, le=1e6)],
    within_units: Annotated[str, Query(alias="within-units", max_length=20)] = "m",
    when: When = None,
    crs: Text = None,
) -> Response:
    """Give the series of the stations within a distance of a position."""
    check_known(request, "coords", "within", "within-units", "datetime", *_NAMED, "crs")
    if within_units.lower() not in _UNITS_M:
        raise BadInput(f"{within_units!r} is no unit.", where="within-units", mend="Use m or km.")
    metres = within * _UNITS_M[within_units.lower()]
    here = _shape(coords, crs, "Point")
    lon, lat = float(here.x), float(here.y)
    box = Box(lon, lat, lon, lat).grown(metres * 1.01)
    found = [pair for pair in _streams(asker, box, names) if _away_m(pair[0], lon, lat) <= metres]
    return _told(request, asker, found, when)


def area(request: Request, asker: Reads, names: Names, coords: Wkt, when: When = None, crs: Text = None) -> Response:
    """Give the series of the stations in a polygon."""
    check_known(request, "coords", "datetime", *_NAMED, "crs")
    shape = _shape(coords, crs, "Polygon", "MultiPolygon")
    found = [
        pair
        for pair in _streams(asker, Box(*shape.bounds), names)
        if shapely.intersects_xy(shape, pair[0].lon, pair[0].lat)
    ]
    return _told(request, asker, found, when)


def cube(
    request: Request,
    asker: Reads,
    names: Names,
    bbox: Annotated[str, Query(max_length=200)],
    when: When = None,
    crs: Text = None,
) -> Response:
    """Give the series of the stations in a box."""
    check_known(request, "bbox", "datetime", *_NAMED, "crs")
    _check_crs(crs)
    found = [pair for box in boxes_of(bbox) for pair in _streams(asker, box, names)]
    return _told(request, asker, found, when)


def locations(request: Request, asker: Reads, bbox: Text = None) -> Response:
    """List the places where it is observed."""
    check_known(request, "bbox")
    media = media_of(request, {"geojson": GEOJSON, "json": JSON})
    boxes = boxes_of(bbox) if bbox else (None,)
    by_thing: dict[str, tuple[Thing, list[str]]] = {}
    for box in boxes:
        for thing, stream in _streams(asker, box, None):
            by_thing.setdefault(thing.id, (thing, []))[1].append(stream.observed_property)
    told = [
        {
            "type": "Feature",
            "id": thing.id,
            "geometry": point(thing),
            "properties": {"name": thing.en or thing.zh, "parameter-name": sorted(set(properties))},
            "links": [link("data", address(request, "collections", SENSED, "locations", thing.id), COVERAGE_JSON)],
        }
        for thing, properties in by_thing.values()
    ]
    response = json_answer(request, {"type": "FeatureCollection", "numberReturned": len(told), "features": told})
    response.headers["Content-Type"] = media
    return response


def location(
    location_id: Annotated[str, Path(max_length=128)],
    request: Request,
    asker: Reads,
    names: Names,
    when: When = None,
    crs: Text = None,
) -> Response:
    """Give the series of one place."""
    check_known(request, "datetime", *_NAMED, "crs")
    _check_crs(crs)
    found = _with_things(asker, asker.datastreams(thing=location_id, limit=_STREAMS_MAX))
    if not found:
        mend = f"List them: GET /ogc/collections/{SENSED}/locations."
        raise NotFound(f"There is no location {location_id[:80]!r}.", mend=mend)
    return _told(request, asker, _named(found, names), when)


def _streams(asker: Asker, box: Box | None, names: str | None) -> list[tuple[Thing, Datastream]]:
    """Return the datastreams in a box that the asker may read, of these parameters, each with its thing."""
    found = asker.datastreams(box=box, limit=_STREAMS_MAX + 1)
    if len(found) > _STREAMS_MAX:
        raise TooLarge(
            f"There are more than {_STREAMS_MAX:,} datastreams.", where="place", mend="Ask for a smaller place."
        )
    return _named(_with_things(asker, found), names)


def _with_things(asker: Asker, streams: list[Datastream]) -> list[tuple[Thing, Datastream]]:
    things: dict[str, Thing] = {}
    found = []
    for stream in streams:
        if stream.thing not in things:
            things[stream.thing] = asker.city.sensing.thing(stream.thing)
        thing = things[stream.thing]
        if asker.may(Action.READ, Resource("thing", thing.id, thing.classification)):
            found.append((thing, stream))
    return found


def _named(found: list[tuple[Thing, Datastream]], names: str | None) -> list[tuple[Thing, Datastream]]:
    if names is None:
        return found
    wanted = {each.strip() for each in names.split(",")}
    return [pair for pair in found if pair[1].observed_property in wanted]


def _told(request: Request, asker: Asker, found: list[tuple[Thing, Datastream]], when: str | None) -> Response:
    media = media_of(request, _MEDIA)
    start, end = _span(asker, when)
    numbers = [stream.number for _, stream in found]
    table = asker.city.sensing.many_series(numbers, start, end) if numbers else None
    if table is not None and len(table) > _VALUES_MAX:
        raise TooLarge(f"These are more than {_VALUES_MAX:,} values.", where="datetime", mend="Ask for less time.")
    stations = [_station(thing, stream, table) for thing, stream in found] if table is not None else []
    stations = [each for each in stations if len(each.time)]
    response = json_answer(request, features(stations) if media == GEOJSON else coverages(stations))
    response.headers["Content-Type"] = media
    return response


def _station(thing: Thing, stream: Datastream, table: pa.Table) -> Station:
    numbers = table["datastream"].to_numpy()
    first, last = np.searchsorted(numbers, stream.number, "left"), np.searchsorted(numbers, stream.number, "right")
    part = table.slice(int(first), int(last - first))
    return Station(thing, stream, part["time"].cast(pa.int64()).to_numpy(), part["value"].to_numpy())


def _span(asker: Asker, when: str | None) -> tuple[datetime, datetime]:
    now = asker.city.now
    if when is None:
        return now - _DAY, now + _TICK
    start, end = span_of(when)
    until = end + _TICK if end is not None else now + _TICK
    return start if start is not None else until - _DAY, until


def _check_crs(crs: str | None) -> None:
    if crs is not None and not crs_of(crs).plain:
        raise BadInput("Observations come in CRS84 only.", where="crs", mend=f"Leave it out, or say {CRS84}.")


def _shape(text: str, crs: str | None, *kinds: str) -> shapely.Geometry:
    _check_crs(crs)
    try:
        with np.errstate(over="ignore"):  # a number too large is infinite, and no valid coordinate
            shape = shapely.from_wkt(text)
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise BadInput("The coordinates are no well-known text.", where="coords", mend="POINT(104.07 30.67)") from error
    if shape.geom_type not in kinds or shape.is_empty or not shape.is_valid:
        raise BadInput(
            f"These coordinates are no valid {kinds[0]}.", where="coords", mend=f"Write a {kinds[0].upper()}."
        )
    west, south, east, north = shape.bounds
    Box(west, south, east, north)
    return shape


def _away_m(thing: Thing, lon: float, lat: float) -> float:
    found = distance_m(np.array([thing.lon]), np.array([thing.lat]), np.array([lon]), np.array([lat]))
    return float(found[0])
