"""What a scene is, what it is given, what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lifang.core import Clock, Settings, check_slug
from lifang.guard import Classification
from lifang.operations import AlertChange, AlertRule, Alerts, Indicators, Thresholds
from lifang.sensing import Sensing, network

if TYPE_CHECKING:
    from lifang.catalogue import Catalogue


@dataclass(frozen=True)
class SceneSpec:
    """A scene's card: what it reads and writes, in which units (UCUM), by which standards, how often it runs.

    ``of_present`` says that it tells of the present only, so that no missed period is made up for.
    """

    id: str
    zh: str
    en: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    units: Mapping[str, str]
    citation: str
    citation_zh: str
    period: timedelta
    of_present: bool = False

    def __post_init__(self) -> None:
        check_slug(self.id, what="scene id")

    def as_json(self) -> dict[str, Any]:
        """Return the card as the doors show it; the period in seconds."""
        return {
            "id": self.id,
            "name": {"zh": self.zh, "en": self.en},
            "reads": list(self.reads),
            "writes": list(self.writes),
            "units": dict(self.units),
            "citation": {"zh": self.citation_zh, "en": self.citation},
            "period_s": self.period.total_seconds(),
        }


@dataclass(frozen=True)
class SceneContext:
    """What a scene may use. ``rules`` replaces a scene's own rules by id; ``memory`` is the scenes' own, kept while
    the city is open and worth nothing afterwards. ``now`` is the city's time, the clock's if it is not given.
    ``classification`` is the strictest of what the scene reads: its alerts and indicators take it.
    """

    sensing: Sensing
    alerts: Alerts
    indicators: Indicators
    catalogue: Catalogue
    clock: Clock
    settings: Settings
    now: Callable[[], datetime] | None = None
    network: network.SensorNetwork | None = None
    thresholds: Thresholds | None = None
    rules: Mapping[str, AlertRule] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    classification: Classification = Classification.RESTRICTED


@dataclass(frozen=True)
class SceneResult:
    """What a run gave: the ``result`` as it is shown (JSON-able), the indicators written, the alerts that changed."""

    moment: datetime
    result: dict[str, Any]
    indicators: Sequence[dict[str, Any]] = ()
    changes: Sequence[AlertChange] = ()
