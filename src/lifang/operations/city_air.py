"""The air of a city from its stations: hourly concentrations, hourly and daily index, the 24-hour mean for warnings.

A city concentration is the arithmetic mean of the stations that are not background sites (对照点), each hour, if at
least ``STATION_SHARE`` of them report. Concentrations are in ug/m3, CO in mg/m3; the index is HJ 633-2012's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from lifang.core import zone
from lifang.operations.hourly import DAY_H, Hours, by_day, day_mean, mean_over, trailing_mean
from lifang.operations.readings import HourlyReadings
from lifang.sensing import Sensing, Thing
from lifang.standards import HOURLY, Pollutant, aqi

HOUR = timedelta(hours=1)
POLLUTANTS = tuple(str(each) for each in HOURLY)
_PARTICULATES = [POLLUTANTS.index(each) for each in (Pollutant.PM2_5, Pollutant.PM10)]
STATION_SHARE = 0.6
WARNING_HOURS = 18  # of 24 that make a mean for warnings
DAY_HOURS = 20  # of 24 that make a daily mean: GB 3095-2012, Table 4
OZONE_HOURS, OZONE_MEANS = 6, 14  # of 8 that make a mean: GB 3095-2012, Table 4; means that make a day: HJ 663-2013
LATEST_WITHIN_H = 3
_HISTORY = timedelta(days=175)
_READ_BACK = timedelta(days=400)


@dataclass(frozen=True)
class CityAir:
    """Hourly arrays from ``start``, a local midnight: ``stations`` (station, pollutant, hour), ``city`` (pollutant,
    hour) and the city's hourly ``index``; ``last`` is the newest hour with an index, if one of the last three has it.
    """

    start: datetime
    things: tuple[Thing, ...]
    stations: Hours
    city: Hours
    index: Hours
    last: int

    @property
    def moment(self) -> datetime:
        """The moment of hour ``last``."""
        return self.start + self.last * HOUR

    @property
    def known(self) -> bool:
        """Whether the city has an index at hour ``last``."""
        return bool(np.isfinite(self.index[self.last]))

    @property
    def warning(self) -> float | None:
        """The 24-hour mean of the hourly index at hour ``last``, rounded up; ``None`` with fewer than 18 hours."""
        value = warning_index(self.index[max(0, self.last + 1 - DAY_H) : self.last + 1])[-1]
        return float(value) if self.known and np.isfinite(value) else None


class AirReader:
    """Reads the air of the stations of one ``kind``; each measures pollutants as hourly datastreams."""

    def __init__(self, sensing: Sensing, kind: str, time_zone: str) -> None:
        self._sensing, self._kind, self._zone = sensing, kind, zone(time_zone)
        self._found: tuple[tuple[Thing, ...], HourlyReadings] | None = None
        self._known = 0
        self.datasets: tuple[str, ...] = ()
        self.find()

    def find(self) -> None:
        """Look again which stations there are and which datasets their series come from, if datastreams were added."""
        known = self._sensing.datastream_count()
        if known == self._known:
            return
        things = tuple(self._sensing.things(kind=self._kind))
        streams = [{each.code: each for each in self._sensing.datastreams(thing=thing.id)} for thing in things]
        named = [of.get(pollutant) for of in streams for pollutant in POLLUTANTS]
        found = [each for each in named if each]
        origins = {f"dataset:{each.properties['dataset']}" for each in found if "dataset" in each.properties}
        self.datasets = tuple(sorted(origins or {f"datastream:{each.id}" for each in found}))
        readings = HourlyReadings(self._sensing, [each.id if each else None for each in named])
        self._found, self._known = (things, readings) if found else None, known

    def at(self, moment: datetime) -> CityAir | None:
        """Return the air up to ``moment``, the local year and 175 days before it; ``None`` without stations."""
        if self._found is None:
            return None
        things, readings = self._found
        hour = moment.replace(minute=0, second=0, microsecond=0)
        today = hour.astimezone(self._zone).replace(hour=0, minute=0)
        start = min(today.replace(month=1, day=1), today - _HISTORY).astimezone(hour.tzinfo)
        hours = readings.between(start, hour + HOUR, ahead_of=today - _READ_BACK)
        stations = np.where(hours >= 0, hours, np.nan).reshape(len(things), len(POLLUTANTS), -1)
        city = city_concentrations(stations, [bool(thing.properties.get("background")) for thing in things])
        index = hourly_index(city)
        recent = np.flatnonzero(np.isfinite(index[-LATEST_WITHIN_H:]))
        behind = min(LATEST_WITHIN_H, index.size) - 1 - int(recent[-1]) if recent.size else 0
        return CityAir(start, things, stations, city, index, index.size - 1 - behind)


def city_concentrations(stations: Hours, background: list[bool]) -> Hours:
    """Return the city's concentrations (pollutant, hour) from those of its stations (station, pollutant, hour)."""
    urban = ~np.array(background, dtype=np.bool_)
    return mean_over(stations[urban] if urban.any() else stations, share=STATION_SHARE)


def hourly_index(concentrations: Hours) -> Hours:
    """Return the AQI of each hour by the hourly report, from concentrations (pollutant, hour).

    NaN for those :func:`without_index`.
    """
    index = aqi(dict(zip(POLLUTANTS, concentrations, strict=True))).value
    return np.where(without_index(concentrations), np.nan, index)


def without_index(concentrations: Hours) -> NDArray[np.bool_]:
    """Return which hours have neither PM2.5 nor PM10: the gases alone would call air clean that may not be.

    The national feed does likewise for 94 % of such hours (277 of 295 in Chengdu in 2019).
    """
    return np.asarray(np.isnan(concentrations[_PARTICULATES, :]).all(axis=0), dtype=np.bool_)


def warning_index(index: Hours) -> Hours:
    """Return the mean of the hourly AQI over the 24 hours ending with each, rounded up as an index is; NaN under 18."""
    return np.ceil(np.round(trailing_mean(index, DAY_H, at_least=WARNING_HOURS), 6))


def daily_index(concentrations: Hours) -> Hours:
    """Return the AQI of each whole day by the daily report, from concentrations from a local midnight.

    Concentrations are (pollutant, hour). NaN for a day on which a pollutant lacks too many hours.

    Eight-hour ozone counts the means that lie within the day.
    """
    means = day_mean(concentrations, at_least=DAY_HOURS)
    ozone = by_day(concentrations[POLLUTANTS.index(Pollutant.O3)])
    eights = trailing_mean(ozone, 8, at_least=OZONE_HOURS)[:, 7:]
    enough = np.isfinite(eights).sum(axis=1) >= OZONE_MEANS
    parts: dict[str, Hours] = dict(zip(POLLUTANTS, means, strict=True))
    parts[Pollutant.O3] = np.where(enough, np.fmax.reduce(ozone, axis=1), np.nan)
    parts[Pollutant.O3_8H] = np.where(enough, np.fmax.reduce(eights, axis=1), np.nan)
    whole = aqi(parts, hourly=False)
    return np.where(whole.missing == 0, whole.value, np.nan)
