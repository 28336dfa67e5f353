"""Triangles keep the areas and volumes that closed forms give, and face outwards."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.affinity import rotate, translate

from lifang.twin.shapes import Frame, Mesh, ecef, extrude, triangulate

LON, LAT = 104.06, 30.66
WGS84 = Geod(ellps="WGS84")
METRE = 1 / 111_320.0  # degrees of latitude


def volume_m3(mesh: Mesh) -> float:
    """Return the volume that the triangles enclose, by the divergence theorem; negative if they face inwards."""
    a, b, c = (mesh.position[mesh.triangle[:, corner]] for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def houses(count: int) -> NDArray[np.object_]:
    """Return rectangles and angles, some turned, some with a yard, around the centre."""
    random = np.random.default_rng(7)
    made = []
    for number in range(count):
        wide, deep = random.uniform(10, 40, 2) * METRE
        house = shapely.box(-wide, -deep, wide, deep)
        if number % 3 == 1:
            house = house.difference(shapely.box(0, 0, wide, deep))
        if number % 3 == 2:
            house = house.difference(shapely.box(-wide / 2, -deep / 2, wide / 2, deep / 2))
        place = LON + random.uniform(-0.002, 0.002), LAT + random.uniform(-0.002, 0.002)
        made.append(translate(rotate(house, random.uniform(0, 90)), *place))
    return np.array(made, dtype=object)


def test_earth_centred_positions_are_those_of_proj() -> None:
    from pyproj import Transformer

    lon, lat, height = np.array([104.06, -73.9, 4.36]), np.array([30.66, 40.7, 52.01]), np.array([500.0, 0.0, -3.0])
    want = np.column_stack(Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True).transform(lon, lat, height))
    assert ecef(lon, lat, height) == pytest.approx(want, abs=1e-6)


def test_roofs_have_the_areas_of_their_footprints() -> None:
    footprints = houses(300)
    mesh = extrude(footprints, np.zeros(300), np.full(300, 1.0), Frame(LON, LAT))
    roofs = mesh.normal[mesh.triangle[:, 0], 2] > 0.5
    want = sum(abs(WGS84.geometry_area_perimeter(each)[0]) for each in footprints)
    assert mesh.areas_m2()[roofs].sum() == pytest.approx(want, rel=1e-6)


def test_walls_have_the_areas_of_perimeter_times_height() -> None:
    footprints = houses(300)
    mesh = extrude(footprints, np.zeros(300), np.full(300, 10.0), Frame(LON, LAT))
    walls = mesh.normal[mesh.triangle[:, 0], 2] < 0.5
    around = sum(WGS84.line_length(*ring.xy) for each in footprints for ring in (each.exterior, *each.interiors))
    assert mesh.areas_m2()[walls].sum() == pytest.approx(around * 10, rel=1e-5)


def test_walls_face_outwards_whatever_way_the_rings_turn() -> None:
    turned = shapely.Polygon(list(houses(1)[0].exterior.coords)[::-1])
    mesh = extrude(np.array([turned]), np.array([0.0]), np.array([9.0]), Frame(LON, LAT))
    middle = mesh.position.mean(axis=0)
    wall = np.abs(mesh.normal[:, 2]) < 0.5
    assert ((mesh.position[wall] - middle) * mesh.normal[wall]).sum(axis=1).min() > 0


def test_a_multipolygon_is_one_solid() -> None:
    pair = shapely.multipolygons(list(houses(2)))
    mesh = extrude(np.array([pair]), np.array([0.0]), np.array([3.0]), Frame(LON, LAT))
    assert set(mesh.owner) == {0}


def cube(lon: float, lat: float, bottom: float, top: float) -> shapely.MultiPolygon:
    """Return the six faces of a box of about 20 m, seen from outside turning left."""
    w, e, s, n = lon - 10 * METRE, lon + 10 * METRE, lat - 10 * METRE, lat + 10 * METRE
    faces = [
        [(w, s, top), (e, s, top), (e, n, top), (w, n, top)],
        [(w, s, bottom), (w, n, bottom), (e, n, bottom), (e, s, bottom)],
        [(w, s, bottom), (e, s, bottom), (e, s, top), (w, s, top)],
        [(e, s, bottom), (e, n, bottom), (e, n, top), (e, s, top)],
        [(e, n, bottom), (w, n, bottom), (w, n, top), (e, n, top)],
        [(w, n, bottom), (w, s, bottom), (w, s, top), (w, n, top)],
    ]
    return shapely.multipolygons([shapely.polygons(face) for face in faces])


def test_a_closed_solid_encloses_its_volume() -> None:
    mesh = triangulate(np.array([cube(LON, LAT, 500.0, 510.0)]), Frame(LON, LAT, 500.0))
    flat = shapely.box(LON - 10 * METRE, LAT - 10 * METRE, LON + 10 * METRE, LAT + 10 * METRE)
    base = abs(WGS84.geometry_area_perimeter(flat)[0]) * (1 + 500 / 6.371e6) ** 2
    assert volume_m3(mesh) == pytest.approx(base * 10, rel=1e-4)


def test_a_wall_with_a_window_has_the_area_of_the_wall_less_the_window() -> None:
    e = LON + 10 * METRE / np.cos(np.radians(LAT))
    outer = [(LON, LAT, 0.0), (e, LAT, 0.0), (e, LAT, 6.0), (LON, LAT, 6.0)]
    a, b = LON + (e - LON) * 0.25, LON + (e - LON) * 0.75
    window = [(a, LAT, 2.0), (a, LAT, 4.0), (b, LAT, 4.0), (b, LAT, 2.0)]
    wall = shapely.MultiPolygon([shapely.Polygon(outer, [window])])
    mesh = triangulate(np.array([wall]), Frame(LON, LAT))
    wide = WGS84.line_length([LON, e], [LAT, LAT])
    assert mesh.areas_m2().sum() == pytest.approx(wide * 6 - wide / 2 * 2, rel=1e-6)
    assert mesh.normal[0] == pytest.approx([0, -1, 0], abs=1e-6)


def test_a_surface_without_an_area_still_has_a_normal_of_unit_length() -> None:
    point = shapely.multipolygons([shapely.polygons([(LON, LAT, 5.0)] * 4)])
    mesh = triangulate(np.array([point]), Frame(LON, LAT))
    assert mesh.normal.tolist() == [[0.0, 0.0, 1.0]] * 3
