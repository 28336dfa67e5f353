"""Tiles that were made once, on disk: a tile that is asked for twice is served as the bytes it was."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from lifang.guard import Classification

_FORM = 6  # raise it when tiles are made otherwise than before
_MOST_BYTES = 1 << 30
_HEAD = b"\n"
_ENDING = ".tile"

Made = tuple[bytes, list[Classification]]


class KeptTiles:
    """Files below ``folder``, together no more than ``most_bytes``: those go first that nobody asked for longest.

    A tile is kept with the classifications of what it shows, so that its reading is decided and recorded as if it were
    made anew. Its key names the versions of the objects in it: a change elsewhere leaves it, and nothing asks any more
    for what a change made old, so that it goes first.
    """

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder, self._most = folder, most_bytes
        self._lock = threading.Lock()
        self._known = False
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0

    def of(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return the tile that ``key`` names, made only if it is not kept."""
        name = _name(key)
        with self._lock:
            self._take_up()
            there = name in self._sizes
            if there:
                self._sizes.move_to_end(name)
        if there and (found := self._read(name)) is not None:
            return found
        made = make()
        if made[0]:
            self._keep(name, made)
        return made

    def size(self, key: Any) -> int:
        """Return how many bytes are kept of the tile that ``key`` names, 0 if it is not."""
        with self._lock:
            self._take_up()
            return self._sizes.get(_name(key), 0)

    def _take_up(self) -> None:
        """Take up what is kept from before the program began, once: what was made first is the oldest."""
        if self._known:
            return
        self._known = True
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = [(path.stat().st_mtime_ns, path) for path in self._folder.iterdir()]
        for _, path in sorted(found):
            if path.name.endswith(_ENDING):
                self._note(path.name, path.stat().st_size)
            else:
                path.unlink(missing_ok=True)

    def _read(self, name: str) -> Made | None:
        try:
            head, _, content = (self._folder / name).read_bytes().partition(_HEAD)
        except FileNotFoundError:
            return None
        return content, [Classification(each) for each in head.decode().split()]

    def _keep(self, name: str, made: Made) -> None:
        content = " ".join(made[1]).encode() + _HEAD + made[0]
        with suppress(OSError):  # a full disk: the tile is served all the same
            with NamedTemporaryFile(dir=self._folder, delete=False) as part:
                part.write(content)
            with self._lock:
                Path(part.name).replace(self._folder / name)
                self._note(name, len(content))
                while self._bytes > self._most:
                    oldest, size = self._sizes.popitem(last=False)
                    self._bytes -= size
                    (self._folder / oldest).unlink(missing_ok=True)

    def _note(self, name: str, size: int) -> None:
        self._bytes += size - self._sizes.get(name, 0)
        self._sizes[name] = size


def _name(key: Any) -> str:
    return f"{hashlib.sha256(repr((_FORM, key)).encode()).hexdigest()[:40]}{_ENDING}"
