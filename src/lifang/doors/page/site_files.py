"""The page's files, held in memory with their compressed form once they were asked for."""

from __future__ import annotations

import gzip
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from lifang.doors.http import entity_tag

FILES = Path(__file__).parent / "site"
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".pbf": "application/x-protobuf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED = frozenset({".css", ".html", ".js", ".json", ".map", ".mjs", ".pbf", ".svg", ".txt", ".webmanifest"})


@dataclass(frozen=True)
class Asset:
    """One file: ``packed`` is its gzip form where that helps; files with a hash in their name never change."""

    content: bytes
    packed: bytes | None
    tag: str
    media_type: str
    caching: str
    stamp: tuple[int, int]


class SiteFiles:
    """The files under one folder, by their path in it; nothing outside the folder is ever read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._held: dict[str, Asset] = {}
        self._lock = threading.Lock()

    def find(self, path: str) -> Asset | None:
        """Return the file at ``path`` ("" is index.html), fresh from disk if it changed, or None."""
        file = self._locate(path or "index.html")
        if file is None:
            return None
        status = file.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        with self._lock:
            held = self._held.get(path)
            if held is None or held.stamp != stamp:
                held = self._held[path] = _load(file, stamp)
        return held

    def _locate(self, path: str) -> Path | None:
        if "\0" in path or "\\" in path:
            return None
        try:
            file = (self._folder / path).resolve()
            return file if file.is_relative_to(self._folder) and file.is_file() else None
        except OSError:  # a name too long for the file system
            return None


def _load(file: Path, stamp: tuple[int, int]) -> Asset:
    content = file.read_bytes()
    packed = gzip.compress(content, 9, mtime=0) if file.suffix in _PACKED and len(content) > 500 else None
    hashed = file.parent.name == "assets" and bool(_HASHED.search(file.name))
    return Asset(
        content=content,
        packed=packed,
        tag=entity_tag(content),
        media_type=_MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
        caching="public, max-age=31536000, immutable" if hashed else "no-cache",
        stamp=stamp,
    )
