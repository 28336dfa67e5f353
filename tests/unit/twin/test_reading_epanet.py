"""Networks of EPANET: a small one against its own numbers, Kentucky 4 against its published counts and its ground."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import shapely
from tests.unit.twin.elevation import elevation_model

from lifang.core import BadInput, distance_m, to_wgs84
from lifang.twin.checking import checked
from lifang.twin.reading import Bed, ModelFile, read_epanet, read_ground, read_model
from lifang.twin.shapes import tube, tube_faces
from lifang.twin.studying import clearances_between

KY4 = Path(__file__).parents[3] / "cities" / "ky4" / "data"
SMALL = """\
[TITLE]
Two mains that cross without a node

[JUNCTIONS]
;ID  Elev  Demand
 A   10    2.5     ;first
 B   10    0
 C   11    0
 D   11    0
[TANKS]
 T   40    5  1  9  12  0
[PIPES]
 1   A  B  100  200  130  0  Open
 2   C  D  100  100  130  0  CV
 3   B  T  50   200  130
[PUMPS]
 P   A  C  POWER 10
[DEMANDS]
 B   1.5
 B   0.5
[STATUS]
 3   Closed
[OPTIONS]
 Units LPS
 Headloss H-W
[COORDINATES]
 A 500000 3390000
 B 500100 3390000
 C 500050 3389950
 D 500050 3390050
 T 500150 3390000
[VERTICES]
 1 500020 3390000
[END]
 nonsense
