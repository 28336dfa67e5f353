"""What is slow: everything but the quick unit and architecture tests. `make check` leaves it to `make test`."""

from __future__ import annotations

from pathlib import Path

import pytest

_QUICK = {Path(__file__).parent / "unit", Path(__file__).parent / "architecture"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not _QUICK & set(item.path.parents):
            item.add_marker(pytest.mark.slow)
