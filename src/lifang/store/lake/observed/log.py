"""The log in front of the tables: a batch is durable once its record is synced here.

Segments ``log/<id of their first batch>.log`` are written to their end, then the next one is begun; those whose batches
all lie in the tables are removed. After a failed write or sync the segment is cut back to its last synced record, and
nothing is taken before that has succeeded: what was refused is not there, what was acknowledged is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lifang.core import disk_errors
from lifang.store.durable import make_folder, sync_folder
from lifang.store.lake.observed.record import Logged, decode, encode

SEGMENT_BYTES = 32 << 20


class Log:
    """The log in ``folder``; one thread appends at a time."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder, self._segment_bytes = folder, segment_bytes
        self._handle: int | None = None
        self._path = folder
        self._size = 0
        self._to_cut: tuple[Path, int] | None = None
        make_folder(folder)

    def tail(self, after: int) -> Iterator[Logged]:
        """Yield the batches past ``after``, in order; a torn record at the very end is cut off."""
        segments = self.segments()
        for path in segments:
            data, whole = path.read_bytes(), 0
            for logged, end in decode(data, last=path == segments[-1], path=path):
                whole = end
                if logged.batch.id > after:
                    yield logged
            if whole < len(data):
                self._cut(path, whole)

    def append(self, logged: Logged) -> None:
        """Write the batch's record and sync it; ``Unavailable``, and the record is gone, if the disk refuses."""
        record = encode(logged)
        with disk_errors(self._folder):
            if self._to_cut is not None:
                self._mend()
            if self._handle is None or self._size >= self._segment_bytes:
                self._begin(logged.batch.id)
            self._write(record)

    def _write(self, record: bytes) -> None:
        handle = self._handle
        if handle is None:
            raise OSError("the segment is closed")
        try:
            left = memoryview(record)
            while left:
                left = left[os.write(handle, left) :]
            os.fdatasync(handle)
        except OSError:
            self._to_cut = (self._path, self._size)
            raise
        self._size += len(record)

    def _mend(self) -> None:
        """Cut the failed segment back and close it; the next record begins a new one."""
        if self._to_cut is None:
            return
        self.close()
        self._cut(*self._to_cut)
        self._to_cut = None

    def _begin(self, number: int) -> None:
        self.close()
        path = self._folder / f"{number:020}.log"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            sync_folder(self._folder)
        except OSError:
            os.close(handle)
            raise
        self._handle, self._path, self._size = handle, path, 0

    def clear(self) -> None:
        """Remove every segment: all their batches lie in the tables."""
        self.close()
        for path in self.segments():
            path.unlink(missing_ok=True)

    def forget(self, until: int) -> None:
        """Remove the segments that hold no batch past ``until``."""
        segments = self.segments()
        firsts = [int(path.stem) for path in segments]
        for path, following in zip(segments[:-1], firsts[1:], strict=True):
            if following <= until + 1:
                path.unlink(missing_ok=True)

    def segments(self) -> list[Path]:
        """Return the files of the log, in order."""
        return sorted(self._folder.glob("*.log"))

    def close(self) -> None:
        """Let go of the segment being written."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _cut(self, path: Path, size: int) -> None:
        with disk_errors(path):
            handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.ftruncate(handle, size)
                os.fsync(handle)
            finally:
                os.close(handle)
