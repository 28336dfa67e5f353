"""Versions of objects in two times: a change closes what it replaces and overwrites nothing.

Source of the scheme: Snodgrass, Developing Time-Oriented Database Applications in SQL (2000), chapter 10.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import BadInput, Clock, from_micros, to_micros
from lifang.store.lake.engine import OBJECTS, Engine
from lifang.store.lake.names import name, sql
from lifang.store.lake.objects.model import COLUMNS, CONTENT, FOREVER, ObjectChange, ObjectQuery

_VERSION = f"{OBJECTS}.version"
_CHANGE = f"{OBJECTS}.change"
_LISTED = ", ".join(name(each) for each in COLUMNS.names)
_CONTENT = tuple(each for each, _ in CONTENT)
_GEOMETRY = "STRUCT(lod VARCHAR, kind VARCHAR, wkb BLOB, base_m DOUBLE, top_m DOUBLE, detail VARCHAR)[]"
_TYPES = {pa.string(): "VARCHAR", pa.uint8(): "UTINYINT", pa.float64(): "DOUBLE", pa.int64(): "BIGINT"}
_KINDS = ", ".join(f"{name(each.name)} {_TYPES.get(each.type, _GEOMETRY)}" for each in COLUMNS)
_TABLES = (
    sql("CREATE TABLE IF NOT EXISTS", _VERSION, f"({_KINDS}, recorded_from BIGINT, recorded_to BIGINT)"),
    sql("CREATE INDEX IF NOT EXISTS by_id ON", _VERSION, "(id)"),
    sql("CREATE TABLE IF NOT EXISTS", _CHANGE, "(number BIGINT, recorded BIGINT, subject VARCHAR, rows BIGINT,")
    + "replaced BIGINT, unchanged BIGINT)",
)
_HELD = sql(_VERSION, "held JOIN given USING (id) WHERE held.recorded_to =", str(FOREVER))
_SAME = " AND ".join(f"held.{name(each)} IS NOT DISTINCT FROM given.{name(each)}" for each in _CONTENT)
_KNOWN = sql(  # what is given and a version says already
    "SELECT given.id FROM",
    _HELD,
    "AND held.valid_from <= given.valid_from AND held.valid_to >= given.valid_to AND",
    _SAME,
)
_FIND_HIT = sql(  # versions that hold in some of the time for which something else is given now
    "CREATE OR REPLACE TEMP TABLE hit AS SELECT held.rowid AS row, held.*, given.valid_from AS new_from,",
    "given.valid_to AS new_to FROM",
    _HELD,
    "AND held.valid_from < given.valid_to AND held.valid_to > given.valid_from",
)
_SIDES = " UNION ALL ".join(  # what stays of them before and after
    sql("SELECT", ", ".join(edge if each == column else name(each) for each in COLUMNS.names), "FROM hit WHERE", when)
    for when, column, edge in (
        ("valid_from < new_from", "valid_to", "new_from"),
        ("valid_to > new_to", "valid_from", "new_to"),
    )
)
# One INSERT into a table a transaction: DuckDB 1.5.5 forgets the rows of a great one that follows an empty one.
_INSERT = sql("INSERT INTO", _VERSION, "SELECT *, ?,", str(FOREVER), "FROM")
_WRITE = sql(_INSERT, "(SELECT", _LISTED, "FROM given UNION ALL", _SIDES, ")")
_WRITE_SIDES = sql(_INSERT, "(", _SIDES, ")")
_CLOSE = sql("UPDATE", _VERSION, "SET recorded_to = ? WHERE rowid IN (SELECT row FROM hit)")
_ACROSS = "greatest(east - west, north - south)"
_LAST_NUMBER = sql("SELECT coalesce(max(number), 0) FROM", _CHANGE)

_PROPERTIES = """, picked AS (SELECT properties FROM shown USING SAMPLE reservoir(50000 ROWS) REPEATABLE (1)),
told AS (SELECT key AS name, value, json_type(value) AS kind, value ->> '$' AS text
         FROM picked, json_each(picked.properties::JSON))
