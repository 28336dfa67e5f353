"""``$apply``: buckets of time and their figures, answered from rollups: an extension, after OData's of that name.

``groupby((bucket(phenomenonTime,PT1H)),aggregate(avg,min,max,count,sum,p95))`` on Observations; without ``bucket`` one
figure for the whole span. ``$filter`` may bound ``phenomenonTime`` and name datastreams.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lifang.app import Asker
from lifang.core import BadInput, format_instant
from lifang.doors.sensorthings.exchange import Answer
from lifang.doors.sensorthings.options import Options
from lifang.doors.sensorthings.resolving import Target
from lifang.guard import Classification, Resource
from lifang.sensing import OBSERVATION, STREAMS, Sight
from lifang.store import AggregateQuery

_APPLY = re.compile(
    r"groupby\(\((?P<by>[^()]*(?:\([^()]*\))?[^()]*)\),\s*aggregate\((?P<functions>[^()]*)\)\)"
    r"|aggregate\((?P<only>[^()]*)\)"
)
_BUCKET = re.compile(
    r"bucket\(\s*phenomenonTime\s*,\s*(?:duration)?'?"
    r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?'?\s*\)"
)
_ALLOWED = frozenset({"$apply", "$filter"})
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_ROWS_MAX = 100_000


def aggregated(asker: Asker, target: Target, options: Options, sight: Sight) -> Answer:
    """Return one row per datastream and bucket: ``Datastream@iot.id``, ``phenomenonTime``, and each figure."""
    if target.kind != OBSERVATION:
        raise BadInput("$apply is for Observations.", where="$apply", mend="Ask Datastreams(1)/Observations.")
    extra = {name for name, _ in options.given} - _ALLOWED
    if extra:
        raise BadInput("$apply goes with $filter only.", where=", ".join(sorted(extra)), mend="Leave them out.")
    every_s, by, functions = _read(options.apply)
    reading = asker.city.sensing.entities.reading
    start, end, numbers = reading.window(options.question.where, sight, target.start)
    if numbers is None and "datastream" in by:
        numbers = reading.every()
    query = AggregateQuery(
        start or _EARLIEST,
        end or _LATEST,
        every_s,
        datastreams=numbers,
        zone=asker.city.settings.time_zone,
        functions=functions,
        by=by,
    )
    if target.start is not None and target.start.kind not in STREAMS:
        raise BadInput("Figures are made for datastreams.", where="$apply", mend="Ask Datastreams(1)/Observations.")
    table: pa.Table = asker.city.store.lake.aggregate(query)
    if len(table) > _ROWS_MAX:
        raise BadInput(f"These are more than {_ROWS_MAX:,} rows.", where="$apply", mend="Ask for longer buckets.")
    _record(asker, table if "datastream" in table.column_names else None, numbers)
    return Answer(body={"value": [_told(row, every_s) for row in table.to_pylist()]})


def _record(asker: Asker, table: pa.Table | None, numbers: Any) -> None:
    streams = np.unique(table["datastream"].to_numpy()) if table is not None else numbers
    if streams is None:
        streams = asker.city.sensing.entities.reading.every()
    grade = asker.city.sensing.entities.grade_of
    grades = {int(number): grade(int(number)) for number in streams.tolist()}
    hidden = {number: each for number, each in grades.items() if each != "open"}
    asker.seen(*(Resource("datastream", str(number), Classification(each)) for number, each in hidden.items()))


def _read(text: str) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    found = _APPLY.fullmatch(text.strip())
    if found is None:
        raise BadInput(
            f"{text[:80]!r} is not understood.",
            where="$apply",
            mend="Write groupby((bucket(phenomenonTime,PT1H)),aggregate(avg,max)).",
        )
    functions = tuple(_function(each) for each in (found["only"] or found["functions"] or "").split(","))
    every_s, by = 0, ("datastream",)
    for part in _parts(found["by"] or ""):
        bucket = _BUCKET.fullmatch(part)
        if bucket is not None:
            days, hours, minutes, seconds = (int(each or 0) for each in bucket.groups())
            every_s = days * 86_400 + hours * 3600 + minutes * 60 + seconds
        elif part not in {"Datastream/id", "Datastream/@iot.id"}:
            raise BadInput(f"Not grouped by {part[:40]!r}.", where="$apply", mend="Use bucket(…) and Datastream/id.")
    return every_s, by, functions


def _parts(text: str) -> list[str]:
    parts = re.split(r",(?![^()]*\))", text)
    return [part.strip() for part in parts if part.strip()]


def _function(text: str) -> str:
    """Return the function in ``avg`` or, as OData writes it, ``result with average as mean``."""
    words = text.split()
    name = words[2] if len(words) >= 3 and words[:2] == ["result", "with"] else text.strip()
    return {"average": "avg"}.get(name, name)


def _told(row: dict[str, Any], every_s: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "datastream" in row:
        found["Datastream@iot.id"] = row.pop("datastream")
    time = row.pop("time", None)
    if every_s and time is not None:
        found["phenomenonTime"] = format_instant(time)
        found["bucket_s"] = every_s
    return {**found, **row}
