"""Conditions on rows as written in an address: ``where=column:op:value``, ``order=-column``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from lifang.core import BadInput, parse_instant
from lifang.store import ColumnInfo, Condition

HIDDEN = frozenset({"_xmin", "_ymin", "_xmax", "_ymax"})  # bounds of the geometry, kept for fast boxes
_MOST = 20
_SIGNS: dict[str, Any] = {
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    **{each: each for each in ("=", "!=", "<", "<=", ">", ">=", "in", "contains", "prefix", "isnull", "notnull")},
}
_TEXTUAL = frozenset({"contains", "prefix"})
_VALUELESS = frozenset({"isnull", "notnull"})
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})


def visible(columns: Sequence[ColumnInfo]) -> list[ColumnInfo]:
    """Return the columns that are shown."""
    return [column for column in columns if column.name not in HIDDEN]


def conditions(texts: Sequence[str], columns: Sequence[ColumnInfo]) -> list[Condition]:
    """Return the conditions written as ``column:op:value``, each value as its column's type; else ``BadInput``."""
    if len(texts) > _MOST:
        raise BadInput(f"These are more than {_MOST} conditions.", where="where", mend="Ask for less at once.")
    return [_condition(text, columns) for text in texts]


def _condition(text: str, columns: Sequence[ColumnInfo]) -> Condition:
    named = [each for each in visible(columns) if text.startswith(f"{each.name}:")]
    if not named:
        known = ", ".join(each.name for each in visible(columns))
        raise BadInput(
            f"{text[:80]!r} names no column.", where="where", mend=f"Write column:op:value; columns: {known}."
        )
    column = max(named, key=lambda each: len(each.name))
    sign, _, value = text[len(column.name) + 1 :].partition(":")
    op = _SIGNS.get(sign)
    if op is None:
        raise BadInput(f"{sign[:40]!r} is not an operator.", where="where", mend=f"Known: {', '.join(_SIGNS)}.")
    if op in _VALUELESS:
        return Condition(column.name, op, None)
    if op in _TEXTUAL:
        return Condition(column.name, op, value)
    read = _reader(column)
    return Condition(column.name, op, [read(each) for each in value.split(",")] if op == "in" else read(value))


def _reader(column: ColumnInfo) -> Callable[[str], Any]:
    read = _READERS.get(column.type.split("(")[0])
    if read is None:
        raise BadInput(
            f"Column {column.name} ({column.type}) cannot be compared.", where="where", mend="Use isnull or notnull."
        )

    def checked(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, KeyError, OverflowError) as error:
            raise BadInput(
                f"{text[:80]!r} is not a value of column {column.name} ({column.type}).",
                where="where",
                mend="Correct it.",
            ) from error

    return checked


def _integer(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:
        raise OverflowError
    return number


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(_INTEGERS, _integer),
    **dict.fromkeys(("DOUBLE", "FLOAT", "DECIMAL", "HUGEINT"), _float),
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
    "DATE": date.fromisoformat,
    "TIMESTAMP WITH TIME ZONE": parse_instant,
    "TIMESTAMP": parse_instant,
    "VARCHAR": str,
}


def ordering(text: str | None, columns: Sequence[ColumnInfo]) -> tuple[list[str], bool]:
    """Return the columns to order by and whether descending; ``-a,-b`` descends. ``BadInput`` if the signs differ."""
    if not text:
        return [], False
    parts = text.split(",")
    signs = {part.startswith("-") for part in parts}
    if len(signs) > 1:
        raise BadInput("All columns are ordered the same way.", where="order", mend="Write a,b or -a,-b.")
    names = [part.removeprefix("-") for part in parts]
    return chosen(names, columns, where="order"), signs.pop()


def chosen(names: Sequence[str], columns: Sequence[ColumnInfo], *, where: str) -> list[str]:
    """Return ``names`` if each is a shown column, named once; else ``BadInput``."""
    known = [each.name for each in visible(columns)]
    for name in names:
        if name not in known:
            raise BadInput(f"There is no column {name[:80]!r}.", where=where, mend=f"Known: {', '.join(known)}.")
    if len(set(names)) < len(names):
        raise BadInput("A column is named twice.", where=where, mend="Name each once.")
    return list(names)
