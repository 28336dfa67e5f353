"""Whether solids are closed and look outwards, and surfaces are surfaces; all of a model at once.

Source: ISO 19107:2003, 6.3 (shells are closed and oriented); Ledoux, Open Geospatial Data, Software and Standards 3:1
(2018), on the validation of CityJSON solids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.checking.crossing import cut_through
from lifang.twin.checking.edges import Edges
from lifang.twin.checking.surfaces import crossing
from lifang.twin.shapes import Rings

SOLIDS = ("Solid", "MultiSolid", "CompositeSolid")
_METRES_PER_DEGREE = 111_319.49
_FLAT_M2 = 1e-6
_BENT_M = 0.01  # as val3dity has it
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
    edges = Edges.of(rings, len(shapes))
    yield "degenerate", edges.still, "A vertex of it stands there twice, one after the other.", "Leave one of them out."
    opened, crossed = edges.opened, edges.crossed
    yield "closedness", must & opened, "Its shell is not closed.", "Close it: each edge belongs to two faces."
    turned = must & ~opened & crossed
    yield "orientation", turned, "Faces of its shell look different ways.", "Turn its faces outwards."
    count = np.array(shells)
    single = must & ~opened & (count > 0)
    crowded = single & edges.crowded
    yield "manifold", crowded, "An edge of its shell belongs to more than two faces.", "Make two solids of it."
    whole = single & ~edges.crowded
    if whole.any():
        apart = whole & (edges.pieces > count)
        yield "connected", apart, "Its shell falls into pieces that do not touch.", "Make a solid of each piece."
        pinched = whole & ~apart & (count == 1) & edges.pinched
        yield "manifold", pinched, "Two parts of its shell touch at a point alone.", "Make two solids of it."
    start = here[rings.ring_start[:-1]][rings.ring_of_vertex]
    doubled = np.cross(here - start, here[following] - start)
    volume = np.bincount(rings.vertex_owner, np.einsum("ij,ij->i", start, doubled) / 6, len(shapes))
    inwards = must & ~opened & ~crossed & (volume < -_EMPTY_M3)
    yield "orientation", inwards, "Its faces look inwards.", "Turn its faces outwards."
    empty = must & ~opened & ~crossed & (np.abs(volume) <= _EMPTY_M3)
    yield "degenerate", empty, "Its shell encloses nothing.", "Give it a height, or leave it out."
    normal = np.add.reduceat(doubled, rings.ring_start[:-1])
    size = np.linalg.norm(normal, axis=1) / 2
    flat = _of_owner(rings, size < _FLAT_M2, len(shapes))
    yield "degenerate", flat, "A ring of it has no area.", "Leave the surface out, or correct its corners."
    what, mend = "A surface of it crosses itself, or a hole of it lies outside.", "Correct the order of its corners."
    yield "rings", crossing(rings, here, normal, len(shapes)), what, mend
    outer = rings.part_start[:-1]
    unit = normal[outer] / np.maximum(2 * size[outer], _FLAT_M2)[:, None]
    through = cut_through(edges, here, unit, must & ~opened)
    yield "intersection", through, "Faces of its shell cut through each other.", "Correct its corners."
    off = np.einsum("ij,ij->i", here, unit[rings.vertex_part])
    first = rings.vertex_start[:-1]
    thick = np.maximum.reduceat(off, first) - np.minimum.reduceat(off, first)
    bent = np.bincount(rings.part_owner, thick > 2 * _BENT_M, len(shapes)) > 0
    yield "planarity", bent, f"A surface of it is more than {_BENT_M:g} m from flat.", "Cut it into triangles."


def _metres(rings: Rings, count: int) -> Floats:
    """Return the vertices in metres about the first one of their geometry."""
    owner = rings.vertex_owner
    first = np.full(count, len(owner) - 1)
    np.minimum.at(first, owner, np.arange(len(owner)))
    away = rings.coordinates - rings.coordinates[first[owner]]
    across = _METRES_PER_DEGREE * np.cos(np.radians(rings.coordinates[first[owner], 1]))
    return np.column_stack((away[:, 0] * across, away[:, 1] * _METRES_PER_DEGREE, away[:, 2]))


def _of_owner(rings: Rings, broken: Bits, count: int) -> Bits:
    """Return which geometries have a broken ring."""
    owner = rings.vertex_owner[rings.ring_start[:-1]]
    return np.asarray(np.bincount(owner, broken, count) > 0)
