"""Late datasets: those whose update cycle is over, by the city's calendar, without a new release.

Levels are lifang's defaults; ``SceneContext.rules`` replaces them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lifang.catalogue import Dataset
from lifang.core import format_instant
from lifang.guard import Classification
from lifang.operations import Alert, AlertChange, AlertRule, Level, Severity
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec

_DAY_S = 86_400.0
_MOST = 200  # alerts opened in one run
_SHOWN = 100
_PUNCTUAL = -1.0

spec = SceneSpec(
    id="late_datasets",
    zh="数据更新超期",
    en="Late datasets",
    reads=(),
    writes=("alert:dataset_late",),
    units={"late": "d"},
    citation="更新周期: GB/T 21063.3-2007. Levels: lifang's defaults.",
    citation_zh="更新周期：GB/T 21063.3-2007。级别：里坊的默认值。",
    period=timedelta(hours=1),
)

LATE = AlertRule(
    "dataset_late", spec.id, "数据更新超期", "Dataset late", "d",
    (Level(Severity.BLUE, 0, 0), Level(Severity.YELLOW, 7, 7), Level(Severity.ORANGE, 30, 30)),
    stale_after=timedelta(days=2), citation="lifang's defaults",
)  # fmt: skip
RULES = (LATE,)


@dataclass(frozen=True)
class _Late:
    """A dataset that is late: by how many days, and since when."""

    dataset: Dataset
    days: float
    due: datetime


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return the open datasets that are late now, the latest first."""
    late = [each for each in _late(context) if each.dataset.card.classification is Classification.OPEN]
    late.sort(key=lambda each: -each.days)
    return {"moment": format_instant(at), "count": len(late), "datasets": [_shown(each) for each in late[:_SHOWN]]}


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown; an alert fires for each dataset that is late, and clears with its next release.

    What lies in the past is left alone: a dataset is late now, or not.
    """
    now = (context.now or context.clock.now)()
    if now - moment > 2 * spec.period:
        return SceneResult(moment, view(context, moment))
    rule = context.rules.get(LATE.id, LATE)
    late = sorted(_late(context), key=lambda each: -each.days)[:_MOST]
    changes: list[AlertChange] = []
    for each in late:
        changes += context.alerts.evaluate(
            rule,
            f"dataset:{each.dataset.id}",
            moment,
            each.days,
            text=partial(_worded, each),
            detail={"due": format_instant(each.due), "update_cycle": each.dataset.card.update_cycle},
            classification=each.dataset.card.classification,
        )
    there = {f"dataset:{each.dataset.id}" for each in late}
    for alert in context.alerts.running(spec.id):
        if alert.resource not in there:
            changes += context.alerts.evaluate(
                rule, alert.resource, moment, _PUNCTUAL, text=partial(_as_before, alert),
                classification=alert.classification,
            )  # fmt: skip
    return SceneResult(moment, view(context, moment), (), changes)


def _late(context: SceneContext) -> Iterator[_Late]:
    now = context.clock.now()  # releases are recorded by the clock, also where the city replays
    for dataset in context.catalogue.datasets():
        due = dataset.due
        if due is not None and due < now:
            yield _Late(dataset, (now - due).total_seconds() / _DAY_S, due)


def _shown(late: _Late) -> dict[str, Any]:
    name = late.dataset.card.name
    return {
        "dataset": late.dataset.id,
        "name": {"zh": name.zh, "en": name.en},
        "update_cycle": late.dataset.card.update_cycle,
        "due": format_instant(late.due),
        "days": round(late.days, 2),
    }


def _worded(late: _Late, severity: Severity, days: float | None) -> tuple[str, str]:
    name, days = late.dataset.card.name, late.days if days is None else days
    zh = f"数据集“{name.zh}”更新超期{days:.0f}天({severity.zh})"
    return zh, f"The dataset {name.en or late.dataset.id} is {days:.0f} days late ({severity.en})"


def _as_before(alert: Alert, _severity: Severity, _value: float | None) -> tuple[str, str]:
    return alert.zh, alert.en
