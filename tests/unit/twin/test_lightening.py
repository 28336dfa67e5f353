"""Objects are lightened within the bound, measured; solids stay closed; ids, properties and what faces are stay."""

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import shapely
from tests.unit.twin.test_lighten import ball, farthest_m
from tests.unit.twin.test_writing import objects_of, written

from lifang.twin import read_cityjson
from lifang.twin.checking import checked
from lifang.twin.lightening import lightened
from lifang.twin.reading.model import Described, ModelFile, footprint, rows_of
from lifang.twin.shapes import Frame, triangulate

FRAME = Frame(104.06, 30.66)
MOST_M = 0.4


def dome(kind: str, **detail: Any) -> dict[str, Any]:
    """Return a ball of 10 m in triangles."""
    mesh = ball(12, 10.0)
    corner = FRAME.degrees(mesh.position)[mesh.triangle[:, [0, 1, 2, 0]]]
    wkb = shapely.to_wkb(shapely.multipolygons(shapely.polygons(corner)), output_dimension=3)
    return {
        "lod": "2",
        "kind": kind,
        "wkb": wkb,
        "base_m": -10.0,
        "top_m": 10.0,
        "detail": orjson.dumps(detail).decode(),
    }


def told(*shapes: dict[str, Any]) -> ModelFile:
    """Return a model of one object for each shape."""
    described = [Described(f"m:{n}", "Building", f"House {n}", "", {"n": n}) for n in range(len(shapes))]
    box = np.tile([104.05, 30.65, 104.07, 30.67, -10.0, 10.0], (len(shapes), 1))
    return ModelFile(rows_of(described, [[each] for each in shapes], box), [])


def shape_of(rows: pa.Table, row: int = 0) -> dict[str, Any]:
    (shape,) = rows["geometry"][row].as_py()
    return {
        **shape,
        "detail": orjson.loads(shape["detail"] or "{}"),
        "parts": shapely.get_parts(shapely.from_wkb(shape["wkb"])),
    }


COUNT = len(ball(12, 10.0).triangle)
UPPER = [int(each) for each in ball(12, 10.0).position[ball(12, 10.0).triangle].mean(axis=1)[:, 2] > 0]
SURFACES = [{"type": "WallSurface"}, {"type": "RoofSurface"}]


def test_a_solid_stays_closed_within_the_bound_and_its_faces_what_they_are() -> None:
    model = told(dome("Solid", shells=[COUNT], semantics={"surfaces": SURFACES, "values": [UPPER]}))
    light = lightened(model.rows, MOST_M)
    assert light.drop(["geometry"]) == model.rows.drop(["geometry"])
    shape = shape_of(light)
    parts, detail = shape["parts"], shape["detail"]
    assert len(parts) < 0.7 * COUNT
    assert detail["shells"] == [len(parts)] == [len(detail["semantics"]["values"][0])]
    was, now = (triangulate(np.array([shapely.from_wkb(each["geometry"][0]["wkb"])]), FRAME)
                for each in (model.rows.to_pylist()[0], light.to_pylist()[0]))  # fmt: skip
    assert max(farthest_m(was, now), farthest_m(now, was)) < MOST_M
    for part, value in zip(parts, detail["semantics"]["values"][0], strict=True):
        height = shapely.get_coordinates(part, include_z=True)[:, 2]
        assert (height.max() > -0.6) if value else (height.min() < 0.6)  # a piece of what it was
    assert not [each for each in checked(replace(model, rows=light)).faults if each.rule == "closedness"]


def test_a_lightened_solid_goes_out_as_cityjson_and_comes_back() -> None:
    model = told(dome("Solid", shells=[COUNT], semantics={"surfaces": SURFACES, "values": [UPPER]}))
    light = replace(model, rows=lightened(model.rows, MOST_M))
    back = read_cityjson(written(objects_of(light), "cityjson"), prefix="m")
    assert not checked(back).faults
    assert (back.rows["id"], back.rows["name"]) == (model.rows["id"], model.rows["name"])
    assert shape_of(back.rows)["detail"]["semantics"] == shape_of(light.rows)["detail"]["semantics"]
    assert len(shape_of(back.rows)["parts"]) == len(shape_of(light.rows)["parts"])


def test_colours_of_faces_and_shells_of_several_solids_are_told_of_the_new_ones() -> None:
    faces = [["#ff0000", 40, 1.0], ["", COUNT - 40, 0.5]]
    both = dome("MultiSolid", shells=[COUNT], solids=[1], semantics={"surfaces": SURFACES, "values": [[UPPER]]})
    light = lightened(told(dome("MultiSurface", faces=faces), both).rows, MOST_M)
    shape = shape_of(light)
    assert sum(count for _, count, _ in shape["detail"]["faces"]) == len(shape["parts"])
    assert {(colour, opacity) for colour, _, opacity in shape["detail"]["faces"]} == {("#ff0000", 1.0), ("", 0.5)}
    shape = shape_of(light, 1)
    assert [[len(each) for each in solid] for solid in shape["detail"]["semantics"]["values"]] == [
        [len(shape["parts"])]
    ]


def test_what_gets_no_lighter_stays_as_it_is() -> None:
    corners = FRAME.degrees(np.array([(x, y, z) for x in (0, 4) for y in (0, 4) for z in (0, 4.0)]))
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    box = shapely.multipolygons(shapely.polygons([corners[list(each)] for each in faces]))
    solid = {"lod": "1", "kind": "Solid", "wkb": shapely.to_wkb(box, output_dimension=3), "base_m": 0.0, "top_m": 4.0}
    block = footprint(shapely.to_wkb(shapely.box(104.06, 30.66, 104.061, 30.661)), 0.0, 9.0)
    rows = told({**solid, "detail": None}, block).rows
    assert lightened(rows, 2.0) == rows


@pytest.mark.parametrize("holes", [False, True])
def test_an_outline_keeps_some_of_its_corners_and_lies_within_the_bound(holes: bool) -> None:
    way = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 30 + np.random.default_rng(3).uniform(-0.2, 0.2, len(way))
    ring = np.column_stack((radius * np.cos(way), radius * np.sin(way), 0 * way))
    inner = [FRAME.degrees(ring * 0.5)[:, :2]] if holes else []
    outline = shapely.Polygon(FRAME.degrees(ring)[:, :2], inner)
    rows = told(footprint(shapely.to_wkb(outline), 0.0, 9.0)).rows
    light = shapely.from_wkb(lightened(rows, MOST_M)["geometry"][0].as_py()[0]["wkb"])
    assert 8 < shapely.get_num_coordinates(light) < shapely.get_num_coordinates(outline) / 4
    assert len(light.interiors) == holes
    was, now = FRAME.flat(outline), FRAME.flat(light)
    assert shapely.hausdorff_distance(was.boundary, now.boundary, densify=0.01) < MOST_M
    assert {tuple(each) for each in shapely.get_coordinates(light)} <= {
        tuple(each) for each in shapely.get_coordinates(outline)
    }


def test_objects_without_shapes_are_let_through() -> None:
    described = [Described("m:1", "Building", "", "", {})]
    rows = rows_of(described, [[]], np.array([[104.0, 30, 105, 31, 0, 1]]))
    assert lightened(rows, 1.0) == rows
