"""What of an IFC has no surface is kept where it stands: alignments by closed forms, referents, grids, axes, points."""

import json
from pathlib import Path
from typing import Any

import ifcopenshell
import numpy as np
import pytest
import shapely
from tests.unit.twin.test_writing_ifc import written

from lifang.core import from_wgs84
from lifang.twin import ModelFile, Placement, read_ifc
from lifang.twin.checking import checked
from lifang.twin.reading.ifc.curves import followed
from lifang.twin.reading.ifc.rules import findings

PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
WAY, RAIL, STOP, GRID, TREES, LAID = (f"{n}$WU4A9R19$vKWO$AdOnKA" for n in range(1, 7))
LINE_M, SPIRAL_M, ARC_M, RADIUS_M, SLOPE = 100.0, 60.0, 120.0, 300.0, 0.02
CHORD_M = 0.001


def spiral(along: Any) -> Any:
    """Return points of a clothoid of 60 m that ends with a radius of 300 m, by its power series.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.3.11 and 7.3.13.
    """
    turn = np.asarray(along) ** 2 / (2 * RADIUS_M * SPIRAL_M)
    x = along * (1 - turn**2 / 10 + turn**4 / 216 - turn**6 / 9360)
    y = along * (turn / 3 - turn**3 / 42 + turn**5 / 1320)
    return np.column_stack((LINE_M + x, y))


END = spiral(np.array([SPIRAL_M]))[0]
TURN = SPIRAL_M / (2 * RADIUS_M)
CENTRE = END + RADIUS_M * np.array([-np.sin(TURN), np.cos(TURN)])


def way() -> Any:
    """Return a line, a clothoid and an arc, point by point (n, 2), by closed forms."""
    bend = TURN + np.linspace(0, ARC_M / RADIUS_M, 2001)
    arc = CENTRE + RADIUS_M * np.column_stack((np.sin(bend), -np.cos(bend)))
    return np.concatenate(([(0.0, 0.0)], spiral(np.linspace(0, SPIRAL_M, 1001)), arc))


