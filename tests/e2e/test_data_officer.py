"""What a data officer does on the page: a file with its card, what was refused, and restricted data for a purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.accessible import faults
from tests.e2e.screen import Served, open_page, sign_in

_WELLS = "code,name,depth\n1,东井,12.5\n2,西井,8\n3,坏井,abc\n4,深井,99999\n"
_CARD = """
id = "{id}"
classification = "{classification}"
theme = "ecology"
key = ["code"]
[name]
zh = "应急水源井"
en = "Emergency wells"
[columns.code]
type = "integer"
[columns.name]
type = "text"
[columns.depth]
type = "number"
unit = "m"
maximum = 500
"""
PURPOSE = "核实应急预案 wells"


def _card(folder: Path, name: str, classification: str) -> Path:
    path = folder / "dataset.toml"
    path.write_text(_CARD.format(id=name, classification=classification), "utf-8")
    return path


def _give(page: Page, served: Served, file: Path, card: Path | None, *, lang: str = "en") -> None:
    open_page(page, served, f"?lang={lang}&room=data")
    page.locator(".upload summary").click()
    page.locator("input[data-part=file]").set_input_files(file)
    if card:
        page.locator("input[data-part=card]").set_input_files(card)
    page.locator("lf-upload form button:not(.quiet)").click()


@pytest.fixture
def wells(tmp_path: Path) -> Path:
    path = tmp_path / "wells.csv"
    path.write_text(_WELLS, "utf-8")
    return path


def test_a_file_with_its_card_is_admitted_and_each_refused_row_says_why(
    page: Page, empty_city: Served, wells: Path
) -> None:
    sign_in(page, empty_city)
    _give(page, empty_city, wells, _card(wells.parent, "wells", "open"))
    upload = page.locator("lf-upload")
    expect(upload.locator(".job[data-state=done]")).to_be_visible()
    refused = upload.locator("table")
    expect(refused).to_contain_text("abc")
    expect(refused).to_contain_text("99999")
    expect(refused).to_contain_text("depth")
    upload.get_by_role("button", name="Open the dataset").click()
    expect(page.locator("lf-dataset")).to_contain_text("Emergency wells")
    expect(page.locator("lf-dataset")).to_contain_text("西井")


def test_a_card_that_cannot_be_read_is_refused_with_what_where_and_mend(
    page: Page, empty_city: Served, wells: Path
) -> None:
    sign_in(page, empty_city)
    card = wells.parent / "dataset.toml"
    card.write_text("id = wells", "utf-8")
    _give(page, empty_city, wells, card)
    problem = page.locator("lf-upload .problem")
    expect(problem).to_contain_text("cannot be read")
    expect(problem).to_contain_text("card")
    expect(problem).to_contain_text("Correct the dataset.toml there")
    expect(page.locator("lf-upload .chosen").first).to_contain_text("wells.csv")


def test_in_chinese_no_sentence_of_a_refusal_stands_in_english_only(
    page: Page, empty_city: Served, wells: Path
) -> None:
    sign_in(page, empty_city)
    picture, markup, other = (wells.parent / name for name in ("picture.csv", "page.csv", "other.csv"))
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    markup.write_text("<html><body>no table</body></html>", "utf-8")
    other.write_text("name,depth\n东井,12.5\n", "utf-8")
    broken = wells.parent / "broken.toml"
    broken.write_text('id = "Not A Slug"', "utf-8")
    good = _card(wells.parent, "brunnen", "open")
    for file, card in ((picture, None), (markup, None), (other, good), (wells, broken)):
        _give(page, empty_city, file, card, lang="zh")
        lines = page.locator("lf-upload .problem :is(h3, p)")
        expect(lines.first).to_be_visible()
        assert [line for line in lines.all_inner_texts() if line.isascii()] == [], file.name
    _give(page, empty_city, wells, good, lang="zh")
    expect(page.locator("lf-upload .job[data-state=done]")).to_be_visible()
    table = page.locator("lf-upload table")
    expect(table).to_contain_text("类型不符")
    expect(table).to_contain_text("请写普通数字")
    expect(table).to_contain_text("数值不得大于 500 m")
    page.locator("lf-upload").get_by_role("button", name="打开数据集").click()
    expect(page.locator("lf-dataset .lineage .activity").first).to_have_text("收录")
    open_page(page, empty_city, "?lang=zh&room=data&dataset=nothing")
    lines = page.locator("lf-dataset .problem :is(h3, p)")
    expect(lines.first).to_have_text("没有找到")
    assert [line for line in lines.all_inner_texts() if line.isascii()] == []


def test_restricted_data_asks_for_a_purpose_once_sends_it_and_shows_it(
    page: Page, empty_city: Served, wells: Path
) -> None:
    sign_in(page, empty_city)
    _give(page, empty_city, wells, _card(wells.parent, "secret_wells", "restricted"))
    window = page.locator("dialog.purpose[open]")
    expect(window).to_contain_text("dataset:secret_wells")
    window.get_by_role("button", name="Cancel").click()
    open_page(page, empty_city, "?lang=en&room=data")
    expect(page.locator("[data-dataset=secret_wells]")).to_contain_text("asks for a purpose")
    page.locator("[data-dataset=secret_wells] a").click()
    expect(window.locator("input[name=purpose]")).to_be_focused()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("lf-dataset .problem")).to_contain_text("purpose")
    page.locator("lf-dataset").get_by_role("button", name="State a purpose").click()
    expect(window.locator("input[name=purpose]")).to_be_focused()
    page.keyboard.type(PURPOSE)
    page.keyboard.press("Enter")
    expect(page.locator("lf-dataset .stated")).to_contain_text(PURPOSE)
    expect(page.locator("lf-dataset")).to_contain_text("西井")
    open_page(page, empty_city, "?lang=en&room=data&dataset=secret_wells")
    expect(page.locator("lf-dataset")).to_contain_text("西井")
    expect(page.locator("dialog[open]")).to_have_count(0)
    with page.expect_download() as given:
        page.locator("lf-dataset .downloads a", has_text="csv").click()
    assert "西井" in Path(given.value.path()).read_text("utf-8")
    known = page.evaluate("fetch('/api/v1/ledger?limit=1000').then((answer) => answer.json())")
    stated = [one["purpose"] for one in known["items"] if one["resource"] == "dataset:secret_wells"]
    assert PURPOSE in stated, "the purpose is in the ledger"


def test_what_was_stated_is_forgotten_when_the_person_leaves(page: Page, empty_city: Served) -> None:
    sign_in(page, empty_city)
    open_page(page, empty_city, "?lang=en&room=data")
    page.evaluate("sessionStorage.setItem('lifang-purposes', JSON.stringify({ 'dataset:x': 'audit' }))")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('lifang-purposes')") is None
