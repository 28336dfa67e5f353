"""The tables of observations, and those of earlier versions brought up to date.

A row is one value as it was recorded, known by datastream, time and, of an interval, its end in ``extra``. ``batch``
and ``turn`` (within the batch, among rows of one datastream and time) order its versions; ``late`` is false where it is
known to be the first of them. ``mark`` names the batch that folding and the saved tally have come to.
"""

from __future__ import annotations

import duckdb

from lifang.store.lake.names import sql

PLAIN = ("datastream", "time", "value", "quality", "extra")
COLUMNS = (*PLAIN, "batch", "turn", "late")
LISTED = ", ".join(COLUMNS)
_TYPES = ("INTEGER", "BIGINT", "DOUBLE", "UTINYINT", "VARCHAR", "BIGINT", "INTEGER", "BOOLEAN")
_ROWS = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, _TYPES, strict=True))
ROW_TABLES = ("settled", "recent")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS observations.batch (id BIGINT, recorded BIGINT, subject VARCHAR, rows BIGINT, "
    "first BIGINT, last BIGINT, digest VARCHAR)",
    f"CREATE TABLE IF NOT EXISTS observations.recent ({_ROWS})",
    f"CREATE TABLE IF NOT EXISTS observations.settled ({_ROWS})",
    "CREATE TABLE IF NOT EXISTS observations.mark (name VARCHAR, value BIGINT)",
    "CREATE TABLE IF NOT EXISTS observations.tally (datastream INTEGER, count BIGINT, first BIGINT, last BIGINT, "
    "high BIGINT, value DOUBLE, quality UTINYINT, until BIGINT, close BIGINT)",
)
_OLD = (
    "SELECT datastream, time, value, quality, NULL::VARCHAR AS extra, batch, (row_number() OVER "
    "(PARTITION BY batch, datastream, time ORDER BY rowid) - 1)::INTEGER AS turn, true AS late FROM"
)


def make_tables(session: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that are missing; give those of an earlier version the columns they lack."""
    query = "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'observations' GROUP BY 1"
    there = dict(session.execute(query).fetchall())
    session.execute("BEGIN")
    for table in ROW_TABLES:
        if table in there and "turn" not in there[table]:
            whole = f"observations.{table}"
            session.execute(sql("ALTER TABLE", whole, "RENAME TO", f"{table}_old"))
            session.execute(f"CREATE TABLE {whole} ({_ROWS})")
            session.execute(sql("INSERT INTO", whole, _OLD, f"{whole}_old", "ORDER BY rowid"))
            session.execute(sql("DROP TABLE", f"{whole}_old"))
    if "tally" in there and "close" not in there["tally"]:
        session.execute("DROP TABLE observations.tally")  # counted again
        session.execute("DELETE FROM observations.mark WHERE name = 'tallied'")
    for statement in _TABLES:
        session.execute(statement)
    if "mark" not in there:
        session.execute("INSERT INTO observations.mark SELECT 'folded', coalesce(max(id), 0) FROM observations.batch")
    session.execute("COMMIT")
