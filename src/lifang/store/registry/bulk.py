"""Many rows inserted column by column: what SQLAlchemy does a row at a time costs minutes at a million rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lifang.core import BadInput
from lifang.store.registry.select import column_of

_MANY = 10_000  # rows inserted at once


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add ``rows`` to ``table``; those that leave columns out get their defaults, and all name the same columns."""
    names = list(rows[0])
    columns = [column_of(table, name) for name in names]
    if any(row.keys() != rows[0].keys() for row in rows):
        raise BadInput(f"Rows for {table.name} name different columns.", mend="Name the same columns in each.")
    left_out = [column for column in table.columns if column.name not in rows[0] and _default(column) is not None]
    compiled = sa.insert(table).values({each.name: sa.bindparam(each.name) for each in (*columns, *left_out)})
    text = compiled.compile(dialect=connection.dialect)
    order = [str(name) for name in text.positiontup or ()]
    filled = {column.name: _default(column) for column in left_out}
    for start in range(0, len(rows), _MANY):
        part = rows[start : start + _MANY]
        kept = []
        for name in order:
            values = [filled[name]] * len(part) if name in filled else [row[name] for row in part]
            kept.append(_kept(column_of(table, name), values, connection.dialect))
        connection.exec_driver_sql(str(text), list(zip(*kept, strict=True)))


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    return default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else None


def _kept(column: sa.Column[Any], values: Iterable[Any], dialect: sa.Dialect) -> Iterable[Any]:
    """Return ``values`` as the column keeps them; a value that repeats is turned once."""
    process = column.type.bind_processor(dialect)
    if process is None:
        return values
    known: dict[Any, Any] = {}

    def kept(value: Any) -> Any:
        key = value if isinstance(value, datetime | bool | None) else "{}" if value == {} else None
        if key is None and value is not None:
            return process(value)
        if key not in known:
            known[key] = process(value)
        return known[key]

    return [kept(value) for value in values]
