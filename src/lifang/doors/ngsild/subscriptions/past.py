"""What was recorded while nobody was told: read from the lake, piece by piece, each small enough to be held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import from_micros
from lifang.doors.ngsild.subscriptions.news import News
from lifang.store import Call, Field, Lake, Literal, ObservationQuery

PIECE = 20_000  # values read at once
_LISTED = 20_000  # datastreams named in a question; more are picked from all


def recorded_between(lake: Lake, watched: NDArray[np.bool_], after: int, until: int) -> Iterator[News]:
    """Yield what was recorded of the watched datastreams in (after, until], microseconds UTC, in pieces that follow.

    ``watched`` goes by datastream number. Each piece says until when it tells everything.
    """
    query = _query(watched, after, until)
    if until - after > 1 and lake.count(query) > PIECE:
        middle = (after + until) // 2
        yield from recorded_between(lake, watched, after, middle)
        yield from recorded_between(lake, watched, middle, until)
        return
    table = lake.read(query)
    news = News(
        table["datastream"].to_numpy().astype(np.int32),
        table["time"].cast(pa.int64()).to_numpy(),
        table["value"].to_numpy(zero_copy_only=False),
        table["quality"].to_numpy().astype(np.uint8),
        until,
    )
    known = news.numbers < len(watched)
    known[known] = watched[news.numbers[known]]
    yield news.pick(known)


def _query(watched: NDArray[np.bool_], after: int, until: int) -> ObservationQuery:
    numbers = np.flatnonzero(watched).astype(np.int32)
    recorded = Field("recorded")
    limits = (
        Call("gt", (recorded, Literal(from_micros(after)))),
        Call("le", (recorded, Literal(from_micros(until)))),
    )
    chosen = numbers if len(numbers) <= _LISTED else None
    return ObservationQuery(chosen, where=Call("and", limits), order=(("recorded", False), ("time", False)))
