"""Time logic of links: no gaps, no overlaps, and what is read as of any moment equals replaying what was said."""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.store.test_objects import row as object_row
from tests.unit.store.test_objects import table as object_table

from lifang.core import ManualClock, NotFound, from_micros, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.store import FOREVER, Store
from lifang.twin import Twin

_HORIZON = 12
_numbers = itertools.count()
_T0 = 1_600_000_000_000_000
said = st.tuples(
    st.integers(0, _HORIZON - 1), st.integers(1, _HORIZON), st.sampled_from(["north", "south"]), st.booleans()
)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(from_micros(_T0))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("links"), clock=clock, threads=1) as opened:
        yield opened


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(told=st.lists(said, min_size=1, max_size=5))
def test_as_of_equals_replay_without_gaps_or_overlaps(store: Store, clock: ManualClock, told: list) -> None:
    one = f"m:{next(_numbers)}"  # each time another object of one store
    store.lake.objects.record(object_table(object_row(one, 0)), subject="x")
    links = Twin(store, clock).links
    known: list[tuple[int, dict[int, str | None]]] = []
    state: dict[int, str | None] = dict.fromkeys(range(_HORIZON + 1))
    for start, length, role, ends in told:
        clock.advance(timedelta(minutes=1))
        rows = pa.table({"object": [one], "kind": ["sensor"], "target": ["outside:s"], "role": [role]})
        if ends and not any(state.values()) and not links.history(one):
            with pytest.raises(NotFound):
                links.end(one, "sensor", "outside:s", at=from_micros(start), by=SYSTEM)
        elif ends:
            links.end(one, "sensor", "outside:s", at=from_micros(start), by=SYSTEM)
            state = {at: None if at >= start else held for at, held in state.items()}
        else:
            end = min(start + length, _HORIZON)
            if end <= start:
                continue
            links.add(
                rows,
                source="survey",
                classification=Classification.OPEN,
                valid_from=from_micros(start),
                valid_to=from_micros(end),
                by=SYSTEM,
            )
            state = {at: role if start <= at < end else held for at, held in state.items()}
        known.append((to_micros(clock.now()), dict(state)))
    for recorded, wanted in known:
        for at, role in wanted.items():
            found = links.of([one], at=from_micros(at), recorded=from_micros(recorded))
            assert [each.role for each in found] == ([] if role is None else [role]), (at, recorded)
    current = sorted(
        (to_micros(each.valid_from), FOREVER if each.valid_to is None else to_micros(each.valid_to))
        for each in links.history(one)
        if each.recorded_to is None
    )
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(current))
    assert all(start < end for start, end in current)
