"""A bureau's clerk on the page: registers a standard, delivers a broken workbook, mends it, resends, publishes."""

from __future__ import annotations

import io

import openpyxl
from playwright.sync_api import FilePayload, Page, expect
from tests.e2e.accessible import faults
from tests.e2e.screen import Served, open_page, sign_in, turn_to

_STANDARD = """\
id = "hydrant"
edition = 1
title_zh = "消火栓"
title_en = "Fire hydrants"
kind = "department"
theme = "{theme}"
summary_zh = "每个消火栓一条。"
summary_en = "One row for each hydrant."
source = "The fire bureau's own"

[elements.code]
zh = "编号"
en = "code"
definition_zh = "消火栓的编号。"
definition_en = "The hydrant's number."
type = "text"
key = true
required = true
source = "The fire bureau's own"

[elements.pressure]
zh = "水压"
en = "pressure"
definition_zh = "出口水压。"
definition_en = "Pressure at the outlet."
type = "{type}"
unit = "bar"
minimum = 0
maximum = 20
source = "The fire bureau's own"
"""
_CARD = {
    "id": "hydrants",
    "name": {"zh": "消火栓", "en": "Fire hydrants"},
    "standard": "hydrant@1",
    "key": ["code"],
    "columns": {
        "code": {"type": "text", "required": True},
        "pressure": {"type": "number", "unit": "bar", "minimum": 0, "maximum": 20},
    },
}
_BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _workbook(*rows: tuple[object, ...], header: tuple[str, ...] = ("code", "pressure")) -> FilePayload:
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in (header, *rows):
        book.active.append(row)
    book.save(held)
    return {"name": "hydrants.xlsx", "mimeType": _BOOK, "buffer": held.getvalue()}


def _set_up(page: Page, served: Served) -> None:
    """The bureau, the draft of its dataset, and the feed of it: what a data officer sets up once."""
    feed = {"organisation": "fire", "dataset": "hydrants", "card": _CARD}
    for method, path, body in (
        ("POST", "organisations", {"id": "fire", "zh": "消防", "en": "Fire bureau"}),
        ("POST", "drafts", {"card": _CARD}),
        ("PUT", "exchange/feeds/hydrants", {"feed": feed}),
    ):
        answer = page.context.request.fetch(
            f"{served.url}/api/v1/{path}", method=method, headers={"X-Lifang": "page"}, data=body
        )
        assert answer.ok, answer.text()


def _deliver(page: Page, workbook: FilePayload) -> None:
    turn_to(page, "?lang=en&room=work&tab=exchange")
    page.locator("input[data-part=delivery]").set_input_files(workbook)
    page.locator("[data-act=deliver]").click()


def test_a_clerk_registers_a_standard_mends_what_was_refused_and_publishes(page: Page, empty_city: Served) -> None:
    sign_in(page, empty_city)
    open_page(page, empty_city, "?lang=en&room=work&tab=standards")
    page.locator("lf-register summary").click()
    text = page.locator("lf-register textarea")
    text.fill(_STANDARD.format(theme="emergency", type="nombre"))
    page.locator("[data-act=register]").click()
    fault = page.locator("lf-register .faults li", has_text="elements.pressure")
    expect(fault.first).to_contain_text("Line 26")
    assert faults(page) == []
    text.fill(_STANDARD.format(theme="emergency", type="number"))
    page.locator("[data-act=register]").click()
    expect(page.locator("lf-standard h2").first).to_contain_text("Fire hydrants")

    _set_up(page, empty_city)
    _deliver(page, _workbook(("H1", 0.4), ("H2", "high"), ("H3", 99)))
    refused = page.locator("lf-delivery [data-refused] table")
    expect(refused).to_contain_text("high")
    expect(refused).to_contain_text("at most 20")
    page.locator("[data-act=verify]").click()
    expect(page.locator("[data-verdict]")).to_have_text("Every signature holds, and each names the one before.")
    assert faults(page) == []

    _deliver(page, _workbook(("H1", "x"), header=("code", "druck")))
    drift = page.locator("lf-delivery [data-drift]")
    expect(drift).to_contain_text("pressure")
    expect(drift).to_contain_text("druck")

    _deliver(page, _workbook(("H1", 0.4), ("H2", 0.5), ("H3", 0.9)))
    expect(page.locator("lf-delivery [data-state=admitted]")).to_be_visible()
    expect(page.locator("lf-delivery [data-refused]")).to_have_count(0)
    page.locator("[data-act=dataset]").click()
    life = page.locator("lf-life")
    expect(life.locator("[data-life=draft]")).to_be_visible()
    life.locator("[data-step=publish]").click()
    life.locator("[data-act=move]").click()
    expect(life.locator("[data-life=published]")).to_be_visible()
