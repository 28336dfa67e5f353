"""A bureau's clerk on the page: registers a standard, delivers a broken workbook, mends it, resends, publishes."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from pathlib import Path

import httpx
import openpyxl
from playwright.sync_api import FilePayload, Page, expect
from tests.conformance.portal import Portal
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
_BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _workbook(*rows: tuple[object, ...], header: tuple[str, ...] = ("code", "pressure")) -> FilePayload:
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in (header, *rows):
        book.active.append(row)
    book.save(held)
    return {"name": "hydrants.xlsx", "mimeType": _BOOK, "buffer": held.getvalue()}


def _draft(page: Page, dataset: str) -> None:
    """Begin a dataset by the standard whose page is open."""
    form = page.locator("lf-draft")
    form.locator("summary").click()
    form.locator("[name=id]").fill(dataset)
    form.locator("[name=zh]").fill("消火栓")
    form.locator("[name=classification]").select_option("open")
    form.locator("[data-act=begin-draft]").click()
    expect(page.locator("lf-life [data-life=draft]")).to_be_visible()


def _feed(page: Page, bureau: str, dataset: str, key: Path) -> None:
    """Add a bureau, begin its feed to a dataset, make it a key, and keep the private half at ``key``."""
    turn_to(page, "?lang=en&room=work&tab=exchange")
    added, begun, keys = (page.locator(f"[data-part={part}]") for part in ("new-bureau", "new-feed", "keys"))
    added.locator("summary").click()
    added.locator("[name=id]").fill(bureau)
    added.locator("[name=zh]").fill("消防")
    added.locator("button").click()
    begun.locator("summary").click()
    expect(begun.locator("option[value=fire]")).to_be_attached()
    begun.locator("[name=dataset]").fill(dataset)
    begun.locator("button").click()
    expect(page.locator(f"[data-feed={dataset}]")).to_be_visible()
    keys.locator("summary").click()
    assert faults(page) == []
    with page.expect_download() as given:
        keys.locator("[data-act=make-key]").click()
    given.value.save_as(key)
    expect(keys.locator("tr[data-key]")).to_have_count(1)


def _as(page: Page, served: Served, name: str, *roles: str, organisation: str = "") -> None:
    """Go on as a person of that name, who is added by whom the page is of now."""
    headers, secret = {"X-Lifang": "page"}, "a long pass phrase"
    person = {"name": name, "password": secret, "roles": roles, "organisation": organisation}
    made = page.context.request.post(f"{served.url}/api/v1/people", headers=headers, data=person)
    assert made.ok, made.text()
    page.context.clear_cookies()
    entered = page.context.request.post(
        f"{served.url}/api/v1/session", headers=headers, data={"name": name, "password": secret}
    )
    assert entered.ok, entered.text()


def _step(page: Page, name: str, **told: str) -> None:
    life = page.locator("lf-life")
    life.locator(f"[data-step={name}]").click()
    for field, text in told.items():
        life.locator(f"[name={field}]").fill(text)
    life.locator("[data-act=move]").click()


def _deliver(page: Page, workbook: FilePayload) -> None:
    turn_to(page, "?lang=en&room=work&tab=exchange")
    page.locator("input[data-part=delivery]").set_input_files(workbook)
    page.locator("[data-act=deliver]").click()
    expect(page.locator("lf-delivery :is([data-state=admitted], [data-state=refused])")).to_be_visible(timeout=30_000)


def test_a_clerk_registers_a_standard_mends_what_was_refused_and_publishes(
    page: Page, office_city: Served, tmp_path: Path
) -> None:
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=en&room=work&tab=standards")
    page.locator("lf-register summary").first.click()
    text = page.locator("lf-register textarea.code")
    text.fill(_STANDARD.format(theme="emergency", type="nombre"))
    page.locator("[data-act=register]").click()
    fault = page.locator("lf-register .faults li", has_text="elements.pressure")
    expect(fault.first).to_contain_text("Line 26")
    assert faults(page) == []
    text.fill(_STANDARD.format(theme="emergency", type="number"))
    page.locator("[data-act=register]").click()
    expect(page.locator("lf-standard h2").first).to_contain_text("Fire hydrants")

    _draft(page, "hydrants")
    _feed(page, "fire", "hydrants", tmp_path / "key.json")
    _as(page, office_city, "lin", "operator", organisation="fire")
    open_page(page, office_city, "?lang=en&room=work&tab=exchange")
    _deliver(page, _workbook(("H1", 0.4), ("H2", "high"), ("H3", 99)))
    refused = page.locator("lf-delivery [data-refused] table")
    expect(refused).to_contain_text("high")
    expect(refused).to_contain_text("at most 20")
    page.locator("input[data-part=signature]").set_input_files(tmp_path / "key.json")
    expect(page.locator("tr[data-stage=acknowledged]")).to_be_visible()
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
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=en&room=data")
    page.locator(".chip[data-state=draft]").click()
    page.locator(".result a").click()
    _step(page, "publish")
    expect(page.locator("lf-life [data-life=published]")).to_be_visible()


def test_a_standard_is_written_by_a_form(page: Page, office_city: Served) -> None:
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=zh&room=work&tab=standards&theme=night")
    page.locator("lf-register summary").first.click()
    page.locator("[data-part=by-form] summary").click()
    form = page.locator("lf-standard-form")
    head = {"id": "well", "title_zh": '水井"甲"', "title_en": "Wells", "theme": "ecology", "source": "水务局自定"}
    for name, text in head.items():
        form.locator(f"[name={name}]").fill(text)
    first, second = form.locator("tbody tr").all()
    for line, name, title in ((first, "code", "编号"), (second, "depth", "井深")):
        line.locator("[data-line=id]").fill(name)
        line.locator("[data-line=zh]").fill(title)
    second.locator("[data-line=type]").select_option("number")
    second.locator("[data-line=unit]").fill("m")
    second.locator("[data-line=maximum]").fill("500")
    assert faults(page) == []
    form.locator("[data-act=write]").click()
    expect(page.locator("lf-register [role=status]")).to_have_text("没有发现错误。")
    page.locator("[data-act=register]").click()
    expect(page.locator("lf-standard h2").first).to_contain_text('水井"甲"')
    expect(page.locator("lf-standard tbody tr").nth(1)).to_contain_text("数值 (m)")


def test_what_a_reader_found_is_mended_and_a_dataset_is_held_and_destroyed(page: Page, office_city: Served) -> None:
    sign_in(page, office_city)
    card = {"id": "pumps", "name": {"zh": "泵", "en": "Pumps"}, "classification": "open"}
    part = {"name": "pumps.csv", "mimeType": "text/csv", "buffer": b"code,power\n1,20\n"}
    beside = {"name": "dataset.json", "mimeType": "application/json", "buffer": json.dumps(card).encode()}
    address = f"{office_city.url}/api/v1/datasets?filename=pumps.csv"
    sent = page.context.request.post(address, headers={"X-Lifang": "page"}, multipart={"file": part, "card": beside})
    assert sent.ok, sent.text()
    open_page(page, office_city, "?lang=en&room=data&dataset=pumps")
    page.locator("lf-feedback textarea").fill("Pump 1 is gone")
    page.locator("lf-feedback button").click()
    turn_to(page, "?lang=en&room=work&tab=issues")
    page.locator("lf-issues tbody a", has_text="Pump 1 is gone").click()
    issue = page.locator("lf-issue")
    issue.locator("[name=assignee]").fill("fire")
    for state, move, note in (("assigned", "assign", ""), ("mended", "mend", "taken out"), ("closed", "confirm", "")):
        issue.locator("[name=note]").fill(note)
        issue.locator(f"[data-move={move}]").click()
        expect(issue.locator(f"[data-state={state}]")).to_be_visible()

    turn_to(page, "?lang=en&room=data&dataset=pumps")
    expect(page).to_have_title("Pumps · lifang 里坊 · Empty")
    _step(page, "hold", reason="a lawsuit", authority="Court 2026-1")
    expect(page.locator("lf-life [data-step=lift]")).to_be_visible()
    _step(page, "archive", reason="not in use")
    expect(page.locator("lf-life [data-life=archived]")).to_contain_text("held: it may not be destroyed")
    expect(page.locator("lf-life [data-step=ask_destruction]")).to_have_count(0)
    _step(page, "lift", reason="settled")
    _step(page, "ask_destruction", reason="its term is over")
    expect(page.locator("lf-life [data-step=refuse_destruction]")).to_be_visible()
    expect(page.locator("lf-life [data-step=destroy]")).to_have_count(0)  # another person's word is needed
    _as(page, office_city, "wu", "data_officer")
    open_page(page, office_city, "?lang=en&room=data&dataset=pumps")
    page.locator("dialog[open] [name=purpose]").fill("its term is over")  # what is archived is read for a purpose only
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    _step(page, "destroy", reason="as the schedule says")
    done = page.locator("[data-destruction]", has_text="pumps")
    done.locator("button").click()
    expect(done.locator("p[role=status]")).to_have_text("The certificate holds:")
    assert faults(page) == []


def _subscribed(page: Page, served: Served) -> None:
    """Have changes sent to an address, see a release arrive there, and check whose word it is."""
    turn_to(page, "?lang=en&room=work&tab=changes")
    hooks = page.locator("lf-webhooks")
    hooks.locator("summary").click()
    with Portal(served.near) as listener:
        hooks.locator("[name=url]").fill(f"http://127.0.0.1:{served.near}/changes")
        page.keyboard.press("Enter")
        secret = hooks.locator(".work-secret code").first.inner_text()
        with httpx.Client(base_url=served.url, headers={"X-Lifang": "page"}) as admin:
            admin.post("/api/v1/session", json={"name": "admin", "password": served.password}).raise_for_status()
            card = 'id = "levels"\nclassification = "open"\n[name]\nzh = "水位"\nen = "Levels"\n'
            files = {"file": ("levels.csv", "code,level\n1,2\n"), "card": ("dataset.toml", card)}
            admin.post("/api/v1/datasets", params={"filename": "levels.csv"}, files=files).raise_for_status()
        headers, body = listener.sent.get(timeout=30)
        listener.shutdown()
    moment, _, signature = headers["X-Lifang-Signature"].removeprefix("t=").partition(",v1=")
    assert hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest() == signature
    assert {each["dataset"] for each in json.loads(body)["changes"]} == {"levels"}
    hooks.locator("[aria-expanded=false]").click()
    expect(hooks.locator("tbody tr")).to_contain_text("arrived")
    assert faults(page) == []


def test_an_administrator_adds_a_developer_whose_token_reads_until_it_is_revoked(
    page: Page, office_city: Served
) -> None:
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=en&room=work&tab=people")
    form = page.locator("[data-part=new-person]")
    form.locator("summary").click()
    form.locator("[name=name]").fill("dev")
    form.locator("[value=analyst]").check()
    assert faults(page) == []
    form.locator("[data-act=add-person]").click()
    person = page.locator("[data-person=dev]")
    password = person.locator(".work-secret code").inner_text()
    assert len(password) == 20
    entered = page.context.request.post(
        f"{office_city.url}/api/v1/session", headers={"X-Lifang": "page"}, data={"name": "dev", "password": password}
    )
    assert entered.ok, entered.text()
    open_page(page, office_city, "?lang=en&room=work&tab=tokens")
    expect(page.locator("[data-tab=people]")).to_have_count(0)
    mine = page.locator("lf-tokens")
    mine.locator("summary").click()
    mine.locator("[name=label]").fill("script")
    mine.locator("[data-act=issue]").click()
    secret = mine.locator(".work-secret code").first.inner_text()
    _subscribed(page, office_city)
    page.context.clear_cookies()

    def seen() -> int:
        told = page.context.request.get(f"{office_city.url}/api/v1/jobs", headers={"Authorization": f"Bearer {secret}"})
        return told.status

    assert seen() == 200
    sign_in(page, office_city)
    open_page(page, office_city, "?lang=en&room=work&tab=people")
    expect(page.get_by_text(secret)).to_have_count(0)
    person.locator("[data-act=change]").click()
    person.locator("[value=operator]").check()
    person.locator("[data-act=roles]").click()
    expect(person.locator("[data-role=operator]")).to_be_visible()
    person.locator("[data-token=script] [data-act=revoke]").click()
    expect(person.locator("[data-token=script] .warn")).to_be_visible()
    assert seen() == 401
    person.locator("[data-act=end]").click()
    person.locator("[data-act=end-for-good]").click()
    expect(person.locator("[data-act=change]")).to_have_count(0)
    assert faults(page) == []
