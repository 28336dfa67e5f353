"""Committed values that pass a threshold become alerts at once, and clear; across restarts and changed thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.punctuation import half_width

from lifang.core import BadInput, ManualClock, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.operations import Alerts, Severity, Threshold, ThresholdLevel, Thresholds, ThresholdWatch
from lifang.sensing import Datastream, Quality, Sensing, Thing, make_observations
from lifang.store import Store

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
LEVELS = (ThresholdLevel("yellow", 65, 60), ThresholdLevel("red", 80, 75))
NOISE = Threshold("noise", "噪声", "noise", "1", LEVELS, observed_property="noise", hold_s=10, clear_hold_s=5)
DEPTH = Threshold("depth", "水深", "depth", "m", (ThresholdLevel("orange", 0.5, 0.7),), datastream="tank.depth",
                  direction="below")  # fmt: skip


@dataclass
class Post:
    """A watch over three noise meters and a tank."""

    clock: ManualClock
    sensing: Sensing
    alerts: Alerts
    thresholds: Thresholds
    watch: ThresholdWatch

    def see(self, stream: str, *values: float, step_s: float = 5.0, quality: int = 0) -> list[str]:
        """Let values come, one each ``step_s``; return what changed, as (kind, severity) in words."""
        heard: list[str] = []
        self.alerts._listeners = [lambda change: heard.append(f"{change.kind} {change.alert.severity.code}")]
        for value in values:
            self.clock.advance(timedelta(seconds=step_s))
            number = self.sensing.datastream(stream).number
            told = make_observations([number], [to_micros(self.clock.now())], [value], [quality])
            self.watch.observe(told)
        return heard


def register(post: Post) -> None:
    things = [Thing("n1", "甲", "A", "noise", 104, 30), Thing("tank", "水箱", "tank", "tank", 104, 30),
              Thing("n2", "乙", "B", "noise", 104, 30, Classification.SHARED),
              Thing("n3", "丙", "C", "noise", 104, 30, properties={"simulated": True})]  # fmt: skip
    streams = [Datastream(f"n{n}.noise", f"n{n}", "noise", "噪声", "noise", "noise", "1", 5) for n in (1, 2, 3)]
    streams += [Datastream("tank.depth", "tank", "depth", "水深", "depth", "depth", "m", 5),
                Datastream("n1.db", "n1", "noise", "噪声", "noise", "noise", "%", 5)]  # fmt: skip
    post.sensing.register(things, streams, by=SYSTEM)
    for each in (NOISE, DEPTH):
        assert post.thresholds.put(each, by=SYSTEM)
        assert not post.thresholds.put(each, by=SYSTEM)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], Post]]:
    """Return a function that opens the post again from its folder."""
    opened: list[Post] = []
    clock = ManualClock(NOON)

    def shut() -> None:
        if opened:
            last = opened.pop()
            last.sensing.close()
            last.sensing.store.close()

    def open_again() -> Post:
        shut()
        store = Store.open(tmp_path / "city", clock=clock, memory_mb=128, threads=1)
        sensing, alerts, thresholds = Sensing(store, clock), Alerts(store, clock), Thresholds(store, clock)
        watch = ThresholdWatch(thresholds, alerts, sensing, now=clock.now)
        opened.append(Post(clock, sensing, alerts, thresholds, watch))
        return opened[-1]

    yield open_again
    shut()


@pytest.fixture
def post(reopen: Callable[[], Post]) -> Post:
    found = reopen()
    register(found)
    return found


def test_an_alert_fires_after_its_hold_rises_falls_and_clears_within_its_hysteresis(post: Post) -> None:
    assert post.see("n1.noise", 70, 70) == []
    assert post.see("n1.noise", 70) == ["fired yellow"]
    assert post.see("n1.noise", 85, 85, 85) == ["raised red"]
    assert post.see("n1.noise", 78) == []
    assert post.see("n1.noise", 70, 70) == ["lowered yellow"]
    assert post.see("n1.noise", 62, 62, 62) == []
    assert post.see("n1.noise", 59, 59) == ["cleared yellow"]
    (alert,) = post.alerts.alerts()
    assert (alert.state, alert.resource, alert.facts["peak"]) == ("cleared", "datastream:n1.noise", 85)
    assert [each.change for each in alert.history] == ["fired", "raised", "lowered", "cleared"]
    assert "甲噪声" in alert.zh
    assert half_width(alert.zh) == []


def test_low_values_are_grave_where_the_threshold_says_below(post: Post) -> None:
    assert post.see("tank.depth", 0.6, 0.4) == ["fired orange"]
    assert post.see("tank.depth", 0.2, 0.6) == []
    assert post.see("tank.depth", 0.8) == ["cleared orange"]
    assert post.alerts.alerts()[0].facts["peak"] == 0.2


def test_an_alert_is_as_hidden_as_its_thing_and_a_simulated_one_says_so(post: Post) -> None:
    post.see("n2.noise", 90, 90, 90)
    post.see("n3.noise", 90, 90, 90)
    simulated, hidden = post.alerts.alerts()
    assert hidden.classification is Classification.SHARED
    assert simulated.facts["simulated"] is True
    assert simulated.zh.startswith("【模拟】")
    assert simulated.en.startswith("[simulated]")


def test_doubted_values_history_and_other_units_raise_nothing(post: Post) -> None:
    assert post.see("n1.noise", 90, 90, 90, quality=Quality.SUSPECT_RANGE) == []
    assert post.see("n1.db", 90, 90, 90) == []
    number = post.sensing.datastream("n1.noise").number
    old = to_micros(post.clock.now()) - np.arange(1, 100)[::-1] * 60_000_000 - 7 * 3_600_000_000
    assert post.watch.observe(make_observations(np.full(99, number), old, np.full(99, 90.0))) == 0


def test_many_rows_of_one_telling_are_seen_in_their_order(post: Post) -> None:
    number = post.sensing.datastream("n1.noise").number
    time = to_micros(post.clock.now()) + np.arange(6) * 5_000_000
    shuffled = np.array([3, 0, 5, 1, 4, 2])
    values = np.array([70.0, 70, 70, 50, 50, 50])
    told = make_observations(np.full(6, number), time[shuffled], values[shuffled])
    assert post.watch.observe(told) == 2
    assert [each.change for each in post.alerts.alerts()[0].history] == ["fired", "cleared"]


def test_what_fired_before_a_restart_clears_after_it(reopen: Callable[[], Post], post: Post) -> None:
    post.see("n1.noise", 70, 70, 70)
    again = reopen()
    assert again.see("n1.noise", 70, 70, 70) == []
    assert again.see("n1.noise", 10, 10) == ["cleared yellow"]


def test_a_threshold_that_is_gone_or_off_clears_its_alerts(reopen: Callable[[], Post], post: Post) -> None:
    post.see("n1.noise", 70, 70, 70)
    post.see("tank.depth", 0.1)
    post.thresholds.put(replace(NOISE, enabled=False), by=SYSTEM)
    post.watch.refresh()
    assert {each.resource: each.state for each in post.alerts.alerts()} == {
        "datastream:n1.noise": "cleared", "datastream:tank.depth": "firing"}  # fmt: skip
    post.thresholds.remove("depth", by=SYSTEM)
    again = reopen()
    again.watch.refresh()
    assert {each.state for each in again.alerts.alerts()} == {"cleared"}
    assert "threshold.removed" in [each.entry.action for each in again.sensing.store.ledger.records()]


def test_an_alert_that_a_person_closed_keeps_quiet_until_it_is_worse(post: Post) -> None:
    post.see("n1.noise", 70, 70, 70)
    post.alerts.close(post.alerts.alerts()[0].id, SYSTEM, "roadworks")
    assert post.see("n1.noise", 72, 72, 72) == []
    assert post.see("n1.noise", 90, 90, 90) == ["fired red"]


def test_new_datastreams_are_watched_as_soon_as_they_are_registered(post: Post) -> None:
    post.see("n1.noise", 50)
    new = Datastream("tank.noise", "tank", "noise", "噪声", "noise", "noise", "1", 5)
    post.sensing.register([], [new], by=SYSTEM)
    assert post.see("tank.noise", 70, 70, 70) == ["fired yellow"]


@pytest.mark.parametrize(
    "change",
    [
        {"datastream": "x"},
        {"observed_property": ""},
        {"levels": ()},
        {"levels": (ThresholdLevel("pink", 5, 4),)},
        {"levels": (ThresholdLevel("red", 5, 4), ThresholdLevel("blue", 6, 5))},
        {"levels": (ThresholdLevel("red", 5, 6),)},
        {"direction": "sideways"},
        {"hold_s": -1.0},
    ],
)
def test_what_is_no_threshold_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(NOISE, **change)  # type: ignore[arg-type]


def test_severities_are_those_of_the_law() -> None:
    assert [level.severity for level in NOISE.rule().levels] == [Severity.YELLOW, Severity.RED]
