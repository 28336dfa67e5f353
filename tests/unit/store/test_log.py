"""The log of observations: whole records come back, a torn end is cut off, damage in the middle is told."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lifang.core import Corrupt, ManualClock, Unavailable, owner_of
from lifang.store import Batch, Observations, Store
from lifang.store.lake.observed.log import Log
from lifang.store.lake.observed.record import Logged, encode

NOW = datetime(2019, 1, 12, 1, tzinfo=UTC)


def logged(number: int, rows: int = 3, extra: list[str | None] | None = None) -> Logged:
    observations = Observations(
        np.arange(rows, dtype=np.int32),
        np.arange(rows, dtype=np.int64) * 1000 + number,
        np.full(rows, float(number)),
        np.zeros(rows, np.uint8),
        None if extra is None else pa.array(extra, pa.string()),
    )
    return Logged(Batch(number, NOW, f"gate {number}", rows, observations.digest()), observations)


def filled(folder: Path, count: int, **more: int) -> Log:
    log = Log(folder, **more)
    for number in range(1, count + 1):
        log.append(logged(number))
    return log


def ids(log: Log, after: int = 0) -> list[int]:
    return [each.batch.id for each in log.tail(after)]


def test_what_was_appended_comes_back_whole(tmp_path: Path) -> None:
    log = Log(tmp_path)
    sent = [logged(1), logged(2, extra=["{}", None, '{"结果":1}']), logged(3, rows=0)]
    for each in sent:
        log.append(each)
    found = list(Log(tmp_path).tail(0))
    assert [each.batch for each in found] == [each.batch for each in sent]
    assert [each.observations.digest() for each in found] == [each.batch.digest for each in sent]
    assert ids(log, after=2) == [3]


def test_segments_end_and_those_that_are_folded_go(tmp_path: Path) -> None:
    log = filled(tmp_path, 10, segment_bytes=len(encode(logged(1))) * 3)
    assert [int(path.stem) for path in log.segments()] == [1, 4, 7, 10]
    log.forget(6)
    assert ids(log) == [7, 8, 9, 10]
    log.forget(10)
    assert ids(log) == [10]
    log.clear()
    assert log.segments() == []


@pytest.mark.parametrize("lost", [1, 20, 48, 100])
def test_a_torn_last_record_is_cut_off(tmp_path: Path, lost: int) -> None:
    filled(tmp_path, 3).close()
    (path,) = tmp_path.glob("*.log")
    whole = path.stat().st_size
    os.truncate(path, whole - lost)
    assert ids(Log(tmp_path)) == [1, 2]
    assert path.stat().st_size == whole // 3 * 2
    assert ids(Log(tmp_path)) == [1, 2]


def test_zeros_or_garbage_behind_the_last_record_are_cut_off(tmp_path: Path) -> None:
    filled(tmp_path, 2).close()
    (path,) = tmp_path.glob("*.log")
    whole = path.read_bytes()
    for behind in (b"\0" * 4096, b"LFo1 is only a mark"):
        path.write_bytes(whole + behind)
        assert ids(Log(tmp_path)) == [1, 2]
        assert path.read_bytes() == whole


@pytest.mark.parametrize("at", [0, 6, 30, 60])
def test_damage_in_the_middle_is_told(tmp_path: Path, at: int) -> None:
    filled(tmp_path, 3).close()
    (path,) = tmp_path.glob("*.log")
    body = bytearray(path.read_bytes())
    body[len(body) // 3 + at] ^= 1
    path.write_bytes(body)
    with pytest.raises(Corrupt, match="damaged"):
        ids(Log(tmp_path))


def test_a_torn_segment_before_another_is_told(tmp_path: Path) -> None:
    log = filled(tmp_path, 4, segment_bytes=1)
    first = log.segments()[0]
    os.truncate(first, first.stat().st_size - 1)
    with pytest.raises(Corrupt):
        ids(log)


def test_a_failed_sync_refuses_the_record_and_the_next_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = filled(tmp_path, 2)
    real, broken = os.fdatasync, [True]

    def fail(handle: int) -> None:
        if broken:
            broken.pop()
            raise OSError(5, "Input/output error")
        real(handle)

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(Unavailable, match="Input/output"):
        log.append(logged(3))
    log.append(logged(3))
    assert ids(log) == [1, 2, 3]
    assert len(log.segments()) == 2


def sent(value: float) -> Observations:
    return Observations(np.array([1], np.int32), np.array([1000], np.int64), np.array([value]), np.zeros(1, np.uint8))


@pytest.mark.slow
def test_what_only_the_log_holds_is_there_after_the_next_opening(tmp_path: Path, clock: ManualClock) -> None:
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); from test_log import *\n"
        "store = Store.open(Path(sys.argv[1]), clock=ManualClock(NOW), memory_mb=64, threads=1)\n"
        "store.lake._native._keeper.close()\n"
        "store.lake.append(sent(1.0), subject='a'); store.lake.append(sent(2.0), subject='a')\n"
        "assert len(store.lake.batches()) == 2; os._exit(0)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "city"), str(Path(__file__).parent)]
    subprocess.run(command, check=True, timeout=60)
    with Store.open(tmp_path / "city", clock=clock, memory_mb=64, threads=1) as again:
        assert again.lake.latest()["value"].to_pylist() == [2.0]
        assert [each.subject for each in again.lake.batches()] == ["a", "a"]
        assert len(again.lake.history(1, 1000)) == 2
        assert again.lake.append(sent(3.0), subject="a") == 3


@pytest.mark.slow
def test_a_missing_batch_is_told_at_opening(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "city"
    Store.open(folder, clock=clock, memory_mb=64, threads=1).close()
    Log(folder / "lake" / "log").append(logged(2))
    with pytest.raises(Corrupt, match="lacks batch 1"):
        Store.open(folder, clock=clock, memory_mb=64, threads=1)
    assert owner_of(folder) is None
