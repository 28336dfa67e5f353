"""Durable files: written beside, synced, renamed, and the folder synced."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create ``folder`` and its missing parents, each name durable."""
    missing = []
    here = folder
    while not here.exists():
        missing.append(here)
        here = here.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


@contextmanager
def part_file(beside: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield a new half-written file in the folder of ``beside``, and its stream; it goes unless it was renamed."""
    handle, found = tempfile.mkstemp(prefix=f"{beside.name}.", suffix=PART, dir=beside.parent)
    part = Path(found)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield part, stream
    finally:
        part.unlink(missing_ok=True)


def sync_file(stream: BinaryIO) -> None:
    """Make what was written to ``stream`` durable."""
    stream.flush()
    os.fsync(stream.fileno())


def put_in_place(part: Path, path: Path, *, mode: int = 0o644) -> None:
    """Give the finished file ``part`` the name ``path``, durable and in one step."""
    part.chmod(mode)
    part.replace(path)
    sync_folder(path.parent)


def sweep_parts(folder: Path) -> int:
    """Return how many half-written files, left by a process that died, were removed below ``folder``."""
    parts = [*folder.rglob(f"*{PART}")]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)
