"""Thresholds of what sensors measure: declared per observed property or datastream, kept in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from lifang.core import BadInput, Clock, NotFound, check_slug, unit
from lifang.guard import Action, Resource, Subject, require
from lifang.operations.machine import AlertRule, Level
from lifang.operations.severity import Severity
from lifang.store import Entry, Row, Store

SCENE = "sensor_thresholds"
RULE_PREFIX = "threshold_"
DIRECTIONS = ("above", "below")
_TABLE = "threshold"
_MOST_LEVELS = 4


@dataclass(frozen=True)
class ThresholdLevel:
    """One severity: on at or beyond ``fire``, off again within ``clear`` (both in the threshold's unit)."""

    severity: str
    fire: float
    clear: float


@dataclass(frozen=True)
class Threshold:
    """When a value is worth an alert: of one ``datastream``, or of every datastream of an ``observed_property``.

    ``levels`` from the least to the most severe; with direction ``below`` low values are grave. The value must stay
    beyond for ``hold_s`` seconds before it fires, and within for ``clear_hold_s`` before it clears. ``unit`` is a UCUM
    code; datastreams of another unit are not watched.
    """

    id: str
    zh: str
    en: str
    unit: str
    levels: tuple[ThresholdLevel, ...]
    observed_property: str = ""
    datastream: str = ""
    direction: str = "above"
    hold_s: float = 0.0
    clear_hold_s: float = 0.0
    citation: str = ""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_slug(self.id, what="threshold id")
        unit(self.unit)
        if bool(self.observed_property) == bool(self.datastream):
            raise BadInput("A threshold watches either a property or a datastream.", where=self.id, mend="Name one.")
        if self.direction not in DIRECTIONS:
            raise BadInput(f"{self.direction!r} is no direction.", where=self.id, mend="Say above or below.")
        if not 1 <= len(self.levels) <= _MOST_LEVELS:
            raise BadInput(f"A threshold has 1 to {_MOST_LEVELS} levels.", where=self.id, mend="Give some.")
        self.rule()

    @property
    def sign(self) -> float:
        """-1 where low values are grave, else 1: the machine works with values times this."""
        return -1.0 if self.direction == "below" else 1.0

    def rule(self) -> AlertRule:
        """Return the rule of the alert machine; its levels are in values times ``sign``."""
        try:
            levels = tuple(
                Level(Severity.of(each.severity), self.sign * each.fire, self.sign * each.clear) for each in self.levels
            )
        except KeyError as error:
            raise BadInput(f"{error} is no severity.", where=self.id, mend="blue, yellow, orange or red.") from error
        return AlertRule(
            id=f"{RULE_PREFIX}{self.id}"[:64],
            scene=SCENE,
            zh=self.zh,
            en=self.en,
            unit=self.unit,
            levels=levels,
            hold=timedelta(seconds=self.hold_s),
            clear_hold=timedelta(seconds=self.clear_hold_s),
            citation=self.citation,
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Threshold:
        """Return the threshold in a registry row."""
        kept = {name: value for name, value in row.items() if name not in {"created", "updated"}}
        return cls(**{**kept, "levels": tuple(ThresholdLevel(**each) for each in row["levels"])})


class Thresholds:
    """The thresholds of one city."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def version(self) -> int:
        """Return a number that grows when a threshold, or a datastream that one may watch, changes."""
        return self._store.registry.version(_TABLE, "datastream")

    def all(self) -> list[Threshold]:
        """Return every threshold, by id."""
        return [Threshold.from_row(row) for row in self._store.registry.find(_TABLE)]

    def get(self, threshold_id: str) -> Threshold:
        """Return one threshold, or ``NotFound``."""
        row = self._store.registry.get(_TABLE, threshold_id)
        if row is None:
            raise NotFound(f"There is no threshold {threshold_id[:80]!r}.", mend="List them: GET /api/v1/thresholds.")
        return Threshold.from_row(row)

    def put(self, threshold: Threshold, *, by: Subject) -> bool:
        """Return whether the threshold is new or changed; either is in the ledger."""
        require(by, Action.OBSERVE, Resource("threshold", threshold.id))
        row: Row = {**vars(threshold), "levels": [asdict(each) for each in threshold.levels]}
        now = self._clock.now()
        with self._store.registry.transaction() as tx:
            there = tx.get(_TABLE, threshold.id)
            if there is not None and all(there[name] == value for name, value in row.items()):
                return False
            if there is None:
                tx.insert(_TABLE, {**row, "created": now, "updated": now})
            else:
                tx.update(_TABLE, threshold.id, {**row, "updated": now})
            detail = {"levels": row["levels"], "enabled": threshold.enabled}
            tx.record(Entry(by.id, "threshold.put", f"threshold:{threshold.id}", detail=detail))
        return True

    def remove(self, threshold_id: str, *, by: Subject) -> None:
        """Take a threshold out; its alerts clear."""
        require(by, Action.OBSERVE, Resource("threshold", threshold_id))
        with self._store.registry.transaction() as tx:
            tx.delete(_TABLE, threshold_id)
            tx.record(Entry(by.id, "threshold.removed", f"threshold:{threshold_id}"))

    def watched(self, threshold: Threshold) -> list[int]:
        """Return the numbers of the datastreams that the threshold watches, rising."""
        columns = self._store.registry.columns
        if threshold.datastream:
            row = self._store.registry.get("datastream", threshold.datastream)
            return [row["number"]] if row and row["unit"] == threshold.unit else []
        table = columns("datastream", ("number", "observed_property", "unit"), order="number")
        rows = zip(table["number"], table["observed_property"], table["unit"], strict=True)
        wanted = (threshold.observed_property, threshold.unit)
        return [number for number, *told in rows if tuple(told) == wanted]
