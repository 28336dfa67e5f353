"""Style and types, as the programs that check them see them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize("command", ["ruff check .", "ruff format --check .", "mypy"])
def test_the_checker_finds_nothing(command: str) -> None:
    program, *rest = command.split()
    if program == "mypy" and not (ROOT / ".mypy_cache").exists():
        rest = ["--no-incremental"]  # a cache for the next run is a sixth of the work; `mypy` run by hand begins one
    done = subprocess.run([PROGRAMS / program, *rest], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
