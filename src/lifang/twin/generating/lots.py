"""Street blocks from the lines of roads, and lots from blocks.

Source of the way lots are cut: Vanegas, Kelly, Weber, Halatsch, Aliaga and Müller (2012), Procedural Generation of
Parcels in Urban Modeling, Computer Graphics Forum 31(2), section 4.1: by the oriented bounding box, across its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.generating.draws import Floats, codes, draws

Shapes = NDArray[np.object_]

_CUT = (0.4, 0.6)  # where along its length a lot may be cut
_ROUNDS = 14  # no block is so great that it takes more
_LEAST_M2 = 150.0  # what is smaller is no lot


@dataclass(frozen=True)
class Lots:
    """Lots: ``shape`` (n,) polygons in metres, ``block`` (n,) the number of the block of each."""

    shape: Shapes
    block: NDArray[np.int64]


def blocks_of(roads: Shapes, *, setback_m: float, least_m2: float, most_m2: float) -> Shapes:
    """Return what the roads (n,) enclose, in metres, the setback from their middles taken off.

    Left out is what is then smaller than ``least_m2`` (islands between carriageways) or greater than ``most_m2``
    (parks, stations, campuses: nothing is known of what stands in them).
    """
    noded = shapely.get_parts(shapely.union_all(shapely.normalize(roads)))
    faces = shapely.normalize(shapely.get_parts(shapely.polygonize(noded)))
    inner = shapely.get_parts(shapely.buffer(faces, -setback_m, join_style="mitre"))
    area = shapely.area(inner)
    return np.asarray(inner[(area >= least_m2) & (area <= most_m2)])


def lots_of(blocks: Shapes, target_m2: Floats, seed: int) -> Lots:
    """Return the blocks cut into lots of up to ``target_m2`` (one a block)."""
    open_, owner = np.asarray(blocks), np.arange(len(blocks))
    done: list[Shapes] = []
    of: list[NDArray[np.int64]] = []
    for _ in range(_ROUNDS):
        small = shapely.area(open_) <= target_m2[owner]
        done.append(open_[small])
        of.append(owner[small])
        open_, owner = _halved(open_[~small], owner[~small], seed)
        if not len(open_):
            break
    shape, block = np.concatenate([*done, open_]), np.concatenate([*of, owner])
    kept = shapely.area(shape) >= _LEAST_M2
    return Lots(shape[kept], block[kept])


def boxes_of(shapes: Shapes) -> tuple[Floats, Floats, Floats]:
    """Return of each shape's oriented bounding box: a corner, its longer and its shorter side, shape (n, 2) each."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapes)).reshape(-1, 5, 2)
    one, other = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    longer = (np.hypot(*one.T) >= np.hypot(*other.T))[:, None]
    return corners[:, 0], np.where(longer, one, other), np.where(longer, other, one)


def boxes(corner: Floats, along: Floats, across: Floats) -> Any:
    """Return rectangles by a corner and two sides, shape (n,)."""
    return shapely.polygons(np.stack((corner, corner + along, corner + along + across, corner + across), axis=1))


def _halved(shapes: Shapes, owner: NDArray[np.int64], seed: int) -> tuple[Shapes, NDArray[np.int64]]:
    if not len(shapes):
        return shapes, owner
    corner, along, across = boxes_of(shapes)
    low, high = _CUT
    cut = low + (high - low) * draws(codes(shapely.get_coordinates(shapely.centroid(shapes)), seed), 0)[:, None]
    halves = (boxes(corner, along * cut, across), boxes(corner + along * cut, along * (1 - cut), across))
    pieces = [shapely.get_parts(shapely.intersection(shapes, half), return_index=True) for half in halves]
    found, of = (np.concatenate(each) for each in zip(*pieces, strict=True))
    kept = shapely.get_type_id(found) == shapely.GeometryType.POLYGON
    return found[kept], owner[of[kept]]