RISE = np.hypot(1, SLOPE)
LENGTH_M = LINE_M + SPIRAL_M + ARC_M
BODY = f"""#1=IFCPROJECT('0$WU4A9R19$vKWO$AdOnKA',$,'Way',$,$,$,$,(#10),#5);
#2=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#4=IFCSIUNIT(*,.PLANEANGLEUNIT.,$,.RADIAN.);
#5=IFCUNITASSIGNMENT((#2,#4));
#6=IFCCARTESIANPOINT((0.,0.,0.));
#7=IFCAXIS2PLACEMENT3D(#6,$,$);
#8=IFCLOCALPLACEMENT($,#7);
#10=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-05,#7,$);
#11=IFCGEOMETRICREPRESENTATIONSUBCONTEXT('Axis','Model',*,*,*,*,#10,$,.GRAPH_VIEW.,$);
#12=IFCGEOMETRICREPRESENTATIONSUBCONTEXT('FootPrint','Model',*,*,*,*,#10,$,.GRAPH_VIEW.,$);
#20=IFCCARTESIANPOINT((0.,0.));
#21=IFCDIRECTION((1.,0.));
#22=IFCVECTOR(#21,1.);
#23=IFCLINE(#20,#22);
#24=IFCAXIS2PLACEMENT2D(#20,#21);
#25=IFCCURVESEGMENT(.CONTSAMEGRADIENT.,#24,IFCLENGTHMEASURE(0.),IFCLENGTHMEASURE({LINE_M}),#23);
#26=IFCCARTESIANPOINT(({LINE_M},0.));
#27=IFCAXIS2PLACEMENT2D(#26,#21);
#28=IFCCLOTHOID(#24,{(RADIUS_M * SPIRAL_M) ** 0.5:.12f});
#29=IFCCURVESEGMENT(.CONTSAMEGRADIENTSAMECURVATURE.,#27,IFCLENGTHMEASURE(0.),IFCLENGTHMEASURE({SPIRAL_M}),#28);
#30=IFCCARTESIANPOINT(({END[0]:.12f},{END[1]:.12f}));
#31=IFCDIRECTION(({np.cos(TURN):.15f},{np.sin(TURN):.15f}));
#32=IFCAXIS2PLACEMENT2D(#30,#31);
#33=IFCCIRCLE(#24,{RADIUS_M});
#34=IFCCURVESEGMENT(.DISCONTINUOUS.,#32,IFCLENGTHMEASURE(0.),IFCLENGTHMEASURE({ARC_M}),#33);
#35=IFCCOMPOSITECURVE((#25,#29,#34),.F.);
#36=IFCCARTESIANPOINT((0.,10.));
#37=IFCDIRECTION(({1 / RISE:.15f},{SLOPE / RISE:.15f}));
#38=IFCAXIS2PLACEMENT2D(#36,#37);
#39=IFCCURVESEGMENT(.DISCONTINUOUS.,#38,IFCLENGTHMEASURE(0.),IFCLENGTHMEASURE({LENGTH_M * RISE:.12f}),#23);
#40=IFCGRADIENTCURVE((#39),.F.,#35,$);
#41=IFCSHAPEREPRESENTATION(#11,'Axis','Curve3D',(#40));
#42=IFCSHAPEREPRESENTATION(#12,'FootPrint','Curve2D',(#35));
#43=IFCPRODUCTDEFINITIONSHAPE($,$,(#42,#41));
#44=IFCALIGNMENT('{WAY}',$,'Main way',$,$,#8,#43,$);
#45=IFCROAD('0AWU4A9R19$vKWO$AdOnKA',$,'Road',$,$,#8,$,$,$,$);
#46=IFCRELAGGREGATES('0BWU4A9R19$vKWO$AdOnKA',$,$,$,#1,(#44,#45,#90));
#47=IFCRELREFERENCEDINSPATIALSTRUCTURE('0CWU4A9R19$vKWO$AdOnKA',$,$,$,(#44),#45);
#50=IFCPOINTBYDISTANCEEXPRESSION(IFCLENGTHMEASURE({LINE_M + SPIRAL_M}),$,$,$,#40);
#51=IFCAXIS2PLACEMENTLINEAR(#50,$,$);
#52=IFCLINEARPLACEMENT($,#51,$);
#53=IFCREFERENT('{STOP}',$,'0+160',$,$,#52,$,.STATION.);
#54=IFCRELNESTS('0DWU4A9R19$vKWO$AdOnKA',$,$,$,#44,(#53));
#60=IFCCARTESIANPOINT((5.,5.,2.));
#61=IFCAXIS2PLACEMENT3D(#60,$,$);
#62=IFCLOCALPLACEMENT(#8,#61);
#63=IFCCARTESIANPOINTLIST3D(((0.,0.,0.),(3.,0.,4.),(3.,12.,4.)),$);
#64=IFCINDEXEDPOLYCURVE(#63,$,$);
#65=IFCSHAPEREPRESENTATION(#11,'Axis','Curve3D',(#64));
#66=IFCPRODUCTDEFINITIONSHAPE($,$,(#65));
#67=IFCRAIL('{RAIL}',$,'Rail',$,$,#62,#66,$,$);
#70=IFCCARTESIANPOINT((0.,7.));
#71=IFCPOLYLINE((#20,#26));
#72=IFCPOLYLINE((#20,#70));
#73=IFCGRIDAXIS('A',#71,.T.);
#74=IFCGRIDAXIS('1',#72,.T.);
#75=IFCGRID('{GRID}',$,'Grid',$,$,#62,$,(#73),(#74),$,$);
#80=IFCSHAPEREPRESENTATION(#11,'SurveyPoints','PointCloud',(#63));
#81=IFCPRODUCTDEFINITIONSHAPE($,$,(#80));
#82=IFCANNOTATION('{TREES}',$,'Trees',$,$,#62,#81,.SURVEY.);
#90=IFCALIGNMENT('{LAID}',$,'Laid',$,$,#8,$,$);
#91=IFCALIGNMENTHORIZONTAL('0EWU4A9R19$vKWO$AdOnKA',$,$,$,$,#8,$);
#92=IFCALIGNMENTHORIZONTALSEGMENT($,$,#20,0.,{RADIUS_M},{RADIUS_M},{ARC_M},$,.CIRCULARARC.);
#93=IFCALIGNMENTSEGMENT('0FWU4A9R19$vKWO$AdOnKA',$,$,$,$,#8,$,#92);
#94=IFCRELNESTS('0GWU4A9R19$vKWO$AdOnKA',$,$,$,#91,(#93));
#95=IFCRELNESTS('0HWU4A9R19$vKWO$AdOnKA',$,$,$,#90,(#91));
#96=IFCRELCONTAINEDINSPATIALSTRUCTURE('0IWU4A9R19$vKWO$AdOnKA',$,$,$,(#67,#75,#82),#45);
"""


