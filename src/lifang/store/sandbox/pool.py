"""The server's side: warm single-use children, a deadline, and a bound on what they may answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from lifang.core import BadInput, TooLarge, Unavailable
from lifang.store.sandbox.allowed import SQL_MAX_BYTES
from lifang.store.sandbox.process import Child, QueryResult, Reads

_HEADER_MAX = 1 << 16
_TURN_S = 30.0


class Sandbox:
    """Children that answer strangers' SQL, ``workers`` at a time; each answers one query and ends.

    One spare child per worker is kept warm from the first query on, so that a query does not wait for its start. The
    JSON text of an answer may be ``max_bytes`` long.
    """

    def __init__(self, *, workers: int = 1, spares: int | None = None, max_bytes: int = 16_000_000) -> None:
        self._turns = threading.BoundedSemaphore(workers)
        self._spares = workers if spares is None else spares
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._warm: list[Child] = []
        self._busy: set[Child] = set()
        self._closed = False

    def run(
        self,
        sql: str,
        tables: Mapping[str, Path],
        *,
        timeout_s: float = 2.0,
        max_rows: int = 10_000,
        memory_mb: int = 1024,
        time_zone: str = "UTC",
        known: Sequence[str] = (),
        reads: Reads = lambda _tables, _lacking: None,
    ) -> QueryResult:
        """Return at most ``max_rows`` rows of one SELECT over Parquet files, each under its table name.

        ``known`` are tables that are told of where one is named in vain, ``tables`` if none are.
        ``reads`` is told, before there is an answer or an error, which tables the query reads, and the name (in small
        letters) of one that it asked for in vain. ``BadInput`` if the query is not allowed or fails, ``TooLarge`` if
        it needs more time, memory or bytes than it may, ``Unavailable`` if all workers stay busy or the sandbox is
        closed. Geometry comes as WKB in Base64.
        """
        request = {
            "sql": _text(sql),
            "tables": {name: str(path.resolve()) for name, path in tables.items()},
            "timeout_s": timeout_s,
            "max_rows": max_rows,
            "max_bytes": self._max_bytes,
            "memory_mb": memory_mb,
            "time_zone": time_zone,
            "known": sorted(known or tables),
        }
        if not self._turns.acquire(timeout=_TURN_S):
            raise Unavailable("Too many queries are running.", mend="Try again in a moment.")
        try:
            child = self._take()
            try:
                return child.ask(request, timeout_s=timeout_s, max_bytes=self._max_bytes + _HEADER_MAX, reads=reads)
            finally:
                with self._lock:
                    self._busy.discard(child)
                child.end()
        finally:
            self._turns.release()

    def close(self) -> None:
        """End every child, also those at work; later queries raise ``Unavailable``."""
        with self._lock:
            self._closed = True
            for child in self._busy:
                child.kill()
            for child in self._warm:
                child.end()
            self._warm.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> Child:
        with self._lock:
            if self._closed:
                raise Unavailable("The query sandbox is closed.", mend="Open the city again.")
            while self._warm and not self._warm[0].alive:
                self._warm.pop(0).end()
            child = self._warm.pop(0) if self._warm else Child()
            self._busy.add(child)
            while len(self._warm) < self._spares:
                self._warm.append(Child())
            return child


def run_query(
    sql: str, tables: Mapping[str, Path], *, timeout_s: float = 2.0, max_rows: int = 10_000, memory_mb: int = 1024
) -> QueryResult:
    """Return the rows of one SELECT from a child started for it alone: see ``Sandbox.run``."""
    with Sandbox(spares=0) as sandbox:
        return sandbox.run(sql, tables, timeout_s=timeout_s, max_rows=max_rows, memory_mb=memory_mb)


def _text(sql: str) -> str:
    try:
        size = len(sql.encode())
    except UnicodeEncodeError as error:
        raise BadInput("The query is not valid Unicode.", mend="Remove the lone surrogates.") from error
    if size > SQL_MAX_BYTES:
        raise TooLarge(f"The query is {size} bytes long; {SQL_MAX_BYTES} are allowed.", mend="Shorten it.")
    if "\0" in sql or not sql.strip():
        raise BadInput("The query is empty or holds a NUL character.", mend="Write one SELECT.")
    return sql
