"""Whether the shells of a solid fit together: voids that lie in it and look into them, parts that do not overlap.

Source: ISO 19107:2003, 6.3.18 (GM_Solid); Ledoux, Open Geospatial Data, Software and Standards 3:1 (2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing import Body, clashes, measures
from lifang.twin.analysing.inside import is_inside
from lifang.twin.shapes import Frame, triangulate

_INWARDS = 1e-3  # of the way to a body's middle
_SHARED_M = 1e-2
_METRES = np.array([111_319.49, 111_319.49, 1.0])  # at most, of degrees and of heights
_PAIRS_MAX = 20_000  # a model whose parts all lie by each other is known after some of them

Floats = NDArray[np.float64]


def ill_fitting(wkb: bytes, shells: Sequence[int], solids: Sequence[int] | None) -> Iterator[tuple[str, str, str]]:
    """Yield rule, what and how to mend it of a geometry of several shells.

    ``wkb`` is a multipolygon with heights in degrees and metres; ``shells`` counts the surfaces of each shell,
    ``solids`` the shells of each solid, where there are several solids.
    """
    faces = np.asarray(shapely.get_parts(shapely.from_wkb(wkb)))
    if sum(shells) != len(faces):
        return
    west, south, *_ = shapely.total_bounds(faces).tolist()
    frame = Frame(west, south)
    bodies = [_body(np.asarray(some), frame) for some in np.split(faces, np.cumsum(shells)[:-1])]
    ends = np.cumsum(solids or [len(bodies)]).tolist()
    outer = [bodies[end - size] for end, size in zip(ends, solids or [len(bodies)], strict=True)]
    voids = [
        (whole, bodies[end - size + 1 : end]) for whole, end, size in zip(outer, ends, solids or ends, strict=True)
    ]
    if any(not _within(each, whole) for whole, inner in voids for each in inner):
        yield "voids", "A void of it does not lie wholly inside.", "Move the void, or leave it out."
    if any(_signed(each) > 0 for _, inner in voids for each in inner):
        yield "voids", "A void of it looks outwards.", "Turn the faces of the void: they look into it."
    wholes = [np.concatenate((each, *inner)) for each, inner in voids]
    if any(_overlap(wholes[one], wholes[other]) for one, other in _boxed_together(outer)):
        yield "overlap", "Two of its solids share space.", "Let them touch at most."


def sharing_space(wkb: Sequence[bytes], beside: Sequence[int]) -> tuple[list[tuple[int, int]], int]:
    """Return pairs of those of several solids that share space, by their numbers, and how many were not compared.

    They are multipolygons with heights in degrees and metres; those are compared of which the same number is told
    ``beside``.
    """
    shapes, among = np.asarray(shapely.from_wkb(list(wkb)), dtype=object), np.asarray(beside)
    west, south, *_ = shapely.total_bounds(shapes).tolist()
    frame, bodies = Frame(west, south), dict[int, Floats]()
    corners, of = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    begin = np.searchsorted(of, np.arange(len(shapes)))
    low, high = (each.reduceat(corners * _METRES, begin) for each in (np.minimum, np.maximum))
    one, other = shapely.STRtree(shapes).query(shapes)
    shared = (np.minimum(high[one], high[other]) - np.maximum(low[one], low[other])).min(axis=1) >= _SHARED_M
    pairs = np.column_stack((one, other))[shared & (one < other) & (among[one] == among[other])]
    found = list[tuple[int, int]]()
    for first, second in pairs[:_PAIRS_MAX].tolist():
        for each in (first, second):
            if each not in bodies:
                bodies[each] = _body(np.asarray(shapely.get_parts(shapes[each])), frame)
        if _overlap(bodies[first], bodies[second]):
            found.append((first, second))
    return found, max(0, len(pairs) - _PAIRS_MAX)


def _body(faces: NDArray[np.object_], frame: Frame) -> Floats:
    mesh = triangulate(np.array([shapely.multipolygons(faces)], dtype=object), frame)
    return np.asarray(mesh.position[mesh.triangle], np.float64)


def _signed(triangles: Floats) -> float:
    a, b, c = (triangles[:, corner] - triangles[0, 0] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())


def _corners(triangles: Floats) -> Floats:
    return np.unique(triangles.reshape(-1, 3), axis=0)


def _within(void: Floats, whole: Floats) -> bool:
    """Return whether all corners of a void lie inside, and it is not the whole itself."""
    if np.allclose(_box(void), _box(whole), atol=_SHARED_M):
        return False
    return bool(is_inside(_drawn_in(void), whole).all())


def _boxed_together(bodies: Sequence[Floats]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of those of several bodies whose boxes share space."""
    low, high = (np.array([of(each.reshape(-1, 3), axis=0) for each in bodies]) for of in (np.min, np.max))
    boxes = shapely.box(*low[:, :2].T, *high[:, :2].T)
    one, other = shapely.STRtree(boxes).query(boxes)
    shared = np.minimum(high[one], high[other]) - np.maximum(low[one], low[other])
    meet = (one < other) & (shared.min(axis=1) >= _SHARED_M)
    yield from zip(one[meet].tolist(), other[meet].tolist(), strict=True)


def _overlap(one: Floats, other: Floats) -> bool:
    """Return whether two solids share space, deeper than a bound."""
    found = clashes([Body(one)], [Body(other)], tolerance_m=_SHARED_M)
    return bool(found) and measures(Body(one)).volume_m3 is not None


def _drawn_in(triangles: Floats) -> Floats:
    """Return the corners of a body, a little towards its middle: what only touches another is not in it."""
    corners = _corners(triangles)
    return np.asarray(corners + _INWARDS * (corners.mean(axis=0) - corners))


def _box(triangles: Floats) -> Floats:
    corners = _corners(triangles)
    return np.concatenate((corners.min(axis=0), corners.max(axis=0)))
