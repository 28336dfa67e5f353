"""What a viewer reads first: the tileset's JSON, and which of its tiles there are.

Source: OGC 22-025r4 (3D Tiles 1.1), 6.7 (tiles), 7.6 (implicit tiling) and 7.6.6 (subtree files).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import Box
from lifang.twin.tiling.grid import Cell, Pyramid

SUBTREE_LEVELS = 6
CONTENT = "content/{level}/{x}/{y}.glb"
LEVELS = "content/{level}/{x}/{y}.json"
SUBTREE = "subtrees/{level}/{x}/{y}.subtree"

Bits = NDArray[np.bool_]
Region = list[float]


def tileset(
    pyramid: Pyramid,
    few: Sequence[Region],
    much: Sequence[tuple[tuple[int, int, int], Region, bool]] = (),
    **extras: Any,
) -> dict[str, Any]:
    """Return the ``tileset.json`` of ``pyramid``; a region is west, south, east, north in radians, low, high in metres.

    ``few`` are the regions of what its implicit tiles show; ``much`` the places and regions of cells that are to have a
    tileset of levels each, and whether they have it: if not, they are shown as they are.
    """
    roots = [_implicit(pyramid, around(few))] if few else []
    roots += [_levels(*each, pyramid) for each in much]
    every = [*few, *(region for _, region, _ in much)]
    box = np.degrees(around(every)[:4]).tolist()
    error = max(2 * pyramid.error_m(0), *(each["geometricError"] for each in roots))
    whole = {"boundingVolume": {"region": around(every)}, "geometricError": error, "refine": "ADD", "children": roots}
    root = whole if much else roots[0]
    return {"asset": {"version": "1.1", "extras": {"box": box, **extras}}, "geometricError": error, "root": root}


def _implicit(pyramid: Pyramid, region: Region) -> dict[str, Any]:
    return {
        "boundingVolume": {"region": [*_radians(pyramid.root.box), *region[4:]]},
        "geometricError": pyramid.error_m(0),
        "refine": "ADD",
        "content": {"uri": CONTENT},
        "implicitTiling": {
            "subdivisionScheme": "QUADTREE",
            "subtreeLevels": SUBTREE_LEVELS,
            "availableLevels": pyramid.levels,
            "subtrees": {"uri": SUBTREE},
        },
    }


def _levels(place: tuple[int, int, int], region: Region, made: bool, pyramid: Pyramid) -> dict[str, Any]:
    """Return a tile that shows nothing, and below it what a cell has: it is asked for where it is seen at all.

    That is the tileset of its levels if they are ``made``, else all of it.
    """
    level, x, y = place
    error = pyramid.cell(level, x, y).size_m
    volume = {"boundingVolume": {"region": region}, "geometricError": error}
    uri, shown = (LEVELS, {}) if made else (CONTENT, {"geometricError": 0.0})
    return {
        **volume,
        "refine": "ADD",
        "children": [{**volume, **shown, "content": {"uri": uri.format(level=level, x=x, y=y)}}],
    }


def around(regions: Sequence[Region]) -> Region:
    """Return the region about ``regions``, of which there is at least one."""
    west, south, east, north, low, high = zip(*regions, strict=True)
    return [min(west), min(south), max(east), max(north), min(low), max(high)]


def _radians(box: Box) -> list[float]:
    return [float(each) for each in np.radians([box.west, box.south, box.east, box.north])]


def subtree(root: Cell, contents: Iterable[Cell]) -> bytes:
    """Return the subtree file below ``root``: which tiles are there, which of them have content, which subtrees follow.

    ``contents`` are the cells that have content; those that do not lie under ``root`` are passed over.
    """
    content = [np.zeros(4**step, dtype=bool) for step in range(SUBTREE_LEVELS)]
    there = [np.zeros(4**step, dtype=bool) for step in range(SUBTREE_LEVELS + 1)]
    for cell in contents:
        if cell.level < root.level or cell.above(root.level) != root:
            continue
        down = cell.level - root.level
        if down < SUBTREE_LEVELS:
            content[down][_morton(cell, root)] = True
        for step in range(min(down, SUBTREE_LEVELS) + 1):
            there[step][_morton(cell.above(root.level + step), root)] = True
    return _binary(np.concatenate(there[:-1]), np.concatenate(content), there[-1])


def _morton(cell: Cell, root: Cell) -> int:
    """Return the place of ``cell`` among those of its level under ``root``, along the Z-order curve."""
    step = cell.level - root.level
    x, y = cell.x - (root.x << step), cell.y - (root.y << step)
    return sum((x >> bit & 1 | (y >> bit & 1) << 1) << 2 * bit for bit in range(step))


def _binary(tiles: Bits, contents: Bits, children: Bits) -> bytes:
    parts: list[bytes] = []
    views: list[dict[str, int]] = []

    def availability(bits: Bits) -> dict[str, int]:
        if not bits.any() or bits.all():
            return {"constant": int(bits.all())}
        packed = np.packbits(bits, bitorder="little").tobytes()
        views.append({"buffer": 0, "byteOffset": sum(map(len, parts)), "byteLength": len(packed)})
        parts.append(packed + bytes(-len(packed) % 8))
        return {"bitstream": len(views) - 1, "availableCount": int(bits.sum())}

    document: dict[str, Any] = {
        "tileAvailability": availability(tiles),
        "contentAvailability": [availability(contents)],
        "childSubtreeAvailability": availability(children),
    }
    binary = b"".join(parts)
    if views:
        document |= {"buffers": [{"byteLength": len(binary)}], "bufferViews": views}
    text = orjson.dumps(document)
    text += b" " * (-len(text) % 8)
    head = np.array([0x74627573, 1], dtype="<u4").tobytes()
    return head + np.array([len(text), len(binary)], dtype="<u8").tobytes() + text + binary
