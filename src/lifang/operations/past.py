"""Alerts as they were: what was known of an alert at a moment in the city, from the steps of its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from lifang.core import parse_instant
from lifang.operations.model import Alert, AlertStep


def as_of(alert: Alert, moment: datetime) -> Alert | None:
    """Return the alert as it was at ``moment`` in the city; ``None`` if it was not there yet.

    ``value`` and the words are those of its last change by then; the highest value so far (``peak``) was not kept.
    """
    past = [each for each in alert.history if each.moment <= moment]
    if not past:
        return None
    then = replace(
        alert,
        state="pending",
        fired=None,
        cleared=None,
        acknowledged=None,
        acknowledged_by=None,
        closed=None,
        closed_by=None,
        facts={name: fact for name, fact in alert.facts.items() if name != "peak"},
        notes=tuple(each for each in alert.notes if each.at and parse_instant(each.at) <= moment),
        history=tuple(past),
    )
    for each in past:
        then = _after(then, each)
    return then


def _after(alert: Alert, step: AlertStep) -> Alert:
    told = replace(alert, severity=step.severity, value=step.value, zh=step.zh, en=step.en)
    change = _CHANGES.get(step.change)
    return change(told, step) if change else told


_CHANGES: dict[str, Callable[[Alert, AlertStep], Alert]] = {
    "fired": lambda alert, step: replace(alert, state="firing", fired=step.moment),
    "raised": lambda alert, _: replace(alert, acknowledged=None, acknowledged_by=None),
    "cleared": lambda alert, step: replace(alert, state="cleared", cleared=step.moment),
    "acknowledged": lambda alert, step: replace(alert, acknowledged=step.recorded, acknowledged_by=step.by),
    "closed": lambda alert, step: replace(alert, state="closed", closed=step.recorded, closed_by=step.by),
}
