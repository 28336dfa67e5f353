"""Intake: whoever sends faster than the tables are written is slowed first, and refused only if they stay behind."""

import time

import numpy as np
import pytest

from lifang.core import Unavailable
from lifang.store import Observations, Store
from lifang.store.lake.observed import intake

pytestmark = pytest.mark.slow


def rows(first: int) -> Observations:
    times = np.arange(first, first + 10, dtype=np.int64) * 1_000_000
    return Observations(np.ones(10, np.int32), times, np.zeros(10), np.zeros(10, np.uint8))


def test_a_sender_waits_until_the_tables_have_caught_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "SLOWED_AT", 5)
    monkeypatch.setattr(intake, "_PATIENCE_S", 60.0)
    store.lake.append(rows(0), subject="t")
    begin = time.monotonic()
    store.lake.append(rows(10), subject="t")
    assert time.monotonic() - begin < 50, "the keeper folded what waited"
    with store.lake._engine.session() as session:
        assert session.execute("SELECT count(*) >= 10 FROM observations.recent").fetchall() == [(True,)]
    assert store.lake.observation_count() == 20


def test_a_sender_is_refused_once_more_waits_than_memory_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.lake._native._keeper.close()
    monkeypatch.setattr(intake, "SLOWED_AT", 5)
    monkeypatch.setattr(intake, "MOST_WAITING", 15)
    monkeypatch.setattr(intake, "_PATIENCE_S", 0.05)
    store.lake.append(rows(0), subject="t")
    store.lake.append(rows(10), subject="t")
    with pytest.raises(Unavailable, match="20 observations wait") as refused:
        store.lake.append(rows(20), subject="t")
    assert refused.value.mend
    assert store.lake.observation_count() == 20
