"""A small city for scenes that look at the catalogue, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.catalogue import Catalogue
from lifang.core import ManualClock, Settings
from lifang.operations import Alerts, Indicators
from lifang.scenes import SceneContext
from lifang.sensing import Sensing
from lifang.store import Store

SETTINGS = Settings(id="small", name_zh="小城", name_en="Small", area_code="510100")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 12, 4, tzinfo=UTC))


@pytest.fixture
def context(tmp_path: Path, clock: ManualClock) -> Iterator[SceneContext]:
    store = Store.open(tmp_path / "city", clock=clock, memory_mb=128, threads=1)
    catalogue = Catalogue(store, clock, SETTINGS)
    yield SceneContext(
        Sensing(store, clock), Alerts(store, clock), Indicators(store, clock), catalogue, clock, SETTINGS
    )
    store.close()
