"""Where the sun stands, what shadows it casts, how long it shines on a point.

Positions by Meeus, Astronomical Algorithms (1998), chapters 12, 16 and 25. Hours of sun are counted in true solar time,
as GB/T 50947-2014 does; what a dwelling must have, on which day and between which hours, is GB 50180-2018 table 4.0.9
(大寒日 8 to 16, 冬至日 9 to 15, at the sill of the lowest window): the caller gives day and hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing.rays import Floats, first_hits
from lifang.twin.shapes import areal

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_DAY_S = 86_400.0
_DYNAMICAL_S = 69.0  # dynamical time is ahead of universal time by so much, in the 2020s
_PARALLAX = 8.794 / 3_600  # degrees, at the horizon
_SET = -0.8333  # lower, no part of the disc is seen: refraction at the horizon and half the disc
_TOGETHER = 15  # minutes in which the sun goes about 4 degrees
_CLEAR_M = 0.01  # the wall that a point lies on does not shade it


@dataclass(frozen=True)
class Sun:
    """``azimuth`` degrees from north, clockwise, and ``elevation`` (with refraction) above the horizon, both (n,)."""

    azimuth: Floats
    elevation: Floats

    @property
    def direction(self) -> Floats:
        """Unit vectors towards the sun, east, north, up, shape (n, 3)."""
        turn, up = np.radians(self.azimuth), np.radians(self.elevation)
        return np.column_stack((np.cos(up) * np.sin(turn), np.cos(up) * np.cos(turn), np.sin(up)))


def sun_at(moments: Sequence[datetime], lon: float, lat: float) -> Sun:
    """Return where the sun stands at moments, as seen from a place in degrees at sea level, at 10 degrees Celsius."""
    days = np.array([(each - _J2000).total_seconds() for each in moments]) / _DAY_S
    ascension, declination, _ = _apparent(days)
    turned = 280.46061837 + 360.98564736629 * days  # Meeus 12.4, degrees
    hour = np.radians((turned + lon) % 360) - ascension
    north = np.radians(lat)
    up = np.arcsin(np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour))
    turn = np.arctan2(np.sin(hour), np.cos(hour) * np.sin(north) - np.tan(declination) * np.cos(north))
    elevation = np.degrees(up) - _PARALLAX * np.cos(up)
    return Sun((np.degrees(turn) + 180) % 360, elevation + _refraction(elevation))


def solar_minutes(day: date, lon: float, hours: tuple[float, float]) -> list[datetime]:
    """Return the middle of every minute between two ``hours`` of a day in true solar time, as moments in UTC."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(hours=lon / 15)
    ascension, _, mean = _apparent(np.array([(noon - _J2000).total_seconds() / _DAY_S]))
    early = (mean[0] - np.degrees(ascension[0]) + 180) % 360 - 180  # the equation of time, degrees (Meeus 28.1)
    midnight = (noon - timedelta(hours=12 + early / 15)).replace(microsecond=0)
    count = round((hours[1] - hours[0]) * 60)
    first = midnight + timedelta(hours=hours[0], seconds=30)
    return [first + timedelta(minutes=each) for each in range(count)]


def _apparent(days: Floats) -> tuple[Floats, Floats, Floats]:
    """Return right ascension and declination, radians, and mean longitude less aberration, degrees (Meeus 25).

    ``days`` of universal time since noon of 1 January 2000; good to 0.02 degrees between 1990 and 2050.
    """
    century = (days + _DYNAMICAL_S / _DAY_S) / 36_525
    mean = 280.46646 + century * (36_000.76983 + century * 0.0003032)
    anomaly = np.radians(357.52911 + century * (35_999.05029 - century * 0.0001537))
    centre = (
        (1.914602 - century * (0.004817 + century * 0.000014)) * np.sin(anomaly)
        + (0.019993 - century * 0.000101) * np.sin(2 * anomaly)
        + 0.000289 * np.sin(3 * anomaly)
    )
    node = np.radians(125.04 - 1934.136 * century)
    longitude = np.radians(mean + centre - 0.00569 - 0.00478 * np.sin(node))
    tilt = np.radians(23.43929111 - 0.0130041667 * century + 0.00256 * np.cos(node))
    ascension = np.arctan2(np.cos(tilt) * np.sin(longitude), np.cos(longitude))
    return ascension, np.arcsin(np.sin(tilt) * np.sin(longitude)), mean - 0.00569


