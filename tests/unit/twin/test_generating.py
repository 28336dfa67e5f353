"""Buildings that nobody surveyed: the same again by the same rule, within the blocks, and said to be generated."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lifang.app import find_pack
from lifang.core import BadInput, Box
from lifang.twin import BlockRule, ModelFile, generate_buildings

RULE = BlockRule(Box(104.06, 30.655, 104.07, 30.665), (104.0657, 30.6574), 510100)
YEARS = (2000, 2016)


@pytest.fixture(scope="module")
def lines() -> list[shapely.Geometry]:
    file = find_pack("chengdu") / "data/roads/chengdu_osm_road_segments.csv.gz"
    with gzip.open(file, "rt") as stream:
        return list(shapely.from_wkt([row["geometry"] for row in csv.DictReader(stream)]))


def raised(lines: list[shapely.Geometry], rule: BlockRule = RULE) -> dict[int, ModelFile]:
    roads = pa.table({"geometry": pa.array(shapely.to_wkb(lines), pa.binary())})
    return dict(generate_buildings(roads, prefix="centre", rule=rule, years=YEARS))


@pytest.fixture(scope="module")
def found(lines: list[shapely.Geometry]) -> dict[int, ModelFile]:
    return raised(lines)


def footprints(model: ModelFile) -> np.ndarray:
    return shapely.from_wkb([shapes[0]["wkb"] for shapes in model.rows["geometry"].to_pylist()])


def test_the_same_roads_in_any_order_and_the_same_seed_give_the_same_city(
    lines: list[shapely.Geometry], found: dict[int, ModelFile]
) -> None:
    again = raised(lines[::-1])
    for year, model in found.items():
        one, same = (each.rows.sort_by("id") for each in (model, again[year]))
        assert same["id"].equals(one["id"])
        assert same["properties"].equals(one["properties"])
        for side in ("west", "south", "east", "north"):
            np.testing.assert_allclose(same[side], one[side], atol=1e-7)
    other = raised(lines, BlockRule(RULE.within, RULE.centre, 1))
    assert not set(other[2016].rows["id"].to_pylist()) & set(found[2016].rows["id"].to_pylist())


def test_no_building_touches_another_or_a_road(lines: list[shapely.Geometry], found: dict[int, ModelFile]) -> None:
    for model in found.values():
        shapes = footprints(model)
        assert len(shapes) > 50
        assert shapely.is_valid(shapes).all()
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        assert (one == other).all()
        assert not len(shapely.STRtree(lines).query(shapes, predicate="intersects")[0])


def test_every_building_says_that_it_is_generated_and_is_as_high_as_its_storeys(found: dict[int, ModelFile]) -> None:
    for year, model in found.items():
        told = [json.loads(each) for each in model.rows["properties"].to_pylist()]
        assert all(each["generated"] is True and 1960 <= each["built"] <= year for each in told)
        assert [each["storeys"] * 3.0 for each in told] == model.rows["top_m"].to_pylist()
        assert {each["use"] for each in told} >= {"dwellings", "offices"}


def test_what_was_rebuilt_is_another_object_than_what_stood_there_before(found: dict[int, ModelFile]) -> None:
    before, after = (set(found[year].rows["id"].to_pylist()) for year in YEARS)
    gone = before - after
    assert gone
    assert all(each.endswith("-before") and each.removesuffix("-before") in after for each in gone)
    assert before & after
    assert after - before


def test_roads_that_enclose_nothing_are_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match="enclose no block"):
        raised([shapely.LineString([(104.061, 30.656), (104.069, 30.664)])])
