"""One observation: its id, its row, and what stands beside the number (OGC 18-088, clause 8.2.7).

An observation is one datastream at one phenomenon time, and its id says so: a number, ``datastream x 2**42 +
milliseconds``, where every JSON reader keeps that exact (a datastream below 2,048 and a whole millisecond of the years
1970 to 2109), else the text ``<datastream>-<microseconds>``; of an interval ``<datastream>-<start>-<end>``. Numbers are
what most clients expect, the OGC's test suite among them; each names an observation wherever an id is taken.

What no column holds stands in ``extra``: ``result`` where it is no finite number, ``resultTime`` and ``end``
(microseconds), ``validTime`` (``start``, ``end`` as ISO 8601), ``parameters``, ``resultQuality`` where it is none of
lifang's words, ``feature`` (the number of a FeatureOfInterest other than the datastream's own), ``moved`` (the time at
which the observation stands now, or its start and end).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, format_instant, from_micros, parse_instant, to_micros
from lifang.sensing.codec import WORD_OF, outside_years
from lifang.sensing.model import Quality, make_observations
from lifang.store import DELETED, NO_END, Observations

WORDS = {each.value: each.word for each in Quality}
_ID = re.compile(r"([1-9]\d{0,9})-(-?\d{1,16})(?:-(-?\d{1,16}))?", re.ASCII)
_EXTRA_MAX = 100_000  # bytes of what stands beside one number
_INT32, _EXACT = 2**31, 2**53
_TIME_BITS = 42  # of an id that is a number
When = tuple[int, int | None]  # a phenomenon time: a moment or the start of an interval, and its end; microseconds UTC


@dataclass(frozen=True)
class Draft:
    """An observation as it is to be stored; ``value`` is NaN where ``extra`` holds the result."""

    number: int
    time: int
    value: float = math.nan
    quality: int = Quality.GOOD
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def when(self) -> When:
        """The phenomenon time."""
        return self.time, self.extra.get("end")

    @property
    def id(self) -> int | str:
        """What the observation is called by."""
        return observation_id(self.number, *self.when)

    def with_feature(self, feature: int | None) -> Draft:
        """Return the observation of the feature with this number."""
        return self if feature is None else replace(self, extra={**self.extra, "feature": feature})


def observation_id(number: int, time: int, end: int | None = None) -> int | str:
    """Return the id of the observation of datastream ``number`` at ``time`` or until ``end`` (microseconds UTC)."""
    if end is not None:
        return f"{number}-{time}-{end}"
    milliseconds, rest = divmod(time, 1000)
    key = number << _TIME_BITS | milliseconds
    return key if not rest and 0 <= milliseconds < 1 << _TIME_BITS and key < _EXACT else f"{number}-{time}"


def observation_ids(numbers: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ids of many observations of moments, -1 where an id is a text; see :func:`observation_id`."""
    milliseconds, rest = np.divmod(times, 1000)
    keys = (numbers.astype(np.int64) << _TIME_BITS) | milliseconds
    exact = (rest == 0) & (milliseconds >= 0) & (milliseconds < 1 << _TIME_BITS) & (keys < _EXACT)
    return np.where(exact, keys, -1)


def parse_id(key: int | str) -> tuple[int, When] | None:
    """Return datastream number and phenomenon time of an observation's id, ``None`` if it is no such id."""
    if isinstance(key, int):
        number, milliseconds = divmod(key, 1 << _TIME_BITS)
        return (number, (milliseconds * 1000, None)) if 0 < key < _EXACT and number else None
    found = _ID.fullmatch(key)
    if found is None or int(found[1]) >= _INT32:
        return None
    return int(found[1]), (int(found[2]), None if found[3] is None else int(found[3]))


def when_of(row: Mapping[str, Any]) -> When:
    """Return the phenomenon time of the observation in a lake's ``row``."""
    extra = row.get("extra")
    return row["time"], orjson.loads(extra).get("end") if extra and '"end":' in extra else None


def extra_of(ends: NDArray[np.int64]) -> pa.Array | None:
    """Return what stands beside the numbers of intervals that end at ``ends``; ``None`` where all are moments."""
    if (ends == NO_END).all():
        return None
    return pa.array([None if end == NO_END else _text({"end": end}) for end in ends.tolist()], pa.string())


