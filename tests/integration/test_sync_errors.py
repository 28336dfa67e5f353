"""A disk whose syncs fail now and then: refusals are told, everything acknowledged is there, work goes on.

This file is also the writer: run as a program under ``fiu-run`` (Debian's fiu-utils), which makes system calls fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lifang.core import ManualClock, Unavailable
from lifang.store import ObservationQuery, Observations, Store

NOW = datetime(2019, 1, 12, tzinfo=UTC)
MICROS = 1_546_300_800_000_000
ROWS, TRIES = 50, 400


def made(tag: int) -> Observations:
    number = np.arange(ROWS, dtype=np.int32)
    return Observations(number, np.full(ROWS, MICROS + tag), np.full(ROWS, float(tag)), np.zeros(ROWS, np.uint8))


def tell(**what: Any) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


def write(folder: Path) -> None:
    """Append ``TRIES`` batches, each tried until it is taken; tell what was acknowledged and what was refused."""
    store = opened_at_last(folder)
    for tag in range(TRIES):
        for _ in range(20):
            try:
                batch = store.lake.append(made(tag), subject=f"writer:{tag}")
            except Unavailable as error:
                tell(refused=error.what)
                continue
            tell(batch=batch, tag=tag)
            break
        if tag % 5 == 0:
            folded(store)
    os._exit(0)


def opened_at_last(folder: Path) -> Store:
    for _ in range(20):
        try:
            return Store.open(folder, clock=ManualClock(NOW), memory_mb=64, threads=1)
        except Unavailable as error:
            tell(not_opened=error.what)
    raise SystemExit("the store never opened")


def folded(store: Store) -> None:
    """Have what waits folded, by the way of a question, and the tables written out."""
    try:
        store.lake._native._books.fold()
        store.lake.checkpoint()
    except Unavailable as error:
        tell(not_folded=error.what)


@pytest.mark.parametrize(("call", "probability"), [("fdatasync", 0.05), ("fsync", 0.08)])
def test_every_acknowledged_row_is_there_after_syncs_failed(tmp_path: Path, call: str, probability: float) -> None:
    program = shutil.which("fiu-run")
    assert program is not None, "Debian's fiu-utils are not installed: `make system` brings them."
    Store.open(tmp_path / "city", clock=ManualClock(NOW), memory_mb=64, threads=1).close()
    failure = f"enable_random name=posix/io/sync/{call},probability={probability}"
    command = [program, "-x", "-c", failure, sys.executable, __file__, str(tmp_path / "city")]
    alone = os.environ | {
        "JE_ARROW_MALLOC_CONF": "background_thread:false"
    }  # fiu's first call in a thread can deadlock
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=alone)
    assert done.returncode == 0, done.stderr[-3000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    taken = {each["batch"]: each["tag"] for each in told if "batch" in each}
    trouble = [each for each in told if "batch" not in each]
    assert trouble, "no sync failed"
    for text in (text for each in trouble for text in each.values()):  # fiu gives any of fdatasync's errors
        assert text.startswith(
            ("The disk refused: ", "The lake's disk failed", "The lake cannot answer", "The lake was")
        )
    assert sorted(taken.values()) == list(range(TRIES))
    with Store.open(tmp_path / "city", clock=ManualClock(NOW), memory_mb=64, threads=1) as store:
        batches = {each.id: each.subject for each in store.lake.batches(limit=10_000)}
        assert all(batches[number] == f"writer:{tag}" for number, tag in taken.items())
        assert store.lake.count(ObservationQuery()) == ROWS * TRIES
        values = store.lake.read(ObservationQuery(order=(("value", False),)))["value"].to_numpy()
        assert np.array_equal(values, np.repeat(np.arange(float(TRIES)), ROWS))
        assert store.lake.append(made(TRIES), subject="after") == max(batches) + 1


if __name__ == "__main__":
    write(Path(sys.argv[1]))
