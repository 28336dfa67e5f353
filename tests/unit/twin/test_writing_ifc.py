"""A model that is written as IFC says what it said when it came in: ids, tree, properties, shapes, place."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from tests.unit.twin.ifc_model import WALL, house

from lifang.core import Box, from_wgs84
from lifang.store import OBJECT_COLUMNS
from lifang.twin import ModelFile, Placement, read_ifc, read_outlines
from lifang.twin.tiles import parts_of
from lifang.twin.tiling import content
from lifang.twin.writing import write_ifc

PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
LAMP = """#80=IFCCARTESIANPOINTLIST3D(((0.,0.,0.),(300.,0.,0.),(0.,300.,0.),(0.,0.,300.)));
#81=IFCTRIANGULATEDFACESET(#80,$,.T.,((1,3,2),(1,2,4),(1,4,3),(2,3,4)),$);
#82=IFCSHAPEREPRESENTATION(#11,'Body','Tessellation',(#92,#81));
#83=IFCPRODUCTDEFINITIONSHAPE($,$,(#82));
#84=IFCLIGHTFIXTURE('5$WU4A9R19$vKWO$AdOnKA',$,'Lamp',$,$,#32,#83,'L-7',.POINTSOURCE.);
#87=IFCCOLOURRGB($,1.,0.5,0.);
#88=IFCSURFACESTYLESHADING(#87,$);
#89=IFCSURFACESTYLE('Orange',.BOTH.,(#88));
#90=IFCSTYLEDITEM(#81,(#89),$);
#91=IFCCARTESIANPOINTLIST3D(((400.,0.,0.),(700.,0.,0.),(400.,300.,0.),(400.,0.,300.)));
#92=IFCTRIANGULATEDFACESET(#91,$,.T.,((1,3,2),(1,2,4),(1,4,3),(2,3,4)),$);
#93=IFCCOLOURRGB($,0.,0.5,1.);
#94=IFCSURFACESTYLESHADING(#93,0.8);
#95=IFCSURFACESTYLE('Glass',.BOTH.,(#94));
#96=IFCSTYLEDITEM(#92,(#95),$);
#85=IFCRELCONTAINEDINSPATIALSTRUCTURE('0LWU4A9R19$vKWO$AdOnKA',$,$,$,(#84),#23);
#86=IFCRELASSIGNSTOGROUP('0MWU4A9R19$vKWO$AdOnKA',$,$,$,(#84),$,#62);
"""


def written(found: ModelFile, path: Path, prefix: str = "m") -> bytes:
    rows = found.rows
    for name in [each for each in OBJECT_COLUMNS.names if each not in rows.column_names]:
        rows = rows.append_column(name, pa.nulls(len(rows), OBJECT_COLUMNS.field(name).type))
    write_ifc(path, rows, prefix=prefix, crs="EPSG:4544", moment="2026-01-01T00:00:00Z")
    return path.read_bytes()


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("ifc")
    before = read_ifc(house(more=LAMP), prefix="m", scratch=folder, placement=PLACE)
    after = read_ifc(written(before, folder / "out.ifc"), prefix="m", scratch=folder)
    assert [each for each in after.faults if each.severity == "error"] == []
    return before.rows.to_pylist(), after.rows.to_pylist()


def test_ids_classes_tree_and_properties_are_kept(twice: Any) -> None:
    before, after = twice
    assert len(before) >= 6
    for name in ("id", "class", "name", "parent", "level"):
        assert [each[name] for each in after] == [each[name] for each in before]
    assert [each["properties"] for each in map(_told, after)] == [each["properties"] for each in map(_told, before)]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "properties": json.loads(row["properties"])}


def test_shapes_stand_where_they_stood_to_a_millimetre(twice: Any) -> None:
    shaped = [(one, two) for one, two in zip(*twice, strict=True) if one["geometry"]]
    assert {one["id"] for one, _ in shaped} >= {f"m:{WALL}"}
    for one, two in shaped:
        here, there = (_corners(each["geometry"][0]["wkb"]) for each in (one, two))
        assert here == there


def _rows(told: list[dict[str, Any]]) -> pa.Table:
    some = [each for each in told if each["geometry"]]
    columns = {name: [each.get(name) or "m" for each in some] for name in ("id", "class", "name", "model")}
    columns |= {name: [each[name] for each in some] for name in ("bottom_m", "top_m")}
    geometry = pa.array([each["geometry"] for each in some], OBJECT_COLUMNS.field("geometry").type)
    return pa.table({**columns, "geometry": geometry})


def _corners(wkb: bytes) -> set[tuple[float, ...]]:
    points = shapely.get_coordinates(shapely.from_wkb(wkb), include_z=True)
    x, y = from_wgs84(points[:, 0], points[:, 1], crs="EPSG:4544")
    return {tuple(each) for each in np.round(np.column_stack((x, y, points[:, 2])), 3).tolist()}


def test_colours_are_kept_and_stand_in_the_tiles_face_by_face(twice: Any) -> None:
    faces = [["#0080ff", 4, 0.2], ["#ff8000", 4, 1.0]]
    for rows in twice:
        told = {each["name"]: json.loads(each["geometry"][0]["detail"] or "{}") for each in rows if each["geometry"]}
        assert told.pop("墙 1") == {}
        assert sorted(told["Lamp"]["faces"]) == faces
    whole = content(parts_of(_rows(twice[1]), frozenset()), Box(104.0, 30.0, 104.1, 30.1))
    size = int.from_bytes(whole[12:16], "little")
    document, binary = json.loads(whole[20 : 20 + size]), whole[28 + size :]
    seen = {}
    for primitive in document["meshes"][0]["primitives"]:
        colours, corners = (document["accessors"][primitive["attributes"]["COLOR_0"]], primitive["indices"])
        view, start = document["bufferViews"][colours["bufferView"]], colours["byteOffset"]
        wanted = document["accessors"][corners]
        at = np.frombuffer(binary, "<u2", wanted["count"], document["bufferViews"][wanted["bufferView"]]["byteOffset"])
        first = [start + view["byteOffset"] + int(number) * view["byteStride"] for number in at]
        mode = document["materials"][primitive["material"]].get("alphaMode", "OPAQUE")
        seen[mode] = Counter(binary[each : each + 4].hex() for each in first)
    assert seen["BLEND"] == {"0037ff33": 12}  # in linear light, a fifth opaque
    assert seen["OPAQUE"] == {"ffffffff": 36, "ff3700ff": 12}
    lightened = content(parts_of(_rows(twice[1]), frozenset()), Box(104.0, 30.0, 104.1, 30.1), lighten_m=0.001)
    assert [each in lightened for each in (b"\x00\x37\xff\x33", b"\xff\x37\x00\xff")] == [True, True]


def test_an_outline_becomes_a_building_with_its_yard(tmp_path: Path) -> None:
    yard = shapely.box(104.06, 30.66, 104.0604, 30.6604) - shapely.box(104.0601, 30.6601, 104.0603, 30.6603)
    rows = pa.table({"geometry": [shapely.to_wkb(yard)], "code": ["y"], "floors": [4], "title": ["院"]})
    found = read_outlines(rows, prefix="b", key="code", height="floors", metres_each=3.0, name="title")
    again = read_ifc(written(found, tmp_path / "out.ifc", "b"), prefix="b", scratch=tmp_path).rows.to_pylist()
    (house,) = (each for each in again if each["class"] == "Building")
    assert (house["name"], round(house["top_m"] - house["bottom_m"], 6)) == ("院", 12.0)
    assert '"floors":4' in house["properties"]
    roof = shapely.union_all([each for each in shapely.from_wkb(house["geometry"][0]["wkb"]).geoms
                              if shapely.get_coordinates(each, include_z=True)[:, 2].min() > 11.9])  # fmt: skip
    assert shapely.area(roof) == pytest.approx(yard.area, rel=1e-4)
