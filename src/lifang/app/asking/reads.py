"""What a city offers to read: for a subject and a purpose, decided and recorded as at every other door."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from lifang.app.asking.asker import OWNER, Asker, Current, Page, Series
from lifang.app.asking.datasets import Listed, OpenDataset
from lifang.catalogue import Search
from lifang.guard import Subject
from lifang.sensing import Datastream
from lifang.store import QueryResult


class Reads(ABC):
    """The reading half of a city. Whoever can open its folder owns it: ``subject`` is the owner, if not told.

    Every method asks the guard, and leaves a record in the ledger where what it gives is not open; restricted data
    needs a ``purpose`` (``NeedsPurpose``). Options are those of the same method of :class:`lifang.app.Asker`, which
    reads alerts, indicators and scenes too: ``city.asker(subject, purpose).alerts()``.
    """

    @abstractmethod
    def asker(self, subject: Subject = OWNER, purpose: str = "") -> Asker:
        """Return who reads the city."""

    def dataset(self, dataset_id: str, *, subject: Subject = OWNER, purpose: str = "") -> OpenDataset:
        """Return one dataset with its releases and rows."""
        return self.asker(subject, purpose).dataset(dataset_id)

    def datasets(
        self, search: Search | None = None, *, subject: Subject = OWNER, purpose: str = "", **options: Any
    ) -> Page[Listed]:
        """Return the datasets that meet ``search`` and that ``subject`` may know of."""
        return self.asker(subject, purpose).datasets(search, **options)

    def query(self, sql: str, *, subject: Subject = OWNER, purpose: str = "", limit: int = 1000) -> QueryResult:
        """Return the answer to one SELECT over the datasets that ``subject`` may query."""
        return self.asker(subject, purpose).query(sql, limit=limit)

    def datastreams(self, *, subject: Subject = OWNER, purpose: str = "", **options: Any) -> Page[Datastream]:
        """Return datastreams, by number."""
        return self.asker(subject, purpose).datastreams(**options)

    def latest(self, *, subject: Subject = OWNER, purpose: str = "", **options: Any) -> Page[Current]:
        """Return datastreams with the latest value of each, now or at a moment in the city."""
        return self.asker(subject, purpose).latest(**options)

    def series(
        self,
        datastream: int | str,
        start: datetime,
        end: datetime,
        *,
        subject: Subject = OWNER,
        purpose: str = "",
        **options: Any,
    ) -> Series:
        """Return the values of a datastream in ``[start, end)``."""
        return self.asker(subject, purpose).series(datastream, start, end, **options)
