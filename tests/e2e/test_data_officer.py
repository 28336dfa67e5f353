"""What a data officer does on the page: a file with its card, what was refused, and restricted data for a purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.conformance.portal import Portal
from tests.e2e.accessible import faults
from tests.e2e.screen import Served, open_page, sign_in, turn_to

from lifang.standards import complete_uscc

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
    page: Page, office_city: Served, wells: Path
) -> None:
    sign_in(page, office_city)
    _give(page, office_city, wells, _card(wells.parent, "wells", "open"))
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
    page: Page, office_city: Served, wells: Path
) -> None:
    sign_in(page, office_city)
    card = wells.parent / "dataset.toml"
    card.write_text("id = wells", "utf-8")
    _give(page, office_city, wells, card)
    problem = page.locator("lf-upload .problem")
    expect(problem).to_contain_text("cannot be read")
    expect(problem).to_contain_text("card")
    expect(problem).to_contain_text("Correct the dataset.toml there")
    expect(page.locator("lf-upload .chosen").first).to_contain_text("wells.csv")


def test_in_chinese_no_sentence_of_a_refusal_stands_in_english_only(
    page: Page, office_city: Served, wells: Path
) -> None:
    sign_in(page, office_city)
    picture, markup, other = (wells.parent / name for name in ("picture.csv", "page.csv", "other.csv"))
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    markup.write_text("<html><body>no table</body></html>", "utf-8")
    other.write_text("name,depth\n东井,12.5\n", "utf-8")
    broken = wells.parent / "broken.toml"
    broken.write_text('id = "Not A Slug"', "utf-8")
    good = _card(wells.parent, "brunnen", "open")
    for file, card in ((picture, None), (markup, None), (other, good), (wells, broken)):
        _give(page, office_city, file, card, lang="zh")
        lines = page.locator("lf-upload .problem :is(h3, p)")
        expect(lines.first).to_be_visible()
        assert [line for line in lines.all_inner_texts() if line.isascii()] == [], file.name
    _give(page, office_city, wells, good, lang="zh")
    expect(page.locator("lf-upload .job[data-state=done]")).to_be_visible()
    table = page.locator("lf-upload table")
    expect(table).to_contain_text("类型不符")
    expect(table).to_contain_text("请写普通数字")
    expect(table).to_contain_text("数值不得大于 500 m")
    page.locator("lf-upload").get_by_role("button", name="打开数据集").click()
    expect(page.locator("lf-dataset .lineage .activity").first).to_have_text("收录")
    open_page(page, office_city, "?lang=zh&room=data&dataset=nothing")
    lines = page.locator("lf-dataset .problem :is(h3, p)")
    expect(lines.first).to_have_text("没有找到")
    assert [line for line in lines.all_inner_texts() if line.isascii()] == []


def test_restricted_data_asks_for_a_purpose_once_sends_it_and_shows_it(
    page: Page, office_city: Served, wells: Path
) -> None:
    sign_in(page, office_city)
    _give(page, office_city, wells, _card(wells.parent, "secret_wells", "restricted"))
    window = page.locator("dialog.purpose[open]")
    expect(window).to_contain_text("dataset:secret_wells")
    window.get_by_role("button", name="Cancel").click()
    open_page(page, office_city, "?lang=en&room=data")
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
    open_page(page, office_city, "?lang=en&room=data&dataset=secret_wells")
    expect(page.locator("lf-dataset")).to_contain_text("西井")
    expect(page.locator("dialog[open]")).to_have_count(0)
    with page.expect_download() as given:
        page.locator("lf-dataset .downloads a", has_text="csv").click()
    assert "西井" in Path(given.value.path()).read_text("utf-8")
    known = page.evaluate("fetch('/api/v1/ledger?limit=1000').then((answer) => answer.json())")
    stated = [one["purpose"] for one in known["items"] if one["resource"] == "dataset:secret_wells"]
    assert PURPOSE in stated, "the purpose is in the ledger"


def test_what_was_stated_is_forgotten_when_the_person_leaves(page: Page, office_city: Served) -> None:
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=en&room=data")
    page.evaluate("sessionStorage.setItem('lifang-purposes', JSON.stringify({ 'dataset:x': 'audit' }))")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('lifang-purposes')") is None


_PASSWORD = "a long pass phrase"
_CARD_OF = """
id = "{id}"
classification = "shared"
key = ["{key}"]
[name]
zh = "{id}"
en = "{id}"
"""
_CONDITIONAL = """
sharing = "conditional"
sharing_condition = {zh = "限研究", en = "for research"}
"""


def _session(served: Served, name: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=served.url, headers={"X-Lifang": "page"}, timeout=60)
    assert client.post("/api/v1/session", json={"name": name, "password": password}).status_code == 200
    return client


def _admitted(client: httpx.Client, name: str, text: str, card: str) -> None:
    files = {"file": (f"{name}.csv", text), "card": ("dataset.toml", card)}
    job = client.post("/api/v1/datasets", params={"filename": f"{name}.csv"}, files=files).json()["id"]
    while (told := client.get(f"/api/v1/jobs/{job}").json())["state"] in {"queued", "running"}:
        pass
    assert told["state"] == "done", told


@pytest.fixture
def bureaus(office_city: Served) -> Iterator[tuple[httpx.Client, str]]:
    """Two bureaus that differ in a firm's name, and an analyst who asks for data shared on conditions."""
    (code,) = complete_uscc(["91000000"], ["00000009"])
    with closing(_session(office_city, "admin", office_city.password)) as admin:

        def done(method: str, path: str, **body: Any) -> None:
            assert admin.request(method, f"/api/v1{path}", json=body).status_code < 300

        for bureau, firm in (("market", "甲有限公司"), ("tax", "乙有限公司")):
            done("POST", "/organisations", id=bureau, zh=bureau, en=bureau)
            card = _CARD_OF.format(id=f"{bureau}_firms", key="uscc")
            _admitted(admin, f"{bureau}_firms", f"uscc,name\n{code},{firm}\n", card)
            done("PUT", f"/masterdata/legal_entity/sources/{bureau}_firms", organisation=bureau)
        job = admin.post("/api/v1/masterdata/legal_entity/consolidation").json()["id"]
        while admin.get(f"/api/v1/jobs/{job}").json()["state"] in {"queued", "running"}:
            pass
        card = _CONDITIONAL + _CARD_OF.format(id="incomes", key="code")
        _admitted(admin, "incomes", "code,income\n1,10\n2,20\n", card)
        done("POST", "/people", name="mei", password=_PASSWORD, roles=["analyst"], organisation="tax")
    with closing(_session(office_city, "mei", _PASSWORD)) as mei:
        yield mei, code