def _refraction(elevation: Floats) -> Floats:
    """Return by how many degrees the air lifts what stands at a true elevation (Meeus 16.4); none below the horizon."""
    seen = np.maximum(elevation, _SET)
    lifted = 1.02 / 60 / np.tan(np.radians(seen + 10.3 / (seen + 5.11)))
    return np.where(elevation < _SET, 0.0, lifted)


@dataclass(frozen=True)
class SunHours:
    """``total_h`` hours of sun, ``longest_h`` in one piece, and the ``spells``: begin and end of each in UTC."""

    total_h: float
    longest_h: float
    spells: list[tuple[datetime, datetime]]


def sun_hours(point: Floats, moments: Sequence[datetime], sun: Sun, triangles: Floats) -> SunHours:
    """Return how long the sun shines on ``point`` (3,) in the minutes about ``moments``, past ``triangles``."""
    direction, lit = sun.direction, sun.elevation > 0
    up = np.flatnonzero(lit)
    for some in np.array_split(up, -(-len(up) // _TOGETHER)) if len(up) else ():
        there = _before(point, direction[some], triangles)
        origin = np.broadcast_to(point, (len(some), 3))
        lit[some] = np.isinf(first_hits(origin, direction[some], there, beyond=_CLEAR_M)[0])
    return _spells(moments, lit)


def _before(point: Floats, direction: Floats, triangles: Floats) -> Floats:
    """Return the triangles that rays from ``point`` may meet: those not wholly beside, behind or under all of them."""
    middle = direction[:, :2].sum(axis=0)
    middle /= max(float(np.hypot(*middle)), 1e-12)
    ahead, aside = direction[:, :2] @ middle, direction[:, :2] @ [-middle[1], middle[0]]
    if not (ahead > np.abs(aside)).all():  # near the zenith they go all ways
        return triangles
    turn = np.arctan2(aside, ahead)
    steepness = float((direction[:, 2] / ahead).min())
    away = triangles - point
    along, across = away[..., :2] @ middle, away[..., :2] @ [-middle[1], middle[0]]
    left, right = np.tan(turn.max()), np.tan(turn.min())
    beside = (across - along * left > _CLEAR_M).all(axis=1) | (across - along * right < -_CLEAR_M).all(axis=1)
    under = (away[..., 2] - steepness * along < -_CLEAR_M).all(axis=1)
    return np.asarray(triangles[~(beside | under | (along < -_CLEAR_M).all(axis=1))])


def _spells(moments: Sequence[datetime], lit: NDArray[np.bool_]) -> SunHours:
    change = np.flatnonzero(np.diff(np.concatenate(([False], lit, [False])).astype(np.int8)))
    half = timedelta(seconds=30)
    spells = [(moments[low] - half, moments[high - 1] + half) for low, high in change.reshape(-1, 2).tolist()]
    longest = max(((end - start).total_seconds() for start, end in spells), default=0.0)
    return SunHours(float(lit.sum()) / 60, longest / 3600, spells)


def shadow(outline: shapely.Geometry, height_m: float, azimuth: float, elevation: float) -> shapely.Geometry:
    """Return the shadow of an upright solid on level ground at its foot, the solid's own outline included, in metres.

    It is ``height_m / tan(elevation)`` long. Empty while the sun is down.
    """
    if elevation <= 0:
        return shapely.MultiPolygon()
    length = height_m / np.tan(np.radians(elevation))
    away = -length * np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))])
    swept = [outline, shapely.transform(outline, lambda at: at + away)]
    for ring in shapely.get_rings(outline).tolist():
        at = shapely.get_coordinates(ring)
        quads = np.stack((at[:-1], at[1:], at[1:] + away, at[:-1] + away), axis=1)
        swept += shapely.polygons(quads).tolist()
    return areal(shapely.union_all(shapely.make_valid(swept)))
