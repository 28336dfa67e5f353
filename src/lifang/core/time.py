"""Moments with explicit zones; the clock is passed in so that tests and replays can own it.

Valid time is when a fact holds in the city; recorded time is when lifang learnt it.
Inside the house a moment is an aware UTC ``datetime`` or an ``int`` of microseconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lifang.core.errors import BadInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = re.compile(r"(Z|[+-]\d{2}(:?\d{2}){0,2}(\.\d+)?)$", re.IGNORECASE)
_DATE_LENGTH = len("2019-01-12")
_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's present moment in UTC."""
        return datetime.now(UTC)


@dataclass
class ManualClock:
    """A clock that stands until it is moved: for tests and replays."""

    moment: datetime

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.moment

    def advance(self, step: timedelta) -> None:
        """Move the clock by ``step``."""
        self.moment += step


def zone(name: str) -> tzinfo:
    """Return the zone called ``name`` (IANA name or ``+08:00``); ``BadInput`` if there is none."""
    try:
        if match := re.fullmatch(r"([+-])(\d{2}):?([0-5]\d)", name):
            sign = -1 if match[1] == "-" else 1
            return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"{name!r} is not a time zone.", mend="Use an IANA name such as Asia/Shanghai.") from error


def parse_instant(text: str, *, default_zone: tzinfo | None = None) -> datetime:
    """Return the moment written in ``text`` (ISO 8601) in UTC.

    A time without an offset is refused unless ``default_zone`` says which clock wrote it;
    impossible dates (2019-02-30) raise ``BadInput``.
    """
    try:
        moment = datetime.fromisoformat(text.strip().upper())
    except (ValueError, AttributeError) as error:
        raise BadInput(
            f"{text!r} is not a date and time.", mend="Write ISO 8601, for example 2019-01-12T09:00:00+08:00."
        ) from error
    if moment.tzinfo is None:
        if default_zone is None:
            raise BadInput(f"{text!r} has no time zone.", mend="Add an offset (Z or +08:00) or declare the zone.")
        moment = moment.replace(tzinfo=default_zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadInput(f"{text!r} lies outside the years 1 to 9999.", mend="Correct the year.") from error


def has_offset(text: str) -> bool:
    """Return whether ``text`` ends in an explicit offset."""
    return bool(_OFFSET.search(text.strip()[_DATE_LENGTH:]))


def format_instant(moment: datetime, *, in_zone: tzinfo = UTC) -> str:
    """Return ``moment`` as ISO 8601 with its offset; UTC is written ``Z``."""
    if moment.tzinfo is None:
        raise BadInput("A moment without a zone cannot be written.", mend="Make it aware first.")
    return moment.astimezone(in_zone).isoformat().replace("+00:00", "Z")


def parse_duration(text: str) -> tuple[int, int]:
    """Return the months and the seconds of an ISO 8601 duration in whole numbers: P1D is 86,400 s, whatever the clock.

    ``BadInput`` for anything else, such as PT1.5H or a lone P.
    """
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        raise BadInput(f"{text[:40]!r} is no duration.", mend="Write PT15M, PT1H or P1D.")
    years, months, weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return years * 12 + months, (weeks * 7 + days) * 86_400 + hours * 3600 + minutes * 60 + seconds


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00Z; ``BadInput`` if the moment has no zone."""
    if moment.tzinfo is None:
        raise BadInput("A moment without a zone cannot be counted.", mend="Make it aware first.")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Return the UTC moment ``micros`` microseconds after 1970-01-01T00:00Z; ``BadInput`` beyond the years 1-9999."""
    try:
        return _EPOCH + timedelta(microseconds=int(micros))
    except OverflowError as error:
        raise BadInput(f"{micros} microseconds lie outside the years 1 to 9999.", mend="Correct the time.") from error
