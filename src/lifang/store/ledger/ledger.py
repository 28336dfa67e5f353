"""The chain of records in the registry's file: appended, read, verified, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from lifang.core import Clock
from lifang.store.ledger.model import GENESIS, Entry, Record, Verdict, seal
from lifang.store.registry.database import Database
from lifang.store.registry.tables import ledger as table
from lifang.store.registry.types import json_text

_PAGE = 1000


class Ledger:
    """The city's evidence: safe to use from many threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(self, entry: Entry) -> Record:
        """Return the record of ``entry``, durable."""
        with self._database.writing() as connection:
            return self.write(connection, entry)

    def write(self, connection: sa.Connection, entry: Entry) -> Record:
        """Return the record of ``entry``, written in ``connection``'s open transaction."""
        seq, previous = _head(connection)
        recorded = self._clock.now()
        detail = json_text(dict(entry.detail))
        entry = Entry(entry.subject, entry.action, entry.resource, entry.purpose, entry.outcome, json.loads(detail))
        record = Record(seq + 1, recorded, entry, previous, seal(seq + 1, recorded, entry, previous))
        connection.execute(
            sa.insert(table).values(
                seq=record.seq,
                recorded=recorded,
                subject=entry.subject,
                action=entry.action,
                resource=entry.resource,
                purpose=entry.purpose,
                outcome=entry.outcome,
                detail=detail,
                previous=previous,
                hash=record.hash,
            )
        )
        return record

    def records(self, *, after: int = 0, limit: int = 100, resource: str | None = None) -> list[Record]:
        """Return up to ``limit`` records past place ``after``, in order; of one ``resource`` if given."""
        query = sa.select(table).where(table.c.seq > after).order_by(table.c.seq).limit(max(0, limit))
        if resource is not None:
            query = query.where(table.c.resource == resource)
        with self._database.reading() as connection:
            return [_record(row) for row in connection.execute(query).mappings()]

    def newest(self, resource: str, *, action: str) -> Record | None:
        """Return the newest record of ``action`` on ``resource``, or ``None``."""
        query = sa.select(table).where(table.c.resource == resource, table.c.action == action)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(table.c.seq.desc()).limit(1)).mappings().first()
        return None if row is None else _record(row)

    def last(self, kind: str) -> Record | None:
        """Return the newest record of a resource of this ``kind`` (``kind:…``), or ``None``."""
        of_kind = sa.func.substr(table.c.resource, 1, len(kind) + 1) == f"{kind}:"  # read from the end, not by index
        query = sa.select(table).where(of_kind).order_by(table.c.seq.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _record(row)

    def mentioned(self, resources: Iterable[str]) -> set[str]:
        """Return those of ``resources`` (some thousands at most) that any record names."""
        query = sa.select(table.c.resource).where(table.c.resource.in_([*resources])).distinct()
        with self._database.reading() as connection:
            return {str(row[0]) for row in connection.execute(query)}

    def head(self) -> tuple[int, str]:
        """Return the last record's place and seal; 0 and zeros while there is none."""
        with self._database.reading() as connection:
            return _head(connection)

    def verify(self, expected_head: str | None = None) -> Verdict:
        """Return whether every record still has its place, link and seal.

        ``expected_head`` is a seal noted earlier, kept elsewhere: the chain must still contain it, which shows
        that nothing was cut off the end.
        """
        count, previous, seen = 0, GENESIS, expected_head in {None, GENESIS}
        for row in self._rows():
            reason = _flaw(row, count + 1, previous)
            if reason:
                return Verdict(False, count, previous, first_bad=int(row["seq"]), reason=reason)
            count, previous = count + 1, str(row["hash"])
            seen = seen or previous == expected_head
        if not seen:
            return Verdict(False, count, previous, first_bad=count + 1, reason="the expected head is not in the chain")
        return Verdict(True, count, previous)

    def _rows(self) -> Iterator[sa.RowMapping]:
        query = sa.select(table).order_by(table.c.seq).execution_options(yield_per=_PAGE)
        with self._database.reading() as connection:
            yield from connection.execute(query).mappings()


def _head(connection: sa.Connection) -> tuple[int, str]:
    query = sa.select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, GENESIS) if row is None else (int(row[0]), str(row[1]))


def _record(row: sa.RowMapping) -> Record:
    return Record(row["seq"], row["recorded"], _entry(row, json.loads(row["detail"])), row["previous"], row["hash"])


def _entry(row: sa.RowMapping, detail: Any) -> Entry:
    return Entry(row["subject"], row["action"], row["resource"], row["purpose"], row["outcome"], detail)


def _flaw(row: sa.RowMapping, seq: int, previous: str) -> str:
    if row["seq"] != seq:
        return f"record {seq} is missing"
    if row["previous"] != previous:
        return f"record {seq} is not linked to the one before"
    try:
        detail = json.loads(row["detail"])
        whole = isinstance(detail, dict) and json_text(detail) == row["detail"]
    except (ValueError, RecursionError):
        whole = False
    if not whole or seal(seq, row["recorded"], _entry(row, detail), previous) != row["hash"]:
        return f"record {seq} was changed after it was sealed"
    return ""
