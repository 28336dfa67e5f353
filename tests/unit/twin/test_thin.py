"""Points and lines are objects as solids are: taken in, told where broken, drawn, lightened, written as they were."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from tests.unit.twin.test_reading import city, house, read
from tests.unit.twin.test_tiling import parsed, positions
from tests.unit.twin.test_vector import LON, by_gdal, features, in_metres
from tests.unit.twin.test_writing import objects_of, written
from tests.unit.twin.test_writing_ifc import written as written_ifc

from lifang.core import Box
from lifang.twin import ModelFile, read_cityjson
from lifang.twin.bodied import body_of, length_of
from lifang.twin.checking import checked
from lifang.twin.flat import outlines_of
from lifang.twin.lightening import lightened
from lifang.twin.shapes import Frame
from lifang.twin.tiles import parts_of
from lifang.twin.tiling import content, level_tiles
from lifang.twin.vector import Quadrant, vector_tiles
from lifang.twin.writing import write_geopackage

MARKS = {"surfaces": [{"type": "TransportationMarking"}, {"type": "+Kerb", "n": 2}], "values": [1, 0]}
TREES = {"type": "MultiPoint", "lod": "1", "boundaries": [4, 1, 6]}
WAY = {"type": "MultiLineString", "lod": "0", "boundaries": [[0, 1, 2], [4, 5]], "semantics": MARKS}
FINER = {"type": "MultiLineString", "lod": "2.1", "boundaries": [[0, 1, 2, 3]]}


def thin() -> dict[str, Any]:
    turned = [0, -2, 0, 1, 2, 0, 0, 0, 0, 0, 2, 0.5, 0, 0, 0, 1]
    placed = {"type": "GeometryInstance", "template": 0, "boundaries": [6], "transformationMatrix": turned}
    return city(
        {
            "trees": {"type": "SolitaryVegetationObject", "attributes": {"n": 3}, "geometry": [TREES]},
            "way": {"type": "Road", "attributes": {"name": "路"}, "geometry": [WAY, FINER]},
            "post": {"type": "CityFurniture", "geometry": [placed]},
            "both": house(geometry=[{"type": "MultiPoint", "lod": "3", "boundaries": [0]}, *house()["geometry"]]),
        },
        **{
            "geometry-templates": {
                "templates": [{"type": "MultiLineString", "lod": "1", "boundaries": [[0, 1]]}],
                "vertices-templates": [[0, 0, 0], [3, 0, 4]],
            }
        },
    )


@pytest.fixture(scope="module")
def found() -> ModelFile:
    return checked(read(thin()))


def rows_of(found: ModelFile) -> pa.Table:
    return found.rows.append_column("model", [["m"] * len(found.rows)])


def test_points_and_lines_of_every_level_are_taken_with_their_semantics_and_bounds(found: ModelFile) -> None:
    assert not found.faults
    rows = {each["id"]: each for each in found.rows.to_pylist()}
    way = rows["m:way"]["geometry"]
    assert [(each["lod"], each["kind"]) for each in way] == [("0", "MultiLineString"), ("2.1", "MultiLineString")]
    assert json.loads(way[0]["detail"])["semantics"] == MARKS
    assert [shapely.get_num_coordinates(each) for each in shapely.from_wkb(way[0]["wkb"]).geoms] == [3, 2]
    assert (rows["m:way"]["level"], rows["m:trees"]["level"]) == (3, 2)
    assert (rows["m:trees"]["bottom_m"], rows["m:trees"]["top_m"]) == (500.0, 506.0)
    assert (way[1]["base_m"], way[1]["top_m"]) == (500.0, 500.0)


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({"type": "MultiPoint", "lod": "1", "boundaries": []}, "empty"),
        ({"type": "MultiPoint", "lod": "1", "boundaries": [8]}, "vertex 8 of 8"),
        ({"type": "MultiPoint", "lod": "1", "boundaries": [[1]]}, "not built as CityJSON asks"),
        ({"type": "MultiPoint", "lod": "1", "boundaries": [0.5]}, "not built as CityJSON asks"),
        ({"type": "MultiLineString", "lod": "1", "boundaries": []}, "empty"),
        ({"type": "MultiLineString", "lod": "1", "boundaries": [[0, 1], [2, 2]]}, "Line 1 has fewer than two"),
        ({"type": "MultiLineString", "lod": "1", "boundaries": [[0, -1]]}, "vertex -1 of 8"),
        ({"type": "Points", "lod": "1", "boundaries": [0]}, "not built as CityJSON asks"),
    ],
)
def test_broken_points_and_lines_are_refused(geometry: dict[str, Any], says: str) -> None:
    found = read(city({"bad": house(geometry=[geometry]), "good": house()}))
    assert found.rows["id"].to_pylist() == ["m:good"]
    assert [says in fault.what for fault in found.faults] == [True]


def test_lines_of_no_length_and_points_in_one_place_are_warned_of() -> None:
    still = {"type": "MultiLineString", "lod": "1", "boundaries": [[0, 1], [8, 9]]}
    twice = {"type": "MultiPoint", "lod": "1", "boundaries": [8, 1, 9]}
    document = city({"line": house(geometry=[still]), "points": house(geometry=[twice]), "good": house()})
    document["vertices"] = [*document["vertices"], (3, 3, 3), (3, 3, 3)]
    told = checked(read(document))
    assert [(each.object, each.rule, each.severity) for each in told.faults] == [
        ("m:line", "degenerate", "warning"),
        ("m:points", "degenerate", "warning"),
    ]
    assert len(told.rows) == 3


@pytest.mark.parametrize("form", ["cityjson", "cityjsonseq"])
def test_cityjson_comes_back_with_the_same_types_levels_and_semantics(found: ModelFile, form: str) -> None:
    before = objects_of(found)
    again = read_cityjson(written(before, form), prefix="m")
    assert not again.faults
    after = {each.id: each for each in objects_of(again)}
    for each in before:
        same = after[each.id]
        assert (same.kind, same.properties, same.level) == (each.kind, each.properties, each.level)
        for one, other in zip(each.shapes, same.shapes, strict=True):
            assert (one.lod, one.kind, one.detail) == (other.lod, other.kind, other.detail)
            here, there = (shapely.get_coordinates(shapely.from_wkb(own.wkb), True) for own in (one, other))
            assert np.abs(here - there).max(axis=0) == pytest.approx([0, 0, 0], abs=1.1e-3)
            assert np.abs(here - there)[:, :2].max() < 2e-8  # degrees: 2 mm


def test_semantics_that_are_not_one_for_each_line_are_told_and_left_out_and_the_city_is_written() -> None:
    short = {**WAY, "semantics": {**MARKS, "values": [0]}}
    found = read(city({"way": {"type": "Road", "geometry": [short]}}))
    assert [(each.rule, each.severity) for each in found.faults] == [("schema", "warning")]
    (way,) = json.loads(written(objects_of(found), "cityjson"))["CityObjects"].values()
    assert len(way["geometry"][0]["boundaries"]) == 2
    assert "semantics" not in way["geometry"][0]


def test_a_line_that_the_grid_makes_a_point_is_left_out_with_its_semantics() -> None:
    document = city({"way": {"type": "Road", "geometry": [WAY]}})
    document["vertices"] = [*document["vertices"][:5], (1e-5, 0, 6), *document["vertices"][6:]]
    (way,) = json.loads(written(objects_of(read(document)), "cityjson"))["CityObjects"].values()
    assert (len(way["geometry"][0]["boundaries"]), way["geometry"][0]["semantics"]["values"]) == (1, [1])


def test_tiles_draw_them_with_ids_beside_what_has_surfaces(found: ModelFile) -> None:
    kinds = parts_of(rows_of(found), frozenset())
    assert [each["id"].to_pylist() for each in (kinds[1].table, kinds[3].table)] == [
        ["m:both"],
        ["m:trees", "m:way", "m:post"],
    ]
    box = Box(*kinds[1].surface[0].bounds)
    document, binary = parsed(content(kinds, box))
    surfaces, points, lines = document["meshes"][0]["primitives"]
    assert ("mode" in surfaces, points["mode"], lines["mode"]) == (False, 0, 1)
    assert (len(positions(document, binary, points)), len(positions(document, binary, lines))) == (3, 2 * (3 + 1))
    east = positions(document, binary, points)[:, 0]
    assert np.ptp(east) == pytest.approx(10, abs=0.01)
    for each in (points, lines):
        ids = each["extensions"]["EXT_mesh_features"]["featureIds"][0]
        assert (ids["featureCount"], ids["propertyTable"]) == (3, 1)
    told, made = level_tiles(kinds, box, 60.0, uri="{name}")
    alone = next(each for each in told["root"]["children"] if each["content"]["uri"] == "thin")
    assert (alone["geometricError"], told["root"]["refine"]) == (0.0, "ADD")
    assert len(parsed(made["thin"])[0]["meshes"][0]["primitives"]) == 2
    only, made = level_tiles(kinds[3:], box, 60.0, uri="{name}")
    assert (list(made), len(only["root"]["children"])) == (["thin"], 1)


def test_measures_of_lines_are_lengths_and_no_area(found: ModelFile) -> None:
    objects = {each.id: each for each in objects_of(found)}
    frame = Frame(*objects["m:way"].box.centre)
    assert length_of(objects["m:way"].shapes, frame) == pytest.approx(28, rel=2e-4)  # of the projection's metres
    assert length_of(objects["m:post"].shapes, frame) == pytest.approx(10, rel=2e-4)
    assert length_of(objects["m:trees"].shapes, frame) == 0
    assert length_of(objects["m:both"].shapes, frame) is None
    assert len(body_of(objects["m:trees"].shapes, frame).triangles) == 3


def test_lightened_lines_lie_within_the_bound_in_space_and_points_stay() -> None:
    turn = np.linspace(0, np.pi, 200)
    arc = np.column_stack((40 * np.cos(turn), 40 * np.sin(turn), 5 * turn))
    document = city({"way": {"type": "Road", "geometry": [{**FINER, "boundaries": [list(range(200))]}, TREES]}})
    document["vertices"] = [*map(list, arc)]
    rows = read(document).rows
    light = lightened(rows, 0.2)["geometry"][0].as_py()
    own = rows["geometry"][0].as_py()
    assert light[1] == own[1]
    frame = Frame(rows["west"][0].as_py(), rows["south"][0].as_py())
    here, there = (
        frame.local(*shapely.get_coordinates(shapely.from_wkb(each[0]["wkb"]), True).T) for each in (own, light)
    )
    assert 6 < len(there) < 30
    start, way = there[:-1, None], np.diff(there, axis=0)[:, None]
    along = np.clip(((here - start) * way).sum(-1) / (way**2).sum(-1), 0, 1)
    away = np.linalg.norm(here - start - along[..., None] * way, axis=-1).min(axis=0)
    assert 0.1 < away.max() <= 0.2


def test_vector_tiles_hold_points_and_lines_beside_outlines(found: ModelFile, tmp_path: Path) -> None:
    here = Quadrant(15, int((LON / 360 + 0.5) * 2**15), 13432)
    west, south, east, north = vars(here.near).values()
    x, y, side = (west + east) / 2, (south + north) / 2, (east - west)
    bent, up = [(x, y, 1), (x + side / 8, y, 2), (x + side, y, 3)], [(x, y, 0), (x, y + side / 9, 0)]
    line = shapely.multilinestrings([shapely.linestrings(each) for each in (bent, up)])
    points = shapely.multipoints([(x, y, 4), (x + side / 4, y, 4), (x + side, y, 4)])
    outline = shapely.box(x - side / 4, y - side / 4, x, y)
    shapes = [line, outline, points, shapely.multipoints([(x + side / 3, y + side / 3, 1)])]
    own, *others = by_gdal(list(vector_tiles(features(shapes), 15, across_deg=side / 1000)), tmp_path)
    tiles = dict(zip([at for at, _ in vector_tiles(features(shapes), 15)], [own, *others], strict=True))
    seen = tiles[here]
    assert [seen[f"楼{n}"][0].geom_type for n in range(4)] == ["MultiLineString", "Polygon", "MultiPoint", "Point"]
    assert len(seen["楼2"][0].geoms) == 2  # the third lies in the next tile
    unit = 40_075_016.7 / 2**15 / 4096
    assert shapely.hausdorff_distance(seen["楼2"][0], in_metres(shapely.MultiPoint(list(points.geoms)[:2]))) < unit
    assert shapely.distance(seen["楼3"][0], in_metres(shapes[3])) < unit
    edge = (here.x + 1) / 2**15 * 360 - 180  # GDAL leaves the buffer out
    cut = in_metres(shapely.clip_by_rect(line, west, south, edge, north))
    assert shapely.hausdorff_distance(seen["楼0"][0], cut) < 1.5 * unit
    mine = found.rows.filter(pa.array([each != "m:both" for each in found.rows["id"].to_pylist()]))
    assert [each.geom_type for each in outlines_of(mine)] == ["MultiPoint", "MultiLineString", "MultiLineString"]


def test_a_line_that_stands_upright_is_a_point_from_above() -> None:
    document = city(
        {
            "mast": {"type": "CityFurniture", "geometry": [{**FINER, "boundaries": [[0, 1], [2, 3]]}]},
            "gate": {"type": "CityFurniture", "geometry": [{**FINER, "boundaries": [[0, 1], [1, 3]]}]},
        }
    )
    document["vertices"] = [[0, 0, 0], [0, 0, 8], [5, 0, 0], [5, 0, 8]]
    rows = rows_of(read(document))
    mast, gate = outlines_of(rows)
    assert (gate.geom_type, len(gate.geoms), gate.is_valid) == ("MultiLineString", 1, True)
    assert (mast.geom_type, len(mast.geoms), mast.is_valid) == ("MultiPoint", 2, True)
    assert [each.geom_type for each in outlines_of(rows, in_space=True)] == ["MultiLineString"] * 2
    at, tile = next(iter(vector_tiles(features([mast]), 15)))
    assert tile == dict(vector_tiles(features([shapely.multipoints(shapely.get_coordinates(mast))]), 15))[at]


def test_a_geopackage_has_a_layer_for_each_type(found: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "m.gpkg"
    write_geopackage(path, "m", outlines_of(found.rows), {"id": found.rows["id"].to_pylist()})
    layers = dict(pyogrio.list_layers(path).tolist())
    assert layers == {"m": "MultiPolygon", "m_lines": "MultiLineString Z", "m_points": "MultiPoint Z"}
    with sqlite3.connect(path) as database:
        told = database.execute("SELECT table_name, geometry_type_name, z FROM gpkg_geometry_columns").fetchall()
    assert set(told) == {("m", "MULTIPOLYGON", 0), ("m_lines", "MULTILINESTRING", 1), ("m_points", "MULTIPOINT", 1)}
    _, _, shapes, (ids,) = pyogrio.raw.read(path, layer="m_points")
    assert ids.tolist() == ["m:trees"]
    own = found.rows["geometry"][found.rows["id"].to_pylist().index("m:trees")][0]["wkb"].as_py()
    assert shapely.equals(shapely.from_wkb(shapes[0]), shapely.from_wkb(own))
    assert sorted(shapely.get_coordinates(shapely.from_wkb(shapes[0]), True)[:, 2]) == [500.0, 506.0, 506.0]


def test_ifc_has_them_as_curves_and_clouds_of_points(found: ModelFile, tmp_path: Path) -> None:
    text = written_ifc(found, tmp_path / "m.ifc").decode()
    assert text.count("IFCINDEXEDPOLYCURVE(") == 1 + 1  # of the finest geometry of each
    assert text.count("'Axis','Curve3D'") == 2
    assert text.count("'SurveyPoints','PointCloud'") == 1
