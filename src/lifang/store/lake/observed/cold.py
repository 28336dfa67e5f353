"""Cold days: rows older than the hot days as Parquet files, listed in the database that the other rows lie in.

The list and the rows change in one transaction, so that a row is in one place at any moment. A file never changes once
it is listed; one that is listed no more is removed at the next opening, so that a backup under way still finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from lifang.core import disk_errors
from lifang.store.durable import make_folder, part_file, put_in_place, sync_file
from lifang.store.lake.engine import RELEASES
from lifang.store.lake.names import sql
from lifang.store.lake.observed.tables import LISTED

_GROUP_ROWS = 100_000
_BETWEEN = "WHERE time >= ? AND time < ?"


class Cold:
    """The files below ``releases/_observations`` of the lake's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / RELEASES / "_observations"
        make_folder(self.folder)
        self.any = False  # whether a reader has to look at the list; true before the first file is listed

    def open(self, session: duckdb.DuckDBPyConnection) -> None:
        """Remove the files that are not in the list."""
        listed = {row[0] for row in session.execute("SELECT path FROM observations.cold_piece").fetchall()}
        self.any = bool(listed)
        for path in self.folder.iterdir():
            if path.name not in listed:
                path.unlink()

    def paths(self, session: duckdb.DuckDBPyConnection, start: int | None, end: int | None) -> list[str]:
        """Return the files that hold times in [start, end) as the session's transaction sees them."""
        if not self.any:
            return []
        query = "SELECT path FROM observations.cold_piece WHERE last >= ? AND first < ? ORDER BY id"
        bounds = [-(2**63) if start is None else start, 2**63 - 1 if end is None else end]
        return [str(self.folder / row[0]) for row in session.execute(query, bounds).fetchall()]

    def move(self, session: duckdb.DuckDBPyConnection, start: int, end: int) -> int:
        """Return how many settled rows of times in [start, end) moved to a file, in the session's transaction."""
        row = session.execute(
            sql("SELECT count(*), min(time), max(time) FROM observations.settled", _BETWEEN), [start, end]
        ).fetchone()
        if row is None or not row[0]:
            return 0
        found = session.execute("SELECT coalesce(max(id), 0) + 1 FROM observations.cold_piece").fetchone()
        number = int(found[0]) if found else 1
        path = self.folder / f"{start // 86_400_000_000}-{number:08}.parquet"
        with disk_errors(path), part_file(path) as (part, stream):
            ordered = sql(
                "SELECT", LISTED, "FROM observations.settled", _BETWEEN, "ORDER BY datastream, time, batch, turn"
            )
            reader = session.execute(ordered, [start, end]).to_arrow_reader(_GROUP_ROWS)
            with pq.ParquetWriter(stream, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch, row_group_size=_GROUP_ROWS)
            sync_file(stream)
            put_in_place(part, path)
        self.any = True
        session.execute(
            "INSERT INTO observations.cold_piece VALUES (?, ?, ?, ?, ?)", [number, path.name, *row[1:], row[0]]
        )
        session.execute(sql("DELETE FROM observations.settled", _BETWEEN), [start, end])
        return int(row[0])

    def drop(self, session: duckdb.DuckDBPyConnection, before: int) -> int:
        """Return how many rows went with the files whose times all lie before ``before``."""
        query = "SELECT coalesce(sum(rows), 0) FROM observations.cold_piece WHERE last < ?"
        row = session.execute(query, [before]).fetchone()
        session.execute("DELETE FROM observations.cold_piece WHERE last < ?", [before])
        return int(row[0]) if row else 0


def scan(paths: Sequence[str], condition: str) -> str:
    """Return the rows of the files ``paths`` that meet ``condition``, as SQL."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return sql("SELECT", LISTED, "FROM read_parquet([", listed, "]) WHERE", condition)
