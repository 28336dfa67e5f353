"""Rendered answers kept for the next asker: whole GeoJSON of immutable releases, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MAX_BYTES = 64_000_000
_EACH_MAX_BYTES = 16_000_000


class Rendered:
    """The most recently used answers by key; a key must name everything that the bytes hang on."""

    def __init__(self, max_bytes: int = _MAX_BYTES, each_max_bytes: int = _EACH_MAX_BYTES) -> None:
        self._held: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0
        self._max, self._each_max = max_bytes, each_max_bytes
        self._lock = threading.Lock()

    def get(self, key: Hashable, render: Callable[[], bytes]) -> bytes:
        """Return the bytes of ``key``, rendered now if they are not held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        content = render()
        if len(content) <= self._each_max:
            self._hold(key, content)
        return content

    def _hold(self, key: Hashable, content: bytes) -> None:
        with self._lock:
            self._bytes += len(content) - len(self._held.pop(key, b""))
            self._held[key] = content
            while self._bytes > self._max:
                _, oldest = self._held.popitem(last=False)
                self._bytes -= len(oldest)
