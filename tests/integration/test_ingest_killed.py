"""A city killed in the middle of ingest and replay: no acknowledged value is lost, none is replayed twice."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from lifang.core import ManualClock, SystemClock, from_micros
from lifang.sensing import Replay, Sensing
from lifang.store import Store

START = datetime(2019, 1, 1, tzinfo=UTC)
STREAMS, HOURS = 20, 240
VICTIM = """
import os, sys, threading
from pathlib import Path
import numpy as np
from lifang.core import SystemClock, to_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Replay, Sensing, Thing, make_observations
from lifang.store import Store
sys.path.insert(0, sys.argv[2])
from test_ingest_killed import START, STREAMS, recorded

sensing = Sensing(Store.open(Path(sys.argv[1]), clock=SystemClock(), memory_mb=128, threads=1), SystemClock())
sensing.start()
sensing.register(
    [Thing("t", "t", "t", "t", 104.0, 30.6)],
    [Datastream(f"t.{n}", "t", "t", "t", "t", "t", "1", 3600) for n in range(STREAMS + 4)],
    by=SYSTEM,
)
replay = Replay(sensing, recorded(), clock=SystemClock(), start=START, speed=86_400)

def send(number):
    moment = sensing.store.lake.observation_count()
    while True:
        moment += 1
        sensing.ingest(make_observations([number] * 5, np.arange(5) + 5 * moment, [moment] * 5), by=SYSTEM).result()
        os.write(1, f"{number} {moment}\\n".encode())

for number in range(STREAMS + 1, STREAMS + 5):
    threading.Thread(target=send, args=(number,), daemon=True).start()
while True:
    replay.step()
"""


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


def killed(folder: Path, after_s: float) -> list[tuple[int, int]]:
    """Return what was acknowledged (datastream, moment) before the city was killed."""
    command = [sys.executable, "-c", VICTIM, str(folder), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        first = victim.stdout.readline()
        time.sleep(after_s)
        victim.kill()
        whole = (first + victim.stdout.read()).rpartition("\n")[0]
    return [(int(line.split()[0]), int(line.split()[1])) for line in whole.splitlines()]


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
