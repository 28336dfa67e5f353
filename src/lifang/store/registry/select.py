"""Queries over registry tables, built from names that are checked and values that are bound."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from lifang.core import BadInput
from lifang.store.registry.tables import metadata
from lifang.store.registry.types import Json

Row = dict[str, Any]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_HIDDEN = {"ledger"}


def table_of(name: str) -> sa.Table:
    """Return the table called ``name``; ``BadInput`` if the registry has none."""
    table = metadata.tables.get(name)
    if table is None or name in _HIDDEN:
        known = ", ".join(sorted(set(metadata.tables) - _HIDDEN))
        raise BadInput(f"The registry has no table {name!r}.", mend=f"Known: {known}.")
    return table


def column_of(table: sa.Table, name: str) -> sa.Column[Any]:
    """Return the column called ``name``; ``BadInput`` if ``table`` has none."""
    column = table.columns.get(name)
    if column is None:
        raise BadInput(f"{table.name} has no column {name!r}.", mend=f"Known: {', '.join(table.columns.keys())}.")
    return column


def kept_as(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return the column's values as they are kept, not as what they mean."""
    kind = column.type
    return sa.type_coerce(column, kind.impl_instance) if isinstance(kind, sa.types.TypeDecorator) else column


def key_column(table: sa.Table) -> sa.Column[Any]:
    """Return the key column: of a table that links others, the first."""
    return next(iter(table.primary_key.columns))


def values_of(table: sa.Table, row: Mapping[str, Any]) -> Row:
    """Return ``row`` if ``table`` has all its columns, else ``BadInput``."""
    for name in row:
        column_of(table, name)
    return dict(row)


def condition(table: sa.Table, where: Mapping[str, Any] | None) -> list[sa.ColumnElement[bool]]:
    """Return the bound conditions of ``where``."""
    return [_one(table, key, value) for key, value in (where or {}).items()]


def _one(table: sa.Table, key: str, value: Any) -> sa.ColumnElement[bool]:
    name, _, sign = key.partition(" ")
    column = column_of(table, name)
    if isinstance(column.type, Json) and value is not None:
        raise BadInput(f"{table.name}.{name} holds JSON and cannot be compared.", mend="Filter on another column.")
    if sign and sign not in _OPERATORS:
        raise BadInput(f"{sign!r} is not an operator.", mend=f"Known: {' '.join(_OPERATORS)}.")
    if value is None:
        return column.is_not(None) if sign == "!=" else column.is_(None)
    if isinstance(value, list | tuple | set | frozenset):
        return column.not_in(value) if sign == "!=" else column.in_(value)
    found: sa.ColumnElement[bool] = _OPERATORS[sign or "="](column, value)
    return found


def page(
    table: sa.Table, *, where: Mapping[str, Any] | None, order: str, descending: bool, after: Any, limit: int | None
) -> sa.Select[Any]:
    """Return the query for one page of ``table``: in ``order``, then by key, past ``after``."""
    column, key = column_of(table, order), key_column(table)
    if limit is not None and limit < 0:
        raise BadInput("A limit cannot be negative.")
    by = [column] if column is key else [column, key]
    query = sa.select(table).where(*condition(table, where)).limit(limit)
    query = query.order_by(*(each.desc() if descending else each.asc() for each in by))
    if after is None:
        return query
    compare = operator.lt if descending else operator.gt
    if isinstance(after, tuple | list):
        if len(after) != len(by):
            raise BadInput("The cursor does not fit the order.", mend="Start again from the first page.")
        bound = (sa.literal(value, each.type) for value, each in zip(after, by, strict=True))
        return query.where(compare(sa.tuple_(*by), sa.tuple_(*bound)))
    return query.where(compare(column, after))
