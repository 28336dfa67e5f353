"""Types found by looking: the one that nearly all cells have; what differs is refused or told."""

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from lifang.catalogue import Catalogue
from lifang.catalogue.checking.infer import Inferred, infer_column

SHANGHAI = ZoneInfo("Asia/Shanghai")


def look(*texts: str | None, is_text: bool = False) -> Inferred:
    rows = np.arange(2, len(texts) + 2)
    return infer_column("v", pa.array(texts, pa.string()), zone=SHANGHAI, rows=rows, header="值", is_text=is_text)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["007", "008"], "text"),
        (["12", "13"], "integer"),
        (["12", "1.5"], "number"),
        (["12", "NA"], "integer"),
        (["true", "false"], "boolean"),
        (["2019-01-01", "2019-01-02"], "date"),
        (["2019-01-01 10:00", "2019-01-02 11:00"], "time"),
        (["510104198001011234", "510104198001011235"], "text"),
        (["a", "b"] * 50, "category"),
        (["x", "5"], "text"),
        ([None, None], "text"),
    ],
)
def test_types_are_found_by_looking(texts: list[str | None], kind: str) -> None:
    assert infer_column("x", pa.array(texts, pa.string()), zone=SHANGHAI).column.type == kind


def test_numbers_that_the_format_calls_text_stay_text() -> None:
    assert infer_column("x", pa.array(["12", "13"]), zone=SHANGHAI, is_text=True).column.type == "text"


@pytest.mark.parametrize(
    ("good", "bad", "kind"),
    [
        ("12", "abc", "integer"),
        ("1.5", "1,200", "number"),
        ("是", "也许", "boolean"),
        ("2019-01-12", "见备注", "date"),
        ("2019-01-12 10:00", "见备注", "time"),
    ],
)
def test_one_odd_cell_in_twenty_leaves_the_type_and_is_told(good: str, bad: str, kind: str) -> None:
    found = look(*[good] * 12, bad, *[good] * 7, None)
    assert found.column.type == kind
    assert f"Inferred {kind} for '值': 1 of the 20 cells looked at (5%)" in found.note
    assert f"first at row 14: {bad!r}" in found.note
    assert "declare type = \"text\" for 'v' in dataset.toml" in found.note


@pytest.mark.parametrize("odd", [7, 40])
def test_more_odd_cells_leave_text_and_are_told_too(odd: int) -> None:
    found = look(*["1.5"] * (100 - odd), *[f"x{k}" for k in range(odd)])
    assert found.column.type == "text"
    assert f"Inferred text for '值': {odd} of the 100 cells looked at ({odd}%) are not numbers" in found.note
    assert f"first at row {102 - odd}: 'x0'" in found.note
    assert 'declare type = "number"' in found.note


def test_among_few_cells_an_odd_one_leaves_text_and_is_told() -> None:
    found = look("1", "2", "x")
    assert found.column.type == "text"
    assert "1 of the 3 cells looked at (33%) are not whole numbers, first at row 4: 'x'" in found.note


def test_a_column_that_is_mostly_words_is_text_without_a_word() -> None:
    assert look("A座", "B座", "3", "4") == Inferred(look("a").column)
    assert look(*[f"人民路{k}号" for k in range(3_000)], "5").note == ""


@pytest.mark.parametrize(
    ("good", "alike", "kind"),
    [("1.5", "NaN", "number"), ("1", "-Infinity", "integer"), ("2019-01-12", "2019-02-30", "date")],
)
def test_cells_of_the_form_but_without_a_value_leave_the_type_even_among_few(good: str, alike: str, kind: str) -> None:
    found = look(good, alike, good)
    assert found.column.type == kind
    assert f"first at row 3: {alike!r}" in found.note


def test_a_date_among_times_and_a_fraction_among_whole_numbers_widen_the_type() -> None:
    assert look(*["2019-01-12"] * 30, "2019-01-13 08:30") == Inferred(look("2019-01-13 08:30").column)
    assert look(*["1"] * 30, "1.5") == Inferred(look("1.5").column)


def test_codes_with_leading_zeros_stay_text_and_are_told_where_they_are_few() -> None:
    found = look(*["610041"] * 30, "010020")
    assert found.column.type == "text"
    assert "begin with 0 or have 16 and more digits, as codes do, first at row 32: '010020'" in found.note
    assert look(*["010020"] * 30).note == ""


def test_numbers_that_a_workbook_stores_as_text_are_told() -> None:
    found = look("12", "13.5", is_text=True)
    assert found.column.type == "text"
    assert "stores its numbers as text" in found.note
    assert 'declare type = "number"' in found.note


@pytest.mark.slow
def test_without_a_card_bad_cells_are_refused_and_a_card_of_three_lines_corrects_the_type(
    add, catalogue: Catalogue
) -> None:
    lines = [f"{k},2019-01-{k % 28 + 1:02d},{k / 2}" for k in range(1, 101)]
    lines[16] = "17,2019-02-30,8.5"
    lines[40] = "41,2019-01-14,约20"
    text = "n,day,v\n" + "\n".join(lines) + "\n"
    admission = add(text)
    types = {each["name"]: each["type"] for each in admission.release.columns}
    assert types == {"n": "integer", "day": "date", "v": "number"}
    refused = catalogue.dataset("x").refused().select().to_pylist()
    assert [(each["row"], each["column"], each["value"], each["rule"]) for each in refused] == [
        (18, "day", "2019-02-30", "date"),
        (42, "v", "约20", "type"),
    ]
    assert all(each["mend"] for each in refused)
    assert sum("rows with such cells are refused" in note for note in admission.report.notes) == 2
    again = add(text, undeclared="infer", columns={"v": {"type": "text"}})
    assert {each["name"]: each["type"] for each in again.release.columns} == {
        "v": "text",
        "n": "integer",
        "day": "date",
    }
    assert again.report.admitted == 99
