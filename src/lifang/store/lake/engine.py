"""One DuckDB instance per city: opened on demand, and opened anew after a fatal error."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from lifang.core import Problem, Unavailable, disk_errors
from lifang.store.durable import PART, make_folder, put_in_place
from lifang.store.lake.background import made_in_background
from lifang.store.lake.errors import is_fatal, problem_of
from lifang.store.lake.extensions import load_extension
from lifang.store.lake.names import sql, text
from lifang.store.lake.pandas_search import answer_at_once_that_pandas_is_missing
from lifang.store.lake.stream import Stream

OBSERVATIONS = "observations"
OBJECTS = "objects"
RELEASES = "releases"
_NAMES = ("observations.duckdb", "objects.duckdb", "releases.ducklake")
DATABASE_FILES = tuple(f"{each}{end}" for each in _NAMES for end in ("", ".wal"))
_FILES = {  # what DuckDB calls their files
    OBSERVATIONS: OBSERVATIONS,
    OBJECTS: OBJECTS,
    RELEASES: f"__ducklake_metadata_{RELEASES}",
}
CHECKPOINT_THRESHOLD = "16MB"  # folding more at once would hold up commits for over 100 ms
_OBJECTS_A_GROUP = 8192  # rows: what a small box on the map must look through at least
_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


class Engine:
    """The instance behind ``folder``: its three databases, and ``releases/`` below it.

    A query runs on the thread that asks; DuckDB's own threads, which help it, stand back behind the doors.
    """

    def __init__(self, folder: Path, *, memory_mb: int, threads: int) -> None:
        self.folder = folder
        self._memory_mb = memory_mb
        self._threads = threads
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._attached: set[str] = set()
        self._spatial = False
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._closed = False
        self.generation = 0
        self._cursor().close()

    @contextmanager
    def session(self, database: str = OBSERVATIONS, *, spatial: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection of its own, closed afterwards; engine errors leave as the house's errors.

        ``database`` is there for it: attached when it is first asked for, since DuckLake takes longer to load than
        everything else that opening a city needs; so do the ``spatial`` functions.
        """
        cursor = self._cursor(database, spatial=spatial)
        try:
            with self.errors():
                yield cursor
        finally:
            cursor.close()

    def has(self, database: str) -> bool:
        """Return whether ``database`` was ever written."""
        return (self.folder / f"{database}.{'ducklake' if database == RELEASES else 'duckdb'}").exists()

    def stream(self) -> Stream:
        """Return a stream for one query; whoever takes it closes it."""
        stream = Stream(self._cursor())
        with self._lock:
            self._streams.add(stream)
        return stream

    def rewrite_releases(self) -> None:
        """Write DuckLake's catalogue anew, so that its file holds nothing of what was dropped; nobody else uses it."""
        self._cursor(RELEASES).close()
        with self._lock:
            if self._root is not None:
                self._rewrite(self._root)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn DuckDB's errors raised inside into the house's; a fatal one closes the instance."""
        generation = self.generation
        try:
            yield
        except Problem:
            raise
        except duckdb.Error as error:
            if is_fatal(error) and generation == self.generation:
                self._drop()
            raise problem_of(error, self.folder) from error

    def fold(self) -> None:
        """Fold the write-ahead logs into their files, as far as running readers allow."""
        with self.session() as session:
            for database in tuple(self._attached):
                with suppress(duckdb.TransactionException):
                    session.execute(f"CHECKPOINT {_FILES[database]}")

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

    def _cursor(self, database: str = OBSERVATIONS, *, spatial: bool = False) -> duckdb.DuckDBPyConnection:
        """Return a new connection to the instance, which is opened first if a fatal error closed it."""
        with self._lock:
            if self._closed:
                raise Unavailable("The lake is closed.", where=str(self.folder))
            try:
                if self._root is None:
                    with disk_errors(self.folder):
                        self._root = made_in_background(self._open)
                if database not in self._attached:
                    self._attach(self._root, database)
                if spatial and not self._spatial:
                    load_extension(self._root, "spatial")
                    self._spatial = True
                cursor = self._root.cursor()
            except duckdb.Error as error:
                raise problem_of(error, self.folder) from error
            self._cursors.add(cursor)
            return cursor

    def _open(self) -> duckdb.DuckDBPyConnection:
        answer_at_once_that_pandas_is_missing()
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
            # DuckDB 1.5.5 hands the Bloom filter of a join to a scan of an Arrow table, which then fails now and then.
            root.execute("SET GLOBAL disabled_optimizers = 'join_filter_pushdown'")
        except BaseException:
            root.close()
            raise
        return root

    def _attach(self, root: duckdb.DuckDBPyConnection, database: str) -> None:
        with disk_errors(self.folder):
            if database == RELEASES:
                load_extension(root, "ducklake")
                options = f"DATA_PATH {text(f'{self.folder / RELEASES}/')}, OVERRIDE_DATA_PATH true"
                source = text(f"ducklake:{self.folder / 'releases.ducklake'}")
                root.execute(sql("ATTACH", source, "AS", RELEASES, f"({options}, DATA_INLINING_ROW_LIMIT 0)"))
            else:
                grouped = f"(ROW_GROUP_SIZE {_OBJECTS_A_GROUP})" if database == OBJECTS else ""
                root.execute(sql("ATTACH", text(self.folder / f"{database}.duckdb"), "AS", database, grouped))
        self._attached.add(database)

    def _rewrite(self, root: duckdb.DuckDBPyConnection) -> None:
        file = self.folder / f"{RELEASES}.ducklake"
        fresh, log = file.with_name(f"{file.name}{PART}"), file.with_name(f"{file.name}.wal")
        try:
            with self.errors(), disk_errors(file):
                root.execute(sql("DETACH", RELEASES))
                self._attached.discard(RELEASES)
                fresh.unlink(missing_ok=True)
                root.execute(sql("ATTACH", text(file), "AS former"))
                root.execute(sql("ATTACH", text(fresh), "AS fresh"))
                root.execute("CHECKPOINT former")
                root.execute("COPY FROM DATABASE former TO fresh")
                root.execute("CHECKPOINT fresh")
        finally:
            for each in ("former", "fresh"):
                with suppress(duckdb.Error):
                    root.execute(sql("DETACH", each))
        with disk_errors(file):
            log.unlink(missing_ok=True)
            put_in_place(fresh, file)

    def _drop(self) -> None:
        """Close the instance; queries still running on it are stopped and answer with an error."""
        with self._lock:
            root, self._root = self._root, None
            cursors, streams = list(self._cursors), list(self._streams)
            self._cursors.clear()
            self._streams.clear()
            self._attached.clear()
            self._spatial = False
            self.generation += 1
        for cursor in cursors:
            with suppress(duckdb.Error):
                cursor.interrupt()
        for stream in streams:
            stream.close()
        if root is not None:
            root.close()
