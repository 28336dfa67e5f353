"""The addresses of an object as CityJSON has them, with the points where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import shapely

_ADDRESS, _LOCATION, _COORDINATES = "address", "location", "coordinates"


def addresses_of(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the addresses that CityJSON gave an object, as they are kept."""
    told = properties.get(_ADDRESS)
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        return []
    return [dict(each) for each in told]


def places_of(properties: Mapping[str, Any]) -> Iterator[tuple[int, str, shapely.MultiPoint]]:
    """Yield the number of each address that has a place, its level of detail, and its points in degrees and metres."""
    for number, address in enumerate(addresses_of(properties)):
        location = address.get(_LOCATION)
        if isinstance(location, dict) and (points := _points(location.get(_COORDINATES))) is not None:
            yield number, str(location.get("lod", "")), points


def _points(told: Any) -> shapely.MultiPoint | None:
    """Return points in space, nothing of what somebody's own attribute tells otherwise."""
    try:
        places = np.asarray(told, np.float64)
    except (TypeError, ValueError):
        return None
    good = places.ndim == 2 and places.shape[1] == 3 and len(places) and np.isfinite(places).all()
    return shapely.MultiPoint(places) if good else None
