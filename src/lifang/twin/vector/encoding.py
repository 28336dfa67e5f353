"""The bytes of a vector tile: geometry of all features at once in NumPy, then one layer a tile.

Source: Mapbox Vector Tile Specification 2.1, clauses 4.1 (layers), 4.3 (geometry) and 4.4 (values).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes import Rings
from lifang.twin.vector.quadrants import EXTENT

Ints = NDArray[np.int64]
_VARINT_STEPS = 1 << np.array([7, 14, 21, 28])
_64_BITS = (1 << 64) - 1
_MOVE_ONE, _LINE, _CLOSE, _POLYGON = 9, 2, 15, b"\x18\x03"


def polygons(rings: Rings, count: int) -> list[bytes]:
    """Return the geometry of each of ``count`` features; it is empty where nothing of one is left.

    The coordinates of ``rings`` are in units of a tile, y down. Vertices that fall together are one; rings without
    area go, with their holes if they are the outer one.
    """
    grid = np.rint(rings.coordinates).astype(np.int64)
    previous = np.empty(len(grid), np.int64)
    previous[rings.following] = np.arange(len(grid))
    kept = (grid != grid[previous]).any(axis=1)
    edge = grid[:, 0] * grid[rings.following][:, 1] - grid[rings.following][:, 0] * grid[:, 1]
    twice = np.add.reduceat(edge, rings.ring_start[:-1]) if len(grid) else edge
    outer = np.zeros(len(twice), bool)
    outer[rings.part_start[:-1]] = True
    part = np.repeat(np.arange(len(rings.part_owner)), np.diff(rings.part_start))
    good = (twice != 0) & (twice[rings.part_start[:-1]] != 0)[part]
    ring = np.repeat(np.arange(len(twice)), np.diff(rings.ring_start))
    at = _in_order(rings.ring_start, ring, (twice > 0) != outer)
    at = at[kept[at] & good[ring[at]]]
    return _commands(grid[at], ring[at], rings.part_owner[part], count)


def _in_order(ring_start: Ints, ring: Ints, turned: NDArray[np.bool_]) -> Ints:
    """Return the numbers of vertices with those rings that are ``turned`` the other way round."""
    own = np.arange(len(ring))
    back = ring_start[:-1][ring] + ring_start[1:][ring] - 1 - own
    return np.where(turned[ring], back, own)


def _commands(grid: Ints, ring: Ints, owner_of_ring: Ints, count: int) -> list[bytes]:
    begins = np.flatnonzero(np.append(True, ring[1:] != ring[:-1])) if len(ring) else np.empty(0, np.int64)
    size = np.diff(np.append(begins, len(ring)))
    owner = owner_of_ring[ring]
    step = np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int64))
    first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(owner) else begins
    step[first] = grid[first]
    zigzag = (step << 1) ^ (step >> 63)
    length = 2 * size + 3
    ring_at = np.cumsum(length) - length
    values = np.zeros(int(length.sum()), np.int64)
    within = np.arange(len(grid)) - np.repeat(begins, size)
    at = np.repeat(ring_at, size) + 1 + 2 * within + (within > 0)  # the count of lines follows the first vertex
    values[at], values[at + 1] = zigzag[:, 0], zigzag[:, 1]
    values[ring_at], values[ring_at + 3] = _MOVE_ONE, (size - 1) << 3 | _LINE
    values[ring_at + length - 1] = _CLOSE
    content, ends = varints(values)
    upto = np.zeros(count, np.int64)
    np.add.at(upto, owner_of_ring[ring[begins]], np.diff(np.append(ends[ring_at], len(content))))
    borders = np.concatenate(([0], np.cumsum(upto))).tolist()
    whole = content.tobytes()
    return [whole[low:high] for low, high in pairwise(borders)]


def varints(values: Ints) -> tuple[NDArray[np.uint8], Ints]:
    """Return ``values`` (not negative, under 2^35) as varints one after the other, and where each begins."""
    sizes = 1 + np.searchsorted(_VARINT_STEPS, values, side="right").astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    content = np.empty(int(sizes.sum()), np.uint8)
    for step in range(int(sizes.max(initial=0))):
        some = sizes > step
        more = (sizes[some] > step + 1).astype(np.int64) << 7
        content[starts[some] + step] = values[some] >> 7 * step & 0x7F | more
    return content, starts


def layer(name: str, geometry: Sequence[bytes], table: Mapping[str, Sequence[Any]]) -> bytes:
    """Return a tile of one layer; rows of ``table`` whose ``geometry`` is empty are left out."""
    values: dict[tuple[type, Any], int] = {}
    tags = _tags(table, values)
    parts = [b"\x0a", _sized(name.encode())]
    for shape, tag in zip(geometry, tags, strict=True):
        if shape:
            size = _varint(len(shape))
            head = b"\x12" + _varint(len(tag)) + tag + _POLYGON + b"\x22" + size
            parts += (b"\x12", _varint(len(head) + len(shape)), head, shape)
    parts += [b"\x1a" + _sized(key.encode()) for key in table]
    parts += [b"\x22" + _sized(_value(value)) for _, value in values]
    parts.append(b"\x28" + _varint(EXTENT) + b"\x78\x02")
    return b"\x1a" + _sized(b"".join(parts))


def _tags(table: Mapping[str, Sequence[Any]], values: dict[tuple[type, Any], int]) -> list[bytes]:
    """Return the tags of each row: numbers of keys and of ``values``, which are gathered here."""
    codes = []
    for column in table.values():
        own = {value: -1 if value is None else values.setdefault((type(value), value), len(values)) for value in column}
        codes.append([own[value] for value in column])
    value = np.array(codes, np.int64).T
    pairs = np.stack(np.broadcast_arrays(np.arange(value.shape[1]), value), axis=2)
    held = value >= 0
    content, starts = varints(pairs[held].ravel())
    ends = np.append(starts, len(content))[2 * np.cumsum(held.sum(axis=1))].tolist()
    whole = content.tobytes()
    return [whole[low:high] for low, high in pairwise([0, *ends])]


def _value(value: str | float) -> bytes:
    if isinstance(value, str):
        content = value.encode()
        return b"\x0a" + _varint(len(content)) + content
    if isinstance(value, bool):
        return b"\x38\x01" if value else b"\x38\x00"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return b"\x20" + _varint(value & _64_BITS)
    return b"\x19" + struct.pack("<d", value)


def _sized(content: bytes | bytearray) -> bytes:
    return _varint(len(content)) + content


def _long(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))


_SHORT = [_long(each) for each in range(1 << 14)]


def _varint(value: int) -> bytes:
    return _SHORT[value] if value < 1 << 14 else _long(value)
