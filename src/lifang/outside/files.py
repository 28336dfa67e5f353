"""Plain files that others put down: opened without following links, and only when nobody writes to them any more."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lifang.core import BadInput, NotFound, TooLarge, Unavailable

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Opened:
    """An open plain file, its name and what the system said of it when it was opened."""

    stream: BinaryIO
    name: str
    size: int
    modified_ns: int

    def digest(self) -> str:
        """Return the SHA-256 of the content, in hexadecimal; the stream stands at its beginning afterwards."""
        self.stream.seek(0)
        told = hashlib.sha256()
        while chunk := self.stream.read(_CHUNK):
            told.update(chunk)
        self.stream.seek(0)
        return told.hexdigest()

    def changed(self) -> bool:
        """Return whether somebody has written to the file since it was opened."""
        now = os.fstat(self.stream.fileno())
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns)


def open_plain(path: Path, *, bytes_max: int) -> Opened:
    """Return the plain file at ``path``, opened; a link, a pipe or a device is ``BadInput``, and never waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path.name!r}.", where=path.name, mend="Correct the path.") from error
    except OSError as error:
        raise Unavailable(
            f"{path.name} cannot be opened: {error.strerror}.",
            where=path.name,
            mend="A link is not followed; check it.",
        ) from error
    told = os.fstat(handle)
    if not stat.S_ISREG(told.st_mode) or told.st_size > bytes_max:
        os.close(handle)
        if not stat.S_ISREG(told.st_mode):
            raise BadInput(f"{path.name} is no plain file.", where=path.name, mend="Put a file there.")
        raise TooLarge(
            f"{path.name} has {told.st_size:,} bytes, more than {bytes_max:,}.",
            where=path.name,
            mend="Cut it into parts, or raise bytes_max.",
        )
    return Opened(os.fdopen(handle, "rb"), path.name, told.st_size, told.st_mtime_ns)
