"""The folder lock: one process owns a city's folder at a time."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from lifang.core import Conflict
from lifang.store.durable import disk_errors

LOCK_FILE = "lock"
_TRIES, _PAUSE_S = 5, 0.02


class FolderLock:
    """An advisory lock on ``folder/lock``; the file says who holds it (pid, and the address it serves, if any)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        with disk_errors(self._path):
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not _locked(self._handle, fcntl.LOCK_EX):
            os.close(self._handle)
            holder = owner(folder) or {}
            raise Conflict(
                f"Another process (pid {holder.get('pid', 'unknown')}) owns this city's folder.",
                where=str(folder),
                mend=f"Stop that process, or talk to it at {holder.get('url') or 'its address'}.",
            )
        self.announce("")

    def announce(self, url: str) -> None:
        """Write who owns the folder, and the address it serves at."""
        text = json.dumps({"pid": os.getpid(), "url": url}).encode()
        with disk_errors(self._path):
            os.pwrite(self._handle, text, 0)
            os.ftruncate(self._handle, len(text))

    def release(self) -> None:
        """Give the folder up."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def owner(folder: Path) -> dict[str, Any] | None:
    """Return ``{"pid", "url"}`` of the process that owns ``folder``, or ``None`` when nobody does."""
    try:
        handle = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _locked(handle, fcntl.LOCK_SH, tries=1):
            return None
        return _read(handle)
    finally:
        os.close(handle)


def _read(handle: int) -> dict[str, Any]:
    try:
        found = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _locked(handle: int, kind: int, *, tries: int = _TRIES) -> bool:
    for left in range(tries - 1, -1, -1):
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE_S)
        else:
            return True
    return False
