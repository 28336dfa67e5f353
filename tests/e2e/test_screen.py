"""The one screen as people see it: both languages, both themes, wide and narrow, full and empty; by text and pixels."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.accessible import faults
from tests.e2e.conftest import Watched
from tests.e2e.screen import Served, look, open_page, show, turn_to

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
AQI_COLOURS = [
    (0, 228, 0),
    (255, 255, 0),
    (255, 126, 0),
    (255, 0, 0),
    (153, 0, 76),
    (126, 0, 35),
]  # HJ 633-2012 Table 2
WORDS = {"zh": ("成都", "预警", "指标"), "en": ("Chengdu", "Alerts", "Key indicators")}


@pytest.fixture(scope="module")
def watched(watched_chengdu: Watched) -> Watched:
    return watched_chengdu


@pytest.mark.parametrize(("lang", "theme", "width"), list(product(WORDS, ("paper", "night"), (1280, 390))))
def test_the_screen_shows_map_values_and_panels(
    shared: Page, served: Served, lang: str, theme: str, width: int
) -> None:
    shared.set_viewport_size({"width": width, "height": 844})
    show(shared, served, f"?lang={lang}&theme={theme}")
    body = shared.locator("body").inner_text()
    for word in WORDS[lang]:
        assert word in body
    expect(shared.locator("[data-aqi]").first).to_have_text(
        re.compile(r"^\d{1,3}$"), timeout=30_000
    )  # some hours lack it
    seen = look(shared, within=".map-place", wanted=AQI_COLOURS, tolerance=60)
    assert seen.colours > 200, "the map is blank"
    assert seen.commonest < 0.9, "the map is all one colour"
    assert max(seen.near) > 20, "no station shows its AQI colour"
    assert shared.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_the_themes_differ_in_light(shared: Page, served: Served) -> None:
    light = {}
    for theme in ("paper", "night"):
        show(shared, served, f"?theme={theme}")
        light[theme] = look(shared).light
    assert light["paper"] > 200
    assert light["night"] < 60


def test_nothing_is_asked_of_any_other_host_and_nothing_fails(shared: Page, watched: Watched, served: Served) -> None:
    for query in ("?", "?room=data", "?room=sensing", "?room=operations", "?pick=cnemc-1431a"):
        show(shared, served, query)
    expect(shared.locator("lf-station svg").first).to_be_visible()
    assert f"{served.url}/" in {url.partition("?")[0] for url in watched.asked}, "it was watched from its first request"
    local = (served.url, "data:", "blob:")
    assert [url for url in watched.asked if not url.startswith(local)] == []
    assert watched.wrong == []


def test_a_station_shows_its_series_with_unit_and_zone(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&pick=cnemc-1431a&series=pm2.5")
    card = shared.locator("lf-station")
    expect(card).to_contain_text("Jinquan")
    expect(card).to_contain_text("µg/m³")
    expect(card.locator("svg").first).to_be_visible()
    assert "UTC+8" in card.inner_text() or "+08" in card.inner_text()


def test_every_layer_names_its_source_and_is_a_table_too(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&table=districts")
    expect(shared.locator("lf-drawer table")).to_be_visible()
    expect(shared.locator("lf-drawer")).to_contain_text("510104 Jinjiang District")
    attribution = shared.locator(".map-place").inner_text()
    assert "OpenStreetMap" in attribution


def test_the_catalogue_finds_shows_and_gives_away(shared: Page, served: Served) -> None:
    show(shared, served, "?room=data&lang=zh&q=区划")
    catalogue = shared.locator("lf-catalogue")
    expect(catalogue).to_contain_text("成都市行政区划边界")
    turn_to(shared, "?room=data&lang=zh&dataset=districts")
    expect(catalogue).to_contain_text("信息资源名称")
    expect(catalogue).to_contain_text("curl")
    expect(catalogue.locator("table").first).to_be_visible()
    href = catalogue.locator("a[href*='format=csv']").first.get_attribute("href")
    assert href
    got = httpx.get(f"{served.url}{href}" if href.startswith("/") else href, timeout=60)
    assert got.status_code == 200
    assert "成都市" in got.text


def test_the_portal_leads_by_theme_to_a_map_and_a_chart(shared: Page, served: Served) -> None:
    show(shared, served, "?room=data&lang=en&theme=paper")
    catalogue = shared.locator("lf-catalogue")
    catalogue.locator(".tile", has_text="Population").click()
    expect(shared).to_have_url(re.compile(r"f\.theme="))
    turn_to(shared, "?room=data&lang=en&theme=paper&dataset=districts")
    expect(catalogue.locator(".dataset-map[data-drawn=true]")).to_be_visible(timeout=30_000)
    catalogue.locator(".dataset-map").scroll_into_view_if_needed()
    assert look(shared, within=".dataset-map", wanted=[(232, 172, 157)], tolerance=60).near[0] > 5_000
    turn_to(shared, "?room=data&lang=en&theme=paper&dataset=air_hourly_2019")
    builder = catalogue.locator("lf-chart-builder")
    expect(builder.locator("path.plot-line")).to_have_count(
        7, timeout=30_000
    )  # a line for each quantity, no mean of all
    builder.locator("[data-key=by]").select_option("station")
    builder.locator("[data-key=apart]").select_option("")
    builder.locator("[data-key=where]").select_option("pollutant")
    builder.locator("[data-key=is]").select_option("PM2.5")
    expect(builder.locator("rect.plot-mark")).to_have_count(8, timeout=30_000)
    assert "is%253DPM2.5" in catalogue.page.url or "is%3DPM2.5" in catalogue.page.url  # it can be shared as it stands
    expect(catalogue.locator("lf-versions")).to_contain_text("one version")


def test_an_alert_fires_is_seen_and_a_person_takes_it_up(page: Page, served: Served) -> None:
    short = re.compile("(/alerts.limit=)200")  # pages of one alert
    page.route(short, lambda route: route.continue_(url=short.sub(r"\g<1>1", route.request.url)))
    open_page(page, served, "?room=operations&lang=en")
    alert = page.locator("[data-alert][data-state='firing']").first
    expect(alert).to_be_visible(timeout=90_000)
    assert page.locator(".alert-act").count() == 0, "an anonymous visitor is offered nothing to do"
    page.locator("lf-header").get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    dialog = page.locator("dialog[open]")
    dialog.locator("input[name=name]").fill("admin")
    dialog.locator("input[name=password]").fill(served.password)
    dialog.locator("input[name=password]").press("Enter")
    form = page.locator("[data-alert][data-state='firing'] .alert-act").first
    expect(form).to_be_visible()
    to_do = page.locator("[data-alert]:has(button[value=acknowledge])").first
    expect(to_do).to_contain_text(re.compile(r"since 2019-\d\d-\d\d \d\d:00 \(city time\)"), timeout=90_000)
    form.locator("input[name=note]").fill("called the bureau")
    form.locator("button[value=acknowledge]").click()
    done = page.locator("[data-alert]").filter(has_text="✓").first
    expect(done).to_be_visible()
    expect(done).to_contain_text(re.compile(r"acknowledged by admin at 20\d\d.*\(wall clock\)"))
    known = page.evaluate("fetch('/api/v1/ledger?limit=1000').then((answer) => answer.json())")
    acts = {record["action"] for record in known["items"] if record["resource"].startswith("alert:")}
    assert "alert.acknowledged" in acts, "what was done is in the ledger"
    there = page.evaluate("fetch('/api/v1/alerts?limit=1000').then((answer) => answer.json())")["items"]
    for _ in there:
        if (more := page.locator("lf-alerts [data-act=more]:enabled")).count():
            more.click()
            expect(page.locator("lf-alerts [data-act=more]:disabled")).to_have_count(0)
    shown = page.locator("[data-alert]").evaluate_all("(all) => all.map((each) => each.dataset.alert)")
    assert {each["id"] for each in there} <= set(shown), "the list goes on to the last of them"


def test_the_keyboard_alone_is_enough(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en")
    shared.keyboard.press("/")
    assert shared.evaluate("document.activeElement.id") == "search"
    shared.keyboard.press("Escape")
    shared.evaluate("document.activeElement.blur()")
    shared.keyboard.press("g")
    shared.keyboard.press("d")
    expect(shared.locator("main[data-room=data]")).to_be_visible()
    shared.keyboard.press("?")
    expect(shared.locator("dialog[open]")).to_be_visible()
    shared.keyboard.press("Escape")
    expect(shared.locator("dialog[open]")).to_have_count(0)
    reached = set()
    for _ in range(12):
        shared.keyboard.press("Tab")
        reached.add(shared.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    assert len(reached) >= 10, "Tab walks through what can be used"


def test_the_focus_goes_with_what_opens_and_comes_back(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en")
    focused = "document.activeElement.textContent.trim()"
    shared.locator("[data-layer=districts] > button").focus()
    shared.keyboard.press("Enter")
    expect(shared.locator("lf-drawer h2")).to_be_focused()
    shared.keyboard.press("Escape")
    expect(shared.locator("[data-layer=districts] > button")).to_be_focused()
    shared.locator("summary[data-tool=more]").focus()
    shared.keyboard.press("Enter")
    shared.keyboard.press("Tab")
    assert shared.evaluate(focused) == "Share"
    shared.keyboard.press("Enter")
    expect(shared.locator("dialog.share[open]")).to_be_visible()
    shared.keyboard.press("Escape")
    expect(shared.locator("summary[data-tool=more]")).to_be_focused()


def test_a_station_out_of_sight_comes_into_sight_when_the_keyboard_reaches_it(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&map=11.5/30.6600/104.0600")
    far = shared.locator(".map-badge").filter(has_text="Lingyansi")
    expect(far).not_to_be_in_viewport()
    shared.locator(".map-canvas canvas").focus()
    for _ in range(9):
        shared.keyboard.press("Tab")
        if far.evaluate("(one) => one === document.activeElement"):
            break
    expect(far).to_be_focused()
    expect(far).to_be_in_viewport()


_LOOKS_AT = "(zoom) => Math.abs(document.querySelector('lf-map').city.camera.zoom - zoom) < 0.01 && window.lifangReady"


def test_steps_back_and_forth_bring_the_map_where_it_was(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=en&map=11.50/30.66000/104.06000")
    turn_to(shared, "?lang=en&map=9.20/30.70000/104.10000")
    shared.wait_for_function(_LOOKS_AT, arg=9.2)
    steps = shared.evaluate("history.length")
    shared.go_back()
    shared.wait_for_function(_LOOKS_AT, arg=11.5)
    assert "map=11.50/30.66000/104.06000" in shared.url
    shared.go_forward()
    shared.wait_for_function(_LOOKS_AT, arg=9.2)
    assert shared.evaluate("history.length") == steps


_OVERLAPPING = """() => {
  const words = [...document.querySelectorAll(".map-label")].filter((one) => one.style.visibility !== "hidden");
  const boxes = words.map((one) => one.getBoundingClientRect());
  const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => over(a, b)).map(() => words[i].textContent));
}"""


_MISMEASURED = """() => [...document.querySelector("lf-map").city.words.groups.values()].flat()
  .filter(({ element, width, height }) => element.offsetWidth !== width || element.offsetHeight !== height).length"""


def test_larger_letters_of_the_map_do_not_overlap(shared: Page, served: Served) -> None:
    where = "lang=en&map=11.50/30.66000/104.06000"
    show(shared, served, f"?{where}")
    usual = shared.locator(".map-label").first.bounding_box()
    turn_to(shared, f"?{where}&elder=1")
    larger = shared.locator(".map-label").first.bounding_box()
    assert usual is not None
    assert larger is not None
    assert larger["height"] > usual["height"]
    assert shared.evaluate(_MISMEASURED) == 0
    assert shared.evaluate(_OVERLAPPING) == []
    turn_to(shared, f"?{where}")


def test_the_address_carries_the_whole_view(shared: Page, served: Served) -> None:
    query = "?lang=en&theme=night&kiosk=1&pick=cnemc-1433a&at=2019-12-07T09:00:00%2B08:00"
    show(shared, served, query)
    expect(shared.locator("html[data-kiosk]")).to_have_count(1)
    expect(shared.locator("lf-time input[type=datetime-local]")).to_have_value(re.compile("^2019-12-07T09:00"))


_LIGHT = """async () => {
  const image = document.querySelector(".report-map");
  await image.decode();
  const small = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
  const pen = small.getContext("2d");
  pen.drawImage(image, 0, 0, 40, 40);
  const { data } = pen.getImageData(0, 0, 40, 40);
  let light = 0;
  for (let i = 0; i < data.length; i += 4) light += (data[i] + data[i + 1] + data[i + 2]) / 3 / 255;
  return light / (data.length / 4);
}"""


def test_the_view_prints_to_pdf_on_light_ground_also_at_night(shared: Page, served: Served) -> None:
    show(shared, served, "?lang=zh&theme=night")
    shared.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert shared.evaluate(_LIGHT) > 0.7
    assert shared.evaluate("document.documentElement.dataset.theme") == "night"
    printed = shared.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(printed) > 30_000


def test_an_empty_city_says_how_to_fill_it(page: Page, empty_city: Served) -> None:
    open_page(page, empty_city, "?lang=en")
    welcome = page.locator("lf-welcome")
    expect(welcome).to_contain_text("lifang data add FILE.csv --card dataset.toml")
    expect(welcome).to_contain_text("lifang demo chengdu")
    turn_to(page, "?lang=en&room=operations")
    expect(page.locator("lf-operations")).to_contain_text("No air quality index")
    turn_to(page, "?lang=en&room=data")
    expect(page.locator("lf-catalogue")).to_contain_text("lifang data add")
    turn_to(page, "?room=sensing&lang=en")
    expect(page.locator(".column")).to_contain_text("lifang sense import-devices")
    assert faults(page) == []


@pytest.mark.parametrize(
    ("name", "query"), [("overview", "?lang=en&theme=paper"), ("overview-zh-night", "?lang=zh&theme=night")]
)
def test_the_pictures_in_the_documents_show_what_the_screen_shows(
    shared: Page, served: Served, name: str, query: str
) -> None:
    shared.set_viewport_size({"width": 1440, "height": 900})
    show(shared, served, query)
    kept = look(shared, wanted=AQI_COLOURS, tolerance=60, png=(IMAGES / f"{name}.png").read_bytes())
    live = look(shared, wanted=AQI_COLOURS, tolerance=60)
    assert kept.total == live.total == 1440 * 900
    assert abs(kept.light - live.light) < 12, "the picture is old. To mend: make pictures"
    assert kept.colours > live.colours / 3
    assert max(kept.near) > 20
