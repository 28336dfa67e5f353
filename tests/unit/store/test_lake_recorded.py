"""What was recorded since a moment is read whether its rows are folded into the tables or wait, late ones or not."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from lifang.core import ManualClock, to_micros
from lifang.store import Call, Field, Literal, ObservationQuery, Observations, Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def told(store: Store, number: int, moment: datetime, value: float) -> None:
    columns = (np.array([number], np.int32), np.array([to_micros(moment)]), np.array([value]), np.zeros(1, np.uint8))
    store.lake.append(Observations(*columns), subject="test")


@pytest.mark.slow
def test_rows_recorded_since_a_moment_are_found_beside_folded_ones(tmp_path: Path) -> None:
    """DuckDB 1.5.5 pushes such a join's filter into Arrow, which lacks it, when a few rows wait beside many folded."""
    clock = ManualClock(NOON)
    with Store.open(tmp_path, clock=clock, memory_mb=128, threads=1) as store:
        for minute in range(100):
            told(store, 1 + minute % 3, NOON + timedelta(minutes=minute), 1.0)
        told(store, 1, NOON - timedelta(days=1), 7.0)  # late
        time.sleep(1.5)  # folded
        clock.advance(timedelta(days=1))
        since = Call("ge", (Field("recorded"), Literal(clock.now())))
        for count in range(1, 31):
            told(store, 1 + count % 3, clock.now() + timedelta(minutes=count), 9.0)
            for numbers in (None, np.array([1, 2, 3], np.int32), np.array([2], np.int32)):
                query = ObservationQuery(numbers, where=since, order=(("recorded", False),))
                expected = count if numbers is None or len(numbers) > 1 else (count + 2) // 3
                assert store.lake.read(query)["value"].to_pylist() == [9.0] * expected
                assert store.lake.count(query) == expected
