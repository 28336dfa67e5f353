"""Terrain from an elevation model: every height is kept to, nothing gapes, what it is drawn with is small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from tests.unit.twin.elevation import elevation_model

from lifang.core import BadInput
from lifang.twin.checking import checked
from lifang.twin.reading import read_model
from lifang.twin.reading.relief import triangles
from lifang.twin.shapes import Frame
from lifang.twin.tiles import parts_of


def hills(rows: int, columns: int) -> NDArray[np.float64]:
    row, column = np.mgrid[:rows, :columns]
    noise = np.random.default_rng(4).normal(0, 0.3, (rows, columns))
    return np.asarray(20 * np.sin(row / 9) * np.cos(column / 7) + noise, np.float64)


@pytest.mark.parametrize("error", [0.1, 1.0, 5.0])
def test_no_height_lies_farther_from_the_triangles_than_the_error(error: float) -> None:
    heights = hills(23, 38)
    worst, area, covered = 0.0, 0.0, np.zeros(heights.shape, bool)
    found = triangles(heights, error)
    for row, column in zip(*np.divmod(found, heights.shape[1]), strict=True):
        up = heights[row, column]
        down, right = np.mgrid[row.min() : row.max() + 1, column.min() : column.max() + 1]
        (d1, d2), (r1, r2) = row[1:] - row[0], column[1:] - column[0]
        twice = d1 * r2 - d2 * r1
        one = ((down - row[0]) * r2 - (right - column[0]) * d2) / twice
        two = ((right - column[0]) * d1 - (down - row[0]) * r1) / twice
        inside = (one > -1e-9) & (two > -1e-9) & (one + two < 1 + 1e-9)
        flat = up[0] + one * (up[1] - up[0]) + two * (up[2] - up[0])
        worst = max(worst, float(np.abs(flat - heights[down, right])[inside].max()))
        covered[down[inside], right[inside]] = True
        assert twice > 0  # rows run south: it turns left seen from above
        area += twice / 2
    assert worst <= error + 1e-9
    assert covered.all()
    assert area == 22 * 37  # the whole, and nothing twice
    assert len(found) <= 2 * 22 * 37


def test_where_no_height_is_known_there_is_no_ground() -> None:
    heights = np.zeros((9, 9))
    assert len(triangles(heights, 1.0)) == 2
    heights[4, 4] = np.nan
    found = triangles(heights, 1.0)
    corners = np.stack(np.divmod(found, 9), axis=-1)
    area = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).sum() / 2
    assert 40 not in found
    assert area in {64 - 2, 64 - 4}  # the cell's neighbourhood is left out: four triangles or eight meet there


def test_a_elevation_model_becomes_blocks_of_terrain_that_are_smooth_when_drawn(tmp_path: Path) -> None:
    found = checked(read_model(elevation_model(np.float32(hills(200, 200))), prefix="dem", scratch=tmp_path))
    assert not found.faults
    assert set(found.rows["class"].to_pylist()) == {"TINRelief"}
    assert len(found.rows) >= 4
    rows = found.rows.append_column("model", [["dem"] * len(found.rows)])
    solids, surfaces, ground, thin = parts_of(rows, frozenset())
    assert (len(solids.table), len(surfaces.table), len(thin.table)) == (0, 0, 0)
    mesh = ground.mesh(slice(None), Frame(105.0, 30.6))
    assert len(mesh.triangle) == sum(map(shapely.get_num_geometries, ground.surface))
    assert len(mesh.position) < len(mesh.triangle)  # corners are shared
    np.testing.assert_allclose(np.linalg.norm(mesh.normal, axis=1), 1, atol=1e-6)
    assert (mesh.normal[:, 2] > 0).all()
    with pytest.raises(BadInput, match="coordinate system"):
        read_model(elevation_model(np.float32(hills(9, 9))), prefix="dem", scratch=tmp_path, crs="EPSG:4544")
