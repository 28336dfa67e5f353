"""Objects through time: written as versions, read by what holds when, known when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa

from lifang.store.lake.names import name, sql
from lifang.store.lake.nearness import NearName, called, likest, sieve
from lifang.store.lake.objects.changes import Changes
from lifang.store.lake.objects.filtering import property_path
from lifang.store.lake.objects.model import COLUMNS, CONTENT, FOREVER, ObjectChange, ObjectQuery
from lifang.store.lake.objects.nearby import near_together
from lifang.store.lake.objects.versions import Versions
from lifang.store.lake.objects.where import ACROSS, RANK, SOUGHT_MAX, VERSION, known_then, sought_objects, where_of

_LISTED = ", ".join(name(each) for each in COLUMNS.names)
_LAST_OF_EACH = "QUALIFY row_number() OVER (PARTITION BY id ORDER BY valid_from DESC) = 1"
_CONTENT = tuple(each for each, _ in CONTENT)
_SAME_PLACE, _SAME = (
    " AND ".join(f"a.{name(each)} IS NOT DISTINCT FROM b.{name(each)}" for each in columns)
    for columns in (("west", "south", "east", "north"), _CONTENT)
)
_DIFFERING = sql(
    "SELECT coalesce(a.id, b.id) AS id, CASE WHEN a.id IS NULL THEN 'added' WHEN b.id IS NULL THEN 'removed'",
    f"WHEN NOT ({_SAME_PLACE}) THEN 'moved' ELSE 'changed' END AS change FROM",
)
_WHERE_DIFFERING = f"WHERE a.id IS NULL OR b.id IS NULL OR NOT ({_SAME}) ORDER BY 1"
_STANDING = """count(*)::BIGINT AS count, bit_xor(hash(id, valid_from, recorded_from)) AS state,
       sum(list_sum(list_transform(geometry, lambda each: octet_length(each.wkb))))::BIGINT AS bytes,
       min(west) AS west, min(south) AS south, max(east) AS east, max(north) AS north,
       min(bottom_m) AS bottom_m, max(top_m) AS top_m"""

_PROPERTIES = """, picked AS (SELECT properties FROM shown USING SAMPLE reservoir(50000 ROWS) REPEATABLE (1)),
told AS (SELECT key AS name, value, json_type(value) AS kind, value ->> '$' AS text
         FROM picked, json_each(picked.properties::JSON) WHERE kind NOT IN ('OBJECT', 'ARRAY', 'NULL')),
commonest AS (SELECT name, list(text ORDER BY times DESC, text)[:12] AS values
              FROM (SELECT name, text, count(*) AS times FROM told GROUP BY name, text) GROUP BY name)
