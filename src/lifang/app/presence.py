"""Presence: a served city leaves its address and the owner's secret in its folder, for the owner's eyes only."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from lifang.store import Store

_RUN = "run"
_FILE = "serving.json"
_FIRST_LOGIN = "first-login"


@dataclass(frozen=True)
class Presence:
    """Where a city is served and the secret by which the folder's owner is known there."""

    url: str
    secret: str


def announce(folder: Path, presence: Presence) -> None:
    """Write the presence into ``folder``, readable by its owner only."""
    _write_private(folder / _RUN / _FILE, json.dumps({"url": presence.url, "secret": presence.secret}))


def withdraw(folder: Path) -> None:
    """Take the presence away."""
    (folder / _RUN / _FILE).unlink(missing_ok=True)


def find_presence(folder: Path) -> Presence | None:
    """Return the presence of the process that has the city open, or ``None`` if nobody serves it."""
    if Store.owner(folder) is None:
        return None
    try:
        found = json.loads((folder / _RUN / _FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Presence(found["url"], found["secret"])


def keep_first_login(folder: Path, password: str) -> None:
    """Keep the first administrator's password for the owner until it is changed."""
    _write_private(folder / _RUN / _FIRST_LOGIN, password)


def first_login(folder: Path) -> str | None:
    """Return the first administrator's password if it was kept."""
    path = folder / _RUN / _FIRST_LOGIN
    return path.read_text("utf-8") if path.exists() else None


def forget_first_login(folder: Path) -> None:
    """Forget the first administrator's password: it was changed."""
    (folder / _RUN / _FIRST_LOGIN).unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
