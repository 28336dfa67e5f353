"""What every list takes: a cursor and a limit; and how its next cursor is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Query

from lifang.core import BadInput, parse_instant
from lifang.doors.http import decode_cursor, encode_cursor

After = Annotated[str | None, Query(max_length=1000, description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many items at most.")]
Moment = Annotated[str | None, Query(max_length=64, description="ISO 8601 with an offset.")]
CityMoment = Annotated[
    str | None, Query(max_length=64, description="As it was at this moment in the city: ISO 8601 with an offset.")
]
RecordedMoment = Annotated[
    str | None, Query(max_length=64, description="As recorded by this moment: ISO 8601 with an offset.")
]
Item = TypeVar("Item")
_TICK = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def moment(text: str | None) -> datetime | None:
    """Return the moment written in a query parameter, in UTC; ``BadInput`` outside the years 1900 to 2199."""
    if text is None:
        return None
    found = parse_instant(_with_plus(text))
    if not _FIRST <= found < _LAST:
        raise BadInput(f"{text!r} lies outside the years 1900 to 2199.", mend="Correct the year.")
    return found


def one_way(release: int | None, at: str | None) -> None:
    """Raise ``BadInput`` if a release is asked for by number and by moment."""
    if release is not None and at is not None:
        raise BadInput("A release is asked for by number or by moment.", where="release, at", mend="Leave one out.")


def _with_plus(text: str) -> str:
    return text[:-6] + "+" + text[-5:] if len(text) > 6 and text[-6] == " " else text  # "+" unescaped in an address


def after_id(kind: str, cursor: str | None) -> str | None:
    """Return the id that a cursor of a list by id points after."""
    key = decode_cursor(kind, cursor, str)
    return str(key[0]) if key else None


def after_number(kind: str, cursor: str | None) -> int:
    """Return the number that a cursor of a list by number points after; 0 at the start."""
    key = decode_cursor(kind, cursor, int)
    return int(key[0]) if key else 0


def paged(kind: str, found: Sequence[Item], limit: int, key: Any) -> tuple[list[Item], str | None]:
    """Return the first ``limit`` of ``found`` (asked for with one more) and the cursor after them, if any."""
    items = list(found[:limit])
    more = len(found) > limit and items
    return items, encode_cursor(kind, key(items[-1])) if more else None


def span(start: str | None, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Return the bounds ``[start, end)``: without an end up to ``now`` and its own value, without a start a day."""
    until = moment(end) or now + _TICK
    return moment(start) or day_before(until), until


def day_before(until: datetime) -> datetime:
    """Return the moment 24 hours earlier."""
    return until - timedelta(days=1)