def model() -> bytes:
    """Return a road's alignment, a rail of an axis alone, a referent, a grid, trees of a survey, a laid alignment."""
    head = "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION(('ViewDefinition [Alignment-basedView]'),'2;1');\n"
    head += "FILE_NAME('way.ifc','2026-01-01T00:00:00',(''),(''),'','','');\nFILE_SCHEMA(('IFC4X3_ADD2'));\nENDSEC;\n"
    return f"{head}DATA;\n{BODY}ENDSEC;\nEND-ISO-10303-21;\n".encode()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return checked(read_ifc(model(), prefix="m", scratch=tmp_path_factory.mktemp("ifc"), placement=PLACE))


def rows_of(found: ModelFile) -> dict[str, dict[str, Any]]:
    return {each["id"].removeprefix("m:"): each for each in found.rows.to_pylist()}


def metres(row: dict[str, Any]) -> list[Any]:
    """Return the parts of an object's only shape in metres of the model, (n, 3) each."""
    (shape,) = row["geometry"]
    made = []
    for part in shapely.from_wkb(shape["wkb"]).geoms:
        lon, lat, height = shapely.get_coordinates(part, include_z=True).T
        x, y = from_wgs84(lon, lat, crs="EPSG:4544")
        made.append(np.column_stack((x - 410_000, y - 3_394_000, height - 500)))
    return made


def test_an_alignment_is_its_closed_form_within_the_chord(found: ModelFile) -> None:
    row = rows_of(found)[WAY]
    assert (row["class"], row["name"], row["level"]) == ("Road", "Main way", 4)
    assert json.loads(row["properties"])["ifc_class"] == "IfcAlignment"
    assert [(each["lod"], each["kind"]) for each in row["geometry"]] == [("0", "MultiLineString")]
    (line,) = metres(row)
    told, made = shapely.linestrings(way()), shapely.linestrings(line[:, :2])
    assert shapely.hausdorff_distance(told, made, densify=0.001) < 1.5 * CHORD_M
    assert line[-1, :2] == pytest.approx(way()[-1], abs=1e-5)
    along = LINE_M + SPIRAL_M + ARC_M
    assert (line[0, 2], line[-1, 2]) == pytest.approx((10, 10 + SLOPE * along), abs=1e-6)
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert length == pytest.approx(along * np.hypot(1, SLOPE), rel=1e-5)
    assert len(line) < 200
    arc = line[line[:, 0] > END[0] + 1e-3, :2]
    assert np.abs(np.hypot(*(arc - CENTRE).T) - RADIUS_M).max() < 1e-5


def test_a_referent_stands_along_its_alignment_and_one_without_a_curve_is_laid(found: ModelFile) -> None:
    rows = rows_of(found)
    ((point,),) = metres(rows[STOP])
    assert rows[STOP]["parent"] == f"m:{WAY}"
    assert point == pytest.approx([*END, 10 + SLOPE * (LINE_M + SPIRAL_M)], abs=1e-5)
    (laid,) = metres(rows[LAID])
    turn = ARC_M / RADIUS_M
    assert laid[-1] == pytest.approx([RADIUS_M * np.sin(turn), RADIUS_M * (1 - np.cos(turn)), 0], abs=1e-5)
    told = [
        each.severity for each in found.faults if each.object == f"m:{LAID}" and "laid by its segments" in each.what
    ]
    assert told == ["warning"]


