"""What is late by days: an alert for each, until it is late no more. The scenes that watch deadlines share it.

Levels are lifang's defaults; ``SceneContext.rules`` replaces them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lifang.catalogue import Dataset
from lifang.core import format_instant
from lifang.guard import Classification
from lifang.operations import Alert, AlertChange, AlertRule, Level, Severity
from lifang.scenes.model import SceneContext, SceneResult

MOST = 200  # alerts opened in one run
PERIOD = timedelta(hours=1)
_DAY_S = 86_400.0
_SHOWN = 100
_NOT_LATE = -1.0


@dataclass(frozen=True)
class Late:
    """A dataset, or something of it named by ``resource``, that was due; ``told`` is shown beside."""

    resource: str
    dataset: Dataset
    due: datetime
    days: float
    told: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, now: datetime, resource: str, dataset: Dataset, due: datetime, **told: Any) -> Late:
        """Return what was ``due`` before ``now``."""
        return cls(resource, dataset, due, (now - due).total_seconds() / _DAY_S, told)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is shown."""
        name = self.dataset.card.name
        shown = {"dataset": self.dataset.id, "name": {"zh": name.zh, "en": name.en}, **self.told}
        return {**shown, "due": format_instant(self.due), "days": round(self.days, 2)}


@dataclass(frozen=True)
class Deadline:
    """How a scene warns of what is late: its rule, and its words with ``{name}`` and ``{days}``."""

    rule: AlertRule
    zh: str
    en: str

    def run(self, context: SceneContext, moment: datetime, late: Sequence[Late], view: dict[str, Any]) -> SceneResult:
        """Return ``view``; an alert fires for each of the latest, and clears for what is late no more.

        What lies in the past is left alone: something is late now, or not.
        """
        if (context.now or context.clock.now)() - moment > 2 * PERIOD:
            return SceneResult(moment, view)
        rule = context.rules.get(self.rule.id, self.rule)
        changes: list[AlertChange] = []
        latest = sorted(late, key=lambda each: -each.days)[:MOST]
        for each in latest:
            changes += context.alerts.evaluate(
                rule, each.resource, moment, each.days, text=partial(self._worded, each),
                detail={"dataset": each.dataset.id, "due": format_instant(each.due), **each.told},
                classification=each.dataset.card.classification,
            )  # fmt: skip
        there = {each.resource for each in latest}
        for alert in context.alerts.running(rule.scene):
            if alert.resource not in there:
                changes += context.alerts.evaluate(
                    rule, alert.resource, moment, _NOT_LATE, text=partial(_as_before, alert),
                    classification=alert.classification,
                )  # fmt: skip
        return SceneResult(moment, view, (), changes)

    def _worded(self, late: Late, severity: Severity, days: float | None) -> tuple[str, str]:
        name, days = late.dataset.card.name, late.days if days is None else days
        zh, en = self.zh.format(name=name.zh, days=days), self.en.format(name=name.en or late.dataset.id, days=days)
        return f"{zh}（{severity.zh}）", f"{en} ({severity.en})"


def late_rule(rule: str, scene: str, zh: str, en: str) -> AlertRule:
    """Return the rule that warns from the first day on, more after a week and after a month."""
    levels = (Level(Severity.BLUE, 0, 0), Level(Severity.YELLOW, 7, 7), Level(Severity.ORANGE, 30, 30))
    return AlertRule(rule, scene, zh, en, "d", levels, stale_after=timedelta(days=2), citation="lifang's defaults")


def open_view(late: Sequence[Late], at: datetime, name: str) -> dict[str, Any]:
    """Return how many of what is late concern open datasets, and which under ``name``, the latest first."""
    found = sorted((each for each in late if each.dataset.card.classification is Classification.OPEN),
                   key=lambda each: -each.days)  # fmt: skip
    return {"moment": format_instant(at), "count": len(found), name: [each.as_json() for each in found[:_SHOWN]]}


def _as_before(alert: Alert, _severity: Severity, _value: float | None) -> tuple[str, str]:
    return alert.zh, alert.en
