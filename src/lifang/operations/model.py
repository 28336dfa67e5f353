"""What operations keep: alerts and their changes, indicators and their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lifang.core import check_slug, format_instant, parse_instant, unit
from lifang.guard import Classification
from lifang.operations.machine import State
from lifang.operations.severity import Severity

AlertState = Literal["pending", "firing", "cleared", "closed"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Note:
    """What a person wrote when acknowledging or closing: who (name), which act, and the words.

    ``moment`` is when it was recorded, ``at`` what time it was in the city (empty where that was not kept).
    """

    act: str
    by: str
    moment: str
    text: str
    at: str = ""


@dataclass(frozen=True)
class AlertStep:
    """One change in an alert's life, with what it said after it.

    ``change`` is one of the machine's, or ``acknowledged`` or ``closed`` by a person (``by``); ``moment`` is the city's
    time, ``recorded`` the clock's.
    """

    change: str
    moment: datetime
    recorded: datetime
    severity: Severity
    value: float | None
    zh: str = ""
    en: str = ""
    by: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the step as it is kept in the registry."""
        moments = {"moment": format_instant(self.moment), "recorded": format_instant(self.recorded)}
        return {**self.__dict__, **moments, "severity": self.severity.code}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AlertStep:
        """Return the step that :meth:`to_json` wrote."""
        moments = {name: parse_instant(data[name]) for name in ("moment", "recorded")}
        return cls(**{**data, **moments, "severity": Severity.of(data["severity"])})


@dataclass(frozen=True)
class Alert:
    """One alert from pending to closed. ``value`` is the latest, ``facts`` explain it, ``machine`` is its rule's state.

    ``opened``, ``fired`` and ``cleared`` are moments of the data; ``acknowledged`` and ``closed`` are when a person's
    act was recorded, ``acknowledged_at`` and ``closed_at`` what time it was in the city then. ``classification`` is the
    strictest of the data that the alert was ever raised from; ``history`` holds every change.
    """

    id: str
    scene: str
    rule: str
    resource: str
    severity: Severity
    state: AlertState
    opened: datetime
    value: float | None
    zh: str
    en: str
    machine: State
    fired: datetime | None = None
    cleared: datetime | None = None
    acknowledged: datetime | None = None
    acknowledged_by: str | None = None
    closed: datetime | None = None
    closed_by: str | None = None
    classification: Classification = Classification.RESTRICTED
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    history: tuple[AlertStep, ...] = ()

    @property
    def acknowledged_at(self) -> datetime | None:
        """What time it was in the city when the alert was acknowledged."""
        return self._moment_of("acknowledged") if self.acknowledged else None

    @property
    def closed_at(self) -> datetime | None:
        """What time it was in the city when a person closed the alert."""
        return self._moment_of("closed") if self.closed else None

    def _moment_of(self, change: str) -> datetime | None:
        return next((each.moment for each in reversed(self.history) if each.change == change), None)

    @property
    def running(self) -> bool:
        """Whether its rule still follows this alert: not yet cleared, even if a person closed it."""
        return self.machine.phase != "idle"

    def row(self, updated: datetime) -> Row:
        """Return the row of the registry's ``alert`` table."""
        inside = {"machine", "facts", "notes", "history"}
        kept = {name: value for name, value in self.__dict__.items() if name not in inside}
        detail = {
            "machine": self.machine.to_json(),
            "facts": dict(self.facts),
            "notes": [each.__dict__ for each in self.notes],
            "history": [each.to_json() for each in self.history],
        }
        graded = {"severity": self.severity.code, "classification": self.classification.value}
        return {**kept, **graded, "detail": detail, "updated": updated}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Alert:
        """Return the alert that :meth:`row` wrote."""
        inside = {"detail", "updated", "severity", "classification"}
        kept = {name: value for name, value in row.items() if name not in inside}
        detail = row["detail"]
        steps = tuple(AlertStep.from_json(each) for each in detail.get("history", ()))
        return cls(
            **kept,
            severity=Severity.of(row["severity"]),
            classification=Classification(row["classification"]),
            machine=State.from_json(detail["machine"]),
            facts=detail["facts"],
            notes=tuple(Note(**each) for each in detail["notes"]),
            history=steps or _remembered(row),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the alert as the doors show it; moments are ISO 8601."""

        def iso(moment: datetime | None) -> str | None:
            return format_instant(moment) if moment else None

        told = {"missing": self.machine.missing, "stale": self.machine.stale, "notes": [n.__dict__ for n in self.notes]}
        return {
            "id": self.id,
            "scene": self.scene,
            "rule": self.rule,
            "resource": self.resource,
            "severity": self.severity.code,
            "state": self.state,
            "text": {"zh": self.zh, "en": self.en},
            "opened": iso(self.opened),
            "fired": iso(self.fired),
            "cleared": iso(self.cleared),
            "acknowledged": iso(self.acknowledged),
            "acknowledged_at": iso(self.acknowledged_at),
            "acknowledged_by": self.acknowledged_by,
            "closed": iso(self.closed),
            "closed_at": iso(self.closed_at),
            "closed_by": self.closed_by,
            "value": self.value,
            "classification": self.classification.value,
            "detail": {**self.facts, **told},
        }


def _remembered(row: Mapping[str, Any]) -> tuple[AlertStep, ...]:
    """Return what can be told of the life of an alert whose steps were not kept yet: the moments of its data."""
    severity, value = Severity.of(row["severity"]), row["value"]
    moments = (("pending", row["opened"]), ("fired", row["fired"]), ("cleared", row["cleared"]))
    return tuple(
        AlertStep(change, moment, row["updated"], severity, value, row["zh"], row["en"])
        for change, moment in moments
        if moment is not None
    )


@dataclass(frozen=True)
class AlertChange:
    """What happened to an alert at a moment in the city: the machine's changes, ``acknowledged`` or ``closed``."""

    kind: str
    alert: Alert
    moment: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the change and the alert after it."""
        return {"change": self.kind, "moment": format_instant(self.moment), "alert": self.alert.as_json()}


@dataclass(frozen=True)
class IndicatorSpec:
    """A number the city lives by: its formula, unit (UCUM), sources, rule for missing data, standard.

    ``sources`` are lineage ids such as ``dataset:chengdu_air_2019``; ``classification`` is the strictest of the data
    that it is computed from: restricted until somebody says it.
    """

    id: str
    zh: str
    en: str
    unit: str
    formula_zh: str
    formula_en: str
    missing_zh: str
    missing_en: str
    sources: tuple[str, ...] = ()
    standard: str = ""
    classification: Classification = Classification.RESTRICTED

    def __post_init__(self) -> None:
        check_slug(self.id, what="indicator id")
        unit(self.unit)

    def as_json(self) -> dict[str, Any]:
        """Return the spec as the doors show it."""
        return {
            "id": self.id,
            "name": {"zh": self.zh, "en": self.en},
            "unit": self.unit,
            "formula": {"zh": self.formula_zh, "en": self.formula_en},
            "missing": {"zh": self.missing_zh, "en": self.missing_en},
            "sources": list(self.sources),
            "standard": self.standard,
            "classification": self.classification.value,
        }


@dataclass(frozen=True)
class IndicatorValue:
    """An indicator at a moment; ``None`` says that its rule for missing data forbids a number. ``quality`` says why."""

    indicator: str
    moment: datetime
    value: float | None
    quality: str
    sources: tuple[str, ...]
    recorded: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the value as the doors show it."""
        return {
            "id": self.indicator,
            "moment": format_instant(self.moment),
            "value": self.value,
            "quality": self.quality,
            "sources": list(self.sources),
        }
