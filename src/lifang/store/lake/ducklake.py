"""DuckLake's catalogue of the releases, by which other programs read them as tables of SQL.

The house itself reads the files. To tell DuckLake takes longer than all else about a small release, and longer the more
releases there are, so it is told in idle moments, many at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import duckdb

from lifang.store.lake.engine import RELEASES, Engine
from lifang.store.lake.names import name, sql, text

_AT_ONCE = 20
_TABLE = re.compile(r"r(\d+)(_refused|_changes)?")


class _Table(NamedTuple):
    dataset: str
    table: str

    @property
    def number(self) -> int:
        """The release that it is, or lies beside; -1 for what is none."""
        found = _TABLE.fullmatch(self.table)
        return int(found[1]) if found else -1


class DuckLake:
    """What DuckLake knows of one city's releases: schema = dataset, table = ``r<number>``, ``r<number>_refused``, ….

    Whoever calls holds the lock of the releases.
    """

    def __init__(self, engine: Engine, is_registered: Callable[[str, int], bool]) -> None:
        self._engine = engine
        self._is_registered = is_registered
        self._folder = engine.folder / RELEASES
        self._untold: dict[_Table, None] = {}  # in the order in which they came
        self._looked = False

    def hear(self, dataset: str, tables: Iterable[str]) -> None:
        """Take note of files that are in place; whether their release is registered is asked when it is told of."""
        self._untold.update((each, None) for table in tables if (each := _Table(dataset, table)).number >= 0)

    def tell(self) -> bool:
        """Let DuckLake know some of what is registered and has a file; return whether there may be more to tell."""
        if not self._looked:
            self._look_round()
        gone = [each for each in self._untold if not self._path(each).is_file()]
        for each in gone:
            del self._untold[each]
        told = list(islice((each for each in self._untold if self._is_registered(each.dataset, each.number)), _AT_ONCE))
        if told:
            self._add(told)
        for each in told:
            del self._untold[each]
        return len(told) == _AT_ONCE

    def forget(self, dataset: str, tables: Iterable[str]) -> None:
        """Remove tables from the catalogue so that its file holds nothing of them."""
        if not self._engine.has(RELEASES):
            return
        with self._engine.session(RELEASES) as session:
            for table in tables:
                session.execute(sql("DROP TABLE IF EXISTS", _named(_Table(dataset, table))))
            if not any(each.dataset == dataset for each in _known(session)):
                session.execute(sql("DROP SCHEMA IF EXISTS", f"{RELEASES}.{name(dataset)}"))
            session.execute(f"CALL ducklake_expire_snapshots({text(RELEASES)}, older_than => now())")
            session.execute(f"CALL ducklake_cleanup_old_files({text(RELEASES)}, cleanup_all => true)")
        self._engine.rewrite_releases()

    def _look_round(self) -> None:
        with self._engine.session(RELEASES) as session:
            known = _known(session)
        for path in sorted(self._folder.glob("*/r*/r*.parquet")):
            there = _Table(path.parent.parent.name, path.stem)
            if there.number >= 0 and there not in known:
                self._untold.setdefault(there)
        self._looked = True

    def _path(self, table: _Table) -> Path:
        return self._folder / table.dataset / table.table / f"{table.table}.parquet"

    def _add(self, tables: Iterable[_Table]) -> None:
        with self._engine.session(RELEASES) as session:
            session.execute("BEGIN")
            for each in tables:
                path = text(self._path(each))
                session.execute(sql("CREATE SCHEMA IF NOT EXISTS", f"{RELEASES}.{name(each.dataset)}"))
                session.execute(sql("CREATE TABLE", _named(each), "AS FROM read_parquet(", path, ") LIMIT 0"))
                given = f"{text(RELEASES)}, {text(each.table)}, {path}, schema => {text(each.dataset)}"
                session.execute(f"CALL ducklake_add_data_files({given})")
            session.execute("COMMIT")


def _known(session: duckdb.DuckDBPyConnection) -> set[_Table]:
    query = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?"
    return {_Table(*row) for row in session.execute(query, [RELEASES]).fetchall()}


def _named(table: _Table) -> str:
    return f"{RELEASES}.{name(table.dataset)}.{name(table.table)}"
