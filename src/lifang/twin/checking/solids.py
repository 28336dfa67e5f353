"""Whether solids are closed and look outwards, and surfaces are surfaces; all of a model at once.

Source: ISO 19107:2003, 6.3 (shells are closed and oriented); Ledoux, Open Geospatial Data, Software and Standards 3:1
(2018), on the validation of CityJSON solids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.checking.surfaces import crossing
from lifang.twin.shapes import Rings, pieces

SOLIDS = ("Solid", "MultiSolid", "CompositeSolid")
_METRES_PER_DEGREE = 111_319.49
_FLAT_M2 = 1e-6
_BENT_M = 0.1
_EMPTY_M3 = 1e-6

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]
Told = tuple[str, Bits, str, str]


def examine(wkb: Sequence[bytes], solid: Sequence[bool], shells: Sequence[int]) -> Iterator[Told]:
    """Yield rule, which geometries break it, what and how to mend it.

    ``wkb`` are multipolygons with heights, degrees and metres; ``solid`` says which of them must be closed, ``shells``
    of how many pieces one is, 0 where that is not said.
    """
    shapes = np.asarray(shapely.from_wkb(list(wkb)), dtype=object)
    must = np.array(solid, dtype=bool)
    rings = Rings.of(shapes, dimensions=3)
    here, following = _metres(rings, len(shapes)), rings.following
    opened, crossed, crowded, parts = (
        _edges(rings, len(shapes)) if must.any() else (must, must, must, np.zeros(len(must)))
    )
    yield "closedness", must & opened, "Its shell is not closed.", "Close it: each edge belongs to two faces."
    turned = must & ~opened & crossed
    yield "orientation", turned, "Faces of its shell look different ways.", "Turn its faces outwards."
    single = must & ~opened & (np.array(shells) > 0)
    yield "manifold", single & crowded, "An edge of its shell belongs to more than two faces.", "Make two solids of it."
    apart = single & ~crowded & (parts > np.array(shells))
    yield "connected", apart, "Its shell falls into pieces that do not touch.", "Make a solid of each piece."
    start = here[rings.ring_start[:-1]][rings.ring_of_vertex]
    doubled = np.cross(here - start, here[following] - start)
    volume = np.bincount(rings.vertex_owner, np.einsum("ij,ij->i", start, doubled) / 6, len(shapes))
    inwards = must & ~opened & ~crossed & (volume < -_EMPTY_M3)
    yield "orientation", inwards, "Its faces look inwards.", "Turn its faces outwards."
    normal = np.add.reduceat(doubled, rings.ring_start[:-1])
    size = np.linalg.norm(normal, axis=1) / 2
    flat = _of_owner(rings, size < _FLAT_M2, len(shapes))
    yield "degenerate", flat, "A ring of it has no area.", "Leave the surface out, or correct its corners."
    what, mend = "A surface of it crosses itself, or a hole of it lies outside.", "Correct the order of its corners."
    yield "rings", crossing(rings, here, normal, len(shapes)), what, mend
    unit = normal / np.maximum(2 * size, _FLAT_M2)[:, None]
    off = np.abs(np.einsum("ij,ij->i", here - start, unit[rings.ring_of_vertex]))
    bent = _of_owner(rings, np.maximum.reduceat(off, rings.ring_start[:-1]) > _BENT_M, len(shapes))
    yield "planarity", bent, f"A surface of it is more than {_BENT_M:g} m from flat.", "Cut it into triangles."


def _metres(rings: Rings, count: int) -> Floats:
    """Return the vertices in metres about the first one of their geometry."""
    owner = rings.vertex_owner
    first = np.full(count, len(owner) - 1)
    np.minimum.at(first, owner, np.arange(len(owner)))
    away = rings.coordinates - rings.coordinates[first[owner]]
    across = _METRES_PER_DEGREE * np.cos(np.radians(rings.coordinates[first[owner], 1]))
    return np.column_stack((away[:, 0] * across, away[:, 1] * _METRES_PER_DEGREE, away[:, 2]))


def _edges(rings: Rings, count: int) -> tuple[Bits, Bits, Bits, NDArray[np.int64]]:
    """Return of each geometry what its edges tell.

    Whether one is walked an odd number of times, whether one is walked more often one way, whether one belongs to more
    than two faces, and in how many pieces they hang together.
    """
    _, vertex = np.unique(np.column_stack((rings.vertex_owner, rings.coordinates)), axis=0, return_inverse=True)
    start, end = vertex.reshape(-1), vertex.reshape(-1)[rings.following]
    real = start != end
    low, high = np.minimum(start, end)[real], np.maximum(start, end)[real]
    _, at, edge = np.unique(low * (len(start) + 1) + high, return_index=True, return_inverse=True)
    owner = rings.vertex_owner[real][at]
    uses = np.bincount(edge.reshape(-1), minlength=len(at))
    balance = np.bincount(edge.reshape(-1), np.where(start < end, 1, -1)[real], len(at))
    opened, crossed, crowded = (np.bincount(owner, each, count) > 0 for each in (uses % 2, balance != 0, uses > 2))
    return opened, crossed, crowded, _pieces(low[at], high[at], rings.vertex_owner, start, count)


def _pieces(low: NDArray[Any], high: NDArray[Any], owner: NDArray[Any], vertex: NDArray[Any], count: int) -> Any:
    """Return in how many pieces the vertices of each geometry hang together by edges."""
    first = pieces(int(vertex.max()) + 1 if len(vertex) else 0, low, high)
    roots = np.unique(owner * len(first) + first[vertex]) // max(1, len(first))
    return np.bincount(roots, minlength=count)


def _of_owner(rings: Rings, broken: Bits, count: int) -> Bits:
    """Return which geometries have a broken ring."""
    owner = rings.vertex_owner[rings.ring_start[:-1]]
    return np.asarray(np.bincount(owner, broken, count) > 0)
