from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lifang.core import BadInput, ManualClock, NotFound
from lifang.operations import Indicators, IndicatorSpec, Reading
from lifang.store import Store

START = datetime(2019, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = IndicatorSpec(
    id="city_aqi",
    zh="指数",
    en="Index",
    unit="{index}",
    formula_zh="最大值",
    formula_en="maximum",
    missing_zh="缺",
    missing_en="missing",
    sources=("dataset:air",),
    standard="HJ 633-2012",
)


@pytest.fixture
def indicators(store: Store, clock: ManualClock) -> Indicators:
    found = Indicators(store, clock)
    found.define(SPEC)
    return found


def test_a_definition_is_kept_with_its_lineage_and_saying_it_again_changes_nothing(
    indicators: Indicators, store: Store, clock: ManualClock
) -> None:
    fresh = Indicators(store, clock)
    fresh.define(SPEC)
    assert fresh.all() == [SPEC]
    assert fresh.spec("city_aqi").as_json()["formula"] == {"zh": "最大值", "en": "maximum"}
    (edge,) = store.registry.find("lineage", where={"target": "indicator:city_aqi"})
    assert (edge["source"], edge["activity"]) == ("dataset:air", "indicator")
    assert [each.entry.action for each in store.ledger.records(limit=100)].count("indicator.defined") == 1
    fresh.define(replace(SPEC, en="City index", sources=("dataset:air", "dataset:more")))
    assert Indicators(store, clock).spec("city_aqi").en == "City index"
    assert store.registry.count("lineage", where={"target": "indicator:city_aqi"}) == 2


def test_values_are_read_as_of_a_moment(indicators: Indicators) -> None:
    for hour in range(5):
        indicators.put("city_aqi", START + hour * HOUR, 100.0 + hour, sources=["dataset:air"])
    newest = indicators.latest("city_aqi")
    assert newest is not None
    assert newest.value == 104
    then = indicators.latest("city_aqi", at=START + 2 * HOUR + timedelta(minutes=59))
    assert then is not None
    assert (then.value, then.moment, then.sources) == (102, START + 2 * HOUR, ("dataset:air",))
    assert indicators.latest("city_aqi", at=START - HOUR) is None
    found = indicators.history("city_aqi", START + HOUR, START + 3 * HOUR)
    assert [each.value for each in found] == [101, 102]


def test_a_missing_value_is_written_as_missing(indicators: Indicators) -> None:
    indicators.put("city_aqi", START, None, "missing")
    told = indicators.latest("city_aqi")
    assert told is not None
    assert told.as_json() == {
        "id": "city_aqi",
        "moment": "2019-12-01T00:00:00Z",
        "value": None,
        "quality": "missing",
        "sources": [],
    }


def test_the_same_value_again_is_nothing_new_and_another_is_a_revision(indicators: Indicators, store: Store) -> None:
    for value in (90.0, 90.0, 95.0):
        indicators.put("city_aqi", START, value)
    assert store.registry.count("indicator_value") == 2
    assert [each.value for each in indicators.history("city_aqi", START, START + HOUR)] == [95]
    newest = indicators.latest("city_aqi")
    assert newest is not None
    assert newest.value == 95
    written = [each.entry for each in store.ledger.records(limit=100) if each.entry.action == "indicator.put"]
    assert [each.detail["values"] for each in written] == [{"city_aqi": 90.0}, {"city_aqi": 95.0}]


def test_values_of_one_moment_are_written_together_or_not_at_all(indicators: Indicators, store: Store) -> None:
    with pytest.raises(NotFound):
        indicators.put_many(START, [Reading("city_aqi", 1.0), Reading("unknown", 2.0)])
    assert store.registry.count("indicator_value") == 0


def test_what_is_not_there_is_said(indicators: Indicators) -> None:
    with pytest.raises(NotFound, match="nothing_such"):
        indicators.latest("nothing_such")
    with pytest.raises(BadInput):
        indicators.history("city_aqi", START, START - HOUR)
