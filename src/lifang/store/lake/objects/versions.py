"""Versions in two times: a change closes what it replaces and overwrites nothing.

Source of the scheme: Snodgrass, Developing Time-Oriented Database Applications in SQL (2000), chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import BadInput, Conflict
from lifang.store.lake.engine import OBJECTS
from lifang.store.lake.names import name, sql
from lifang.store.lake.objects.changes import Changes, first
from lifang.store.lake.objects.model import FOREVER, GEOMETRY, ObjectChange

_GEOMETRY = "STRUCT(lod VARCHAR, kind VARCHAR, wkb BLOB, base_m DOUBLE, top_m DOUBLE, detail VARCHAR)[]"
_TYPES = {pa.string(): "VARCHAR", pa.uint8(): "UTINYINT", pa.float64(): "DOUBLE", pa.int64(): "BIGINT"}
_TYPES |= {GEOMETRY: _GEOMETRY}
_TIMES = ("valid_from", "valid_to")
_POSITION = "_position"


class Versions:
    """One table of versions of what its ``key`` names: ``columns`` are key, content, ``valid_from``, ``valid_to``."""

    def __init__(
        self, changes: Changes, table: str, columns: pa.Schema, *, key: Sequence[str], indexed: Sequence[str]
    ) -> None:
        self.table = f"{OBJECTS}.{table}"
        self.changes = changes
        self.content = [each for each in columns.names if each not in (*key, *_TIMES)]
        self.listed = _named(columns.names)
        self._columns, self._key = columns, tuple(key)
        kinds = ", ".join(f"{name(each.name)} {_TYPES[each.type]}" for each in columns)
        indexes = (
            sql("CREATE INDEX IF NOT EXISTS", name(index), "ON", self.table, f"({name(column)})")
            for index, column in ((_index(table, each), each) for each in indexed)
        )
        changes.has(
            sql("CREATE TABLE IF NOT EXISTS", self.table, f"({kinds}, recorded_from BIGINT, recorded_to BIGINT)"),
            *indexes,
        )
        self._statements = _Statements(self.table, columns.names, self._key, self.content)

    def record(
        self, rows: pa.Table, *, subject: str, gone: tuple[str, Sequence[Any]] | None = None, at: int = 0
    ) -> ObjectChange:
        """Return the change by which each of ``rows`` holds from now on in its valid time; durable, all or nothing.

        What meets the condition ``gone`` with its values, holds at the moment ``at`` and is not in ``rows`` ends
        then. ``BadInput`` if a key stands twice in ``rows`` or a valid time is empty.
        """
        given = rows.select(self._columns.names).cast(self._columns)
        self._check(given)
        do = self._statements
        with self.changes.changing() as session:
            session.register("given", given.append_column(_POSITION, pa.array(np.arange(len(given)))))
            condition, values = gone or ("false", ())
            session.execute(do.find_gone(condition), [at, at, at, *values])
            known = session.execute(do.known).to_arrow_table()[_POSITION].to_numpy()
            fresh = np.ones(len(given), dtype=bool)
            fresh[known] = False
            session.register("given", given if fresh.all() else given.filter(pa.array(fresh)))
            taken = int(fresh.sum())
            return self._written(session, subject, rows=taken, unchanged=lambda _ended: len(given) - taken)

    def end(self, keys: pa.Table, *, at: int, subject: str) -> ObjectChange:
        """Return the change by which what ``keys`` name no longer holds from the moment ``at`` in the city on."""
        ended = keys.select(self._key).group_by(list(self._key)).aggregate([])
        with self.changes.changing() as session:
            session.register("ended", ended)
            session.register("given", self._columns.empty_table())
            session.execute(self._statements.given_gone, [at])
            return self._written(session, subject, rows=0, unchanged=lambda hit: len(ended) - hit)

    def revert(self, keys: pa.Table, *, after: int, subject: str) -> ObjectChange:
        """Return the change by which ``keys`` hold as was known ``after`` a moment, before the change that followed.

        ``Conflict`` if more than one change followed; nothing changes where all is as it was known then.
        """
        do = self._statements
        with self.changes.changing() as session:
            session.register("reverted", keys.select(self._key).group_by(list(self._key)).aggregate([]))
            moment = self.changes.moment(session)
            rows = replaced = 0
            if first(session, do.count_unlike, [after, after]):
                session.execute(do.find_later, [after, after])
                if first(session, do.count_moments, [after]) > 1:
                    what = "What was changed then was changed again since."
                    raise Conflict(what, mend="Change it by hand: nothing is lost, its history names every version.")
                replaced = first(session, do.close_later, [moment])
                rows = first(session, do.write_earlier, [moment])
            return self.changes.noted(session, moment, subject, rows=rows, replaced=replaced, unchanged=0, ended=0)

    def _written(
        self, session: duckdb.DuckDBPyConnection, subject: str, *, rows: int, unchanged: Callable[[int], int]
    ) -> ObjectChange:
        moment = self.changes.moment(session)
        session.execute(self._statements.find_hit)
        replaced = first(session, self._statements.close, [moment])
        first(session, self._statements.write, [moment])
        ended = first(session, self._statements.count_ended)
        told = {"rows": rows, "replaced": replaced, "unchanged": unchanged(ended), "ended": ended}
        return self.changes.noted(session, moment, subject, **told)

    def _check(self, given: pa.Table) -> None:
        keys = given.select(self._key)
        counted = keys.group_by(list(self._key)).aggregate([([], "count_all")]) if len(given) else keys
        if len(counted) < len(given):
            twice = counted.filter(pc.greater(counted["count_all"], 1)).slice(0, 1).to_pylist()[0]
            what = f"{self._told(twice)} stands there twice."
            raise BadInput(what, mend="Give each once in one change.")
        empty = given.filter(pc.greater_equal(given["valid_from"], given["valid_to"])).slice(0, 1)
        for each in empty.select(self._key).to_pylist():
            raise BadInput(f"The valid time of {self._told(each)} is empty.", mend="Let it end after it begins.")

    def _told(self, key: dict[str, Any]) -> str:
        return repr(" ".join(str(key[each])[:80] for each in self._key))


class _Statements:
    """What changes a table of versions; ``given`` and, where told, ``ended`` are registered beside it."""

    def __init__(self, table: str, columns: Sequence[str], key: Sequence[str], content: Sequence[str]) -> None:
        using, keys, listed = f"USING ({_named(key)})", _named(key), _named(columns)
        forever = str(FOREVER)
        held = sql(table, "held JOIN {} given", using, "WHERE held.recorded_to =", forever)
        same = " AND ".join(f"held.{name(each)} IS NOT DISTINCT FROM given.{name(each)}" for each in content)
        self.known = sql(  # what is given and a version says already
            "SELECT given." + _POSITION,
            "FROM",
            held.format("given"),
            "AND held.valid_from <= given.valid_from AND held.valid_to >= given.valid_to AND",
            same or "true",
        )
        times = sql("SELECT", keys, ", valid_from, valid_to FROM given UNION ALL FROM gone")
        self.find_hit = sql(  # versions that hold in some of the time for which something else is given now
            "CREATE OR REPLACE TEMP TABLE hit AS SELECT held.rowid AS row, held.*, given.valid_from AS new_from,",
            "given.valid_to AS new_to FROM",
            held.format(f"({times})"),
            "AND held.valid_from < given.valid_to AND held.valid_to > given.valid_from",
        )
        sides = " UNION ALL ".join(  # what stays of them before and after
            sql("SELECT", ", ".join(edge if each == column else name(each) for each in columns), "FROM hit WHERE", when)
            for when, column, edge in (
                ("valid_from < new_from", "valid_to", "new_from"),
                ("valid_to > new_to", "valid_from", "new_to"),
            )
        )
        # One INSERT into a table a transaction: DuckDB 1.5.5 forgets the rows of a great one that follows an empty one.
        insert = sql("INSERT INTO", table, "SELECT *, ?,", forever, "FROM")
        self.write = sql(insert, "(SELECT", listed, "FROM given UNION ALL", sides, ")")
        self.close = sql("UPDATE", table, "SET recorded_to = ? WHERE rowid IN (SELECT row FROM hit)")
        self.count_ended = sql("SELECT count(*) FROM gone SEMI JOIN hit", using)
        gone = "CREATE OR REPLACE TEMP TABLE gone AS SELECT"
        span = f"?::BIGINT AS valid_from, {forever} AS valid_to FROM"
        self.given_gone = sql(gone, keys, ",", span, "ended")
        holds = f"WHERE recorded_to = {forever} AND valid_from <= ? AND valid_to > ?"
        self._gone = sql(gone, "DISTINCT", keys, ",", span, table, "there ANTI JOIN given", using, holds, "AND (")

        of = sql("FROM", table, "SEMI JOIN reverted", using)
        then = sql("(SELECT", listed, of, "WHERE recorded_from <= ? AND recorded_to > ?)")
        now = sql("(SELECT", listed, of, "WHERE recorded_to =", forever + ")")
        self.count_unlike = sql(
            "WITH past AS", then, ", present AS", now, "SELECT count(*) FROM ((FROM past EXCEPT ALL FROM present)",
            "UNION ALL (FROM present EXCEPT ALL FROM past))",
        )  # fmt: skip
        self.find_later = sql(
            "CREATE OR REPLACE TEMP TABLE later AS SELECT rowid AS row, *", of,
            "WHERE recorded_from > ? OR (recorded_to > ? AND recorded_to <", forever + ")",
        )  # fmt: skip
        moments = "(SELECT unnest([recorded_from, recorded_to]) AS moment FROM later)"
        self.count_moments = sql(
            "SELECT count(DISTINCT moment) FROM", moments, "WHERE moment > ? AND moment <", forever
        )
        made = sql("(SELECT row FROM later WHERE recorded_to =", forever + ")")
        self.close_later = sql("UPDATE", table, "SET recorded_to = ? WHERE rowid IN", made)
        self.write_earlier = sql(insert, "(SELECT", listed, "FROM later WHERE recorded_to <", forever + ")")

    def find_gone(self, condition: str) -> str:
        """Return the statement that finds what ends, for the moment three times and the condition's values."""
        return f"{self._gone} {condition})"


def _named(columns: Sequence[str]) -> str:
    return ", ".join(map(name, columns))


def _index(table: str, column: str) -> str:
    return f"by_{column}" if table == "version" else f"{table}_by_{column}"
