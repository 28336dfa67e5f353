"""Series of observations as CoverageJSON point series (OGC 21-069r2) and as GeoJSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import format_instant, from_micros
from lifang.doors.ogcapi.crs import CRS84
from lifang.sensing import Datastream, Thing

COVERAGE_JSON = "application/vnd.cov+json"
_REFERENCING = (
    {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}},
    {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
)


@dataclass(frozen=True)
class Station:
    """A datastream where its thing stands, with its values: ``time`` in microseconds UTC."""

    thing: Thing
    stream: Datastream
    time: NDArray[np.int64]
    value: NDArray[np.float64]

    @property
    def times(self) -> list[str]:
        """The times as ISO 8601 in UTC."""
        return [format_instant(from_micros(int(each))) for each in self.time]

    @property
    def values(self) -> list[float | None]:
        """The values; ``None`` where there is none."""
        return _plain(self.value)


def parameter(stream: Datastream) -> dict[str, Any]:
    """Return what a datastream measures as a CoverageJSON parameter."""
    return {
        "type": "Parameter",
        "description": {"en": stream.en, "zh": stream.zh},
        "unit": {"symbol": {"value": stream.unit, "type": "http://www.opengis.net/def/uom/UCUM/"}},
        "observedProperty": {"id": stream.observed_property, "label": {"en": stream.en, "zh": stream.zh}},
    }


def coverages(stations: list[Station]) -> dict[str, Any]:
    """Return the stations as a collection of point series."""
    return {
        "type": "CoverageCollection",
        "domainType": "PointSeries",
        "parameters": {each.stream.observed_property: parameter(each.stream) for each in stations},
        "referencing": _REFERENCING,
        "coverages": [_coverage(each) for each in stations],
    }


def _coverage(station: Station) -> dict[str, Any]:
    count = len(station.time)
    axes = {
        "x": {"values": [station.thing.lon]},
        "y": {"values": [station.thing.lat]},
        "t": {"values": station.times},
    }
    ranges = {
        "type": "NdArray",
        "dataType": "float",
        "axisNames": ["t", "y", "x"],
        "shape": [count, 1, 1],
        "values": station.values,
    }
    return {
        "type": "Coverage",
        "id": station.stream.id,
        "domain": {"type": "Domain", "domainType": "PointSeries", "axes": axes},
        "ranges": {station.stream.observed_property: ranges},
    }


@dataclass(frozen=True)
class Vertices:
    """What was measured along a line: its vertices, when each is passed (microseconds UTC), a value of each parameter.

    ``streams`` has for each parameter a datastream that measures it.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    time: NDArray[np.int64]
    streams: Mapping[str, Datastream]
    values: Mapping[str, NDArray[np.float64]]

    @property
    def tuples(self) -> list[tuple[str, float, float]]:
        """Time, longitude and latitude of each vertex."""
        moments = [format_instant(from_micros(int(each))) for each in self.time]
        return list(zip(moments, self.lon.tolist(), self.lat.tolist(), strict=True))


def trajectory_of(vertices: Vertices) -> dict[str, Any]:
    """Return what was measured along a line as a trajectory."""
    composite = {"dataType": "tuple", "coordinates": ["t", "x", "y"], "values": vertices.tuples}
    ranges = {
        name: {"type": "NdArray", "dataType": "float", "axisNames": ["composite"], "shape": [len(values)],
               "values": _plain(values)}
        for name, values in vertices.values.items()
    }  # fmt: skip
    return {
        "type": "Coverage",
        "domain": {
            "type": "Domain",
            "domainType": "Trajectory",
            "axes": {"composite": composite},
            "referencing": _REFERENCING,
        },
        "parameters": {name: parameter(stream) for name, stream in vertices.streams.items()},
        "ranges": ranges,
    }


def points_along(vertices: Vertices) -> dict[str, Any]:
    """Return what was measured along a line as GeoJSON, a point a vertex with a value of each parameter."""
    told = {name: _plain(values) for name, values in vertices.values.items()}
    points = [
        {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"datetime": moment, **{name: values[number] for name, values in told.items()}},
        }
        for number, (moment, lon, lat) in enumerate(vertices.tuples)
    ]
    return {"type": "FeatureCollection", "numberReturned": len(points), "features": points}


def reading(thing: Thing, stream: Datastream, station: Station | None, endpoint: str) -> dict[str, Any]:
    """Return a datastream as a feature of EDR GeoJSON, with its last value if there is one."""
    return {
        "type": "Feature",
        "id": stream.id,
        "geometry": point(thing),
        "properties": {
            "label": stream.en or stream.zh,
            "thing": thing.id,
            "parameter-name": [stream.observed_property],
            "unit": stream.unit,
            "datetime": station.times[-1] if station else None,
            "value": station.values[-1] if station else None,
            "edrqueryendpoint": endpoint,
        },
    }


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(each) else float(each) for each in values]


def features(stations: list[Station]) -> dict[str, Any]:
    """Return the stations as GeoJSON, one feature a datastream with its times and values side by side."""
    return {
        "type": "FeatureCollection",
        "numberReturned": len(stations),
        "features": [
            {
                "type": "Feature",
                "id": each.stream.id,
                "geometry": point(each.thing),
                "properties": {
                    "thing": each.thing.id,
                    "parameter-name": each.stream.observed_property,
                    "unit": each.stream.unit,
                    "datetime": each.times,
                    "value": each.values,
                },
            }
            for each in stations
        ],
    }


def point(thing: Thing) -> dict[str, Any] | None:
    """Return where a thing stands as GeoJSON; nothing where that is not known."""
    if np.isnan(thing.lon) or np.isnan(thing.lat):
        return None
    return {"type": "Point", "coordinates": [thing.lon, thing.lat]}
