"""Bodies of operations: indicators and alerts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said
from lifang.doors.api.bodies.sensing import Unit


class IndicatorBody(Said):
    """An indicator with its value at a moment."""

    id: str
    name: Name
    unit: Unit
    value: float | None
    moment: str | None
    quality: str
    sources: list[str]
    formula: Name
    missing: Name
    standard: str
    classification: str


class IndicatorPage(Said):
    """Indicators."""

    items: list[IndicatorBody]
    next: str | None


class IndicatorMoment(Said):
    """An indicator's value at one moment."""

    moment: str
    value: float | None
    quality: str


class IndicatorHistory(IndicatorBody):
    """An indicator and its values through time."""

    items: list[IndicatorMoment]
    next: str | None


class AlertBody(Said):
    """An alert from pending to closed; moments are null until they come.

    All are in the city's time but `acknowledged` and `closed`: those are when a person's act was recorded;
    `acknowledged_at` and `closed_at` are what time it was in the city then (null where that was not kept).
    """

    id: str
    scene: str
    rule: str
    resource: str
    severity: Literal["blue", "yellow", "orange", "red"]
    state: Literal["pending", "firing", "cleared", "closed"]
    text: Name
    opened: str
    fired: str | None
    cleared: str | None
    acknowledged: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    closed: str | None
    closed_at: str | None
    closed_by: str | None
    value: float | None
    classification: str
    detail: Json


class AlertPage(Said):
    """Alerts, newest first."""

    items: list[AlertBody]
    next: str | None


class NoteBody(Asked):
    """What a person writes when handling an alert."""

    note: Annotated[str, Field(max_length=2000)] = ""
