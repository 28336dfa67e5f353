"""Routes of analyses on the twin: measures, distance, section, sun and shadow, sight, density by parcel, clearance."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from lifang.app import TwinView
from lifang.core import BadInput, Box
from lifang.doors.api.bodies.kinds import Asked
from lifang.doors.api.listing import CityMoment, moment
from lifang.doors.api.routes.twin import As
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, asking, json_answer
from lifang.guard import Action, Resource
from lifang.twin import PlanStudy, pipe_clearances

Sees = Annotated[Asker, asking(Action.READ, Resource("object"), per_item=True)]
ReadsCity = Annotated[Asker, asking(Action.READ, Resource("city"))]
Id = Annotated[str, Query(max_length=200)]
Model = Annotated[str | None, Query(max_length=64, description="Only the objects of this model.")]
Point = Annotated[str, Query(max_length=100, description="Longitude, latitude, height in metres: lon,lat,height.")]
Degrees = Annotated[float, Query(ge=-360, le=360)]
Hour = Annotated[float, Query(ge=0, le=24, description="In true solar time.")]
_PARCELS_MAX = 100_000


def router() -> APIRouter:
    """Return the routes of analyses."""
    routes = APIRouter(prefix="/api/v1/twin/analyses", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    for path, handler, told in (
        ("/measures", measures, "Height, surface, covered area and volume of an object"),
        ("/distance", distance, "The least distance between two objects"),
        ("/section", section, "What a plane cuts of an object"),
        ("/sun-hours", sun_hours, "How long the sun shines on a point"),
        ("/shadows", shadows, "The shadows of what stands in a box"),
        ("/sight", sight, "Whether a point is seen from another"),
        ("/viewshed", viewshed, "What is seen from a point"),
        ("/buffer", buffer, "What lies about an object"),
        ("/overlay", overlay, "What objects cover of the polygons of a dataset"),
        ("/comparison", comparison, "How two models differ"),
        ("/density", density, "Floor-area ratio and building density by parcel"),
        ("/clearance", clearances, "Pipes of the city that are too near"),
    ):
        routes.add_api_route(path, handler, response_model=dict[str, Any], summary=told)
    routes.add_api_route(
        "/clearance",
        clearance,
        methods=["POST"],
        response_model=dict[str, Any],
        summary="Given pipes that are too near",
    )
    return routes


def measures(request: Request, asker: Sees, id: Id, at: CityMoment = None, scenario: As = None) -> Response:  # noqa: A002 - its name outside
    """Tell height, surface, covered area and volume of an object; no volume where it is not closed."""
    return json_answer(request, _study(asker, at, scenario=scenario).measures(id))


def distance(request: Request, asker: Sees, one: Id, other: Id, at: CityMoment = None, scenario: As = None) -> Response:
    """Tell the least distance between two objects in space, and between which points it is."""
    return json_answer(request, _study(asker, at, scenario=scenario).distance(one, other))


def section(
    request: Request,
    asker: Sees,
    id: Id,  # noqa: A002 - its name outside
    through: Point,
    azimuth: Degrees = 0.0,
    tilt: Degrees = 90.0,
    at: CityMoment = None,
    scenario: As = None,
) -> Response:
    """Cut an object by a plane: its normal points to `azimuth`, `tilt` degrees from upright (90: an upright plane)."""
    found = _study(asker, at, scenario=scenario).section(id, _point(through, "through"), azimuth=azimuth, tilt=tilt)
    return json_answer(request, found)


def sun_hours(
    request: Request,
    asker: Sees,
    point: Point,
    day: date,
    first: Hour = 8.0,
    last: Hour = 16.0,
    within_m: Annotated[float, Query(ge=0, le=5000, description="How far off things may stand that shade it.")] = 500.0,
    model: Model = None,
    at: CityMoment = None,
    scenario: As = None,
) -> Response:
    """Tell how long the sun shines on a point on a day, in true solar time, past what stands about it.

    GB 50180-2018 table 4.0.9 counts 8 to 16 on 大寒日 and 9 to 15 on 冬至日, at the sill of the lowest window.
    """
    study = _study(asker, at, model, scenario)
    return json_answer(request, study.sun_hours(_point(point, "point"), day, hours=(first, last), within_m=within_m))


def shadows(
    request: Request,
    asker: Sees,
    bbox: Annotated[str, Query(max_length=200, description="West, south, east, north in degrees.")],
    at: CityMoment = None,
    scenario: As = None,
    model: Model = None,
) -> Response:
    """Give the shadows that what stands in a box casts on level ground at a moment, as GeoJSON."""
    when = moment(at) or asker.city.now
    return json_answer(request, _study(asker, at, model, scenario).shadows(Box.parse(bbox), when))


def sight(
    request: Request,
    asker: Sees,
    eye: Point,
    target: Point,
    at: CityMoment = None,
    scenario: As = None,
    model: Model = None,
) -> Response:
    """Tell whether a point is seen from another, and if not which object is in the way first."""
    return json_answer(request, _study(asker, at, model, scenario).sight(_point(eye, "eye"), _point(target, "target")))


def viewshed(
    request: Request,
    asker: Sees,
    eye: Point,
    radius_m: Annotated[float, Query(gt=0, le=5000)] = 500.0,
    cell_m: Annotated[float, Query(ge=0.5, le=100)] = 5.0,
    ground_m: float = 0.0,
    at: CityMoment = None,
    scenario: As = None,
    model: Model = None,
    terrain: Annotated[str | None, Query(max_length=64, description="A dataset of points with heights.")] = None,
    height: Annotated[str, Query(max_length=100, description="Its column of heights in metres.")] = "height_m",
) -> Response:
    """Tell which cells about a point are seen from it over roofs and ground, in rows from the south.

    The ground is the terrain of the twin (TINRelief), or that between the points of the dataset `terrain`.
    """
    study, eye_at = _study(asker, at, model, scenario), _point(eye, "eye")
    spots = _spots(asker, terrain, height, Box(*eye_at[:2], *eye_at[:2]).grown(2 * radius_m)) if terrain else []
    found = study.viewshed(eye_at, radius_m=radius_m, cell_m=cell_m, ground_m=ground_m, spots=spots)
    return json_answer(request, found)


def _spots(asker: Asker, dataset: str, height: str, box: Box) -> list[Any]:
    """Return the points of a dataset in a box, with their heights."""
    rows = asker.dataset(dataset).rows().select([height, "geometry"], bbox=box, limit=_PARCELS_MAX)
    shapes = shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False))
    pairs = zip(shapes, rows[height].to_pylist(), strict=True)
    points = [shapely.Point(shape.x, shape.y, float(told)) for shape, told in pairs if told is not None]
    if len(points) < 3:
        raise BadInput(f"{dataset} has fewer than three heights there.", where="terrain", mend="Choose another.")
    return points


def buffer(
    request: Request,
    asker: Sees,
    id: Id,  # noqa: A002 - its name outside
    distance_m: Annotated[float, Query(gt=0, le=10_000)],
    at: CityMoment = None,
    scenario: As = None,
) -> Response:
    """Tell the zone within a distance of an object's outline, as GeoJSON, and which objects reach into it."""
    return json_answer(request, _study(asker, at, scenario=scenario).buffer(id, distance_m))


