"""64-bit hashes of columns, vectorised: to find repeated rows and keys and to count distinct values.

Every 8-byte word is mixed with a secret random number of its place: two different values agree with probability about
2**-64, so a million rows see a false repeat about once in 10**7 files.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_LONG = 4096  # words; what lies beyond is hashed by Python, keyed by its own random seed
_RANDOM = np.random.default_rng()
_POWERS: Hashes = _RANDOM.integers(0, 2**63, _LONG, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SALT = [np.uint64(each) for each in _RANDOM.integers(0, 2**63, 4, dtype=np.uint64) * 2 + 1]
_KEEP: Hashes = np.array([(1 << (8 * count)) - 1 for count in range(9)], np.uint64)
_NULL = np.uint64(0x9E3779B97F4A7C15)


def mix(values: Hashes) -> Hashes:
    """Return the values spread over all 64 bits (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xFF51AFD7ED558CCD)
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xC4CEB9FE1A85EC53)
    return cast("Hashes", values ^ (values >> np.uint64(33)))


def hash_column(column: Any) -> Hashes:
    """Return one hash per value of an Arrow array; null has its own, equal values of one type agree."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        hashes = _hash_bytes(column.cast(pa.binary()))
    elif pa.types.is_boolean(kind):
        hashes = mix(column.cast(pa.int8()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64) + _SALT[0])
    elif pa.types.is_floating(kind):
        floats = column.fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0  # -0.0 becomes 0.0
        hashes = mix(floats.view(np.uint64) * _SALT[1])
    else:
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        integers = column.view(width).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        hashes = mix(integers.view(np.uint64) * _SALT[2])
    if column.null_count:
        hashes[column.is_null().to_numpy(zero_copy_only=False)] = _NULL
    return hashes


def combine(columns: list[Hashes]) -> Hashes:
    """Return one hash per row from the hashes of its columns, in order."""
    total = np.zeros_like(columns[0])
    for position, hashes in enumerate(columns):
        total = mix(total * _SALT[3] + hashes + np.uint64(position))
    return total


def _hash_bytes(column: Any) -> Hashes:
    """Return for each value the sum of its 8-byte words, each mixed with the number of its place, plus its length."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    lengths = np.diff(offsets).astype(np.int64)
    total = lengths.astype(np.uint64) * _SALT[0]
    if not lengths.any():
        return mix(total + _SALT[1])
    begin, end = int(offsets[0]), int(offsets[-1])
    raw = np.zeros(end - begin + 8, np.uint8)
    raw[:-8] = np.frombuffer(column.buffers()[2], np.uint8)[begin:end]
    words: Hashes = np.ndarray(end - begin + 1, "<u8", raw, strides=(1,))
    active = np.flatnonzero(lengths)
    start, left = offsets[:-1][active].astype(np.int64) - begin, lengths[active]
    for place in range(_LONG):
        total[active] += mix((words[start] & _KEEP[np.minimum(left, 8)]) + _POWERS[place])
        more = left > 8
        if not more.any():
            return mix(total + _SALT[1])
        active, start, left = active[more], start[more] + 8, left[more] - 8
    rest = [hash(column[int(index)].as_py()) & 0xFFFFFFFFFFFFFFFF for index in active]
    total[active] += np.array(rest, np.uint64)
    return mix(total + _SALT[1])


class Repeats:
    """Remembers the hashes of all rows and says which repeat an earlier one: 8 bytes a row."""

    def __init__(self) -> None:
        self._parts: list[Hashes] = []

    def add(self, hashes: Hashes) -> None:
        """Take the hashes of the next batch."""
        self._parts.append(hashes)

    def repeated(self, considered: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which rows repeat an earlier considered row; rows that are not considered are never marked."""
        hashes = np.concatenate(self._parts) if self._parts else np.empty(0, np.uint64)
        places = np.flatnonzero(considered)
        order = np.argsort(hashes[places], kind="stable")
        ordered = hashes[places][order]
        same = np.zeros(len(places), bool)
        same[1:] = ordered[1:] == ordered[:-1]
        marked = np.zeros(len(hashes), bool)
        marked[places[order[same]]] = True
        return marked
