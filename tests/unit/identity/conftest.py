"""A city's identity with cheap hashing and a clock that stands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.core import ManualClock
from lifang.identity import Identity, Passwords
from lifang.store import Store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 1, 8, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = Store.open(tmp_path / "city", clock=clock, threads=1)
    yield store
    store.close()


@pytest.fixture
def identity(store: Store, clock: ManualClock) -> Identity:
    return Identity(store, clock, session_max_age_s=3600, passwords=Passwords(time_cost=1, memory_kib=64, lanes=1))
