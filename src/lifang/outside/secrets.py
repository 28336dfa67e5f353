"""Secrets of sources: one file each, for its owner's eyes only; never shown, never in the ledger or a backup."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from lifang.core import BadInput, Corrupt, Denied

_HIDDEN = "***"
_SHORTEST = 4  # a shorter secret is no secret, and hiding it would garble what is said
_LONGEST = 10_000


class Secrets:
    """The secrets below ``folder``: directory 0700, files 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, source: str) -> dict[str, str]:
        """Return the source's secrets by name; ``Denied`` if others on this machine could read the file."""
        path = self._path(source)
        try:
            with path.open("rb") as stream:
                told = os.fstat(stream.fileno())
                if stat.S_IMODE(told.st_mode) & 0o077:
                    raise Denied(
                        "The secrets can be read by others on this machine.",
                        where=path.name,
                        mend=f"chmod 600 {path.name}, and change the secrets: they may be known.",
                    )
                found = json.loads(stream.read())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise Corrupt("The file of secrets is damaged.", where=path.name, mend="Give them again.") from error
        return {str(name): str(value) for name, value in found.items()}

    def write(self, source: str, secrets: Mapping[str, str]) -> None:
        """Keep ``secrets`` in place of those there were; none removes the file."""
        for name, value in secrets.items():
            if not _SHORTEST <= len(value) <= _LONGEST or not value.replace("\n", "").isprintable():
                raise BadInput(
                    f"The secret {name!r} cannot be kept.",
                    where=f"secret {name}",
                    mend=f"A secret has {_SHORTEST} to {_LONGEST} printable characters.",
                )
        path = self._path(source)
        if not secrets:
            path.unlink(missing_ok=True)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        write_private(path, json.dumps(dict(secrets)).encode())

    def _path(self, source: str) -> Path:
        return self._folder / f"{source}.json"


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, durable and in one step, readable by its owner only."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """Return ``text`` without any of the ``secrets``, plain or as they stand in an address."""
    for value in sorted(secrets.values(), key=len, reverse=True):
        for form in {value, quote(value), quote(value, safe="")}:
            text = text.replace(form, _HIDDEN)
    return text
