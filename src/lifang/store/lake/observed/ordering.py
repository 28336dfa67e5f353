"""The order of observations as SQL: by columns, by what stands in JSON, by what is worked out; where a page begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput
from lifang.store.expression import Expression, Field, Kind
from lifang.store.lake.names import sql
from lifang.store.lake.where import keys

_TYPES = {Kind.TEXT: (str,), Kind.TRUTH: (bool,)}
Order = Sequence[tuple[str | Expression, bool]]


@dataclass(frozen=True)
class _Key:
    """One key: the SQL it is read by, whether it descends, and, where it is worked out first, its SQL and values."""

    text: str
    kind: Kind
    descending: bool
    made: str = ""
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Ordered:
    """An order, its keys one after the other; equal rows come by datastream and time."""

    keys: tuple[_Key, ...]

    @classmethod
    def by(cls, order: Order) -> Ordered:
        """Return the order written in a query; ``BadInput`` for what observations do not have."""
        found: list[_Key] = []
        for key, descending in order:
            for kind, bound in keys(Field(key) if isinstance(key, str) else key):
                name = f"ordered_{len(found)}"
                is_column = isinstance(key, str) and not bound.values
                made = ("", ()) if is_column else (bound.text, bound.values)
                found.append(_Key(bound.text if is_column else name, kind, descending, *made))
        return cls(tuple(found))

    @property
    def text(self) -> str:
        """The order in SQL."""
        ways = (("DESC", "NULLS LAST") if key.descending else ("ASC", "NULLS FIRST") for key in self.keys)
        return ", ".join([*(sql(key.text, *way) for key, way in zip(self.keys, ways, strict=True)), "datastream, time"])

    @property
    def shown(self) -> list[str]:
        """What to select so that a row tells its keys."""
        return [sql(key.text, "AS", f"key_{at}") for at, key in enumerate(self.keys)]

    def worked_out(self, source: str, values: list[Any]) -> tuple[str, list[Any]]:
        """Return the rows with what they are ordered by where that is no column, and all that is bound."""
        made = [key for key in self.keys if key.made]
        if not made:
            return source, values
        columns = ", ".join(sql(key.made, "AS", key.text) for key in made)
        bound = [value for key in made for value in key.values]
        return sql("SELECT *,", columns, "FROM (", source, ")"), [*bound, *values]

    def past(self, after: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return the condition of what comes after the row with these keys: no value comes before any (9.3.3.1)."""
        if len(after) != len(self.keys) or not all(map(_fits, self.keys, after)):
            raise BadInput("The link to the next page does not fit the order.", mend="Start again from the first page.")
        text, values = "", list[Any]()
        for key, value in reversed(list(zip(self.keys, after, strict=True))):
            beyond, bound = _beyond(key, value)
            if text:
                same, told = (sql(key.text, "IS NULL"), []) if value is None else (sql(key.text, "= ?"), [value])
                text, values = f"({beyond} OR ({same} AND {text}))", [*bound, *told, *values]
            else:
                text, values = beyond, bound
        return text, values


def _fits(key: _Key, value: Any) -> bool:
    if value is None:
        return True
    return type(value) in _TYPES.get(key.kind, (int, float))


def _beyond(key: _Key, value: Any) -> tuple[str, list[Any]]:
    if value is None:
        return ("false" if key.descending else sql(key.text, "IS NOT NULL")), []
    if key.descending:
        return f"({key.text} < ? OR {key.text} IS NULL)", [value]
    return sql(key.text, "> ?"), [value]
