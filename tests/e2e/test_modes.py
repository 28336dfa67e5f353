"""Ways to look at the one screen, to hand it on and to take a change back; and that everybody can use every view."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.e2e.accessible import faults
from tests.e2e.conftest import Watched
from tests.e2e.screen import Served, look, open_page, show, sign_in, tab_to, turn_to

VIEWS = {
    "?": ".index-words",
    "?pick=cnemc-1431a&": "lf-station svg",
    "?table=districts&": "lf-drawer table",
    "?room=data&": "lf-catalogue .facet",
    "?room=data&dataset=districts&": "lf-catalogue table",
    "?room=sensing&": "lf-devices",
    "?room=operations&": "lf-alerts",
    "?kiosk=1&": ".index-words",
    "?elder=1&": ".index-words",
    "?embed=1&": ".caption a",
}  # each with what it must show
DRESSES = [
    (ViewportSize(width=1280, height=800), "theme=paper&lang=en"),
    (ViewportSize(width=390, height=844), "theme=night&lang=zh"),
]  # one after the other over all views: the map behind is drawn anew for each size, theme and language
_TARGETS = """
() => [...document.querySelectorAll("button, select, .button, .rail a, input:not([type=checkbox], [type=range], .sr)")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(".link"))
  .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect().height])
  .filter(([, height]) => height < 47.5)
"""


@pytest.fixture(scope="module")
def watched(watched_chengdu: Watched) -> Watched:
    return watched_chengdu


@pytest.mark.parametrize(("query", "shown"), VIEWS.items())
@pytest.mark.parametrize(("size", "dress"), DRESSES, ids=["wide", "narrow"])
def test_no_view_has_a_serious_fault_of_accessibility(
    watched: Watched, served: Served, size: ViewportSize, dress: str, query: str, shown: str
) -> None:
    page = watched.page
    if page.viewport_size != size:
        page.set_viewport_size(size)
    show(page, served, f"{query}{dress}")
    expect(page.locator(shown).first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(300)  # colours pass over
    assert faults(page) == []


def test_windows_and_what_a_person_signed_in_sees_have_no_serious_fault(page: Page, served: Served) -> None:
    sign_in(page, served)
    open_page(page, served, "?lang=en&room=operations")
    assert faults(page) == []
    turn_to(page, "?lang=en&room=data")
    assert faults(page) == []
    page.locator(".upload summary").click()
    assert faults(page) == []
    page.keyboard.press("?")
    expect(page.locator("dialog.help[open]")).to_be_visible()
    assert faults(page) == []


def test_elder_mode_is_larger_wider_and_less(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=zh")
    shared.get_by_role("button", name="长辈版").click()
    shared.wait_for_function("document.documentElement.hasAttribute('data-elder')")
    assert shared.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    lines = shared.evaluate("parseFloat(getComputedStyle(document.querySelector('.index-words')).lineHeight) / 17.5")
    assert lines >= 1.5
    expect(shared.locator(".time-window")).to_be_hidden()
    assert shared.evaluate(_TARGETS) == []
    turn_to(shared, "?lang=zh&elder=1&room=operations")
    expect(shared.locator("lf-alerts")).to_be_visible()
    expect(shared.locator(".secondary").first).to_be_hidden()
    assert shared.evaluate(_TARGETS) == []
    assert shared.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_snapshot_link_shows_the_same_hour_again_and_an_embedded_view_only_the_picture(
    shared: Page, page: Page, served: Served
) -> None:
    show(shared, served, "?lang=en&theme=night&layers=air,districts")
    shared.locator("summary[data-tool=more]").click()
    shared.get_by_role("button", name="Share").click()
    links = shared.locator("dialog.share code").all_inner_texts()
    shared.keyboard.press("Escape")
    snapshot = parse_qs(urlsplit(links[0]).query)
    assert snapshot["lang"] == ["en"]
    assert snapshot["theme"] == ["night"]
    assert snapshot["layers"] == ["air,districts"]
    moment = snapshot["at"][0][:13]
    page.goto(links[0])
    page.locator("html[data-ready=true]").wait_for(state="attached")
    expect(page.locator("lf-time input[type=datetime-local]")).to_have_value(re.compile(f"^{moment}"))
    source = re.search(r'src="([^"]+)"', links[2])
    assert source
    page.goto(source[1].replace("&amp;", "&"))
    page.locator("html[data-ready=true]").wait_for(state="attached")
    expect(page.locator(".caption a")).to_be_visible()
    for gone in (".head", ".rail", ".column", ".time"):
        expect(page.locator(gone).first).to_be_hidden()
    assert look(page, within=".map-place").colours > 200


def test_a_layer_hidden_and_a_filter_set_can_be_taken_back(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en")
    roads = shared.locator("[data-layer=roads] input")
    roads.click()
    expect(roads).not_to_be_checked()
    assert "layers=" in shared.url
    shared.locator(".undo").get_by_role("button", name="Undo").click()
    expect(roads).to_be_checked()
    assert "layers=" not in shared.url
    turn_to(shared, "?lang=en&room=data")
    shared.locator(".facet").first.click()
    shared.wait_for_url(re.compile("f.theme="))
    shared.keyboard.press("Control+z")
    shared.wait_for_function("!location.search.includes('f.theme')")


def test_english_names_of_districts_come_from_the_code_list(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&map=9.2/30.6600/104.0600")
    words = shared.locator(".map-label.district").all_text_contents()
    assert "Xindu District" in words
    assert not [word for word in words if re.search(r"[\u4e00-\u9fff]", word)]


def test_a_chart_shows_the_limits_that_apply_and_names_their_standard(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&pick=cnemc-1431a&series=pm2.5")
    legend = shared.locator(".limits")
    expect(legend).to_contain_text("GB 3095-2012, grade 2")
    expect(legend).to_contain_text("24 h mean 75")
    turn_to(shared, "?lang=zh&pick=cnemc-1431a&series=no2")
    expect(shared.locator(".limits")).to_contain_text("1 小时平均 200")


def test_operations_are_walked_by_keys_alone(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en")
    shared.evaluate("document.activeElement.blur()")
    for key in "ga":
        shared.keyboard.press(key)
    expect(shared.locator("main[data-room=operations]")).to_be_visible()
    tab_to(shared, "lf-alerts .chip")
    shared.keyboard.press("Tab")
    shared.keyboard.press("Enter")
    expect(shared.locator("lf-alerts .chip[aria-pressed=true]")).to_contain_text("in force")
    tab_to(shared, ".alert-text a")
    shared.keyboard.press("Enter")
    shared.wait_for_function("/^(scene|device|station)-title$/.test(document.activeElement?.id ?? '')")


def test_an_alert_leads_by_keyboard_to_the_device_it_is_about(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&room=operations")
    about = shared.locator(".alert-text a").first
    about.focus()
    about.press("Enter")
    shared.wait_for_function("/^(scene|device|station)-title$/.test(document.activeElement?.id ?? '')")