def draft_of(number: int, body: Mapping[str, Any], now: datetime) -> Draft:
    """Return the observation that ``body`` tells, in the standard's names; ``BadInput`` names what does not fit.

    Without ``phenomenonTime`` it is observed ``now``; without ``resultTime`` it has none.
    """
    if "result" not in body:
        raise BadInput("An Observation has a result.", where="result", mend="Send it; null is a result too.")
    begin, end = _span(body.get("phenomenonTime"), "phenomenonTime") or (to_micros(now), None)
    extra: dict[str, Any] = {} if end is None else {"end": end}
    value = _value(body["result"], extra)
    told = _span(body.get("resultTime"), "resultTime")
    if told is not None:
        extra["resultTime"] = told[0]
    valid = _span(body.get("validTime"), "validTime")
    if valid is not None:
        extra["validTime"] = {"start": iso(valid[0]), "end": iso(valid[0] if valid[1] is None else valid[1])}
    parameters = body.get("parameters")
    if parameters is not None:
        if not isinstance(parameters, dict):
            raise BadInput("parameters is no object.", where="parameters", mend='Send {"name": value}.')
        extra["parameters"] = parameters
    quality = _quality(body.get("resultQuality"), extra)
    return Draft(number, begin, value, quality, extra)


def _value(result: Any, extra: dict[str, Any]) -> float:
    if isinstance(result, int | float) and not isinstance(result, bool):
        try:
            value = float(result)
        except OverflowError:
            value = math.inf
        if math.isfinite(value):
            return value
    extra["result"] = result
    return math.nan


def _quality(told: Any, extra: dict[str, Any]) -> int:
    if isinstance(told, str | None) and told in WORD_OF:
        return WORD_OF[told]
    extra["resultQuality"] = told
    return int(Quality.GOOD)


def _span(text: Any, where: str) -> tuple[int, int | None] | None:
    """Return begin and, of an interval, end in microseconds."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise BadInput(f"{where} is no time.", where=where, mend="Write ISO 8601 with an offset, or two with a slash.")
    begin, slash, end = text.partition("/")
    first = _micros(begin, where)
    if not slash:
        return first, None
    last = _micros(end, where)
    if last < first:
        raise BadInput(f"{where} ends before it begins.", where=where, mend="Swap its ends.")
    return first, last


def _micros(text: str, where: str) -> int:
    try:
        micros = to_micros(parse_instant(text))
    except BadInput as error:
        raise BadInput(error.what, where=where, mend=error.mend) from error
    if bool(outside_years(np.array([micros]))[0]):
        raise BadInput(f"{text[:40]!r} lies outside the years 1900 to 2199.", where=where, mend="Set the clock.")
    return micros


def observations_of(drafts: list[Draft]) -> Observations:
    """Return the columns of ``drafts``."""
    plain = make_observations(
        [each.number for each in drafts],
        [each.time for each in drafts],
        [each.value for each in drafts],
        [each.quality for each in drafts],
    )
    if not any(each.extra for each in drafts):
        return plain
    texts = [_text(each.extra) if each.extra else None for each in drafts]
    return Observations(plain.datastream, plain.time, plain.value, plain.quality, pa.array(texts, pa.string()))


def _text(extra: Mapping[str, Any]) -> str:
    try:
        text = orjson.dumps(extra, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise BadInput(
            f"The observation cannot be kept as JSON: {error}.", mend="Send texts, numbers, lists."
        ) from error
    if len(text) > _EXTRA_MAX:
        raise BadInput(f"One observation has at most {_EXTRA_MAX:,} bytes.", where="result", mend="Send a reference.")
    return text.decode()


def tombstone(number: int, when: When, moved: When | None = None) -> Draft:
    """Return the row that says that there is no such observation any more, or where it ``moved``."""
    time, end = when
    extra: dict[str, Any] = {} if end is None else {"end": end}
    if moved is not None:
        extra["moved"] = moved[0] if moved[1] is None else list(moved)
    return Draft(number, time, math.nan, DELETED, extra)


def moved_to(extra: Mapping[str, Any]) -> When | None:
    """Return where a deleted observation stands now, ``None`` if it is gone."""
    moved = extra.get("moved")
    return (moved, None) if isinstance(moved, int) else None if moved is None else (moved[0], moved[1])


def iso(micros: int) -> str:
    """Return a moment as text."""
    return format_instant(from_micros(micros))


def _short(value: float) -> int | float:
    """Return a whole number without its point, as it was sent."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of the observation in a lake's ``row``, as the standard names them.

    Those of :func:`draft_of`, and ``feature``, the number of a FeatureOfInterest, where the row names one.
    """
    extra = orjson.loads(row["extra"]) if row.get("extra") else {}
    time = iso(row["time"]) if "end" not in extra else f"{iso(row['time'])}/{iso(extra['end'])}"
    value = row["value"]
    number = None if value is None or value != value else _short(value)
    valid = extra.get("validTime")
    return {
        "phenomenonTime": time,
        "result": extra.get("result") if number is None else number,
        "resultTime": iso(extra["resultTime"]) if "resultTime" in extra else None,
        "resultQuality": extra.get("resultQuality", WORDS.get(row["quality"], "good")),
        "validTime": f"{valid['start']}/{valid['end']}" if valid else None,
        "parameters": extra.get("parameters"),
        "feature": extra.get("feature"),
    }
