"""Folding: batches from the log move into the tables, whole and in order, and into the book of datastreams."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.store.lake.model import UNTIL_OR_NONE
from lifang.store.lake.names import sql
from lifang.store.lake.observed.book import NAMES, Book
from lifang.store.lake.observed.change import Change, Settled
from lifang.store.lake.observed.pending import Block, batch_table, row_table
from lifang.store.lake.observed.reading import Reader, Scan
from lifang.store.lake.observed.tables import LISTED

_KEY = "USING (datastream, time)"
_PLACED = sql("SELECT *,", UNTIL_OR_NONE, "AS until FROM (")
_RANK = f"time::HUGEINT * {2**64} + until"  # later beginnings count first, then later ends
_ENDS = "min(time) AS first, max(time) AS last, max(greatest(time, until)) AS close, " + ", ".join(
    f"arg_max({name}, {_RANK}) AS {name}" for name in ("value", "quality", "until")
)


def fold(session: duckdb.DuckDBPyConnection, reader: Reader, blocks: Sequence[Block]) -> tuple[Settled, pa.Table]:
    """Insert the batches of ``blocks`` in the session's transaction.

    Return what they change, and of each datastream that lost a value its first and last one now.
    """
    table = row_table(blocks)
    change = Change.of(table)
    settled = change.settle(_versions_there(session, reader, change, None))
    ordered = table.take(pa.array(change.order)).set_column(
        table.schema.get_field_index("late"), "late", pa.array(settled.late)
    )
    session.register("incoming", ordered)
    session.register("incoming_batch", batch_table(blocks))
    session.execute(sql("INSERT INTO observations.recent SELECT", LISTED, "FROM incoming"))
    session.execute("INSERT INTO observations.batch SELECT * FROM incoming_batch")
    set_mark(session, "folded", blocks[-1].batch.id)
    return settled, ends_of(session, reader, settled.deleted())


def _versions_there(session: duckdb.DuckDBPyConnection, reader: Reader, change: Change, until: int | None) -> pa.Table:
    """Return the last version (place, quality), up to batch ``until``, of the values not sure to be new."""
    unsure = change.unsure
    if not len(unsure):
        return pa.table({"place": pa.array([], pa.int64()), "quality": pa.array([], pa.uint8())})
    rows = change.rows.pick(unsure)
    time, place = rows.time, np.arange(len(unsure))
    named = {"datastream": rows.number, "time": time, "until": rows.until, "place": place}
    session.register("unsure", pa.table(named))
    scan = Scan(None, int(time.min()), int(time.max()) + 1, until)
    versions, values = reader.stored(session, scan)
    return session.execute(
        sql(
            "SELECT place, quality FROM (",
            versions,
            ") JOIN unsure",
            _KEY,
            "WHERE",
            UNTIL_OR_NONE,
            "= until QUALIFY row_number() OVER (PARTITION BY place ORDER BY batch DESC, turn DESC) = 1",
        ),
        values,
    ).to_arrow_table()


def ends_of(session: duckdb.DuckDBPyConnection, reader: Reader, numbers: NDArray[np.int32]) -> pa.Table:
    """Return ``datastream, first, last, close, value, quality, until`` of those of ``numbers`` with a value there."""
    view = reader.over(session, Scan(numbers))
    grouped = sql("SELECT datastream,", _ENDS, "FROM (", _PLACED, view.current, ")) GROUP BY datastream")
    return view.rows(grouped, view.current_values)


def load_book(session: duckdb.DuckDBPyConnection, reader: Reader) -> Book:
    """Return the book of everything in the tables: as last saved, and what was folded since."""
    tallied = mark(session, "tallied")
    if tallied is None:
        return _counted(session, reader)
    book = Book.of(session.execute("SELECT * FROM observations.tally").to_arrow_table())
    query = sql("SELECT", LISTED, "FROM observations.recent WHERE batch > ? ORDER BY batch, rowid")
    since = session.execute(query, [tallied]).to_arrow_table()
    if len(since):
        change = Change.of(since.sort_by([("batch", "ascending"), ("turn", "ascending")]))
        settled = change.settle(_versions_there(session, reader, change, tallied))
        gone = settled.enter(book)
        book.mend(gone, ends_of(session, reader, gone))
    return book


def _counted(session: duckdb.DuckDBPyConnection, reader: Reader) -> Book:
    view = reader.over(session, Scan())
    counted = sql("SELECT datastream, count(*) AS count,", _ENDS, "FROM (", _PLACED, view.current, "))")
    grouped = sql(counted, "GROUP BY datastream")
    highest = sql("SELECT datastream, max(time) AS high FROM (", view.versions, ") GROUP BY datastream")
    asked = sql("SELECT * FROM (", highest, ") LEFT JOIN (", grouped, ") USING (datastream)")
    found = view.rows(asked, [*view.version_values, *view.current_values])
    book = Book()
    numbers = found["datastream"].to_numpy()
    if len(numbers):
        book.reach(int(numbers.max()) + 1)
        book.high[numbers] = found["high"].to_numpy()
        there = found.filter(found["count"].is_valid())
        for name in NAMES:
            getattr(book, name)[there["datastream"].to_numpy()] = there[name].to_numpy()
    return book


def count_again(session: duckdb.DuckDBPyConnection, reader: Reader, book: Book) -> Book:
    """Return the book of what is in the tables now; the highest times of ``book`` stand."""
    found = _counted(session, reader)
    found.reach(len(book))
    book.reach(len(found))
    found.high = book.high.copy()
    return found


def save_book(session: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Save the book, which tells of everything in the tables, in the session's transaction."""
    session.register("book", book.table())
    session.execute("DELETE FROM observations.tally")
    session.execute(sql("INSERT INTO observations.tally SELECT datastream,", ", ".join(NAMES), "FROM book"))
    set_mark(session, "tallied", mark(session, "folded") or 0)


def mark(session: duckdb.DuckDBPyConnection, name: str) -> int | None:
    """Return the batch that ``name`` has come to, or ``None``."""
    row = session.execute("SELECT value FROM observations.mark WHERE name = ?", [name]).fetchone()
    return None if row is None else int(row[0])


def set_mark(session: duckdb.DuckDBPyConnection, name: str, value: int) -> None:
    """Write down in the session's transaction that ``name`` has come to batch ``value``."""
    if session.execute("UPDATE observations.mark SET value = ? WHERE name = ?", [value, name]).fetchone() == (0,):
        session.execute("INSERT INTO observations.mark VALUES (?, ?)", [name, value])
