"""Where the sun stands, what shadows it casts, how long it shines on a point.

Positions by pvlib's NREL SPA (Reda and Andreas 2004). Hours of sun are counted in true solar time, as GB/T 50947-2014
does; what a dwelling must have, on which day and between which hours, is GB 50180-2018 table 4.0.9 (大寒日 8 to 16,
冬至日 9 to 15, at the sill of the lowest window): the caller gives day and hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing.rays import Floats, first_hits
from lifang.twin.shapes import areal

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
    """Return where the sun stands at moments, as seen from a place in degrees."""
    import pandas as pd  # noqa: PLC0415 - with pvlib a second and a half, spared to all who ask for no sun
    from pvlib import solarposition  # noqa: PLC0415

    found = solarposition.get_solarposition(pd.DatetimeIndex(moments), lat, lon)
    return Sun(found["azimuth"].to_numpy(), found["apparent_elevation"].to_numpy())


def solar_minutes(day: date, lon: float, hours: tuple[float, float]) -> list[datetime]:
    """Return the middle of every minute between two ``hours`` of a day in true solar time, as moments in UTC."""
    import pandas as pd  # noqa: PLC0415
    from pvlib import solarposition  # noqa: PLC0415

    noon = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=12 - lon / 15)
    late = float(solarposition.equation_of_time_spencer71(noon.dayofyear))
    midnight = (noon - pd.Timedelta(minutes=late, hours=12)).floor("s")
    count = round((hours[1] - hours[0]) * 60)
    first = midnight.to_pydatetime() + timedelta(hours=hours[0], seconds=30)
    return [first + timedelta(minutes=each) for each in range(count)]


@dataclass(frozen=True)
class SunHours:
    """``total_h`` hours of sun, ``longest_h`` in one piece, and the ``spells``: begin and end of each in UTC."""

    total_h: float
    longest_h: float
    spells: list[tuple[datetime, datetime]]


def sun_hours(point: Floats, moments: Sequence[datetime], sun: Sun, triangles: Floats) -> SunHours:
    """Return how long the sun shines on ``point`` (3,) in the minutes about ``moments``, past ``triangles``."""
    direction = sun.direction
    origin = np.broadcast_to(point, direction.shape)
    far, _ = first_hits(origin, direction, triangles, beyond=_CLEAR_M)
    return _spells(moments, (sun.elevation > 0) & np.isinf(far))


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
