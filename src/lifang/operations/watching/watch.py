"""The watch over thresholds: committed observations go through the latches; what moves becomes alerts, at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from lifang.core import NotFound, from_micros, to_micros
from lifang.guard import Classification, strictest
from lifang.operations.alerts import Alerts, Finding
from lifang.operations.severity import Severity
from lifang.operations.watching.latches import Latches, Moved
from lifang.operations.watching.thresholds import SCENE, Threshold, Thresholds
from lifang.sensing import TRUSTED, Datastream, Observations, Sensing, Thing

HISTORY_US = 6 * 3_600_000_000  # what is older than this when it comes is history, and raises nothing
_LARGE = 20_000  # pairs of a threshold and a datastream; more are read anew some times less often
_KEEP = 5.0


@dataclass(frozen=True)
class _Watched:
    """Which datastreams are watched: pairs (threshold, datastream) sorted by datastream, and where each one's begin."""

    thresholds: tuple[Threshold, ...]
    latches: Latches
    datastream: NDArray[np.int64]
    keys: NDArray[np.int64]


class ThresholdWatch:
    """Sees every committed observation; ``now`` is the city's time. Safe to use from several threads."""

    def __init__(
        self, thresholds: Thresholds, alerts: Alerts, sensing: Sensing, *, now: Callable[[], datetime]
    ) -> None:
        self._thresholds, self._alerts, self._sensing, self._now = thresholds, alerts, sensing, now
        self._names: dict[str, int] = {}
        self._watched: _Watched | None = None
        self._version = -1
        self._read_at = self._cost = 0.0
        self._lock = Lock()

    def observe(self, observations: Observations) -> int:
        """Return how many alerts changed because of ``observations``; they are durable and told by then."""
        with self._lock:
            return self._observe(observations)

    def _observe(self, observations: Observations) -> int:
        watched = self._current()
        if not len(watched.datastream):
            return 0
        trusted = np.isin(observations.quality, TRUSTED)
        recent = observations.time > to_micros(self._now()) - HISTORY_US
        rows = np.flatnonzero(trusted & recent)
        numbers = observations.datastream[rows]
        begin = np.searchsorted(watched.datastream, numbers, "left")
        counts = np.searchsorted(watched.datastream, numbers, "right") - begin
        if not counts.any():
            return 0
        source = np.repeat(rows, counts)
        offset = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
        pairs = np.repeat(begin, counts) + offset
        moved = watched.latches.observe(pairs, observations.time[source], observations.value[source])
        moved.sort(key=lambda each: int(observations.time[source[each.at]]))
        findings = [self._finding(watched, each, observations, int(source[each.at])) for each in moved]
        return len(self._alerts.settle(findings)) if findings else 0

    def refresh(self) -> None:
        """Take changed thresholds in now; alerts of those that are gone clear."""
        with self._lock:
            self._version = -1
            self._current()

    def _current(self) -> _Watched:
        version = self._thresholds.version()
        if self._watched is not None:
            slow = len(self._watched.datastream) > _LARGE and time.monotonic() - self._read_at < _KEEP * self._cost
            if version == self._version or (slow and self._version >= 0):
                return self._watched
        start = time.monotonic()
        before, self._watched = self._watched, self._read()
        self._version, self._cost, self._read_at = version, time.monotonic() - start, time.monotonic()
        if before is None:
            self._restore(self._watched)
        else:
            self._carry(before, self._watched)
        return self._watched

    def _read(self) -> _Watched:
        thresholds = tuple(each for each in self._thresholds.all() if each.enabled)
        numbers = [np.array(self._thresholds.watched(each), dtype=np.int64) for each in thresholds]
        which = np.repeat(np.arange(len(thresholds)), [len(each) for each in numbers]).astype(np.int32)
        datastream = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
        order = np.argsort(datastream, kind="stable")
        which, datastream = which[order], datastream[order]
        names = np.array([self._names.setdefault(each.id, len(self._names)) for each in thresholds], dtype=np.int64)
        keys = (names[which] << 32) + datastream if len(which) else np.zeros(0, np.int64)
        signs = np.array([each.sign for each in thresholds], dtype=np.float64)
        latches = Latches(tuple(each.rule() for each in thresholds), which, signs)
        return _Watched(thresholds, latches, datastream, keys)

    def _restore(self, watched: _Watched) -> None:
        """Go on where the alerts of the last time stood; clear those that nothing watches any more."""
        rows = {int(key): row for row, key in enumerate(watched.keys)}
        names = {each.rule().id: self._names[each.id] for each in watched.thresholds}
        for alert in self._alerts.running(SCENE):
            row = self._row_of(rows, names, alert.rule, alert.resource)
            if row is None:
                self._alerts.end(alert.id, self._now())
            else:
                watched.latches.restore(row, alert.machine)

    def _row_of(self, rows: dict[int, int], names: dict[str, int], rule: str, resource: str) -> int | None:
        try:
            number = self._sensing.datastream(resource.removeprefix("datastream:")).number
        except NotFound:
            return None
        return rows.get((names[rule] << 32) + number) if rule in names else None

    def _carry(self, before: _Watched, after: _Watched) -> None:
        _, there, here = np.intersect1d(before.keys, after.keys, assume_unique=True, return_indices=True)
        alike = np.array(
            [
                [old.levels == new.levels and old.sign == new.sign for new in after.thresholds]
                for old in before.thresholds
            ]
        ).reshape(len(before.thresholds), len(after.thresholds))
        kept = alike[before.latches.rule[there], after.latches.rule[here]] if len(there) else np.zeros(0, np.bool_)
        after.latches.carry(before.latches, here[kept], there[kept])
        gone = np.setdiff1d(np.flatnonzero(~before.latches.idle), there[kept])
        moment = self._now()
        for row in gone:
            if before.latches.level[row]:
                rule = before.latches.rules[before.latches.rule[row]]
                stream = self._sensing.datastream(int(before.datastream[row]))
                alert = self._alerts.current(rule, f"datastream:{stream.id}")
                if alert is not None:
                    self._alerts.end(alert.id, moment)

    def _finding(self, watched: _Watched, moved: Moved, observations: Observations, source: int) -> Finding:
        threshold = watched.thresholds[watched.latches.rule[moved.row]]
        rule = watched.latches.rules[watched.latches.rule[moved.row]]
        stream = self._sensing.datastream(int(watched.datastream[moved.row]))
        thing = self._sensing.thing(stream.thing)
        value = float(observations.value[source])
        return Finding(
            rule=rule,
            resource=f"datastream:{stream.id}",
            moment=from_micros(int(observations.time[source])),
            value=value,
            state=moved.state,
            change=moved.change(rule),
            text=lambda severity, worst: wording(threshold, stream, thing, value if worst is None else worst, severity),
            detail={
                "thing": thing.id,
                "lon": thing.lon,
                "lat": thing.lat,
                "threshold": threshold.id,
                "direction": threshold.direction,
                "peak": threshold.sign * moved.worst,
                "citation": threshold.citation,
                "simulated": is_simulated(stream, thing),
            },
            classification=strictest(stream.classification, thing.classification, Classification.OPEN),
        )


def is_simulated(stream: Datastream, thing: Thing) -> bool:
    """Return whether a datastream's values are made up, not measured."""
    return bool(thing.properties.get("simulated") or stream.properties.get("simulated"))


def wording(
    threshold: Threshold, stream: Datastream, thing: Thing, value: float, severity: Severity
) -> tuple[str, str]:
    """Return what an alert says, in Chinese and English; a simulated value is called one."""
    zh, en = ("【模拟】", "[simulated] ") if is_simulated(stream, thing) else ("", "")
    sides = ("低于", "below") if threshold.direction == "below" else ("超过", "above")
    return (
        f"{zh}{thing.zh}{threshold.zh}{severity.zh}预警：{value:g}{threshold.unit}，{sides[0]}阈值",
        f"{en}{thing.en}, {threshold.en}, {severity.en} warning: {value:g} {threshold.unit}, {sides[1]} its threshold",
    )
