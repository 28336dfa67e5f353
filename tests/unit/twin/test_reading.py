"""Models are read as the standard says, and a broken object is refused with its reason while the others are taken."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lifang.core import BadInput, from_wgs84
from lifang.twin import read_cityjson, read_model, read_outlines

DELFT = Path(__file__).parents[3] / "cities" / "delft" / "data" / "cityjson_delft.json.gz"
CORNERS = [(0, 0, 0), (10, 0, 0), (10, 8, 0), (0, 8, 0), (0, 0, 6), (10, 0, 6), (10, 8, 6), (0, 8, 6)]
SHELL = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]


def house(**more: Any) -> dict[str, Any]:
    solid = {"type": "Solid", "lod": "2.2", "boundaries": [SHELL]}
    return {"type": "Building", "attributes": {"name": "市政厅"}, "geometry": [solid], **more}


def city(objects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1.0, 1.0, 1.0], "translate": [410_000.0, 3_394_000.0, 500.0]},
        "CityObjects": objects,
        "vertices": CORNERS,
        **more,
    }


def read(document: Any, **more: Any) -> Any:
    return read_cityjson(json.dumps(document).encode(), prefix="m", **more)


def test_a_solid_keeps_its_vertices_its_shells_and_its_name() -> None:
    found = read(city({"h": house()}))
    only = found.rows.to_pylist()[0]
    assert (only["id"], only["name"], only["level"]) == ("m:h", "市政厅", 3)
    surfaces = shapely.from_wkb(only["geometry"][0]["wkb"])
    coordinates = shapely.get_coordinates(surfaces, include_z=True)
    x, y = from_wgs84(coordinates[:, 0], coordinates[:, 1], crs="EPSG:4544")
    got = {tuple(np.round(each, 3)) for each in zip(x - 410_000, y - 3_394_000, coordinates[:, 2] - 500, strict=True)}
    assert got == {tuple(map(float, each)) for each in CORNERS}
    assert json.loads(only["geometry"][0]["detail"])["shells"] == [6]
    assert (only["bottom_m"], only["top_m"]) == (500.0, 506.0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x00\xff\x93", "no file of a model"),
        (b'{"type": "FeatureCollection"}', "GeoJSON"),
        (b"[1]", "CityObjects"),
        (b'{"type": "CityJSONFeature", "id": "h"}', "lacks its first line"),
        (b'{"type": "CityJSON", "version": "1.0"}', "no CityJSON 1.1 or 2.0"),
    ],
)
def test_a_file_of_another_kind_is_told_apart(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=says):
        read_model(content, prefix="m", scratch=tmp_path)


def test_a_template_stands_turned_and_grown_wherever_it_is_placed() -> None:
    leaf = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2]]]}
    turned = [0, -2, 0, 1, 2, 0, 0, 0, 0, 0, 2, 0.5, 0, 0, 0, 1]  # a quarter turn left, twice as large, moved
    tree = {"type": "GeometryInstance", "template": 0, "boundaries": [6], "transformationMatrix": turned}
    trees = {
        "tree": {"type": "SolitaryVegetationObject", "geometry": [tree]},
        "none": {"type": "SolitaryVegetationObject", "geometry": [{**tree, "template": 1}]},
        "away": {"type": "SolitaryVegetationObject", "geometry": [{**tree, "transformationMatrix": [1e30] * 16}]},
    }
    templates = {"templates": [leaf], "vertices-templates": [[0, 0, 0], [3, 0, 0], [0, 0, 4]]}
    found = read(city(trees, **{"geometry-templates": templates}))
    assert [each.object for each in found.faults] == ["m:none", "m:away"]
    (only,) = found.rows.to_pylist()
    assert (only["id"], only["geometry"][0]["lod"]) == ("m:tree", "2")
    at = shapely.get_coordinates(shapely.from_wkb(only["geometry"][0]["wkb"]), include_z=True)[:3]
    x, y = from_wgs84(at[:, 0], at[:, 1], crs="EPSG:4544")
    here = np.column_stack((x - 410_000, y - 3_394_000, at[:, 2] - 500))
    assert here == pytest.approx(np.array([(11, 8, 6.5), (11, 14, 6.5), (11, 8, 14.5)]), abs=1e-6)


def test_lines_and_addresses_are_kept_and_a_group_is_no_whole_of_a_part() -> None:
    line = {"type": "MultiLineString", "lod": "0", "boundaries": [[0, 1, 2]]}
    address = {"Country": "中国", "location": {"type": "MultiPoint", "lod": "0", "boundaries": [0]}}
    objects = {
        "group": {"type": "CityObjectGroup", "children": ["part"]},
        "b": {"type": "Building", "children": ["part"]},
        "part": house(type="BuildingPart", parents=["group", "b"], address=[address]),
        "road": house(type="Road", geometry=[line, {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2]]]}]),
        "rail": house(type="Railway", geometry=[line]),
    }
    found = read(city(objects))
    rows = {each["id"]: each for each in found.rows.to_pylist()}
    assert rows.keys() == {"m:group", "m:b", "m:part", "m:road", "m:rail"}
    assert [[shape["kind"] for shape in rows[each]["geometry"]] for each in ("m:road", "m:rail")] == [
        ["MultiLineString", "MultiSurface"],
        ["MultiLineString"],
    ]
    assert rows["m:part"]["parent"] == "m:b"
    (told,) = json.loads(rows["m:part"]["properties"])["address"]
    assert (told["Country"], told["location"]["type"], told["location"]["lod"]) == ("中国", "MultiPoint", "0")
    assert told["location"]["coordinates"] == [pytest.approx([rows["m:part"]["west"], rows["m:part"]["south"], 500])]
    assert not found.faults


def test_a_building_without_surfaces_lies_where_its_parts_do() -> None:
    found = read(city({"b": {"type": "Building", "children": ["p"]}, "p": house(type="BuildingPart", parents=["b"])}))
    whole, part = found.rows.sort_by("id").to_pylist()
    assert part["parent"] == whole["id"] == "m:b"
    assert whole["west"] == part["west"]


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({"type": "Solid", "lod": "1", "boundaries": [[[[0, 1, 99]]]]}, "vertex 99 of 8"),
        ({"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 0, 1]]]}, "fewer than three"),
        ({"type": "MultiSurface", "lod": "1", "boundaries": []}, "empty"),
        ({"type": "Solid", "lod": "1", "boundaries": [[0, 1, 2]]}, "not built as CityJSON asks"),
        ({"type": "Solid", "lod": "1"}, "not built as CityJSON asks"),
    ],
)
def test_a_broken_object_is_refused_and_the_others_are_taken(geometry: dict[str, Any], says: str) -> None:
    found = read(city({"bad": house(geometry=[geometry]), "good": house()}))
    assert found.rows["id"].to_pylist() == ["m:good"]
    assert [fault.object for fault in found.faults] == ["m:bad"]
    assert says in found.faults[0].what


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "1.0"}, "no CityJSON"),
        ({"type": "FeatureCollection"}, "no CityJSON"),
        ({"metadata": {}}, "does not say where it stands"),
        ({"transform": None}, "transform"),
        ({"vertices": [[0, 0]]}, "vertices"),
        ({"CityObjects": []}, "CityObjects must be an object"),
    ],
)
def test_a_file_that_cannot_be_placed_or_read_is_refused_whole(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read(city({"h": house()}) | change)


def test_a_stated_system_stands_in_for_one_that_the_file_lacks() -> None:
    found = read(city({"h": house()}) | {"metadata": {}}, crs="EPSG:4544")
    assert found.rows["west"].to_pylist()[0] == pytest.approx(104.06, abs=0.01)


def test_a_text_sequence_is_read_line_by_line() -> None:
    head = city({}, vertices=[])
    features = [{"type": "CityJSONFeature", "id": n, "CityObjects": {n: house()}, "vertices": CORNERS} for n in "ab"]
    lines = "\n".join(json.dumps(each) for each in [head, *features])
    assert read_cityjson(lines.encode(), prefix="m").rows["id"].to_pylist() == ["m:a", "m:b"]
    with pytest.raises(BadInput, match="line 2"):
        read_cityjson((json.dumps(head) + "\n{oops\n").encode(), prefix="m")


def test_gzip_is_unpacked_and_a_damaged_one_refused() -> None:
    packed = gzip.compress(json.dumps(city({"h": house()})).encode())
    assert len(read_cityjson(packed, prefix="m").rows) == 1
    for damaged in (packed[:-20], packed[:40] + b"\0\0\0\0" + packed[44:]):
        with pytest.raises(BadInput):
            read_cityjson(damaged, prefix="m")


def test_delft_is_read_whole() -> None:
    found = read_cityjson(DELFT.read_bytes(), prefix="delft")
    assert not found.faults
    counts = {each["values"]: each["counts"] for each in found.rows["class"].value_counts().to_pylist()}
    assert counts["Building"] == 160
    assert sum(counts.values()) == 570
    west, east = (found.rows[name].to_numpy() for name in ("west", "east"))
    assert 4.36 < west.min() < east.max() < 4.37


def outlines(**columns: Any) -> pa.Table:
    square = shapely.box(104.0, 30.0, 104.0001, 30.0001)
    given = {"geometry": [shapely.to_wkb(square)] * 3, "code": ["1", "2", "3"], "floors": [3, 6, 9], **columns}
    return pa.table(given)


def test_outlines_with_floors_become_solids() -> None:
    found = read_outlines(outlines(), prefix="m", key="code", height="floors", metres_each=3.0)
    assert found.rows["top_m"].to_pylist() == [9.0, 18.0, 27.0]
    assert [each[0]["kind"] for each in found.rows["geometry"].to_pylist()] == ["footprint"] * 3


def test_outlines_that_cannot_stand_are_refused_with_the_rule() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    square = shapely.box(104.0, 30.0, 104.0001, 30.0001)
    shapes = [bow, shapely.Point(0, 0), square, square, square, square]
    table = pa.table(
        {
            "geometry": [shapely.to_wkb(each) for each in shapes],
            "code": ["a", "b", "c", "d", "d", "e"],
            "floors": [3.0, 3.0, None, 3.0, 3.0, -1.0],
        }
    )
    found = read_outlines(table, prefix="m", key="code", height="floors", metres_each=3.0)
    assert found.rows["id"].to_pylist() == ["m:d"]
    assert [(fault.object, fault.rule) for fault in found.faults] == [
        ("m:a", "not a valid polygon"),
        ("m:b", "not a polygon"),
        ("m:c", "no height"),
        ("m:d", "an id that stands there twice"),
        ("m:e", "an impossible height"),
    ]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="'levels'"):
        read_outlines(outlines(), prefix="m", key="code", height="levels")


@pytest.mark.parametrize("name", ["CityObjects", "appearance", "metadata"])
@pytest.mark.parametrize("told", [[1], "x", 5])
def test_a_member_of_the_root_that_is_no_object_is_named(name: str, told: Any) -> None:
    with pytest.raises(BadInput, match=f"{name} must be an object") as refused:
        read(city({"h": house()}) | {name: told}, crs="EPSG:4544")
    assert refused.value.where == name
