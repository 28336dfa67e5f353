"""The geo-query language: where entities are, relative to a geometry (CIM 009 clause 4.10).

Distances are on the sphere of WGS 84's mean radius; the other relations are those of the plane of longitude and
latitude, as GeoJSON means its lines (RFC 7946 §3.1.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.doors.ngsild.column import Bools

LOCATION = "location"
_RADIUS_M = 6_371_008.8  # mean radius of WGS 84 (IUGG)
_KINDS = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})
_POINTS_MAX = 20_000
_Relation = Callable[[Any, Any], Any]
# How a position stands to the geometry that was given; a point covers no more than itself.
_RELATIONS: Mapping[str, _Relation] = {
    "within": shapely.within,
    "contains": shapely.contains,
    "intersects": shapely.intersects,
    "equals": shapely.equals,
    "disjoint": shapely.disjoint,
    "overlaps": shapely.overlaps,
}


@dataclass(frozen=True, eq=False)
class GeoQuery:
    """A relation to a geometry; ``near`` with the least and the greatest distance in metres."""

    relation: str
    geometry: Any
    least_m: float = 0.0
    most_m: float = math.inf

    def holds(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Bools:
        """Return which positions (degrees) stand so; a place that is not known stands nowhere."""
        found = ~np.isnan(lon)
        if self.relation == "near":
            found[found] = self._near(lon[found], lat[found])
            return found
        if self.relation != "disjoint":
            west, south, east, north = self.geometry.bounds
            found &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        shapely.prepare(self.geometry)
        found[found] = _RELATIONS[self.relation](shapely.points(lon[found], lat[found]), self.geometry)
        return found

    def _near(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Bools:
        away = distances_m(lon, lat, self.geometry)
        near: Bools = (away >= self.least_m) & (away <= self.most_m)
        return near


def distances_m(lon: NDArray[np.float64], lat: NDArray[np.float64], geometry: Any) -> NDArray[np.float64]:
    """Return how far positions are from a geometry, in metres: from its nearest point."""
    if geometry.geom_type == "Point":
        return _great_circle(lon, lat, geometry.x, geometry.y)
    positions = shapely.points(lon, lat)
    shapely.prepare(geometry)
    ends = shapely.get_coordinates(shapely.shortest_line(positions, geometry)).reshape(-1, 2, 2)[:, 1]
    return _great_circle(lon, lat, ends[:, 0], ends[:, 1])


def _great_circle(lon: NDArray[np.float64], lat: NDArray[np.float64], to_lon: Any, to_lat: Any) -> NDArray[np.float64]:
    """Return great-circle distances in metres, by the haversine formula."""
    here, there = np.radians(lat), np.radians(to_lat)
    across = np.radians(to_lon - lon)
    half = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    found: NDArray[np.float64] = 2 * _RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return found


def read_geo(asked: Mapping[str, Any], *, where: str = "georel") -> GeoQuery | None:
    """Return what ``georel``, ``geometry``, ``coordinates`` and ``geoproperty`` ask; ``None`` if they ask nothing."""
    named = [name for name in ("georel", "geometry", "coordinates") if asked.get(name) not in (None, "")]
    if not named:
        if asked.get("geoproperty"):
            raise BadInput("geoproperty alone asks nothing.", where=where, mend="Add georel, geometry, coordinates.")
        return None
    if len(named) < 3:
        raise BadInput(
            "A geo-query has georel, geometry and coordinates.", where=where, mend="Give all three, or none of them."
        )
    if asked.get("geoproperty", LOCATION) != LOCATION:
        raise BadInput(f"Entities here have one GeoProperty: {LOCATION}.", where="geoproperty", mend="Leave it out.")
    geometry = _geometry(asked["geometry"], asked["coordinates"])
    return _related(str(asked["georel"]), geometry, where)


def _related(georel: str, geometry: Any, where: str) -> GeoQuery:
    relation, *modifiers = georel.split(";")
    if relation in _RELATIONS:
        if modifiers:
            raise BadInput(f"{relation} takes no distance.", where=where, mend="Use near;maxDistance==metres.")
        return GeoQuery(relation, geometry)
    if relation != "near" or len(modifiers) != 1:
        known = ", ".join(["near;maxDistance==metres", *_RELATIONS])
        raise BadInput(f"{georel[:60]!r} is no georel.", where=where, mend=f"Known: {known}.")
    name, _, number = modifiers[0].partition("==")
    try:
        metres = float(number)
    except ValueError:
        metres = math.nan
    if name not in {"maxDistance", "minDistance"} or not 0 <= metres < 1e9:
        raise BadInput(f"{modifiers[0][:60]!r} is no distance.", where=where, mend="Write near;maxDistance==2000.")
    if name == "maxDistance":
        return GeoQuery(relation, geometry, most_m=metres)
    return GeoQuery(relation, geometry, least_m=metres)


def _geometry(kind: Any, coordinates: Any) -> Any:
    """Return the geometry of GeoJSON coordinates (RFC 7946 §3.1), given as a list or as its text."""
    if kind not in _KINDS:
        raise BadInput(f"{str(kind)[:40]!r} is no geometry.", where="geometry", mend=f"Known: {', '.join(_KINDS)}.")
    text = coordinates if isinstance(coordinates, str) else orjson.dumps(coordinates).decode()
    try:
        found = shapely.from_geojson(f'{{"type":"{kind}","coordinates":{_checked(text)}}}')
    except (shapely.GEOSException, ValueError) as error:
        raise BadInput(
            "The coordinates do not fit the geometry.", where="coordinates", mend="Write them as GeoJSON has them."
        ) from error
    flat = shapely.get_coordinates(found)
    fits = 0 < len(flat) <= _POINTS_MAX and np.isfinite(flat).all()
    if not fits or (np.abs(flat[:, 0]) > 180).any() or (np.abs(flat[:, 1]) > 90).any():
        raise BadInput("That is no place on Earth.", where="coordinates", mend="Write [longitude, latitude], degrees.")
    return found if found.is_valid else shapely.make_valid(found)


def _checked(text: str) -> str:
    return orjson.dumps(orjson.loads(text)).decode()
