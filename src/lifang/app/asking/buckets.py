"""A datastream in buckets of time: few figures that stand for many values, from the sums that the lake keeps up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lifang.core import BadInput, TooLarge
from lifang.sensing import Datastream
from lifang.store import AggregateQuery

if TYPE_CHECKING:
    from lifang.app.city import City

FIGURES = ("count", "min", "max", "avg")
BUCKETS_MOST = 100_000
_LONGEST_S = 36_525 * 86_400  # a hundred years


@dataclass(frozen=True)
class Buckets:
    """The figures of a datastream: ``table`` holds when each bucket of ``every_s`` seconds begins, and its functions.

    A bucket without a value has no row.
    """

    datastream: Datastream
    every_s: int
    table: pa.Table


def buckets_of(
    city: City,
    stream: Datastream,
    start: datetime,
    end: datetime,
    *,
    every_s: int,
    functions: Sequence[str] = FIGURES,
    at: datetime | None = None,
) -> Buckets:
    """Return the figures of the finite values in ``[start, end)`` per bucket; a value that was corrected counts once.

    Functions are ``count, min, max, avg, sum`` and ``p0`` to ``p100``, but for ``count`` in the datastream's unit.
    Days begin at midnight in the city's zone. The first and last bucket hold only what lies between the bounds.
    ``BadInput`` for bounds, buckets or functions that there are not, ``TooLarge`` for more than 100,000 buckets.
    """
    if end <= start:
        raise BadInput("The end is not after the start.", where="start, end", mend="Exchange them, or correct one.")
    if not 0 < every_s <= _LONGEST_S:
        mend = "Write PT1M, PT15M, PT1H or P1D; at most P36525D."
        raise BadInput(f"{every_s} s is no bucket of time.", where="every", mend=mend)
    if (most := -(-(end - start).total_seconds() // every_s)) > BUCKETS_MOST:
        raise TooLarge(
            f"These are {most:,.0f} buckets, more than {BUCKETS_MOST:,}.",
            where="every, start, end",
            mend="Ask for longer buckets, or for less time.",
        )
    query = AggregateQuery(
        start,
        end,
        every_s,
        datastreams=np.array([stream.number], np.int32),
        zone=city.settings.time_zone,
        functions=tuple(dict.fromkeys(functions)),
        at=at,
    )
    return Buckets(stream, every_s, city.store.lake.aggregate(query).drop_columns(["datastream"]))
