"""IFC models come in with what they say, at the place that is stated, in metres; what cannot be believed is refused."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from tests.unit.twin.ifc_model import WALL, house

from lifang.core import BadInput, chinese, from_wgs84
from lifang.twin import ModelFile, Placement, read_ifc, read_model

BIM = Path(__file__).parents[3] / "cities" / "chengdu" / "data" / "bim"
OTHER_PROJECT = """#9001=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);
#9002=IFCUNITASSIGNMENT((#9001));
#9003=IFCPROJECT('3dMF2kfQ91yRjuv7a0OESS',$,$,$,$,$,$,$,%s);
"""
PLACE = 'crs = "EPSG:4544"\nposition = [410000.0, 3394000.0]\nheight_m = 500.0\n'
CONVERTED = {"east": "410000."}


@pytest.fixture(scope="module")
def duplex(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    content = (BIM / "duplex_architecture.ifc.gz").read_bytes()
    scratch = tmp_path_factory.mktemp("ifc")
    return read_ifc(content, prefix="duplex", scratch=scratch, placement=Placement.parse(PLACE))


def read(content: bytes, scratch: Path, placement: str = "") -> dict[str, dict[str, Any]]:
    found = read_ifc(content, prefix="m", scratch=scratch, placement=Placement.parse(placement) if placement else None)
    assert list(scratch.iterdir()) == []
    rows = found.rows.to_pylist()
    assert [each["id"] for each in rows] == sorted(each["id"] for each in rows)
    return {each["id"].removeprefix("m:"): each for each in rows}


def corners(row: dict[str, Any]) -> set[tuple[float, ...]]:
    points = shapely.get_coordinates(shapely.from_wkb(row["geometry"][0]["wkb"]), include_z=True)
    x, y = from_wgs84(points[:, 0], points[:, 1], crs="EPSG:4544")
    flat = np.column_stack((x - 410_000, y - 3_394_000, points[:, 2] - 500))
    return {tuple(float(value) + 0.0 for value in np.round(each, 3)) for each in flat}


def box(x: float, y: float, z: float) -> set[tuple[float, ...]]:
    return {(float(a), float(b), float(c)) for a in (0, x) for b in (0, y) for c in (0, z)}


def test_a_wall_in_millimetres_stands_in_metres_where_its_map_conversion_says(tmp_path: Path) -> None:
    wall = read(house(**CONVERTED), tmp_path)[WALL]
    assert corners(wall) == box(4, 0.2, 3)
    assert (wall["class"], wall["category"], wall["level"]) == ("BuildingConstructiveElement", "projects", 6)
    assert wall["name"] == "墙 1"


def test_a_conversion_turns_the_model_from_grid_east(tmp_path: Path) -> None:
    wall = read(house(abscissa="0.", ordinate="1."), tmp_path)[WALL]
    assert corners(wall) == {(-y + 0.0, x, z) for x, y, z in box(4, 0.2, 3)}


def test_a_placement_file_decides_whatever_the_model_says(tmp_path: Path) -> None:
    content = house(latitude="(41,52,27,840000)", longitude="(-87,-38,-21,-839999)", at="1000.,2000.,0.")
    wall = read(content, tmp_path, PLACE + "rotation_deg = 90\norigin = [1.0, 2.0, 0.0]")[WALL]
    assert corners(wall) == {(-y + 0.0, x, z) for x, y, z in box(4, 0.2, 3)}


def test_a_placement_in_degrees_stands_there_in_metres(tmp_path: Path) -> None:
    wall = read(house(), tmp_path, 'crs = "EPSG:4490"\nposition = [104.06, 30.66]')[WALL]
    assert (wall["west"], wall["south"]) == pytest.approx((104.06, 30.66), abs=1e-8)
    assert shapely.from_wkb(wall["geometry"][0]["wkb"]).bounds[3] - 30.66 == pytest.approx(0.2 / 110_860, rel=1e-3)


def test_properties_are_in_si_units_and_tell_materials_and_systems(tmp_path: Path) -> None:
    told = json.loads(read(house(**CONVERTED), tmp_path)[WALL]["properties"])
    assert told["Pset_WallCommon"] == {"Width": 0.2, "Slope": 90.0, "IsExternal": True}
    assert told["Qto_WallBaseQuantities"] == {"Length": 4.0, "NetSideArea": 12.0}
    assert (told["ifc_class"], told["materials"], told["groups"]) == ("IfcWall", ["Brick"], ["Lighting"])


def test_the_spatial_tree_leads_from_the_wall_up_to_the_project(tmp_path: Path) -> None:
    found = read(house(**CONVERTED), tmp_path)
    line, each = [], found[WALL]
    while each["parent"]:
        each = found[each["parent"].removeprefix("m:")]
        line.append(each["class"])
    assert line == ["BuildingStorey", "Building", "LandUse", "CityObjectGroup"]
    assert json.loads(found["3$WU4A9R19$vKWO$AdOnKA"]["properties"])["Elevation"] == 1.5
    system = next(each for each in found.values() if each["name"] == "Lighting")
    assert (system["class"], system["west"]) == ("CityObjectGroup", found[WALL]["west"])


@pytest.mark.parametrize(
    ("content", "placement", "words"),
    [
        (house(), "", "no IfcMapConversion"),
        (house(latitude="(41,52,27,840000)", longitude="(-87,-38,-21,-839999)"), "", "41.8744 N -87.6394 E"),
        (house(scale="1."), "", "kilometres away"),
        (house(scale="$"), "", "kilometres away"),
        (house(east="0.", north="0."), "", "nobody filled them in"),
        (house(crs="local"), "", "names no EPSG code"),
        (house(latitude="(41,52,27)", longitude="(-87,-38,-21)", **CONVERTED), "", "km away"),
        (house(at="410000000.,3394000000.,0.", **CONVERTED), "", "from its own origin"),
        (house(), 'crs = "EPSG:4326"\nposition = [0, 0]', "0 N 0 E"),
        (house(), 'crs = "EPSG:4544"\nposition = [3394000.0, 410000.0]', "kilometres outside"),
        (house(), "position = [1, 2]", "names no coordinate system"),
        (house(), 'crs = "EPSG:4544"', "2 finite numbers"),
        (house(), 'crs = "EPSG:4544"\nposition = [410000, inf]', "2 finite numbers"),
        (house(), "crs", "not TOML"),
        (house(), PLACE + "turn = 3", "no key of a placement"),
        (house().replace(b"'IFC4'", b"'IFC1X9'"), PLACE, "cannot be read"),
        (house()[:600], PLACE, "ends too early"),
        (house().replace(b"IFCPROJECT(", b"IFCPROXY("), PLACE, ""),
        (house(more=OTHER_PROJECT % "#9002"), PLACE, "their units differ"),
        (b"ISO-10303-21;" + bytes(range(256)) * 40, PLACE, ""),
    ],
)  # fmt: skip
def test_a_model_that_stands_nowhere_is_refused_with_its_reason(
    content: bytes, placement: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as caught:
        read(content, tmp_path, placement)
    assert words in caught.value.what
    assert caught.value.mend
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "made", "where"),
    [
        ("#5=IFCUNITASSIGNMENT((#2,#3,#4))", "#5=IFCUNITASSIGNMENT($)", "#5 IfcUnitAssignment.Units"),
        ("#5=IFCUNITASSIGNMENT((#2,#3,#4))", "#5=IFCUNITASSIGNMENT((0.5))", "#5 IfcUnitAssignment.Units"),
    ],
)
def test_a_model_that_cannot_be_read_for_its_schema_is_told_where_it_breaks_it(
    given: str, made: str, where: str, tmp_path: Path
) -> None:
    content = house().replace(given.encode(), made.encode())
    assert content != house()
    with pytest.raises(BadInput) as caught:
        read(content, tmp_path, PLACE)
    assert caught.value.where == where
    assert chinese(caught.value.what)
    assert chinese(caught.value.mend)


def test_a_project_without_a_unit_of_length_is_told(tmp_path: Path) -> None:
    content = house().replace(b"IFCUNITASSIGNMENT((#2,#3,#4))", b"IFCUNITASSIGNMENT((#3,#4))")
    (told,) = read_ifc(content, prefix="m", scratch=tmp_path, placement=Placement.parse(PLACE)).faults
    assert (told.rule, told.where) == ("schema", "IfcProject")
    assert "metres are taken" in told.what
    assert all(told.in_chinese.values())


MAPPED = """#9001=IFCMAPPEDITEM($,$);
#9002=IFCSHAPEREPRESENTATION(#10,'Body','MappedRepresentation',(#9001));
#9003=IFCPRODUCTDEFINITIONSHAPE($,$,(#9002));
#9004=IFCFURNITURE('2G17HB5orFmhdpTVYmbgKL',$,'Desk',$,$,$,#9003,$,$);
#9005=IFCPERSON('Jon','Jon',$,$,$,$,$,$);
#9006=IFCRELAGGREGATES('2G17HB5orFmhdpTVYmbgKM',$,$,$,#9005,(#9004));
"""


def test_an_object_whose_map_maps_nothing_and_whose_whole_is_a_person_is_left_out_alone(tmp_path: Path) -> None:
    whole, found = (
        read_ifc(content, prefix="m", scratch=tmp_path, placement=Placement.parse(PLACE))
        for content in (house(), house(more=MAPPED))
    )
    assert found.rows.equals(whole.rows)
    assert "m:2G17HB5orFmhdpTVYmbgKL" in {each.object for each in found.faults if each.rule == "geometry"}


def test_a_second_project_that_tells_no_units_is_told(tmp_path: Path) -> None:
    one, two = (
        read_ifc(content, prefix="m", scratch=tmp_path, placement=Placement.parse(PLACE))
        for content in (house(), house(more=OTHER_PROJECT % "$"))
    )
    assert two.rows.equals(one.rows)
    (told,) = [each for each in two.faults if each not in one.faults]
    assert (told.rule, told.severity, told.where) == ("schema", "warning", "IfcProject")
    assert "this one has 2" in told.what
    assert all(told.in_chinese.values())


def test_one_object_far_from_all_others_is_named(tmp_path: Path) -> None:
    far = (
        "#80=IFCCARTESIANPOINT((90000000.,0.,0.));\n#81=IFCAXIS2PLACEMENT3D(#80,$,$);\n"
        "#82=IFCLOCALPLACEMENT(#20,#81);\n#83=IFCWALL('5$WU4A9R19$vKWO$AdOnKA',$,'far',$,$,#82,#39,$,$);\n"
        "#84=IFCWALL('6$WU4A9R19$vKWO$AdOnKA',$,'near',$,$,#32,#39,$,$);\n"
    )
    with pytest.raises(BadInput, match=r"90\.0 km from the rest") as caught:
        read(house(more=far), tmp_path, PLACE)
    assert caught.value.where == "5$WU4A9R19$vKWO$AdOnKA"


def test_a_placement_belongs_to_ifc_alone(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="stands where it says"):
        read_model(b'{"type": "CityJSON"}', prefix="m", scratch=tmp_path, placement=Placement.parse(PLACE))


def test_the_duplex_comes_in_whole(duplex: ModelFile) -> None:
    assert Counter(duplex.rows["class"].to_pylist()) == {
        "BuildingConstructiveElement": 149, "BuildingFurniture": 61, "BuildingRoom": 21, "BuildingInstallation": 8,
        "BuildingStorey": 4, "Building": 1, "LandUse": 1, "CityObjectGroup": 1,
    }  # fmt: skip
    assert not [each for each in duplex.faults if each.severity == "error"]


def test_rooms_are_as_large_as_the_model_says_of_them(duplex: ModelFile) -> None:
    rooms = [each for each in duplex.rows.to_pylist() if each["class"] == "BuildingRoom"]
    wrong = {}
    for each in rooms:
        parts = shapely.get_parts(shapely.from_wkb(each["geometry"][0]["wkb"]))
        points = shapely.get_coordinates(parts, include_z=True).reshape(-1, 4, 3)[:, :3]
        x, y = from_wgs84(points[..., 0].ravel(), points[..., 1].ravel(), crs="EPSG:4544")
        flat = np.stack((x.reshape(-1, 3), y.reshape(-1, 3), points[..., 2]), axis=2) - (410_000, 3_394_000, 500)
        volume = np.einsum("ij,ij->i", flat[:, 0], np.cross(flat[:, 1], flat[:, 2])).sum() / 6
        said = json.loads(each["properties"])["PSet_Revit_Dimensions"].get("Volume")
        if said is None or abs(volume / said - 1) > 1e-3:
            wrong[each["name"]] = (round(float(volume), 2), said)
    assert wrong == {}


def test_reading_twice_gives_the_same_rows(duplex: ModelFile, tmp_path: Path) -> None:
    content = gzip.decompress((BIM / "duplex_architecture.ifc.gz").read_bytes())
    again = read_ifc(content, prefix="duplex", scratch=tmp_path, placement=Placement.parse(PLACE))
    assert again.rows.equals(duplex.rows)
    assert again.faults == duplex.faults