def test_axes_grids_and_surveyed_points_are_kept_where_they_stand(found: ModelFile) -> None:
    rows = rows_of(found)
    kinds = {each: (rows[each]["class"], rows[each]["geometry"][0]["kind"]) for each in (RAIL, GRID, TREES)}
    assert kinds == {
        RAIL: ("OtherConstruction", "MultiLineString"),
        GRID: ("GenericCityObject", "MultiLineString"),
        TREES: ("GenericCityObject", "MultiPoint"),
    }
    (rail,) = metres(rows[RAIL])
    assert rail == pytest.approx(np.array([(5, 5, 2), (8, 5, 6), (8, 17, 6)]), abs=1e-5)
    assert np.concatenate(metres(rows[TREES])) == pytest.approx(rail, abs=1e-5)
    first, second = metres(rows[GRID])
    assert (first[-1], second[-1]) == (pytest.approx([105, 5, 2], abs=1e-5), pytest.approx([5, 12, 2], abs=1e-5))
    assert not [each for each in found.faults if each.severity == "error" or each.rule == "left out"]


def test_ifc_out_and_in_again_keeps_ids_places_and_properties(found: ModelFile, tmp_path: Path) -> None:
    again = read_ifc(written(found, tmp_path / "out.ifc"), prefix="m", scratch=tmp_path)
    before, after = rows_of(found), rows_of(again)
    for each in (WAY, RAIL, STOP, GRID, TREES, LAID):
        for one, other in zip(metres(before[each]), metres(after[each]), strict=True):
            assert one == pytest.approx(other, abs=2e-6)
        assert json.loads(after[each]["properties"])["guid"] == each
        for name in ("name", "class", "category"):
            assert after[each][name] == before[each][name]
        assert json.loads(after[each]["properties"]) == json.loads(before[each]["properties"])


@pytest.mark.parametrize("end", [float("inf"), float("nan"), 1e15, 1e300])
def test_a_curve_that_has_no_end_is_not_followed(end: float) -> None:
    with pytest.raises(ValueError, match=r"a curve from 0\.0 to .* m"):
        followed(lambda along: np.array([along, 0.0, 0.0]), 0.0, end)


def test_a_curve_that_is_nowhere_for_a_part_is_not_followed() -> None:
    with pytest.raises(ValueError, match="nowhere at"):
        followed(lambda along: np.array([along, 0.0 if along < 3 else np.nan, 0.0]), 0.0, 9.0)


def told_of_starts(begin: str, placed: str) -> list[tuple[str, str]]:
    """Return what is told of a layout whose second segment starts at ``begin`` and has its curve's at ``placed``."""
    way = [("0.,0.", LINE_M, "LINE"), (begin, SPIRAL_M, "CLOTHOID"), (f"{END[0]},{END[1]}", ARC_M, "CIRCULARARC")]
    more = "#201=IFCALIGNMENTHORIZONTAL('1EWU4A9R19$vKWO$AdOnKA',$,$,$,$,#8,$);\n"
    for number, (start, length, kind) in enumerate((*way, ("7.,7.", 0.0, "LINE"))):
        at = 210 + 3 * number
        more += f"#{at}=IFCCARTESIANPOINT(({start}));\n"
        more += f"#{at + 1}=IFCALIGNMENTHORIZONTALSEGMENT($,$,#{at},0.,0.,0.,{length},$,.{kind}.);\n"
        more += f"#{at + 2}=IFCALIGNMENTSEGMENT('1{number}WU4A9R19$vKWO$AdOnKA',$,$,$,$,#8,$,#{at + 1});\n"
    more += "#203=IFCRELNESTS('1GWU4A9R19$vKWO$AdOnKA',$,$,$,#201,(#212,#215,#218,#221));\n"
    more += "#204=IFCRELNESTS('1HWU4A9R19$vKWO$AdOnKA',$,$,$,#44,(#201));\nENDSEC;\nEND"
    text = model().decode().replace("ENDSEC;\nEND", more).replace("(#25,#29,#34)", "(#25,#29,#34,#34)")
    text = text.replace(f"#26=IFCCARTESIANPOINT(({LINE_M},0.))", f"#26=IFCCARTESIANPOINT(({placed}))")
    told = findings(ifcopenshell.file.from_string(text))
    return [(each["object"], each["what"]) for each in told if each["rule"] == "geometry"]


def test_a_curve_that_leaves_the_start_of_a_segment_is_told_of() -> None:
    assert told_of_starts(f"{LINE_M},0.", f"{LINE_M},0.") == []
    what = "Its curve begins segments elsewhere than its layout does, up to 100.0 m away: 2."
    assert told_of_starts(f"{LINE_M},0.", "0.,0.") == [("1EWU4A9R19$vKWO$AdOnKA", what)]
