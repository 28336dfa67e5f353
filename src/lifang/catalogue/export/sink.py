"""A file that is streamed while it is written."""

from __future__ import annotations

import io
from typing import Any


class Sink(io.RawIOBase):
    """A file that only grows: what was written is taken out piece by piece, while positions keep counting."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Return true."""
        return True

    def write(self, data: Any) -> int:
        """Keep a copy of bytes till they are drained, and return how many they are."""
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        """Return how many bytes were written since the beginning."""
        return self._size

    def drain(self) -> bytes:
        """Return what was written since the last call."""
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole
