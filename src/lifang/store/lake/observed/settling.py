"""Settling: rows move from ``recent`` to ``settled``, sorted by day, datastream and time, in one transaction."""

from __future__ import annotations

import duckdb

from lifang.store.lake.names import sql
from lifang.store.lake.observed.tables import LISTED

_SORTED = "ORDER BY time // 86400000000, datastream, time, batch, turn"


def settle(session: duckdb.DuckDBPyConnection, before: int) -> int:
    """Return how many rows of times before ``before`` moved, in the session's transaction."""
    moving = sql("INSERT INTO observations.settled SELECT", LISTED, "FROM observations.recent WHERE time < ?", _SORTED)
    moved = session.execute(moving, [before]).fetchone()
    if moved is None or not moved[0]:
        return 0
    session.execute("DELETE FROM observations.recent WHERE time < ?", [before])
    return int(moved[0])