_PORTAL = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://portal.example/trams> a dcat:Dataset ; dct:title "Trams"@en .
<http://portal.example/nameless> a dcat:Dataset .
"""


def _harvested(page: Page, served: Served) -> None:
    """Bring in another portal's datasets: what may not be asked, what it lists, what came and what did not."""
    turn_to(page, "?lang=en&room=work&tab=harvests")
    room = page.locator("lf-harvests")
    expect(room.locator(".calm")).to_contain_text("No portal is harvested yet")
    room.locator("summary").click()
    address = room.locator("[name=url]")
    address.fill("http://169.254.169.254/latest")
    room.locator("[data-act=try-portal]").click()
    expect(room.locator(".problem")).to_contain_text("it hands out a cloud machine's credentials")
    with Portal(served.near) as portal:
        address.fill(portal.at("/catalog.ttl", _PORTAL))
        room.locator("[data-act=try-portal]").click()
        expect(room.locator("[data-part=trial]")).to_contain_text("Trams")
        address.press("Enter")
        one = room.locator("[data-portal]")
        expect(one.locator("[data-count=added]")).to_have_text("1 added")
        one.locator("summary").click()
        expect(one).to_contain_text("nameless")
        assert faults(page) == []
        one.locator("[data-act=harvest]").click()
        expect(one.locator("[data-count=unchanged]")).to_be_visible()
        portal.shutdown()
    one.locator("[data-act=harvest]").click()
    expect(one.locator("[data-trouble]")).to_contain_text("did not answer")
    one.locator("[data-act=rest]").click()
    expect(one.locator("[data-act=rest]")).to_have_text("Resume")
    one.locator("[data-act=remove]").click()
    one.locator("[data-act=remove-for-good]").click()
    expect(room.locator(".calm")).to_be_visible()


def test_the_office_approves_a_request_publishes_the_use_and_settles_a_conflict(
    page: Page, office_city: Served, bureaus: tuple[httpx.Client, str]
) -> None:
    mei, code = bureaus
    until = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    asked = {"dataset": "incomes", "purpose": "a study of incomes", "fields": ["code"], "until": until}
    assert mei.post("/api/v1/sharing/requests", json={**asked, "for_organisation": True}).status_code == 201
    rows = "/api/v1/datasets/incomes/rows"
    assert mei.get(rows).status_code == 403
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=en&room=work&tab=agreements")
    page.get_by_role("link", name="a study of incomes").click()
    review = page.locator("lf-agreement .work-form", has_text="Review")
    review.get_by_label("Reasons").fill("for the study")
    review.get_by_role("button", name="Approve").click()
    expect(page.locator("lf-agreement .tags [data-status=in_force]")).to_be_visible()
    assert faults(page) == []
    taken = mei.get(rows, params={"format": "csv"}).text.lstrip("\ufeff")
    assert taken.split() == ['"code"', "1", "2"], "what was agreed on, and no more"

    open_page(page, office_city, "?lang=en&room=work&tab=master")
    page.get_by_label("甲有限公司").check()
    page.get_by_label("Reason").fill("the licence says so")
    page.get_by_role("button", name="Let this hold").click()
    expect(page.locator("lf-master")).to_contain_text("No conflict waits for a person.")
    page.get_by_label("unified social credit code").fill(code)
    page.keyboard.press("Enter")
    expect(page.locator("lf-record h2")).to_contain_text("甲有限公司")
    _harvested(page, office_city)

    page.context.clear_cookies()
    open_page(page, office_city, "?lang=en&room=work&tab=ethics")
    expect(page.locator("[data-use]")).to_contain_text("a study of incomes")
    expect(page.locator("[data-use]")).not_to_contain_text("mei")
    expect(page.locator(".work-tabs a")).to_have_text(["Data standards", "Ethics office", "Changes and webhooks"])
    assert faults(page) == []
