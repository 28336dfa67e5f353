"""A small network on a real store: three stations along a line, two datastreams each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.core import ManualClock
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Sensing, Thing
from lifang.store import Store

NOON = datetime(2019, 1, 12, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def reopen(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[[], Sensing]]:
    """Return a function that closes the city's sensing, if open, and opens it again from its folder."""
    opened: list[Sensing] = []

    def shut() -> None:
        if opened:
            last = opened.pop()
            last.close()
            last.store.close()

    def open_again() -> Sensing:
        shut()
        opened.append(Sensing(Store.open(tmp_path / "city", clock=clock, memory_mb=128, threads=1), clock))
        opened[-1].start()
        return opened[-1]

    yield open_again
    shut()


@pytest.fixture
def sensing(reopen: Callable[[], Sensing]) -> Sensing:
    found = reopen()
    things = [Thing(f"s{n}", f"{n} 站", f"Station {n}", "air", 104.0 + n / 100, 30.6) for n in (1, 2, 3)]
    streams = [
        Datastream(f"s{n}.{code.lower()}", f"s{n}", code, code, code, code, unit, 3600)
        for n in (1, 2, 3)
        for code, unit in (("PM10", "ug/m3"), ("CO", "mg/m3"))
    ]
    assert found.register(things, streams, by=SYSTEM) == 9
    return found
