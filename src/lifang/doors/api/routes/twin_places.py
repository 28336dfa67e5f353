"""Which objects are asked for: by name, kind, links and place; and the route that finds places by name or address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import orjson
import shapely
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from lifang.app import PlaceView
from lifang.core import BadInput, Box
from lifang.doors.api.bodies.kinds import Json, Said
from lifang.doors.api.listing import CityMoment, moment
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.twin import Area, check_stage

Sees = Annotated[Asker, asking(Action.READ, Resource("object"), per_item=True)]
Text = Annotated[str, Query(max_length=200)]
Wanted = Callable[[Asker, datetime], dict[str, Any]]
_WITHIN_M = 100.0


class PlaceBody(Said):
    """A place: what it is called, what it is, where; how well it fits, 0 to 1; the address by which it was found."""

    name: str
    target: str = Field(description="`object:ID` or `row:DATASET/KEY`.")
    centre: list[float] = Field(description="Longitude, latitude in degrees.")
    bbox: list[float]
    geometry: Json
    score: float
    address: dict[str, str]


class PlaceList(Said):
    """Places, the likeliest first; `address` is the text taken apart as an address."""

    address: dict[str, str]
    items: list[PlaceBody]


def router() -> APIRouter:
    """Return the route that finds places."""
    routes = APIRouter(prefix="/api/v1/twin", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route("/places", places, response_model=PlaceList, summary="Places by name or address")
    return routes


def places(
    request: Request,
    asker: Sees,
    q: Annotated[str, Query(min_length=1, max_length=200, description="A name or an address.")],
    at: CityMoment = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Response:
    """Find places by name or address: objects, and rows of datasets that have a name and a place."""
    view = PlaceView(asker)
    found = view.find(q, at=moment(at) or asker.city.now, limit=limit)
    items = [
        PlaceBody(
            name=each.name,
            target=each.target,
            centre=[round(float(shapely.get_x(middle)), 7), round(float(shapely.get_y(middle)), 7)],
            bbox=[round(float(side), 7) for side in shapely.bounds(each.shape)],
            geometry=orjson.loads(shapely.to_geojson(each.shape)),
            score=round(each.score, 3),
            address=dict(each.address),
        )
        for each, middle in ((each, shapely.centroid(each.shape)) for each in found)
    ]
    return answer(request, PlaceList(address=view.parse(q).parts, items=items))


def wanted(
    q: Text = "",
    kind: Annotated[str | None, Query(alias="class", max_length=64)] = None,
    model: Annotated[str | None, Query(max_length=64)] = None,
    bbox: Annotated[str | None, Query(max_length=200, description="West, south, east, north in degrees.")] = None,
    fuzzy: Annotated[
        str,
        Query(max_length=200, description="A name, or a part of one, that may have a slip or two: the likest first."),
    ] = "",
    level: Annotated[int | None, Query(ge=1, le=7, description="CIM level.")] = None,
    stage: Annotated[str | None, Query(max_length=20)] = None,
    linked: Annotated[str | None, Query(max_length=320, description="What it is linked to: `KIND:ID`.")] = None,
    scenario: Annotated[str | None, Query(max_length=64, description="As of this scenario.")] = None,
    polygon: Annotated[str | None, Query(max_length=100_000, description="WKT, longitude first.")] = None,
    near: Annotated[str | None, Query(max_length=100, description="Longitude, latitude in degrees.")] = None,
    place: Annotated[str | None, Query(max_length=200, description="A place's name, or an address.")] = None,
    within_m: Annotated[
        float | None, Query(ge=0, description="How far at most from `near`, `place` or `polygon`; 100 m.")
    ] = None,
) -> Wanted:
    """Return what turns these conditions into those of a query for an asker at a moment."""

    def conditions(asker: Asker, at: datetime) -> dict[str, Any]:
        area = _area(asker, at, polygon, near, place, within_m)
        box = Box.parse(bbox) if bbox else None
        at_stage = stage and check_stage(stage)
        told = {"kind": kind, "model": model, "text": q, "fuzzy": fuzzy, "level": level, "stage": at_stage}
        return {**told, "linked": linked, "scenario": scenario, "box": box, "area": area}

    return conditions


Conditions = Annotated[Wanted, Depends(wanted)]


def _area(
    asker: Asker, at: datetime, polygon: str | None, near: str | None, place: str | None, within_m: float | None
) -> Area | None:
    given = [name for name, value in (("polygon", polygon), ("near", near), ("place", place)) if value]
    if len(given) > 1:
        raise BadInput("An area is told in one way.", where=", ".join(given), mend="Leave the others out.")
    if polygon:
        return Area(Area.parse(polygon).shape, within_m or 0.0)
    far = _WITHIN_M if within_m is None else within_m
    if near:
        return Area(_point(near), far)
    return PlaceView(asker).area(place, at=at, within_m=far) if place else None


def _point(text: str) -> Any:
    try:
        lon, lat = (float(each) for each in text.split(","))
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no point.", where="near", mend="Write lon,lat in degrees.") from None
    return shapely.Point(lon, lat)
