"""The SQLite file behind registry and ledger: WAL, synchronous=FULL, one writer at a time, readers beside it."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from lifang.core import BadInput, Conflict, Corrupt, Problem, Unavailable, disk_full
from lifang.store.registry.functions import add_functions
from lifang.store.registry.migrations import upgrade

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA secure_delete=ON",  # what is deleted is overwritten, in the file and so in its copies
    "PRAGMA busy_timeout=5000",
)
_WRONG_KIND = {275, 1299, 3091}  # SQLITE_CONSTRAINT_CHECK, _NOTNULL, _DATATYPE: sqlite.org/rescode.html
_READERS = 8
_STATEMENTS = 1000  # kept as they are compiled: once for all connections of this process
_COMPILED: MutableMapping[Any, Any] = sa.util.LRUCache(_STATEMENTS)
_FULL = re.compile(r"disk is full|disk I/O error: full", re.IGNORECASE)


class Database:
    """One SQLite file: a writing connection behind a lock, and a pool of reading ones."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._closed = False
        self._writer = _engine(path, "BEGIN IMMEDIATE", readers=0)
        self._readers = _engine(path, "BEGIN", readers=_READERS)
        with self.writing() as connection:
            upgrade(connection)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield the writing connection in a transaction: durable when the block ends, undone when it raises."""
        if self._owner == threading.get_ident():
            raise Conflict("This thread has a transaction open.", mend="Use that transaction for every change.")
        with self._lock, self._ready(), ExitStack() as stack:
            connection = stack.enter_context(self._writer.begin())
            self._owner = threading.get_ident()
            stack.callback(self._disown)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one state of the file and cannot change it."""
        with self._ready(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every writer waiting while the block runs."""
        with self._lock:
            yield

    @contextmanager
    def snapshot(self) -> Iterator[Callable[[Path], None]]:
        """Yield a function that copies the file, as it is now, to a path; writers go on meanwhile."""
        with self._ready(), self._readers.begin() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").all()
            source = connection.connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise Unavailable("The registry has no SQLite connection.", where=str(self.path))
            yield lambda target: _copy(source, target)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self._lock, self._ready():
            connection = self._writer.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Fold the log and close every connection."""
        if self._closed:
            return
        try:
            self.checkpoint()
        finally:
            self._closed = True
            self._readers.dispose()
            self._writer.dispose()

    @contextmanager
    def _ready(self) -> Iterator[None]:
        if self._closed:
            raise Unavailable("The registry is closed.", where=str(self.path))
        with translated(self.path):
            yield

    def _disown(self) -> None:
        self._owner = None


def _engine(path: Path, begin: str, *, readers: int) -> sa.Engine:
    def connect() -> Any:
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        add_functions(connection)
        if readers:
            connection.execute("PRAGMA query_only=ON")
        return connection

    like = _like()
    pool = QueuePool(connect, pool_size=readers or 1, max_overflow=8 * readers, dialect=like.dialect)
    engine = sa.Engine(pool, like.dialect, like.url, execution_options={"compiled_cache": _COMPILED})

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@cache
def _like() -> sa.Engine:
    """Return the engine whose dialect, made ready, all others take: what one of them compiled, the others then know."""
    engine = sa.create_engine("sqlite+pysqlite://")
    engine.connect().close()
    engine.dispose()
    return engine


def _copy(source: sqlite3.Connection, target: Path) -> None:
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    except sqlite3.Error as error:
        raise _problem(error, target, "The copy") from error
    finally:
        copy.close()


@contextmanager
def translated(path: Path, what: str = "This change") -> Iterator[None]:
    """Turn the engine's errors raised inside into the house's, naming ``what`` was refused."""
    try:
        yield
    except Problem:
        raise
    except (sa.exc.StatementError, sqlite3.Error) as error:
        raise _problem(error, path, what) from error


def _refusal(error: sqlite3.IntegrityError, what: str) -> Problem:
    """Return why a constraint refused ``what``: a value of the wrong kind, or a clash with what is there."""
    if error.sqlite_errorcode in _WRONG_KIND:
        return BadInput(f"{what} has a value of the wrong kind: {error}.", mend="Give every column its kind of value.")
    return Conflict(f"{what} clashes with what the registry holds: {error}.", mend="Use another key, or change that.")


def _problem(error: Exception, path: Path, what: str) -> Problem:
    cause = error.orig if isinstance(error, sa.exc.StatementError) else error
    if isinstance(cause, Problem):
        return cause
    text = str(cause)
    if isinstance(cause, sqlite3.IntegrityError):
        return _refusal(cause, what)
    if isinstance(cause, sqlite3.OperationalError):
        if _FULL.search(text):
            return disk_full(path)
        return Unavailable(f"The registry cannot answer: {text}.", where=str(path), mend="Check the disk; try again.")
    if isinstance(cause, sqlite3.DatabaseError) and "malformed" in text:
        return Corrupt(f"The registry file is damaged: {text}.", where=str(path), mend="Restore the last backup.")
    return BadInput(f"{what} cannot be stored: {text}.", mend="Give every column its kind of value.")
