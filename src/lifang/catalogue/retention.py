"""How long data are kept: by the card, else by the city's rule for the classification, else for good."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from lifang.core import BadInput, parse_duration

PERMANENT = "permanent"
_LAST_YEAR = 9998
_MEND = f"Write an ISO 8601 duration such as P10Y or P6M, or {PERMANENT}."


def check_retention(text: str) -> str:
    """Return ``text`` if it is ``permanent`` or a duration of at least a day."""
    if text != PERMANENT:
        try:
            months, seconds = parse_duration(text)
        except BadInput as error:
            raise BadInput(f"{text[:40]!r} says of no time how long it is.", mend=_MEND) from error
        if months == 0 and seconds < timedelta(days=1).total_seconds():
            raise BadInput(f"{text[:40]!r} is less than a day.", mend=_MEND)
    return text


def retention_of(card_says: str, classification: str, city_says: Mapping[str, Any]) -> str:
    """Return for how long data are kept: as the card says, else as the city does for the classification."""
    return card_says or check_retention(str(city_says.get(classification, PERMANENT)))


def later(moment: datetime, duration: str, zone: tzinfo) -> datetime | None:
    """Return the moment a duration after ``moment`` by the calendar of ``zone``; ``None`` if it never comes.

    A month after 31 January is the last day of February.
    """
    if duration == PERMANENT:
        return None
    months, seconds = parse_duration(duration)
    local = moment.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if year > _LAST_YEAR:
        return None
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    try:
        shifted = local.replace(year=year, month=month + 1, day=day) + timedelta(seconds=seconds)
        return shifted.astimezone(moment.tzinfo)
    except OverflowError:
        return None
