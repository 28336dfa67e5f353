"""The records of the base databases as they are now or were at a moment: one by its key, its history, its links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lifang.catalogue import CHANGE, Catalogue, Dataset, Release
from lifang.core import BadInput, NotFound
from lifang.masterdata.consolidating import SEPARATOR, key_of
from lifang.masterdata.docket import Docket
from lifang.masterdata.model import LINKS, Link, dataset_of, kind_of
from lifang.store import Condition

_LINKED_MAX = 100  # of one link of one record
_WHOLE_MAX = 500  # of one question
HOPS_MAX = 3
Row = dict[str, Any]


@dataclass(frozen=True)
class LinkedRecord:
    """A record of ``kind`` that another leads to (``out``), or that leads to it, with what it is linked to itself."""

    link: Link
    out: bool
    kind: str
    record: Row
    links: list[LinkedRecord] = field(default_factory=list)


class Records:
    """Reads the records of one city's base databases."""

    def __init__(self, catalogue: Catalogue, docket: Docket, began: Callable[[str], datetime | None]) -> None:
        """``began`` tells when the last consolidation of a kind began: what was decided since is no release's yet."""
        self._catalogue, self._docket, self._began = catalogue, docket, began

    def record(self, kind: str, key: Sequence[str], *, at: datetime | None = None) -> Row:
        """Return the one record with this key, now or as it was recorded ``at`` a moment; ``NotFound`` if none was.

        A key that a person said is another record's gives that other one. What a person chose for it holds now, also
        where no release says it yet.
        """
        names = key_of(kind_of(kind))
        if len(key) != len(names):
            raise BadInput(f"The key of {kind} has {len(names)} parts.", where="key", mend=f"Give {', '.join(names)}.")
        found = self._one(kind, names, key, at)
        if found is None and len(key) == 1:
            kept = self._docket.merged(kind).get(key[0])
            found = self._one(kind, names, [kept], at) if kept else None
        if found is None:
            raise NotFound(f"There is no such {kind}.", where="/".join(key)[:200], mend="Check the key, or the moment.")
        return found if at else self._decided(kind, found)

    def _decided(self, kind: str, record: Row) -> Row:
        """Return a record with what was chosen for it and no release says yet."""
        key = SEPARATOR.join(str(record[name]) for name in key_of(kind_of(kind)))
        began = self._began(kind)
        chosen = self._docket.chosen(kind, key, began) if began else {}
        if not chosen:
            return record
        schema = pq.read_schema(self._catalogue.dataset(dataset_of(kind)).rows().path)
        for element, value in chosen.items():
            with suppress(pa.ArrowInvalid):  # what is no value of its type is no release's either
                record[element] = pa.array([value]).cast(schema.field(element).type)[0].as_py()
        return record

    def history(self, kind: str, key: Sequence[str]) -> list[tuple[datetime, Row]]:
        """Return every state of a record with when it was recorded, the newest first; empty where it had gone."""
        dataset, names = self._catalogue.dataset(dataset_of(kind)), key_of(kind_of(kind))
        where = [Condition(name, "=", value) for name, value in zip(names, key, strict=True)]
        states: list[tuple[datetime, Row]] = []
        found: Row | None = None
        for release in reversed(dataset.releases()):
            found = self._state_in(dataset, release, where, found)
            if (states[-1][1] if states else {}) != found:
                states.append((release.recorded, found))
        return states[::-1]

    def _state_in(self, dataset: Dataset, release: Release, where: Sequence[Condition], before: Row | None) -> Row:
        """Return a record as a release has it: what an amendment does not name stays as it was ``before``.

        An amendment is a small file; all of a release is read only where it came whole, or first.
        """
        if before is None or "amended" not in release.provenance:
            rows = dataset.rows(release.number).select(where=where).to_pylist()
            return dict(rows[0]) if rows else {}
        rows = dataset.changes(release.number).select(where=where).to_pylist()
        if not rows:
            return before
        return {} if rows[0].pop(CHANGE) == "delete" else dict(rows[0])

    def links(
        self,
        kind: str,
        key: Sequence[str],
        *,
        at: datetime | None = None,
        hops: int = 1,
        may: Callable[[str], bool] = lambda _kind: True,
    ) -> list[LinkedRecord]:
        """Return the records that a record leads to and those that lead to it, and theirs, up to ``hops`` away.

        Each record is told once, where it is nearest; records of a kind that ``may`` denies are absent, as is what lies
        behind them.
        """
        here = self.record(kind, key, at=at)
        found: list[LinkedRecord] = []
        seen = {(kind, *(str(here[name]) for name in key_of(kind_of(kind))))}
        edge = [(kind, here, found)]
        for _ in range(min(hops, HOPS_MAX)):
            following: list[tuple[str, Row, list[LinkedRecord]]] = []
            for of, record, into in edge:
                for each in self._around(of, record, at, may):
                    name = (each.kind, *(str(each.record[part]) for part in key_of(kind_of(each.kind))))
                    if name not in seen and len(seen) <= _WHOLE_MAX:
                        seen.add(name)
                        into.append(each)
                        following.append((each.kind, each.record, each.links))
            edge = following
        return found

    def _around(self, kind: str, record: Row, at: datetime | None, may: Callable[[str], bool]) -> list[LinkedRecord]:
        found = []
        for link in LINKS:
            for mine, out, other, theirs in (
                (link.kind, True, link.to, (link.element, link.by)),
                (link.to, False, link.kind, (link.by, link.element)),
            ):
                value = record.get(theirs[0])
                if mine == kind and value and may(other):
                    found += [
                        LinkedRecord(link, out, other, each) for each in self._having(other, theirs[1], value, at)
                    ]
        return found

    def _one(self, kind: str, names: Sequence[str], key: Sequence[str], at: datetime | None) -> Row | None:
        where = [Condition(name, "=", value) for name, value in zip(names, key, strict=True)]
        rows = self._catalogue.dataset(dataset_of(kind)).rows(at=at).select(where=where).to_pylist()
        return dict(rows[0]) if rows else None

    def _having(self, kind: str, element: str, value: Any, at: datetime | None) -> list[Row]:
        try:
            rows = self._catalogue.dataset(dataset_of(kind)).rows(at=at)
        except NotFound:
            return []
        if element not in {column.name for column in rows.columns}:
            return []
        where = [Condition(element, "=", value)]
        return [dict(row) for row in rows.select(where=where, limit=_LINKED_MAX).to_pylist()]
