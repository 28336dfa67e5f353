from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from lifang.core import (
    BadInput,
    ManualClock,
    SystemClock,
    format_instant,
    from_micros,
    has_offset,
    parse_duration,
    parse_instant,
    to_micros,
    zone,
)

NINE_IN_BEIJING = datetime(2019, 1, 12, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2019-01-12T09:00:00+08:00",
        "2019-01-12T09:00+0800",
        "2019-01-12T09+08",
        " 2019-01-12 01:00:00Z ",
        "20190112T010000Z",
        "2019-01-12t01:00:00z",
        "2019-01-12T01:00:00.000000+00:00",
    ],
)
def test_an_instant_with_an_offset_is_read_into_utc(text: str) -> None:
    assert parse_instant(text) == NINE_IN_BEIJING
    assert parse_instant(text).tzinfo is UTC


def test_a_naive_time_is_refused_unless_a_zone_is_declared() -> None:
    with pytest.raises(BadInput, match="no time zone"):
        parse_instant("2019-01-12T09:00:00")
    assert parse_instant("2019-01-12T09:00:00", default_zone=zone("Asia/Shanghai")) == NINE_IN_BEIJING


@pytest.mark.parametrize(
    "text",
    [
        "2019-02-30",
        "2019-02-30T00:00:00Z",
        "2019-02-29T00:00Z",
        "2019-13-01",
        "2019-01-12T25:00Z",
        "",
        "yesterday",
        "NaN",
    ],
)
def test_an_impossible_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a date and time"):
        parse_instant(text, default_zone=UTC)


def test_leap_days_are_read() -> None:
    assert parse_instant("2020-02-29T00:00Z").day == 29


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_a_time_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="years 1 to 9999"):
        parse_instant(text)


def test_something_that_is_not_text_is_refused() -> None:
    with pytest.raises(BadInput):
        parse_instant(cast("str", 20190112))


def test_an_explicit_offset_wins_over_the_declared_zone() -> None:
    assert parse_instant("2019-01-12T01:00Z", default_zone=zone("Asia/Shanghai")) == NINE_IN_BEIJING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-01-12T09:00+08:00", True),
        ("2019-01-12T09:00+0800", True),
        ("2019-01-12T09:00+08", True),
        ("2019-01-12T09:00z", True),
        ("20190112T09Z", True),
        ("2019-01-12T09:00", False),
        ("2019-01-12", False),
        ("20190112", False),
    ],
)
def test_an_offset_is_seen_only_where_one_is_written(text: str, expected: bool) -> None:
    assert has_offset(text) is expected
    if expected:
        assert parse_instant(text)
    else:
        with pytest.raises(BadInput, match="no time zone"):
            parse_instant(text)


def test_a_moment_is_written_with_its_offset() -> None:
    assert format_instant(NINE_IN_BEIJING) == "2019-01-12T01:00:00Z"
    assert format_instant(NINE_IN_BEIJING, in_zone=zone("Asia/Shanghai")) == "2019-01-12T09:00:00+08:00"


def test_a_naive_moment_is_neither_written_nor_counted() -> None:
    naive = NINE_IN_BEIJING.replace(tzinfo=None)
    with pytest.raises(BadInput, match="without a zone"):
        format_instant(naive)
    with pytest.raises(BadInput, match="without a zone"):
        to_micros(naive)


def test_microseconds_count_from_1970() -> None:
    assert to_micros(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert to_micros(datetime(1970, 1, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))) == 0
    assert to_micros(NINE_IN_BEIJING) == 1_547_254_800_000_000
    assert from_micros(1_547_254_800_000_000) == NINE_IN_BEIJING
    assert from_micros(-1).year == 1969


def test_a_count_outside_the_calendar_is_refused() -> None:
    with pytest.raises(BadInput, match="years 1 to 9999"):
        from_micros(10**19)


@pytest.mark.parametrize(("name", "hours"), [("Asia/Shanghai", 8), ("+08:00", 8), ("-0330", -3.5), ("UTC", 0)])
def test_a_zone_is_found_by_name_or_offset(name: str, hours: float) -> None:
    assert datetime(2019, 1, 1, tzinfo=zone(name)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "+25:00", "+08:75", "Asia", "\0"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="not a time zone"):
        zone(name)


def test_the_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(NINE_IN_BEIJING)
    assert clock.now() == clock.now() == NINE_IN_BEIJING
    clock.advance(timedelta(hours=1))
    assert clock.now() == NINE_IN_BEIJING + timedelta(hours=1)


def test_the_system_clock_is_aware() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "told"),
    [("PT15M", (0, 900)), ("P1W2D", (0, 777_600)), ("PT1H30M5S", (0, 5405)), ("P1Y2M", (14, 0)), ("PT0S", (0, 0))],
)
def test_a_duration_is_months_and_seconds(text: str, told: tuple[int, int]) -> None:
    assert parse_duration(text) == told


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "-P1D", "PT1.5H", "1 hour", "PT١H", "P1D "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no duration"):
        parse_duration(text)
