"""Runs of the standing checks: what a release scores now, kept with its history, and what falls short."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lifang.catalogue.dataset import Dataset
from lifang.catalogue.model import Release
from lifang.catalogue.punctuality import punctual_share
from lifang.catalogue.quality.scores import Facts, scores_of, thresholds_of
from lifang.core import Clock, NotFound, Settings, new_id
from lifang.standards import WorkingCalendar
from lifang.store import Relation, Row, Store

_EXAMPLES = 5


@dataclass(frozen=True)
class Check:
    """One dimension that was checked: its score, the least that passes, and what was counted."""

    dimension: str
    score: float | None
    least: float
    detail: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether the score is enough; what does not apply passes."""
        return self.score is None or self.score >= self.least


@dataclass(frozen=True)
class Run:
    """One run of the checks on one release."""

    id: str
    dataset: str
    release: int
    recorded: datetime
    checks: tuple[Check, ...]

    @property
    def scores(self) -> dict[str, float | None]:
        """The score of each dimension."""
        return {check.dimension: check.score for check in self.checks}

    @classmethod
    def from_row(cls, row: Row) -> Run:
        """Return the run of a registry row."""
        checks = tuple(Check(**each) for each in row["checks"] or ())
        return cls(row["id"], row["dataset"], row["release"], row["recorded"], checks)


class QualityRuns:
    """The standing checks of one city's datasets; ``find`` returns a dataset that is in use, or ``NotFound``."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Settings,
        calendar: WorkingCalendar,
        find: Callable[[str], Dataset],
    ) -> None:
        self._store, self._clock, self._find = store, clock, find
        self._calendar = calendar
        self.least = thresholds_of(settings.quality)

    def history(self, dataset: str, *, limit: int = 100) -> list[Run]:
        """Return the runs of a dataset, the newest first."""
        rows = self._store.registry.find("quality_run", where={"dataset": dataset}, descending=True, limit=limit)
        return [Run.from_row(row) for row in rows]

    def run(self, dataset: Dataset) -> Run:
        """Return what the newest release scores now, kept; ``NotFound`` while there is none."""
        release = dataset.release()
        now = self._clock.now()
        rows = dataset.rows(release.number)
        dangling = [self._reference(rows, name, target) for name, target in _references(dataset, release)]
        facts, detail = self._facts(dataset, release, rows, dangling, now)
        scores = scores_of(facts)
        checks = tuple(Check(name, score, self.least[name], detail.get(name, {})) for name, score in scores.items())
        run = Run(new_id("run", now), dataset.id, release.number, now, checks)
        told = [asdict(check) for check in checks]
        with self._store.registry.transaction() as tx:
            tx.insert("quality_run", {"id": run.id, "dataset": run.dataset, "release": run.release,
                                      "recorded": now, "checks": told})  # fmt: skip
        return run

    def _facts(
        self, dataset: Dataset, release: Release, rows: Relation, references: list[dict[str, Any]], now: datetime
    ) -> tuple[Facts, dict[str, dict[str, Any]]]:
        report = release.quality
        key = [name for name in dataset.card.key if any(column.name == name for column in rows.columns)]
        compared = key or [column.name for column in rows.columns if not column.name.startswith("_")]
        distinct = rows.count_distinct(compared)
        due = dataset.due
        facts = Facts(
            rows=release.rows,
            columns=len(report.columns),
            filled=sum(column.filled for column in report.columns),
            received=release.rows + release.refused,
            distinct=distinct,
            punctual=punctual_share(release.recorded, dataset.card.update_cycle, self._calendar, now),
            referring=sum(each["checked"] for each in references),
            dangling=sum(each["missing"] for each in references),
        )
        emptiest = sorted(report.columns, key=lambda column: column.complete)[:_EXAMPLES]
        detail: dict[str, dict[str, Any]] = {
            "completeness": {"emptiest": {column.name: column.complete for column in emptiest}},
            "validity": {"refused": release.refused},
            "uniqueness": {"key": key, "repeated": release.rows - distinct},
            "timeliness": {"due": due.isoformat() if due else None, "update_cycle": dataset.card.update_cycle},
            "consistency": {"references": references},
        }
        return facts, detail

    def _reference(self, rows: Relation, column: str, target: str) -> dict[str, Any]:
        """Return how many cells of a column name nothing in the ``dataset.column`` they refer to, with examples."""
        name, _, other = target.rpartition(".")
        told = {"column": column, "references": target}
        try:
            there = self._find(name).rows()
        except NotFound:
            return {**told, "checked": 0, "missing": 0, "note": "there is no such dataset in use"}
        if not any(each.name == other for each in there.columns):
            return {**told, "checked": 0, "missing": 0, "note": "it has no such column"}
        found = rows.dangling(column, there, other, examples=_EXAMPLES)
        return {**told, "checked": found.checked, "missing": found.missing, "examples": list(found.examples)}


def _references(dataset: Dataset, release: Release) -> list[tuple[str, str]]:
    released = {str(column["name"]) for column in release.columns}
    return [(each.name, each.references) for each in dataset.card.columns if each.references and each.name in released]
