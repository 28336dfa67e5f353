"""Overdue issues: what was found wrong with a dataset, assigned with a deadline, and not mended by it.

Levels are lifang's defaults; ``SceneContext.rules`` replaces them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lifang.catalogue import Dataset, Issue
from lifang.core import NotFound, format_instant
from lifang.guard import Classification
from lifang.operations import Alert, AlertChange, AlertRule, Level, Severity
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec

_DAY_S = 86_400.0
_MOST = 200  # issues looked at, and alerts opened, in one run
_SHOWN = 100
_SETTLED = -1.0

spec = SceneSpec(
    id="overdue_issues",
    zh="数据问题整改超期",
    en="Overdue issues",
    reads=(),
    writes=("alert:issue_overdue",),
    units={"overdue": "d"},
    citation="Deadlines are those given with each issue. Levels: lifang's defaults.",
    citation_zh="期限：以问题指派时确定的为准。级别：里坊的默认值。",
    period=timedelta(hours=1),
)

OVERDUE = AlertRule(
    "issue_overdue", spec.id, "数据问题整改超期", "Issue overdue", "d",
    (Level(Severity.BLUE, 0, 0), Level(Severity.YELLOW, 7, 7), Level(Severity.ORANGE, 30, 30)),
    stale_after=timedelta(days=2), citation="lifang's defaults",
)  # fmt: skip
RULES = (OVERDUE,)


@dataclass(frozen=True)
class _Overdue:
    """An issue that is overdue, with the dataset it is about and by how many days."""

    issue: Issue
    dataset: Dataset
    days: float


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return how many issues of open datasets are overdue now, and which, the longest overdue first."""
    found = [each for each in _overdue(context) if each.dataset.card.classification is Classification.OPEN]
    return {"moment": format_instant(at), "count": len(found), "issues": [_shown(each) for each in found[:_SHOWN]]}


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown; an alert fires for each issue that is overdue, and clears once it is mended or declined.

    What lies in the past is left alone: an issue is overdue now, or not.
    """
    now = (context.now or context.clock.now)()
    if now - moment > 2 * spec.period:
        return SceneResult(moment, view(context, moment))
    rule = context.rules.get(OVERDUE.id, OVERDUE)
    overdue = _overdue(context)
    changes: list[AlertChange] = []
    for each in overdue:
        changes += context.alerts.evaluate(
            rule,
            f"issue:{each.issue.id}",
            moment,
            each.days,
            text=partial(_worded, each),
            detail={"dataset": each.dataset.id, "due": _due(each)},
            classification=each.dataset.card.classification,
        )
    there = {f"issue:{each.issue.id}" for each in overdue}
    for alert in context.alerts.running(spec.id):
        if alert.resource not in there:
            changes += context.alerts.evaluate(
                rule, alert.resource, moment, _SETTLED, text=partial(_as_before, alert),
                classification=alert.classification,
            )  # fmt: skip
    return SceneResult(moment, view(context, moment), (), changes)


def _overdue(context: SceneContext) -> list[_Overdue]:
    now = context.clock.now()  # deadlines are set by the clock, also where the city replays
    return list(_with_datasets(context, context.catalogue.issues.overdue(now, limit=_MOST), now))


def _with_datasets(context: SceneContext, issues: list[Issue], now: datetime) -> Iterator[_Overdue]:
    for issue in issues:
        try:
            dataset = context.catalogue.dataset(issue.dataset)
        except NotFound:  # destroyed since
            continue
        if issue.due is not None:
            yield _Overdue(issue, dataset, (now - issue.due).total_seconds() / _DAY_S)


def _due(overdue: _Overdue) -> str | None:
    return format_instant(overdue.issue.due) if overdue.issue.due else None


def _shown(overdue: _Overdue) -> dict[str, Any]:
    name = overdue.dataset.card.name
    return {
        "issue": overdue.issue.id,
        "dataset": overdue.dataset.id,
        "name": {"zh": name.zh, "en": name.en},
        "due": _due(overdue),
        "days": round(overdue.days, 2),
    }


def _worded(overdue: _Overdue, severity: Severity, days: float | None) -> tuple[str, str]:
    name, days = overdue.dataset.card.name, overdue.days if days is None else days
    zh = f"数据集“{name.zh}”的问题整改超期{days:.0f}天({severity.zh})"
    return zh, f"An issue of the dataset {name.en or overdue.dataset.id} is {days:.0f} days overdue ({severity.en})"


def _as_before(alert: Alert, _severity: Severity, _value: float | None) -> tuple[str, str]:
    return alert.zh, alert.en
