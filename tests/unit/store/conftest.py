"""One open store in a fresh folder, on a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.core import ManualClock
from lifang.store import Store

NOW = datetime(2019, 1, 12, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock, memory_mb=64, threads=1) as opened:
        yield opened
