"""Sums kept up answer what summing up afresh gives, whatever came late, twice, corrected or deleted."""

import math
import shutil
import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import ManualClock
from lifang.store import DELETED, AggregateQuery, Observations, Store

ZONE = "Asia/Kolkata"  # its days begin at half past a UTC hour
START = datetime(2019, 1, 1, tzinfo=UTC)
STREAMS, MINUTES = 4, 3 * 24 * 60
PROPERTIES, PERIODS = (7, 7, 8, 8), (0, 60, 900, 3600)
NAN, GONE = 9, -9
Key = tuple[int, int]
State = dict[Key, float]

rows = st.tuples(st.integers(1, STREAMS), st.integers(0, MINUTES - 1), st.integers(GONE, NAN))
steps = st.lists(
    st.one_of(
        st.lists(rows, max_size=12).map(lambda each: ("append", each)),
        st.lists(rows, max_size=12).map(lambda each: ("append", each)),
        st.integers(0, 3).map(lambda each: ("settle", each)),
        st.tuples(st.integers(1, STREAMS), st.sampled_from([7, 8]), st.sampled_from([0, 60, 900])).map(
            lambda each: ("describe", each)
        ),
        st.sampled_from(["tend", "tend", "fold", "reopen"]).map(lambda each: (each, None)),
    ),
    min_size=2,
    max_size=10,
)
minutes = st.one_of(st.integers(0, MINUTES), st.integers(0, MINUTES // 60).map(lambda each: 60 * each))


def moment(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def sent(batch: list[tuple[int, int, int]]) -> Observations:
    streams, times, values = np.array(batch, dtype=np.int64).reshape(-1, 3).T
    quality = np.where(values == GONE, DELETED, 0).astype(np.uint8)
    micros = times * 60_000_000 + int(START.timestamp()) * 1_000_000
    return Observations(streams.astype(np.int32), micros, np.where(values == NAN, np.nan, values), quality)


def begin(minute: int, every_s: int) -> datetime:
    if every_s % 86_400:
        step = every_s // 60
        return moment((minute + 330) // step * step - 330)
    return moment(minute).astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0).astimezone(UTC)


def afresh(state: State, query: AggregateQuery, properties: dict[int, int]) -> dict[tuple[object, ...], list[float]]:
    found: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for (stream, minute), value in state.items():
        among = query.datastreams is None or stream in query.datastreams.tolist()
        measured = query.property in {None, properties[stream]}
        if query.start <= moment(minute) < query.end and among and measured and not math.isnan(value):
            by = {"datastream": stream, "property": properties[stream]}
            found[(*(by[each] for each in query.by), begin(minute, query.every_s))].append(value)
    return found


def check(store: Store, state: State, query: AggregateQuery, properties: dict[int, int]) -> None:
    table = store.lake.aggregate(query)
    told = {
        (*(row[each] for each in query.by), row["time"]): [row["count"], row["sum"], row["min"], row["max"], row["avg"]]
        for row in table.to_pylist()
    }
    assert len(told) == table.num_rows
    expected = {
        key: [len(each), sum(each), min(each), max(each), sum(each) / len(each)]
        for key, each in afresh(state, query, properties).items()
    }
    assert told.keys() == expected.keys()
    for key, values in expected.items():
        assert np.allclose(told[key], values), key


def queries(bounds: tuple[int, int], shift: int) -> list[AggregateQuery]:
    """Return questions with any two of bucket, group and choice together; with each ``shift`` other threes of them."""
    start, end = (moment(each) for each in sorted(bounds))
    functions = ("count", "sum", "min", "max", "avg")
    some = np.array([1, 3], dtype=np.int32)
    choices = ((None, None), (some, None), (None, 8))
    found = []
    for (n, every), (m, by) in product(
        enumerate((60, 900, 3600, 86_400)), enumerate((("datastream",), ("property",), ()))
    ):
        among, measured = choices[(n + m + shift) % 3]
        found.append(
            AggregateQuery(
                start, end, every, zone=ZONE, functions=functions, by=by, datastreams=among, property=measured
            )
        )
    return found


class City:
    """A store, and what it should hold."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, dict[Key, float]()
        self.properties = dict(zip(range(1, STREAMS + 1), PROPERTIES, strict=True))
        self.periods = dict(zip(range(1, STREAMS + 1), PERIODS, strict=True))
        self.store = self.opened()

    def opened(self) -> Store:
        clock = ManualClock(START)
        store = Store.open(self.folder, clock=clock, memory_mb=64, threads=1, zone_name=ZONE)
        columns = (self.properties, self.properties.values(), self.periods.values())
        store.lake.describe(*(np.array(list(each), dtype=np.int32) for each in columns))
        return store

    def do(self, verb: str, what: object) -> None:
        lake = self.store.lake
        if verb == "append":
            lake.append(sent(what), subject="t")  # type: ignore[arg-type]
            self.state |= {(stream, minute): value if value != NAN else math.nan for stream, minute, value in what}  # type: ignore[attr-defined]
            self.state = {key: value for key, value in self.state.items() if value != GONE}
        elif verb == "settle":
            lake.settle(START + timedelta(days=what))  # type: ignore[arg-type]
        elif verb == "describe":
            number, measured, period = what  # type: ignore[misc]
            lake.describe(*(np.array([each], np.int32) for each in (number, measured, period)))
            self.properties[number], self.periods[number] = measured, period
        elif verb == "tend":
            lake.tend()
        elif verb == "fold":
            lake._native._books.fold()
        else:
            self.store.close()
            self.store = self.opened()


@settings(max_examples=15, deadline=None)
@given(steps, st.tuples(minutes, minutes), st.integers(0, 2))
def test_sums_equal_a_fresh_computation(script: list[tuple[str, object]], bounds: tuple[int, int], shift: int) -> None:
    folder = Path(tempfile.mkdtemp())
    city = City(folder / "city")
    try:
        for verb, what in script:
            city.do(verb, what)
        for query in queries(bounds, shift):
            check(city.store, city.state, query, city.properties)
        city.do("tend", None)
        for query in queries((0, MINUTES), shift + 1):
            check(city.store, city.state, query, city.properties)
    finally:
        city.store.close()
        shutil.rmtree(folder)
