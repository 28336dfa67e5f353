"""Changes of the tables of objects: one at a time, each with its number, its moment and its subject."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from lifang.core import Clock, TooLarge, from_micros, to_micros
from lifang.store.lake.engine import OBJECTS, Engine
from lifang.store.lake.names import sql
from lifang.store.lake.objects.model import ObjectChange
from lifang.store.lake.spatial_where import is_spatial

_CHANGE = f"{OBJECTS}.change"
_OUTLINES_S = 30.0
_TABLES = (
    sql("CREATE TABLE IF NOT EXISTS", _CHANGE, "(number BIGINT, recorded BIGINT, subject VARCHAR, rows BIGINT,")
    + "replaced BIGINT, unchanged BIGINT)",
    sql("ALTER TABLE", _CHANGE, "ADD COLUMN IF NOT EXISTS ended BIGINT DEFAULT 0"),
)
_LAST_NUMBER = sql("SELECT coalesce(max(number), 0) FROM", _CHANGE)


class Changes:
    """The changes of one city's objects and links; safe to use from many threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self.lock = threading.RLock()
        self._awaited = list(_TABLES)
        self._last: int | None = None
        self._under_way = threading.local()  # its ``session``: that of the change that this thread is making

    def has(self, *statements: str) -> None:
        """Have ``statements``, which make tables that are not there yet, run before the database is used next."""
        with self.lock:
            self._awaited += statements

    @contextmanager
    def session(self, statement: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection to the database, with its tables there, and what ``statement`` needs beside.

        Who is changing the objects reads what they have changed so far.
        """
        if (joined := self._joined) is not None:
            yield joined
            return
        with self._engine.session(OBJECTS, spatial=is_spatial(statement)) as session:
            if self._awaited:  # who reads does not wait for a change that is under way
                with self.lock:
                    while self._awaited:
                        session.execute(self._awaited[0])
                        del self._awaited[0]
            yield session

    @contextmanager
    def changing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection in a transaction that is durable once the block ends; nobody else changes meanwhile.

        Blocks within it are of the same transaction: all of them become durable together, or none.
        """
        if (joined := self._joined) is not None:
            yield joined
            return
        with self.lock, self.session() as session:
            session.execute("BEGIN")
            self._under_way.session = session
            try:
                yield session
                session.execute("COMMIT")
            finally:
                self._under_way.session = None
                self._last = None

    @property
    def _joined(self) -> duckdb.DuckDBPyConnection | None:
        return getattr(self._under_way, "session", None)

    def asked(self, statement: str, values: Sequence[Any]) -> pa.Table:
        """Return the answer to a query; ``TooLarge`` for one whose outlines take more than 30 s to look at."""
        with self.session(statement) as session:
            if not is_spatial(statement):
                return session.execute(statement, list(values)).to_arrow_table()
            late = threading.Event()

            def stop() -> None:
                late.set()
                session.interrupt()

            end = threading.Timer(_OUTLINES_S, stop)
            end.start()
            try:
                return session.execute(statement, list(values)).to_arrow_table()
            except duckdb.InterruptException:
                if not late.is_set():
                    raise  # somebody else ended it
                what = f"To compare so many outlines takes more than {_OUTLINES_S:g} s."
                raise TooLarge(what, where="filter", mend="Narrow it by bbox, class or model.") from None
            finally:
                end.cancel()

    def moment(self, session: duckdb.DuckDBPyConnection) -> int:
        """Return the present, but past every change before it: a clock that steps back does not turn their order."""
        last = first(session, sql("SELECT coalesce(max(recorded), 0) FROM", _CHANGE))
        return max(to_micros(self._clock.now()), last + 1)

    def noted(
        self,
        session: duckdb.DuckDBPyConnection,
        moment: int,
        subject: str,
        *,
        rows: int,
        replaced: int,
        unchanged: int,
        ended: int,
    ) -> ObjectChange:
        """Return the change, kept with its number unless nothing changed."""
        number = first(session, _LAST_NUMBER) + 1
        if rows or replaced:
            values = [number, moment, subject, rows, replaced, unchanged, ended]
            session.execute(sql("INSERT INTO", _CHANGE, "VALUES (?, ?, ?, ?, ?, ?, ?)"), values)
        return ObjectChange(number, from_micros(moment), subject, rows, replaced, unchanged, ended)

    @property
    def last(self) -> int:
        """The number of the last change, 0 while there is none."""
        if self._last is None:
            with self.session() as session:
                self._last = first(session, _LAST_NUMBER)
        return self._last

    def after(self, number: int, limit: int) -> list[ObjectChange]:
        """Return up to ``limit`` changes with numbers past ``number``, in order."""
        query = sql("SELECT * FROM", _CHANGE, "WHERE number > ? ORDER BY number LIMIT ?")
        with self.session() as session:
            rows = session.execute(query, [number, limit]).fetchall()
        return [ObjectChange(row[0], from_micros(row[1]), *row[2:]) for row in rows]


def first(session: duckdb.DuckDBPyConnection, statement: str, values: Sequence[Any] = ()) -> int:
    """Return the whole number that a statement answers with; 0 if with none."""
    row = session.execute(statement, list(values)).fetchone()
    return int(row[0]) if row else 0
