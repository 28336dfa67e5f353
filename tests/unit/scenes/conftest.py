"""A small city for scenes that look at the catalogue, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.punctuation import half_width

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


@pytest.fixture(autouse=True)
def chinese_of_alerts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every text of an alert that a test has made, which has the marks of Chinese."""
    evaluate, said = Alerts.evaluate, []

    def heard(self: Alerts, *given: Any, **more: Any) -> Any:
        changes = evaluate(self, *given, **more)
        said.extend(each.alert.zh for each in changes)
        return changes

    monkeypatch.setattr(Alerts, "evaluate", heard)
    yield said
    assert [each for each in said if half_width(each)] == []
