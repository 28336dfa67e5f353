"""One relation of all observations, wherever their rows lie: every version, or the one value per datastream and time.

The last recorded version wins: the highest batch, and within it the last turn. Rows that are not late are the first of
their kind, so only the keys of late rows (the contested ones) need to be compared with others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, to_micros
from lifang.store.lake.engine import Engine
from lifang.store.lake.model import DELETED
from lifang.store.lake.names import sql
from lifang.store.lake.observed.tables import LISTED, ROW_TABLES

_KEY = "USING (datastream, time)"
_LAST = "QUALIFY row_number() OVER (PARTITION BY datastream, time ORDER BY batch DESC, turn DESC) = 1"


@dataclass(frozen=True, eq=False)
class Scan:
    """Which rows to look at: datastream numbers (``None``: all), times in [start, end) microseconds, batches so far."""

    numbers: NDArray[np.int32] | None = None
    start: int | None = None
    end: int | None = None
    batch: int | None = None

    def condition(self) -> tuple[str, list[int]]:
        """Return what the rows meet, written so that DuckDB can skip row groups, and its values."""
        parts: list[tuple[str, list[int]]] = []
        if self.start is not None:
            parts.append(("time >= ?", [self.start]))
        if self.end is not None:
            parts.append(("time < ?", [self.end]))
        if self.batch is not None:
            parts.append(("batch <= ?", [self.batch]))
        if self.numbers is not None:
            parts.append(_choice(self.numbers))
        return " AND ".join(part for part, _ in parts) or "true", [value for _, values in parts for value in values]


def _choice(numbers: NDArray[np.int32]) -> tuple[str, list[int]]:
    if len(numbers) == 1:
        return "datastream = ?", [int(numbers[0])]
    if not len(numbers):
        return "false", []
    among = "datastream BETWEEN ? AND ? AND datastream IN (SELECT number FROM wanted)"
    return among, [int(numbers[0]), int(numbers[-1])]


@dataclass(frozen=True)
class View:
    """A moment's rows: ``versions`` is every version, ``current`` the values there are; both as SQL with ``?``.

    ``current_values`` and ``version_values`` are bound to them in that order.
    """

    session: duckdb.DuckDBPyConnection
    versions: str
    version_values: list[int]
    contested: bool = False
    parts: tuple[str, ...] = field(default=())

    @property
    def current(self) -> str:
        """A selection of the values there are, one per datastream and time, with every column of the rows."""
        there = f"quality <> {DELETED}"
        if not self.contested:
            return sql("SELECT * FROM (", self.versions, ") WHERE", there)
        lone = sql("SELECT * FROM (", self.versions, ") ANTI JOIN contested", _KEY, "WHERE", there)
        rivals = sql("SELECT * FROM (", self.versions, ") SEMI JOIN contested", _KEY, _LAST)
        return sql(lone, "UNION ALL SELECT * FROM (", rivals, ") WHERE", there)

    @property
    def current_values(self) -> list[int]:
        """The values that :attr:`current` binds."""
        return self.version_values * (2 if self.contested else 1)

    def rows(self, query: str, values: Sequence[Any] = ()) -> pa.Table:
        """Return the answer to ``query``."""
        return self.session.execute(query, list(values)).to_arrow_table()

    def one(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        """Return the first row of the answer to ``query``."""
        row = self.session.execute(query, list(values)).fetchone()
        return row or (None,)


class Reader:
    """Views of the observations, each of one moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def view(self, scan: Scan, *, at: datetime | None = None) -> Iterator[View]:
        """Yield the view of what ``scan`` looks at, as recorded by ``at`` (by now without it)."""
        with self._engine.session() as session:
            session.execute("BEGIN")
            if at is not None:
                scan = Scan(scan.numbers, scan.start, scan.end, batch_at(session, at))
            condition, values = scan.condition()
            if scan.numbers is not None and len(scan.numbers) > 1:
                session.register("wanted", pa.table({"number": scan.numbers}))
            parts = [sql("SELECT", LISTED, "FROM", f"observations.{table} WHERE", condition) for table in ROW_TABLES]
            versions, bound = " UNION ALL ".join(parts), values * len(parts)
            late = sql("SELECT DISTINCT datastream, time FROM (", versions, ") WHERE late")
            contested = session.execute(late, bound).to_arrow_table()
            session.register("contested", contested)
            yield View(session, versions, bound, contested.num_rows > 0)
            session.execute("COMMIT")


def scan_of(
    numbers: Sequence[int] | NDArray[Any] | None, start: datetime | None = None, end: datetime | None = None
) -> Scan:
    """Return the scan of these datastreams in [start, end); ``BadInput`` if a number lies outside 32 bits."""
    wanted = None if numbers is None else np.unique(np.asarray(numbers, dtype=np.int64))
    if wanted is not None and len(wanted) and (wanted[0] < -(2**31) or wanted[-1] >= 2**31):
        raise BadInput("A datastream number lies outside 32 bits.", mend="Use the numbers the datastreams carry.")
    return Scan(
        None if wanted is None else wanted.astype(np.int32),
        None if start is None else to_micros(start),
        None if end is None else to_micros(end),
    )


def batch_at(session: duckdb.DuckDBPyConnection, at: datetime) -> int:
    """Return the last batch recorded by the moment ``at``, 0 if none was."""
    query = "SELECT coalesce(max(id), 0) FROM observations.batch WHERE recorded <= ?"
    row = session.execute(query, [to_micros(at)]).fetchone()
    return int(row[0]) if row else 0
