"""Duplicated and reordered delivery ends in the same city: hot state, counts, series and sums."""

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import ManualClock, to_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Sensing, Thing, make_observations
from lifang.store import DELETED, NEVER, AggregateQuery, ObservationQuery, Observations, Store

START = datetime(2019, 1, 1, tzinfo=UTC)
END = START + timedelta(days=2)
STREAMS = 3
HOUR_US = 3_600_000_000
ORDER = (("datastream", False), ("time", False), ("end", False))
KEY = st.tuples(st.integers(1, STREAMS), st.integers(0, 47), st.sampled_from([0, 0, 0, 1, 2]))  # 0: a moment
keys = st.lists(KEY, min_size=1, max_size=40, unique=True)


def observations(keys: list[tuple[int, int, int]]) -> Observations:
    """Return the value of each key: a datastream, an hour, and how many hours it lasts."""
    number, hour, lasts = (np.array(each) for each in zip(*keys, strict=True))
    time = to_micros(START) + hour.astype(np.int64) * HOUR_US
    plain = make_observations(number, time, number * 100.0 + hour + lasts / 10)
    ends = (time + lasts * HOUR_US).tolist()
    extra = [f'{{"end":{end}}}' if last else None for end, last in zip(ends, lasts.tolist(), strict=True)]
    return replace(plain, extra=pa.array(extra, pa.string()))


def delivered(keys: list[tuple[int, int, int]], parts: list[np.ndarray], tended: list[bool]) -> dict[str, Any]:
    """Return what a new city shows after the values of ``keys``, each telling its key, came in ``parts``."""
    folder = Path(tempfile.mkdtemp())
    with Store.open(folder / "city", clock=ManualClock(START), memory_mb=64, threads=1) as store:
        sensing = Sensing(store, ManualClock(START))
        sensing.start()
        streams = [Datastream(f"t.{n}", "t", "t", "t", "t", "t", "1", 600) for n in range(STREAMS)]
        sensing.register([Thing("t", "t", "t", "t", 104.0, 30.6)], streams, by=SYSTEM)
        for part, tend in zip(parts, tended, strict=False):
            if len(part):
                sensing.ingest(observations([keys[row] for row in part]), by=SYSTEM)
            if tend:
                sensing.ingest(observations(keys[:1]), by=SYSTEM).result(30)
                store.lake.tend()
        sensing.close()
        numbers = np.arange(1, STREAMS + 1, dtype=np.int32)
        tally, latest = store.lake.tally(numbers), sensing.latest()
        found = {
            "hot": (latest.numbers.tolist(), latest.time.tolist(), latest.value.tolist()),
            "tally": (tally.count.tolist(), tally.first.tolist(), tally.last.tolist(), tally.end.tolist()),
            "rows": store.lake.read(ObservationQuery(order=ORDER)).to_pylist(),
            "sums": [
                store.lake.aggregate(
                    AggregateQuery(START, END, every, by=by, functions=("count", "min", "max"))
                ).to_pylist()
                for every in (3600, 86_400)
                for by in (("datastream",), ())
            ],
        }
    shutil.rmtree(folder)
    return found


@settings(max_examples=10, deadline=None)
@given(
    keys=keys,
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(0, 80), max_size=5),
    tended=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_delivery_in_any_order_and_twice_ends_in_the_same_city(
    keys: list[tuple[int, int, int]], seed: int, cuts: list[int], tended: list[bool]
) -> None:
    random = np.random.default_rng(seed)
    rows = random.permutation(np.concatenate([np.arange(len(keys)), random.integers(0, len(keys), len(keys))]))
    parts = np.split(rows, sorted(cut for cut in cuts if cut < len(rows)))
    in_order = sorted(range(len(keys)), key=lambda row: keys[row][1:] + keys[row][:1])
    assert delivered(keys, parts, tended) == delivered(keys, [np.array(in_order)], [False])


@settings(max_examples=10, deadline=None)
@given(
    steps=st.lists(st.tuples(st.lists(KEY, min_size=1, max_size=8), st.booleans(), st.sampled_from("-fto")), max_size=8)
)
def test_what_datastreams_span_is_told_of_what_is_there_after_deletions_in_any_order(
    steps: list[tuple[list[tuple[int, int, int]], bool, str]],
) -> None:
    folder, there = Path(tempfile.mkdtemp()), set[tuple[int, int, int]]()
    store = Store.open(folder / "city", clock=ManualClock(START), memory_mb=64, threads=1)
    numbers = np.arange(1, STREAMS + 1, dtype=np.int32)
    for some, deleted, then in steps:
        rows = observations(some)
        quality = np.full(len(rows), DELETED, np.uint8) if deleted else rows.quality
        store.lake.append(replace(rows, quality=quality), subject="a")
        there = there - set(some) if deleted else there | set(some)
        if then == "t":
            store.lake.tend()
        if then == "o":
            store.close()
            store = Store.open(folder / "city", clock=ManualClock(START), memory_mb=64, threads=1)
        if then == "f":
            store.lake.settle(END)
        tally = store.lake.tally(numbers)
        for at, number in enumerate(numbers.tolist()):
            spans = [(hour, hour + lasts) for each, hour, lasts in there if each == number]
            told = [int(column[at]) for column in (tally.first, tally.last, tally.end)]
            hours = (min(b for b, _ in spans), max(b for b, _ in spans), max(e for _, e in spans)) if spans else ()
            assert told == ([to_micros(START) + hour * HOUR_US for hour in hours] or [NEVER] * 3)
            assert tally.count[at] == len(spans)
    store.close()
    shutil.rmtree(folder)
