"""Clashes are told with their depth, against closed forms; what only touches is none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lifang.twin.analysing import Body, clashes, measures
from lifang.twin.analysing.inside import windings
from lifang.twin.clashing import _bodies
from lifang.twin.reading import read_epanet
from lifang.twin.shapes import Frame, tube, tube_triangles

FACES = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]


def hexahedron(corners: np.ndarray) -> np.ndarray:
    return np.array([[corners[a], corners[i], corners[j]] for a, b, c, d in FACES for i, j in ((b, c), (c, d))])


def box(low: tuple[float, ...], high: tuple[float, ...], *, turned_deg: float = 0.0) -> Body:
    (x, y, z), (u, v, w) = low, high
    corners = np.array([(x, y, z), (u, y, z), (u, v, z), (x, v, z), (x, y, w), (u, y, w), (u, v, w), (x, v, w)], float)
    c, s = np.cos(np.radians(turned_deg)), np.sin(np.radians(turned_deg))
    return Body(hexahedron(corners @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])))


def framed(inner: float) -> Body:
    """A wall of 4 m by 3 m, 0.2 m thick, about a square hole of ``inner`` metres."""
    a, b = 2 - inner / 2, 2 + inner / 2
    parts = [
        ((0, 0, 0), (a, 0.2, 3)),
        ((b, 0, 0), (4, 0.2, 3)),
        ((a, 0, 0), (b, 0.2, 1)),
        ((a, 0, 1 + inner), (b, 0.2, 3)),
    ]
    faces = np.concatenate([box(*part).triangles for part in parts])
    key = np.sort(np.rint(faces * 1000).astype(int).reshape(-1, 9).reshape(-1, 3, 3).tolist(), axis=1).reshape(
        len(faces), 9
    )
    _, which, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    return Body(faces[count[which.ravel()] == 1])


def gaps(one: Body, other: Body, *, tolerance_m: float = 0.01, clearance_m: float = 0.0) -> list[float]:
    there = clashes([one], [other], tolerance_m=tolerance_m, clearance_m=clearance_m)
    back = clashes([other], [one], tolerance_m=tolerance_m, clearance_m=clearance_m)
    assert [each.gap_m for each in there] == pytest.approx([each.gap_m for each in back], abs=1e-9)
    return [round(each.gap_m, 6) for each in there]


UNIT = box((0, 0, 0), (1, 1, 1))
SPIKE = Body(np.array([(0.1, 0.1, 0.1), (0.8, 0.2, 0.2), (0.5, 0.5, 0.2), (0.5, 0.5, 0.9)])[
    [(0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)]
])  # fmt: skip


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (box((0.9, 0.2, 0.3), (2, 0.8, 0.7)), [-0.1]),
        (box((0.9, 0, 0), (2, 1, 1)), [-0.1]),
        (box((0.9, -1, -1), (2, 2, 2)), [-0.1]),
        (box((0, 0, 0), (1, 1, 1)), [-1.0]),
        (box((0.4, 0.4, 0.4), (0.5, 0.6, 0.7)), [-0.1]),
        (box((-1, 0.45, 0.45), (2, 0.5, 0.6)), [-0.05]),
        (box((-1, 0.3, 0), (2, 0.5, 1)), [-0.2]),
        (box((0.995, 0, 0), (2, 1, 1)), []),
        (box((1, 0, 0), (2, 1, 1)), []),
        (box((1, 1, 1), (2, 2, 2)), []),
        (box((1.2, 0, 0), (2, 1, 1)), []),
    ],
    ids=[
        "corner",
        "flush",
        "into",
        "same",
        "within",
        "through",
        "flush by",
        "tolerated",
        "face",
        "point",
        "apart",
    ],
)
def test_boxes_clash_as_deep_as_they_share_space(other: Body, expected: list[float]) -> None:
    assert gaps(UNIT, other) == pytest.approx(expected, abs=2e-6)


def test_a_turned_box_is_as_deep_as_its_edge_reaches() -> None:
    half = np.sqrt(2) / 2
    turned = box((0, 0, -1), (1, 1, 2), turned_deg=45)  # its western corner at -half
    moved = Body(turned.triangles + np.array([1 + half - 0.1, 0.5 - half, 0]))
    assert gaps(UNIT, moved) == pytest.approx([-0.1], abs=1e-3)


@pytest.mark.parametrize("deep", [0.02, 0.3])
@pytest.mark.parametrize("twist_deg", [10, 35, 60])
def test_two_edges_across_each_other_are_as_deep_as_they_reach(deep: float, twist_deg: float) -> None:
    half = np.sqrt(2)
    lying = box((-1, -1, -1), (1, 1, 1), turned_deg=45).triangles[..., [0, 2, 1]][:, ::-1]  # an edge along y
    lean, rise = np.cos(np.radians(twist_deg)), np.sin(np.radians(twist_deg))
    upright = box((-1, -1, -1), (1, 1, 1), turned_deg=45).triangles @ np.array(
        [[1, 0, 0], [0, lean, rise], [0, -rise, lean]]
    )
    assert gaps(Body(lying), Body(upright + np.array([2 * half - deep, 0, 0]))) == pytest.approx([-deep], abs=1e-3)


def test_what_fits_into_an_opening_does_not_clash_and_what_does_not_fit_does() -> None:
    wall = framed(1.0)
    assert wall.open_edges == 0
    assert gaps(wall, box((1.5, -0.05, 1), (2.5, 0.25, 2))) == []
    assert gaps(wall, box((1.45, -0.05, 1), (2.5, 0.25, 2))) == pytest.approx([-0.05], abs=1e-3)
    assert gaps(wall, box((1.9, -1, 1.4), (2.1, 1, 1.6))) == []


def test_bodies_that_come_too_near_are_told_with_the_gap() -> None:
    near = box((1.05, 0.2, 0.2), (2, 0.8, 0.8))
    assert gaps(UNIT, near, clearance_m=0.1) == pytest.approx([0.05])
    assert gaps(UNIT, near, clearance_m=0.04) == []
    assert gaps(UNIT, box((1, 0, 0), (2, 1, 1)), clearance_m=0.04) == [0.0]


def test_an_inside_out_body_clashes_as_well() -> None:
    assert gaps(Body(UNIT.triangles[:, ::-1]), box((0.9, 0.2, 0.3), (2, 0.8, 0.7))) == pytest.approx([-0.1], abs=2e-6)


def test_among_many_the_deepest_comes_first() -> None:
    row = [box((3 * n, 0, 0), (3 * n + 1, 1, 1)) for n in range(5)]
    pins = [box((3 * n + 0.4, 0.4, 0.9 - 0.1 * n), (3 * n + 0.6, 0.6, 2)) for n in range(4)]
    found = clashes(row, pins, tolerance_m=0.01)
    assert {(each.one, each.other) for each in found} == {(n, n) for n in range(4)}
    assert [round(each.gap_m, 4) for each in found] == [-0.2, -0.2, -0.2, -0.1]
    assert (found[3].one, found[3].other) == (0, 0)
    assert found[0].point[2] < 1


def test_a_surface_goes_once_round_what_is_inside() -> None:
    assert windings(np.array([[0.5, 0.5, 0.5], [2, 2, 2], [0.1, 0.9, 0.999]]), UNIT.triangles) == pytest.approx(
        [1, 0, 1]
    )


CROSSING = """[JUNCTIONS]
A 0
B 0
C 0.75
D 0.75
[PIPES]
1 A B 10 {0} 130
2 C D 10 {1} 130
[OPTIONS]
UNITS LPS
[COORDINATES]
A 500000 3390000
B 500010 3390000
C {2} 3389995
D {3} 3390005
[END]
"""


@pytest.mark.parametrize("east", [500_005, 500_008])
def test_pipes_are_no_farther_apart_than_their_circles(east: int) -> None:
    text = CROSSING.format(200, 100, 1_000_010 - east, east)
    rows = read_epanet(text.encode(), prefix="w", crs="EPSG:4544").rows
    rows = rows.append_column("model", pa.array(["w"] * len(rows)))
    bodies, ids = _bodies(rows, Frame(104.0, 30.6))
    water, cable = (bodies[ids.index(f"w:link:{each}")] for each in "12")
    (found,) = clashes([water], [cable], tolerance_m=0.01, clearance_m=1)
    assert 0.75 - 0.1 - 0.05 - 0.0014 < found.gap_m <= 0.75 - 0.1 - 0.05 + 1e-6


def test_a_tube_of_triangles_is_closed_and_as_large_as_its_section_times_its_length() -> None:
    rings = tube(np.array([[0, 0, -2.0], [30, 0, -2], [30, 40, -2]]), 0.5, sides=24)
    found = measures(Body(tube_triangles(rings)))
    assert found.volume_m3 == pytest.approx(12 * np.sin(np.pi / 12) * 0.25 * 70, rel=1e-9)


def test_a_spike_wholly_inside_a_block_clashes_with_it_as_deep_as_it_is_thick() -> None:
    (gap,) = gaps(UNIT, SPIKE)
    assert -0.4 < gap < -0.2
