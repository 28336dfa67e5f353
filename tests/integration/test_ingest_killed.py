"""A city killed in the middle of ingest and replay: no acknowledged value is lost, none is replayed twice."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.victims import Victim

from lifang.core import ManualClock, SystemClock, from_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Replay, Sensing, Thing, make_observations
from lifang.store import Store

START = datetime(2019, 1, 1, tzinfo=UTC)
STREAMS, HOURS = 20, 240


def recorded() -> pa.Table:
    """Return an hourly value of each datastream from START on."""
    hour = np.repeat(np.arange(1, HOURS + 1), STREAMS)
    time_us = np.datetime64(START.replace(tzinfo=None), "us") + hour.astype("timedelta64[h]")
    columns = {
        "datastream": pa.array(np.tile(np.arange(1, STREAMS + 1), HOURS), pa.int32()),
        "time": pa.array(time_us).cast(pa.timestamp("us", "UTC")),
        "value": hour.astype(float),
    }
    return pa.table(columns)


def busy(folder: Path, tell: Connection) -> None:
    """Replay a series while four threads send values and say which (datastream, moment) were acknowledged."""
    sensing = Sensing(Store.open(folder, clock=SystemClock(), memory_mb=128, threads=1), SystemClock())
    sensing.start()
    streams = [Datastream(f"t.{n}", "t", "t", "t", "t", "t", "1", 3600) for n in range(STREAMS + 4)]
    sensing.register([Thing("t", "t", "t", "t", 104.0, 30.6)], streams, by=SYSTEM)
    replay = Replay(sensing, recorded(), clock=SystemClock(), start=START, speed=86_400)

    def send(number: int) -> None:
        for moment in count(sensing.store.lake.observation_count() + 1):
            values = make_observations([number] * 5, np.arange(5) + 5 * moment, [moment] * 5)
            sensing.ingest(values, by=SYSTEM).result()
            tell.send((number, moment))

    for number in range(STREAMS + 1, STREAMS + 5):
        threading.Thread(target=send, args=(number,), daemon=True).start()
    while True:
        replay.step()


def killed(folder: Path, after_s: float) -> list[tuple[int, int]]:
    """Return what was acknowledged (datastream, moment) before the city was killed."""
    with Victim(busy, folder) as victim:
        first: tuple[int, int] = victim.hear()
        time.sleep(after_s)
        return [first, *victim.kill()]


def test_a_killed_city_keeps_what_it_acknowledged_and_replays_each_value_once(tmp_path: Path) -> None:
    acknowledged = [each for after_s in (0.05, 0.21, 0.4) for each in killed(tmp_path / "city", after_s)]
    assert acknowledged
    store = Store.open(tmp_path / "city", clock=SystemClock(), memory_mb=128, threads=1)
    sensing = Sensing(store, SystemClock())
    sensing.start()
    sent = store.lake.many_series(range(STREAMS + 1, STREAMS + 5), from_micros(0), from_micros(2**40))
    pairs = zip(sent["datastream"].to_pylist(), sent["time"].cast(pa.int64()).to_pylist(), strict=True)
    there = {(number, moment // 5) for number, moment in pairs}
    assert set(acknowledged) <= there
    before = store.lake.many_series(range(1, STREAMS + 1), START, START + timedelta(hours=HOURS + 1))
    assert 0 < len(before) < HOURS * STREAMS
    clock = ManualClock(START)
    replay = Replay(sensing, recorded(), clock=clock, start=START, speed=86_400)
    while replay.now < replay.end:
        clock.advance(timedelta(seconds=1))
        replay.step()
    after = store.lake.many_series(range(1, STREAMS + 1), START, START + timedelta(hours=HOURS + 1))
    assert len(after) == HOURS * STREAMS
    assert store.lake.observation_count() == len(after) + len(sent)  # nothing twice
    told = {each.entry.resource for each in store.ledger.records(limit=10**6)}
    assert {f"batch:{batch.id}" for batch in store.lake.batches(limit=10**6)} <= told
    sensing.close()
    store.close()
