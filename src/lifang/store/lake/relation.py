"""Lazy rows: what to read is said first, and read when asked for, as Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from lifang.core import BadInput, Box
from lifang.store.expression import Expression
from lifang.store.lake.difference import Difference
from lifang.store.lake.engine import Engine
from lifang.store.lake.model import ColumnInfo, Condition
from lifang.store.lake.names import name, sql, text
from lifang.store.lake.nearness import NearName, likest, sieve
from lifang.store.lake.row_where import GEOMETRY, row_where
from lifang.store.lake.stream import Stream
from lifang.store.lake.tiles import tile_query

_BATCH_ROWS = 10_000
_ALL = 2**62  # rows: more than any table has
PLACE = "file_row_number"  # of a row in its file, from 0: a column that DuckDB adds when it is named
_BOX = ("_xmin", "_xmax", "_ymin", "_ymax")
Values = list[Any]
Told = Callable[[int, int], None]  # rows and bytes


@dataclass(frozen=True)
class Dangling:
    """How many cells were checked against another column, how many of them name nothing there, and some of these."""

    checked: int
    missing: int
    examples: tuple[str, ...]


class Relation:
    """The rows of one Parquet file; every method reads on a connection of its own, so threads may share it."""

    def __init__(self, engine: Engine, path: Path, told: Told | None = None) -> None:
        self._told = told
        self._engine = engine
        self._source = f"read_parquet({text(path)})"
        self.path = path

    @property
    def source(self) -> str:
        """The rows as SQL names them."""
        return self._source

    def compared_with(self, older: Relation, *, key: Sequence[str] = ()) -> Difference:
        """Return how these rows differ from those of ``older``, by ``key`` where it names each row once."""
        return Difference(self._engine, older, self, key)

    def observed(self, told: Told) -> Relation:
        """Return the same rows; ``told`` hears of every reading of them: how many rows and bytes were given."""
        return Relation(self._engine, self.path, told)

    def unobserved(self) -> Relation:
        """Return the same rows, heard of by nobody: for what the house asks itself and gives to no one."""
        return Relation(self._engine, self.path)

    def _given(self, table: pa.Table) -> pa.Table:
        if self._told:
            self._told(table.num_rows, table.nbytes)
        return table

    @cached_property
    def columns(self) -> list[ColumnInfo]:
        """The columns, in order."""
        with self._engine.session() as session:
            return [ColumnInfo(row[0], row[1]) for row in session.execute(f"DESCRIBE FROM {self._source}").fetchall()]

    def count(
        self, *, where: Sequence[Condition] = (), bbox: Box | None = None, matching: Expression | None = None
    ) -> int:
        """Return how many rows there are, or meet ``where`` and ``matching`` and touch ``bbox``."""
        filters, values, spatial = self._where(where, bbox, matching)
        with self._engine.session(spatial=spatial) as session:
            row = session.execute(sql("SELECT count(*) FROM", self._source, filters), values).fetchone()
        return int(row[0]) if row else 0

    def find(
        self,
        columns: Sequence[str] | None = None,
        *,
        matching: Expression | None = None,
        order: Sequence[tuple[str, bool]] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> pa.Table:
        """Return the chosen ``columns`` of the rows for which ``matching`` is true, and ``_row``, their place from 0.

        Rows come in file order, or by the ``order`` columns (name, descending), nulls last. ``BadInput`` for what the
        columns do not allow.
        """
        if (limit or 0) < 0 or offset < 0:
            raise BadInput("A limit or an offset is negative.", mend="Give numbers from 0.")
        chosen = [name(each.name) for each in self.columns] if columns is None else list(map(self._name, columns))
        filters, values, spatial = self._where((), None, matching)
        query = sql("SELECT", ", ".join([*chosen, f"{PLACE} AS _row"]), "FROM", self._source, filters)
        if order:
            ways = ", ".join(f"{self._name(each)} {'DESC' if down else 'ASC'} NULLS LAST" for each, down in order)
            query += f" ORDER BY {ways}, {PLACE}"
        query += " LIMIT ? OFFSET ?"
        with self._engine.session(spatial=spatial) as session:
            found = session.execute(query, [*values, _ALL if limit is None else limit, offset]).to_arrow_table()
        return self._given(found)

    def select(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Sequence[Condition] = (),
        bbox: Box | None = None,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> pa.Table:
        """Return the chosen ``columns`` (all by default) of the rows that meet ``where`` and touch ``bbox``.

        Rows come in file order, or by the ``order`` columns (nulls last, file order among equals).
        """
        query, values = self._query(columns, where, bbox, order, descending, limit, offset)
        with self._engine.session() as session:
            found = session.execute(query, values).to_arrow_table()
        return self._given(found)

    def batches(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: Sequence[Condition] = (),
        bbox: Box | None = None,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
        batch_rows: int = _BATCH_ROWS,
    ) -> pa.RecordBatchReader:
        """Return what :meth:`select` returns as a stream, so that memory stays small."""
        query, values = self._query(columns, where, bbox, order, descending, limit, offset)
        stream = self._engine.stream()
        try:
            with self._engine.errors():
                schema = stream.start(query, values, batch_rows)
        except BaseException:
            stream.close()
            raise
        return pa.RecordBatchReader.from_batches(schema, self._drain(stream))

    def matching(self, keys: pa.Table) -> pa.Table:
        """Return the rows that agree with a row of ``keys`` in its columns (an empty cell with an empty one).

        Columns: ``_key``, the number of that row of ``keys``; ``_position``, the row's place in the file, both from 0;
        then all of the relation's. By ``_key``, then ``_position``.
        """
        meets = " AND ".join(f"t.{self._name(each)} IS NOT DISTINCT FROM k.{name(each)}" for each in keys.column_names)
        numbered = keys.append_column("_key", pa.array(range(len(keys)), pa.int64()))
        with self._engine.session() as session:
            session.register("wanted", numbered)
            chosen = f"k._key, t.{PLACE} AS _position, t.*"
            query = sql("SELECT", chosen, "FROM wanted AS k JOIN", self._source, "AS t ON", meets)
            return session.execute(f"{query} ORDER BY 1, 2").to_arrow_table()

    def tile(self, layer: str, z: int, x: int, y: int) -> bytes:
        """Return the rows in tile ``x``, ``y`` of zoom ``z`` as a vector tile with one layer; empty if none are there.

        ``BadInput`` if the rows have no geometry.
        """
        self._name(GEOMETRY)
        query, values = tile_query(self._source, self.columns, layer, z, x, y)
        with self._engine.session(spatial=True) as session:
            row = session.execute(query, values).fetchone()
        return bytes(row[0]) if row and row[1] else b""

    def figures(self, column: str, *, matching: Expression | None = None) -> dict[str, float | int | None]:
        """Return ``count``, ``min``, ``max``, ``mean``, ``sum`` and ``stddev`` (of a sample) of a column's numbers."""
        chosen = self._name(column)
        filters, values, spatial = self._where((), None, matching)
        names = ("count", "min", "max", "mean", "sum", "stddev")
        shown = ", ".join(f"{each}({chosen}::DOUBLE)" for each in ("count", "min", "max", "avg", "sum", "stddev_samp"))
        with self._engine.session(spatial=spatial) as session:
            row = session.execute(sql("SELECT", shown, "FROM", self._source, filters), values).fetchone()
        return dict(zip(names, row or (0, *[None] * 5), strict=True))

    def distinct(self, column: str, limit: int = 100) -> list[tuple[Any, int]]:
        """Return up to ``limit`` values of ``column`` with how often each occurs, the commonest first."""
        chosen = self._name(column)
        query = sql("SELECT", chosen, ", count(*) FROM", self._source, "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?")
        with self._engine.session() as session:
            return [(row[0], int(row[1])) for row in session.execute(query, [max(0, limit)]).fetchall()]

    def likest(self, columns: Sequence[str], text: str, limit: int = 100) -> list[list[NearName]]:
        """Return, for each column, up to ``limit`` of its values that hold ``text`` or nearly so, the likest first."""
        query, values = sieve(self._source, (), list(map(self._name, columns)), text)
        with self._engine.session() as session:
            rows = session.execute(query, values).fetchall() if columns else []
        names: list[list[str]] = [[] for _ in columns]
        for place, found in rows:
            names[place].append(found)
        return [likest(each, text, limit) for each in names]

    def count_distinct(self, columns: Sequence[str], *, matching: Expression | None = None) -> int:
        """Return how many rows, of those for which ``matching`` is true, differ in ``columns``."""
        chosen = ", ".join(map(self._name, columns))
        filters, values, spatial = self._where((), None, matching)
        with self._engine.session(spatial=spatial) as session:
            query = sql("SELECT count(*) FROM (SELECT DISTINCT", chosen, "FROM", self._source, filters, ")")
            row = session.execute(query, values).fetchone()
        return int(row[0]) if row else 0

    def distinct_rows(
        self,
        columns: Sequence[str],
        *,
        matching: Expression | None = None,
        order: Sequence[tuple[str, bool]] = (),
        limit: int,
        offset: int = 0,
    ) -> pa.Table:
        """Return each combination of values of ``columns`` once, ordered by ``order``, then by all of them."""
        chosen = list(map(self._name, columns))
        filters, values, spatial = self._where((), None, matching)
        ways = [*((self._name(each), down) for each, down in order), *((each, False) for each in chosen)]
        by = ", ".join(f"{each} {'DESC' if down else 'ASC'} NULLS LAST" for each, down in ways)
        query = sql("SELECT DISTINCT", ", ".join(chosen), "FROM", self._source, filters, "ORDER BY", by)
        with self._engine.session(spatial=spatial) as session:
            found = session.execute(query + " LIMIT ? OFFSET ?", [*values, limit, offset]).to_arrow_table()
        return self._given(found)

    def dangling(self, column: str, there: Relation, other: str, *, examples: int = 5) -> Dangling:
        """Return how many filled cells of ``column`` name nothing in column ``other`` of ``there``, as texts."""
        mine, names = f"CAST({self._name(column)} AS VARCHAR)", f"CAST({there._name(other)} AS VARCHAR)"
        known = sql("SELECT", names, "AS v FROM", there.source, "WHERE v IS NOT NULL")
        cells = sql("(SELECT", mine, "AS v FROM", self._source, ") AS t WHERE v IS NOT NULL")
        with self._engine.session() as session:
            query = sql("SELECT count(*), count(*) FILTER (v NOT IN (", known, ")) FROM", cells)
            checked, missing = session.execute(query).fetchone() or (0, 0)
            query = sql("SELECT DISTINCT v FROM", cells, "AND v NOT IN (", known, ") ORDER BY 1 LIMIT ?")
            found = session.execute(query, [examples]).fetchall() if missing else []
        return Dangling(int(checked), int(missing), tuple(str(row[0]) for row in found))

    def _drain(self, stream: Stream) -> Iterator[pa.RecordBatch]:
        rows = size = 0
        try:
            with self._engine.errors():
                while (batch := stream.next()) is not None:
                    rows, size = rows + batch.num_rows, size + batch.nbytes
                    yield batch
        finally:
            stream.close()
            if self._told:
                self._told(rows, size)

    def _name(self, column: str) -> str:
        if not any(column == each.name for each in self.columns):
            known = ", ".join(each.name for each in self.columns)
            raise BadInput(f"There is no column {column!r}.", mend=f"Known: {known}.")
        return name(column)

    def _query(
        self,
        columns: Sequence[str] | None,
        where: Sequence[Condition],
        bbox: Box | None,
        order: Sequence[str],
        descending: bool,
        limit: int | None,
        offset: int,
    ) -> tuple[str, Values]:
        chosen = "*" if columns is None else ", ".join(self._name(each) for each in columns)
        if not chosen or offset < 0 or (limit or 0) < 0:
            raise BadInput("Choose at least one column, and no negative limit or offset.")
        filters, values, _ = self._where(where, bbox, None)
        query = sql("SELECT", chosen, "FROM", self._source, filters)
        if order:
            way = "DESC" if descending else "ASC"
            query += f" ORDER BY {', '.join(f'{self._name(each)} {way} NULLS LAST' for each in order)}, {PLACE}"
        if limit is not None:
            query += " LIMIT ?"
            values.append(limit)
        if offset:
            query += " OFFSET ?"
            values.append(offset)
        return query, values

    def _where(
        self, where: Sequence[Condition], bbox: Box | None, matching: Expression | None
    ) -> tuple[str, Values, bool]:
        """Return the clause, the values of its placeholders, and whether it needs the spatial functions."""
        parts: list[str] = []
        values: Values = []
        for each in where:
            if each.op not in _SQL:
                raise BadInput(f"{each.op!r} is not an operator.", mend=f"Known: {', '.join(_SQL)}.")
            part, bound = _SQL[each.op](self._name(each.column), each.value)
            parts.append(part)
            values.extend(_bindable(value) for value in bound)
        if bbox is not None:
            xmin, xmax, ymin, ymax = (self._name(each) for each in _BOX)
            parts.append(f"{xmin} <= ? AND {xmax} >= ? AND {ymin} <= ? AND {ymax} >= ?")
            values.extend([bbox.east, bbox.west, bbox.north, bbox.south])
        spatial = False
        if matching is not None:
            part, bound, spatial = row_where(matching, self.columns)
            parts.append(part)
            values.extend(bound)
        return ("WHERE " + " AND ".join(parts) if parts else ""), values, spatial


def _bindable(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise BadInput("A text is not valid Unicode.", mend="Take out the lone surrogates.") from error
    return value


def _compare(sign: str) -> Callable[[str, Any], tuple[str, Values]]:
    def build(column: str, value: Any) -> tuple[str, Values]:
        if value is None:
            raise BadInput("Nothing compares with no value.", mend="Use isnull or notnull.")
        return f"{column} {sign} ?", [value]

    return build


def _any_of(column: str, value: Any) -> tuple[str, Values]:
    values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    if not values or any(each is None for each in values):
        raise BadInput("`in` needs at least one value, and no empty ones.")
    return f"{column} IN ({', '.join('?' * len(values))})", values


_SQL: Mapping[str, Callable[[str, Any], tuple[str, Values]]] = {
    **{sign: _compare(sign) for sign in ("=", "!=", "<", "<=", ">", ">=")},
    "in": _any_of,
    "contains": lambda column, value: (f"contains(lower({column}::VARCHAR), lower(?))", [str(value)]),
    "prefix": lambda column, value: (f"starts_with({column}::VARCHAR, ?)", [str(value)]),
    "isnull": lambda column, _: (f"{column} IS NULL", []),
    "notnull": lambda column, _: (f"{column} IS NOT NULL", []),
}
