"""What is slow: all but the architecture and most unit tests, which `make check` runs; the rest is left to `make test`.

The tests of doors that each serve a whole city of their own (MQTT, NGSI-LD) are slow together.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_QUICK = {Path(__file__).parent / "unit", Path(__file__).parent / "architecture"}
_SERVED = {Path(__file__).parent / "unit" / room for room in ("doors_mqtt", "doors_ngsild")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folders = set(item.path.parents)
        if not _QUICK & folders or _SERVED & folders:
            item.add_marker(pytest.mark.slow)
