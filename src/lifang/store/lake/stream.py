"""A streamed answer that can be taken back: an open one would keep a failed instance, and its files, alive."""

from __future__ import annotations

import threading

import duckdb
import pyarrow as pa

from lifang.core import Unavailable


class Stream:
    """The batches of one query, on a connection of their own; ``close`` may come from another thread."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._reader: pa.RecordBatchReader | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether a query is being read."""
        return self._reader is not None

    def start(self, query: str, values: list[object], batch_rows: int) -> pa.Schema:
        """Return the schema of the answer to ``query``, which runs as it is read."""
        with self._lock:
            self._reader = self._cursor.execute(query, values).to_arrow_reader(batch_rows)
            return self._reader.schema

    def next(self) -> pa.RecordBatch | None:
        """Return the next batch, or ``None`` at the end; a ``duckdb.Error`` if the query fails."""
        with self._lock:
            if self._reader is None:
                raise Unavailable("The lake was closed while it was read.", mend="Read again from the start.")
            try:
                return self._reader.read_next_batch()
            except StopIteration:
                return None
            except (pa.ArrowException, OSError) as error:
                raise duckdb.Error(str(error)) from error

    def close(self) -> None:
        """Let go of the query."""
        with self._lock:
            reader, self._reader = self._reader, None
            if reader is not None:
                reader.close()
            self._cursor.close()
