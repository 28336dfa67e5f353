"""Moments as sources write them, read into microseconds UTC."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from lifang.core import BadInput, from_micros, parse_instant, to_micros

_COUNTS = {"unix_s": 1_000_000, "unix_ms": 1000, "unix_us": 1}
_CACHED = 4096
MEND = "Write ISO 8601, or say in [time] format how the source writes moments."

MomentReader = Callable[[Any], int]


def moment_reader(form: str, zone: tzinfo) -> MomentReader:
    """Return the function from what a source wrote to microseconds UTC; it raises ``BadInput``.

    ``form`` is ``iso``, ``unix_s``, ``unix_ms``, ``unix_us`` or a pattern of ``datetime.strptime``; ``zone`` is that of
    moments without an offset.
    """
    if form in _COUNTS:
        return _counted(_COUNTS[form])
    if form != "iso":
        _check_pattern(form)

    @lru_cache(_CACHED)
    def read_text(text: str) -> int:
        if form == "iso":
            return to_micros(parse_instant(text, default_zone=zone))
        try:
            return _micros(datetime.strptime(text.strip(), form), zone)  # noqa: DTZ007 - the zone is put on it there
        except ValueError as error:
            raise BadInput(f"{text[:80]!r} is not written as {form!r}.", mend=MEND) from error

    def read(value: Any) -> int:
        if isinstance(value, datetime):
            return _micros(value, zone)
        if isinstance(value, date):
            return _micros(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001 - the zone follows
        return read_text(str(value))

    return read


def _micros(moment: datetime, zone: tzinfo) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        return to_micros(aware.astimezone(UTC))
    except OverflowError as error:
        raise BadInput(f"{moment} lies outside the years 1 to 9999.", mend="Correct the year.") from error


def _counted(factor: int) -> MomentReader:
    def read(value: Any) -> int:
        try:
            number = int(value) if isinstance(value, int) else float(value)
            if isinstance(value, bool) or not math.isfinite(number):
                raise ValueError(value)
            return to_micros(from_micros(round(number * factor)))
        except (TypeError, ValueError, OverflowError) as error:
            raise BadInput(f"{str(value)[:80]!r} is not a count of seconds since 1970.", mend=MEND) from error

    return read


def _check_pattern(form: str) -> None:
    """Refuse what cannot be a pattern: it must hold a year, a month and a day, and be readable."""
    sample = datetime(2019, 1, 12, 9, 30, tzinfo=UTC)
    try:
        datetime.strptime(sample.strftime(form), form)  # noqa: DTZ007 - only tried
    except ValueError as error:
        raise BadInput(f"{form!r} is no pattern of a moment: {error}.", where="time.format", mend=MEND) from error
    if "%" not in form:
        raise BadInput(f"{form!r} is no pattern of a moment.", where="time.format", mend=MEND)
