"""However values are delivered, the city ends in the same state."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.sensing import Observations, make_observations
from lifang.sensing.hot import HotState
from lifang.sensing.model import concatenate, pick
from lifang.sensing.series import thin

STREAMS = 4
values = st.lists(st.tuples(st.integers(1, STREAMS), st.integers(0, 20)), min_size=1, max_size=60, unique=True)


def state(parts: list[Observations]) -> list[list[float]]:
    hot = HotState(capacity=1)
    numbers = np.arange(1, STREAMS + 1, dtype=np.int32)
    hot.place(numbers, numbers.astype(float), numbers.astype(float), np.zeros(STREAMS, np.uint8))
    for part in parts:
        hot.update(part)
    found = hot.latest()
    return [found.numbers.tolist(), found.time.tolist(), found.value.tolist()]


@settings(max_examples=60, deadline=None)
@given(keys=values, seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 120), max_size=6))
def test_duplicated_and_reordered_delivery_ends_in_the_same_state(
    keys: list[tuple[int, int]], seed: int, cuts: list[int]
) -> None:
    streams, times = zip(*keys, strict=True)
    whole = make_observations(streams, times, np.array(times) * 10.0 + np.array(streams))
    random = np.random.default_rng(seed)
    rows = random.permutation(np.concatenate([np.arange(len(keys)), random.integers(0, len(keys), len(keys))]))
    delivered = [pick(whole, part) for part in np.split(rows, sorted(cut for cut in cuts if cut < len(rows)))]
    assert state(delivered) == state([whole])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, STREAMS), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40),
    cut=st.integers(0, 40),
)
def test_in_one_batch_or_in_two_the_value_recorded_last_wins(rows: list[tuple[int, int, int]], cut: int) -> None:
    streams, times, levels = zip(*rows, strict=True)
    whole = make_observations(streams, times, levels)
    parts = [pick(whole, slice(0, cut)), pick(whole, slice(cut, None))]
    last = {(stream, time): level for stream, time, level in rows}
    latest = {stream: max(time for each, time, _ in rows if each == stream) for stream in streams}
    assert state([whole]) == state(parts) == state([concatenate(parts)])
    assert state([whole])[2] == [last[stream, latest[stream]] for stream in sorted(latest)]


@settings(max_examples=60, deadline=None)
@given(
    levels=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400),
    steps=st.integers(0, 2**32 - 1),
    points=st.integers(4, 60),
)
def test_thinning_keeps_the_ends_and_every_extreme_within_its_bound(
    levels: list[float], steps: int, points: int
) -> None:
    time = np.cumsum(np.random.default_rng(steps).integers(1, 1000, len(levels)))
    value = np.array(levels)
    rows = thin(time, value, points)
    assert len(rows) <= max(points, 4)
    assert (np.diff(rows) > 0).all()
    assert rows[0] == 0
    assert rows[-1] == len(levels) - 1
    assert value[rows].max() == value.max()
    assert value[rows].min() == value.min()
