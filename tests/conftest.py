"""What is slow: all but the architecture and most unit tests, which are what `make check` runs; `make test` runs all.

The unit tests of the doors and the connectors open a whole city each: they are slow together.
"""

from __future__ import annotations

import fcntl
import gc
import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

import lifang
from lifang.app import find_pack, lay_out

# openpyxl, which writes workbooks as others do, would write them by lxml where that is there, and lxml refuses letters
# that workbooks hold.
os.environ["OPENPYXL_LXML"] = "False"

_QUICK = {Path(__file__).parent / "unit", Path(__file__).parent / "architecture"}
_OPENED = {
    Path(__file__).parent / "unit" / room
    for room in ("doors", "doors_mqtt", "doors_ngsild", "doors_ogcapi", "sensing/connectors")
}
_APART = "tests/docs/test_docs_run.py"


class ByFile(LoadFileScheduling):
    """A worker takes a file at a time, since its tests share what they open; the guides share nothing and are long."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(_APART) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folders = set(item.path.parents)
        if not _QUICK & folders or _OPENED & folders:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Keep the thousands of collected tests from being looked through by every collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of a city made from the Chengdu pack, once for all workers: to be copied, never to be opened."""
    here = tmp_path_factory.getbasetemp()
    home = here.parent if hasattr(request.config, "workerinput") else here
    with (home / "furnished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "furnished").exists():
            lay_out(home / "making", find_pack("chengdu"))
            with lifang.open(home / "making") as city:
                city.sensing.start()
                city.furnish(find_pack("chengdu"), tell=lambda fraction, note: None)
            (home / "making").rename(home / "furnished")
    return home / "furnished"
