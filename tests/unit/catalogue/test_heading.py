"""Workbooks as offices make them: merged titles, units, names in two rows, footnotes; each left out and told."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest

from lifang.catalogue import Card, Catalogue
from lifang.catalogue.reading.heading import Footnotes, find_heading
from lifang.core import BadInput

from .conftest import rows, table

DISTRICTS = [("锦江区", 90.5, 1234.5), ("青羊区", 95.6, 1450), ("金牛区", 126.5, 1530.2), ("武侯区", 120.7, 1345)]


def saved(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book.active)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def yearbook(sheet: Any) -> None:
    """A page of a statistical yearbook: merged title, unit line, names, units, rows, a total and footnotes."""
    sheet.title = "2-1"
    sheet["A1"] = "成都市2019年各区(市)县人口与地区生产总值统计表"
    sheet.merge_cells("A1:C1")
    sheet["A2"], sheet["C2"] = "填报单位：成都市统计局", "2019年"
    for row in [("地区", "常住人口", "地区生产总值"), (None, "(万人)", "(亿元)"), *DISTRICTS, ("合计", 433.3, 5559.7)]:
        sheet.append(row)
    sheet["A11"] = "注：1. 本表数据为初步核算数；"
    sheet["A12"] = "    2. 地区生产总值按当年价格计算。"
    sheet["A13"] = "资料来源：成都市统计局"
    for row in (11, 12, 13):
        sheet.merge_cells(f"A{row}:C{row}")


def test_title_units_and_footnotes_of_a_yearbook_are_left_out_and_told(read) -> None:
    opened = read(saved(yearbook), "统计表.xlsx")
    assert opened.headers == ("地区", "常住人口", "地区生产总值")
    assert rows(opened) == [5, 6, 7, 8, 9]
    assert table(opened)[0] == {"地区": "锦江区", "常住人口": "90.5", "地区生产总值": "1234.5"}
    told = "\n".join(opened.notes)
    assert "above the column names in row 3: row 1 '成都市2019年各区(市)县人口与地区生产总值统计表', row 2" in told
    assert "Row 4 holds units and is left out (常住人口: 万人, 地区生产总值: 亿元)" in told
    assert "notes below the table: row 11 '注：1. 本表数据为初步核算数；', row 12" in told


@pytest.mark.slow
def test_a_yearbook_page_without_a_card_becomes_typed_columns_and_a_quality_report_that_tells(
    add, catalogue: Catalogue
) -> None:
    admission = add(saved(yearbook), file="统计表.xlsx")
    assert (admission.rows, admission.refused) == (5, 0)
    assert [(each["zh"], each["type"]) for each in admission.release.columns] == [
        ("地区", "text"),
        ("常住人口", "number"),
        ("地区生产总值", "number"),
    ]
    assert sum("left out" in note.lower() for note in admission.report.notes) == 3
    assert catalogue.dataset("x").rows().select(["常住人口"])["常住人口"].to_pylist()[-1] == 433.3


def two_levels(sheet: Any) -> None:
    sheet["A1"] = "表3 各区县户籍人口（2018-2019年）"
    sheet.merge_cells("A1:E1")
    sheet.append(["区县", "2018年", None, "2019年", None])
    sheet.append([None, "男", "女", "男", "女"])
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:C2")
    sheet.merge_cells("D2:E2")
    sheet.append(["锦江区", 1, 2, 3, 4])
    sheet.append(["青羊区", 5, 6, 7, 8])


def test_names_in_two_merged_rows_are_joined(read) -> None:
    opened = read(saved(two_levels), "a.xlsx")
    assert opened.headers == ("区县", "2018年 男", "2018年 女", "2019年 男", "2019年 女")
    assert (rows(opened), table(opened)[1]["2019年 女"]) == ([4, 5], "8")
    assert "The column names stand in rows 2 and 3; they are joined." in opened.notes


def years(sheet: Any) -> None:
    for row in (["全市历年用水量"], [], ["指标", 2017, 2018, 2019], ["生活用水", 1.5, 2.5, 3.5], ["工业用水", 4, 5, 6]):
        sheet.append(row)


def test_years_may_be_column_names(read) -> None:
    opened = read(saved(years), "a.xlsx")
    assert (opened.headers, rows(opened)) == (("指标", "2017", "2018", "2019"), [4, 5])


def merged_rows(sheet: Any) -> None:
    for row in (["片区", "站点", "值"], ["中心城区", "甲", 1], [None, "乙", 2], ["近郊", "丙", 3]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")


def test_a_cell_merged_over_rows_is_read_in_each_of_them(read) -> None:
    opened = read(saved(merged_rows), "a.xlsx")
    assert [row["片区"] for row in table(opened)] == ["中心城区", "中心城区", "近郊"]
    assert any("merged over several rows" in note for note in opened.notes)


PLAIN = {
    "names and rows": [["代码", "名称"], [1, "甲"], [2, "乙"]],
    "one column": [["名称"], ["甲"], ["注：不是脚注"]],
    "words only": [["街道", "主任", "备注"], ["春熙路", "张三", "新任"], ["双楠", "李四", None]],
    "a first cell that begins like a note": [["项目", "数"], ["注册企业", 5], ["说明书", 6]],
    "an empty first data cell": [["a", "b", "c"], [None, 1, 2], [3, 4, 5]],
    "words over numbers": [["a", "b", "c"], ["甲", "缺测", "缺测"], ["乙", 4, 5], ["丙", 4, 5]],
}


@pytest.mark.parametrize("lines", PLAIN.values(), ids=PLAIN)
def test_of_a_plain_table_no_row_is_lost(read, lines: list[list[Any]]) -> None:
    opened = read(saved(lambda sheet: [sheet.append(line) for line in lines]), "a.xlsx")
    assert opened.headers == tuple(map(str, lines[0]))
    assert rows(opened) == list(range(2, len(lines) + 1))
    assert opened.notes == ()


def test_a_sheet_without_names_takes_its_first_row_and_says_so(read) -> None:
    opened = read(saved(lambda sheet: [sheet.append([k, k + 0.5]) for k in range(1, 5)]), "a.xlsx")
    assert rows(opened) == [2, 3, 4]
    assert any("No row looks like column names; row 1 is taken" in note for note in opened.notes)


@pytest.mark.slow
def test_the_card_states_the_row_of_the_names_and_the_sheet(add, catalogue: Catalogue) -> None:
    def fill(sheet: Any) -> None:
        sheet.title = "说明"
        sheet["A1"] = "本表由系统导出"
        other = sheet.parent.create_sheet("数据")
        for row in (["站点", "日期"], ["站点名称", "监测日期"], ["甲", date(2019, 1, 2)], ["乙", date(2019, 1, 3)]):
            other.append(row)

    admission = add(saved(fill), file="x.xlsx", layer="数据", header_row=2)
    types = {each["zh"]: each["type"] for each in admission.release.columns}
    assert (types, admission.rows) == ({"站点名称": "text", "监测日期": "date"}, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("row", "words"), [(9, "is empty below row 8"), (2, "Row 2 of the sheet is empty")])
def test_a_stated_row_that_is_empty_is_refused(add, row: int, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        add(saved(years), file="x.xlsx", header_row=row)
    assert caught.value.where == "header_row"
    assert caught.value.mend


@pytest.mark.slow
def test_the_card_names_the_columns_of_a_sheet_without_names(add) -> None:
    content = saved(lambda sheet: [sheet.append([k, k + 0.5]) for k in range(1, 5)])
    admission = add(content, file="x.xlsx", header=["序号", "值"])
    assert (admission.rows, [each["name"] for each in admission.release.columns]) == (4, ["序号", "值"])
    with pytest.raises(BadInput, match="2 columns, the card's header names 1") as caught:
        add(content, file="x.xlsx", header=["序号"])
    assert caught.value.where == "header"


@pytest.mark.parametrize("more", [{"skip_lines": 1}, {"header": ["a"]}])
def test_a_card_cannot_say_two_things_of_where_the_table_begins(more: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="two things") as caught:
        Card.from_mapping({"id": "x", "header_row": 2, **more})
    assert caught.value.where == next(iter(more))


def test_in_a_csv_the_stated_row_holds_the_names(add) -> None:
    admission = add("导出时间：2019\na,b\n1,2\n3,x\n", header_row=2, columns={"a": {}, "b": {"type": "integer"}})
    assert [(hit["row"], hit["value"]) for hit in admission.report.hits[0].examples] == [(4, "x")]


def test_an_empty_sheet_has_no_heading_and_no_footnotes() -> None:
    assert find_heading([], []) is None
    assert Footnotes(3).notes == ()
