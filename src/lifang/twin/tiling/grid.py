"""The grid of all tiles: a quadtree of the whole earth; small things lie in its leaves, great ones nearer its root.

Where an object lies depends on itself alone, so that a change of one building changes its tile only.
Source: OGC 22-025r4 (3D Tiles 1.1), clause 7.6 on implicit tiling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from lifang.core import Box

LEAF_LEVEL = 15  # squares of 180 / 2^15 degrees: about 600 m
LEAF_ERROR_M = 60.0  # what is smaller than this lies in a leaf

Ints = NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Cell:
    """A square of 180 / 2^level degrees: its column counted from 180 W and its row from the south pole."""

    level: int
    x: int
    y: int

    def above(self, level: int) -> Cell:
        """Return the cell of ``level`` that holds this one."""
        return Cell(level, self.x >> self.level - level, self.y >> self.level - level)

    @property
    def box(self) -> Box:
        """The square in degrees."""
        side = 180.0 / 2**self.level
        west, south = self.x * side - 180.0, self.y * side - 90.0
        return Box(west, south, west + side, south + side)

    @property
    def size_m(self) -> float:
        """No object in it is greater, the diagonal of its bounding box in metres; see :func:`keys`."""
        return LEAF_ERROR_M * 2.0 ** (LEAF_LEVEL - self.level)

    @property
    def key(self) -> int:
        """The cell as one number, see :func:`keys`."""
        return self.level << 56 | self.x << 28 | self.y

    @classmethod
    def of_key(cls, key: int) -> Cell:
        """Return the cell that ``key`` names."""
        return cls(key >> 56, key >> 28 & 0xFFFFFFF, key & 0xFFFFFFF)


def keys(lon: NDArray[np.float64], lat: NDArray[np.float64], size_m: NDArray[np.float64]) -> Ints:
    """Return the key of the cell in which each object lies, shape (n,).

    ``lon``, ``lat`` are its centre in degrees, ``size_m`` the diagonal of its bounding box.
    """
    steps = np.ceil(np.log2(np.maximum(size_m, LEAF_ERROR_M) / LEAF_ERROR_M)).astype(np.int64)
    level = np.maximum(LEAF_LEVEL - steps, 0)
    across = 2**level
    x = np.clip(np.floor((lon + 180.0) / 180.0 * across).astype(np.int64), 0, 2 * across - 1)
    y = np.clip(np.floor((lat + 90.0) / 180.0 * across).astype(np.int64), 0, across - 1)
    return np.asarray(level << 56 | x << 28 | y)


@dataclass(frozen=True)
class Pyramid:
    """The part of the grid under one cell, as the tiles of one tileset are counted."""

    root: Cell

    @classmethod
    def over(cls, cells: Iterable[Cell]) -> Pyramid:
        """Return the smallest one that holds all ``cells``, of which there is at least one."""
        return cls(reduce(_common, cells))

    @property
    def levels(self) -> int:
        """How many levels it has, its root's included."""
        return LEAF_LEVEL - self.root.level + 1

    def cell(self, level: int, x: int, y: int) -> Cell:
        """Return the cell of a tile: ``level``, ``x`` and ``y`` are counted from the root's south-west corner."""
        return Cell(self.root.level + level, (self.root.x << level) + x, (self.root.y << level) + y)

    def error_m(self, level: int) -> float:
        """Return how great a thing may be that is not shown when the tiles of ``level`` are, in metres."""
        below = self.levels - 1 - level
        return LEAF_ERROR_M * 2.0 ** (below - 1) if below else 0.0


def _common(one: Cell, other: Cell) -> Cell:
    level = min(one.level, other.level)
    one, other = one.above(level), other.above(level)
    while one != other and one.level:
        one, other = one.above(one.level - 1), other.above(other.level - 1)
    return one
