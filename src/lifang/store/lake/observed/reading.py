"""One relation of all observations, wherever their rows lie: every version, or the one value per datastream and time.

Intervals that begin at one time and end at different ones are different values.

The last recorded version wins: the highest batch, and within it the last turn. Rows that are not late are the first of
their kind, so only the keys of late rows (the contested ones) need to be compared with others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, to_micros
from lifang.store.lake.engine import Engine
from lifang.store.lake.model import DELETED, UNTIL, rising
from lifang.store.lake.names import sql
from lifang.store.lake.observed.cold import Cold
from lifang.store.lake.observed.cold import scan as cold_rows
from lifang.store.lake.observed.pending import Block, batch_table, matching, row_table
from lifang.store.lake.observed.tables import LISTED, ROW_TABLES

_KEY = "USING (datastream, time)"
_FEW = 64  # datastreams that a query names itself: two thirds of the time of one joined with a table of them
_LAST = f"QUALIFY row_number() OVER (PARTITION BY datastream, time, {UNTIL} ORDER BY batch DESC, turn DESC) = 1"


@dataclass(frozen=True, eq=False)
class Scan:
    """Which rows to look at: datastream numbers (``None``: all), times in [start, end) microseconds, batches so far."""

    numbers: NDArray[np.int32] | None = None
    start: int | None = None
    end: int | None = None
    batch: int | None = None

    def condition(self, name: str = "") -> tuple[str, list[int]]:
        """Return what the rows meet, written so that DuckDB can skip row groups, and its values."""
        parts: list[tuple[str, list[int]]] = []
        if self.start is not None:
            parts.append(("time >= ?", [self.start]))
        if self.end is not None:
            parts.append(("time < ?", [self.end]))
        if self.batch is not None:
            parts.append(("batch <= ?", [self.batch]))
        if self.numbers is not None:
            parts.append(_choice(self.numbers, f"wanted{name}"))
        return " AND ".join(part for part, _ in parts) or "true", [value for _, values in parts for value in values]


def _choice(numbers: NDArray[np.int32], wanted: str) -> tuple[str, list[int]]:
    if len(numbers) == 1:
        return "datastream = ?", [int(numbers[0])]
    if not len(numbers):
        return "false", []
    named = ", ".join(map(str, numbers.tolist())) if len(numbers) <= _FEW else sql("SELECT number FROM", wanted)
    among = sql("datastream BETWEEN ? AND ? AND datastream IN (", named, ")")
    return among, [int(numbers[0]), int(numbers[-1])]


@dataclass(frozen=True)
class View:
    """A moment's rows: ``versions`` is every version, ``current`` the values there are, as SQL with what it binds.

    ``batches`` are ``id, recorded, subject`` and more of every batch; ``contested`` names the table of keys that may
    have several versions, if any has.
    """

    session: duckdb.DuckDBPyConnection
    versions: str
    version_values: list[int]
    batches: str
    contested: str = ""

    @property
    def current(self) -> str:
        """A selection of the values there are, one per datastream, time and end, with every column of the rows."""
        there = f"quality <> {DELETED}"
        if not self.contested:
            return sql("SELECT * FROM (", self.versions, ") WHERE", there)
        lone = sql("SELECT * FROM (", self.versions, ") ANTI JOIN", self.contested, _KEY, "WHERE", there)
        rivals = sql("SELECT * FROM (", self.versions, ") SEMI JOIN", self.contested, _KEY, _LAST)
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
    """Views of the observations, each of one moment: what is in the tables, and what waits to be folded into them."""

    def __init__(self, engine: Engine, pending: Callable[[], Sequence[Block]]) -> None:
        self._engine, self._pending = engine, pending
        self.cold = Cold(engine.folder)

    @contextmanager
    def view(self, scan: Scan, *, at: datetime | None = None, joined: bool = False) -> Iterator[View]:
        """Yield the view of what ``scan`` looks at, as recorded by ``at`` (by now without it).

        ``joined`` says that it is going to be joined with other tables; see :func:`_held`.
        """
        with self.moment() as (session, waiting):
            if at is not None:
                scan = replace(scan, batch=_batch_at(session, at, waiting))
            yield self.over(session, scan, waiting, joined=joined)

    @contextmanager
    def told(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """Yield a session, and ``id, recorded, subject, rows, first, last, digest`` of every batch as SQL."""
        with self.moment() as (session, waiting):
            yield session, _batches(session, waiting)

    @contextmanager
    def moment(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Block]]]:
        """Yield a session in a transaction, and the blocks that are not in the tables as it sees them."""
        waiting = self._pending()  # before the mark is read: what is folded meanwhile is then seen in the tables
        with self._engine.session() as session:
            session.execute("BEGIN")
            row = session.execute("SELECT value FROM observations.mark WHERE name = 'folded'").fetchone()
            folded = int(row[0]) if row else 0
            yield session, [block for block in waiting if block.batch.id > folded]
            session.execute("COMMIT")

    def over(
        self,
        session: duckdb.DuckDBPyConnection,
        scan: Scan,
        waiting: Sequence[Block] = (),
        *,
        name: str = "",
        joined: bool = False,
    ) -> View:
        """Return the view of the tables in the session's transaction, with the blocks that wait beside them.

        Views of one session that are used together have a ``name`` each.
        """
        if scan.numbers is not None and len(scan.numbers) > _FEW:
            session.register(f"wanted{name}", pa.table({"number": scan.numbers}))
        versions, bound = self.stored(session, scan, name)
        blocks = [block for block in waiting if scan.batch is None or block.batch.id <= scan.batch]
        if (rows := _rows_waiting(blocks, scan)) is not None:
            versions += sql(" UNION ALL SELECT", LISTED, "FROM", _held(session, f"waiting{name}", rows, joined=joined))
        batches = _batches(session, waiting, joined=joined)
        late = sql("SELECT DISTINCT datastream, time FROM (", versions, ") WHERE late")
        contested = session.execute(late, bound).to_arrow_table()
        held = _held(session, f"contested{name}", contested, joined=joined) if contested.num_rows else ""
        return View(session, versions, bound, batches, held)

    def stored(self, session: duckdb.DuckDBPyConnection, scan: Scan, name: str = "") -> tuple[str, list[int]]:
        """Return the rows of the tables and cold files that ``scan`` looks at, as SQL, and what it binds."""
        condition, values = scan.condition(name)
        parts = [sql("SELECT", LISTED, "FROM", f"observations.{table} WHERE", condition) for table in ROW_TABLES]
        if paths := self.cold.paths(session, scan.start, scan.end):
            parts.append(cold_rows(paths, condition))
        return " UNION ALL ".join(parts), values * len(parts)


def _held(session: duckdb.DuckDBPyConnection, name: str, table: pa.Table, *, joined: bool) -> str:
    """Return the name by which the session knows an Arrow table.

    One that is joined with other tables is copied: DuckDB 1.5.5 pushes a join's filter into Arrow that Arrow lacks.
    """
    session.register(name, table)
    if not joined:
        return name
    session.execute(sql("CREATE OR REPLACE TEMP TABLE", f"copied_{name}", "AS SELECT * FROM", name))
    return f"copied_{name}"


def _batches(session: duckdb.DuckDBPyConnection, waiting: Sequence[Block], *, joined: bool = False) -> str:
    if not waiting:
        return "SELECT * FROM observations.batch"
    held = _held(session, "waiting_batch", batch_table(waiting), joined=joined)
    return sql("SELECT * FROM observations.batch UNION ALL SELECT * FROM", held)


def _rows_waiting(blocks: Sequence[Block], scan: Scan) -> pa.Table | None:
    masks = [matching(block, scan.numbers, scan.start, scan.end) for block in blocks]
    kept = [
        place for place, mask in enumerate(masks) if (len(blocks[place].observations) if mask is None else mask.any())
    ]
    if not kept:
        return None
    return row_table([blocks[place] for place in kept], [masks[place] for place in kept])


def scan_of(
    numbers: Sequence[int] | NDArray[Any] | None, start: datetime | None = None, end: datetime | None = None
) -> Scan:
    """Return the scan of these datastreams in [start, end); ``BadInput`` if a number lies outside 32 bits."""
    wanted = None if numbers is None else rising(np.asarray(numbers, dtype=np.int64))
    if wanted is not None and len(wanted) and (wanted[0] < -(2**31) or wanted[-1] >= 2**31):
        raise BadInput("A datastream number lies outside 32 bits.", mend="Use the numbers the datastreams carry.")
    return Scan(
        None if wanted is None else wanted.astype(np.int32),
        None if start is None else to_micros(start),
        None if end is None else to_micros(end),
    )


def _batch_at(session: duckdb.DuckDBPyConnection, at: datetime, waiting: Sequence[Block]) -> int:
    """Return the last batch recorded by the moment ``at``, 0 if none was."""
    query = "SELECT coalesce(max(id), 0) FROM observations.batch WHERE recorded <= ?"
    row = session.execute(query, [to_micros(at)]).fetchone()
    return max([int(row[0]) if row else 0, *(block.batch.id for block in waiting if block.batch.recorded <= at)])
