"""What operations keep: alerts and their changes, indicators and their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lifang.core import check_slug, format_instant, unit
from lifang.operations.machine import State
from lifang.operations.severity import Severity

AlertState = Literal["pending", "firing", "cleared", "closed"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Note:
    """What a person wrote when acknowledging or closing: who (name), when, which act, and the words."""

    act: str
    by: str
    moment: str
    text: str


@dataclass(frozen=True)
class Alert:
    """One alert from pending to closed. ``value`` is the latest, ``facts`` explain it, ``machine`` is its rule's state.

    ``opened``, ``fired`` and ``cleared`` are moments of the data; ``acknowledged`` and ``closed`` those of the clock.
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
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def running(self) -> bool:
        """Whether its rule still follows this alert: not yet cleared, even if a person closed it."""
        return self.machine.phase != "idle"

    def row(self, updated: datetime) -> Row:
        """Return the row of the registry's ``alert`` table."""
        kept = {name: value for name, value in self.__dict__.items() if name not in {"machine", "facts", "notes"}}
        notes = [each.__dict__ for each in self.notes]
        detail = {"machine": self.machine.to_json(), "facts": dict(self.facts), "notes": notes}
        return {**kept, "severity": self.severity.code, "detail": detail, "updated": updated}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Alert:
        """Return the alert that :meth:`row` wrote."""
        kept = {name: value for name, value in row.items() if name not in {"detail", "updated", "severity"}}
        detail = row["detail"]
        return cls(
            **kept,
            severity=Severity.of(row["severity"]),
            machine=State.from_json(detail["machine"]),
            facts=detail["facts"],
            notes=tuple(Note(**each) for each in detail["notes"]),
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
            "acknowledged_by": self.acknowledged_by,
            "closed": iso(self.closed),
            "closed_by": self.closed_by,
            "value": self.value,
            "detail": {**self.facts, **told},
        }


@dataclass(frozen=True)
class AlertChange:
    """What happened to an alert: the machine's changes, and ``acknowledged`` and ``closed`` by a person."""

    kind: str
    alert: Alert
    moment: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the change and the alert after it."""
        return {"change": self.kind, "moment": format_instant(self.moment), "alert": self.alert.as_json()}


@dataclass(frozen=True)
class IndicatorSpec:
    """A number the city lives by: its formula, unit (UCUM), sources, rule for missing data, standard.

    ``sources`` are lineage ids such as ``dataset:chengdu_air_2019``.
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
