"""What other people's models hold beside walls with materials: none of it stops the rest, none is lost unsaid."""

import json
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.validate
import numpy as np
import pytest
import shapely
from tests.unit.twin.ifc_model import WALL as NO_GUID
from tests.unit.twin.ifc_model import house
from tests.unit.twin.test_reading import city
from tests.unit.twin.test_reading import house as house_of_surfaces
from tests.unit.twin.test_writing_ifc import written

from lifang.core import from_wgs84
from lifang.twin import ModelFile, Placement, read_cityjson, read_ifc
from lifang.twin.reading.ifc.associated import documents, materials

PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
_TEXTS = ("address", "material_layers")  # lists of mappings come back as texts of JSON
PROJECT, BUILDING = "0$WU4A9R19$vKWO$AdOnKA", "2$WU4A9R19$vKWO$AdOnKA"
WALL = "24WU4A9R19$vKWO$AdOnKA"
PROXY, NOTE, AIR, DOOR, PIPE, NEXT, CABLE, MARK = (f"2{each}WU4A9R19$vKWO$AdOnKA" for each in "5678ABCD")
ODD = f"""#100=IFCPROXY('{PROXY}',$,'Tank',$,$,#32,#39,.PRODUCT.,$);
#101=IFCANNOTATION('{NOTE}',$,'Note',$,$,#32,#39);
#102=IFCWALL('{AIR}',$,'Cavity wall',$,$,#32,#39,$,$);
#103=IFCMATERIALLAYER(#60,110.,$,$,$,$,$);
#104=IFCMATERIALLAYER($,50.,.T.,'Air',$,$,$);
#105=IFCMATERIALLAYERSET((#103,#104),'Cavity',$);
#106=IFCRELASSOCIATESMATERIAL('0NWU4A9R19$vKWO$AdOnKA',$,$,$,(#102),#105);
#107=IFCRELCONTAINEDINSPATIALSTRUCTURE('0OWU4A9R19$vKWO$AdOnKA',$,$,$,(#100,#101,#102,#110,#160,#161,#210,#211),#23);
#110=IFCDOOR('{DOOR}',$,'Door',$,'Oak',#32,#39,'D-1',2100.,900.,$,.SINGLE_SWING_LEFT.,$);
#111=IFCDOORTYPE('0PWU4A9R19$vKWO$AdOnKA',$,'Oak 900','oak',$,(#112,#120),$,'T','Leaf',.DOOR.,.SINGLE_SWING_LEFT.,$,$);
#112=IFCDOORLININGPROPERTIES('0QWU4A9R19$vKWO$AdOnKA',$,$,$,100.,50.,$,$,$,$,$,$,$,$,$,$,$);
#113=IFCRELDEFINESBYTYPE('0RWU4A9R19$vKWO$AdOnKA',$,$,$,(#110),#111);
#114=IFCPROPERTYBOUNDEDVALUE('Opening',$,IFCLENGTHMEASURE(900.),$,$,IFCLENGTHMEASURE(450.));
#115=IFCPROPERTYTABLEVALUE('Leakage',$,(IFCLENGTHMEASURE(10.),IFCLENGTHMEASURE(20.)),(IFCREAL(1.),IFCREAL(2.5)),$,$,$,$);
#116=IFCPROPERTYREFERENCEVALUE('Maker',$,$,#117);
#117=IFCORGANIZATION('o-1','Doors & Co.',$,$,$);
#120=IFCPROPERTYSET('0SWU4A9R19$vKWO$AdOnKA',$,'Pset_Odd',$,(#114,#115,#116));
#140=IFCCONVERSIONBASEDUNIT(#141,.MASSUNIT.,'POUND',#142);
#141=IFCDIMENSIONALEXPONENTS(0,1,0,0,0,0,0);
#142=IFCMEASUREWITHUNIT(IFCMASSMEASURE(0.45359237),#143);
#143=IFCSIUNIT(*,.MASSUNIT.,.KILO.,.GRAM.);
#144=IFCDERIVEDUNIT((#145,#146),.MASSDENSITYUNIT.,$,$);
#145=IFCDERIVEDUNITELEMENT(#140,1);
#146=IFCDERIVEDUNITELEMENT(#147,-3);
#147=IFCCONVERSIONBASEDUNIT(#148,.LENGTHUNIT.,'FOOT',#149);
#148=IFCDIMENSIONALEXPONENTS(1,0,0,0,0,0,0);
#149=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(304.8),#2);
#150=IFCSIUNIT(*,.POWERUNIT.,.KILO.,.WATT.);
#151=IFCELEMENTQUANTITY('0ZWU4A9R19$vKWO$AdOnKA',$,'Qto_Odd',$,$,(#152,#153));
#152=IFCQUANTITYWEIGHT('Gross',$,$,100.,$);
#153=IFCQUANTITYWEIGHT('Net',$,#143,40.,$);
#154=IFCPROPERTYSET('1UWU4A9R19$vKWO$AdOnKA',$,'Pset_Units',$,(#155,#156));
#155=IFCPROPERTYSINGLEVALUE('Density',$,IFCMASSDENSITYMEASURE(62.427960576),$);
#156=IFCPROPERTYSINGLEVALUE('Drive',$,IFCPOWERMEASURE(1.5),$);
#157=IFCRELDEFINESBYPROPERTIES('1VWU4A9R19$vKWO$AdOnKA',$,$,$,(#110),#151);
#158=IFCRELDEFINESBYPROPERTIES('1WWU4A9R19$vKWO$AdOnKA',$,$,$,(#110),#154);
#121=IFCCLASSIFICATION($,$,$,'Uniclass',$,$,$);
#122=IFCCLASSIFICATIONREFERENCE($,'Ss_25','Walls and doors',#121,$,$);
#123=IFCCLASSIFICATIONREFERENCE($,'Ss_25_30','Doors',#122,$,$);
#124=IFCRELASSOCIATESCLASSIFICATION('0TWU4A9R19$vKWO$AdOnKA',$,$,$,(#111,#110),#123);
#125=IFCDOCUMENTREFERENCE('https://example.org/d1.pdf','D1','Leaflet',$,$);
#126=IFCRELASSOCIATESDOCUMENT('0UWU4A9R19$vKWO$AdOnKA',$,$,$,(#111),#125);
#130=IFCREPRESENTATIONMAP(#7,#38);
#131=IFCLAMPTYPE('0VWU4A9R19$vKWO$AdOnKA',$,'Lamp',$,$,$,(#130),$,$,.LED.);
#132=IFCPROJECTLIBRARY('0WWU4A9R19$vKWO$AdOnKA',$,'Lamps',$,$,$,$,$,$);
#133=IFCRELDECLARES('0XWU4A9R19$vKWO$AdOnKA',$,$,$,#1,(#132));
#134=IFCRELDECLARES('0YWU4A9R19$vKWO$AdOnKA',$,$,$,#132,(#131));
#127=IFCPRESENTATIONLAYERASSIGNMENT('A-WALL',$,(#38),$);
#160=IFCPIPESEGMENT('{PIPE}',$,'Pipe',$,$,#32,#39,$,$);
#161=IFCPIPESEGMENT('{NEXT}',$,'Next',$,$,#32,#39,$,$);
#162=IFCDISTRIBUTIONPORT('25AU4A9R19$vKWO$AdOnKA',$,$,$,$,$,$,.SOURCE.,.PIPE.,$);
#163=IFCDISTRIBUTIONPORT('25BU4A9R19$vKWO$AdOnKA',$,$,$,$,$,$,.SINK.,.PIPE.,$);
#164=IFCRELNESTS('25CU4A9R19$vKWO$AdOnKA',$,$,$,#160,(#162));
#165=IFCRELNESTS('25DU4A9R19$vKWO$AdOnKA',$,$,$,#161,(#163));
#166=IFCRELCONNECTSPORTS('25EU4A9R19$vKWO$AdOnKA',$,$,$,#162,#163,$);
#167=IFCMATERIALPROFILE('Wall',$,#60,#189,$,'bearing');
#189=IFCCIRCLEPROFILEDEF(.AREA.,'DN80',$,40.);
#168=IFCMATERIALPROFILESET($,$,(#167),$);
#169=IFCRELASSOCIATESMATERIAL('25FU4A9R19$vKWO$AdOnKA',$,$,$,(#160),#168);
#170=IFCMATERIAL('Sand',$,$);
#171=IFCMATERIALCONSTITUENT('Rest',$,#60,0.25,$);
#172=IFCMATERIALCONSTITUENT($,$,#170,0.75,'filling');
#173=IFCMATERIALCONSTITUENTSET('Mix',$,(#171,#172));
#174=IFCRELASSOCIATESMATERIAL('25GU4A9R19$vKWO$AdOnKA',$,$,$,(#161),#173);
#175=IFCDIMENSIONALEXPONENTS(0,0,0,0,1,0,0);
#176=IFCSIUNIT(*,.THERMODYNAMICTEMPERATUREUNIT.,$,.KELVIN.);
#177=IFCMEASUREWITHUNIT(IFCTHERMODYNAMICTEMPERATUREMEASURE(1.8),#176);
#178=IFCCONVERSIONBASEDUNITWITHOFFSET(#175,.THERMODYNAMICTEMPERATUREUNIT.,'FAHRENHEIT',#177,-459.67);
#179=IFCMEASUREWITHUNIT(IFCTHERMODYNAMICTEMPERATUREMEASURE(0.5555555555555556),#176);
#180=IFCCONVERSIONBASEDUNITWITHOFFSET(#175,.THERMODYNAMICTEMPERATUREUNIT.,'FAHRENHEIT',#179,255.3722222222222);
#181=IFCSIUNIT(*,.THERMODYNAMICTEMPERATUREUNIT.,$,.DEGREE_CELSIUS.);
#182=IFCPROPERTYSET('25HU4A9R19$vKWO$AdOnKA',$,'Pset_Warm',$,(#183,#184,#185,#186,#188));
#183=IFCPROPERTYSINGLEVALUE('Project',$,IFCTHERMODYNAMICTEMPERATUREMEASURE(68.),$);
#184=IFCPROPERTYSINGLEVALUE('Other',$,IFCTHERMODYNAMICTEMPERATUREMEASURE(68.),#180);
#185=IFCPROPERTYSINGLEVALUE('Kelvin',$,IFCTHERMODYNAMICTEMPERATUREMEASURE(293.15),#176);
#186=IFCPROPERTYSINGLEVALUE('Celsius',$,IFCTHERMODYNAMICTEMPERATUREMEASURE(20.),#181);
#187=IFCRELDEFINESBYPROPERTIES('25IU4A9R19$vKWO$AdOnKA',$,$,$,(#160),#182);
#188=IFCPROPERTYSINGLEVALUE('Cold',$,IFCTHERMODYNAMICTEMPERATUREMEASURE(-459.67),$);
#190=IFCDOCUMENTINFORMATION('D-9','Manual',$,'https://example.org/m.pdf','Use',$,$,'B',$,$,$,$,$,$,$,.PUBLIC.,.FINAL.);
#191=IFCRELASSOCIATESDOCUMENT('25JU4A9R19$vKWO$AdOnKA',$,$,$,(#161),#190);
#192=IFCCARTESIANPOINT((1000.,0.,0.));
#193=IFCPOLYLINE((#6,#192));
#194=IFCSHAPEREPRESENTATION(#11,'Axis','Curve3D',(#193));
#195=IFCREPRESENTATIONMAP(#7,#194);
#196=IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,#192,2.,$);
#197=IFCMAPPEDITEM(#195,#196);
#198=IFCSHAPEREPRESENTATION(#11,'Axis','MappedRepresentation',(#197));
#199=IFCPRODUCTDEFINITIONSHAPE($,$,(#198));
#210=IFCCABLESEGMENT('{CABLE}',$,'Cable',$,$,#32,#199,$,$);
#211=IFCANNOTATION('25KU4A9R19$vKWO$AdOnKA',$,'Survey',$,$,#32,$);
#212=IFCSHAPEREPRESENTATION(#11,'Body','Point',(#192));
#213=IFCPRODUCTDEFINITIONSHAPE($,$,(#212));
#214=IFCANNOTATION('{MARK}',$,'Mark',$,$,#32,#213);
#215=IFCRELNESTS('25LU4A9R19$vKWO$AdOnKA',$,$,$,#211,(#214));
#128=IFCPOSTALADDRESS(.SITE.,$,$,$,('\\X2\\5929\\X0\\ Road 8'),$,'Chengdu',$,'610000','CN');
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    content = house(more=ODD).replace(b"'House',$,$,$,$,(#10)", b"'House','A house','home','Court',$,(#10)")
    content = content.replace(b"#20,$,$,.ELEMENT.,$,$,$);", b"#20,$,$,.ELEMENT.,12000.,$,#128);")
    assert b"IFCUNITASSIGNMENT((#2," in content
    content = content.replace(b"IFCUNITASSIGNMENT((", b"IFCUNITASSIGNMENT((#140,#144,#150,#178,")
    content = content.replace(NO_GUID.encode(), WALL.encode())
    return read_ifc(content, prefix="m", scratch=tmp_path_factory.mktemp("odd"), placement=PLACE)


def rows(found: ModelFile) -> dict[str, dict[str, Any]]:
    return {
        each["id"].removeprefix("m:"): each | {"properties": json.loads(each["properties"])}
        for each in found.rows.to_pylist()
    }


def test_a_layer_of_air_has_no_material_and_stops_nothing(odd: ModelFile) -> None:
    assert rows(odd)[AIR]["properties"]["materials"] == ["Brick"]


def test_a_library_of_types_does_not_make_millimetres_metres(odd: ModelFile) -> None:
    wall = rows(odd)[WALL]
    assert wall["top_m"] - wall["bottom_m"] == pytest.approx(3.0)


def test_a_proxy_is_kept_and_a_note_is_told_of(odd: ModelFile) -> None:
    found = rows(odd)
    assert found[PROXY]["geometry"][0]["wkb"] == found[WALL]["geometry"][0]["wkb"]
    assert found[PROXY]["class"] == "BuildingInstallation"
    assert NOTE not in found
    told = {each.where: each for each in odd.faults if each.rule == "left out"}
    assert sorted(told) == ["IfcAnnotation", "IfcLampType"]
    assert (told["IfcAnnotation"].object, told["IfcAnnotation"].severity) == (f"m:{NOTE}", "warning")
    assert told["IfcLampType"].what.startswith("It is a type that no object is of: the shapes of 1")


def test_what_stands_in_attributes_predefined_sets_and_relations_of_a_type_is_told_in_si_units(odd: ModelFile) -> None:
    told = rows(odd)[DOOR]["properties"]
    assert (told["OverallHeight"], told["OverallWidth"], told["PredefinedType"]) == (2.1, 0.9, "DOOR")
    assert (told["OperationType"], told["ElementType"]) == ("SINGLE_SWING_LEFT", "Leaf")
    assert (told["type"], told["ObjectType"], "Description" in told) == ("Oak 900", "Oak", False)
    assert told["IfcDoorLiningProperties"] == {"LiningDepth": 0.1, "LiningThickness": 0.05}
    assert told["Pset_Odd"] == {
        "Opening": {"upper": 0.9, "lower": None, "set_point": 0.45},
        "Leakage": {"defining": [0.01, 0.02], "defined": [1.0, 2.5]},
        "Maker": {"Name": "Doors & Co.", "Identification": "o-1"},
    }
    assert told["classifications"] == [{"system": "Uniclass", "code": "Ss_25_30", "name": "Doors"}]
    leaflet = {"Name": "Leaflet", "Location": "https://example.org/d1.pdf", "Identification": "D1"}
    assert (told["documents"], told["layers"]) == ([leaflet], ["A-WALL"])
    building = rows(odd)[BUILDING]["properties"]
    address = {"Purpose": "SITE", "AddressLines": ["天 Road 8"], "Town": "Chengdu"}
    assert building["address"] == [address | {"PostalCode": "610000", "Country": "CN"}]
    assert building["ElevationOfRefHeight"] == 12.0
    layers = [{"material": "Brick", "thickness_m": 0.11}, {"name": "Air", "thickness_m": 0.05}]
    assert rows(odd)[AIR]["properties"]["material_layers"] == layers


def test_masses_and_powers_in_pounds_and_kilowatts_are_told_in_kilograms_and_watts(odd: ModelFile) -> None:
    told = rows(odd)[DOOR]["properties"]
    assert told["Qto_Odd"] == {"Gross": pytest.approx(45.359237, rel=1e-12), "Net": 40.0}
    assert told["Pset_Units"] == {"Density": pytest.approx(1000.0, rel=1e-9), "Drive": 1500.0}


def test_temperatures_in_any_unit_are_told_in_degrees_celsius(odd: ModelFile) -> None:
    warm = rows(odd)[PIPE]["properties"]["Pset_Warm"]
    assert warm.pop("Cold") == pytest.approx(-273.15)
    assert warm == {name: pytest.approx(20.0, abs=1e-9) for name in ("Project", "Other", "Kelvin", "Celsius")}


def test_profiles_shares_of_materials_and_what_ports_connect_are_told(odd: ModelFile) -> None:
    pipe, following = (rows(odd)[own]["properties"] for own in (PIPE, NEXT))
    wall = {"name": "Wall", "material": "Brick", "profile": "DN80", "category": "bearing"}
    assert pipe["material_profiles"] == [wall]
    rest, sand = {"name": "Rest", "material": "Brick", "fraction": 0.25}, {"material": "Sand", "fraction": 0.75}
    assert following["material_constituents"] == [rest, sand | {"category": "filling"}]
    assert (pipe["materials"], following["materials"]) == (["Brick"], ["Brick", "Sand"])
    assert (pipe["connected_to"], following["connected_to"]) == ([NEXT], [PIPE])


def test_a_curve_that_is_mapped_stands_where_the_map_brings_it(odd: ModelFile) -> None:
    (shape,) = rows(odd)[CABLE]["geometry"]
    lon, lat, height = shapely.get_coordinates(shapely.from_wkb(shape["wkb"]), include_z=True).T
    x, y = from_wgs84(lon, lat, crs="EPSG:4544")
    assert np.round(np.column_stack((x, y, height)), 6).tolist() == [
        [410_001, 3_394_000, 500],
        [410_003, 3_394_000, 500],
    ]


def test_what_is_part_of_something_that_is_left_out_is_part_of_the_next_whole(odd: ModelFile) -> None:
    assert rows(odd)[MARK]["parent"] == "m:3$WU4A9R19$vKWO$AdOnKA"


def test_all_of_it_comes_out_as_ifc_and_in_again(odd: ModelFile, tmp_path: Path) -> None:
    found = read_ifc(written(odd, tmp_path / "out.ifc"), prefix="m", scratch=tmp_path)
    before, after = rows(odd), rows(found)
    assert list(after) == list(before)
    for own, row in before.items():
        told = row["properties"]
        told.get("Pset_Odd", {}).get("Opening", {}).pop("lower", None)  # nothing is told of it
        assert after[own]["properties"] == told
    model = ifcopenshell.open(tmp_path / "out.ifc")
    assert (model.schema_identifier, model.by_type("IfcMaterialList")) == ("IFC4", ())
    logger = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(model, logger)
    assert logger.statements == []


def test_classes_of_ifc_4_3_stay_and_those_of_no_version_that_is_written_become_proxies(
    odd: ModelFile, tmp_path: Path
) -> None:
    newer = odd.rows.to_pylist()
    for each in newer:
        told = each["properties"].replace('"IfcProxy"', '"IfcBuiltElement"')
        each["properties"] = told.replace('"IfcDoor"', '"IfcElectricDistributionPoint"')
    changed = ModelFile(odd.rows.from_pylist(newer, odd.rows.schema), ())
    after = rows(read_ifc(written(changed, tmp_path / "out.ifc"), prefix="m", scratch=tmp_path))
    model = ifcopenshell.open(tmp_path / "out.ifc")
    assert model.schema_identifier == "IFC4X3_ADD2"
    assert after[PROJECT]["properties"] == rows(odd)[PROJECT]["properties"]
    assert after[PROJECT]["properties"]["Description"] == "A house"
    assert after[PROXY]["properties"]["ifc_class"] == "IfcBuiltElement"
    proxy, door = model.by_guid(DOOR.removeprefix("m:")), after[DOOR]["properties"]
    assert (proxy.is_a(), proxy.ObjectType) == ("IfcBuildingElementProxy", "IfcElectricDistributionPoint")
    assert (door["ifc_class"], door["ObjectType"]) == ("IfcElectricDistributionPoint", "Oak")
    assert after[DOOR]["geometry"]


def test_attributes_of_other_models_may_have_the_names_of_what_ifc_relates(tmp_path: Path) -> None:
    odd = {"type": 3, "materials": "brick", "groups": {"a": 1}, "classifications": ["x"], "ifc_class": 5, "guid": 6}
    odd |= {
        "layers": [1],
        "material_layers": [{}],
        "documents": 0,
        "address": [{"Street": "x"}],
        "Tag": 7,
        "Height": 2.5,
    }
    objects = {"h": house_of_surfaces(attributes=odd), "twenty_two_letters_id_": {"type": "Bridge", "children": ["p"]}}
    objects["p"] = house_of_surfaces(type="BridgePart", parents=["twenty_two_letters_id_"])
    found = read_cityjson(json.dumps(city(objects)).encode(), prefix="m")
    back = read_ifc(written(found, tmp_path / "out.ifc"), prefix="m", scratch=tmp_path)
    before, after = rows(found), rows(back)
    assert set(before) < set(after)
    for own, row in before.items():
        for name in ("class", "category", "name"):
            assert after[own][name] == row[name]
        assert after[own]["parent"] == row["parent"] or not row["parent"]  # then it is part of the project
        left = after[own]["properties"]
        assert {name: str(left.get(name)) for name in row["properties"] if name not in _TEXTS} == {
            name: str(value) for name, value in row["properties"].items() if name not in _TEXTS
        }
    logger = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(ifcopenshell.open(tmp_path / "out.ifc"), logger)
    assert logger.statements == []


def test_a_globalid_of_no_valid_form_stops_nothing(tmp_path: Path) -> None:
    shapes = """#200=IFCBOOLEANRESULT(.DIFFERENCE.,#37,#37);
