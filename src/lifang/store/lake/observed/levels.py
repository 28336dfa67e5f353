"""The levels that values are summed up at, and where buckets of time begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lifang.core import from_micros, zone
from lifang.store.lake.names import sql, text

DAY_S = 86_400
HOUR_US = 3_600_000_000
STEP_S = 900  # what is stale, and the watermark, go by steps; every zone's midnight since 1902 lies on one
STEP_US = STEP_S * 1_000_000


_EPOCH = from_micros(0)


@dataclass(frozen=True)
class Level:
    """One level: its name in the tables, and its bucket in seconds."""

    name: str
    every_s: int

    @property
    def unit_s(self) -> int:
        """The stretch that a late value has to be summed up anew in, in seconds."""
        return max(self.every_s, STEP_S)

    def begin(self, zone_name: str, column: str = "time") -> str:
        """Return the begin of the level's bucket of ``column``, as SQL."""
        return bucket(self.every_s, zone_name if self.every_s == DAY_S else "UTC", _EPOCH, column)

    def unit(self, zone_name: str, column: str = "time") -> str:
        """Return the begin of the stretch that ``column`` lies in, as SQL."""
        return bucket(self.unit_s, zone_name if self.every_s == DAY_S else "UTC", _EPOCH, column)


LEVELS = (Level("minute", 60), Level("quarter", 900), Level("hour", 3600), Level("day", DAY_S))


def bucket(every_s: int, zone_name: str, start: datetime, column: str = "time") -> str:
    """Return the begin (microseconds UTC) of the bucket that ``column`` lies in, as SQL.

    Whole days begin at midnight of the zone's calendar, counted from 1970-01-01; shorter ones by its clock at
    ``start``, so that a change of the clock neither folds nor splits them.
    """
    if not every_s:
        return f"{int(start.timestamp()) * 1_000_000 + start.microsecond}::BIGINT"
    if every_s % DAY_S:
        shift, step = offset_s(zone_name, start) * 1_000_000, every_s * 1_000_000
        return f"({column} - ((({column} + {shift}) % {step}) + {step}) % {step})"
    named = text(_posix(zone_name))
    local = f"(make_timestamptz({column}) AT TIME ZONE {named})::DATE"
    days = every_s // DAY_S
    past = "0" if days == 1 else f"((({local} - DATE '1970-01-01') % {days} + {days}) % {days})::INTEGER"
    return sql(f"epoch_us(({local} - {past})::TIMESTAMP AT TIME ZONE", named, ")")


def floor(moment: int, every_s: int, zone_name: str) -> int:
    """Return the begin of the bucket (up to a day) of ``moment``, both in microseconds UTC."""
    if every_s < DAY_S:
        return moment - moment % (every_s * 1_000_000)
    local = from_micros(moment).astimezone(zone(zone_name))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return round(midnight.timestamp()) * 1_000_000


def ceiling(moment: int, every_s: int, zone_name: str) -> int:
    """Return the begin of the first bucket (up to a day) that does not begin before ``moment``."""
    begin = floor(moment, every_s, zone_name)
    if begin == moment:
        return moment
    following = begin + every_s * 1_000_000
    if every_s < DAY_S:
        return following
    return floor(following + HOUR_US * 3, every_s, zone_name)  # past a day of 23 or 25 hours, short of two


def offset_s(zone_name: str, moment: datetime) -> int:
    """Return how far the zone's clock is ahead of UTC at ``moment``, in seconds."""
    local = moment.astimezone(zone(zone_name))
    return int((local.utcoffset() or timedelta()).total_seconds())


def _posix(zone_name: str) -> str:
    """Return the zone as DuckDB knows it: a fixed offset by the name of a zone that has it."""
    if zone_name[:1] not in "+-":
        return zone_name
    hours, minutes = int(zone_name[1:3]), int(zone_name[-2:])
    zone(zone_name)
    sign = "-" if zone_name[0] == "+" else "+"  # POSIX counts westwards
    return f"Etc/GMT{sign}{hours}" if not minutes else f"UTC{zone_name}"
