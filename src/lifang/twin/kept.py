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

_FORM = 3  # raise it when tiles are made otherwise than before
_MOST_BYTES = 256 << 20
_HEAD = b"\n"
_ENDING = ".tile"

Made = tuple[bytes, list[Classification]]


class KeptTiles:
    """Files below ``folder``, together no more than ``most_bytes``: those go first that nobody asked for longest.

    A tile is kept with the classifications of what it shows, so that its reading is decided and recorded as if it were
    made anew. A change of the objects takes all of them away: nothing outlives what it was made of.
    """

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder, self._most = folder, most_bytes
        self._lock = threading.Lock()
        self._version = -1
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0

    def of(self, version: int, key: Any, make: Callable[[], Made]) -> Made:
        """Return the tile that ``key`` names in one ``version`` of the objects, made only if it is not kept."""
        name = f"{version}-{hashlib.sha256(repr((_FORM, key)).encode()).hexdigest()[:40]}{_ENDING}"
        with self._lock:
            self._turn_to(version)
            there = name in self._sizes
            if there:
                self._sizes.move_to_end(name)
        if there and (found := self._read(name)) is not None:
            return found
        made = make()
        if made[0]:
            self._keep(version, name, made)
        return made

    def _turn_to(self, version: int) -> None:
        """Take up what is kept of a version, and take what is kept of others away."""
        if version == self._version:
            return
        self._version = version
        self._sizes.clear()
        self._bytes = 0
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(f"{version}-") and path.name.endswith(_ENDING):
                self._note(path.name, path.stat().st_size)
            else:
                path.unlink(missing_ok=True)

    def _read(self, name: str) -> Made | None:
        try:
            head, _, content = (self._folder / name).read_bytes().partition(_HEAD)
        except FileNotFoundError:
            return None
        return content, [Classification(each) for each in head.decode().split()]

    def _keep(self, version: int, name: str, made: Made) -> None:
        content = " ".join(made[1]).encode() + _HEAD + made[0]
        with suppress(OSError):  # a full disk: the tile is served all the same
            with NamedTemporaryFile(dir=self._folder, delete=False) as part:
                part.write(content)
            with self._lock:
                if version != self._version:
                    Path(part.name).unlink()
                    return
                Path(part.name).replace(self._folder / name)
                self._note(name, len(content))
                while self._bytes > self._most:
                    oldest, size = self._sizes.popitem(last=False)
                    self._bytes -= size
                    (self._folder / oldest).unlink(missing_ok=True)

    def _note(self, name: str, size: int) -> None:
        self._bytes += size - self._sizes.get(name, 0)
        self._sizes[name] = size
