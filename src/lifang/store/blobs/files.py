"""Content-addressed files: the name is the SHA-256 of the bytes, so the same bytes are kept once."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lifang.core import BadInput, Corrupt, NotFound, TooLarge, disk_errors
from lifang.store.durable import make_folder, part_file, put_in_place, sweep_parts, sync_file, sync_folder

_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Blob:
    """A stored file: ``sha256`` of its bytes in hex, and how many ``bytes`` there are."""

    sha256: str
    bytes: int


class Blobs:
    """The files of one city, in ``folder``.

    ``lock`` is held from a ``put`` until what needs the file is on record, and by who erases it from the question
    whether anything needs it until it is gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lock = threading.RLock()
        with disk_errors(folder):
            make_folder(folder)
            sweep_parts(folder)

    def put(self, stream: BinaryIO, *, max_bytes: int) -> Blob:
        """Return the blob of everything in ``stream``, durable; ``TooLarge`` past ``max_bytes``, nothing kept then."""
        with disk_errors(self._folder), part_file(self._folder / "blob") as (part, sink):
            blob = _copy(stream, sink, max_bytes)
            sync_file(sink)
            self._keep(part, self.path(blob.sha256))
        return blob

    def open(self, sha256: str) -> BinaryIO:
        """Return a stream of the blob's bytes, or ``NotFound``."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound(f"No file with hash {sha256} is kept.", where=str(self._folder)) from None

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a blob that something on record needs; ``Corrupt`` if they are gone."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            what = f"The file with hash {sha256} is gone."
            raise Corrupt(what, where=str(self._folder), mend="Restore it from a backup, or send it again.") from None

    def path(self, sha256: str) -> Path:
        """Return where the blob lies, or would; ``BadInput`` if ``sha256`` is not 64 hex digits."""
        if not _SHA256.fullmatch(sha256):
            raise BadInput(f"{sha256[:80]!r} is not a SHA-256.", mend="Give 64 lower-case hex digits.")
        return self._folder / sha256[:2] / sha256

    def exists(self, sha256: str) -> bool:
        """Return whether the blob is kept."""
        return self.path(sha256).is_file()

    def erase(self, sha256: str) -> bool:
        """Return whether the blob was there to be removed; it is gone, durably."""
        path = self.path(sha256)
        with disk_errors(path):
            there = path.exists()
            if there:
                path.unlink()
                sync_folder(path.parent)
        return there

    def intact(self, sha256: str) -> bool:
        """Return whether the blob's bytes still have its hash."""
        with self.path(sha256).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256

    def _keep(self, part: Path, path: Path) -> None:
        make_folder(path.parent)
        if path.exists():
            sync_folder(path.parent)
        else:
            put_in_place(part, path, mode=0o444)


def _copy(stream: BinaryIO, sink: BinaryIO, max_bytes: int) -> Blob:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(f"The file is larger than {max_bytes} bytes.", mend="Split it, or raise the bound.")
        digest.update(chunk)
        sink.write(chunk)
    return Blob(digest.hexdigest(), size)
