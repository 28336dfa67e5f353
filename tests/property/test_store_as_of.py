"""As of any moment: what the lake answers is what replaying the log of appends up to then gives.

Whatever lies where: in the log, in the tables, settled, in cold files, only on a disk that lost its power.
"""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lifang.core import ManualClock, to_micros
from lifang.store import DELETED, NEVER, Ages, ObservationQuery, Observations, Store

START = datetime(2019, 1, 1, tzinfo=UTC)
STREAMS, TIMES = 3, 8
GONE = -5  # the value that stands for a deletion
Row = tuple[int, int, int]
State = dict[tuple[int, datetime], tuple[float, int, str | None]]

rows = st.tuples(st.integers(0, STREAMS - 1), st.integers(0, TIMES - 1), st.integers(GONE, 5))
steps = st.lists(
    st.one_of(
        st.lists(rows, max_size=6).map(lambda each: ("append", each)),
        st.lists(rows, max_size=6).map(lambda each: ("append", each)),
        st.integers(0, TIMES).map(lambda each: ("settle", each)),
        st.sampled_from([-86_400, -2, 1, 3]).map(lambda each: ("clock", each)),
        st.sampled_from(["reopen", "fold", "save", "age", "power cut"]).map(lambda each: (each, None)),
    ),
    min_size=1,
    max_size=12,
)


def moment(step: int) -> datetime:
    """Times lie 8 hours apart, so that settling whole days cuts between them."""
    return START + timedelta(hours=8 * step)


def told(value: int) -> tuple[float, int, str | None]:
    return float(value), DELETED if value == GONE else value + 5, '{"result":"odd"}' if value % 2 else None


def sent(batch: list[Row]) -> Observations:
    streams, times, values = np.array(batch, dtype=np.int64).reshape(-1, 3).T
    micros = np.array([to_micros(moment(int(each))) for each in times], dtype=np.int64)
    wholes = [told(int(value)) for value in values]
    quality = np.array([whole[1] for whole in wholes], dtype=np.uint8)
    extra = pa.array([whole[2] for whole in wholes], pa.string())
    return Observations(streams.astype(np.int32), micros, values.astype(np.float64), quality, extra)


def replayed(log: list[list[Row]]) -> State:
    state = {}
    for batch in log:
        for stream, time, value in batch:
            state[stream, moment(time)] = told(value)
    return {key: whole for key, whole in state.items() if whole[1] != DELETED}


def answered(store: Store, at: datetime | None) -> State:
    table = store.lake.read(ObservationQuery(np.arange(STREAMS, dtype=np.int32), START, moment(TIMES), at=at))
    columns = [table[name].to_pylist() for name in ("datastream", "time", "value", "quality", "extra")]
    found = {(stream, time): tuple(whole) for stream, time, *whole in zip(*columns, strict=True)}
    assert len(found) == table.num_rows
    assert list(found) == sorted(found)
    return found  # type: ignore[return-value]


def newest(state: State) -> dict[int, tuple[datetime, float]]:
    return {stream: (time, state[stream, time][0]) for stream, time in sorted(state)}


def check_tally(store: Store, state: State) -> None:
    """Fail unless counts and first and last times are those of ``state``."""
    times = [[to_micros(time) for number, time in state if number == stream] for stream in range(STREAMS)]
    tally = store.lake.tally(np.arange(STREAMS, dtype=np.int32))
    assert tally.count.tolist() == [len(each) for each in times]
    assert tally.first.tolist() == [min(each, default=NEVER) for each in times]
    assert tally.last.tolist() == [max(each, default=NEVER) for each in times]
    assert store.lake.count(ObservationQuery()) == len(state)
    assert store.lake.count(ObservationQuery(start=moment(1), end=moment(3))) == sum(
        moment(1) <= time < moment(3) for _, time in state
    )


def opened(folder: Path, clock: ManualClock) -> Store:
    return Store.open(folder, clock=clock, memory_mb=64, threads=1, ages=Ages(hot_days=1))


def step(store: Store, verb: str, what: object, clock: ManualClock, log: list[list[Row]]) -> Store:
    """Return the store after one step of the script."""
    if verb == "append":
        store.lake.append(sent(what), subject="t")  # type: ignore[arg-type]
        log.append(what)  # type: ignore[arg-type]
    elif verb == "settle":
        store.lake.settle(moment(what))  # type: ignore[arg-type]
    elif verb == "clock":
        clock.advance(timedelta(seconds=what))  # type: ignore[arg-type]
    elif verb == "fold":
        store.lake._native._books.fold()
    elif verb == "save":
        store.lake._native._books.save()
    elif verb == "age":
        store.lake._native._books._aged_to = 0
        store.lake.tend()
    elif verb == "power cut":
        with store.lake._native.still():
            after = store.folder.with_name(f"{store.folder.name}+")
            shutil.copytree(store.folder, after, ignore=shutil.ignore_patterns("lock"))
        store.close()
        return opened(after, clock)
    else:
        store.close()
        return opened(store.folder, clock)
    return store


LATE_AND_LOST = [  # a late value that replaces none, folded after the book was saved and before the power went
    ("append", [(2, 2, 1)]),
    ("fold", None),
    ("save", None),
    ("append", [(2, 1, 1)]),
    ("fold", None),
    ("power cut", None),
]


@settings(max_examples=25, deadline=None)
@example(LATE_AND_LOST)
@given(steps)
def test_as_of_any_batch_equals_a_replay_of_the_log(script: list[tuple[str, object]]) -> None:
    folder = Path(tempfile.mkdtemp())
    clock = ManualClock(START)
    store = opened(folder / "city", clock)
    log: list[list[Row]] = []
    try:
        for verb, what in script:
            store = step(store, verb, what, clock, log)
        check_tally(store, replayed(log))
        assert answered(store, None) == replayed(log)
        table = store.lake.latest()
        columns = (table[name].to_pylist() for name in ("datastream", "time", "value"))
        assert {stream: (time, value) for stream, time, value in zip(*columns, strict=True)} == newest(replayed(log))
        recorded = [each.recorded for each in store.lake.batches()]
        assert recorded == sorted(recorded)
        for at in {*recorded, START - timedelta(days=2)}:
            assert answered(store, at) == replayed(log[: sum(each <= at for each in recorded)])
    finally:
        store.close()
        shutil.rmtree(folder)
