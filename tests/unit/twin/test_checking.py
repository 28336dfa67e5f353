"""What is wrong with objects is found whatever their format: each rule by a model that is broken in that one way."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lifang.core import Box
from lifang.twin import ModelFile, read_cityjson, read_outlines
from lifang.twin.checking import checked, crossing, shells
from lifang.twin.reading.model import Described, footprint, rows_of

ROOT = Path(__file__).parents[3]
CORNERS = [[0, 0, 0], [10, 0, 0], [10, 8, 0], [0, 8, 0], [0, 0, 6], [10, 0, 6], [10, 8, 6], [0, 8, 6]]
SHELL = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]


def valid() -> dict[str, Any]:
    return {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1.0, 1.0, 1.0], "translate": [410_000.0, 3_394_000.0, 500.0]},
        "CityObjects": {
            "h": {
                "type": "Building",
                "geometry": [{"type": "Solid", "lod": "2", "boundaries": [[[*map(list, face)] for face in SHELL]]}],
            }
        },
        "vertices": [[*each] for each in CORNERS],
    }


def shell(model: dict[str, Any]) -> list[list[list[int]]]:
    found: list[list[list[int]]] = model["CityObjects"]["h"]["geometry"][0]["boundaries"][0]
    return found


def corner(model: dict[str, Any], *at: float) -> int:
    model["vertices"].append([*at])
    return len(model["vertices"]) - 1


def box(model: dict[str, Any], low: float, high: float, *, inwards: bool = False, aside: float = 0.0) -> list[Any]:
    """Return the shell of a block between two heights and as far from the sides."""
    ends = [(x, y, z) for z in (low, high) for x, y in ((low, low), (high, low), (high, high), (low, high))]
    first = [corner(model, x + aside, y, z) for x, y, z in ends]
    turn = -1 if inwards else 1
    return [[[first[at] for at in face[0]][::turn]] for face in SHELL]


def beside(model: dict[str, Any]) -> list[Any]:
    """Return the shell of a block that touches the first along an upright edge."""
    other = box(model, 0, 6, aside=10)
    model["vertices"][-8:] = [[x, y + 8, z] for x, y, z in model["vertices"][-8:]]
    same = {len(model["vertices"]) - 8: 2, len(model["vertices"]) - 4: 6}
    return [[[same.get(at, at) for at in face[0]]] for face in other]


def hole(model: dict[str, Any], *ends: tuple[float, float]) -> None:
    shell(model)[0].append([corner(model, x, y, 0) for x, y in ends])


def diagonal(model: dict[str, Any]) -> list[Any]:
    """Return the shell of a block that touches the first at one of its corners."""
    other = box(model, 0, 6, aside=10)
    model["vertices"][-8:] = [[x, y + 8, z + 6] for x, y, z in model["vertices"][-8:]]
    return [[[6 if at == len(model["vertices"]) - 8 else at for at in face[0]]] for face in other]


def tipped(model: dict[str, Any], height: float) -> None:
    """Have a pyramid in the place of the roof, upside down, down to a height."""
    tip = corner(model, 5, 4, height)
    shell(model)[1:2] = [[[one, other, tip]] for one, other in ((4, 5), (5, 6), (6, 7), (7, 4))]


def parted(model: dict[str, Any], aside: float, *, twice: bool = False) -> None:
    """Have the block be one of two parts, the other so far to the east of it."""
    other = {"type": "Solid", "lod": "2", "boundaries": [box(model, 0, 6, aside=aside)]}
    whole = {"type": "Building", "children": ["h", "i"]}
    part = {"type": "BuildingPart", "parents": ["w"], "geometry": [other, *[other] * twice]}
    model["CityObjects"]["h"].update(type="BuildingPart", parents=["w"])
    model["CityObjects"].update(w=whole, i=part)


def one_sided(model: dict[str, Any], member: str) -> None:
    """Have one of a part and its whole not name the other."""
    parted(model, 10.0)
    del model["CityObjects"]["h" if member == "parents" else "w"][member]


def solid(model: dict[str, Any]) -> dict[str, Any]:
    geometry: dict[str, Any] = model["CityObjects"]["h"]["geometry"][0]
    return geometry


def composed(model: dict[str, Any], other: list[Any]) -> None:
    solid(model).update(type="CompositeSolid", boundaries=[solid(model)["boundaries"], [other]])


def part_of(model: dict[str, Any], whole: str) -> None:
    model["CityObjects"]["h"].update(parents=[whole], children=[whole])


def found(model: dict[str, Any]) -> ModelFile:
    return checked(read_cityjson(json.dumps(model).encode(), prefix="m"))


def lift(model: dict[str, Any], by: float) -> None:
    model["transform"]["translate"][2] = by


MUTATIONS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "a face is lacking": (lambda model: shell(model).pop(), "closedness", "warning"),
    "a face looks inwards": (lambda model: shell(model)[1][0].reverse(), "orientation", "warning"),
    "all faces look inwards": (
        lambda model: [face[0].reverse() for face in shell(model)], "orientation", "warning",
    ),
    "a ring has no area": (lambda model: shell(model).append([[0, 1, 0, 1, 2, 1]]), "degenerate", "warning"),
    "a roof is bent": (lambda model: model["vertices"][6].__setitem__(2, 9), "planarity", "warning"),
    "it is deep under ground": (lambda model: lift(model, -9_000), "height", "error"),
    "it is in space": (lambda model: lift(model, 90_000), "height", "error"),
    "it is far too high": (
        lambda model: [model["vertices"][at].__setitem__(2, 2_000) for at in range(4, 8)], "height", "error",
    ),
    "its class is unknown": (lambda model: model["CityObjects"]["h"].update(type="Castle"), "schema", "warning"),
    "its whole is not there": (lambda model: model["CityObjects"]["h"].update(parents=["x"]), "schema", "warning"),
    "it stands there twice": (
        lambda model: model["CityObjects"].update(i=model["CityObjects"]["h"]), "duplicate", "warning",
    ),
    "a floor crosses itself": (lambda model: shell(model).__setitem__(0, [[0, 2, 3, 1]]), "rings", "warning"),
    "a hole crosses the floor's edge": (
        lambda model: hole(model, (8, 2), (12, 2), (12, 6), (8, 6)), "rings", "warning",
    ),
    "a hole lies outside the floor": (
        lambda model: hole(model, (20, 2), (22, 2), (22, 6), (20, 6)), "rings", "warning",
    ),
    "two blocks touch along an edge": (lambda model: shell(model).extend(beside(model)), "manifold", "warning"),
    "two blocks do not touch": (lambda model: shell(model).extend(box(model, 20, 24)), "connected", "warning"),
    "a void lies outside": (
        lambda model: solid(model)["boundaries"].append(box(model, 2, 4, inwards=True, aside=30)), "voids", "warning",
    ),
    "a void crosses the shell": (
        lambda model: solid(model)["boundaries"].append(box(model, 2, 5, inwards=True, aside=6)), "voids", "warning",
    ),
    "a void looks outwards": (
        lambda model: solid(model)["boundaries"].append(box(model, 2, 4)), "voids", "warning",
    ),
    "its solids share space": (lambda model: composed(model, box(model, 2, 9)), "overlap", "warning"),
    "a vertex stands there twice": (
        lambda model: shell(model)[0][0].insert(1, shell(model)[0][0][0]), "degenerate", "warning",
    ),
    "it is flat": (
        lambda model: shell(model).__setitem__(slice(None), [[[0, 1, 2, 3]], [[3, 2, 1, 0]]]), "degenerate", "warning",
    ),
    "a roof is bent by 3 cm": (lambda model: model["vertices"][6].__setitem__(2, 6.05), "planarity", "warning"),
    "two blocks touch at a point": (lambda model: shell(model).extend(diagonal(model)), "manifold", "warning"),
    "its tip is below its floor": (lambda model: tipped(model, -1), "intersection", "warning"),
    "its parts share space": (lambda model: parted(model, 9.0), "overlap", "warning"),
    "it is there twice at one level of detail": (
        lambda model: parted(model, 10.0, twice=True), "overlap", "warning",
    ),
    "its child is not there": (lambda model: model["CityObjects"]["h"].update(children=["x"]), "schema", "warning"),
    "its whole does not name it": (lambda model: one_sided(model, "parents"), "schema", "warning"),
    "its part does not name it": (lambda model: one_sided(model, "children"), "schema", "warning"),
    "its level of detail is a number": (lambda model: solid(model).update(lod=2), "schema", "warning"),
    "its extent is another": (
        lambda model: model["CityObjects"]["h"].update(geographicalExtent=[0, 0, 0, 1, 1, 1]), "extent", "warning",
    ),
    "its extent is no box": (
        lambda model: model["CityObjects"]["h"].update(geographicalExtent=[0, 0]), "extent", "warning",
    ),
    "its height is told in feet": (
        lambda model: model["CityObjects"]["h"].update(attributes={"measuredHeight": 6 / 0.3048}), "height", "warning",
    ),
    "its class is a number": (lambda model: model["CityObjects"]["h"].update(type=7), "schema", "error"),
    "its attributes are a list": (lambda model: model["CityObjects"]["h"].update(attributes=[1]), "schema", "error"),
    "its parents are a text": (lambda model: model["CityObjects"]["h"].update(parents="x"), "schema", "error"),
    "its address is an object": (lambda model: model["CityObjects"]["h"].update(address={"a": 1}), "schema", "error"),
    "it is a part of itself": (lambda model: part_of(model, "h"), "schema", "error"),
    "it is a part of nothing": (
        lambda model: model["CityObjects"]["h"].update(type="BuildingPart"), "schema", "warning",
    ),
    "its surfaces are what is not told": (
        lambda model: solid(model).update(semantics={"surfaces": [{"type": "RoofSurface"}], "values": [[9] * 6]}),
        "schema", "warning",
    ),
    "a vertex is named by a fraction": (
        lambda model: shell(model)[0][0].__setitem__(0, 0.5), "geometry", "error",
    ),
}  # fmt: skip


def test_a_void_inside_breaks_no_rule() -> None:
    model = valid()
    solid(model)["boundaries"].append(box(model, 2, 4, inwards=True))
    assert found(model).faults == []


def test_solids_that_touch_break_no_rule() -> None:
    model = valid()
    composed(model, box(model, 0, 6, aside=10))
    assert found(model).faults == []


def test_parts_that_touch_and_an_extent_and_a_height_that_fit_break_no_rule() -> None:
    model = valid()
    parted(model, 10.0)
    model["CityObjects"]["h"]["geographicalExtent"] = [410_000, 3_394_000, 500, 410_010, 3_394_008, 506]
    model["CityObjects"]["h"]["attributes"] = {"measuredHeight": 8.5}
    assert found(model).faults == []
    model = valid()
    model["vertices"][6][2] += 0.03  # the middle of its roof is 7.5 mm off
    assert found(model).faults == []


@pytest.mark.parametrize("at", range(6))
def test_an_extent_that_lacks_a_side_of_the_shape_is_told(at: int) -> None:
    model = valid()
    extent = [410_000, 3_394_000, 500, 410_010, 3_394_008, 506]
    extent[at] += 3 if at < 3 else -3
    model["CityObjects"]["h"]["geographicalExtent"] = extent
    assert [(each.rule, each.where) for each in found(model).faults] == [("extent", "geographicalExtent")]


def test_shapes_of_others_and_of_other_levels_of_detail_are_not_held_against_each_other() -> None:
    model = valid()
    parted(model, 10.0)
    finer = solid(model) | {"lod": "2.2"}
    model["CityObjects"]["h"]["geometry"].append(finer)
    narrow = {"type": "Solid", "lod": "2", "boundaries": [box(model, 0, 3)]}
    model["vertices"][-8:] = [[4 * x / 3, 20 * y / 3 + 40, z] for x, y, z in model["vertices"][-8:]]
    model["CityObjects"]["n"] = {"type": "Building", "geometry": [narrow]}
    assert found(model).faults == []


def test_a_block_with_a_shaft_through_it_is_one_piece_and_a_tip_may_end_above_the_floor() -> None:
    model = valid()
    low, high = ([corner(model, x, y, z) for x, y in ((4, 3), (6, 3), (6, 5), (4, 5))] for z in (0, 6))
    shell(model)[0].append(low)
    shell(model)[1].append(high[::-1])
    shell(model).extend([[low[at], high[at], high[at - 3], low[at - 3]]] for at in range(4))
    assert found(model).faults == []
    model = valid()
    tipped(model, 0.5)
    assert found(model).faults == []


def test_faces_that_cut_through_others_are_found_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing, "_AT_ONCE", 1)
    model = valid()
    tipped(model, -1)
    model["CityObjects"]["n"] = {
        "type": "Building", "geometry": [{"type": "Solid", "lod": "2", "boundaries": [box(model, 0, 6, aside=40)]}],
    }  # fmt: skip
    assert [(each.rule, each.object) for each in found(model).faults] == [("intersection", "m:h")]


def test_pairs_of_parts_beyond_a_bound_are_told_not_to_have_been_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "_PAIRS_MAX", 0)
    model = valid()
    parted(model, 9.0)
    (told,) = found(model).faults
    assert (told.rule, told.what) == ("overlap", "Pairs of parts that lie by each other and were not compared: 1.")
    assert all(told.in_chinese.values())


def test_a_solid_may_fill_the_void_of_another_and_not_reach_out_of_it() -> None:
    model = valid()
    solid(model).update(type="CompositeSolid", boundaries=[
        [shell(model), box(model, 2, 4, inwards=True)], [box(model, 2, 4)],
    ])  # fmt: skip
    assert found(model).faults == []
    model["vertices"][-1] = [1, 5, 5]
    assert {each.rule for each in found(model).faults} == {"overlap", "planarity"}


def test_a_model_with_its_axes_swapped_is_told_to_lie_outside_the_city() -> None:
    model = valid()
    city = Box(102.9, 30.0, 105.0, 31.5)
    content = json.dumps(model).encode()
    assert checked(read_cityjson(content, prefix="m"), within=city).faults == []
    model["transform"]["translate"] = [3_394_000.0, 410_000.0, 500.0]
    (told,) = checked(read_cityjson(json.dumps(model).encode(), prefix="m"), within=city).faults
    assert (told.rule, told.severity, told.object) == ("extent", "warning", "m:h")
    assert re.fullmatch("It lies [0-9,]+ km outside the city[.]", told.what)


def test_a_valid_model_breaks_no_rule() -> None:
    assert found(valid()).faults == []


@pytest.mark.parametrize(("mutate", "rule", "severity"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_model_broken_in_one_way_is_told_so(mutate: Callable[[Any], object], rule: str, severity: str) -> None:
    model = valid()
    mutate(model)
    told = found(model)
    assert (rule, severity) in {(each.rule, each.severity) for each in told.faults}
    assert all(each.object.startswith("m:") and each.what and each.mend and each.where for each in told.faults)
    assert all(all(each.in_chinese.values()) for each in told.faults)
    assert (len(told.rows) == 0) == (severity == "error")


def test_every_rule_is_told_of_in_the_reference() -> None:
    told = re.findall("`([a-z ]+)`", (ROOT / "docs/reference/twin-formats.md").read_text("utf-8"))
    assert {rule for _, rule, _ in MUTATIONS.values()} <= set(told)


def test_of_an_id_that_stands_there_twice_the_first_stays() -> None:
    once = read_cityjson(json.dumps(valid()).encode(), prefix="m")
    told = checked(ModelFile(pa.concat_tables([once.rows, once.rows]), []))
    assert [(each.rule, each.severity) for each in told.faults] == [("duplicate", "error")]
    assert len(told.rows) == 1


def outlines(*shapes: Any) -> ModelFile:
    rows = pa.table({"geometry": shapely.to_wkb(list(shapes)), "code": range(len(shapes)), "tall": [9.0] * len(shapes)})
    return checked(read_outlines(rows, prefix="b", key="code", height="tall"))


def test_footprints_that_cover_each_other_are_told_and_walls_that_touch_are_not() -> None:
    one, beside = shapely.box(104, 30, 104.001, 30.001), shapely.box(104.001, 30, 104.002, 30.001)
    across, inside = shapely.box(104.0005, 30, 104.0015, 30.001), shapely.box(104.0002, 30.0002, 104.0003, 30.0003)
    assert outlines(one, beside).faults == []
    assert [(each.rule, each.object) for each in outlines(one, across).faults] == [("overlap", "b:0")]
    assert [each.rule for each in outlines(one, inside).faults] == ["overlap"]
    assert [each.rule for each in outlines(inside, one).faults] == ["overlap"]


def test_a_part_may_stand_in_its_own_whole_and_on_another_part_of_the_same_outline() -> None:
    whole, other = shapely.box(104, 30, 104.001, 30.001), shapely.box(104.0005, 30, 104.0015, 30.001)
    half = shapely.box(104, 30, 104.0005, 30.001)
    told = ("whole", "", whole, 0, 9), ("low", "whole", half, 0, 3), ("high", "whole", half, 3, 9)
    described = [Described(each, "Building", "", parent, {}) for each, parent, *_ in told]

    def faults(*more: tuple[str, Any, float, float]) -> list[tuple[str, str]]:
        all_of = [*(each[2:] for each in told), *(each[1:] for each in more)]
        shapes = [[footprint(shapely.to_wkb(flat), base, top)] for flat, base, top in all_of]
        bounds = np.array([[*flat.bounds, base, top] for flat, base, top in all_of])
        rows = rows_of([*described, *(Described(each[0], "Building", "", "", {}) for each in more)], shapes, bounds)
        return [(each.rule, each.object) for each in checked(ModelFile(rows, [])).faults]

    assert faults() == []
    assert faults(("next", other, 0, 9)) == [("overlap", "whole")]
    assert faults(("again", half, 3, 9)) == [("duplicate", "again"), ("overlap", "whole"), ("overlap", "high")]


def test_real_buildings_pass_and_what_is_open_in_them_is_told() -> None:
    content = (ROOT / "cities" / "delft" / "data" / "cityjson_delft.json.gz").read_bytes()
    read = read_cityjson(content, prefix="delft")
    told = checked(read)
    assert len(told.rows) == len(read.rows)
    assert {each.severity for each in told.faults} <= {"warning"}
