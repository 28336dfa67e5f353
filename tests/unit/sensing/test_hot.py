import threading

import numpy as np
import pytest

from lifang.core import Box
from lifang.guard import SYSTEM, Classification
from lifang.sensing import NEVER, Sensing, make_observations
from lifang.sensing.hot import HotState, class_codes
from lifang.store import DELETED


def placed(count: int) -> HotState:
    hot = HotState(capacity=2)
    numbers = np.arange(1, count + 1, dtype=np.int32)
    hot.place(numbers, 104.0 + numbers / 1000, np.full(count, 30.5), np.zeros(count, np.uint8))
    return hot


def test_the_later_moment_wins_whatever_the_order_of_arrival() -> None:
    hot = placed(2)
    hot.update(make_observations([1, 2, 1], [20, 5, 10], [2.0, 9.0, 1.0]))
    hot.update(make_observations([1], [15], [7.0]))
    assert hot.latest().value.tolist() == [2.0, 9.0]


def test_of_one_moment_the_value_recorded_last_wins() -> None:
    hot = placed(1)
    hot.update(make_observations([1, 1], [10, 10], [1.0, 2.0]))
    assert hot.latest().value.tolist() == [2.0]
    hot.update(make_observations([1], [10], [3.0], [1]))
    assert hot.latest().value.tolist() == [3.0]
    assert hot.latest().quality.tolist() == [1]


def test_a_box_holds_those_inside_and_on_its_border() -> None:
    hot = placed(10)
    hot.update(make_observations(range(1, 11), [1] * 10, range(10)))
    found = hot.latest(Box(104.003, 30.5, 104.005, 31))
    assert found.numbers.tolist() == [3, 4, 5]
    assert found.value.tolist() == [2.0, 3.0, 4.0]
    assert len(hot.latest(Box(0, 0, 1, 1))) == 0


def test_datastreams_without_a_value_are_left_out_unless_asked_for() -> None:
    hot = placed(3)
    hot.update(make_observations([2], [1], [5.0]))
    assert hot.latest().numbers.tolist() == [2]
    everything = hot.latest(with_empty=True)
    assert everything.numbers.tolist() == [1, 2, 3]
    assert everything.time.tolist() == [NEVER, 1, NEVER]


def test_only_the_classes_asked_for_are_shown() -> None:
    hot = placed(3)
    position = np.array([104.0])
    restricted = class_codes([Classification.RESTRICTED])
    hot.place(np.array([2], np.int32), position, position * 0 + 30.5, restricted)
    hot.update(make_observations([1, 2, 3], [1, 1, 1], [1.0, 2.0, 3.0]))
    assert hot.latest(classes=[Classification.OPEN]).numbers.tolist() == [1, 3]
    assert hot.latest(classes=[]).numbers.tolist() == []


def test_a_reader_beside_the_writer_sees_each_datastream_whole() -> None:
    hot = placed(1000)
    numbers = np.arange(1, 1001, dtype=np.int32)
    stop = threading.Event()

    def write() -> None:
        moment = 0
        while not stop.is_set():
            moment += 1
            hot.update(make_observations(numbers, np.full(1000, moment), np.full(1000, float(moment))))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            seen = hot.latest()
            assert (seen.value == seen.time).all()
            assert len(np.unique(seen.time)) <= 1
    finally:
        stop.set()
        writer.join()


def test_a_deleted_latest_value_gives_way_to_the_one_before(sensing: Sensing) -> None:
    for moment, value in ((10, 1.0), (20, 2.0)):
        sensing.ingest(make_observations([1, 2], [moment] * 2, [value] * 2), by=SYSTEM).result(10)
    heard: list[int] = []
    sensing.on_commit(lambda rows: heard.extend(rows.quality.tolist()))
    deletions = [make_observations([1], [moment], [np.nan], [DELETED]) for moment in (20, 10)]
    sensing._store_settled(deletions[0], SYSTEM).result(10)
    assert sensing.latest_of([1, 2]).value.tolist() == [1.0, 2.0]
    assert sensing.latest_of([1]).time.tolist() == [10]
    sensing._store_settled(deletions[1], SYSTEM).result(10)
    assert sensing.latest_of([1]).time.tolist() == [NEVER]
    assert 1 not in sensing.latest().numbers.tolist()
    sensing.ingest(make_observations([1], [5], [7.0]), by=SYSTEM).result(10)
    assert sensing.latest_of([1]).value.tolist() == [7.0]
    sensing.close()
    assert heard == [0]


