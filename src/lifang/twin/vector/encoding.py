"""The bytes of vector tiles: the features of many tiles at once in NumPy, then one layer a tile.

Source: Mapbox Vector Tile Specification 2.1, clauses 4.1 (layers), 4.2 (features), 4.3 (geometry) and 4.4 (values).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes import Rings, spread
from lifang.twin.vector.quadrants import EXTENT
from lifang.twin.vector.thin import Commands
from lifang.twin.vector.values import Values, varint

Ints = NDArray[np.int64]
_MOVE_ONE, _LINE, _CLOSE = 9, 2, 15
_FEATURE, _TAGS, _TYPE, _GEOMETRY, _POLYGON = 18, 18, 24, 34, 3  # fields with their wire types, and a value
_NAME, _KEY, _EXTENT, _VERSION_2 = b"\x0a", b"\x1a", b"\x28", b"\x78\x02"


def layers(
    name: str, rings: Rings, tile_start: Ints, values: Values, row: Ints, thin: Commands | None = None
) -> Iterator[bytes]:
    """Yield each tile as its only layer; empty where nothing of its features is left.

    Feature ``i`` has the rings of owner ``i`` in units of its tile, y down, and the values of ``row[i]``;
    ``tile_start`` is the first feature of each tile and the end of the last. ``thin`` are the commands of those that
    have no rings.
    """
    made = Commands(*_geometry(rings, len(row)), np.full(len(row), _POLYGON))
    made = made if thin is None else made.beside(thin)
    geometry, length = made.values, made.length
    drawn = np.flatnonzero(length)
    tile = np.repeat(np.arange(len(tile_start) - 1), np.diff(tile_start))[drawn]
    tags, held, told = _tags(values, row[drawn], tile, len(tile_start) - 1)
    content, begins = varints(_features(tags, held, geometry, length[drawn], made.kind[drawn]))
    messages = content.tobytes()
    borders = np.append(begins, len(content))[_feature_starts(held, length[drawn])]
    of_tile = borders[np.searchsorted(tile, np.arange(len(tile_start)))].tolist()
    head = _NAME + _sized(name.encode())
    tail = b"".join(_KEY + _sized(each.encode()) for each in values.names)
    last = _EXTENT + varint(EXTENT) + _VERSION_2
    for number, own in enumerate(told):
        features = messages[of_tile[number] : of_tile[number + 1]]
        yield _KEY + _sized(b"".join((head, features, tail, *own, last))) if features else b""


def _features(tags: Ints, held: Ints, geometry: Ints, length: Ints, kind: Ints) -> Ints:
    """Return the messages of features as whole numbers, each to become a varint.

    ``held`` and ``length`` (n,) say how many numbers of ``tags`` and of ``geometry`` belong to each, whose type is
    ``kind`` (n,).
    """
    tag_bytes, geometry_bytes = _bytes_of(tags, held), _bytes_of(geometry, length)
    whole = 4 + sizes(tag_bytes) + tag_bytes + sizes(geometry_bytes) + geometry_bytes
    start = _feature_starts(held, length)[:-1]
    found = np.empty(len(tags) + len(geometry) + 8 * len(held), np.int64)
    after = start + 4 + held
    for at, each in (
        (start, _FEATURE),
        (start + 1, whole),
        (start + 2, _TAGS),
        (start + 3, tag_bytes),
        (after, _TYPE),
        (after + 1, kind),
        (after + 2, _GEOMETRY),
        (after + 3, geometry_bytes),
    ):
        found[at] = each
    found[spread(start + 4, held)] = tags
    found[spread(after + 4, length)] = geometry
    return found


def _feature_starts(held: Ints, length: Ints) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(8 + held + length)))


def _bytes_of(numbers: Ints, count: Ints) -> Ints:
    """Return how many bytes each ``count`` of ``numbers`` take as varints."""
    upto = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes(numbers))))
    ends = np.cumsum(count)
    return np.asarray(upto[ends] - upto[ends - count])


def _tags(values: Values, row: Ints, tile: Ints, tiles: int) -> tuple[Ints, Ints, list[list[bytes]]]:
    """Return the tags of features, how many each has, and of each tile its values as bytes."""
    told: list[list[bytes]] = [[] for _ in range(tiles)]
    numbers = np.full((len(row), len(values.names)), -1, np.int64)
    begun = np.zeros(tiles, np.int64)  # values of a tile in the columns before
    for column, (codes, content) in enumerate(zip(values.codes, values.content, strict=True)):
        code, many = codes[row], max(1, len(content))
        there = np.flatnonzero(code >= 0)
        distinct, inverse = np.unique(tile[there] * many + code[there], return_inverse=True)
        first = np.searchsorted(distinct, np.arange(tiles + 1) * many)
        numbers[there, column] = inverse - first[tile[there]] + begun[tile[there]]
        begun += np.diff(first)
        picked, ends = (distinct % many).tolist(), first.tolist()
        for number, own in enumerate(told):
            own += [content[each] for each in picked[ends[number] : ends[number + 1]]]
    pairs = np.stack(np.broadcast_arrays(np.arange(numbers.shape[1]), numbers), axis=2)
    held = numbers >= 0
    return pairs[held].ravel(), 2 * held.sum(axis=1), told


def _geometry(rings: Rings, count: int) -> tuple[Ints, Ints]:
    """Return the commands of ``count`` features as whole numbers, and how many each has.

    Vertices that fall together are one; rings without area go, with their holes if they are the outer one.
    """
    grid = np.rint(rings.coordinates).astype(np.int64)
    previous = np.empty(len(grid), np.int64)
    previous[rings.following] = np.arange(len(grid))
    kept = (grid != grid[previous]).any(axis=1)
    after = grid[rings.following]
    edge = grid[:, 0] * after[:, 1] - after[:, 0] * grid[:, 1]
    twice = np.add.reduceat(edge, rings.ring_start[:-1]) if len(grid) else edge
    outer = np.zeros(len(twice), bool)
    outer[rings.part_start[:-1]] = True
    part = np.repeat(np.arange(len(rings.part_owner)), np.diff(rings.part_start))
    good = (twice != 0) & (twice[rings.part_start[:-1]] != 0)[part]
    ring = rings.ring_of_vertex
    at = _in_order(rings.ring_start, ring, (twice > 0) != outer)
    at = at[kept[at] & good[ring[at]]]
    return _commands(grid[at], ring[at], rings.part_owner[part], count)


def _in_order(ring_start: Ints, ring: Ints, turned: NDArray[np.bool_]) -> Ints:
    """Return the numbers of vertices with those rings that are ``turned`` the other way round."""
    own = np.arange(len(ring))
    back = ring_start[:-1][ring] + ring_start[1:][ring] - 1 - own
    return np.where(turned[ring], back, own)


def _commands(grid: Ints, ring: Ints, owner_of_ring: Ints, count: int) -> tuple[Ints, Ints]:
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
    return values, np.bincount(owner_of_ring[ring[begins]], length, count).astype(np.int64)


def varints(values: Ints) -> tuple[NDArray[np.uint8], Ints]:
    """Return ``values`` (not negative, under 2^35) as varints one after the other, and where each begins."""
    size = sizes(values)
    starts = np.cumsum(size) - size
    content = np.empty(int(size.sum()), np.uint8)
    content[starts] = values & 0x7F
    at = np.flatnonzero(size > 1)
    for step in range(1, int(size.max(initial=0))):
        content[starts[at] + step - 1] |= 0x80
        content[starts[at] + step] = values[at] >> 7 * step & 0x7F
        at = at[size[at] > step + 1]
    return content, starts


def sizes(values: Ints) -> Ints:
    """Return how many bytes each of ``values`` (not negative, under 2^35) takes as a varint."""
    found = np.ones(len(values), np.int64)
    for bits in (7, 14, 21, 28):
        more = values >= 1 << bits
        if not more.any():
            break
        found += more
    return found


def _sized(content: bytes) -> bytes:
    return varint(len(content)) + content
