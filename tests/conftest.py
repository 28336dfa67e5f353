"""What is slow: all but the architecture and most unit tests, which `make check` runs; the rest is left to `make test`.

The unit tests of the doors and the connectors open a whole city each: they are slow together.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_QUICK = {Path(__file__).parent / "unit", Path(__file__).parent / "architecture"}
_OPENED = {
    Path(__file__).parent / "unit" / room for room in ("doors", "doors_mqtt", "doors_ngsild", "sensing/connectors")
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folders = set(item.path.parents)
        if not _QUICK & folders or _OPENED & folders:
            item.add_marker(pytest.mark.slow)
