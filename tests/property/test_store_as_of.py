"""As of any moment: what the lake answers is what replaying the log of appends up to then gives."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import ManualClock, to_micros
from lifang.store import Observations, Store

START = datetime(2019, 1, 1, tzinfo=UTC)
STREAMS, TIMES = 3, 5
Row = tuple[int, int, int]

rows = st.tuples(st.integers(0, STREAMS - 1), st.integers(0, TIMES - 1), st.integers(-5, 5))
steps = st.lists(
    st.one_of(
        st.lists(rows, max_size=6).map(lambda each: ("append", each)),
        st.integers(0, TIMES).map(lambda each: ("settle", each)),
        st.integers(-2, 3).map(lambda each: ("clock", each)),
        st.just(("reopen", None)),
    ),
    min_size=1,
    max_size=10,
)


def moment(step: int) -> datetime:
    """Times lie 8 hours apart, so that settling whole days cuts between them."""
    return START + timedelta(hours=8 * step)


def sent(batch: list[Row]) -> Observations:
    streams, times, values = np.array(batch, dtype=np.int64).reshape(-1, 3).T
    micros = np.array([to_micros(moment(int(each))) for each in times], dtype=np.int64)
    return Observations(streams.astype(np.int32), micros, values.astype(np.float64), (values + 5).astype(np.uint8))


def replayed(log: list[list[Row]]) -> dict[tuple[int, datetime], tuple[float, int]]:
    state = {}
    for batch in log:
        for stream, time, value in batch:
            state[stream, moment(time)] = (float(value), value + 5)
    return state


def answered(store: Store, at: datetime | None) -> dict[tuple[int, datetime], tuple[float, int]]:
    table = store.lake.many_series(range(STREAMS), START, moment(TIMES), at=at)
    columns = [table[name].to_pylist() for name in ("datastream", "time", "value", "quality")]
    found = {(stream, time): (value, quality) for stream, time, value, quality in zip(*columns, strict=True)}
    assert len(found) == table.num_rows
    return found


def newest(state: dict[tuple[int, datetime], tuple[float, int]]) -> dict[int, tuple[datetime, float]]:
    return {stream: (time, state[stream, time][0]) for stream, time in sorted(state)}


@settings(max_examples=15, deadline=None)
@given(steps)
def test_as_of_any_batch_equals_a_replay_of_the_log(script: list[tuple[str, object]]) -> None:
    folder = Path(tempfile.mkdtemp())
    clock = ManualClock(START)
    store = Store.open(folder / "city", clock=clock, memory_mb=64, threads=1)
    log: list[list[Row]] = []
    try:
        for verb, what in script:
            if verb == "append":
                store.lake.append(sent(what), subject="t")
                log.append(what)
            elif verb == "settle":
                store.lake.settle(moment(what))
            elif verb == "clock":
                clock.advance(timedelta(seconds=what))
            else:
                store.close()
                store = Store.open(folder / "city", clock=clock, memory_mb=64, threads=1)
        assert answered(store, None) == replayed(log)
        table = store.lake.latest()
        columns = (table[name].to_pylist() for name in ("datastream", "time", "value"))
        assert {stream: (time, value) for stream, time, value in zip(*columns, strict=True)} == newest(replayed(log))
        recorded = [each.recorded for each in store.lake.batches()]
        for at in {*recorded, START - timedelta(days=1)}:
            assert answered(store, at) == replayed(log[: sum(each <= at for each in recorded)])
    finally:
        store.close()
        shutil.rmtree(folder)
