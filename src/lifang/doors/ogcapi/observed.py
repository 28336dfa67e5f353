"""What the city senses, found by place: datastreams with their things, and their values in a span of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
import pyarrow as pa
import shapely
from fastapi import Depends, Query, Request
from starlette.responses import Response

from lifang.core import BadInput, Box, TooLarge, distance_m
from lifang.doors.http import Asker, asking, json_answer
from lifang.doors.ogcapi.asked import check_known, span_of
from lifang.doors.ogcapi.coverages import COVERAGE_JSON, Station, coverages, features
from lifang.doors.ogcapi.crs import CRS84, crs_of
from lifang.doors.ogcapi.links import GEOJSON, JSON
from lifang.doors.ogcapi.representing import media_of
from lifang.guard import Action, Resource
from lifang.sensing import Datastream, Thing

SENSED = "sensing.observations"  # no dataset can be called so: their ids have no point
NEAR_M = 5_000.0  # a position is told of by the nearest station not farther away
NAMED = ("parameter-name", "parameter_names")  # OWSLib writes the latter
STREAMS_MAX, _VALUES_MAX = 2_000, 500_000
MEDIA = {"CoverageJSON": COVERAGE_JSON, "GeoJSON": GEOJSON, "geojson": GEOJSON, "covjson": COVERAGE_JSON, "json": JSON}
_DAY, _TICK = timedelta(days=1), timedelta(microseconds=1)
_FIRST, _LAST = (
    datetime.min.replace(tzinfo=UTC) + _DAY,
    datetime.max.replace(tzinfo=UTC) - _TICK,
)  # with room beside them
_UNITS_M = {"m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "km": 1000.0, "kilometres": 1000.0,
            "kilometers": 1000.0}  # fmt: skip
Sensed = list[tuple[Thing, Datastream]]
Reads = Annotated[Asker, asking(Action.READ, Resource("datastream"))]
Wkt = Annotated[str, Query(max_length=20_000, description="Well-known text, longitude first.")]
When = Annotated[str | None, Query(alias="datetime", max_length=100, description="Else the last day.")]


def _parameter_names(
    names: Annotated[str | None, Query(alias="parameter-name", max_length=2000)] = None,
    underscored: Annotated[str | None, Query(alias="parameter_names", max_length=2000)] = None,
) -> str | None:
    return underscored if names is None else names


Names = Annotated[str | None, Depends(_parameter_names)]


def check_asked(request: Request, *known: str) -> None:
    """Raise ``BadInput`` for a parameter that a query of observations does not take."""
    if "z" in request.query_params:
        raise BadInput("Observations have no heights to choose from.", where="z", mend="Leave it out.")
    check_known(request, *known)


def unit_m(text: str, where: str) -> float:
    """Return how many metres a unit of length has."""
    if text.lower() not in _UNITS_M:
        raise BadInput(f"{text[:40]!r} is no unit.", where=where, mend="Use m or km.")
    return _UNITS_M[text.lower()]


def streams_in(asker: Asker, box: Box | None, names: str | None) -> Sensed:
    """Return the datastreams in a box that the asker may read, of these parameters, each with its thing."""
    found = asker.datastreams(box=box, limit=STREAMS_MAX + 1)
    if len(found) > STREAMS_MAX:
        raise TooLarge(
            f"There are more than {STREAMS_MAX:,} datastreams.", where="place", mend="Ask for a smaller place."
        )
    return named(with_things(asker, found), names)


def with_things(asker: Asker, streams: list[Datastream]) -> Sensed:
    """Return datastreams with their things, where the asker may read these too."""
    things = asker.city.sensing.things_named({stream.thing for stream in streams})
    found = []
    for stream in streams:
        thing = things[stream.thing]
        if asker.may(Action.READ, Resource("thing", thing.id, thing.classification)):
            found.append((thing, stream))
    return found


def named(found: Sensed, names: str | None) -> Sensed:
    """Return those of these parameters; all of them if none are named."""
    if names is None:
        return found
    wanted = {each.strip() for each in names.split(",")}
    return [pair for pair in found if pair[1].observed_property in wanted]


def told(request: Request, asker: Asker, found: Sensed, when: str | None) -> Response:
    """Return the series of datastreams as CoverageJSON or GeoJSON, whichever is asked for."""
    media = media_of(request, MEDIA)
    stations = stations_of(asker, found, *span(asker, when))
    response = json_answer(request, features(stations) if media == GEOJSON else coverages(stations))
    response.headers["Content-Type"] = media
    return response


def stations_of(asker: Asker, found: Sensed, start: datetime, end: datetime) -> list[Station]:
    """Return those of these datastreams that have values in a span of time, each with them."""
    numbers = [stream.number for _, stream in found]
    table = asker.city.sensing.many_series(numbers, start, end) if numbers else None
    if table is not None and len(table) > _VALUES_MAX:
        raise TooLarge(f"These are more than {_VALUES_MAX:,} values.", where="datetime", mend="Ask for less time.")
    stations = [_station(thing, stream, table) for thing, stream in found] if table is not None else []
    return [each for each in stations if len(each.time)]


def _station(thing: Thing, stream: Datastream, table: pa.Table) -> Station:
    numbers = table["datastream"].to_numpy()
    first, last = np.searchsorted(numbers, stream.number, "left"), np.searchsorted(numbers, stream.number, "right")
    part = table.slice(int(first), int(last - first))
    return Station(thing, stream, part["time"].cast(pa.int64()).to_numpy(), part["value"].to_numpy())


def span(asker: Asker, when: str | None) -> tuple[datetime, datetime]:
    """Return the first moment of a ``datetime`` and the one after its last; of none, and of an open start, a day."""
    now = asker.city.now
    if when is None:
        return now - _DAY, now + _TICK
    start, end = span_of(when)
    until = min(end or now, _LAST) + _TICK
    return start if start is not None else max(until, _FIRST) - _DAY, until


def check_crs(crs: str | None) -> None:
    """Raise ``BadInput`` for a coordinate system that observations do not come in."""
    if crs is not None and not crs_of(crs).plain:
        raise BadInput("Observations come in CRS84 only.", where="crs", mend=f"Leave it out, or say {CRS84}.")


def shape_of(text: str, crs: str | None, *kinds: str) -> shapely.Geometry:
    """Return the shape that ``coords`` are; ``BadInput`` if they are none of these kinds."""
    check_crs(crs)
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


def away_m(thing: Thing, lon: float, lat: float) -> float:
    """Return how far a thing stands from a position, in metres."""
    found = distance_m(np.array([thing.lon]), np.array([thing.lat]), np.array([lon]), np.array([lat]))
    return float(found[0])
