"""The generated reference is what `make docs` would write now."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import write_reference  # noqa: E402 - tools/ is not a package


@pytest.mark.parametrize("name", sorted(write_reference.WRITERS))
def test_reference_is_up_to_date(name: str) -> None:
    written = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert written == write_reference.WRITERS[name](), f"docs/reference/{name} is old. To mend: make docs"
