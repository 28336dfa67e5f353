import numpy as np
import pytest

from lifang.core import (
    BadInput,
    Box,
    check_crs,
    distance_m,
    from_wgs84,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)

TIANFU_SQUARE = np.array([104.0657]), np.array([30.6570])


def china_grid() -> tuple[np.ndarray, np.ndarray]:
    lon, lat = np.meshgrid(np.linspace(74.0, 134.0, 61), np.linspace(18.5, 53.0, 36))
    return lon.ravel(), lat.ravel()


def metres_between(
    lon1: np.ndarray, lat1: np.ndarray, lon2: np.ndarray, lat2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    east = (lon2 - lon1) * 111_319.49 * np.cos(np.radians(lat1))
    return east, (lat2 - lat1) * 110_857.0


def test_gcj02_lies_about_360_m_southeast_of_wgs84_at_chengdu() -> None:
    lon, lat = TIANFU_SQUARE
    there_lon, there_lat = wgs84_to_gcj02(lon, lat)
    east, north = metres_between(lon, lat, there_lon, there_lat)
    assert east[0] == pytest.approx(240, abs=10)
    assert north[0] == pytest.approx(-269, abs=10)
    assert distance_m(lon, lat, there_lon, there_lat)[0] == pytest.approx(360, abs=10)


def test_gcj02_agrees_with_the_figures_that_map_clients_publish() -> None:
    lon, lat = wgs84_to_gcj02(np.array([116.404]), np.array([39.915]))
    assert lon[0] == pytest.approx(116.41024449916938, abs=1e-8)
    assert lat[0] == pytest.approx(39.91640428150164, abs=1e-8)


def test_gcj02_taken_off_and_put_on_again_is_the_same_place_within_a_millimetre() -> None:
    lon, lat = china_grid()
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))
    assert distance_m(lon, lat, *back).max() < 1e-3
    forth = wgs84_to_gcj02(*gcj02_to_wgs84(lon, lat))
    assert distance_m(lon, lat, *forth).max() < 1e-3


def test_the_gcj02_offset_is_between_10_m_and_1_km_everywhere_in_china() -> None:
    lon, lat = china_grid()
    offset = distance_m(lon, lat, *wgs84_to_gcj02(lon, lat))
    assert offset.min() > 10
    assert offset.max() < 1000


def test_gcj02_leaves_its_arguments_as_they_are_and_takes_empty_arrays() -> None:
    lon, lat = TIANFU_SQUARE
    before = lon.copy()
    gcj02_to_wgs84(lon, lat)
    assert lon == before
    assert gcj02_to_wgs84(np.array([]), np.array([]))[0].size == 0


def test_cgcs2000_zone_105_puts_its_meridian_at_500_km_and_the_published_arc_length() -> None:
    x, y = from_wgs84(np.array([105.0]), np.array([30.0]), crs="EPSG:4544")
    assert x[0] == pytest.approx(500_000.0, abs=1e-3)
    assert y[0] == pytest.approx(3_320_113.398, abs=0.01)  # meridian arc of 30 degrees on GRS 80


@pytest.mark.parametrize("crs", ["EPSG:4544", "EPSG:4490", "EPSG:4326", "EPSG:3857", "GCJ-02"])
def test_projecting_and_back_is_the_same_place_within_a_millimetre(crs: str) -> None:
    lon, lat = np.meshgrid(np.linspace(102.9, 104.9, 9), np.linspace(30.0, 31.5, 7))
    back = to_wgs84(*from_wgs84(lon.ravel(), lat.ravel(), crs=crs), crs=crs)
    assert distance_m(lon.ravel(), lat.ravel(), *back).max() < 1e-3


def test_cgcs2000_and_wgs84_differ_by_less_than_a_decimetre() -> None:
    assert distance_m(*TIANFU_SQUARE, *to_wgs84(*TIANFU_SQUARE, crs="EPSG:4490"))[0] < 0.1


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("EPSG:4490", "EPSG:4490"),
        ("epsg:4544", "EPSG:4544"),
        ("gcj02", "GCJ-02"),
        ("GCJ_02", "GCJ-02"),
        ("WGS84", "EPSG:4326"),
    ],
)
def test_a_coordinate_system_is_named_one_way(name: str, normal: str) -> None:
    assert check_crs(name) == normal


@pytest.mark.parametrize("name", ["", "EPSG:999999", "the moon"])
def test_an_unknown_coordinate_system_is_refused_with_advice(name: str) -> None:
    with pytest.raises(BadInput, match="GCJ-02"):
        check_crs(name)


def test_a_degree_of_latitude_is_111_km() -> None:
    metres = distance_m(np.array([104.0]), np.array([30.0]), np.array([104.0]), np.array([31.0]))
    assert metres[0] == pytest.approx(111_195.08, abs=0.01)


def test_chengdu_to_beijing_is_about_1520_km() -> None:
    metres = distance_m(*TIANFU_SQUARE, np.array([116.3975]), np.array([39.9087]))
    assert metres[0] == pytest.approx(1_519_000, rel=0.01)


def test_a_box_is_read_and_contains_its_border() -> None:
    box = Box.parse("103,30,105,31.5")
    assert box == Box(103.0, 30.0, 105.0, 31.5)
    inside = box.contains(np.array([103.0, 104.0, 105.1]), np.array([30.0, 31.5, 31.0]))
    assert inside.tolist() == [True, True, False]


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,1,1", "0,0,inf,1", "31,104,30,105", "104,30,103,31", "0,-91,1,1"],
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Box.parse(text)


def test_a_box_grows_by_metres_on_each_side() -> None:
    box = Box(104.0, 30.6, 104.1, 30.7).grown(1000)
    metres = distance_m(np.array([104.0]), np.array([30.65]), np.array([box.west]), np.array([30.65]))
    assert metres[0] == pytest.approx(1000, rel=0.01)
    assert (box.north - 30.7) * 110_857 == pytest.approx(1000, rel=0.01)
    assert Box(-180, -90, 180, 90).grown(1e6) == Box(-180, -90, 180, 90)
