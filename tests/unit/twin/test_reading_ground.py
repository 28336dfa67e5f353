"""Elevation models in degrees or metres, in feet, with holes, by corners or by middles, lie where their tags say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from tests.unit.twin.elevation import GEOGRAPHIC, PROJECTED, RASTER, VERTICAL_UNIT, elevation_model, tiff, tiled

from lifang.core import BadInput, from_wgs84, to_wgs84
from lifang.twin.reading import Bed, read_ground, read_model

Floats = NDArray[np.float64]
DEGREES = ((GEOGRAPHIC, 4326),)
STEP = 1 / 3600  # as SRTM and Copernicus have it
PLACE: dict[int, Any] = {33550: (STEP, STEP, 0.0), 33922: (0.0, 0.0, 0.0, 104.0, 30.7, 0.0)}
LON, LAT = np.array([104.0 + 3.2 * STEP]), np.array([30.7 - 4.7 * STEP])


def plane(rows: int = 12, columns: int = 10) -> NDArray[np.float32]:
    """Return 500 m, a metre more for each column and ten for each row."""
    row, column = np.mgrid[:rows, :columns]
    return np.float32(500 + column + 10 * row)


@pytest.mark.parametrize(
    ("value", "tags", "keys", "expected"),
    [
        (plane(), PLACE, DEGREES, 500 + 2.7 + 42),
        (plane(), PLACE, (*DEGREES, (RASTER, 2)), 500 + 3.2 + 47),  # the tie point is the middle of a cell
        (plane().astype(np.int32), PLACE, DEGREES, 500 + 2.7 + 42),
        (plane(), PLACE, (*DEGREES, (VERTICAL_UNIT, 9002)), (500 + 2.7 + 42) * 0.3048),
        (
            plane(),
            {**PLACE, 42112: '<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.1</Item></GDALMetadata>'},
            DEGREES,
            (500 + 2.7 + 42) / 10,
        ),
        (  # rows from the south
            plane()[::-1],
            {34264: (STEP, 0, 0, 104, 0, STEP, 0, 30.7 - 12 * STEP, 0, 0, 0, 0, 0, 0, 0, 1)},
            DEGREES,
            500 + 2.7 + 42,
        ),
        (plane(), {33550: PLACE[33550], 33922: (2, 3, 0, 104 + 2 * STEP, 30.7 - 3 * STEP, 0)}, DEGREES, 500 + 2.7 + 42),
    ],
)
def test_heights_stand_where_the_tags_say(
    value: NDArray[Any], tags: dict[int, Any], keys: tuple[tuple[int, int], ...], expected: float
) -> None:
    assert read_ground(tiff(value, tags, keys)).at(LON, LAT) == pytest.approx([expected], rel=1e-6)


@pytest.mark.parametrize(("compression", "predictor"), [("tiff_adobe_deflate", 3), ("tiff_lzw", 3), ("zstd", 3)])
def test_what_is_packed_is_read(compression: str, predictor: int) -> None:
    content = tiff(plane(), {**PLACE, 317: (predictor,)}, DEGREES, compression)
    assert np.array_equal(read_ground(content).height_m, plane())


def test_one_in_tiles_and_one_with_addresses_of_64_bits_are_read(tmp_path: Path) -> None:
    value = plane(40, 35)
    assert np.array_equal(read_ground(tiled(value, PLACE, DEGREES, predictor=3)).height_m, value)
    assert np.array_equal(read_ground(tiled(value, PLACE, DEGREES, predictor=1)).height_m, value)
    big = tiff(value, PLACE, DEGREES, big=True)
    assert big.startswith(b"II+\0")
    assert max(read_model(big, prefix="dem", scratch=tmp_path).rows["top_m"].to_pylist()) == 500 + 34 + 390


@pytest.mark.parametrize("nothing", [-9999, -32768, -3.4e38, np.nan, np.inf])
@pytest.mark.parametrize("declared", [True, False])
def test_where_no_height_is_known_there_is_no_land(nothing: float, declared: bool, tmp_path: Path) -> None:
    value = plane()
    value[5, 5] = nothing
    content = tiff(value, {**PLACE, **({42113: repr(nothing)} if declared else {})}, DEGREES)
    assert np.isnan(read_ground(content).at(LON[:1] + 2 * STEP, LAT[:1] - STEP)).all()
    rows = read_model(content, prefix="dem", scratch=tmp_path).rows
    shapes = shapely.from_wkb([each["wkb"] for row in rows["geometry"].to_pylist() for each in row])
    corners = shapely.get_coordinates(shapes, include_z=True)
    assert (corners[:, 2].min(), corners[:, 2].max()) == (500.0, 619.0)
    assert corners[:, 0].min() == pytest.approx(104 + STEP / 2, abs=1e-9)
    assert corners[:, 1].max() == pytest.approx(30.7 - STEP / 2, abs=1e-9)
    hole = shapely.points(104 + 5.5 * STEP, 30.7 - 5.5 * STEP)
    assert not shapely.intersects(shapely.buffer(hole, STEP / 4), shapely.union_all(shapely.force_2d(shapes)))


def test_a_pipe_in_metres_follows_ground_in_degrees() -> None:
    ground = read_ground(tiff(plane(), PLACE, DEGREES))
    start, end = (
        np.array(from_wgs84(np.array([104 + east * STEP]), np.array([30.7 - south * STEP]), crs="EPSG:4544")).ravel()
        for east, south in ((1.0, 2.0), (8.0, 9.0))
    )
    axis = Bed(ground, 1.2).along(np.stack((start, end)), 0.1, crs="EPSG:4544")
    lon, lat = to_wgs84(axis[:, 0], axis[:, 1], crs="EPSG:4544")
    expected = 500 + (lon - 104) / STEP - 0.5 + 10 * ((30.7 - lat) / STEP - 0.5) - 1.3
    assert axis[:, 2] == pytest.approx(expected, abs=1e-2)


def test_a_system_is_asked_for_where_the_file_names_none_and_refused_where_it_does() -> None:
    bare = tiff(plane(), PLACE)
    assert read_ground(bare, crs="EPSG:4490").at(LON, LAT) == pytest.approx([544.7], rel=1e-5)
    assert read_ground(tiff(plane(), PLACE, ((PROJECTED, 32767),)), crs="EPSG:4490").placed.crs == "EPSG:4490"
    with pytest.raises(BadInput, match="says in which coordinate system"):
        read_ground(tiff(plane(), PLACE, DEGREES), crs="EPSG:4490")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (tiff(plane(), PLACE), "where it lies"),
        (tiff(plane(), {}, DEGREES), "where it lies"),
        (tiff(plane(), PLACE, (*DEGREES, (VERTICAL_UNIT, 9036))), "unit 9036"),
        (tiff(plane(), {**PLACE, 42113: "none"}, DEGREES), "no number"),
        (tiff(np.zeros((9, 9, 3), np.uint8), PLACE, DEGREES), "one band"),
        (elevation_model(np.zeros((90, 90), np.float32))[:9000], "can be read"),
        (b"", "can be read"),
    ],
)
def test_what_is_no_elevation_model_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        read_ground(content)
