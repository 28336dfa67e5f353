"""What other people's models hold beside walls with materials: none of it stops the rest, none is lost unsaid."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.twin.ifc_model import WALL, house
from tests.unit.twin.test_writing_ifc import written

from lifang.twin import ModelFile, Placement, read_ifc

PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
PROXY, NOTE, AIR = "5$WU4A9R19$vKWO$AdOnKA", "6$WU4A9R19$vKWO$AdOnKA", "7$WU4A9R19$vKWO$AdOnKA"
ODD = f"""#100=IFCPROXY('{PROXY}',$,'Tank',$,$,#32,#39,.PRODUCT.,$);
#101=IFCANNOTATION('{NOTE}',$,'Note',$,$,#32,#39);
#102=IFCWALL('{AIR}',$,'Cavity wall',$,$,#32,#39,$,$);
#103=IFCMATERIALLAYER(#60,110.,$,$,$,$,$);
#104=IFCMATERIALLAYER($,50.,.T.,'Air',$,$,$);
#105=IFCMATERIALLAYERSET((#103,#104),'Cavity',$);
#106=IFCRELASSOCIATESMATERIAL('0NWU4A9R19$vKWO$AdOnKA',$,$,$,(#102),#105);
#107=IFCRELCONTAINEDINSPATIALSTRUCTURE('0OWU4A9R19$vKWO$AdOnKA',$,$,$,(#100,#101,#102),#23);
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    content = house(more=ODD).replace(b"'House',$,$,$,$,(#10)", b"'House','A house','home','Court',$,(#10)")
    return read_ifc(content, prefix="m", scratch=tmp_path_factory.mktemp("odd"), placement=PLACE)


def rows(found: ModelFile) -> dict[str, dict[str, Any]]:
    return {
        each["id"].removeprefix("m:"): each | {"properties": json.loads(each["properties"])}
        for each in found.rows.to_pylist()
    }


def test_a_layer_of_air_has_no_material_and_stops_nothing(odd: ModelFile) -> None:
    assert rows(odd)[AIR]["properties"]["materials"] == ["Brick"]


def test_a_proxy_is_kept_and_a_note_is_told_of(odd: ModelFile) -> None:
    found = rows(odd)
    assert found[PROXY]["geometry"][0]["wkb"] == found[WALL]["geometry"][0]["wkb"]
    assert found[PROXY]["class"] == "BuildingInstallation"
    assert NOTE not in found
    (told,) = (each for each in odd.faults if each.rule == "left out")
    assert (told.object, told.where, told.severity) == (f"m:{NOTE}", "IfcAnnotation", "warning")


def test_a_project_is_written_with_all_that_it_says_and_classes_that_ifc_4_lacks_keep_their_id(
    odd: ModelFile, tmp_path: Path
) -> None:
    newer = odd.rows.to_pylist()
    for each in newer:
        each["properties"] = each["properties"].replace('"IfcProxy"', '"IfcBuiltElement"')
    told = ModelFile(odd.rows.from_pylist(newer, odd.rows.schema), ())
    after = rows(read_ifc(written(told, tmp_path / "out.ifc"), prefix="m", scratch=tmp_path))
    project = "0$WU4A9R19$vKWO$AdOnKA"
    assert after[project]["properties"] == rows(odd)[project]["properties"]
    assert after[project]["properties"]["Description"] == "A house"
    assert after[PROXY]["properties"]["ObjectType"] == "IfcBuiltElement"
    assert after[PROXY]["geometry"]
