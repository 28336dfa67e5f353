"""Queries: an analyst's SQL over exactly the datasets that the asker may query, run outside this process."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from lifang.app.asking import Decisions
from lifang.catalogue import IN_USE, Catalogue, Dataset, Search
from lifang.core import Denied, Settings
from lifang.guard import Action, Decision, Resource
from lifang.store import SQL_MAX_BYTES, QueryResult, Relation, Sandbox, Span

MAX_ROWS = 100_000
_WORDS = (re.compile("[A-Za-z0-9_-]+"), re.compile("[A-Za-z0-9_]+"))
_TOLD = 20  # tables named to who asks for one that is not there
_SQL_KEPT = 4000  # characters of a query in its ledger record


class Queries:
    """Runs SQL (DuckDB's dialect): each dataset the asker may query is a table under its id, at its newest release."""

    WORKERS: ClassVar[int] = 2  # queries at the same time: 1 GB of address space and a core each

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue, self._settings = catalogue, settings
        self._sandbox = Sandbox(workers=self.WORKERS, spares=1)

    def run(
        self, sql: str, *, asker: Decisions, limit: int = 1000, aliases: Mapping[str, str] = MappingProxyType({})
    ) -> QueryResult:
        """Return the answer as JSON text, cut off at ``limit`` rows; ``BadInput`` for refused SQL.

        ``aliases`` are other names of tables, with the dataset of each: what holds for that holds for them.

        The ledger is told, before the answer is given, of the tables that the statement reads and that are not open;
        and of one that it named and that the asker may not query, which for them is not there.
        """
        asker.decide(Action.QUERY, Resource("dataset"))
        words = _names(sql)
        meant = {alias: dataset for alias, dataset in aliases.items() if alias in words}
        named = self._catalogue.several(sorted((words - meant.keys()) | set(meant.values())))
        datasets = [each for each in named if each.state in IN_USE and each.releases()]
        decided = {each.id: asker.decide(Action.QUERY, self._resource(each)) for each in datasets}
        found_rows = {each.id: rows for each in datasets if (rows := _rows(each, decided[each.id])) is not None}
        offered = {each.id: each for each in datasets if each.id in found_rows}
        by_name = {**{name: name for name in words if name not in meant}, **meant}
        tables = {name: found_rows[dataset] for name, dataset in by_name.items() if dataset in found_rows}

        def tell(read: Collection[str], lacking: str) -> None:
            told = {"sql": sql[:_SQL_KEPT]}
            asker.seen(*(self._resource(offered[name]) for name in read), action="query", detail=told)
            for each in datasets:
                if each.id == meant.get(lacking, lacking) and each.id not in offered:
                    asker.denied(Action.QUERY, self._resource(each), detail=told)

        used: list[str] = []

        def record(read: Collection[str], lacking: str) -> None:
            used.extend(sorted({by_name[name] for name in read}))
            tell(used, lacking)

        found = self._sandbox.run(
            sql,
            {name: rows.path for name, rows in tables.items()},
            timeout_s=self._settings.query_timeout_s,
            max_rows=min(limit, MAX_ROWS),
            time_zone=self._settings.time_zone,
            known=self._known(asker),
            reads=record,
        )
        for name in used:
            agreement = decided[name].agreement
            taken = len(found.rows), len(found.json)
            self._catalogue.meter.count(name, asker.subject, "query", *taken, agreement=agreement)
        return found

    def close(self) -> None:
        """Stop the waiting child processes."""
        self._sandbox.close()

    def _known(self, asker: Decisions) -> list[str]:
        """Return some of the tables that the asker may query, to be told to who names one that is not there."""
        having_rows = Search(sort="key", also=[Span("first", low=0)])
        found = self._catalogue.readable(having_rows, subject=asker.subject, purpose=asker.purpose, action=Action.QUERY)
        return found.found(limit=_TOLD).ids

    def _resource(self, dataset: Dataset) -> Resource:
        """Return the dataset as the guard knows it, by the stricter of its card and its newest release."""
        return replace(dataset.release_resource(dataset.release()), kind="dataset", id=dataset.id)


def _names(sql: str) -> set[str]:
    """Return every name of a dataset that may stand in a query, bare or between quotes, and other words of it."""
    return {word.lower() for pattern in _WORDS for word in pattern.findall(sql[:SQL_MAX_BYTES])}


def _rows(dataset: Dataset, decision: Decision) -> Relation | None:
    """Return the rows of the newest release, as far as the decision reaches: all, the agreed part, or none."""
    if not decision.allowed:
        return None
    try:
        return dataset.rows_of(dataset.as_decided(dataset.release(), decision))
    except Denied:
        return None
