"""Data gaps: their bounds, how much is missing, which share that is; worked out by hand beside."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from lifang.sensing.network import find_gaps

from .conftest import NOON, City

M = 60_000_000
NEVER = np.iinfo(np.int64).min


def gaps_of(
    times: list[list[int]], *, start: int, end: int, first: list[int | None] | None = None, period: int = 1
) -> list[tuple[int, ...]]:
    numbers = np.arange(1, len(times) + 1, dtype=np.int32)
    datastream = np.repeat(numbers, [len(each) for each in times]).astype(np.int32)
    time = np.array([t * M for each in times for t in each], dtype=np.int64)
    known = np.array([NEVER if t is None else t * M for t in (first or [each[0] for each in times])], dtype=np.int64)
    found = find_gaps(
        datastream, time, numbers=numbers, period_us=np.full(len(numbers), period * M), first=known,
        start_us=start * M, end_us=end * M,
    )  # fmt: skip
    gaps = zip(found.datastream, found.start // M, found.end // M, found.missing, strict=True)
    return [*(tuple(map(int, gap)) for gap in gaps), (0, int(found.expected.sum()), int(found.lacking.sum()))]


def test_a_gap_inside_lies_between_the_values_beside_it() -> None:
    assert gaps_of([[0, 1, 2, 6, 7, 8, 9]], start=0, end=10) == [(1, 2, 6, 3), (0, 10, 3)]


def test_a_series_without_gaps_has_none_and_jitter_is_no_gap() -> None:
    assert gaps_of([list(range(10))], start=0, end=10) == [(0, 10, 0)]


def test_gaps_at_the_edges_count_what_was_due_there() -> None:
    assert gaps_of([[4, 5, 6]], start=0, end=10, first=[-5]) == [(1, 0, 4, 4), (1, 6, 10, 3), (0, 10, 7)]


def test_a_window_that_begins_between_two_values_lacks_none_at_its_beginning() -> None:
    assert gaps_of([[6, 16, 26]], start=0, end=30, first=[-4], period=10) == [(0, 3, 0)]
    assert gaps_of([[9, 19, 29]], start=0, end=30, first=[-1], period=10) == [(0, 3, 0)]
    assert gaps_of([[26]], start=0, end=30, first=[-4], period=10) == [(1, 0, 26, 2), (0, 3, 2)]
    assert gaps_of([[20]], start=0, end=30, first=[-10], period=10) == [(1, 0, 20, 2), (0, 3, 2)]


def test_a_value_due_just_now_is_neither_missing_nor_expected() -> None:
    assert gaps_of([[9, 19, 29]], start=0, end=31, first=[-1], period=10)[-1] == (0, 3, 0)


def test_before_its_first_value_nothing_is_expected_of_a_datastream() -> None:
    assert gaps_of([[4, 5, 6, 7, 8, 9]], start=0, end=10) == [(0, 6, 0)]


def test_datastreams_do_not_mix() -> None:
    found = gaps_of([[0, 1, 2, 3], [0, 3]], start=0, end=4)
    assert found == [(2, 0, 3, 2), (0, 8, 2)]


def test_a_silent_datastream_lacks_everything() -> None:
    found = gaps_of([[]], start=0, end=10, first=[None])
    assert found[-1] == (0, 10, 10)


def test_gaps_come_from_what_is_stored(city: City) -> None:
    city.hear("p1", "p2", minutes=10)
    city.hear("p2", minutes=5)
    city.hear("p1", "p2", minutes=5)
    streams = np.concatenate([city.network.streams_of(pole) for pole in ("p1", "p2")])
    found = city.network.gaps(streams, NOON, NOON + timedelta(minutes=21))
    assert [int(each) for each in found.missing] == [5]
    assert found.share == pytest.approx(5 / 40)
    assert found.datastream.tolist() == city.network.streams_of("p1").tolist()
