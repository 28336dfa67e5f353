"""Observations age: sorted once their day is over, then Parquet, then given up if so set; questions see one table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput, ManualClock, load_settings, to_micros
from lifang.store import Ages, AggregateQuery, ObservationQuery, Observations, Store
from lifang.store.lake.observed.reading import Scan

pytestmark = pytest.mark.slow

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2019, 1, 1, tzinfo=UTC)
STREAMS = np.arange(1, 4, dtype=np.int32)
Opened = Callable[[Ages], Store]


def days(first: int, last: int, *, shift: float = 0.0) -> Observations:
    """Return an hourly value of each datastream in the days from ``first`` up to ``last``."""
    hours = np.repeat(np.arange(first * 24, last * 24), len(STREAMS))
    times = to_micros(START) + hours * 3_600_000_000
    return Observations(
        np.tile(STREAMS, (last - first) * 24), times, hours + shift, np.zeros(len(hours), dtype=np.uint8)
    )


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Opened]:
    found: list[Store] = []

    def opened(ages: Ages) -> Store:
        for each in found:
            each.close()
        found.append(Store.open(tmp_path / "city", clock=ManualClock(START), memory_mb=64, threads=1, ages=ages))
        return found[-1]

    yield opened
    found[-1].close()


def lying(store: Store) -> dict[str, int]:
    """Return how many rows lie where."""
    with store.lake._engine.session() as session:
        query = (
            "SELECT (SELECT count(*) FROM observations.recent), (SELECT count(*) FROM observations.settled), "
            "(SELECT coalesce(sum(rows), 0) FROM observations.cold_piece)"
        )
        row = session.execute(query).fetchone()
    assert row is not None
    return dict(zip(("recent", "settled", "cold"), map(int, row), strict=True))


def files(store: Store) -> list[str]:
    return sorted(path.name for path in (store.folder / "lake" / "releases" / "_observations").iterdir())


def test_rows_lie_in_three_places_and_are_read_as_one_table(open_store: Opened) -> None:
    store = open_store(Ages(hot_days=3))
    store.lake.append(days(0, 8), subject="a")
    before = store.lake.read(ObservationQuery())
    store.lake.tend()
    assert lying(store) == {"recent": 72, "settled": 3 * 72, "cold": 4 * 72}
    assert len(files(store)) == 4
    assert store.lake.read(ObservationQuery()).equals(before)
    store = open_store(Ages(hot_days=3))
    assert store.lake.read(ObservationQuery()).equals(before)
    assert len(store.lake.series(2, START + DAY, START + 6 * DAY)) == 5 * 24


def test_cold_intervals_that_begin_together_stay_apart_and_are_corrected(open_store: Opened) -> None:
    def lasting(hours: int, value: float) -> Observations:
        extra = pa.array([f'{{"end":{to_micros(START + hours * HOUR)}}}'], pa.string())
        one = (np.ones(1, np.int32), np.array([to_micros(START)]), np.array([value]), np.zeros(1, np.uint8))
        return Observations(*one, extra)

    store = open_store(Ages(hot_days=2))
    for each in (days(0, 8), lasting(1, -1.0), lasting(2, -2.0)):
        store.lake.append(each, subject="a")
    store.lake.tend()
    assert lying(store)["cold"] > 2 * 72
    store.lake.append(lasting(2, -3.0), subject="a")
    order = (("time", False), ("end", False))
    first = ObservationQuery(STREAMS[:1], START, START + HOUR, order=order)
    for again in (False, True):
        store = open_store(Ages(hot_days=2)) if again else store
        assert store.lake.read(first)["value"].to_pylist() == [0.0, -1.0, -3.0]
        assert store.lake.tally(STREAMS[:1]).count.tolist() == [8 * 24 + 2]
        assert store.lake.count(ObservationQuery()) == store.lake.count(ObservationQuery(start=START)) == 8 * 72 + 2


def test_a_cold_value_is_corrected_and_its_history_stays(open_store: Opened) -> None:
    store = open_store(Ages(hot_days=2))
    store.lake.append(days(0, 6), subject="a")
    store.lake.tend()
    store.lake.append(days(1, 2, shift=0.5), subject="b")
    for last in (7, 8):
        assert store.lake.series(1, START + DAY, START + DAY + 2 * HOUR)["value"].to_pylist() == [24.5, 25.5]
        assert store.lake.history(1, to_micros(START + DAY))["value"].to_pylist() == [24.0, 24.5]
        assert store.lake.count(ObservationQuery()) == (last - 1) * 72
        store.lake.append(days(last - 1, last), subject="a")
        store.lake.tend()
        store = open_store(Ages(hot_days=2))
    assert lying(store)["cold"] == 6 * 72  # the days before the last two, and the day that was corrected once more


def test_given_up_rows_leave_their_sums_and_a_record(open_store: Opened) -> None:
    store = open_store(Ages(hot_days=2, keep_raw_days=4))
    store.lake.describe(STREAMS, np.array([7, 7, 8], dtype=np.int32), np.full(3, 600, dtype=np.int32))
    store.lake.append(days(0, 4), subject="a")
    store.lake.tend()
    question = AggregateQuery(START, START + 4 * DAY, 86_400, by=("property",), functions=("count", "sum", "max"))
    sums = store.lake.aggregate(question)
    store.lake.append(days(4, 9), subject="a")
    store.lake.tend()
    cutoff = START + 4 * DAY
    assert store.lake.count(ObservationQuery(end=cutoff)) == 0
    assert store.lake.count(ObservationQuery()) == 5 * 72
    assert store.lake.tally(STREAMS).first.tolist() == [to_micros(cutoff)] * 3
    assert store.lake.aggregate(question).equals(sums)
    (record,) = [each.entry for each in store.ledger.records() if each.entry.action == "give_up"]
    assert (record.subject, record.detail) == ("system", {"rows": 4 * 72, "before": "2019-01-05T00:00:00Z"})
    listed = len(files(store))
    store = open_store(Ages(hot_days=2, keep_raw_days=4))
    assert len(files(store)) < listed
    assert store.lake.count(ObservationQuery()) == 5 * 72


def test_cold_files_are_in_a_backup(open_store: Opened, tmp_path: Path) -> None:
    store = open_store(Ages(hot_days=1))
    store.lake.append(days(0, 4), subject="a")
    store.lake.tend()
    Store.restore(store.backup(tmp_path / "backup.tar").path, tmp_path / "new")
    with Store.open(tmp_path / "new", clock=ManualClock(START), memory_mb=64, threads=1) as again:
        assert again.lake.read(ObservationQuery()).equals(store.lake.read(ObservationQuery()))
        assert lying(again)["cold"] == 2 * 72


def test_reading_goes_on_while_rows_age(open_store: Opened) -> None:
    store = open_store(Ages(hot_days=1))
    store.lake.append(days(0, 6), subject="a")
    with store.lake._native._reader.moment() as (session, waiting):
        assert session.execute("SELECT count(*) FROM observations.settled").fetchone() == (0,)
        store.lake.tend()
        reader = store.lake._native._reader
        view = reader.over(session, Scan(), waiting)
        assert len(view.rows(view.current, view.current_values)) == 6 * 72
    assert store.lake.count(ObservationQuery(start=START)) == 6 * 72


def test_days_below_nothing_are_refused(tmp_path: Path) -> None:
    text = 'id = "a"\nname_zh = "a"\nname_en = "a"\narea_code = "510100"\nhot_days = -1\n'
    (tmp_path / "city.toml").write_text(text)
    with pytest.raises(BadInput, match="negative"):
        load_settings(tmp_path)
