from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import BadInput, Box, distance_m, from_wgs84, gcj02_to_wgs84, to_wgs84, wgs84_to_gcj02

few = settings(max_examples=60, deadline=None)
in_china = st.lists(st.tuples(st.floats(73.5, 135.1), st.floats(18.0, 53.6)), min_size=1, max_size=20)
numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


def columns(positions: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(positions, dtype=np.float64)
    return table[:, 0], table[:, 1]


@few
@given(in_china)
def test_the_gcj02_offset_is_taken_off_to_a_millimetre(positions: list[tuple[float, float]]) -> None:
    lon, lat = columns(positions)
    assert distance_m(lon, lat, *gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))).max() < 1e-3


@few
@given(in_china)
def test_every_position_is_moved_alone(positions: list[tuple[float, float]]) -> None:
    lon, lat = columns(positions)
    together = np.array(wgs84_to_gcj02(lon, lat))
    alone = np.array([wgs84_to_gcj02(lon[at : at + 1], lat[at : at + 1]) for at in range(len(lon))])[:, :, 0].T
    assert np.allclose(together, alone, rtol=0, atol=1e-12)


@few
@given(st.lists(st.tuples(st.floats(103.0, 107.0), st.floats(26.0, 34.0)), min_size=1, max_size=20))
def test_zone_105_of_cgcs2000_is_projected_and_back_to_a_millimetre(positions: list[tuple[float, float]]) -> None:
    lon, lat = columns(positions)
    assert distance_m(lon, lat, *to_wgs84(*from_wgs84(lon, lat, crs="EPSG:4544"), crs="EPSG:4544")).max() < 1e-3


@few
@given(in_china, in_china)
def test_distances_are_symmetric_and_never_negative(
    here: list[tuple[float, float]], there: list[tuple[float, float]]
) -> None:
    size = min(len(here), len(there))
    one, other = columns(here[:size]), columns(there[:size])
    metres = distance_m(*one, *other)
    assert (metres >= 0).all()
    assert metres == pytest.approx(distance_m(*other, *one), abs=1e-6)


@few
@given(st.tuples(numbers, numbers, numbers, numbers))
def test_four_numbers_are_a_box_that_holds_its_corners_or_bad_input(values: tuple[float, float, float, float]) -> None:
    text = ",".join(map(repr, values))
    with suppress(BadInput):
        box = Box.parse(text)
        assert box.contains(np.array([box.west, box.east]), np.array([box.south, box.north])).all()
        assert box.grown(100.0).contains(np.array([box.west]), np.array([box.north])).all()


@few
@given(st.text(max_size=30))
def test_any_text_is_a_box_or_bad_input(text: str) -> None:
    with suppress(BadInput):
        Box.parse(text)
