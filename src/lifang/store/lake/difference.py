"""How two tables differ, row by row: by a key that names each row once, else as bags of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from lifang.core import BadInput
from lifang.store.lake.engine import Engine
from lifang.store.lake.names import name, sql

if TYPE_CHECKING:
    from lifang.store.lake.relation import Relation

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KINDS = (ADDED, REMOVED, CHANGED)


@dataclass(frozen=True)
class DifferenceTally:
    """How many rows were added, removed, changed, or are the same; ``cells`` counts the changed ones by column."""

    added: int
    removed: int
    changed: int
    same: int
    cells: dict[str, int] = field(default_factory=dict)


class Difference:
    """What makes ``new`` of ``old``. Columns whose names begin with ``_`` are not compared.

    ``key`` are the columns that name a row; where they are missing in one of the tables, or do not name each row once,
    rows are only added and removed. A column of another type is compared after its old values are cast to the new
    type; of a new column, every filled cell is a changed one.
    """

    def __init__(self, engine: Engine, old: Relation, new: Relation, key: Sequence[str]) -> None:
        self._engine, self._old, self._new = engine, old, new
        self._were = {each.name: each.type for each in old.columns if not each.name.startswith("_")}
        self._are = {each.name: each.type for each in new.columns if not each.name.startswith("_")}
        self._asked_key = tuple(key)
        self.columns = tuple(self._are)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The columns that name each row once in both tables; none where there are no such columns."""
        key = self._asked_key
        if not key or not all(each in self._were and each in self._are for each in key):
            return ()
        chosen = ", ".join(map(name, key))
        with self._engine.session() as session:
            for table in (self._old, self._new):
                query = sql("SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT", chosen, "FROM", table.source)
                row = session.execute(sql(query, ")) FROM", table.source)).fetchone()
                if row is None or row[0] != row[1]:
                    return ()
        return key

    def tally(self) -> DifferenceTally:
        """Return how many rows and cells differ."""
        with self._engine.session() as session:
            if not self.key:
                query = sql("SELECT _change, count(*) FROM (", self._bags(KINDS), ") GROUP BY 1")
                counts = {row[0]: int(row[1]) for row in session.execute(query).fetchall()}
                added, removed = counts.get(ADDED, 0), counts.get(REMOVED, 0)
                return DifferenceTally(added, removed, 0, self._new.count() - added)
            both = ["o._there IS NULL", "n._there IS NULL", f"o._there AND n._there AND ({self._any_differs()})"]
            cells = [f"o._there AND n._there AND {self._differs(each)}" for each in self._compared()]
            counted = ", ".join(["count(*)", *(f"count(*) FILTER ({each})" for each in (*both, *cells))])
            row = session.execute(sql("SELECT", counted, "FROM", self._joined())).fetchone()
        every, added, removed, changed, *each = (int(value) for value in row or ())
        found = dict(zip(self._compared(), each, strict=True))
        same = every - added - removed - changed
        return DifferenceTally(
            added, removed, changed, same, {column: count for column, count in found.items() if count}
        )

    def rows(self, *, kinds: Sequence[str] = KINDS, limit: int = 100, offset: int = 0) -> pa.Table:
        """Return the rows that differ, by key: ``_change``, ``key.<column>``, ``from.<column>`` and ``to.<column>``.

        Without a key there is no ``key.`` part, and the rows come by all their columns.
        """
        if not kinds or not set(kinds) <= set(KINDS) or limit < 0 or offset < 0:
            raise BadInput("This is no part of a difference.", mend=f"Kinds: {', '.join(KINDS)}; no negative limit.")
        query = self._keyed(kinds) if self.key else sql("SELECT * FROM (", self._bags(kinds), ") ORDER BY ALL")
        with self._engine.session() as session:
            return session.execute(f"{query} LIMIT ? OFFSET ?", [limit, offset]).to_arrow_table()

    def _compared(self) -> list[str]:
        return [each for each in self._are if each not in self.key]

    def _keyed(self, kinds: Sequence[str]) -> str:
        conditions = {
            ADDED: "o._there IS NULL",
            REMOVED: "n._there IS NULL",
            CHANGED: f"o._there AND n._there AND ({self._any_differs()})",
        }
        change = "CASE WHEN o._there IS NULL THEN 'added' WHEN n._there IS NULL THEN 'removed' ELSE 'changed' END"
        keys = [f"coalesce({self._key_of('o', each)}, {self._key_of('n', each)})" for each in self.key]
        shown = [f"{change} AS _change"]
        shown += [f"{one} AS {name(f'key.{each}')}" for one, each in zip(keys, self.key, strict=True)]
        shown += [f"o.{name(each)} AS {name(f'from.{each}')}" for each in self._were if each not in self.key]
        shown += [f"n.{name(each)} AS {name(f'to.{each}')}" for each in self._compared()]
        where = " OR ".join(f"({conditions[kind]})" for kind in kinds)
        order = ", ".join(f"{one} NULLS LAST" for one in keys)
        return sql("SELECT", ", ".join(shown), "FROM", self._joined(), "WHERE", where, "ORDER BY", order)

    def _joined(self) -> str:
        meets = " AND ".join(f"{self._key_of('o', each)} IS NOT DISTINCT FROM {self._key_of('n', each)}"
                             for each in self.key)  # fmt: skip
        old = sql("(SELECT true AS _there, * FROM", self._old.source, ") AS o")
        new = sql("(SELECT true AS _there, * FROM", self._new.source, ") AS n")
        return sql(old, "FULL OUTER JOIN", new, "ON", meets)

    def _key_of(self, side: str, column: str) -> str:
        plain = f"{side}.{name(column)}"
        return plain if self._were[column] == self._are[column] else f"CAST({plain} AS VARCHAR)"

    def _any_differs(self) -> str:
        return " OR ".join(map(self._differs, self._compared())) or "false"

    def _differs(self, column: str) -> str:
        return f"{self._was(column, 'o.')} IS DISTINCT FROM n.{name(column)}"

    def _was(self, column: str, side: str = "") -> str:
        """Return the old value of a column as one of its new type."""
        if column not in self._were:
            return f"NULL::{self._are[column]}"
        plain = f"{side}{name(column)}"
        return plain if self._were[column] == self._are[column] else f"TRY_CAST({plain} AS {self._are[column]})"

    def _bags(self, kinds: Sequence[str]) -> str:
        """Return the query of the rows that only one of the tables has, as often as it has more of them."""
        old = sql("SELECT", ", ".join(map(self._was, self.columns)), "FROM", self._old.source)
        new = sql("SELECT", ", ".join(map(name, self.columns)), "FROM", self._new.source)
        listed = ", ".join(f"_{at}" for at in range(len(self.columns)))
        wanted = {ADDED: (new, old, "to"), REMOVED: (old, new, "from")}
        parts = []
        for kind in (each for each in kinds if each in wanted):
            more, less, _ = wanted[kind]
            only = sql("(", more, "EXCEPT ALL", less, ") AS t(", listed, ")")
            shown = [f"'{kind}' AS _change"]
            for at, column in enumerate(self.columns):
                for side in ("from", "to"):
                    value = f"_{at}" if side == wanted[kind][2] else f"NULL::{self._are[column]}"
                    shown.append(f"{value} AS {name(f'{side}.{column}')}")
            parts.append(sql("SELECT", ", ".join(shown), "FROM", only))
        return " UNION ALL ".join(parts) or sql("SELECT NULL::VARCHAR AS _change WHERE false")
