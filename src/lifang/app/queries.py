"""Queries: an analyst's SQL over exactly the datasets that the asker may query, run outside this process."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from lifang.catalogue import Catalogue
from lifang.core import Settings
from lifang.guard import Action, Classification, Resource, Subject, decide
from lifang.store import Entry, QueryResult, Sandbox, Store

MAX_ROWS = 100_000


class Queries:
    """Runs SQL (DuckDB's dialect): each dataset the asker may query is a table under its id, at its newest release."""

    WORKERS: ClassVar[int] = 2  # queries at the same time: 1 GB of address space and a core each

    def __init__(self, store: Store, catalogue: Catalogue, settings: Settings) -> None:
        self._store, self._catalogue, self._settings = store, catalogue, settings
        self._sandbox = Sandbox(workers=self.WORKERS, spares=1)

    def run(self, sql: str, *, subject: Subject, limit: int = 1000, purpose: str = "") -> QueryResult:
        """Return the answer as JSON text, cut off at ``limit`` rows; ``BadInput`` for refused SQL."""
        tables, hidden = self._tables(subject, purpose)
        if hidden:
            entry = Entry(subject.id, "query", "datasets", purpose, detail={"sql": sql[:4000], "non_public": hidden})
            self._store.ledger.append(entry)
        return self._sandbox.run(
            sql,
            tables,
            timeout_s=self._settings.query_timeout_s,
            max_rows=min(limit, MAX_ROWS),
            time_zone=self._settings.time_zone,
        )

    def close(self) -> None:
        """Stop the waiting child processes."""
        self._sandbox.close()

    def _tables(self, subject: Subject, purpose: str) -> tuple[dict[str, Path], list[str]]:
        tables: dict[str, Path] = {}
        hidden: list[str] = []
        for dataset in self._catalogue.datasets(subject=subject):
            classification = Classification(dataset.card.classification)
            if not decide(subject, Action.QUERY, Resource("dataset", dataset.id, classification), purpose).allowed:
                continue
            tables[dataset.id] = dataset.rows().path
            if classification is not Classification.OPEN:
                hidden.append(dataset.id)
        return tables, hidden
