"""What is slow: all but the architecture and most unit tests, which are what `make check` runs; `make test` runs all.

The unit tests of the doors and the connectors open a whole city each: they are slow together.
"""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

from lifang.core import ManualClock
from lifang.guard import SYSTEM
from lifang.identity import Identity
from lifang.store import Store

# openpyxl, which writes workbooks as others do, would write them by lxml where that is there, and lxml refuses letters
# that workbooks hold.
os.environ["OPENPYXL_LXML"] = "False"
# Tests run beside each other and their cities are small: a second thread of the lake only costs, a sixth of all time.
os.environ["LIFANG_LAKE_THREADS"] = "1"

_QUICK = {Path(__file__).parent / "unit", Path(__file__).parent / "architecture"}
_OPENED = {
    Path(__file__).parent / "unit" / room
    for room in ("doors", "doors_mqtt", "doors_ngsild", "doors_ogcapi", "sensing/connectors")
}
FURNISH = "lifang init chengdu --pack chengdu"  # as the tutorial says it
_APART = "tests/docs/test_docs_run.py"
_BROWSERS = "tests/e2e"


class ByFile(LoadFileScheduling):
    """A worker takes a file at a time, since its tests share what they open.

    The guides share nothing and are long: one at a time. Several browsers at once stand in each other's way: one worker
    takes all that is tested in them.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_BROWSERS):
            return _BROWSERS
        return nodeid if nodeid.startswith(_APART) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


@cache
def _is_slow(file: Path) -> bool:
    folders = set(file.parents)
    return not _QUICK & folders or bool(_OPENED & folders)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Keep modules and thousands of tests, which all stay, from being looked through by collections of garbage.

    What a city leaves behind is looked for less often than usual, which saves a thirtieth of all time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def bureaus() -> tuple[str, ...]:
    """Return the names of the organisations of the city; a file of tests has its own."""
    return ()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock, bureaus: tuple[str, ...]) -> Iterator[Store]:
    """Yield the stores of a city whose clock is moved by hand."""
    with Store.open(tmp_path / "city", clock=clock, threads=1) as opened:
        for name in bureaus:
            Identity(opened, clock).add_organisation(name, zh=f"{name}局", en=name, by=SYSTEM)
        yield opened


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """A password costs a fifth of a second: the tests of identity and every served city pay that, no other test."""
    from lifang.identity import identity, passwords

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "Passwords", partial(passwords.Passwords, time_cost=1, memory_kib=64, lanes=1))
        yield


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of a city made by :data:`FURNISH`, once for all workers: to be copied, never to be opened.

    What the command printed lies beside it, in ``told.txt``.
    """
    here = tmp_path_factory.getbasetemp()
    home = here.parent if hasattr(request.config, "workerinput") else here
    with (home / "furnished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "furnished").exists():
            (home / "making").mkdir()
            lifang = Path(sys.executable).with_name("lifang")
            command = [lifang, *FURNISH.split()[1:]]
            told = subprocess.run(command, cwd=home / "making", capture_output=True, text=True, check=False)
            assert told.returncode == 0, f"$ {FURNISH}\n{told.stdout}{told.stderr}"
            (home / "making" / "told.txt").write_text(told.stdout + told.stderr, "utf-8")
            (home / "making").rename(home / "furnished")
    return home / "furnished" / "chengdu"
