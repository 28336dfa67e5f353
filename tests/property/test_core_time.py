from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import (
    BadInput,
    format_instant,
    from_micros,
    has_offset,
    new_id,
    parse_instant,
    to_micros,
    zone,
)

moments = st.integers(-(10**15) * 2, 7 * 10**15).map(from_micros)
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
few = settings(max_examples=80, deadline=None)


@few
@given(moments, offsets)
def test_a_moment_written_in_any_zone_is_read_back(moment: datetime, offset: timezone) -> None:
    text = format_instant(moment, in_zone=offset)
    assert has_offset(text)
    assert parse_instant(text) == moment


@few
@given(moments)
def test_a_moment_counted_in_microseconds_comes_back(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


@few
@given(
    st.text(max_size=40)
    | st.from_regex(r"\d{4}-\d{2}-\d{2}([T ]\d{2}(:\d{2}){0,2})?(Z|[+-]\d{2}(:\d{2})?)?", fullmatch=True)
)
def test_any_text_is_an_aware_moment_or_bad_input(text: str) -> None:
    with suppress(BadInput):
        assert parse_instant(text).tzinfo is UTC


@few
@given(st.text(max_size=20) | st.from_regex(r"[+-]\d{2}:?\d{2}", fullmatch=True))
def test_any_name_is_a_zone_or_bad_input(name: str) -> None:
    with suppress(BadInput):
        assert datetime(2019, 1, 1, tzinfo=zone(name)).utcoffset() is not None


@few
@given(st.integers())
def test_any_count_is_a_moment_or_bad_input(micros: int) -> None:
    with suppress(BadInput):
        assert to_micros(from_micros(micros)) == micros


@few
@given(st.lists(moments.filter(lambda moment: moment.year >= 1970), min_size=2, max_size=20))
def test_ids_made_in_different_milliseconds_sort_as_their_moments(times: list[datetime]) -> None:
    by_milli = {to_micros(moment) // 1000: moment for moment in times}
    ordered = [new_id("x", by_milli[milli]) for milli in sorted(by_milli)]
    assert ordered == sorted(ordered)
