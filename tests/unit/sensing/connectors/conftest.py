"""A small city whose connectors stand still until told: folder, clock and chance in the tests' hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lifang.core import ManualClock, from_micros
from lifang.guard import SYSTEM
from lifang.sensing import Sensing
from lifang.sensing.connectors import Connectors, Issue, Status
from lifang.store import Store

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)


@dataclass
class Room:
    """Connectors of one city, and what they stored."""

    folder: Path
    clock: ManualClock
    sensing: Sensing
    connectors: Connectors

    def add(self, text: str, connector_id: str = "feed", **more: Any) -> Status:
        return self.connectors.add(connector_id, text, by=SYSTEM, replace=True, **more)

    def pull(self, connector_id: str = "feed") -> Status:
        return self.connectors.pull(connector_id, by=SYSTEM)

    def issues(self, connector_id: str = "feed") -> list[Issue]:
        return [each.issue for each in self.connectors.issues(connector_id, limit=1000)]

    def series(self, name: str) -> dict[int, tuple[float, int]]:
        """Return (value, quality) by seconds since 1970."""
        table = self.sensing.series(name, from_micros(0), from_micros(2**52))
        times = table["time"].cast(pa.int64()).to_pylist()
        pairs = zip(table["value"].to_pylist(), table["quality"].to_pylist(), strict=True)
        return {at // 1_000_000: pair for at, pair in zip(times, pairs, strict=True)}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def opening(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[[], Room]]:
    """Return a function that opens the room anew, closing it first if it is open."""
    opened: list[Room] = []

    def shut() -> None:
        while opened:
            room = opened.pop()
            room.connectors.close()
            room.sensing.close()
            room.sensing.store.close()

    def open_again() -> Room:
        shut()
        folder = tmp_path / "city"
        sensing = Sensing(Store.open(folder, clock=clock, memory_mb=128, threads=1), clock)
        sensing.start()
        connectors = Connectors(
            sensing.store, sensing, clock, folder=folder, city_zone="Asia/Shanghai", centre=(104.0, 30.6),
            jitter=lambda: 0.5,
        )  # fmt: skip
        opened.append(Room(folder, clock, sensing, connectors))
        return opened[-1]

    yield open_again
    shut()


@pytest.fixture
def room(opening: Callable[[], Room]) -> Room:
    return opening()
