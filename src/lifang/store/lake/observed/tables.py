"""The tables of observations, and those of earlier versions brought up to date.

A row is one value as it was recorded, known by datastream, time and, of an interval, its end in ``extra``. ``batch``
and ``turn`` (within the batch, among rows of one datastream and time) order its versions; ``late`` is false where it is
known to be the first of them. ``mark`` names the batch that folding and the saved tally have come to.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from lifang.store.lake.names import sql

PLAIN = ("datastream", "time", "value", "quality", "extra")
COLUMNS = (*PLAIN, "batch", "turn", "late")
LISTED = ", ".join(COLUMNS)
_TYPES = ("INTEGER", "BIGINT", "DOUBLE", "UTINYINT", "VARCHAR", "BIGINT", "INTEGER", "BOOLEAN")
_ROWS = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, _TYPES, strict=True))
ROW_TABLES = ("settled", "recent")
_TABLES = {
    "batch": "id BIGINT, recorded BIGINT, subject VARCHAR, rows BIGINT, first BIGINT, last BIGINT, digest VARCHAR",
    "recent": _ROWS,
    "settled": _ROWS,
    "mark": "name VARCHAR, value BIGINT",
    "tally": "datastream INTEGER, count BIGINT, first BIGINT, last BIGINT, high BIGINT, value DOUBLE, "
    "quality UTINYINT, until BIGINT, close BIGINT",
    "cold_piece": "id BIGINT, path VARCHAR, first BIGINT, last BIGINT, rows BIGINT",
}
_OLD = (
    "SELECT datastream, time, value, quality, NULL::VARCHAR AS extra, batch, (row_number() OVER "
    "(PARTITION BY batch, datastream, time ORDER BY rowid) - 1)::INTEGER AS turn, true AS late FROM"
)


def tables_there(session: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of the tables that the file has; for their columns DuckDB would take four times as long."""
    query = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'observations'"
    return {row[0] for row in session.execute(query).fetchall()}


def make_missing(session: duckdb.DuckDBPyConnection, there: set[str], tables: Mapping[str, str]) -> None:
    """Create those of ``tables`` (the columns of each by name) that are not ``there``."""
    for table, columns in tables.items():
        if table not in there:
            session.execute(f"CREATE TABLE IF NOT EXISTS observations.{table} ({columns})")


def make_tables(session: duckdb.DuckDBPyConnection, there: set[str]) -> None:
    """Create the tables that are not ``there``; give those of an earlier version the columns they lack."""
    session.execute("BEGIN")
    for table in ROW_TABLES:
        if table in there and "turn" not in _columns(session, table):
            whole = f"observations.{table}"
            session.execute(sql("ALTER TABLE", whole, "RENAME TO", f"{table}_old"))
            session.execute(f"CREATE TABLE {whole} ({_ROWS})")
            session.execute(sql("INSERT INTO", whole, _OLD, f"{whole}_old", "ORDER BY rowid"))
            session.execute(sql("DROP TABLE", f"{whole}_old"))
    if "tally" in there and "close" not in _columns(session, "tally"):
        session.execute("DROP TABLE observations.tally")  # counted again
        session.execute("DELETE FROM observations.mark WHERE name = 'tallied'")
        there = there - {"tally"}
    make_missing(session, there, _TABLES)
    if "mark" not in there:
        session.execute("INSERT INTO observations.mark SELECT 'folded', coalesce(max(id), 0) FROM observations.batch")
    session.execute("COMMIT")


def _columns(session: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {column[0] for column in session.execute(f"FROM observations.{table} LIMIT 0").description or ()}
