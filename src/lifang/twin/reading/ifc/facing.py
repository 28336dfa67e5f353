"""Which way the faces of a shape look: as their neighbours do, and out of what they enclose.

OpenCASCADE gives some sweeps and some shells of faceted models with faces that look either way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lifang.twin.shapes import pieces


def looking_out(
    vertex: NDArray[np.float64], triangle: NDArray[np.int64], place: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Return ``triangle`` (m, 3) with some of them turned so that all neighbours look the same way.

    ``place`` (n,) numbers the ``vertex`` (n, 3) by where they are. What hangs together looks out of what it encloses,
    or, where it lies in the box of something else, as most of its area did. ``None`` if an edge has an odd number of
    faces, or if they hang together as those of a Möbius strip do.
    """
    at = place[triangle]
    start, end = at, np.roll(at, -1, axis=1)
    real = (start != end).ravel()
    low, high = np.minimum(start, end).ravel()[real], np.maximum(start, end).ravel()[real]
    onward, face = (start < end).ravel()[real], np.repeat(np.arange(len(at)), 3)[real]
    order = np.lexsort((high, low))
    new = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    first = np.flatnonzero(np.concatenate(([True], new)))
    uses = np.diff(first, append=len(order))
    if (uses % 2).any():
        return None
    first = first[uses == 2]
    one, other = order[first], order[first + 1]
    unlike, one, other, many = onward[one] == onward[other], face[one], face[other], len(at)
    root = pieces(
        2 * many,  # each as it is, and turned
        np.concatenate((one, one + many)),
        np.concatenate((np.where(unlike, other + many, other), np.where(unlike, other, other + many))),
    )
    if (root[:many] == root[many:]).any():
        return None
    piece = np.unique(np.minimum(root[:many], root[many:]), return_inverse=True)[1].reshape(-1)
    turned = root[many:] < root[:many]
    corner = (vertex - vertex[0])[triangle]
    doubled = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    sign = np.where(turned, -1.0, 1.0)
    outwards = np.bincount(piece, sign * np.einsum("ij,ij->i", corner[:, 0], doubled))
    before = np.bincount(piece, sign * np.linalg.norm(doubled, axis=1))
    turned ^= np.where(_enclosed(corner, piece), before, outwards)[piece] < 0
    return np.where(turned[:, None], triangle[:, ::-1], triangle)


def _enclosed(corner: NDArray[np.float64], piece: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pieces, shape (p,), of some triangles (m, 3, 3) lie in the box of another."""
    count = int(piece.max()) + 1
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, piece, corner.min(axis=1))
    np.maximum.at(high, piece, corner.max(axis=1))
    told = np.zeros(count, dtype=bool)
    for number in range(count if count > 1 else 0):
        told[number] = ((low < low[number]) & (high > high[number])).all(axis=1).any()
    return told
