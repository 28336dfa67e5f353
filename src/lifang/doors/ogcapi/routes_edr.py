"""Routes of observations by place (OGC API - Environmental Data Retrieval, 19-086r6): of what the city senses."""

from __future__ import annotations

from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.core import Box, NotFound
from lifang.doors.http import Asker, json_answer
from lifang.doors.ogcapi.asked import check_known
from lifang.doors.ogcapi.coverages import COVERAGE_JSON, parameter, point
from lifang.doors.ogcapi.crs import CRS84, boxes_of
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, REL, ROOT, address, link
from lifang.doors.ogcapi.observed import (
    NAMED,
    NEAR_M,
    SENSED,
    STREAMS_MAX,
    Names,
    Reads,
    When,
    Wkt,
    away_m,
    check_asked,
    check_crs,
    named,
    shape_of,
    streams_in,
    told,
    unit_m,
    with_things,
)
from lifang.doors.ogcapi.parameters import Text
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.sensing import Datastream, Thing

_QUERIES = ("position", "radius", "area", "cube", "trajectory", "corridor", "items", "locations")
_LENGTHS = ["m", "km"]
_UNITS = {"radius": {"within_units": _LENGTHS}, "corridor": {"width_units": _LENGTHS, "height_units": _LENGTHS}}


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
    streams = asker.datastreams(limit=STREAMS_MAX)
    formats = ["CoverageJSON", "GeoJSON"]
    queries = {
        kind: {
            "link": {
                **link("data", f"{here}/{kind}", COVERAGE_JSON),
                "variables": {
                    "query_type": kind,
                    "output_formats": formats,
                    "default_output_format": "GeoJSON" if kind == "items" else "CoverageJSON",
                    "crs_details": [{"crs": "CRS84", "wkt": "OGC:CRS84"}],
                    **_UNITS.get(kind, {}),
                },
            }
        }
        for kind in _QUERIES
    }
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
                  link("items", f"{here}/items", GEOJSON, "what is observed, with its last values"),
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
    check_asked(request, "coords", "datetime", *NAMED, "crs")
    here = shape_of(coords, crs, "Point")
    lon, lat = float(here.x), float(here.y)
    box = Box(lon, lat, lon, lat).grown(NEAR_M)
    nearest: dict[str, tuple[float, Thing, Datastream]] = {}
    for thing, stream in streams_in(asker, box, names):
        away = away_m(thing, lon, lat)
        if away <= nearest.get(stream.observed_property, (NEAR_M,))[0]:
            nearest[stream.observed_property] = (away, thing, stream)
    return told(request, asker, [(thing, stream) for _, thing, stream in nearest.values()], when)


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
    check_asked(request, "coords", "within", "within-units", "datetime", *NAMED, "crs")
    metres = within * unit_m(within_units, "within-units")
    here = shape_of(coords, crs, "Point")
    lon, lat = float(here.x), float(here.y)
    box = Box(lon, lat, lon, lat).grown(metres * 1.01)
    found = [pair for pair in streams_in(asker, box, names) if away_m(pair[0], lon, lat) <= metres]
    return told(request, asker, found, when)


def area(request: Request, asker: Reads, names: Names, coords: Wkt, when: When = None, crs: Text = None) -> Response:
    """Give the series of the stations in a polygon."""
    check_asked(request, "coords", "datetime", *NAMED, "crs")
    shape = shape_of(coords, crs, "Polygon", "MultiPolygon")
    found = [
        pair
        for pair in streams_in(asker, Box(*shape.bounds), names)
        if shapely.intersects_xy(shape, pair[0].lon, pair[0].lat)
    ]
    return told(request, asker, found, when)


def cube(
    request: Request,
    asker: Reads,
    names: Names,
    bbox: Annotated[str, Query(max_length=200)],
    when: When = None,
    crs: Text = None,
) -> Response:
    """Give the series of the stations in a box."""
    check_asked(request, "bbox", "datetime", *NAMED, "crs")
    check_crs(crs)
    found = [pair for box in boxes_of(bbox) for pair in streams_in(asker, box, names)]
    return told(request, asker, found, when)


def locations(request: Request, asker: Reads, bbox: Text = None) -> Response:
    """List the places where it is observed."""
    check_asked(request, "bbox")
    media = media_of(request, {"geojson": GEOJSON, "json": JSON})
    boxes = boxes_of(bbox) if bbox else (None,)
    by_thing: dict[str, tuple[Thing, list[str]]] = {}
    for box in boxes:
        for thing, stream in streams_in(asker, box, None):
            by_thing.setdefault(thing.id, (thing, []))[1].append(stream.observed_property)
    places = [
        {
            "type": "Feature",
            "id": thing.id,
            "geometry": point(thing),
            "properties": {"name": thing.en or thing.zh, "parameter-name": sorted(set(properties))},
            "links": [link("data", address(request, "collections", SENSED, "locations", thing.id), COVERAGE_JSON)],
        }
        for thing, properties in by_thing.values()
    ]
    response = json_answer(request, {"type": "FeatureCollection", "numberReturned": len(places), "features": places})
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
    check_asked(request, "datetime", *NAMED, "crs")
    check_crs(crs)
    found = with_things(asker, asker.datastreams(thing=location_id, limit=STREAMS_MAX))
    if not found:
        mend = f"List them: GET /ogc/collections/{SENSED}/locations."
        raise NotFound(f"There is no location {location_id[:80]!r}.", mend=mend)
    return told(request, asker, named(found, names), when)
