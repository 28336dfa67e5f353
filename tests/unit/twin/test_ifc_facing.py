"""Faces that look either way look the same way once a shape is read, and outwards."""

from itertools import product
from pathlib import Path

import numpy as np
import orjson
import pytest
import shapely
from numpy.typing import NDArray
from tests.unit.twin.ifc_model import WALL, house

from lifang.twin import read_ifc
from lifang.twin.reading.ifc.facing import looking_out

CORNERS = np.array(list(product((0.0, 1.0), repeat=3)))
FACES = np.array([(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
                  (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)])  # fmt: skip


def box(low: tuple[float, float, float], size: float, first: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.array(low) + size * CORNERS, FACES + first


def volume(vertex: NDArray[np.float64], triangle: NDArray[np.int64]) -> float:
    corner = vertex[triangle]
    return float(np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6)


def faced(vertex: NDArray[np.float64], triangle: NDArray[np.int64]) -> float | None:
    """Return the volume once all faces look as their neighbours do."""
    place = np.unique(vertex, axis=0, return_inverse=True)[1].reshape(-1)
    found = looking_out(vertex, triangle, place)
    if found is None:
        return None
    assert (np.sort(found, axis=1) == np.sort(triangle, axis=1)).all()
    return volume(vertex, found)


def turned(triangle: NDArray[np.int64], which: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.where(which[:, None], triangle[:, ::-1], triangle)


@pytest.mark.parametrize("seed", range(20))
def test_whichever_faces_are_turned_a_body_looks_outwards_and_a_void_inwards(seed: int) -> None:
    chance = np.random.default_rng(seed)
    whole, faces = box((5.0, 5.0, 5.0), 4.0)
    assert faced(whole, turned(faces, chance.random(12) < 0.5)) == pytest.approx(64.0)
    beside, others = box((9.0, 5.0, 5.0), 2.0, 8)  # touches it
    pair = np.concatenate((whole, beside))
    assert faced(pair, turned(np.concatenate((faces, others)), chance.random(24) < 0.5)) == pytest.approx(72.0)
    edged, others = box((9.0, 9.0, 5.0), 4.0, 8)  # four faces at an edge
    pair = np.concatenate((whole, edged))
    assert faced(pair, turned(np.concatenate((faces, others)), chance.random(24) < 0.5)) == pytest.approx(128.0)
    void, hollow = box((6.0, 6.0, 6.0), 1.0, 8)
    hollow = turned(hollow[:, ::-1], np.arange(12) < seed % 5)  # most of it looks into the void
    mixed = np.concatenate((turned(faces, chance.random(12) < 0.5), hollow))
    assert faced(np.concatenate((whole, void)), mixed) == pytest.approx(63.0)


def test_what_is_open_or_has_one_side_stays_as_it_is() -> None:
    whole, faces = box((0.0, 0.0, 0.0), 1.0)
    assert faced(whole, faces[:-1]) is None
    plane = ["012", "023", "034", "045", "051", "124", "235", "341", "452", "513"]  # the projective one, of six points
    one_sided = np.array([[int(each) for each in corners] for corners in plane])
    assert faced(np.random.default_rng(1).random((6, 3)), one_sided) is None


def test_a_model_with_faces_that_look_either_way_is_told_of_and_closed(tmp_path: Path) -> None:
    points = ",".join(f"({1000 * x},{1000 * y},{1000 * z})" for x, y, z in CORNERS)
    faces = turned(FACES, np.arange(12) % 3 == 0) + 1
    listed = ",".join(f"({a},{b},{c})" for a, b, c in faces.tolist())
    more = f"""#200=IFCCARTESIANPOINTLIST3D(({points}));
#201=IFCTRIANGULATEDFACESET(#200,$,$,({listed}),$);
#202=IFCSHAPEREPRESENTATION(#11,'Body','Tessellation',(#201));
#203=IFCPRODUCTDEFINITIONSHAPE($,$,(#202));
#204=IFCPLATE('24WU4A9R19$vKWO$AdOnKA',$,'Box',$,$,#32,#203,$,$);
#205=IFCRELCONTAINEDINSPATIALSTRUCTURE('1XWU4A9R19$vKWO$AdOnKA',$,$,$,(#204),#23);
"""
    found = read_ifc(house(more=more, east="410000."), prefix="m", scratch=tmp_path)
    told = [(each.rule, each.severity) for each in found.faults if each.object.endswith("24WU4A9R19$vKWO$AdOnKA")]
    assert told == [("orientation", "warning")]
    rows = {each["id"]: each for each in found.rows.to_pylist()}
    assert orjson.loads(rows[f"m:{WALL}"]["properties"])["ifc_class"] == "IfcWall"
    triangles = shapely.get_coordinates(
        shapely.from_wkb(rows["m:24WU4A9R19$vKWO$AdOnKA"]["geometry"][0]["wkb"]), include_z=True
    ).reshape(-1, 4, 3)[:, :3]
    corner = (triangles - triangles[0, 0]) * (95_870.0, 110_860.0, 1.0)
    assert volume(corner.reshape(-1, 3), np.arange(len(corner) * 3).reshape(-1, 3)) == pytest.approx(1.0, rel=0.01)
