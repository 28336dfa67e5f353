"""What can be asked of the observations: rows, counts, buckets of time, and what is known without looking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from lifang.store.expression import Expression

NEVER = int(np.iinfo(np.int64).min)  # the first and last time of a datastream without a value
ORDERS = ("datastream", "time", "end", "value", "quality", "recorded")
BY = ("datastream", "property")
PLAIN_FUNCTIONS = ("avg", "min", "max", "count", "sum")
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)", re.ASCII)


@dataclass(frozen=True, eq=False)
class ObservationQuery:
    """Rows of ``datastreams`` (int32 numbers; ``None``: all) in [start, end), one per datastream and time.

    ``where`` and ``order`` (column, descending) know ``datastream, time, value, quality, recorded`` and, as
    ``extra.<key>``, the keys of ``extra``; an order may also be a value worked out of them. Without ``order`` rows come
    by datastream and time; no value comes before any. ``after`` are the keys of the row that the rows come after (see
    :func:`~lifang.store.lake.observed.asking.read`). ``each`` says at most how many rows of one datastream, the first
    in that order. ``at``: as recorded by that moment.
    """

    datastreams: NDArray[np.int32] | None = None
    start: datetime | None = None
    end: datetime | None = None
    where: Expression | None = None
    order: tuple[tuple[str | Expression, bool], ...] = ()
    after: tuple[Any, ...] | None = None
    limit: int | None = None
    offset: int = 0
    at: datetime | None = None
    each: int | None = None

    def __post_init__(self) -> None:
        if self.offset < 0 or (self.limit or 0) < 0 or (self.each or 0) < 0:
            raise BadInput("A limit or an offset is negative.", mend="Give none, or numbers from 0.")
        for column, _ in self.order:
            if isinstance(column, str) and column not in ORDERS and not column.startswith("extra."):
                raise BadInput(f"Observations have no column {column!r}.", mend=f"Known: {', '.join(ORDERS)}.")


@dataclass(frozen=True, eq=False)
class AggregateQuery:
    """One row per bucket of ``every_s`` seconds of the finite values of ``datastreams`` or of ``property`` in
    [start, end); all of the city without either; one bucket in all when ``every_s`` is 0.

    Whole days begin at midnight in ``zone``; shorter buckets are counted from its clock at ``start``. ``functions``:
    ``avg, min, max, count, sum`` and percentiles ``p0`` to ``p100`` (linear between ranks). ``by``: ``datastream``,
    ``property``, or nothing.
    """

    start: datetime
    end: datetime
    every_s: int
    datastreams: NDArray[np.int32] | None = None
    property: int | None = None
    zone: str = "UTC"
    functions: tuple[str, ...] = ("avg", "min", "max", "count")
    by: tuple[str, ...] = ("datastream",)
    at: datetime | None = None

    def __post_init__(self) -> None:
        if self.datastreams is not None and self.property is not None:
            raise BadInput("Datastreams and a property exclude each other.", mend="Name one of them.")
        if self.every_s < 0 or (self.every_s > _DAY_S and self.every_s % _DAY_S):
            raise BadInput(f"{self.every_s} s is no bucket of time.", mend="Give seconds up to a day, or whole days.")
        unknown = [each for each in self.functions if percentile(each) is None and each not in PLAIN_FUNCTIONS]
        if unknown or not self.functions:
            named = ", ".join(unknown)
            mend = f"Known: {', '.join(PLAIN_FUNCTIONS)}, p0 to p100."
            raise BadInput(f"There is no function {named!r}.", where="functions", mend=mend)
        if self.by not in {(), *((each,) for each in BY)}:
            raise BadInput(f"Values are not grouped by {self.by}.", mend="Group by datastream, property or nothing.")


@dataclass(frozen=True, eq=False)
class Tally:
    """What is known of each datastream asked for: how many values it has now, their first and last time, their end.

    The end is the latest moment that a value is of: an interval may end past the last time. Times are
    microseconds UTC, ``NEVER`` where there is no value.
    """

    count: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    end: NDArray[np.int64]


_DAY_S = 86_400


def percentile(function: str) -> float | None:
    """Return the share (0 to 1) that a function such as ``p95`` names, or ``None``."""
    found = _PERCENTILE.fullmatch(function)
    return float(found[1]) / 100 if found else None
