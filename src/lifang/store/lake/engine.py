"""One DuckDB instance per city: opened on demand, reopened after a fatal error, its errors put in the house's words."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from lifang.core import BadInput, Corrupt, Problem, Unavailable
from lifang.store.durable import disk_errors, disk_full, make_folder
from lifang.store.lake.extensions import load_extension

OBSERVATIONS = "observations"
RELEASES = "releases"
DATABASE_FILES = ("observations.duckdb", "observations.duckdb.wal", "releases.ducklake", "releases.ducklake.wal")
CHECKPOINT_THRESHOLD = "16MB"  # folding more at once would hold up commits for over 100 ms
_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
_FULL = ("No space left on device", "disk quota", "Disk quota")
_DEAD = ("database has been invalidated", "FATAL")


class Engine:
    """The instance behind ``folder`` (``observations.duckdb``, ``releases.ducklake``, ``releases/``)."""

    def __init__(self, folder: Path, *, memory_mb: int, threads: int) -> None:
        self.folder = folder
        self._memory_mb = memory_mb
        self._threads = threads
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self._closed = False
        self.generation = 0
        self._connect()

    @contextmanager
    def session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection of its own, closed afterwards; engine errors leave as the house's errors."""
        cursor = self.cursor()
        try:
            with self.errors():
                yield cursor
        finally:
            cursor.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection to the instance, which is opened first if a fatal error closed it."""
        root = self._connect()
        with self.errors():
            cursor = root.cursor()
        self._cursors.add(cursor)
        return cursor

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn DuckDB's errors raised inside into the house's; a fatal one closes the instance."""
        generation = self.generation
        try:
            yield
        except Problem:
            raise
        except duckdb.Error as error:
            raise self._problem(error, generation) from error

    def fold(self) -> None:
        """Fold the write-ahead logs into their files, as far as running readers allow."""
        with self.session() as session:
            for database in (OBSERVATIONS, f"__ducklake_metadata_{RELEASES}"):
                with suppress(duckdb.TransactionException):
                    session.execute(f"CHECKPOINT {database}")

    def close(self) -> None:
        """Fold the logs and close the instance for good."""
        if self._closed:
            return
        try:
            if self._root is not None:
                self.fold()
        finally:
            self._closed = True
            self._drop()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._closed:
                raise Unavailable("The lake is closed.", where=str(self.folder))
            if self._root is None:
                with self.errors(), disk_errors(self.folder):
                    self._root = self._open()
            return self._root

    def _open(self) -> duckdb.DuckDBPyConnection:
        scratch = self.folder / "scratch"
        make_folder(scratch)
        make_folder(self.folder / RELEASES)
        settings: dict[str, str | bool | int | float | list[str]] = {
            **_SAFE,
            "memory_limit": f"{self._memory_mb}MB",
            "threads": self._threads,
            "temp_directory": str(scratch),
            "checkpoint_threshold": CHECKPOINT_THRESHOLD,
        }
        root = duckdb.connect(":memory:", config=settings)
        try:
            root.execute("SET GLOBAL TimeZone = 'UTC'")
            root.execute("SET GLOBAL enable_geoparquet_conversion = false")
            load_extension(root, "ducklake")
            root.execute(sql("ATTACH", text(self.folder / "observations.duckdb"), "AS", OBSERVATIONS))
            root.execute(
                f"ATTACH {text('ducklake:' + str(self.folder / 'releases.ducklake'))} AS {RELEASES} "
                f"(DATA_PATH {text(str(self.folder / RELEASES) + '/')}, OVERRIDE_DATA_PATH true, "
                "DATA_INLINING_ROW_LIMIT 0)"
            )
        except BaseException:
            root.close()
            raise
        return root

    def _drop(self) -> None:
        with self._lock:
            root, self._root = self._root, None
            self.generation += 1
            for cursor in list(self._cursors):
                cursor.close()
            self._cursors.clear()
            if root is not None:
                root.close()

    def _problem(self, error: duckdb.Error, generation: int) -> Problem:
        message = str(error)
        dead = isinstance(error, duckdb.FatalException) or any(mark in message for mark in _DEAD)
        if dead and generation == self.generation and self._root is not None:
            self._drop()
        if any(mark in message for mark in _FULL):
            return disk_full(self.folder)
        first = message.splitlines()[0] if message else type(error).__name__
        if dead:
            return Unavailable(
                "The lake's disk failed and the lake was closed; what was acknowledged is safe.",
                where=f"{self.folder}: {first}",
                mend="Check the disk and try again: the next call opens the lake anew.",
            )
        return _plain(error, first, self.folder)


def _plain(error: duckdb.Error, first: str, folder: Path) -> Problem:
    if isinstance(error, duckdb.OutOfMemoryException):
        return Unavailable("The lake has too little memory for this.", where=first, mend="Raise lake_memory_mb.")
    if isinstance(error, duckdb.SerializationException):
        return Corrupt("A lake file is damaged.", where=first, mend="Restore the last backup.")
    if isinstance(error, duckdb.IOException | duckdb.InterruptException | duckdb.TransactionException):
        return Unavailable(f"The lake cannot answer: {first}.", where=str(folder), mend="Check the disk and try again.")
    if isinstance(error, duckdb.ConnectionException):
        return Unavailable("The lake was closed meanwhile.", where=first, mend="Try again.")
    return BadInput(f"The lake cannot do this: {first}.", mend="Check columns, types and values.")


def sql(*parts: str) -> str:
    """Return a statement of parts that are written here, quoted by :func:`name` or :func:`text`, or placeholders."""
    return " ".join(parts)


def text(value: object) -> str:
    """Return ``value`` as a quoted SQL text, for the statements that take no parameter."""
    return "'" + str(value).replace("'", "''") + "'"


def name(identifier: str) -> str:
    """Return ``identifier`` as a quoted SQL name."""
    return '"' + identifier.replace('"', '""') + '"'
