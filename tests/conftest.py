"""What is slow: all but the architecture and most unit tests, which `make check` runs; the rest is left to `make test`.

The unit tests of the doors and the connectors open a whole city each: they are slow together.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

_QUICK = {Path(__file__).parent / "unit", Path(__file__).parent / "architecture"}
_OPENED = {
    Path(__file__).parent / "unit" / room for room in ("doors", "doors_mqtt", "doors_ngsild", "sensing/connectors")
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
