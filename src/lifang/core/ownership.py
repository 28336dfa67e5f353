"""Who owns a city's folder: one process at a time, by a lock on a file that says who and where."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from lifang.core.disk import disk_errors
from lifang.core.errors import Conflict

LOCK_FILE = "lock"
_TRIES, _PAUSE_S = 5, 0.02


@dataclass(frozen=True)
class Owner:
    """The process that owns a city's folder: its number, the address it serves at, and what makes a caller its owner.

    ``url`` and ``secret`` are empty while it serves nothing; ``pid`` is 0 if that is not known.
    """

    pid: int
    url: str = ""
    secret: str = field(default="", repr=False)


class FolderLock:
    """An advisory lock on ``folder/lock``; the file, for its owner's eyes only, says who holds it: see ``Owner``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        with disk_errors(self._path):
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(self._handle, fcntl.LOCK_EX):
            os.close(self._handle)
            holder = owner_of(folder) or Owner(0)
            raise Conflict(
                f"Another process (pid {holder.pid or 'unknown'}) owns this city's folder.",
                where=str(folder),
                mend=f"Stop that process, or talk to it at {holder.url or 'its address'}.",
            )
        self.announce("", "")

    def announce(self, url: str, secret: str) -> None:
        """Write who owns the folder, the address it serves at, and the secret by which the folder's owner is known."""
        text = json.dumps({"pid": os.getpid(), "url": url, "secret": secret}).encode()
        with disk_errors(self._path):
            os.fchmod(self._handle, 0o600)
            os.pwrite(self._handle, text, 0)
            os.ftruncate(self._handle, len(text))

    def release(self) -> None:
        """Give the folder up."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def owner_of(folder: Path) -> Owner | None:
    """Return the process that owns ``folder``, or ``None`` when nobody does; ``Unavailable`` if it may not be read."""
    path = folder / LOCK_FILE
    if not path.exists():
        return None
    with disk_errors(path):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _locked(handle, fcntl.LOCK_SH, tries=1):
            return None
        return _read(handle)
    finally:
        os.close(handle)


def _read(handle: int) -> Owner:
    try:
        return Owner(**json.loads(os.pread(handle, 4096, 0)))
    except (ValueError, TypeError):  # it is just being written
        return Owner(0)


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
