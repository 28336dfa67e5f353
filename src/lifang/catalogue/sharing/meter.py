"""The meter: what was taken of which dataset, by whom, under which agreement: rows, bytes and when, by day."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lifang.core import Clock
from lifang.guard import Subject
from lifang.store import Row, Store

_HELD = timedelta(seconds=5)  # counts are at most that long in memory only
_HELD_MOST = 500
_KEY = ("day", "dataset", "subject", "organisation", "agreement", "action")


@dataclass(frozen=True)
class Usage:
    """What one subject took of one dataset on a day (UTC); ``bytes`` as columns in memory, before they are written."""

    day: str
    dataset: str
    subject: str
    organisation: str
    agreement: str
    action: str
    requests: int
    rows: int
    bytes: int
    last: datetime

    @property
    def id(self) -> str:
        """What tells one from another."""
        return "|".join(str(getattr(self, name)) for name in _KEY)

    @classmethod
    def from_row(cls, row: Row) -> Usage:
        """Return the usage of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class DayOfUse:
    """What was taken of a dataset on a day (UTC) by all together: how often it was read, downloaded and queried."""

    day: str
    reads: int = 0
    downloads: int = 0
    queries: int = 0
    rows: int = 0
    bytes: int = 0

    def with_more(self, usage: Usage) -> DayOfUse:
        """Return the day with one subject's taking added."""
        kind = {"export": "downloads", "query": "queries"}.get(usage.action, "reads")
        counted = {kind: getattr(self, kind) + usage.requests}
        return replace(self, rows=self.rows + usage.rows, bytes=self.bytes + usage.bytes, **counted)


class Meter:
    """Counts what is taken; written to the registry every few seconds, when asked for, and at the end."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, Usage] = {}
        self._since = clock.now()

    def count(self, dataset: str, subject: Subject, action: str, rows: int, size: int, *, agreement: str = "") -> None:
        """Count one taking of ``rows`` and ``size`` bytes."""
        now = self._clock.now()
        day = now.date().isoformat()
        fresh = Usage(day, dataset, subject.id, subject.organisation, agreement, action, 1, rows, size, now)
        with self._lock:
            self._held[fresh.id] = _sum(self._held.get(fresh.id), fresh)
            due = now - self._since >= _HELD or len(self._held) >= _HELD_MOST
        if due:
            self.flush()

    def flush(self) -> None:
        """Write down what was counted since the last time."""
        with self._lock:
            held, self._held, self._since = self._held, {}, self._clock.now()
            if not held:
                return
            with self._store.registry.transaction() as transaction:
                for key, fresh in held.items():
                    row = transaction.get("usage", key)
                    whole = _sum(Usage.from_row(row) if row else None, fresh)
                    if row:
                        transaction.update("usage", key, vars(whole))
                    else:
                        transaction.insert("usage", {"id": key, **vars(whole)})

    def find(
        self,
        *,
        dataset: str | None = None,
        subject: str | None = None,
        agreement: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> Iterator[Usage]:
        """Yield what was taken past ``after`` (a day and an id), the newest days first."""
        self.flush()
        wanted = {"dataset": dataset, "subject": subject, "agreement": agreement}
        where = {name: value for name, value in wanted.items() if value is not None}
        for row in self._store.registry.find(
            "usage", where=where, order="day", descending=True, after=after, limit=limit
        ):
            yield Usage.from_row(row)

    def by_day(self, dataset: str, days: int) -> list[DayOfUse]:
        """Return the days of the last ``days`` on which something was taken of a dataset, the newest first."""
        first = (self._clock.now() - timedelta(days=days - 1)).date().isoformat()
        found: dict[str, DayOfUse] = {}
        for usage in self.find(dataset=dataset):
            if usage.day < first:
                break
            found[usage.day] = found.get(usage.day, DayOfUse(usage.day)).with_more(usage)
        return list(found.values())


def _sum(known: Usage | None, fresh: Usage) -> Usage:
    if known is None:
        return fresh
    return replace(
        fresh,
        requests=known.requests + fresh.requests,
        rows=known.rows + fresh.rows,
        bytes=known.bytes + fresh.bytes,
        last=max(known.last, fresh.last),
    )
