"""Questions about observations: rows, exact counts, tallies, buckets, histories; what was deleted is not counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput, ManualClock, to_micros
from lifang.store import DELETED, NEVER, AggregateQuery, Lake, ObservationQuery, Observations, Store
from lifang.store.expression import Call, Field, Literal

pytestmark = pytest.mark.slow

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2019, 1, 1, tzinfo=UTC)
END = START + 10 * DAY


def observed(
    *rows: tuple[int, datetime, float], quality: int = 0, extra: list[str | None] | None = None
) -> Observations:
    streams, times, values = zip(*rows, strict=True)
    return Observations(
        np.array(streams, dtype=np.int32),
        np.array([to_micros(time) for time in times], dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.full(len(rows), quality, dtype=np.uint8),
        None if extra is None else pa.array(extra, pa.string()),
    )


def numbers(*streams: int) -> np.ndarray:
    return np.array(streams, dtype=np.int32)


@pytest.fixture
def filled(store: Store) -> Store:
    rows = [(stream, START + step * HOUR, stream * 100.0 + step) for step in range(48) for stream in (1, 2, 3)]
    store.lake.append(observed(*rows), subject="a")
    return store


def test_rows_come_in_the_order_asked_for_and_in_pages(filled: Store) -> None:
    query = ObservationQuery(numbers(1, 2), START, END, order=(("value", True),), limit=3, offset=1)
    assert filled.lake.read(query)["value"].to_pylist() == [246.0, 245.0, 244.0]
    plain = filled.lake.read(ObservationQuery(start=START, end=START + HOUR))
    assert plain["datastream"].to_pylist() == [1, 2, 3]
    assert plain.column_names == ["datastream", "time", "value", "quality", "extra"]
    assert str(plain.schema.field("time").type) == "timestamp[us, tz=UTC]"


def test_a_condition_chooses_rows_and_counts_them(filled: Store) -> None:
    above = Call("gt", (Field("value"), Literal(145)))
    assert filled.lake.count(ObservationQuery(numbers(1), where=above)) == 2
    assert filled.lake.count(ObservationQuery(where=above)) == 2 + 48 + 48
    assert filled.lake.read(ObservationQuery(numbers(1), where=above))["value"].to_pylist() == [146.0, 147.0]


@pytest.mark.parametrize("many", [2, 64, 65, 300])
def test_however_many_datastreams_are_asked_for_those_come_and_none_between(filled: Store, many: int) -> None:
    filled.lake.append(observed(*((stream, START, 0.0) for stream in range(4, 700))), subject="b")
    filled.lake.append(observed((5, START, 9.0), (6, START, 9.0)), subject="corrected")
    asked = numbers(*range(1, 2 * many, 2))
    for _ in range(2):  # while rows wait, and from the tables
        found = filled.lake.read(ObservationQuery(asked, START, START + HOUR))
        assert found["datastream"].to_pylist() == asked.tolist()
        corrected = [value for stream, value in zip(asked, found["value"].to_pylist(), strict=True) if stream == 5]
        assert corrected == ([9.0] if many > 2 else [])
        filled.lake.tend()


def test_recorded_time_can_be_asked_for(filled: Store, clock: ManualClock) -> None:
    clock.advance(HOUR)
    filled.lake.append(observed((1, START, -1.0)), subject="b")
    fresh = Call("ge", (Field("recorded"), Literal(clock.now())))
    assert filled.lake.read(ObservationQuery(where=fresh))["value"].to_pylist() == [-1.0]
    newest = ObservationQuery(numbers(1), order=(("recorded", True), ("time", False)), limit=2)
    assert filled.lake.read(newest)["value"].to_pylist() == [-1.0, 101.0]


def test_extra_is_kept_through_settling_and_can_be_asked_for(store: Store) -> None:
    sent = observed((1, START, 1.0), (1, START + HOUR, np.nan), extra=[None, '{"result":"open","end":7}'])
    batch = store.lake.append_batch(sent, subject="a")
    assert batch.digest == sent.digest() != observed((1, START, 1.0), (1, START + HOUR, np.nan)).digest()
    is_open = ObservationQuery(where=Call("eq", (Field("extra.result"), Literal("open"))))
    for _ in range(2):
        assert store.lake.read(is_open)["extra"].to_pylist() == ['{"result":"open","end":7}']
        store.lake.settle(START + DAY)


def test_what_stands_in_json_is_ordered_by_its_worth_and_a_page_begins_after_its_keys(store: Store) -> None:
    extra = ['{"n":10}', '{"n":9}', '{"n":"b"}', '{"n":"a"}', None, '{"n":-1.5}']
    rows = [(1, START + step * HOUR, float(step)) for step in range(len(extra))]
    store.lake.append(observed(*rows, extra=extra), subject="a")
    for descending, expected in ((False, [4, 3, 2, 5, 1, 0]), (True, [0, 1, 5, 2, 3, 4])):
        query = ObservationQuery(order=(("extra.n", descending),), limit=1)
        found: list[float] = []
        while len(page := store.lake.read(query)):
            found += page["value"].to_pylist()
            keys = tuple(page[f"key_{at}"][0].as_py() for at in range(3))
            query = replace(query, after=keys)
        assert found == expected
    wrong = replace(query, after=(1, 2, 3))
    with pytest.raises(BadInput, match="does not fit"):
        store.lake.read(wrong)


def test_a_deleted_value_is_gone_from_every_answer_but_its_history(filled: Store, clock: ManualClock) -> None:
    before = clock.now()
    clock.advance(HOUR)
    last = START + 47 * HOUR
    filled.lake.append(observed((1, last, 0.0), (1, START, 0.0), quality=DELETED), subject="b")
    for _ in range(2):
        assert filled.lake.count(ObservationQuery(numbers(1))) == 46
        assert filled.lake.series(1, START, START + HOUR).num_rows == 0
        assert filled.lake.latest()["value"].to_pylist() == [146.0, 247.0, 347.0]
        told = filled.lake.tally(numbers(1, 2, 9))
        assert told.count.tolist() == [46, 48, 0]
        assert told.first.tolist() == [to_micros(START + HOUR), to_micros(START), NEVER]
        assert told.last.tolist() == [to_micros(last - HOUR), to_micros(last), NEVER]
        assert filled.lake.count(ObservationQuery(numbers(1), at=before)) == 48
        history = filled.lake.history(1, to_micros(last)).to_pylist()
        assert [(each["value"], each["quality"], each["subject"]) for each in history] == [(147, 0, "a"), (0, 255, "b")]
        assert [each["recorded"] for each in history] == [before, clock.now()]
        filled.lake.settle(END)


def test_a_value_sent_again_after_its_deletion_is_there_again(filled: Store) -> None:
    filled.lake.append(observed((1, START, 0.0), quality=DELETED), subject="b")
    filled.lake.append(observed((1, START, 5.0)), subject="b")
    assert filled.lake.series(1, START, START + HOUR)["value"].to_pylist() == [5.0]
    assert filled.lake.tally(numbers(1)).count.tolist() == [48]


def test_buckets_hold_what_their_functions_say(filled: Store) -> None:
    query = AggregateQuery(START, END, 6 * 3600, numbers(1), functions=("avg", "min", "max", "count", "sum", "p50"))
    first = filled.lake.aggregate(query).to_pylist()[1]
    values = [100.0 + step for step in range(6, 12)]
    assert first == {
        "datastream": 1,
        "time": START + 6 * HOUR,
        "avg": sum(values) / 6,
        "min": values[0],
        "max": values[-1],
        "count": 6,
        "sum": sum(values),
        "p50": 108.5,
    }


def test_days_begin_at_midnight_of_the_zone(filled: Store) -> None:
    table = filled.lake.aggregate(AggregateQuery(START, END, 86_400, numbers(2), zone="Asia/Shanghai"))
    assert table["time"].to_pylist() == [START - 8 * HOUR, START + 16 * HOUR, START + 40 * HOUR]
    assert table["count"].to_pylist() == [16, 24, 8]
    odd = filled.lake.aggregate(AggregateQuery(START, END, 3600, numbers(2), zone="Asia/Kolkata", by=()))
    assert odd["time"].to_pylist()[:2] == [START - HOUR / 2, START + HOUR / 2]


def test_values_are_grouped_by_what_they_measure(filled: Store) -> None:
    filled.lake.describe(numbers(1, 2, 3), numbers(7, 8, 7), numbers(60, 60, 60))
    table = filled.lake.aggregate(AggregateQuery(START, END, 0, by=("property",), functions=("count", "max")))
    assert table.drop_columns(["time"]).to_pylist() == [
        {"property": 7, "count": 96, "max": 347.0},
        {"property": 8, "count": 48, "max": 247.0},
    ]
    only = filled.lake.aggregate(AggregateQuery(START, END, 0, property=8, by=()))
    assert only["count"].to_pylist() == [48]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: AggregateQuery(START, END, 60, functions=("median",)),
        lambda: AggregateQuery(START, END, 90_000),
        lambda: AggregateQuery(START, END, 60, by=("thing",)),
        lambda: AggregateQuery(START, END, 60, numbers(1), 1),
        lambda: ObservationQuery(limit=-1),
        lambda: ObservationQuery(order=(("colour", False),)),
    ],
)
def test_what_cannot_be_asked_is_refused(wrong: object) -> None:
    with pytest.raises(BadInput):
        wrong()  # type: ignore[operator]


def test_a_number_far_from_dense_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="dense"):
        store.lake.append(observed((-1, START, 1.0)), subject="a")


@pytest.mark.parametrize("later", [6, 8, 12])
def test_sums_go_by_datastreams_described_after_a_restart_however_many(tmp_path: Path, later: int) -> None:
    every_s, clock = 3600, ManualClock(END)
    with Store.open(tmp_path / "city", clock=clock, memory_mb=64, threads=1) as store:
        store.lake.describe(numbers(*range(1, 6)), numbers(*[7] * 5), numbers(*[60] * 5))
        store.lake.append(observed(*((1, START + minute * HOUR / 60, minute) for minute in range(600))), subject="a")
        store.lake.tend()
        assert store.lake.aggregate(AggregateQuery(START, END, every_s, numbers(1)))["count"].to_pylist() == [60] * 10
    with Store.open(tmp_path / "city", clock=clock, memory_mb=64, threads=1) as store:
        told = numbers(*range(1, later))
        store.lake.describe(told, np.full_like(told, 8), np.full_like(told, 60))
        assert (
            store.lake.aggregate(AggregateQuery(START, END, every_s, property=8, by=()))["count"].to_pylist()
            == [60] * 10
        )


def lasting(*ends: timedelta | None) -> Observations:
    """Return values of datastream 1 that begin at START and tell their place; ``None`` is a moment."""
    extra = [None if end is None else f'{{"end":{to_micros(START + end)}}}' for end in ends]
    return observed(*((1, START, float(place)) for place in range(len(ends))), extra=extra)


def test_intervals_with_one_start_and_other_ends_are_values_of_their_own(store: Store, tmp_path: Path) -> None:
    ends = (HOUR, None, 2 * HOUR, HOUR)  # the last replaces the first
    order = (("datastream", False), ("time", False), ("end", False))
    store.lake.append(lasting(*ends), subject="a")
    store.lake.append(lasting(None, 3 * HOUR), subject="b")
    corrected = [0.0, 3.0, 2.0, 1.0]  # the moment, then 1, 2, 3 hours

    def holds(lake: Lake, expected: list[float], hours: int = 3) -> None:
        everything = ObservationQuery(numbers(1), order=order)
        assert lake.read(everything)["value"].to_pylist() == expected
        assert lake.count(ObservationQuery()) == lake.count(ObservationQuery(start=START)) == len(expected)
        tally = lake.tally(numbers(1))
        assert (tally.count.tolist(), tally.last.tolist()) == ([len(expected)], [to_micros(START)])
        assert tally.end.tolist() == [to_micros(START + hours * HOUR)]
        assert lake.latest()["value"].to_pylist() == expected[-1:]
        summed = lake.aggregate(AggregateQuery(START, START + HOUR, 3600, functions=("count", "sum")))
        assert (summed["count"].to_pylist(), summed["sum"].to_pylist()) == ([len(expected)], [sum(expected)])

    holds(store.lake, corrected)
    store.lake.append(observed((1, START + DAY, 9.0)), subject="a")
    store.lake.append(observed((1, START + DAY, 9.0), quality=DELETED), subject="a")
    store.lake.settle(START + 2 * DAY)
    store.lake.tend()
    holds(store.lake, corrected)
    versions = store.lake.history(1, to_micros(START)).to_pylist()
    of_an_hour = [each["value"] for each in versions if each["until"] == to_micros(START + HOUR)]
    assert (len(versions), of_an_hour) == (6, [0.0, 3.0])
    gone = lasting(3 * HOUR)
    store.lake.append(replace(gone, quality=np.full(1, DELETED, np.uint8)), subject="a")
    holds(store.lake, corrected[:-1], 2)
    folder = store.lake.folder
    store.close()
    with Store.open(folder.parent, clock=ManualClock(END), memory_mb=64, threads=1) as again:
        holds(again.lake, corrected[:-1], 2)
        after = again.lake.read(ObservationQuery(numbers(1), order=order, after=(1, to_micros(START), None)))
        assert after["value"].to_pylist() == [3.0, 2.0]
        one = ObservationQuery(where=Call("eq", (Field("end"), Literal(START + 2 * HOUR))))
        assert again.lake.read(one)["value"].to_pylist() == [2.0]
