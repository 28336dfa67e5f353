"""What a viewer reads first: the tileset's JSON, and which of its tiles there are.

Source: OGC 22-025r4 (3D Tiles 1.1), clause 7.6 (implicit tiling) and 7.6.6 (subtree files).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import Box
from lifang.twin.tiling.grid import Cell, Pyramid

SUBTREE_LEVELS = 6
CONTENT = "content/{level}/{x}/{y}.glb"
SUBTREE = "subtrees/{level}/{x}/{y}.subtree"

Bits = NDArray[np.bool_]


def tileset(pyramid: Pyramid, heights_m: tuple[float, float], *, query: str = "", **extras: Any) -> dict[str, Any]:
    """Return the ``tileset.json`` of ``pyramid``; ``heights_m`` are the lowest and the highest above the ellipsoid.

    ``query`` stands behind the address of each tile.
    """
    return {
        "asset": {"version": "1.1", "extras": extras},
        "geometricError": pyramid.error_m(0) * 2,
        "root": {
            "boundingVolume": {"region": [*_radians(pyramid.root.box), *map(float, heights_m)]},
            "geometricError": pyramid.error_m(0),
            "refine": "ADD",
            "content": {"uri": f"{CONTENT}{query}"},
            "implicitTiling": {
                "subdivisionScheme": "QUADTREE",
                "subtreeLevels": SUBTREE_LEVELS,
                "availableLevels": pyramid.levels,
                "subtrees": {"uri": SUBTREE},
            },
        },
    }


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
