"""One Observation as a message carries it (OGC 18-088, clause 8.2.7), read quickly where it is plain."""

from __future__ import annotations

import math
from typing import Any

import orjson

from lifang.core import BadInput, parse_instant, to_micros

_PLAIN = frozenset({"phenomenonTime", "result"})
_YEARS = range(1900, 2200)
_EXAMPLE = '{"phenomenonTime": "2026-01-12T09:00:00+08:00", "result": 35.0}'


def read_object(payload: bytes, *, example: str = _EXAMPLE) -> dict[str, Any]:
    """Return the JSON object in a message; ``BadInput`` if it is none."""
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"The message is not JSON: {error.msg}.", where=f"character {error.pos}", mend=f"Send {example}"
        ) from error
    if type(found) is not dict:
        raise BadInput("The message is not a JSON object.", mend=f"Send {example}")
    return found


def read_plain(body: dict[str, Any], now: int) -> tuple[int, float] | None:
    """Return (microseconds UTC, value) of a plain numeric observation, or ``None`` if there is more to it.

    Without ``phenomenonTime`` it is of ``now`` (OGC 18-088, clause 8.2.7, table 12).
    """
    if not body.keys() <= _PLAIN:
        return None
    result = body.get("result")
    if type(result) is not float and type(result) is not int:
        return None
    when = body.get("phenomenonTime")
    if when is None:
        micros = now
    elif type(when) is str and "/" not in when:
        moment = parse_instant(when)
        if moment.year not in _YEARS:
            raise BadInput(f"{when!r} lies outside the years 1900 to 2199.", mend="Set the device's clock.")
        micros = to_micros(moment)
    else:
        return None
    try:
        value = float(result)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise BadInput("The result is not finite.", mend="Leave such values out.")
    return micros, value
