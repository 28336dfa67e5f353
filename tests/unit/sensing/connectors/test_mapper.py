"""The mapper: moments, things, units, marks, missing codes; and of each bad cell what is wrong."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lifang.core import BadInput, wgs84_to_gcj02
from lifang.guard import Classification
from lifang.sensing import Quality
from lifang.sensing.connectors.mapping import Mapped, Mapper, Record, ThingRule, TimeRule, ValueRule, moment_reader
from lifang.sensing.connectors.mapping.mapper import Rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = int(datetime(2024, 1, 1, 4, tzinfo=UTC).timestamp()) * 1_000_000  # noon in Shanghai


def apply(rows: list[dict[str, Any]], **more: Any) -> Mapped:
    rules = {
        "time": TimeRule(field="t"),
        "thing": ThingRule(id="s-{id}", zh="{id} 站", lon="lon", lat="lat"),
        "values": [ValueRule(field="v", unit="mm", source_unit="cm")],
        "marks": {"ok": "good", "*": "estimated"},
        "zone": SHANGHAI,
        "classification": Classification.SHARED,
        "centre": (104.0, 30.0),
        "properties": {"connector": "c"},
        **more,
    }
    mapper = Mapper(Rules(**rules), paths=False)
    return mapper.apply([Record(row, data, 5) for row, data in enumerate(rows, start=2)], where="file")


def row(**more: Any) -> dict[str, Any]:
    return {"id": "a", "t": "2024-01-01 12:00", "v": "1.5", "lon": 104.1, "lat": 30.6, **more}


def test_a_record_becomes_a_thing_a_datastream_and_a_value_in_its_unit() -> None:
    found = apply([row()])
    assert found.values == {("s-a.v", NOON): (15.0, Quality.GOOD)}
    thing, stream = found.things["s-a"], found.streams["s-a.v"]
    assert (thing.zh, thing.en, thing.lon, thing.lat) == ("a 站", "s-a", 104.1, 30.6)
    assert thing.classification is stream.classification is Classification.SHARED
    assert (stream.thing, stream.code, stream.unit) == ("s-a", "v", "mm")
    assert stream.properties == {"connector": "c"}
    assert found.issues == []


def test_scale_and_offset_come_before_the_conversion_of_units() -> None:
    rule = ValueRule(field="v", unit="Cel", source_unit="K", scale=0.1, offset=200.0)
    assert apply([row(v="731.5")], values=[rule]).values["s-a.v", NOON][0] == pytest.approx(0.0, abs=1e-9)


def test_the_last_of_two_values_for_one_moment_stays() -> None:
    assert apply([row(), row(v=9)]).values == {("s-a.v", NOON): (90.0, Quality.GOOD)}


@pytest.mark.parametrize("written", ["", None])
def test_an_empty_cell_is_no_value(written: Any) -> None:
    found = apply([row(v=written)])
    assert found.values == {}
    assert found.issues == []


@pytest.mark.parametrize(
    ("missing", "written"),
    [
        ([-999], "-999"),
        ([-999], "-999.0"),
        ([-999], -999),
        (["n/a"], "n/a"),
        ([""], ""),
        ([""], None),
        ([99.9], "99.90"),
    ],
)
def test_what_the_source_writes_for_missing_is_kept_as_missing(missing: list[Any], written: Any) -> None:
    found = apply([row(v=written)], values=[ValueRule(field="v", unit="mm", missing=missing)])
    value, quality = found.values["s-a.v", NOON]
    assert math.isnan(value)
    assert quality == Quality.MISSING


@pytest.mark.parametrize(
    ("mark", "quality"), [("ok", Quality.GOOD), ("calculated", Quality.ESTIMATED), (None, Quality.ESTIMATED)]
)
def test_the_sources_marks_become_ours(mark: Any, quality: Quality) -> None:
    found = apply([row(q=mark)], values=[ValueRule(field="v", unit="mm", quality="q")])
    assert found.values["s-a.v", NOON] == (1.5, quality)


def test_a_value_marked_missing_loses_its_number() -> None:
    rule = ValueRule(field="v", unit="mm", quality="q")
    found = apply([row(q="x", v="what ever")], values=[rule], marks={"x": "missing"})
    assert math.isnan(found.values["s-a.v", NOON][0])


@pytest.mark.parametrize(
    ("cell", "column", "rule"),
    [
        ({"v": "wet"}, "v", "number"),
        ({"v": "1_000"}, "v", "number"),
        ({"v": "1,5"}, "v", "number"),
        ({"v": [1]}, "v", "number"),
        ({"v": "nan"}, "v", "finite"),
        ({"v": "inf"}, "v", "finite"),
        ({"v": 1e308}, "v", "finite"),
        ({"v": 10**400}, "v", "number"),
        ({"t": ""}, "t", "time"),
        ({"t": None}, "t", "time"),
        ({"t": "2024-02-30 12:00"}, "t", "time"),
        ({"t": "soon"}, "t", "time"),
        ({"id": ""}, "id", "name"),
        ({"id": None}, "id", "name"),
        ({"id": {"a": 1}}, "id", "name"),
        ({"id": "a b"}, "thing", "thing"),
        ({"id": "x" * 200}, "thing", "thing"),
        ({"lat": 91}, "thing", "thing"),
        ({"lon": "east"}, "lon", "lon"),
        ({"lat": float("nan")}, "thing", "thing"),
        ({"q": "?"}, "q", "quality"),
    ],
)
def test_a_bad_cell_is_told_with_row_column_value_and_rule_and_costs_no_other_row(
    cell: dict[str, Any], column: str, rule: str
) -> None:
    values = [ValueRule(field="v", unit="mm", source_unit="m", quality="q" if "q" in cell else "")]
    found = apply([row(**cell), row(id="good", q="ok")], values=values, marks={"ok": "good"})
    (issue,) = found.issues
    assert (issue.where, issue.row, issue.column, issue.rule) == ("file", 2, column, rule)
    assert issue.mend
    assert len(issue.value) <= 200
    assert list(found.values) == [("s-good.v", NOON)]


def test_a_bad_cell_costs_no_other_cell_of_its_row() -> None:
    rules = [ValueRule(field="v", unit="mm"), ValueRule(field="w", unit="mm")]
    assert list(apply([row(v="bad", w=1)], values=rules).values) == [("s-a.w", NOON)]


def test_a_rule_may_hold_for_some_records_only() -> None:
    rules = [
        ValueRule(field="v", unit="Cel", code="temp", when={"kind": "t"}),
        ValueRule(field="v", unit="%", code="humidity", when={"kind": "h", "n": 2}),
    ]
    found = apply([row(kind="t"), row(kind="h", n=2), row(kind="h", n=3), row()], values=rules)
    assert sorted(found.values) == [("s-a.humidity", NOON), ("s-a.temp", NOON)]


def test_values_may_go_to_datastreams_that_are_there_already() -> None:
    found = apply([row()], thing=None, values=[ValueRule(field="v", unit="mm", datastream="old-{id}.x")])
    assert list(found.values) == [("old-a.x", NOON)]
    assert found.units == {"old-a.x": "mm"}
    assert found.streams == {} == found.things


def test_without_a_moment_of_its_own_a_value_is_of_when_it_came_in() -> None:
    assert list(apply([row()], time=None).values) == [("s-a.v", 5)]


def test_an_unknown_place_is_the_citys_centre_and_says_so() -> None:
    thing = apply([row(lon=None)]).things["s-a"]
    assert (thing.lon, thing.lat) == (104.0, 30.0)
    assert "unknown" in thing.properties["place"]


def test_a_place_in_gcj02_is_turned_into_wgs84() -> None:
    lon, lat = (float(each) for each in wgs84_to_gcj02(104.06, 30.67))
    rule = ThingRule(id="x", lon="lon", lat="lat", datum="gcj02")
    thing = apply([row(lon=lon, lat=lat)], thing=rule).things["x"]
    assert thing.lon == pytest.approx(104.06, abs=1e-6)
    assert thing.lat == pytest.approx(30.67, abs=1e-6)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso", "2024-01-01T12:00:00"),
        ("iso", "2024-01-01T04:00:00Z"),
        ("iso", "2024-01-01 05:00:00+01:00"),
        ("iso", datetime(2024, 1, 1, 12)),  # noqa: DTZ001
        ("iso", datetime(2024, 1, 1, 4, tzinfo=UTC)),
        ("unix_s", NOON // 1_000_000),
        ("unix_s", f"{NOON // 1_000_000}.0"),
        ("unix_ms", str(NOON // 1000)),
        ("unix_us", NOON),
        ("%d.%m.%Y %H:%M", " 01.01.2024 12:00 "),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-01-01T05:00:00+0100"),
        ("%Y年%m月%d日 %H时", "2024年01月01日 12时"),
    ],
)
def test_moments_are_read_as_the_source_writes_them(form: str, written: Any) -> None:
    assert moment_reader(form, SHANGHAI)(written) == NOON


def test_a_day_is_its_first_moment() -> None:
    assert moment_reader("iso", SHANGHAI)(date(2024, 1, 1)) == NOON - 12 * 3_600_000_000


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("unix_s", True),
        ("unix_s", "now"),
        ("unix_s", None),
        ("unix_s", float("inf")),
        ("unix_s", 1e300),
        ("unix_us", 10**30),
        ("%H:%M", "24:61"),
        ("iso", datetime(1, 1, 1)),  # noqa: DTZ001
    ],
)
def test_what_is_no_moment_is_refused(form: str, written: Any) -> None:
    with pytest.raises(BadInput) as refused:
        moment_reader(form, SHANGHAI)(written)
    assert refused.value.mend


@pytest.mark.parametrize("form", ["yyyy-mm-dd", "%Q", "", "%"])
def test_what_is_no_pattern_is_refused(form: str) -> None:
    with pytest.raises(BadInput):
        moment_reader(form, SHANGHAI)


@pytest.mark.parametrize("template", ["a-{b", "a-}b", "{}", "{a}{"])
def test_a_text_with_a_brace_too_many_is_refused(template: str) -> None:
    with pytest.raises(BadInput):
        apply([], thing=ThingRule(id=template))
