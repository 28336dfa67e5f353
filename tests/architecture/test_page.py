"""The page's own checks: its types, its unit tests, and how much a first visit loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("script", ["check", "size"])
def test_the_page_passes_its_own_checks(script: str) -> None:
    command = [sys.executable, ROOT / "tools" / "npm.py", "run", "--silent", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm run {script}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
