"""An elevation model as terrain: triangles that keep to an error, in square blocks that each are an object.

Source: Evans, Kirkpatrick and Townsend (2001), Right-Triangulated Irregular Networks, Algorithmica 30.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge
from lifang.twin.model import TERRAIN
from lifang.twin.reading.ground import Ground
from lifang.twin.reading.model import Described, ModelFile, bounds_of, rows_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_BLOCK_DEG = 180 / 2**13  # as the grid of tiles has it: some 2 km
_TRIANGLES_MAX = 500_000
_SHAPE = "CompositeSurface"


def read_relief(ground: Ground, *, prefix: str, error_m: float = 1.0) -> ModelFile:
    """Return the terrain of an elevation model, blocks of some 2 km each; ids are ``prefix:column-row``.

    No height of the model lies farther than ``error_m`` above or below the triangles. ``BadInput`` if it tells none,
    ``TooLarge`` past 500,000 triangles.
    """
    heights = np.asarray(ground.height_m, np.float64)
    corners = triangles(heights, error_m)
    if not len(corners):
        raise BadInput("The elevation model tells no height.", mend="Send one with heights.")
    row, column = np.divmod(corners, heights.shape[1])
    lon, lat = ground.degrees(row.ravel(), column.ravel())
    up = heights.ravel()[corners].ravel()
    faces = np.column_stack((lon, lat, up)).reshape(-1, 3, 3)
    blocks = (faces[..., :2].mean(axis=1) + np.array([180.0, 90.0])) // _BLOCK_DEG
    keys, owner = np.unique(blocks.astype(np.int64), axis=0, return_inverse=True)
    rings = shapely.linearrings(faces[:, [0, 1, 2, 0]])
    order = np.argsort(owner.ravel(), kind="stable")
    shapes = shapely.multipolygons(shapely.polygons(rings)[order], indices=owner.ravel()[order])
    told = {"error_m": error_m, "height_from": "elevation model"}
    described = [Described(f"{prefix}:{x}-{y}", TERRAIN, "", "", told) for x, y in keys.tolist()]
    bounds = bounds_of(shapes)
    wkb = shapely.to_wkb(shapes, output_dimension=3)
    kept = [[_shape(*each)] for each in zip(wkb, bounds[:, 4].tolist(), bounds[:, 5].tolist(), strict=True)]
    return ModelFile(rows_of(described, kept, bounds), [])


def _shape(wkb: bytes, base_m: float, top_m: float) -> dict[str, object]:
    return {"lod": "1", "kind": _SHAPE, "wkb": wkb, "base_m": base_m, "top_m": top_m, "detail": None}


def triangles(heights: Floats, error: float) -> Ints:
    """Return triangles (n, 3) of cells, numbers of ``heights.ravel()``, that turn left seen from above, row 0 north.

    None is farther from a height under it than ``error``; none has a corner without a height (NaN). ``TooLarge`` past
    500,000.
    """
    rows, columns = heights.shape
    side = 1 << int(np.ceil(np.log2(max(rows, columns) - 1)))
    square = np.full((side + 1, side + 1), np.nan)
    square[:rows, :columns] = heights
    errors = _errors(square)
    near = np.array([[[side, side], [0, 0], [side, 0]], [[0, 0], [side, side], [0, side]]])
    done: list[Ints] = []
    count = 0
    while len(near):
        middle = (near[:, 0] + near[:, 1]) // 2
        whole = (near[:, 0] + near[:, 1]) % 2 == 0
        split = whole.all(axis=1) & (errors[middle[:, 0], middle[:, 1]] > error)
        done.append(near[~split])
        count += len(done[-1])
        if count > _TRIANGLES_MAX:
            raise TooLarge(f"The terrain takes more than {_TRIANGLES_MAX:,} triangles.", mend="Send it in parts.")
        one, other, apex, middle = (*(near[split, n] for n in range(3)), middle[split])
        near = np.concatenate((np.stack((apex, one, middle), axis=1), np.stack((other, apex, middle), axis=1)))
        near = near[(near.min(axis=1) < (rows, columns)).all(axis=1)]  # the rest lies past the last row or column
    found = np.concatenate(done)
    found = found[np.isfinite(square[found[..., 0], found[..., 1]]).all(axis=1)]
    return np.asarray(found[..., 0] * columns + found[..., 1])


def _errors(square: Floats) -> Floats:
    """Return how far heights may lie from the triangles if the middle of a longest side is left out, for each middle.

    It is its own distance and the greatest of those of the middles below it: infinite where a height is not known.
    """
    side = len(square) - 1
    errors = np.zeros_like(square)
    step = 1
    while step < side:
        rows, columns = _edges(side, step)
        across = (rows // step) % 2 == 0
        down_by, right_by = np.where(across, 0, step), np.where(across, step, 0)
        below = [(down * step // 2, right * step // 2) for down in (-1, 1) for right in (-1, 1)] if step > 1 else []
        _tell(square, errors, (rows, columns), (down_by, right_by), below)
        rows, columns = (each.ravel() for each in np.meshgrid(*[np.arange(step, side, 2 * step)] * 2, indexing="ij"))
        same = (rows // step - columns // step) % 4 == 0
        below = [(-step, 0), (step, 0), (0, -step), (0, step)]
        _tell(square, errors, (rows, columns), (np.full(len(rows), step), np.where(same, step, -step)), below)
        step *= 2
    return errors


def _edges(side: int, step: int) -> tuple[Ints, Ints]:
    rows, columns = (each.ravel() for each in np.meshgrid(*[np.arange(0, side + 1, step)] * 2, indexing="ij"))
    odd = (rows // step + columns // step) % 2 == 1
    return rows[odd], columns[odd]


def _tell(
    square: Floats, errors: Floats, at: tuple[Ints, Ints], by: tuple[Ints, Ints], below: list[tuple[int, int]]
) -> None:
    rows, columns = at
    ends = (square[rows - by[0], columns - by[1]] + square[rows + by[0], columns + by[1]]) / 2
    own = np.abs(square[rows, columns] - ends)
    side = len(square) - 1
    under = np.zeros(len(rows))
    for down, right in below:
        there, here = rows + down, columns + right
        inside = (there >= 0) & (there <= side) & (here >= 0) & (here <= side)
        found = errors[np.clip(there, 0, side), np.clip(here, 0, side)]
        under = np.maximum(under, np.where(inside, found, 0.0))
    errors[rows, columns] = np.where(np.isnan(own), np.inf, own) + under