SELECT name, count(*)::BIGINT AS count,
       count(*) FILTER (kind IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT'))::BIGINT AS numbers,
       quantile_cont(TRY_CAST(text AS DOUBLE), [0, 0.2, 0.4, 0.6, 0.8, 1])
         FILTER (kind IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')) AS steps,
       any_value(values) AS values
FROM told JOIN commonest USING (name) GROUP BY name ORDER BY name"""


class Objects:
    """The objects of one city; safe to use from many threads, one change at a time."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._versions = Versions(changes, "version", COLUMNS, key=["id"], indexed=["id", "parent"])

    def record(
        self, rows: pa.Table, *, subject: str, whole: str | None = None, gone: Sequence[str] = (), at: int = 0
    ) -> ObjectChange:
        """Return the change by which each of ``rows`` (``COLUMNS``) holds from now on in its valid time; durable.

        With ``whole`` they are all there is of that model: what else of it holds ``at`` a moment ends then, in the same
        transaction; so do the objects ``gone``. ``BadInput`` if an object stands twice in ``rows`` or a valid time is
        empty.
        """
        ordered = rows.select(COLUMNS.names).take(near_together(rows))
        ends = ("model = ? OR id IN (SELECT unnest(?::VARCHAR[]))", [whole, list(gone)])
        return self._versions.record(ordered, subject=subject, gone=ends if whole or gone else None, at=at)

    def end(self, ids: Sequence[str], *, at: int, subject: str) -> ObjectChange:
        """Return the change by which ``ids`` no longer hold from the moment ``at`` in the city on, in microseconds."""
        return self._versions.end(pa.table({"id": pa.array(ids, pa.string())}), at=at, subject=subject)

    def revert(self, ids: Sequence[str], *, after: int, subject: str) -> ObjectChange:
        """Return the change by which objects are as was known ``after`` a moment of our knowledge, in microseconds.

        ``Conflict`` if more than one change followed.
        """
        return self._versions.revert(pa.table({"id": pa.array(ids, pa.string())}), after=after, subject=subject)

    def read(self, query: ObjectQuery, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the versions that meet ``query``, with the moment at which each was recorded.

        They are in the order of their ids; of names that are asked for, in the order of these and then of ids.
        """
        if query.largest is not None:  # mostly there are few enough, and to say which are larger costs more than them
            rows = self.read(replace(query, largest=None, limit=query.largest + 1), columns)
            if len(rows) <= query.largest:
                return rows
        return self._asked(*self.reading(query, columns))

    @staticmethod
    def reading(query: ObjectQuery, columns: Sequence[str] | None = None) -> tuple[str, list[Any]]:
        """Return the statement by which :meth:`read` reads, and the values of its placeholders."""
        chosen = ", ".join(name(each) for each in columns) if columns else f"{_LISTED}, recorded_from"
        source, values = sought_objects(query)
        if query.until is not None:
            source = sql(source, _LAST_OF_EACH)
        if query.largest is not None:
            source, values = sql("(FROM", source, "ORDER BY", ACROSS, "DESC LIMIT ?)"), [*values, query.largest]
        order, ranked = ("ORDER BY id", []) if query.named is None else (f"ORDER BY {RANK}, id", [list(query.named)])
        statement, values = sql("SELECT", chosen, "FROM", source, order), [*values, *ranked]
        if query.limit is not None:
            statement, values = sql(statement, "LIMIT ?"), [*values, query.limit]
        return statement, values

    def likest(self, query: ObjectQuery, text: str, limit: int = SOUGHT_MAX) -> list[NearName]:
        """Return up to ``limit`` names of what meets ``query`` that hold ``text`` or nearly so, the likest first."""
        source, values = sought_objects(query)
        return likest(self._asked(*sieve(source, values, ["name"], text))["name"].to_pylist(), text, limit)

    def called(self, query: ObjectQuery, text: str, limit: int) -> list[str]:
        """Return the ids of up to ``limit`` of what meets ``query`` and is called ``text`` nearly, the likest first.

        Then those of up to ``limit`` whose name or id holds it as it is written, by id.
        """
        source, values = sought_objects(query)
        *near, held = self._asked(*called(source, values, text, limit)).to_pylist()
        ids = {each["name"]: each["ids"] for each in near}
        liked = (own for each in likest([*ids], text, SOUGHT_MAX) for own in ids[each.name])
        return list(dict.fromkeys([*islice(liked, limit), *(held["ids"] or ())]))

    def count(self, query: ObjectQuery, by: str | None = None) -> pa.Table:
        """Return ``count`` of the versions that meet ``query``, with the newest ``recorded``; one row a ``by``."""
        where, values = where_of(query)
        key, group = (f"{name(by)}, ", f"GROUP BY {name(by)} ORDER BY {name(by)}") if by else ("", "")
        each = "*" if query.until is None else "DISTINCT id"
        figures = f"count({each})::BIGINT AS count, max(recorded_from) AS recorded"
        return self._asked(sql("SELECT", f"{key}{figures}", "FROM", VERSION, where, group), values)

    def cells(self, query: ObjectQuery) -> pa.Table:
        """Return a row for each cell in which something meets ``query``, by cell.

        ``state`` names the versions there, ``count`` of them, ``bytes`` are those of their shapes; ``west``, ``south``,
        ``east``, ``north`` in degrees, ``bottom_m`` and ``top_m`` are about all of them.
        """
        where, values = where_of(query)
        return self._asked(
            sql("SELECT cell,", _STANDING, "FROM", VERSION, where, "GROUP BY cell ORDER BY cell"), values
        )

    def statistics(self, query: ObjectQuery, by: str, *, is_property: bool = False) -> pa.Table:
        """Return ``group, count, least_m, mean_m, greatest_m`` (heights) of what meets ``query``, by a column.

        Or by a property: the 1,000 commonest values as texts, the commonest first; what has it not has an empty one.
        """
        where, values = where_of(query)
        tall = "min(top_m - bottom_m) AS least_m, avg(top_m - bottom_m) AS mean_m, max(top_m - bottom_m) AS greatest_m"
        group = "coalesce(json_extract_string(properties, ?), '')" if is_property else f"{name(by)}::VARCHAR"
        chosen = sql("SELECT", group, "AS", name("group"), ", count(*)::BIGINT AS count,", tall, "FROM", VERSION, where)
        if is_property:
            path = property_path(by, where="property")
            return self._asked(sql(chosen, "GROUP BY 1 ORDER BY count DESC, 1 LIMIT 1000"), [path, *values])
        return self._asked(sql(chosen, "GROUP BY 1 ORDER BY 1"), values)

    def properties(self, query: ObjectQuery) -> pa.Table:
        """Return ``name``, ``count``, ``numbers``, ``steps`` and ``values`` of each property, by name.

        ``numbers`` of the ``count`` values are numbers, ``steps`` their quintiles from least to greatest; ``values``
        are the commonest twelve as texts, of those as common the first. Counted in a sample of up to 50,000 objects.
        """
        where, values = where_of(query)
        return self._asked(sql("WITH shown AS (SELECT properties FROM", VERSION, where, ")", _PROPERTIES), values)

    def moments(self, classifications: Sequence[str]) -> pa.Table:
        """Return ``moment``, in microseconds, and how many versions begin then, of those known now; the first 1,000."""
        among = ", ".join("?" * len(classifications)) or "NULL"
        where = sql("WHERE recorded_to =", str(FOREVER), f"AND classification IN ({among}) GROUP BY 1 ORDER BY 1")
        chosen = sql("SELECT valid_from AS moment, count(*)::BIGINT AS begins FROM", VERSION, where, "LIMIT 1000")
        return self._asked(chosen, list(classifications))

    def recorded_after(self, recorded: int) -> tuple[int | None, int]:
        """Return the earliest valid time of the versions recorded after a moment, and when the last of them was.

        All in microseconds UTC; of those known now.
        """
        chosen = sql("SELECT min(valid_from), max(recorded_from) FROM", VERSION)
        with self._changes.session() as session:
            row = session.execute(sql(chosen, "WHERE recorded_from > ? AND recorded_to =", str(FOREVER)), [recorded])
            first, last = row.fetchone() or (None, None)
        return first, int(last or recorded)

    def extent(self, query: ObjectQuery) -> tuple[float, ...] | None:
        """Return west, south, east, north in degrees, bottom and top in metres; ``None`` if nothing meets it."""
        where, values = where_of(query)
        chosen = "min(west), min(south), max(east), max(north), min(bottom_m), max(top_m)"
        with self._changes.session(where) as session:
            row = session.execute(sql("SELECT", chosen, "FROM", VERSION, where), values).fetchone()
        return None if row is None or row[0] is None else tuple(map(float, row))

    def steady(self, query: ObjectQuery) -> tuple[int, int]:
        """Return the span ``[since, until)`` about the moment of ``query`` in which nothing begins or ends to hold.

        Both are moments in the city, in microseconds UTC.
        """
        known, moments = known_then(query)
        edges = sql("(SELECT unnest([valid_from, valid_to]) AS edge FROM", VERSION, "WHERE", known, ")")
        chosen = f"coalesce(max(edge) FILTER (edge <= ?), 0), coalesce(min(edge) FILTER (edge > ?), {FOREVER})"
        values = [query.valid, query.valid, *moments]
        with self._changes.session() as session:
            row = session.execute(sql("SELECT", chosen, "FROM", edges), values).fetchone()
        return (0, FOREVER) if row is None else (int(row[0]), int(row[1]))

    def telling(self, text: str) -> str:
        """Return the model of some version whose shapes' details hold ``text``, or ``""``; all are scanned."""
        told = "list_contains(list_transform(geometry, lambda each: contains(coalesce(each.detail, ''), ?)), true)"
        found = self._asked(sql("SELECT model FROM", VERSION, "WHERE", told, "LIMIT 1"), [text])["model"].to_pylist()
        return str(found[0]) if found else ""

    def versions_of(self, model: str) -> pa.Table:
        """Return ``id, classification`` of each version of a model's objects that is known now."""
        known = sql("WHERE recorded_to =", str(FOREVER), "AND model = ?")
        return self._asked(sql("SELECT id, classification FROM", VERSION, known), [model])

    def history(self, object_id: str, classes: Sequence[str] | None = None) -> pa.Table:
        """Return every version of an object (of some classifications), by when recorded, then by valid time.

        Also those known to be wrong now. What is of another classification is not read: it takes no time.
        """
        chosen = f"{_LISTED}, recorded_from, recorded_to"
        among = "" if classes is None else f"AND classification IN ({', '.join('?' * len(classes)) or 'NULL'})"
        order = "ORDER BY recorded_from, valid_from"
        return self._asked(
            sql("SELECT", chosen, "FROM", VERSION, "WHERE id = ?", among, order), [object_id, *(classes or ())]
        )

    def difference(self, before: ObjectQuery, after: ObjectQuery) -> pa.Table:
        """Return ``id, change``: what was ``added``, ``removed``, ``moved`` or else ``changed`` between two views.

        A version that is in both views is the same in both: only the others are joined and compared.
        """
        (first, values), (second, more) = where_of(before), where_of(after)
        views = [
            sql("(SELECT * FROM", VERSION, one, "AND (", other.removeprefix("WHERE "), ") IS NOT TRUE)")
            for one, other in ((first, second), (second, first))
        ]
        joined = sql(_DIFFERING, views[0], "a FULL JOIN", views[1], "b USING (id)", _WHERE_DIFFERING)
        return self._asked(joined, [*values, *more, *more, *values])

    @property
    def known(self) -> int:
        """The present of our knowledge, in microseconds UTC: the next change is recorded after it."""
        with self._changes.session() as session:
            return self._changes.moment(session) - 1

    @property
    def last_change(self) -> int:
        """The number of the last change, of links too, 0 while there is none."""
        return self._changes.last

    def _asked(self, statement: str, values: Sequence[Any]) -> pa.Table:
        return self._changes.asked(statement, values)