SELECT name, count(*)::BIGINT AS count,
       count(*) FILTER (kind IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT'))::BIGINT AS numbers,
       quantile_cont(TRY_CAST(text AS DOUBLE), [0, 0.2, 0.4, 0.6, 0.8, 1])
         FILTER (kind IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')) AS steps,
       approx_top_k(text, 12) AS values
FROM told WHERE kind NOT IN ('OBJECT', 'ARRAY', 'NULL') GROUP BY name ORDER BY name"""


class Objects:
    """The objects of one city; safe to use from many threads, one change at a time."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self.lock = threading.RLock()
        self._made = False
        self._last: int | None = None

    def record(self, rows: pa.Table, *, subject: str) -> ObjectChange:
        """Return the change by which each of ``rows`` (``COLUMNS``) holds from now on in its valid time; durable.

        ``BadInput`` if an object stands twice in ``rows`` or a valid time is empty.
        """
        given = rows.select(COLUMNS.names).cast(COLUMNS).sort_by([("cell", "ascending"), ("id", "ascending")])
        _check(given)
        with self._changing() as session:
            session.register("given", given)
            known = session.execute(_KNOWN).to_arrow_table()["id"]
            fresh = given.filter(pc.invert(pc.is_in(given["id"], known.combine_chunks()))) if len(known) else given
            session.register("given", fresh)
            moment = self._moment(session)
            replaced = _close(session, moment)
            _one(session, _WRITE, [moment])
            return _noted(session, moment, subject, len(fresh), replaced, len(known))

    def end(self, ids: Sequence[str], *, at: int, subject: str) -> ObjectChange:
        """Return the change by which ``ids`` no longer hold from the moment ``at`` in the city on, in microseconds."""
        gone = sorted(set(ids))
        times = {"valid_from": np.full(len(gone), at), "valid_to": np.full(len(gone), FOREVER)}
        given = pa.table({"id": pa.array(gone, pa.string()), **times})
        with self._changing() as session:
            session.register("given", given)
            moment = self._moment(session)
            replaced = _close(session, moment)
            _one(session, _WRITE_SIDES, [moment])
            return _noted(session, moment, subject, 0, replaced, len(given) - replaced)

    def read(self, query: ObjectQuery, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the versions that meet ``query``, by id, with the moment at which each was recorded."""
        chosen = ", ".join(name(each) for each in columns) if columns else f"{_LISTED}, recorded_from"
        where, values = _where(query)
        source = sql(_VERSION, where)
        if query.largest is not None:
            source, values = sql("(FROM", source, "ORDER BY", _ACROSS, "DESC LIMIT ?)"), [*values, query.largest]
        statement = sql("SELECT", chosen, "FROM", source, "ORDER BY id")
        if query.limit is not None:
            statement, values = sql(statement, "LIMIT ?"), [*values, query.limit]
        return self._asked(statement, values)

    def count(self, query: ObjectQuery, by: str | None = None) -> pa.Table:
        """Return ``count`` of the versions that meet ``query``, with the newest ``recorded``; one row a ``by``."""
        where, values = _where(query)
        key, group = (f"{name(by)}, ", f"GROUP BY {name(by)} ORDER BY {name(by)}") if by else ("", "")
        figures = "count(*)::BIGINT AS count, max(recorded_from) AS recorded"
        return self._asked(sql("SELECT", f"{key}{figures}", "FROM", _VERSION, where, group), values)

    def properties(self, query: ObjectQuery) -> pa.Table:
        """Return ``name``, ``count``, ``numbers``, ``steps`` and ``values`` of each property, by name.

        ``numbers`` of the ``count`` values are numbers, ``steps`` their quintiles from least to greatest; ``values``
        are the commonest twelve as texts. Counted in a sample of up to 50,000 objects.
        """
        where, values = _where(query)
        return self._asked(sql("WITH shown AS (SELECT properties FROM", _VERSION, where, ")", _PROPERTIES), values)

    def extent(self, query: ObjectQuery) -> tuple[float, ...] | None:
        """Return west, south, east, north in degrees, bottom and top in metres; ``None`` if nothing meets it."""
        where, values = _where(query)
        chosen = "min(west), min(south), max(east), max(north), min(bottom_m), max(top_m)"
        with self._session() as session:
            row = session.execute(sql("SELECT", chosen, "FROM", _VERSION, where), values).fetchone()
        return None if row is None or row[0] is None else tuple(map(float, row))

    def history(self, object_id: str) -> pa.Table:
        """Return every version of an object, also those known to be wrong now: by when recorded, then by valid time."""
        chosen = f"{_LISTED}, recorded_from, recorded_to"
        order = "ORDER BY recorded_from, valid_from"
        return self._asked(sql("SELECT", chosen, "FROM", _VERSION, "WHERE id = ?", order), [object_id])

    def difference(self, before: ObjectQuery, after: ObjectQuery) -> pa.Table:
        """Return ``id, change``: what was ``added``, ``removed``, ``moved`` or else ``changed`` between two views."""
        (first, values), (second, more) = _where(before), _where(after)
        place = " AND ".join(f"a.{each} IS NOT DISTINCT FROM b.{each}" for each in ("west", "south", "east", "north"))
        rest = " AND ".join(f"a.{name(each)} IS NOT DISTINCT FROM b.{name(each)}" for each in _CONTENT)
        kind = f"CASE WHEN a.id IS NULL THEN 'added' WHEN b.id IS NULL THEN 'removed' WHEN NOT ({place}) THEN 'moved'"
        views = [sql("(SELECT * FROM", _VERSION, where, ")") for where in (first, second)]
        joined = sql("FROM", views[0], "a FULL JOIN", views[1], "b USING (id)")
        differing = f"WHERE a.id IS NULL OR b.id IS NULL OR NOT ({rest}) ORDER BY 1"
        chosen = sql("SELECT coalesce(a.id, b.id) AS id,", kind, "ELSE 'changed' END AS change")
        statement = sql(chosen, joined, differing)
        return self._asked(statement, [*values, *more])

    @property
    def last_change(self) -> int:
        """The number of the last change, 0 while there is none."""
        if self._last is None:
            with self._session() as session:
                self._last = _one(session, _LAST_NUMBER)
        return self._last

    def changes(self, *, after: int = 0, limit: int = 1000) -> list[ObjectChange]:
        """Return up to ``limit`` changes with numbers past ``after``, in order."""
        query = sql("SELECT * FROM", _CHANGE, "WHERE number > ? ORDER BY number LIMIT ?")
        with self._session() as session:
            rows = session.execute(query, [after, limit]).fetchall()
        return [ObjectChange(row[0], from_micros(row[1]), *row[2:]) for row in rows]

    def _asked(self, statement: str, values: Sequence[Any]) -> pa.Table:
        with self._session() as session:
            return session.execute(statement, list(values)).to_arrow_table()

    @contextmanager
    def _session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._engine.session(OBJECTS) as session:
            with self.lock:
                if not self._made:
                    for statement in _TABLES:
                        session.execute(statement)
                    self._made = True
            yield session

    @contextmanager
    def _changing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.lock, self._session() as session:
            session.execute("BEGIN")
            yield session
            session.execute("COMMIT")
            self._last = None

    def _moment(self, session: duckdb.DuckDBPyConnection) -> int:
        """Return the present, but past every change before it: a clock that steps back does not turn their order."""
        last = _one(session, sql("SELECT coalesce(max(recorded), 0) FROM", _CHANGE))
        return max(to_micros(self._clock.now()), last + 1)


def _one(session: duckdb.DuckDBPyConnection, statement: str, values: Sequence[Any] = ()) -> int:
    row = session.execute(statement, list(values)).fetchone()
    return int(row[0]) if row else 0


def _check(given: pa.Table) -> None:
    counts = given["id"].value_counts()
    twice = counts.filter(pc.greater(counts.field("counts"), 1)) if len(counts) < len(given) else ()
    for each in twice:
        what = f"{each['values'].as_py()[:80]!r} stands there twice."
        raise BadInput(what, mend="Give each object once in one change.")
    empty = given.filter(pc.greater_equal(given["valid_from"], given["valid_to"]))
    for each in empty["id"]:
        raise BadInput(f"The valid time of {each.as_py()[:80]!r} is empty.", mend="Let it end after it begins.")


def _close(session: duckdb.DuckDBPyConnection, moment: int) -> int:
    """Return how many versions hold no longer, as known from ``moment`` on; ``hit`` tells what they were."""
    session.execute(_FIND_HIT)
    return _one(session, _CLOSE, [moment])


def _noted(
    session: duckdb.DuckDBPyConnection, moment: int, subject: str, rows: int, replaced: int, unchanged: int
) -> ObjectChange:
    number = _one(session, _LAST_NUMBER) + 1
    if rows or replaced:
        values = [number, moment, subject, rows, replaced, unchanged]
        session.execute(sql("INSERT INTO", _CHANGE, "VALUES (?, ?, ?, ?, ?, ?)"), values)
    return ObjectChange(number, from_micros(moment), subject, rows, replaced, unchanged)


def _where(query: ObjectQuery) -> tuple[str, list[Any]]:
    """Return the condition on ``version`` and the values of its placeholders."""
    known = f"recorded_to = {FOREVER}" if query.recorded is None else "recorded_from <= ? AND recorded_to > ?"
    parts = ["valid_from <= ? AND valid_to > ?", known]
    values: list[Any] = [query.valid, query.valid]
    values += [] if query.recorded is None else [query.recorded, query.recorded]
    for column, among in (
        ("id", query.ids),
        ("parent", query.parents),
        ("model", query.models),
        ("class", query.classes),
        ("classification", query.classifications),
        ("cell", query.cells),
    ):
        if among is not None:
            parts.append(f"{name(column)} IN ({', '.join('?' * len(among)) or 'NULL'})")
            values += among
    if query.box is not None:
        parts.append("west <= ? AND east >= ? AND south <= ? AND north >= ?")
        values += [query.box.east, query.box.west, query.box.north, query.box.south]
    if query.text:
        parts.append("(contains(lower(name), lower(?)) OR contains(lower(id), lower(?)))")
        values += [query.text, query.text]
    if query.shaped:
        parts.append("len(geometry) > 0")
    if query.across_deg:
        parts.append(f"{_ACROSS} >= ?")
        values.append(query.across_deg)
    if query.after is not None:
        parts.append("id > ?")
        values.append(query.after)
    return "WHERE " + " AND ".join(parts), values