def test_pages_of_a_box_are_its_latest_values_in_turn() -> None:
    random, count = np.random.default_rng(5), 50_000
    hot, numbers = HotState(), np.arange(1, count + 1, dtype=np.int32)
    hot.place(numbers, 104 + random.random(count), 30 + random.random(count), random.integers(0, 2, count, np.uint8))
    valued = random.choice(numbers, count * 9 // 10, replace=False)
    hot.update(make_observations(valued, np.ones(len(valued)), random.random(len(valued))))
    classes, measured = [next(iter(Classification))], random.random(count + 1) < 0.5
    for box in (
        None,
        Box(104, 30, 105, 31),
        Box(104.2, 30, 104.9, 31),
        Box(104.2, 30.3, 104.21, 30.4),
        Box(1, 1, 2, 2),
    ):
        for wanted in (None, measured):
            whole = hot.latest(box, classes=classes).numbers
            expected = whole if wanted is None else whole[wanted[whole]]
            found: list[int] = []
            while len(page := hot.page(box, wanted, classes, found[-1] if found else 0, 9_000)):
                found += page.numbers.tolist()
            assert found == expected.tolist()


def test_what_is_placed_between_two_pages_is_on_the_next() -> None:
    hot = placed(30_000)
    hot.update(make_observations(np.arange(1, 30_001), np.ones(30_000), np.ones(30_000)))
    box, classes = Box(-180, -90, 180, 90), [Classification.OPEN]
    assert hot.page(box, None, classes, 29_990, 1000).numbers.tolist() == list(range(29_991, 30_001))
    hot.place(np.array([30_001], np.int32), np.array([104.0]), np.array([30.0]), np.zeros(1, np.uint8))
    hot.update(make_observations([30_001], [1], [1.0]))
    hot.forget(np.array([29_995], np.int32))
    found = hot.page(box, None, classes, 29_990, 1000).numbers.tolist()
    assert found == [each for each in range(29_991, 30_002) if each != 29_995]


@pytest.mark.parametrize("moves", [1, 40, 6_000])
def test_boxes_follow_what_moves(moves: int) -> None:
    random, count = np.random.default_rng(7), 60_000
    lon, lat = 104 + random.random(count + 1), 30 + random.random(count + 1)
    hot, numbers = HotState(), np.arange(1, count + 1, dtype=np.int32)
    hot.place(numbers, lon[1:], lat[1:], np.zeros(count, np.uint8))
    hot.update(make_observations(numbers, np.ones(count), np.ones(count)))
    boxes = Box(104, 30, 104.9, 31), Box(104.5, 30.5, 104.51, 30.6), Box(104.2, 30.1, 104.7, 30.9)
    for _ in range(3):
        moved = random.choice(numbers, moves, replace=False)
        lon[moved], lat[moved] = 104 + random.random(moves), 30 + random.random(moves)
        hot.place(moved, lon[moved], lat[moved], np.zeros(moves, np.uint8))
        for box in boxes:
            expected = np.flatnonzero(box.contains(lon, lat))
            expected = expected[expected > 0].tolist()
            assert hot.latest(box).numbers.tolist() == expected
            found: list[int] = []
            while len(page := hot.page(box, None, [Classification.OPEN], found[-1] if found else 0, 10_000)):
                found += page.numbers.tolist()
            assert found == expected


def test_a_page_stops_where_what_is_wanted_is_not_told_yet() -> None:
    hot = placed(3)
    hot.update(make_observations([1, 2, 3], [1, 1, 1], [1.0, 2.0, 3.0]))
    page = hot.page(None, np.array([True, True, True]), [Classification.OPEN], 0, 10)
    assert page.numbers.tolist() == [1, 2]
