from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput, NotFound, UnknownCode, unit
from lifang.standards import CodeList, code_list, code_lists

AREAS = "gbt2260"
FORWARD = {"510122": "510116", "510124": "510117", "510132": "510118", "512081": "510185"}
NAMES = {"510122": "双流县", "510124": "郫县", "510132": "新津县", "512081": "简阳市"}
CHENGDU_2023 = 20


@pytest.mark.parametrize("each", code_lists(), ids=lambda each: each.id)
def test_every_list_states_title_edition_source_and_licence(each: CodeList) -> None:
    assert each.title_zh
    assert each.title_en
    assert each.edition
    assert each.source
    assert each.licence
    assert each.in_force_from
    assert len(each.codes) == len(each) > 0
    assert code_list(each.id) is each


@pytest.mark.parametrize("each", code_lists(), ids=lambda each: each.id)
def test_every_list_can_be_read_to_its_last_row(each: CodeList) -> None:
    known = frozenset(each.codes)
    for code in each:
        assert code.code
        assert code.zh
        assert not (code.valid_from and code.valid_to and code.valid_to < code.valid_from)
        assert known.issuperset(code.successor)
    assert each.contains(each.codes).all()


@pytest.mark.parametrize("list_id", [AREAS, "gbt4754", "cnemc_pollutants"])
def test_every_parent_is_in_the_list(list_id: str) -> None:
    codes = code_list(list_id)
    parents = [code.parent for code in codes if code.parent]
    assert codes.contains(parents).all()


def test_every_street_lies_in_a_known_county() -> None:
    parents = sorted({code.parent for code in code_list("gbt2260_streets")})
    assert code_list(AREAS).contains(parents).all()


def test_the_lists_hold_as_many_codes_as_their_sources() -> None:
    assert len(code_list("gbt2260_streets")) == 41_352
    assert len(code_list("gbt4754")) == 1_424
    assert sum(code.startswith("5101") for code in code_list("gbt2260_streets").codes) == 261


def test_an_unknown_list_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="gbt2260"):
        code_list("gbt9999")


def test_an_area_has_names_and_a_parent() -> None:
    area = code_list(AREAS).get("510104")
    assert (area.zh, area.en, area.parent) == ("锦江区", "Jinjiang District", "510100")
    assert code_list(AREAS).get(area.parent).en == "Chengdu City"
    assert code_list(AREAS).get("510000").zh == "四川省"


def test_chengdu_has_twenty_county_level_areas_today() -> None:
    today = [code for code in code_list(AREAS) if code.parent == "510100" and code.holds(date(2023, 7, 1))]
    assert len(today) == CHENGDU_2023


@pytest.mark.parametrize(("old", "new"), FORWARD.items())
def test_an_old_county_code_leads_to_its_successor(old: str, new: str) -> None:
    areas = code_list(AREAS)
    assert areas.get(old).zh == NAMES[old]
    assert [code.code for code in areas.forward(old)] == [new]
    assert [code.code for code in areas.forward(new)] == [new]


@pytest.mark.parametrize(("old", "new"), FORWARD.items())
def test_a_code_outside_its_dates_is_unknown_and_names_the_other_one(old: str, new: str) -> None:
    areas = code_list(AREAS)
    assert areas.get(old, on=date(2012, 1, 1)).code == old
    assert areas.get(new, on=date(2021, 1, 1)).code == new
    with pytest.raises(UnknownCode, match=f"{NAMES[old]} does not hold on 2021-01-01.*{new}"):
        areas.get(old, on=date(2021, 1, 1))
    with pytest.raises(UnknownCode, match=f"does not hold on 2012-01-01.*{old} {NAMES[old]}"):
        areas.get(new, on=date(2012, 1, 1))


@pytest.mark.parametrize(
    ("old", "both"),
    [
        ("510122", date(2015, 12, 15)),
        ("510124", date(2016, 12, 1)),
        ("510132", date(2020, 6, 30)),
        ("512081", date(2016, 5, 9)),
    ],
)
def test_where_the_day_of_change_is_not_known_old_and_new_code_both_hold(old: str, both: date) -> None:
    assert code_list(AREAS).contains([old, FORWARD[old]], on=both).all()


def test_every_day_has_at_least_one_code_for_each_changed_county() -> None:
    areas = code_list(AREAS)
    for old, new in FORWARD.items():
        ended, began = areas.get(old).valid_to, areas.get(new).valid_from
        assert ended is not None
        assert began is not None
        assert began <= ended


@pytest.mark.parametrize(
    ("wrong", "meant"), [("510114x", "510114"), ("51010", "51010"), ("510199", "5101"), ("双流区", "510116")]
)
def test_an_unknown_code_names_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownCode, match=f"{wrong}.*is not in GB/T 2260 .2023.*Did you mean {meant}"):
        code_list(AREAS).get(wrong)


@pytest.mark.parametrize("wrong", ["", "zzz", "x" * 1_000_000, "\0", "😀", "５１０１０４"])
def test_a_hostile_code_is_refused_briefly(wrong: str) -> None:
    with pytest.raises(UnknownCode) as caught:
        code_list(AREAS).get(wrong)
    assert len(str(caught.value)) < 300


def test_contains_judges_columns_of_many_kinds() -> None:
    areas = code_list(AREAS)
    expected = [True, False, True, False]
    texts = ["510104", "510199", "510122", None]
    assert areas.contains(texts).tolist() == expected
    assert areas.contains(pa.array(texts, pa.large_string())).tolist() == expected
    assert areas.contains(pa.array(texts).dictionary_encode()).tolist() == expected
    assert areas.contains(pa.chunked_array([texts[:2], texts[2:]])).tolist() == expected
    assert areas.contains(pa.array([510104, 510199, 510122, None])).tolist() == expected
    assert areas.contains(texts, on=date(2019, 1, 1)).tolist() == [True, False, False, False]
    assert areas.contains([]).dtype == np.bool_


@pytest.mark.parametrize("column", [[510104.0], [b"\xff"], [{"a": 1}], ["510104", 510104]])
def test_contains_refuses_what_is_no_column_of_codes(column: Any) -> None:
    with pytest.raises(BadInput, match="Give codes as text"):
        code_list(AREAS).contains(column)


def test_contains_judges_a_million_codes_in_a_second_or_two() -> None:
    column = pa.array(["510104", "510122", "999999", "510185"] * 250_000)
    assert int(code_list(AREAS).contains(column, on=date(2019, 1, 1)).sum()) == 500_000


def test_streets_are_known_by_nine_and_by_twelve_digits() -> None:
    streets = code_list("gbt2260_streets")
    assert streets.get("510104017").zh == "锦官驿街道"
    assert streets.get("510104017000") == streets.get("510104017")
    assert streets.contains(["510104017", "510104017000", "510104017001"]).tolist() == [True, True, False]


def test_industries_are_known_with_and_without_their_section_letter() -> None:
    industries = code_list("gbt4754")
    assert industries.get("A0111") == industries.get("0111")
    assert industries.get("I").en.startswith("Information transmission")
    assert industries.contains(["65", "I65", "I", "0111", ""]).tolist() == [True, True, True, True, False]
    assert "2011" in industries.edition
    assert "folded" in industries.edition


def test_the_feed_names_its_quantities_with_known_units() -> None:
    feed = code_list("cnemc_pollutants")
    assert feed.get("PM2.5_24h").parent == "PM2.5"
    assert feed.get("O3_8h_24h").properties["averaging"] == "8h"
    assert feed.get("CO").properties["unit"] == "mg/m3"
    assert all(unit(code.properties["unit"]) for code in feed)
