"""One batch as one record of the log: a head with checksum and lengths, then its description, columns and extra.

Little-endian. Head: mark, CRC-32 of all that follows it, length of the description, length of the rest, batch id,
moment recorded, rows. The description is JSON: subject and digest.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lifang.core import Corrupt, from_micros, to_micros
from lifang.store.lake.model import Batch, Observations

_MARK = b"LFo1"
_HEAD = struct.Struct("<4sIIQqqI")
_CHECKED_FROM = 8  # behind the mark and the checksum
_COLUMNS = (("datastream", np.int32), ("time", np.int64), ("value", np.float64), ("quality", np.uint8))
_ROW_BYTES = sum(np.dtype(kind).itemsize for _, kind in _COLUMNS)


@dataclass(frozen=True, eq=False)
class Logged:
    """A batch with its rows."""

    batch: Batch
    observations: Observations


def encode(logged: Logged) -> bytes:
    """Return the record of a batch."""
    batch, rows = logged.batch, logged.observations
    told = orjson.dumps({"subject": batch.subject, "digest": batch.digest})
    extra = b"" if rows.extra is None else orjson.dumps(rows.extra.to_pylist())
    columns = [np.ascontiguousarray(getattr(rows, name), np.dtype(kind).newbyteorder("<")) for name, kind in _COLUMNS]
    size = len(rows) * _ROW_BYTES + len(extra)
    head = _HEAD.pack(_MARK, 0, len(told), size, batch.id, to_micros(batch.recorded), len(rows))
    parts = [head[_CHECKED_FROM:], told, *(column.data.cast("B") if len(column) else b"" for column in columns), extra]
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return b"".join((_MARK, struct.pack("<I", checksum), *parts))


def decode(data: bytes, *, last: bool, path: Path) -> Iterator[tuple[Logged, int]]:
    """Yield each batch of a segment's bytes, and where its record ends.

    A torn record at the end of the ``last`` segment ends it: it was never acknowledged. ``Corrupt`` if a record is
    damaged and others follow it, or another segment does.
    """
    position = 0
    while position < len(data):
        found = _one(data, position)
        if found is None:
            if last and not _another_follows(data, position):
                return
            raise Corrupt(
                "The log of observations is damaged.", where=f"{path}, byte {position}", mend="Restore the last backup."
            )
        logged, position = found
        yield logged, position


def _one(data: bytes, position: int) -> tuple[Logged, int] | None:
    """Return the batch whose record is whole at ``position`` and where it ends, or ``None``."""
    if len(data) - position < _HEAD.size:
        return None
    mark, checksum, told_bytes, size, number, recorded, rows = _HEAD.unpack_from(data, position)
    begin = position + _HEAD.size
    end = begin + told_bytes + size
    if mark != _MARK or end > len(data) or size < rows * _ROW_BYTES:
        return None
    if zlib.crc32(memoryview(data)[position + _CHECKED_FROM : end]) != checksum:
        return None
    told = orjson.loads(data[begin : begin + told_bytes])
    batch = Batch(number, from_micros(recorded), told["subject"], rows, told["digest"])
    return Logged(batch, _rows(data, begin + told_bytes, rows, end)), end


def _rows(data: bytes, position: int, rows: int, end: int) -> Observations:
    columns: dict[str, Any] = {}
    for name, kind in _COLUMNS:
        columns[name] = np.frombuffer(data, np.dtype(kind).newbyteorder("<"), rows, position).astype(kind)
        position += rows * np.dtype(kind).itemsize
    extra = pa.array(orjson.loads(data[position:end]), pa.string()) if position < end else None
    return Observations(**columns, extra=extra)


def _another_follows(data: bytes, position: int) -> bool:
    """Return whether a whole record lies behind the broken one at ``position``."""
    at = data.find(_MARK, position + 1)
    while at >= 0:
        if _one(data, at) is not None:
            return True
        at = data.find(_MARK, at + 1)
    return False
