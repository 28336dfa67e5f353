"""Where one kernel alone gets a shape wrong, others are asked: nothing is there twice, and no cut is left out."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from tests.unit.twin.ifc_model import house

from lifang.core import from_wgs84
from lifang.twin import Placement, read_ifc
from lifang.twin.reading.ifc import voting
from lifang.twin.reading.ifc.meshes import Solid

PLACE = Placement("EPSG:4490", 104.06, 30.66, 0.0)
RAIL, PIE = "25WU4A9R19$vKWO$AdOnKA", "26WU4A9R19$vKWO$AdOnKA"
ODD = f"""#150=IFCSHAPEREPRESENTATION(#11,'Body','SolidModel',(#37,#160));
#151=IFCPRODUCTDEFINITIONSHAPE($,$,(#150,#153));
#152=IFCBUILDINGELEMENTPROXY('{RAIL}',$,'Rail on a wall',$,$,#32,#151,$,$);
#153=IFCSHAPEREPRESENTATION(#11,'Axis','Curve3D',(#161));
#160=IFCSWEPTDISKSOLID(#161,50.,$,$,$);
#161=IFCPOLYLINE((#162,#163));
#162=IFCCARTESIANPOINT((0.,-500.,0.));
#163=IFCCARTESIANPOINT((0.,-500.,1000.));
#170=IFCSHAPEREPRESENTATION(#11,'Body','SweptSolid',(#171));
#173=IFCPRODUCTDEFINITIONSHAPE($,$,(#170));
#174=IFCBUILDINGELEMENTPROXY('{PIE}',$,'Slice',$,$,#32,#173,$,$);
#171=IFCEXTRUDEDAREASOLID(#175,#7,#36,100.);
#175=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#176);
#176=IFCCOMPOSITECURVE((#177,#178,#179),.F.);
#177=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#180);
#178=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#181);
#179=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#182);
#183=IFCCARTESIANPOINT((0.,0.));
#184=IFCCARTESIANPOINT((2000.,0.));
#185=IFCCARTESIANPOINT((0.,1000.));
#180=IFCPOLYLINE((#183,#184));
#186=IFCAXIS2PLACEMENT2D(#183,$);
#187=IFCELLIPSE(#186,2000.,1000.);
#181=IFCTRIMMEDCURVE(#187,(IFCPARAMETERVALUE(0.)),(IFCPARAMETERVALUE(1.5707963267948966)),.T.,.PARAMETER.);
#182=IFCPOLYLINE((#185,#183));
"""


def volume(row: dict[str, Any]) -> float:
    points = shapely.get_coordinates(shapely.from_wkb(row["geometry"][0]["wkb"]), include_z=True)
    x, y = from_wgs84(points[:, 0], points[:, 1], crs="EPSG:4544")
    corner = (np.column_stack((x, y, points[:, 2])) - (x[0], y[0], points[0, 2])).reshape(-1, 4, 3)[:, :3]
    return float(np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6)


def test_of_several_items_none_is_there_twice_and_an_arc_closes(tmp_path: Path) -> None:
    found = read_ifc(house(more=ODD), prefix="m", scratch=tmp_path, placement=PLACE)
    rows = {each["id"].removeprefix("m:"): each for each in found.rows.to_pylist()}
    assert volume(rows[RAIL]) == pytest.approx(4 * 0.2 * 3 + np.pi * 0.05**2, rel=0.002)
    assert volume(rows[PIE]) == pytest.approx(np.pi * 2 * 1 / 4 * 0.1, rel=0.005)
    assert [each for each in found.faults if each.rule == "closedness"] == []


def block(height: float, *, closed: bool = True) -> Solid:
    corner = np.array([(x, y, z) for z in (0, height) for y in (0, 1) for x in (0, 1)], np.float64)
    faces = [(0, 2, 3), (0, 3, 1), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4), (1, 3, 7), (1, 7, 5)]
    faces += [(3, 2, 6), (3, 6, 7), (2, 0, 4), (2, 4, 6)]
    triangle = np.array(faces[: None if closed else -1])
    return Solid("g", corner, triangle, np.full(len(triangle), -1))


@pytest.mark.parametrize(
    ("first", "second", "third", "chosen", "sure"),
    [
        (block(3), block(2), None, 1, False),
        (block(2), block(3), None, 0, False),
        (block(3), block(2), block(2.001), 1, True),
        (block(2, closed=False), block(3), block(1.78), 1, False),
        (block(2, closed=False), block(3), None, 1, False),
        (block(2), None, block(1.5), 0, False),
        (block(2, closed=False), None, None, 0, False),
    ],
)
def test_of_two_closed_shapes_the_one_that_more_is_cut_from_is_taken(
    first: Solid, second: Solid | None, third: Solid | None, chosen: int, sure: bool
) -> None:
    assert voting.most_cut(first, second, third) == ((first, second, third)[chosen], sure)


def test_a_third_that_agrees_with_an_open_one_is_taken_over_one_that_nothing_was_cut_from() -> None:
    opened, whole = block(2, closed=False), block(opened_volume())
    assert voting.most_cut(opened, block(3), whole) == (whole, True)


def opened_volume() -> float:
    return abs(block(2, closed=False).volume_m3())


def test_a_kernel_that_crashes_or_hangs_costs_only_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(products: Any) -> Iterator[Solid]:
        yield block(1)
        os.kill(os.getpid(), signal.SIGKILL)

    def hang(products: Any) -> Iterator[Solid]:
        yield block(1)
        while True:
            pass

    monkeypatch.setattr(voting, "_CPU_S", 0.05)
    for make in (crash, hang):
        assert [each.guid for each in voting.made_apart(make, [])] == ["g"]
