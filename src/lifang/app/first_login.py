"""The first log-in: the first administrator's password, kept in the folder for its owner's eyes until it is changed."""

from __future__ import annotations

import os
from pathlib import Path

_RUN = "run"
_FILE = "first-login"


def keep_first_login(folder: Path, password: str) -> None:
    """Keep the first administrator's password for the owner until it is changed."""
    path = _path(folder)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(password)


def first_login(folder: Path) -> str | None:
    """Return the first administrator's password if it was kept."""
    path = _path(folder)
    return path.read_text("utf-8") if path.exists() else None


def forget_first_login(folder: Path) -> None:
    """Forget the first administrator's password: it was changed."""
    _path(folder).unlink(missing_ok=True)


def _path(folder: Path) -> Path:
    return folder / _RUN / _FILE
