"""Records by table and key: read by anyone, changed in transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from lifang.core import BadInput, Conflict, NotFound, uncollected
from lifang.store.registry.bulk import insert_rows
from lifang.store.registry.database import Database, translated
from lifang.store.registry.graph import EntityQuery, Graph
from lifang.store.registry.graph_sql import count_of, matches_of, numbers_of, rows_of, without_links
from lifang.store.registry.select import Row, column_of, condition, kept_as, key_column, page, table_of, values_of

if TYPE_CHECKING:
    from lifang.store.ledger import Entry, Record

_FEW = 2000  # entities found along links, for which it is quicker to name them than to ask each
_MANY = 10_000  # rows read at once
Recorder = Callable[[sa.Connection, "Entry"], "Record"]


class _Reader:
    def __init__(self, connection: sa.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def get(self, table: str, key: str) -> Row | None:
        """Return the row of ``table`` with this key, or ``None``."""
        known = table_of(table)
        row = self._run(sa.select(known).where(key_column(known) == key)).mappings().first()
        return None if row is None else dict(row)

    def find(
        self,
        table: str,
        *,
        where: Mapping[str, Any] | None = None,
        order: str = "id",
        descending: bool = False,
        after: Any = None,
        limit: int | None = None,
    ) -> list[Row]:
        """Return the rows that meet ``where``, in ``order``, past ``after``; see :meth:`Registry.find`."""
        query = page(table_of(table), where=where, order=order, descending=descending, after=after, limit=limit)
        return [dict(row) for row in self._run(query).mappings()]

    def count(self, table: str, *, where: Mapping[str, Any] | None = None) -> int:
        """Return how many rows meet ``where``."""
        known = table_of(table)
        query = sa.select(sa.func.count()).select_from(known).where(*condition(known, where))
        return int(self._run(query).scalar_one())

    def entities(self, graph: Graph, query: EntityQuery) -> list[Row]:
        """Return the entities asked for: columns as they are kept (JSON as text, moments as microseconds).

        ``key_0``, ``key_1``, … are the values of the query's order; with parents ``parent`` is the number of each
        row's parent, and the rows come parent by parent.
        """
        found = self._run(rows_of(graph, self._narrowed(graph, query)))
        names = list(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found]

    def entity_count(self, graph: Graph, query: EntityQuery) -> int:
        """Return how many entities meet the query, whatever its limit."""
        plain = replace(query, limit=None, offset=0, order=(), after=None)
        asked = count_of(graph, self._narrowed(graph, plain))
        column = 0 if query.parents is None else 1
        return sum(int(number) for number in self._run(asked).scalars(column))

    def entity_counts(self, graph: Graph, query: EntityQuery) -> dict[int, int]:
        """Return how many entities meet the query for each parent that has any."""
        plain = replace(query, limit=None, offset=0, order=(), after=None)
        rows: list[Any] = list(self._run(count_of(graph, plain)))
        return {int(parent): int(count) for parent, count in rows}

    def entity_numbers(self, graph: Graph, query: EntityQuery) -> list[int]:
        """Return the numbers of the entities that meet the query, in no order."""
        return [int(number) for number in self._run(numbers_of(graph, self._narrowed(graph, query))).scalars()]

    def _narrowed(self, graph: Graph, query: EntityQuery) -> EntityQuery:
        """Return the query with few numbers in place of conditions along links, where few entities meet those."""
        asked = matches_of(graph, query, _FEW + 1)
        if asked is None:
            return query
        numbers = [int(number) for number in self._run(asked).scalars()]
        return query if len(numbers) > _FEW else without_links(graph, query, numbers)

    def _run(self, query: sa.Executable, what: str = "This question") -> sa.CursorResult[Any]:
        with translated(self._path, what):
            return cast("sa.CursorResult[Any]", self._connection.execute(query))


class Transaction(_Reader):
    """Changes that happen together or not at all, and the ledger records that tell of them."""

    def __init__(self, connection: sa.Connection, path: Path, recorder: Recorder) -> None:
        super().__init__(connection, path)
        self._recorder = recorder
        self.touched: set[str] = set()

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Add ``row``; columns left out take their defaults; ``Conflict`` if its key is there already."""
        known = table_of(table)
        self.touched.add(table)
        self._run(sa.insert(known).values(values_of(known, row)), f"{table} {row.get('id')!r}")

    def insert_many(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add ``rows``, which all name the same columns; none of them, and ``Conflict``, if one's key is there."""
        if not rows:
            return
        known = table_of(table)
        self.touched.add(table)
        with translated(self._path, f"One of {len(rows):,} rows of {table}"):
            insert_rows(self._connection, known, rows)

    def update(
        self, table: str, key: str, changes: Mapping[str, Any], *, expect: Mapping[str, Any] | None = None
    ) -> Row:
        """Return the row after ``changes``; ``NotFound`` without it, ``Conflict`` if ``expect`` no longer holds."""
        known = table_of(table)
        self.touched.add(table)
        where = [key_column(known) == key, *condition(known, expect)]
        if changes:
            query = sa.update(known).where(*where).values(values_of(known, changes))
            changed = self._run(query, f"{table} {key!r}").rowcount > 0
        else:
            changed = self._run(sa.select(key_column(known)).where(*where)).first() is not None
        row = self.get(table, key)
        if row is None:
            raise NotFound(f"{table} has no {key!r}.")
        if not changed:
            raise Conflict(f"{table} {key!r} has changed meanwhile.", mend="Read it again and decide anew.")
        return row

    def delete(self, table: str, key: str) -> None:
        """Take the row out; ``NotFound`` if it is not there."""
        known = table_of(table)
        self.touched.add(table)
        if not self._run(sa.delete(known).where(key_column(known) == key), f"{table} {key!r}").rowcount:
            raise NotFound(f"{table} has no {key!r}.")

    def delete_where(self, table: str, where: Mapping[str, Any]) -> int:
        """Return how many rows that meet ``where`` were taken out; ``BadInput`` if it names no column at all."""
        known = table_of(table)
        if not where:
            raise BadInput(f"All of {table} is never deleted at once.", mend="Say which rows.")
        self.touched.add(table)
        return int(self._run(sa.delete(known).where(*condition(known, where)), f"rows of {table}").rowcount)

    def record(self, entry: Entry) -> Record:
        """Return the ledger record of ``entry``, written in this same transaction."""
        with translated(self._path, "This record"):
            return self._recorder(self._connection, entry)


class Registry:
    """The city's records: safe to use from many threads."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self._database = database
        self._recorder = recorder
        self._versions: Counter[str] = Counter()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a transaction: durable when the block ends, undone when it raises; one at a time."""
        with self._database.writing() as connection:
            transaction = Transaction(connection, self._database.path, self._recorder)
            yield transaction
        self._versions.update(transaction.touched)

    def version(self, *tables: str) -> int:
        """Return a number that grows with each transaction that changed one of the tables."""
        return sum(self._versions[table] for table in tables)

    def get(self, table: str, key: str) -> Row | None:
        """Return the row of ``table`` with this key, or ``None``."""
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).get(table, key)

    def find(
        self,
        table: str,
        *,
        where: Mapping[str, Any] | None = None,
        order: str = "id",
        descending: bool = False,
        after: Any = None,
        limit: int | None = None,
    ) -> list[Row]:
        """Return rows of ``table`` in ``order`` (then by key).

        ``where`` maps a column to a value, to ``None``, or to a list of values (any of them); a key may carry an
        operator: ``{"moment >=": start, "moment <": end}``. ``after`` is the last row's value of the ``order``
        column, or ``(value, key)`` where that value may repeat.
        """
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).find(
                table, where=where, order=order, descending=descending, after=after, limit=limit
            )

    def extremes(
        self, table: str, *, of: str, by: str, where: Mapping[str, Any] | None = None, first: bool = False
    ) -> list[Row]:
        """Return for each value of the column ``of`` the row with the greatest ``by``; the least if ``first``."""
        known = table_of(table)
        group, rank = column_of(known, of), column_of(known, by)
        choose = sa.func.min if first else sa.func.max
        ends = sa.select(group, choose(rank).label("end")).where(*condition(known, where)).group_by(group).subquery()
        query = sa.select(known).join(ends, (group == ends.c[of]) & (rank == ends.c.end))
        with self._database.reading() as connection, translated(self._database.path, "This question"):
            return [dict(row) for row in connection.execute(query).mappings()]

    @uncollected()
    def columns(self, table: str, names: Sequence[str], *, order: str = "id") -> dict[str, list[Any]]:
        """Return whole columns of ``table`` in ``order``, as they are kept: JSON as text, moments as microseconds.

        For hundreds of thousands of rows, where a dictionary a row would cost seconds.
        """
        known = table_of(table)
        kept = [kept_as(column_of(known, name)) for name in names]
        query = sa.select(*kept).order_by(column_of(known, order))
        with self._database.reading() as connection, translated(self._database.path, "This question"):
            found: list[list[Any]] = [[] for _ in names]
            for part in connection.execute(query).partitions(_MANY):  # a call for each row would cost most of the time
                for column, values in zip(found, zip(*part, strict=True), strict=True):
                    column.extend(values)
        return dict(zip(names, found, strict=True))

    def count(self, table: str, *, where: Mapping[str, Any] | None = None) -> int:
        """Return how many rows of ``table`` meet ``where``."""
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).count(table, where=where)

    def entities(self, graph: Graph, query: EntityQuery) -> list[Row]:
        """Return the entities asked for; see :meth:`Transaction.entities`."""
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).entities(graph, query)

    def entity_count(self, graph: Graph, query: EntityQuery) -> int:
        """Return how many entities meet the query, whatever its limit."""
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).entity_count(graph, query)

    def entity_counts(self, graph: Graph, query: EntityQuery) -> dict[int, int]:
        """Return how many entities meet the query for each parent that has any."""
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).entity_counts(graph, query)

    def entity_numbers(self, graph: Graph, query: EntityQuery) -> list[int]:
        """Return the numbers of the entities that meet the query, in no order."""
        with self._database.reading() as connection:
            return _Reader(connection, self._database.path).entity_numbers(graph, query)
