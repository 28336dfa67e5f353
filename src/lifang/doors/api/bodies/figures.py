"""Bodies of figures worked out of a datastream's values: over a period, and per bucket of time."""

from __future__ import annotations

from pydantic import ConfigDict

from lifang.doors.api.bodies.kinds import Said
from lifang.doors.api.bodies.sensing import Unit, Value


class StatisticsBody(Said):
    """The figures of the finite values in ``[start, end)``, and the values that a rule or their source marked.

    ``flagged_count`` counts all that are marked, ``flagged`` holds the first 500 of them.
    """

    datastream: str
    unit: Unit
    start: str
    end: str
    count: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    median: float | None
    last: Value | None
    flagged_count: int
    flagged: list[Value]


class BucketColumns(Said):
    """Columns of one length: when each bucket begins (ms since 1970 UTC), and each function that was asked for.

    Percentiles come under their own names, such as ``p95``. A bucket without a value has no row.
    """

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=False)
    __pydantic_extra__: dict[str, list[float | None]]

    time: list[int]
    count: list[int] | None = None
    min: list[float | None] | None = None
    max: list[float | None] | None = None
    avg: list[float | None] | None = None
    sum: list[float | None] | None = None


class BucketsBody(Said):
    """The figures of the finite values in ``[start, end)`` per bucket of ``bucket_s`` seconds, in ``unit``.

    Days begin at midnight in ``time_zone``; the first and last bucket hold only what lies between the bounds.
    """

    datastream: str
    unit: Unit
    time_zone: str
    start: str
    end: str
    bucket_s: int
    columns: BucketColumns
