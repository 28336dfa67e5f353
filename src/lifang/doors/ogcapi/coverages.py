"""Series of observations as CoverageJSON point series (OGC 21-069r2) and as GeoJSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import format_instant, from_micros
from lifang.doors.ogcapi.crs import CRS84
from lifang.sensing import Datastream, Thing

COVERAGE_JSON = "application/vnd.cov+json"


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
        return [None if np.isnan(each) else float(each) for each in self.value]


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
    referencing = [
        {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}},
        {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
    ]
    return {
        "type": "CoverageCollection",
        "domainType": "PointSeries",
        "parameters": {each.stream.observed_property: parameter(each.stream) for each in stations},
        "referencing": referencing,
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
