"""A journal: records of bytes in one file, durable once appended; a torn end is cut off, damage is told."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from lifang.core import Corrupt, disk_errors
from lifang.store.durable import make_folder, part_file, put_in_place, sync_file, sync_folder

_HEAD = struct.Struct("<II")  # length and CRC-32 of what follows
_MOST = 64_000_000


class Journal:
    """The journal in the file ``path``, made if it is not there; safe to use from many threads.

    ``read`` comes first: it cuts off what a crash left half-written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with disk_errors(path):
            make_folder(path.parent)
            is_new = not path.exists()
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            if is_new:
                sync_folder(path.parent)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return os.fstat(self._file).st_size

    def read(self) -> list[bytes]:
        """Return every record, oldest first; ``Corrupt`` if one that others follow is damaged."""
        with self._lock, disk_errors(self.path):
            data = self.path.read_bytes()
            records, at = [], 0
            while (found := _record(data, at)) is not None:
                records.append(found)
                at += _HEAD.size + len(found)
            if at < len(data):
                if _follows(data, at):
                    raise Corrupt(
                        "A record of the journal is damaged.",
                        where=f"{self.path}, byte {at}",
                        mend="Move the file away; what it held is lost, the city starts without it.",
                    )
                os.ftruncate(self._file, at)
                os.fsync(self._file)
            return records

    def append(self, records: Iterable[bytes]) -> None:
        """Add records; when this returns they are on disk. ``Unavailable`` if the disk refuses: none was added."""
        data = b"".join(map(_framed, records))
        with self._lock, disk_errors(self.path):
            before = os.fstat(self._file).st_size
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._file, view) :]
                os.fdatasync(self._file)
            except OSError:
                os.ftruncate(self._file, before)
                raise

    def rewrite(self, records: Sequence[bytes]) -> None:
        """Have the journal hold just ``records``, in one step."""
        with self._lock, disk_errors(self.path):
            with part_file(self.path) as (part, stream):
                stream.writelines(map(_framed, records))
                sync_file(stream)
                put_in_place(part, self.path, mode=0o600)
            os.close(self._file)
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND)

    def close(self) -> None:
        """Give the file up."""
        with self._lock:
            os.close(self._file)


def _framed(record: bytes) -> bytes:
    return _HEAD.pack(len(record), zlib.crc32(record)) + record


def _record(data: bytes, at: int) -> bytes | None:
    """Return the whole and undamaged record at ``at``, if there is one."""
    if at + _HEAD.size > len(data):
        return None
    length, check = _HEAD.unpack_from(data, at)
    record = data[at + _HEAD.size : at + _HEAD.size + length]
    return record if 0 < length == len(record) <= _MOST and zlib.crc32(record) == check else None


def _follows(data: bytes, at: int) -> bool:
    """Return whether a whole record comes after the damaged one at ``at``, which is then not a torn end."""
    if at + _HEAD.size > len(data):
        return False
    length, _ = _HEAD.unpack_from(data, at)
    return _record(data, at + _HEAD.size + length) is not None
