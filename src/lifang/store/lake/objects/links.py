"""Links of objects through time: from an object to what its target names, of one kind."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lifang.store.lake.engine import OBJECTS
from lifang.store.lake.names import name, sql
from lifang.store.lake.objects.changes import Changes
from lifang.store.lake.objects.model import LINK_COLUMNS, LinkQuery, ObjectChange
from lifang.store.lake.objects.versions import Versions
from lifang.store.lake.objects.where import links_where, sought

_LINK = f"{OBJECTS}.link"
_KEY = ("object", "kind", "target")
_ORDER = "object, kind, target"
_LISTED = ", ".join(name(each) for each in LINK_COLUMNS.names)

_STRANGERS = sql("SELECT id FROM asked ANTI JOIN", f"{OBJECTS}.version", "USING (id) ORDER BY id")


class Links:
    """The links of one city's objects; safe to use from many threads, one change at a time."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._versions = Versions(changes, "link", LINK_COLUMNS, key=_KEY, indexed=["object", "target"])

    def record(self, rows: pa.Table, *, subject: str, whole: str | None = None, at: int = 0) -> ObjectChange:
        """Return the change by which each of ``rows`` (``LINK_COLUMNS``) holds from now on in its valid time; durable.

        With ``whole`` they are all that this source tells: what else of it holds ``at`` a moment ends then.
        ``BadInput`` if a link stands twice in ``rows`` or a valid time is empty.
        """
        ordered = rows.select(LINK_COLUMNS.names).sort_by([(each, "ascending") for each in _KEY])
        gone = None if whole is None else ("source = ?", [whole])
        return self._versions.record(ordered, subject=subject, gone=gone, at=at)

    def end(self, links: pa.Table, *, at: int, subject: str) -> ObjectChange:
        """Return the change by which links (object, kind, target) no longer hold from a moment in the city on."""
        return self._versions.end(links, at=at, subject=subject)

    def read(self, query: LinkQuery) -> pa.Table:
        """Return the links that meet ``query``, by object, kind and target, with when each was recorded."""
        source, values = _sought(query)
        statement = sql("SELECT", _LISTED, ", recorded_from FROM", source, "ORDER BY", _ORDER)
        if query.limit is not None:
            statement, values = sql(statement, "LIMIT ?"), [*values, query.limit]
        return self._changes.asked(statement, values)

    def count(self, query: LinkQuery, by: str) -> pa.Table:
        """Return ``count`` of the links that meet ``query``, one row a value of the column ``by``, by value."""
        where, values = links_where(query)
        chosen = sql("SELECT", name(by), ", count(*)::BIGINT AS count FROM", _LINK, where)
        return self._changes.asked(sql(chosen, "GROUP BY 1 ORDER BY 1"), values)

    def strangers(self, ids: pa.Array) -> list[str]:
        """Return those of ``ids`` that no object ever had, in order."""
        with self._changes.session() as session:
            session.register("asked", pa.table({"id": ids.unique()}))
            rows = session.execute(_STRANGERS).fetchall()
        return [row[0] for row in rows]

    def history(self, object_id: str) -> pa.Table:
        """Return every version of every link of an object: by kind and target, when recorded, then by valid time."""
        chosen = f"{_LISTED}, recorded_from, recorded_to"
        order = "ORDER BY kind, target, recorded_from, valid_from"
        return self._changes.asked(sql("SELECT", chosen, "FROM", _LINK, "WHERE object = ?", order), [object_id])


def _sought(query: LinkQuery) -> tuple[str, list[Any]]:
    return sought(_LINK, query, links_where, {"objects": "object", "targets": "target"})