def overlay(
    request: Request,
    asker: Sees,
    dataset: Annotated[str, Query(max_length=64, description="A dataset of polygons.")],
    key: Annotated[str, Query(max_length=100, description="Its column of names.")],
    geometry: Annotated[bool, Query(description="With the common part as GeoJSON.")] = False,
    at: CityMoment = None,
    scenario: As = None,
    model: Model = None,
) -> Response:
    """Tell what each object covers of each polygon of a dataset: the area, and its share of both."""
    found = _study(asker, at, model, scenario).overlay(_parcels(asker, dataset, key), with_geometry=geometry)
    return json_answer(request, {"items": found})


def comparison(
    request: Request,
    asker: Sees,
    one: Annotated[str, Query(max_length=64, description="A model.")],
    other: Annotated[str, Query(max_length=64, description="Another, or the same at `other_at`.")],
    other_at: Annotated[str | None, Query(max_length=64, description="The other as it stood then; as the one.")] = None,
    tolerance_m: Annotated[float, Query(ge=0, le=10, description="What differs by less is the same.")] = 0.01,
    at: CityMoment = None,
    scenario: As = None,
) -> Response:
    """Tell which objects of two models, or of two versions of one, are the same, and how their shapes differ.

    A pair is the same, moved or changed: by the distance of their surfaces, offset and volumes; `properties` are those
    in which it differs. Others stand alone.
    """
    found = _study(asker, at, scenario=scenario).comparison(
        one, other, other_at=moment(other_at), tolerance_m=tolerance_m
    )
    return json_answer(request, found)


