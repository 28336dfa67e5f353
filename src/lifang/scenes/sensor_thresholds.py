"""Sensor thresholds: every committed value is held against the thresholds that the city keeps; what passes them alerts.

Thresholds are data (``/api/v1/thresholds``), per observed property or datastream, with hysteresis, a time to hold and
up to four severities; see ``lifang.operations`` for the machine. An alert is as hidden as the datastream it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lifang.core import format_instant
from lifang.guard import Classification
from lifang.operations import Alert, Threshold, ThresholdWatch
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec
from lifang.sensing import Observations

spec = SceneSpec(
    id="sensor_thresholds",
    zh="传感器阈值预警",
    en="Sensor thresholds",
    reads=(),
    writes=("alert:threshold",),
    units={},
    citation="Colours: 突发事件应对法. Thresholds are the city's own; each names where it comes from.",
    citation_zh="颜色：《突发事件应对法》。阈值由城市自定，各条写明出处。",
    period=timedelta(hours=1),
    of_present=True,
)
_MOST = 200  # alerts shown


def watch(context: SceneContext, observations: Observations) -> None:
    """Hold committed observations against the thresholds."""
    keeper = _keeper(context)
    if keeper is not None:
        keeper.observe(observations)


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return the thresholds, and the alerts of theirs that fire and are open to everybody."""
    thresholds = context.thresholds.all() if context.thresholds else []
    firing = context.alerts.alerts(state="firing", classes=[Classification.OPEN], limit=_MOST)
    return {
        "moment": format_instant(at),
        "thresholds": [_shown(each) for each in thresholds],
        "firing": [_told(each) for each in firing if each.scene == spec.id],
    }


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown, with changed thresholds taken in: alerts of those that are gone clear."""
    keeper = _keeper(context)
    if keeper is not None:
        keeper.refresh()
    return SceneResult(moment, view(context, moment))


def _keeper(context: SceneContext) -> ThresholdWatch | None:
    """Return the one watch of the city, made when the first observation comes."""
    if context.thresholds is None:
        return None
    keeper: ThresholdWatch | None = context.memory.get("threshold_watch")
    if keeper is None:
        keeper = ThresholdWatch(
            context.thresholds, context.alerts, context.sensing, now=context.now or context.clock.now
        )
        context.memory["threshold_watch"] = keeper
    return keeper


def _shown(threshold: Threshold) -> Mapping[str, Any]:
    told = {name: value for name, value in vars(threshold).items() if name not in {"zh", "en", "levels"}}
    levels = [vars(each) for each in threshold.levels]
    return {**told, "name": {"zh": threshold.zh, "en": threshold.en}, "levels": levels}


def _told(alert: Alert) -> Mapping[str, Any]:
    told = alert.as_json()
    kept = ("id", "severity", "text", "resource", "fired", "value", "detail")
    return {name: told[name] for name in kept}