"""
CRS = "EPSG:4544"


def read(text: str = SMALL, **asked: Any) -> ModelFile:
    return read_epanet(text.encode(), prefix="w", **{"crs": CRS, **asked})


def told(found: ModelFile) -> dict[str, dict[str, Any]]:
    lines = zip(found.rows["id"].to_pylist(), found.rows["properties"].to_pylist(), strict=True)
    return {each: orjson.loads(properties) for each, properties in lines}


def axes(found: ModelFile) -> dict[str, list[list[float]]]:
    details = {each["id"]: orjson.loads(each["geometry"][0]["detail"] or "{}") for each in found.rows.to_pylist()}
    return {each: detail["axis"] for each, detail in details.items() if "axis" in detail}


def test_a_network_becomes_closed_solids_with_what_it_tells() -> None:
    found = checked(read())
    assert not found.faults
    objects = told(found)
    assert objects["w:link:1"]["diameter_mm"] == 200
    assert objects["w:link:1"]["roughness_hazen_williams"] == 130
    assert (objects["w:link:1"]["from"], objects["w:link:1"]["to"]) == ("w:node:A", "w:node:B")
    assert len(axes(found)["w:link:1"]) == 3
    assert [objects[f"w:link:{each}"]["status"] for each in "123"] == ["Open", "CV", "Closed"]
    assert (objects["w:node:A"]["demand_l_s"], objects["w:node:B"]["demand_l_s"]) == (2.5, 2.0)
    assert objects["w:link:1"]["height_from"] == "elevation of nodes, as given"
    heights = {row["id"]: (row["bottom_m"], row["top_m"]) for row in found.rows.to_pylist()}
    assert heights["w:node:T"] == (41, 49)
    assert heights["w:link:1"] == pytest.approx((10 - 0.1 * 3**0.5 / 2, 10 + 0.1 * 3**0.5 / 2), abs=2e-3)


def test_american_units_become_metric_ones() -> None:
    objects = told(read(SMALL.replace("LPS", "GPM").replace("H-W", "D-W")))
    assert objects["w:link:1"]["diameter_mm"] == pytest.approx(200 * 25.4)
    assert objects["w:link:1"]["length_m"] == pytest.approx(30.48)
    assert objects["w:link:1"]["roughness_mm"] == pytest.approx(130 * 0.3048)
    assert objects["w:node:A"]["demand_l_s"] == pytest.approx(2.5 * 3.785411784 / 60, abs=1e-4)  # litres a US gallon


def test_pipes_that_cross_without_a_node_are_too_near_and_those_that_meet_are_not() -> None:
    (near,) = clearances_between(read().rows, 0.9)
    assert {near["one"], near["other"]} == {"w:link:1", "w:link:2"}
    assert near["gap_m"] == pytest.approx(1 - 0.15, abs=1e-3)
    assert clearances_between(read().rows, 0.8) == []


def test_pipes_follow_the_ground_under_their_cover() -> None:
    rows, columns = np.mgrid[:40, :40]
    height = (500 + columns * 0.5 + 5 * np.sin(rows / 3)).astype(np.float32)
    ground = read_ground(elevation_model(height, 10.0, 499_900.0, 3_390_200.0))
    assert ground.at(*to_wgs84(np.array([500_000.0]), np.array([3_390_195.0]), crs=CRS)) == pytest.approx(
        [500 + 0.5 * 9.5]
    )
    found = read(bed=Bed(ground, 1.2))
    sources = {each: own["height_from"] for each, own in told(found).items()}
    assert sources.pop("w:node:T") == "elevation of nodes, as given"
    assert set(sources.values()) == {"elevation model, less an assumed cover of 1.2 m"}
    axis = axes(found)["w:link:2"]
    assert len(axis) > 5
    places = to_wgs84(np.array([500_050.0] * 2), np.array([3_389_950.0, 3_390_050.0]), crs=CRS)
    ends = ground.at(*places) - 1.2 - 0.05
    assert [axis[0][2], axis[-1][2]] == pytest.approx(ends.tolist(), abs=1e-3)


def test_where_the_ground_is_unknown_nodes_tell_the_height() -> None:
    ground = read_ground(elevation_model(np.full((4, 4), -9999, np.float32), 1000.0, 498_000.0, 3_392_000.0))
    assert {each["height_from"] for each in told(read(bed=Bed(ground, 1.0))).values()} == {
        "elevation of nodes, as given"
    }


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (("B   10    0", "B   ten   0"), "line 7", "ten"),
        (("1   A  B  100  200", "1   A  X  100  200"), "line 13", "'X'"),
        (("1   A  B  100  200", "1   A  B  100  0"), "line 13", "diameter is 0"),
        (("2   C  D  100  100  130  0  CV", "1   A  B  1  1  1"), "line 14", "already, on line 13"),
        ((" D 500050 3390050\n", ""), "line 9", "no coordinates"),
        (("D 500050 3390050", "D 500050 3389950"), "line 14", "one place"),
        (("D 500050 3390050", "D 500050 1e13"), "line 30", "1e13"),
        (("D 500050 3390050", "D 5000500000 3390050"), "line 9", "outside EPSG:4544"),
    ],
)
def test_what_is_faulty_is_refused_with_its_line(change: tuple[str, str], line: str, what: str) -> None:
    assert change[0] in SMALL
    found = read(SMALL.replace(*change))
    assert any(each.where == line and what in each.what and each.mend for each in found.faults), found.faults
    assert "w:node:A" in told(found)


@pytest.mark.parametrize(
    ("text", "asked", "what"),
    [
        (SMALL, {"crs": ""}, "coordinate system"),
        (SMALL.replace("LPS", "BUCKETS"), {}, "BUCKETS"),
        (SMALL.replace("H-W", "X-Y"), {}, "X-Y"),
        ("[TITLE]\n[END]", {}, "no junctions"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_whole(text: str, asked: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        read(text, **asked)


def test_a_tube_is_closed_and_as_large_as_its_section_times_its_length() -> None:
    axis = np.array([[0, 0, -2.0], [30, 0, -2], [30, 40, -2]])
    faces = tube_faces(tube(axis, 0.5))
    volume = 0.0
    for face in faces:
        corners = shapely.get_coordinates(face, include_z=True)
        volume += (
            sum(np.linalg.det(np.array([corners[0], *corners[n : n + 2]])) for n in range(1, len(corners) - 2)) / 6
        )
    assert volume == pytest.approx(1.5 * 3**0.5 * 0.25 * 70, rel=1e-9)  # a mitred bend keeps the length of the axis


@pytest.mark.slow
def test_kentucky_4_has_its_published_parts_and_lengths_and_lies_under_its_ground(tmp_path: Path) -> None:
    bed = Bed(read_ground((KY4 / "ky4_elevation.tif").read_bytes()), 1.0)
    content = gzip.compress(gzip.decompress((KY4 / "ky4.inp.gz").read_bytes()))
    found = checked(read_model(content, prefix="water", scratch=tmp_path, crs="EPSG:3547", bed=bed))
    assert [each for each in found.faults if each.severity == "error"] == []
    objects = told(found)
    kinds = [each["function"] for each in objects.values()]
    counts = {each: kinds.count(each) for each in kinds}
    assert counts == {
        "junction": 959,
        "tank": 4,
        "reservoir": 1,
        "pipe": 1156,
        "pump": 2,
    }  # those of the file's sections, and of SOURCES.md
    way = {each: np.array(axis).T for each, axis in axes(found).items()}
    pipes = [objects[each] for each in way]
    assert len(pipes) == 1156
    drawn = np.array([distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum() for lon, lat, _ in way.values()])
    given = np.array([each["length_m"] for each in pipes])
    assert np.median(drawn / given) == pytest.approx(1, abs=2e-3)
    assert drawn.sum() == pytest.approx(given.sum(), rel=5e-3)
    junctions = {name: each for name, each in objects.items() if each["function"] == "junction"}
    above = {
        own["from"]: z[0] + 1.0 + own["diameter_mm"] / 2000 for own, (_, _, z) in zip(pipes, way.values(), strict=True)
    }
    off = [above[name] - each["elevation_m"] for name, each in junctions.items() if name in above]
    assert abs(np.median(off)) < 1  # the file's feet and the elevation model's metres tell of one ground
    (near,) = clearances_between(found.rows, 0.15)
    assert {near["one"], near["other"]} == {"water:link:P-1062", "water:link:P-152"}  # as shapely finds in the plane
    lower = (8 - 6) * 0.0254 / 2  # as much deeper lies the axis of the wider one
    assert near["gap_m"] == pytest.approx(np.hypot(0.0318, lower) - (8 + 6) * 0.0254 / 2, abs=2e-3)
