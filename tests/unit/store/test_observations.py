"""Observations: appended in batches, corrected without loss, read as of any moment, alike before and after settling."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lifang.core import BadInput, ManualClock, to_micros
from lifang.store import Entry, Observations, Store

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
START = datetime(2019, 1, 1, tzinfo=UTC)


def observed(*rows: tuple[int, datetime, float]) -> Observations:
    streams, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Observations(
        np.array(streams, dtype=np.int32),
        np.array([to_micros(time) for time in times], dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.zeros(len(rows), dtype=np.uint8),
    )


def values(store: Store, stream: int, *, at: datetime | None = None) -> list[tuple[datetime, float]]:
    table = store.lake.series(stream, START, START + 10 * DAY, at=at)
    return list(zip(table["time"].to_pylist(), table["value"].to_pylist(), strict=True))


def rows_kept(store: Store) -> dict[str, int]:
    with store.lake._engine.session() as session:
        return {
            table: session.execute(f"SELECT count(*) FROM observations.{table}").fetchall()[0][0]
            for table in ("recent", "settled")
        }


def test_batches_count_up_and_tell_who_sent_them(store: Store, clock: ManualClock) -> None:
    first = observed((1, START, 1.0), (2, START, 2.0))
    assert store.lake.append(first, subject="token:a") == 1
    assert store.lake.append_batch(observed((1, START + HOUR, 3.0)), subject="token:b").id == 2
    told = store.lake.batches()
    assert [(each.id, each.subject, each.rows) for each in told] == [(1, "token:a", 2), (2, "token:b", 1)]
    assert (told[0].digest, told[0].recorded) == (first.digest(), clock.now())
    assert store.lake.batches(after=1) == told[1:]


def test_a_series_is_half_open_and_typed(store: Store) -> None:
    store.lake.append(observed(*((1, START + step * HOUR, float(step)) for step in range(5))), subject="t")
    table = store.lake.series(1, START + HOUR, START + 3 * HOUR)
    assert [str(kind) for kind in table.schema.types] == ["timestamp[us, tz=UTC]", "double", "uint8"]
    assert table["value"].to_pylist() == [1.0, 2.0]


def test_the_last_recorded_value_wins_and_earlier_ones_stay_readable(store: Store, clock: ManualClock) -> None:
    before = clock.now()
    store.lake.append(observed((1, START, 1.0), (1, START + HOUR, 2.0)), subject="t")
    clock.advance(HOUR)
    store.lake.append(observed((1, START, 9.0)), subject="t")
    assert values(store, 1) == [(START, 9.0), (START + HOUR, 2.0)]
    assert values(store, 1, at=before) == [(START, 1.0), (START + HOUR, 2.0)]
    assert values(store, 1, at=before - HOUR) == []
    assert store.lake.observation_count() == 3


def test_within_one_batch_the_later_row_wins(store: Store) -> None:
    store.lake.append(observed((1, START, 1.0), (2, START, 5.0), (1, START, 2.0)), subject="t")
    assert values(store, 1) == [(START, 2.0)]
    store.lake.settle(START + DAY)
    assert values(store, 1) == [(START, 2.0)]


def test_a_clock_that_steps_back_does_not_reorder_history(store: Store, clock: ManualClock) -> None:
    store.lake.append(observed((1, START, 1.0)), subject="t")
    clock.moment -= DAY
    store.lake.append(observed((1, START, 2.0)), subject="t")
    first, second = store.lake.batches()
    assert second.recorded >= first.recorded
    assert values(store, 1) == [(START, 2.0)]


def test_settling_moves_whole_days_and_changes_no_answer(store: Store, clock: ManualClock) -> None:
    rows = [(stream, START + step * HOUR, stream + step / 10) for step in range(72) for stream in (3, 1, 2)]
    store.lake.append(observed(*rows), subject="t")
    clock.advance(HOUR)
    store.lake.append(observed((1, START + HOUR, -1.0), (2, START + 71 * HOUR, -2.0)), subject="t")
    at = clock.now() - HOUR
    answers = [values(store, stream, at=moment) for stream in (1, 2, 3) for moment in (None, at)]
    latest = store.lake.latest()
    store.lake.settle(START + 2 * DAY + HOUR)
    assert rows_kept(store) == {"recent": 24 * 3 + 1, "settled": 48 * 3 + 1}, "the keeper may have settled some before"
    assert store.lake.settle(START + 2 * DAY + HOUR) == 0
    assert [values(store, stream, at=moment) for stream in (1, 2, 3) for moment in (None, at)] == answers
    assert store.lake.latest().equals(latest)
    assert latest["value"].to_pylist() == [1 + 7.1, -2.0, 3 + 7.1]


def test_a_correction_of_a_settled_value_wins_before_and_after_it_is_settled(store: Store) -> None:
    store.lake.append(observed((1, START, 1.0)), subject="t")
    store.lake.settle(START + DAY)
    store.lake.append(observed((1, START, 2.0), (1, START - DAY, 0.0)), subject="t")
    for _ in range(2):
        assert values(store, 1) == [(START, 2.0)]
        assert store.lake.latest()["value"].to_pylist() == [2.0]
        store.lake.settle(START + DAY)


@pytest.mark.parametrize("count", [1, 3, 200])
def test_many_series_come_by_datastream_and_time(store: Store, count: int) -> None:
    store.lake.append(
        observed(*((stream, START + step * HOUR, 1.0) for step in (1, 0) for stream in range(300))), subject="t"
    )
    wanted = list(range(299, 299 - count, -1))
    table = store.lake.many_series(wanted, START, START + DAY)
    assert table["datastream"].to_pylist() == [stream for stream in sorted(wanted) for _ in range(2)]
    assert table.select(["time"])[0].to_pylist()[:2] == [START, START + HOUR]


def test_nothing_observed_is_empty_not_an_error(store: Store) -> None:
    assert store.lake.bounds() is None
    assert store.lake.latest().num_rows == 0
    assert store.lake.many_series([], START, START + DAY).num_rows == 0
    assert store.lake.append(observed(), subject="t") == 1
    assert store.lake.observation_count() == 0


def test_bounds_are_the_first_and_last_time(store: Store) -> None:
    store.lake.append(observed((1, START + HOUR, 1.0), (2, START, 1.0)), subject="t")
    store.lake.append(observed((1, START + DAY, 1.0)), subject="t")
    assert store.lake.bounds() == (START, START + DAY)


def test_unlike_lengths_kinds_and_impossible_times_are_refused(store: Store) -> None:
    good = observed((1, START, 1.0))
    with pytest.raises(BadInput, match="time"):
        Observations(good.datastream, np.zeros(2, dtype=np.int64), good.value, good.quality)
    with pytest.raises(BadInput, match="quality"):
        Observations(good.datastream, good.time, good.value, np.zeros(1, dtype=np.int64))
    with pytest.raises(BadInput, match="years"):
        store.lake.append(
            Observations(good.datastream, np.array([2**62], dtype=np.int64), good.value, good.quality), subject="t"
        )
    with pytest.raises(BadInput):
        store.lake.series(2**40, START, START + DAY)
    assert store.lake.batches() == []


def test_a_batch_whose_record_was_lost_is_told_at_the_next_opening(store: Store, clock: ManualClock) -> None:
    store.record_batch(store.lake.append_batch(observed((1, START, 1.0)), subject="token:a"))
    store.lake.append(observed((1, START, 2.0)), subject="token:b")
    batch = store.lake.append_batch(observed((1, START, 3.0)), subject="token:c")
    with store.registry.transaction() as tx:
        tx.record(Entry("token:c", "observe", f"batch:{batch.id}", detail={"rows": 1}))
        tx.record(Entry("token:d", "observe", f"batch:{batch.id}", detail={"rows": 0}))
    store.close()
    for _ in range(2):
        with Store.open(store.folder, clock=clock) as again:
            told = [each.entry for each in again.ledger.records()]
        assert [each.resource for each in told] == ["batch:1", "batch:3", "batch:3", "batch:2"]
        assert (told[3].subject, told[3].detail["recovered"]) == ("token:b", True)
