"""A process that is kept makes a copy of itself for each file, and nothing of one reaches another."""

import itertools
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lifang.core.kept_apart import KeptApart

_WORK = """
import os, pathlib, sys, time
sys.path[:0] = sys.argv[1].split(":")
from lifang.core.kept_apart import serve_copies
seen = []
def work():
    folder = pathlib.Path(sys.argv[-1])
    seen.append(folder.name)
    (folder / "told").write_text(f"{os.getpid()} {os.getppid()} {','.join(seen)}")
    if folder.name == "crash":
        os.abort()
    if folder.name == "hang":
        if not os.fork():
            (folder / "second").write_text(str(os.getpid()))
        time.sleep(600)
def prepare():
    seen.append("prepared")
serve_copies(work, prepare)
"""


@pytest.fixture(scope="module")
def kept() -> Iterator[KeptApart]:
    kept = KeptApart([sys.executable, "-c", _WORK, ":".join(sys.path)], {"LANG": "C.UTF-8"})
    yield kept
    kept._end()


def told(kept: KeptApart, folder: Path) -> tuple[int, int, str]:
    folder.mkdir()
    with kept.begin(folder) as line:
        assert line.recv(1) == b""
    own, above, seen = (folder / "told").read_text().split()
    return int(own), int(above), seen


def is_running(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False


def test_each_file_has_a_copy_that_knows_nothing_of_the_others(kept: KeptApart, tmp_path: Path) -> None:
    one, other = told(kept, tmp_path / "one"), told(kept, tmp_path / "other")
    assert one[0] != other[0]
    assert one[1] == other[1]
    assert one[2].removeprefix("prepared,") == "one"
    assert other[2].removeprefix("prepared,") == "other"


def test_a_copy_that_crashes_ends_its_line_and_no_other(kept: KeptApart, tmp_path: Path) -> None:
    told(kept, tmp_path / "crash")
    assert told(kept, tmp_path / "after")[2].removeprefix("prepared,") == "after"


def test_it_prepares_once_nobody_waits(kept: KeptApart, tmp_path: Path) -> None:
    until = time.monotonic() + 10
    for number in itertools.count():
        if told(kept, tmp_path / str(number))[2] == f"prepared,{number}":
            break
        assert time.monotonic() < until


def test_a_process_that_has_ended_is_started_anew(kept: KeptApart, tmp_path: Path) -> None:
    _, keeper, _ = told(kept, tmp_path / "before")
    os.kill(keeper, 9)
    kept.expect()
    assert told(kept, tmp_path / "again")[1] not in (keeper, 1)


def test_one_that_is_expected_is_the_one_that_is_asked(kept: KeptApart, tmp_path: Path) -> None:
    kept._end()
    kept.expect()
    assert kept._process is not None
    started = kept._process.pid
    kept.expect()
    assert told(kept, tmp_path / "asked")[1] == started


def test_who_waits_no_more_ends_the_copy_and_what_it_has_started(kept: KeptApart, tmp_path: Path) -> None:
    folder = tmp_path / "hang"
    folder.mkdir()
    line = kept.begin(folder)
    while not (second := folder / "second").exists() or not second.read_text():
        line.settimeout(0.02)
        with suppress(TimeoutError):
            assert line.recv(1)
    line.shutdown(1)
    line.settimeout(10)
    assert line.recv(1) == b""
    until = time.monotonic() + 10
    for process in (int((folder / "told").read_text().split()[0]), int(second.read_text())):
        while is_running(process):
            assert time.monotonic() < until
            time.sleep(0.01)
