"""What is generated is what `make docs` would write now."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import write_reference  # noqa: E402 - tools/ is not a package


@pytest.mark.parametrize("path", write_reference.WRITERS, ids=lambda path: path.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    assert path.read_text("utf-8") == write_reference.WRITERS[path](), f"{path} is old. To mend: make docs"
