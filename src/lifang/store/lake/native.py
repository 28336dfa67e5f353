"""Observations in a native DuckDB file: appended in durable batches, never overwritten, read as of any moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, Clock, from_micros, to_micros
from lifang.store.lake.engine import Engine
from lifang.store.lake.model import Batch, Observations
from lifang.store.lake.names import sql

_COLUMNS = "datastream INTEGER, time BIGINT, value DOUBLE, quality UTINYINT, batch BIGINT"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS observations.batch (id BIGINT, recorded BIGINT, subject VARCHAR, rows BIGINT, "
    "first BIGINT, last BIGINT, digest VARCHAR)",
    f"CREATE TABLE IF NOT EXISTS observations.recent ({_COLUMNS})",
    f"CREATE TABLE IF NOT EXISTS observations.settled ({_COLUMNS})",
    f"CREATE TABLE IF NOT EXISTS observations.settled_latest ({_COLUMNS})",
)
_DAY = 86_400_000_000
_FOUND = "SELECT datastream, time, value, quality, batch, rowid AS row FROM"
_BETWEEN = "WHERE time >= ? AND time < ? AND"
_TIME = pa.timestamp("us", "UTC")


class Native:
    """The observations of one city."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._last: tuple[int, int] | None = None
        with engine.session() as session:
            for table in _TABLES:
                session.execute(table)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep every append and every settling waiting while the block runs."""
        with self._settling, self._lock:
            yield

    def append(self, columns: Observations, *, subject: str) -> Batch:
        """Return the batch these observations became; they are on disk by then."""
        columns.check_times()
        digest = columns.digest()
        with self._lock:
            try:
                return self._append(columns, subject, digest)
            except BaseException:
                self._last = None
                raise

    def _append(self, columns: Observations, subject: str, digest: str) -> Batch:
        with self._engine.session() as session:
            last_id, last_recorded = self._last or _last_batch(session)
            recorded = max(to_micros(self._clock.now()), last_recorded)
            span = (int(columns.time.min()), int(columns.time.max())) if len(columns) else (None, None)
            batch = Batch(last_id + 1, from_micros(recorded), subject, len(columns), digest)
            session.register("incoming", _arrow(columns))
            session.execute("BEGIN")
            session.execute(
                "INSERT INTO observations.batch VALUES (?, ?, ?, ?, ?, ?, ?)",
                [batch.id, recorded, subject, batch.rows, *span, digest],
            )
            session.execute(
                "INSERT INTO observations.recent SELECT datastream, time, value, quality, ?::BIGINT FROM incoming",
                [batch.id],
            )
            session.execute("COMMIT")
            self._last = (batch.id, recorded)
            return batch

    def batches(self, *, after: int = 0, limit: int = 1000) -> list[Batch]:
        """Return up to ``limit`` batches with ids past ``after``, in order."""
        query = "SELECT id, recorded, subject, rows, digest FROM observations.batch WHERE id > ? ORDER BY id LIMIT ?"
        with self._engine.session() as session:
            rows = session.execute(query, [after, limit]).fetchall()
        return [Batch(row[0], from_micros(row[1]), *row[2:]) for row in rows]

    def series(self, datastream: int, start: datetime, end: datetime, *, at: datetime | None = None) -> pa.Table:
        """Return ``time, value, quality`` of one datastream in [start, end): one value per time, the last recorded."""
        return self.many_series([datastream], start, end, at=at).drop_columns(["datastream"])

    def many_series(
        self, datastreams: Sequence[int], start: datetime, end: datetime, *, at: datetime | None = None
    ) -> pa.Table:
        """Return ``datastream, time, value, quality`` in [start, end), by datastream and time."""
        if not len(datastreams):
            return _observed(_EMPTY)
        wanted = _wanted(datastreams)
        chosen, values = _choice(wanted)
        bounds = [to_micros(start), to_micros(end)]
        with self._engine.session() as session:
            session.register("wanted", pa.table({"number": wanted}))
            if at is not None:
                chosen += " AND batch <= ?"
                values.append(_batch_at(session, at))
            parts = (sql(_FOUND, f"observations.{table}", _BETWEEN, chosen) for table in ("settled", "recent"))
            query = sql(" UNION ALL ".join(parts), "ORDER BY datastream, time, batch, row")
            return _observed(session.execute(query, [*bounds, *values] * 2).to_arrow_table())

    def latest(self) -> pa.Table:
        """Return ``datastream, time, value, quality``: the newest value of every datastream."""
        with self._engine.session() as session:
            return _observed(session.execute(_latest("")).to_arrow_table())

    def bounds(self) -> tuple[datetime, datetime] | None:
        """Return the first and last time observed, or ``None`` while nothing is."""
        with self._engine.session() as session:
            row = session.execute("SELECT min(first), max(last) FROM observations.batch").fetchone()
        return None if row is None or row[0] is None else (from_micros(row[0]), from_micros(row[1]))

    def observation_count(self) -> int:
        """Return how many observations were ever recorded, corrections included."""
        with self._engine.session() as session:
            row = session.execute("SELECT coalesce(sum(rows), 0)::BIGINT FROM observations.batch").fetchone()
        return int(row[0]) if row else 0

    def settle(self, before: datetime) -> int:
        """Return how many rows moved from ``recent`` to ``settled``: those of the whole UTC days before ``before``.

        They move in one transaction, sorted by day, datastream and time; appends and reads go on meanwhile.
        """
        bound = [to_micros(before) // _DAY * _DAY]
        with self._settling, self._engine.session() as session:
            session.execute("BEGIN")
            moved = session.execute(
                "INSERT INTO observations.settled SELECT * FROM observations.recent WHERE time < ? "
                "ORDER BY time // 86400000000, datastream, time, batch, rowid",
                bound,
            ).fetchone()
            count = int(moved[0]) if moved else 0
            if not count:
                session.execute("ROLLBACK")
                return 0
            session.register("newest", session.execute(_latest("WHERE time < ?"), bound).to_arrow_table())
            session.execute("DELETE FROM observations.settled_latest")
            session.execute("INSERT INTO observations.settled_latest SELECT * FROM newest")
            session.execute("DELETE FROM observations.recent WHERE time < ?", bound)
            session.execute("COMMIT")
        self.checkpoint()
        return count

    def checkpoint(self) -> bool:
        """Return whether the log was folded into the file; not while another transaction writes."""
        with self._lock, self._engine.session() as session:
            try:
                session.execute("CHECKPOINT observations")
            except duckdb.TransactionException:
                return False
        return True


_EMPTY = pa.table(
    {
        "datastream": pa.array([], pa.int32()),
        "time": pa.array([], pa.int64()),
        "value": pa.array([], pa.float64()),
        "quality": pa.array([], pa.uint8()),
    }
)


def _arrow(columns: Observations) -> pa.Table:
    return pa.table(
        {"datastream": columns.datastream, "time": columns.time, "value": columns.value, "quality": columns.quality}
    )


def _observed(found: pa.Table) -> pa.Table:
    """Return ``found`` (sorted by datastream, time, batch) with the last row of each datastream and time."""
    datastream, time = found["datastream"].to_numpy(), found["time"].to_numpy()
    keep = np.ones(len(time), dtype=np.bool_)
    keep[:-1] = (datastream[1:] != datastream[:-1]) | (time[1:] != time[:-1])
    if not keep.all():
        found = found.filter(pa.array(keep))
    return pa.table(
        {
            "datastream": found["datastream"],
            "time": found["time"].cast(_TIME),
            "value": found["value"],
            "quality": found["quality"],
        }
    )


def _wanted(datastreams: Sequence[int]) -> NDArray[np.int32]:
    wanted = np.unique(np.asarray(datastreams, dtype=np.int64))
    if wanted[0] < -(2**31) or wanted[-1] >= 2**31:
        raise BadInput("A datastream number lies outside 32 bits.", mend="Use the numbers the datastreams carry.")
    return wanted.astype(np.int32)


def _choice(wanted: NDArray[np.int32]) -> tuple[str, list[int]]:
    """Return the condition that lets DuckDB skip row groups: one number, or a range and a list."""
    if len(wanted) == 1:
        return "datastream = ?", [int(wanted[0])]
    return "datastream BETWEEN ? AND ? AND datastream IN (SELECT number FROM wanted)", [int(wanted[0]), int(wanted[-1])]


def _last_batch(session: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = session.execute("SELECT coalesce(max(id), 0), coalesce(max(recorded), 0) FROM observations.batch").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _batch_at(session: duckdb.DuckDBPyConnection, at: datetime) -> int:
    query = "SELECT coalesce(max(id), 0) FROM observations.batch WHERE recorded <= ?"
    row = session.execute(query, [to_micros(at)]).fetchone()
    return int(row[0]) if row else 0


def _latest(where: str) -> str:
    return sql(
        "WITH everything AS (SELECT *, 0 AS row FROM observations.settled_latest",
        "UNION ALL SELECT *, rowid AS row FROM observations.recent",
        where,
        "), newest AS (SELECT datastream, max(time) AS time FROM everything GROUP BY datastream)",
        "SELECT datastream, time, value, quality, batch FROM everything SEMI JOIN newest USING (datastream, time)",
        "QUALIFY row_number() OVER (PARTITION BY datastream ORDER BY batch DESC, row DESC) = 1 ORDER BY datastream",
    )