#201=IFCSHAPEREPRESENTATION(#11,'Body','CSG',(#200));
#202=IFCPRODUCTDEFINITIONSHAPE($,$,(#201));
#203=IFCPLATE('Plate1',$,'Nothing',$,$,#32,#202,$,$);
#204=IFCCARTESIANPOINT((0.,5000.,0.));
#205=IFCAXIS2PLACEMENT3D(#204,$,$);
#206=IFCEXTRUDEDAREASOLID(#35,#205,#36,1000.);
#207=IFCSHAPEREPRESENTATION(#11,'Body','SweptSolid',(#37,#206));
#208=IFCPRODUCTDEFINITIONSHAPE($,$,(#207));
#209=IFCPLATE('Plate2',$,'Two',$,$,#32,#208,$,$);
#210=IFCRELCONTAINEDINSPATIALSTRUCTURE('1XWU4A9R19$vKWO$AdOnKA',$,$,$,(#203,#209),#23);
"""
    found = read_ifc(house(more=shapes, east="410000."), prefix="m", scratch=tmp_path)
    assert {"m:Plate2", f"m:{NO_GUID}"} < set(found.rows["id"].to_pylist())
    assert [(each.object, each.what) for each in found.faults if each.severity == "error"] == [
        ("m:Plate1", "Its shape cannot be built, or nothing is left of it where it is cut.")
    ]
    back = read_ifc(written(found, tmp_path / "out.ifc"), prefix="m", scratch=tmp_path)
    before, after = rows(found), rows(back)
    for own, row in before.items():
        for name in ("class", "parent", "properties"):
            assert after[own][name] == row[name]
    assert len(after) == len(before)
    written(back, tmp_path / "again.ifc")
    made = [{each.GlobalId for each in ifcopenshell.open(tmp_path / name).by_type("IfcObjectDefinition")}
            for name in ("out.ifc", "again.ifc")]  # fmt: skip
    assert made[0] == made[1]
    logger = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(ifcopenshell.open(tmp_path / "again.ifc"), logger)
    assert logger.statements == []


def test_documents_of_ifc_2x3_have_the_names_of_ifc_4_and_materials_without_a_name_are_none() -> None:
    model = ifcopenshell.file(schema="IFC2X3")
    wall = model.create_entity("IfcWall", GlobalId=WALL)
    manual = model.create_entity("IfcDocumentInformation", DocumentId="D-1", Name="Manual")
    sheet = model.create_entity("IfcDocumentReference", ItemReference="S-2")
    for each in (manual, sheet):
        model.create_entity("IfcRelAssociatesDocument", RelatedObjects=[wall], RelatingDocument=each)
    nameless = model.create_entity(
        "IfcMaterialList", [model.create_entity("IfcMaterial", each) for each in ("", "Tin")]
    )
    model.create_entity("IfcRelAssociatesMaterial", RelatedObjects=[wall], RelatingMaterial=nameless)
    assert documents(wall, None) == [{"Name": "Manual", "Identification": "D-1"}, {"Identification": "S-2"}]
    assert materials(wall, 1.0) == {"materials": ["Tin"]}
