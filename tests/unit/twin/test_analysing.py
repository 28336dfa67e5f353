"""Analyses beside closed forms: boxes, prisms, tetrahedra, spheres; shadows, horizons, walls."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from lifang.twin.analysing import (
    Body,
    Pipes,
    Sun,
    clearances,
    closest,
    cut,
    density,
    first_hits,
    measures,
    shadow,
    solar_minutes,
    sun_at,
    sun_hours,
    viewshed,
)

Floats = NDArray[np.float64]
CHENGDU = (104.06, 30.66)


def box(size: tuple[float, float, float], at: tuple[float, float, float] = (0, 0, 0)) -> Body:
    corners = np.array([[x, y, z] for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]) * size + at
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    return Body(np.array([corners[list(part)] for a, b, c, d in faces for part in ((a, b, c), (a, c, d))]))


def sphere(radius: float, rings: int = 60) -> Body:
    """Return a sphere of triangles, its vertices on the sphere."""

    def at(row: int, column: int) -> tuple[float, float, float]:
        down, turn = np.pi * row / rings, np.pi * column / rings
        return np.sin(down) * np.cos(turn), np.sin(down) * np.sin(turn), np.cos(down)

    points = []
    for row in range(rings):
        for column in range(2 * rings):
            quad = [at(row, column), at(row + 1, column), at(row + 1, column + 1), at(row, column + 1)]
            points += [[quad[0], quad[1], quad[2]], [quad[0], quad[2], quad[3]]]
    return Body(np.array(points) * radius)


def test_a_box_has_the_volume_and_surface_of_a_box() -> None:
    found = measures(box((2, 3, 5), at=(1e4, -2e4, 500)))
    assert (found.volume_m3, found.surface_m2) == (pytest.approx(30), pytest.approx(62))
    assert (found.height_m, found.open_edges) == (pytest.approx(5), 0)


def test_a_tetrahedron_has_a_sixth_of_its_box() -> None:
    a, b, c, d = np.array([(0, 0, 0), (2, 0, 0), (0, 3, 0), (0, 0, 4.0)])
    body = Body(np.array([[a, c, b], [a, b, d], [b, c, d], [a, d, c]]))
    assert measures(body).volume_m3 == pytest.approx(2 * 3 * 4 / 6)


def test_a_sphere_comes_near_its_formulas() -> None:
    found = measures(sphere(10))
    assert found.volume_m3 == pytest.approx(4 / 3 * np.pi * 1000, rel=3e-3)
    assert found.surface_m2 == pytest.approx(4 * np.pi * 100, rel=3e-3)


def test_what_is_not_closed_has_no_volume_and_says_so() -> None:
    found = measures(Body(box((2, 3, 5)).triangles[2:]))
    assert found.volume_m3 is None
    assert found.open_edges == 4


@pytest.mark.parametrize(
    ("at", "want"),
    [
        ((5, 0, 0), 3.0),
        ((5, 6, 0), np.hypot(3, 3)),
        ((5, 6, 7), np.sqrt(9 + 9 + 4)),
        ((0.5, 0.5, 6), 1.0),
        ((1, 1, 1), 0.0),
    ],
)
def test_boxes_are_as_far_apart_as_their_faces_edges_or_corners(at: tuple[float, float, float], want: float) -> None:
    found, one, other = closest(box((2, 3, 5)), box((2, 3, 5), at=at))
    assert found == pytest.approx(want)
    assert np.linalg.norm(one - other) == pytest.approx(want)


def test_a_plane_cuts_the_rectangle_the_hexagon_and_the_circle() -> None:
    flat = cut(box((2, 3, 5)), np.array([0, 0, 2.5]), np.array([0, 0, 1.0]))
    assert flat.area_m2 == pytest.approx(6, abs=1e-5)
    cube = cut(box((1, 1, 1)), np.full(3, 0.5), np.ones(3))
    assert cube.area_m2 == pytest.approx(3 * np.sqrt(3) / 4, abs=1e-5)  # a regular hexagon of side sqrt(1/2)
    ball = cut(sphere(10), np.array([6.0, 0, 0]), np.array([1.0, 0, 0]))
    assert ball.area_m2 == pytest.approx(np.pi * (100 - 36), rel=1e-2)
    assert len(cut(box((1, 1, 1)), np.array([0, 0, 9.0]), np.array([0, 0, 1.0])).lines) == 0


def test_a_sheet_of_millimetres_is_cut_as_thick_as_it_is_and_one_that_gapes_by_less_is_closed() -> None:
    sheet = box((2.0, 0.0024, 3.0), at=(0.0003, 0.0003, 0.0))
    for azimuth in (0.0, 0.3):
        normal = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        across = cut(sheet, np.array([1.0, 0.0015, 1.5]), normal)
        assert across.area_m2 == pytest.approx(3 * 0.0024 / np.cos(azimuth), rel=1e-3)
    gaping = box((2, 3, 5)).triangles.astype(float)
    gaping[0, 0, 0] += 4e-4
    assert cut(Body(gaping), np.array([1.0, 1.5, 2.5]), np.array([0, 1.0, 0])).area_m2 == pytest.approx(10, abs=1e-2)


def test_a_hollow_is_not_part_of_the_cut() -> None:
    inner = box((2, 2, 2), at=(1, 1, 1)).triangles[:, ::-1]
    hollow = Body(np.concatenate((box((4, 4, 4)).triangles, inner)))
    assert cut(hollow, np.full(3, 2.0), np.array([1.0, 0, 0])).area_m2 == pytest.approx(16 - 4, abs=1e-4)
    assert measures(hollow).volume_m3 == pytest.approx(64 - 8)


def test_the_sun_stands_where_almanacs_say() -> None:
    # Reda and Andreas (2008), NREL/TP-560-34302, appendix A.5: zenith 50.11162, azimuth 194.34024 (at 1830 m).
    sun = sun_at([datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC)], -105.1786, 39.742476)
    assert sun.elevation[0] == pytest.approx(90 - 50.11162, abs=0.01)
    assert sun.azimuth[0] == pytest.approx(194.34024, abs=0.01)


def test_at_solar_noon_the_sun_stands_in_the_south() -> None:
    moments = solar_minutes(date(2026, 1, 20), CHENGDU[0], (11.9, 12.1))
    sun = sun_at(moments, *CHENGDU)
    assert abs(sun.azimuth.mean() - 180) < 0.2
    assert sun.elevation.max() == pytest.approx(90 - 30.66 - 20.2, abs=0.3)  # declination on 20 January


def test_a_shadow_is_as_long_as_height_over_tangent() -> None:
    tower = shapely.box(0, 0, 10, 10)
    for elevation in (15.0, 45.0, 60.0):
        length = 30 / np.tan(np.radians(elevation))
        found = shadow(tower, 30, 180.0, elevation)  # the sun in the south: the shadow falls north
        assert found.bounds == pytest.approx((0, 0, 10, 10 + length))
        assert found.area == pytest.approx(10 * (10 + length))
    assert shadow(tower, 30, 180.0, -1.0).is_empty


def test_a_shadow_keeps_the_light_of_a_yard() -> None:
    yard = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    found = shadow(yard, 4, 180.0, 45.0)
    assert found.area == pytest.approx(30 * 34 - 10 * 6)


def test_a_wall_takes_the_sun_while_it_is_lower_than_its_edge() -> None:
    moments = [datetime(2026, 1, 20, tzinfo=UTC) + timedelta(minutes=each) for each in range(90)]
    sun = Sun(np.full(90, 180.0), np.arange(90) + 0.5)
    wall = box((200, 1, 20), at=(-100, -21, 0))  # 20 m to the south, 20 m high: hides what is below 45 degrees
    found = sun_hours(np.zeros(3), moments, sun, wall.triangles)
    assert found.total_h == pytest.approx(45 / 60)
    assert found.longest_h == pytest.approx(45 / 60)
    assert found.spells == [(moments[45] - timedelta(seconds=30), moments[89] + timedelta(seconds=30))]
    assert sun_hours(np.zeros(3), moments, sun, np.empty((0, 3, 3))).total_h == pytest.approx(1.5)


def test_a_ray_tells_what_it_meets_first() -> None:
    walls = np.concatenate((box((1, 10, 10), at=(20, -5, 0)).triangles, box((1, 10, 10), at=(10, -5, 0)).triangles))
    far, which = first_hits(np.array([[0, 0, 5.0], [0, 0, 50.0]]), np.array([[1.0, 0, 0]] * 2), walls)
    assert far.tolist() == [pytest.approx(10), np.inf]
    assert which[0] >= 12
    assert which[1] == -1


def test_a_wall_hides_what_lies_in_the_shade_of_the_eye() -> None:
    surface = np.zeros((21, 101))
    surface[:, 20] = 10.0  # a wall 20 cells east of the eye, 10 m high
    eye = 15.0
    seen = viewshed(surface, (10, 0), cell_m=1.0, eye_m=eye)
    edge = eye * 20 / (eye - 10)  # where the ground is seen again: 60 m
    assert seen[10, :21].all()
    assert not seen[10, 21 : int(edge)].any()
    assert seen[10, int(edge) + 1 :].all()


def test_a_wall_before_ones_eyes_hides_what_lies_behind_it() -> None:
    surface = np.zeros((9, 9))
    surface[:, 5] = 10.0
    seen = viewshed(surface, (4, 4), cell_m=1.0, eye_m=1.6)
    assert seen[:, :5].all()
    assert not seen[:, 6:].any()


def test_ground_that_falls_away_is_not_seen_from_low() -> None:
    ground = np.concatenate((np.zeros(50), -np.arange(50.0)))[None]
    assert not viewshed(ground, (0, 0), cell_m=1.0, eye_m=1.6)[0, 60:].any()
    assert viewshed(np.zeros((1, 100)), (0, 0), cell_m=1.0, eye_m=1.6).all()


def test_density_is_floors_and_ground_over_the_parcel() -> None:
    parcels = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 50), shapely.box(500, 0, 600, 1)])
    buildings = np.array([shapely.box(10, 10, 30, 30), shapely.box(90, 0, 110, 10), shapely.box(10, 10, 20, 20)])
    found = density(parcels, buildings, np.array([6.0, 3.0, 1.0]))
    assert found.covered_m2.tolist() == [pytest.approx(500), pytest.approx(100), 0]
    assert found.floor_m2.tolist() == [pytest.approx(400 * 6 + 100 * 3 + 100), pytest.approx(300), 0]
    assert found.far[0] == pytest.approx(0.28)
    assert found.coverage[1] == pytest.approx(100 / 5000)
    assert found.buildings.tolist() == [3, 1, 0]


def test_pipes_are_as_far_apart_as_their_axes_less_their_radii() -> None:
    start = np.array([[0, 0, -2.0], [5, -5, -3], [10, 0, -2], [0, 30, -2], [0, 0.5, -2]])
    end = np.array([[10, 0, -2.0], [5, 5, -3], [20, 0, -2], [9, 30, -2], [10, 0.5, -2]])
    radius = np.array([0.3, 0.2, 0.3, 0.1, 0.3])
    found = clearances(Pipes(start, end, radius), 0.6)
    told = {(each.one, each.other): each.gap_m for each in found}
    assert told[0, 1] == pytest.approx(1.0 - 0.5)  # one crosses a metre below the other
    assert told[0, 4] == pytest.approx(0.5 - 0.6)  # parallel, and into each other
    assert (0, 2) not in told  # they join
    assert (0, 3) not in told
    beside = Pipes(np.array([[0, 0, -2.0], [0, 2, -2]]), np.array([[10, 0, -2.0], [10, 2, -2]]), np.array([0.1, 0.1]))
    assert [each.gap_m for each in clearances(beside, 2.0)] == [pytest.approx(1.8)]  # farther off than they are wide
    assert clearances(beside, 1.79) == []
    assert found[0].gap_m == min(told.values())
    assert found[[(each.one, each.other) for each in found].index((0, 1))].point == pytest.approx((5, 0, -2.5))


def test_bodies_of_thousands_of_faces_are_as_far_apart_as_their_spheres() -> None:
    ball = sphere(10.0, 20).triangles
    away, here, there = closest(Body(ball), Body(ball + np.array([25.0, 3.0, 4.0])))
    assert len(ball) == 1_600  # all pairs of their edges at once would be gigabytes
    assert away == pytest.approx(np.sqrt(650) - 20, abs=0.1)
    assert np.linalg.norm(here - there) == pytest.approx(away)


def test_the_sun_is_hidden_by_what_all_triangles_tell_though_few_are_looked_at() -> None:
    random = np.random.default_rng(7)
    middles = np.column_stack((random.uniform(-200, 200, (400, 2)), random.uniform(0, 60, 400)))
    triangles = middles[:, None] + random.uniform(-15, 15, (400, 3, 3))
    for lat, lon in ((30.66, 104.06), (-33.4, -70.6), (0.5, 100.0), (69.6, 19.0)):
        moments = solar_minutes(date(2026, 6, 21), lon, (0, 24))[::4]
        sun = sun_at(moments, lon, lat)
        origin = np.zeros((len(moments), 3))
        far, _ = first_hits(origin, sun.direction, triangles, beyond=0.01)
        lit = (sun.elevation > 0) & np.isinf(far)
        assert 0 < lit.sum() < len(lit)
        assert sun_hours(np.zeros(3), moments, sun, triangles).total_h == pytest.approx(lit.sum() / 60)