def density(
    request: Request,
    asker: Sees,
    dataset: Annotated[str, Query(max_length=64, description="A dataset of polygons.")],
    key: Annotated[str, Query(max_length=100, description="Its column of names.")],
    storey_m: Annotated[float, Query(gt=0, le=20, description="Where an object does not tell its floors.")] = 3.0,
    floors: Annotated[str, Query(max_length=100, description="The property of objects that tells them.")] = "floors",
    at: CityMoment = None,
    scenario: As = None,
    model: Model = None,
) -> Response:
    """Tell floor-area ratio (容积率) and building density (建筑密度) of each parcel of a dataset."""
    parcels = _parcels(asker, dataset, key)
    found = _study(asker, at, model, scenario).density(parcels, storey_m=storey_m, floors=floors)
    return json_answer(request, {"items": found})


def _parcels(asker: Asker, dataset: str, key: str) -> list[tuple[str, Any]]:
    if key == "geometry":
        raise BadInput("The polygons are no names.", where="key", mend="Name another column.")
    rows = asker.dataset(dataset).rows().select([key, "geometry"], limit=_PARCELS_MAX)
    names = [str(each) for each in rows[key].to_pylist()]
    shapes = shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False))
    return [(name, each) for name, each in zip(names, shapes, strict=True) if each is not None and each.area]


def clearances(
    request: Request,
    asker: Sees,
    bbox: Annotated[str, Query(max_length=200, description="West, south, east, north in degrees.")],
    least_m: Annotated[float, Query(gt=0, le=50, description="How near pipes may lie, wall to wall.")],
    at: CityMoment = None,
    scenario: As = None,
    model: Model = None,
) -> Response:
    """Tell which pipes of the city that meet in no node lie nearer to each other than they may, nearest first.

    Pipes are those that came in with an axis and a diameter, as those of a network of EPANET or pandapower.
    """
    found = _study(asker, at, model, scenario).clearances(Box.parse(bbox), least_m=least_m)
    return json_answer(request, {"items": found})


_Height = Annotated[float, Field(ge=-12_000, le=12_000)]
_End = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)], _Height]


class PipeBody(Asked):
    """A straight piece of pipe: the ends of its axis as longitude, latitude, height in metres."""

    id: str = Field(max_length=200)
    start: _End
    end: _End
    diameter_m: float = Field(gt=0, le=50)


class PipesBody(Asked):
    """Pipes, and how near to each other they may lie."""

    pipes: list[PipeBody] = Field(max_length=20_000)
    least_m: float = Field(gt=0, le=50)


def clearance(request: Request, asker: ReadsCity, body: PipesBody) -> Response:
    """Tell which pipes lie nearer to each other than they may, wall to wall, nearest first."""
    del asker
    given = [(each.id, each.start, each.end, each.diameter_m) for each in body.pipes]
    return json_answer(request, {"items": pipe_clearances(given, body.least_m)})


def _study(asker: Asker, at: str | None, model: str | None = None, scenario: str | None = None) -> PlanStudy:
    return TwinView(asker).study(at=moment(at) or asker.city.now, model=model, scenario=scenario)


def _point(text: str, where: str) -> tuple[float, float, float]:
    try:
        lon, lat, height = (float(part) for part in text.split(","))
        Box(lon, lat, lon, lat)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a point.", where=where, mend="Write lon,lat,height.") from error
    if not abs(height) < 1e5:
        raise BadInput(f"{text!r} is not a point near the ground.", where=where, mend="Write metres of height.")
    return lon, lat, height
