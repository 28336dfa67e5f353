"""Windows of time and how to sum them up: the temporal query language (CIM 009 clauses 4.11 and 4.5.19).

``before`` and ``after`` leave their moment out; ``between`` runs from ``timeAt`` up to, and without, ``endTimeAt``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lifang.core import BadInput, parse_duration, parse_instant
from lifang.doors.ngsild.problems import NotSupported, TooMuch

TEMPORAL = ("timerel", "timeAt", "endTimeAt", "timeproperty", "lastN", "aggrMethods", "aggrPeriodDuration")
TICK = timedelta(microseconds=1)
LAST_MAX = 100_000
DAY_S = 86_400
METHODS: Mapping[str, str] = {  # by name, the lake's function; empty: worked out from the values
    "totalCount": "count",
    "distinctCount": "",
    "sum": "sum",
    "avg": "avg",
    "min": "min",
    "max": "max",
    "stddev": "",
    "sumsq": "",
}


@dataclass(frozen=True)
class Window:
    """What of the past is asked for: values in [start, end), ``last`` many of each datastream if not 0."""

    start: datetime | None = None
    end: datetime | None = None
    last: int = 0
    methods: tuple[str, ...] = ()
    every_s: int = 0


def read_window(given: Mapping[str, Any], *, needed: bool, where: str = "timerel") -> Window:
    """Return the window that the temporal parameters tell; ``needed`` insists on ``timerel``."""
    named = str(given.get("timeproperty", "observedAt"))
    if named != "observedAt":
        raise NotSupported(f"The past is not sought by {named[:40]}.", where="timeproperty", mend="Use observedAt.")
    start, end = _span(given, needed=needed, where=where)
    last = _last(given.get("lastN", 0))
    methods = _methods(given.get("aggrMethods", ()))
    return Window(start, end, last, methods, seconds_of(str(given.get("aggrPeriodDuration", "PT0S"))))


def _span(given: Mapping[str, Any], *, needed: bool, where: str) -> tuple[datetime | None, datetime | None]:
    relation = given.get("timerel")
    if relation is None:
        if needed or "timeAt" in given or "endTimeAt" in given:
            raise BadInput("Nothing says which time is meant.", where=where, mend="Give timerel and timeAt.")
        return None, None
    if relation not in {"before", "after", "between"}:
        mend = "Write before, after or between."
        raise BadInput(f"{str(relation)[:40]!r} is no temporal relation.", where=where, mend=mend)
    at = _moment(given, "timeAt")
    if relation == "between":
        end = _moment(given, "endTimeAt")
        if end <= at:
            raise BadInput("endTimeAt is not after timeAt.", where="endTimeAt", mend="Exchange them.")
        return at, end
    if "endTimeAt" in given:
        raise BadInput("Only between has an endTimeAt.", where="endTimeAt", mend="Leave it out, or use between.")
    return (None, at) if relation == "before" else (at + TICK, None)


def _moment(given: Mapping[str, Any], name: str) -> datetime:
    if not isinstance(given.get(name), str):
        raise BadInput(f"{name} is missing.", where=name, mend="Write a moment, such as 2026-03-01T12:00:00Z.")
    try:
        return parse_instant(given[name])
    except BadInput as error:
        raise BadInput(error.what, where=name, mend=error.mend) from error


def _last(value: Any) -> int:
    if not re.fullmatch(r"\d{1,9}", str(value), re.ASCII) or (str(value) == "0" and value != 0):
        raise BadInput(f"{str(value)[:40]!r} is no number of values.", where="lastN", mend="Write 1 or more.")
    if int(value) > LAST_MAX:
        raise TooMuch(f"lastN is at most {LAST_MAX:,}.", where="lastN", mend="Ask for fewer, or sum them up.")
    return int(value)


def _methods(told: Any) -> tuple[str, ...]:
    names: Sequence[Any] = told.split(",") if isinstance(told, str) else told
    unknown = [str(each)[:40] for each in names if each not in METHODS] if isinstance(names, list | tuple) else [told]
    if unknown:
        raise BadInput(f"There is no method {unknown[0]!r}.", where="aggrMethods", mend=f"Known: {', '.join(METHODS)}.")
    return tuple(dict.fromkeys(names))


def seconds_of(text: str) -> int:
    """Return the seconds of an ISO 8601 duration: up to a day, or whole days; 0 is the whole window."""
    try:
        months, whole = parse_duration(text)
    except BadInput as error:
        raise BadInput(error.what, where="aggrPeriodDuration", mend=error.mend) from error
    if months:
        raise NotSupported(
            "Months and years are not summed up.", where="aggrPeriodDuration", mend="Ask for days or weeks."
        )
    if whole > DAY_S and whole % DAY_S:
        raise BadInput(
            "A period longer than a day is whole days.", where="aggrPeriodDuration", mend="Write P2D, not PT36H."
        )
    return whole
