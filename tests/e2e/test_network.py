"""The sensing room: devices on the map and as a table, a pole, a datastream's page, a command that is confirmed."""

from __future__ import annotations

import re
import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.accessible import faults
from tests.e2e.conftest import serve
from tests.e2e.network import UPDATES, furnish
from tests.e2e.screen import Served, look, open_page, show, sign_in, turn_to

DEVICES = 20_000
SHOWN = DEVICES + 3
MAP = "&map=10.00/30.6600/104.0600"
HEALTH_COLOURS = {
    "paper": [(168, 127, 0), (29, 122, 112), (132, 123, 108)],
    "night": [(255, 214, 51), (86, 194, 180), (135, 150, 165)],
}
WORDS = {"zh": ("设备", "数据存疑", "通信链路"), "en": ("Devices", "doubted", "Communication links")}
_TOO_FAST = """() => fetch("/api/v1/commands", {
  method: "POST",
  headers: { "X-Lifang": "page", "Content-Type": "application/json" },
  body: JSON.stringify({ capability: "speed-1", parameters: { speed: 95 } }),
})"""
STREAM = "?room=sensing&lang=en&stream=noise-p1.laeq"


@pytest.fixture(scope="module")
def sensed(vacant: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("sensed") / "city"
    shutil.copytree(vacant, folder)
    furnish(folder, DEVICES)
    lifang = Path(sys.executable).with_name("lifang")
    process, found = serve([lifang, "serve", "--dir", folder], folder)
    yield found
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(("lang", "theme", "width"), list(product(WORDS, ("paper", "night"), (1280, 390))))
def test_twenty_thousand_devices_are_seen_on_the_map_and_in_words(
    shared: Page, sensed: Served, lang: str, theme: str, width: int
) -> None:
    shared.set_viewport_size({"width": width, "height": 844})
    show(shared, sensed, f"?room=sensing&lang={lang}&theme={theme}{MAP}")
    expect(shared.locator("lf-devices .device-list li").first).to_be_visible()
    body = shared.locator("body").inner_text()
    for word in WORDS[lang]:
        assert word in body
    seen = look(shared, within=".map-place", wanted=HEALTH_COLOURS[theme], tolerance=40)
    assert min(seen.near) > 20, "each health shows its colour"
    assert faults(shared) == []
    assert shared.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_dual_gigabit_figures_are_told_with_what_each_lacks(shared: Page, sensed: Served) -> None:
    show(shared, sensed, f"?room=sensing&lang=en{MAP}")
    panel = shared.locator("lf-coverage")
    expect(panel).to_contain_text("2 of 6 figures can be worked out")
    expect(panel).to_contain_text("工信部通信〔2021〕34号")
    expect(panel.locator("[data-figure=gigabit_users_500m]")).to_contain_text(
        re.compile(r"users with 500 Mbit/s or more\s*45\s*%")
    )
    stations = panel.locator("[data-figure=gigabit_base_stations]")
    expect(stations).to_contain_text("Not registered: 5G base stations, resident population")
    stations.locator("summary").focus()
    shared.keyboard.press("Enter")
    expect(stations.locator("dl")).to_contain_text("/ resident population x 10,000")


def test_all_devices_cost_one_draw_call_and_few_bytes(shared: Page, sensed: Served) -> None:
    show(shared, sensed, f"?room=sensing&lang=en{MAP}")
    cost = shared.evaluate("window.lifangPoints")
    assert (cost["points"], cost["calls"]) == (SHOWN, 1)
    assert cost["bytes"] == 16 * SHOWN
    sent = httpx.get(f"{sensed.url}/api/v1/network/picture", timeout=60)
    assert sent.json()["total"] == SHOWN
    assert int(sent.headers["content-length"]) < 500_000, "gzipped, 25 bytes a device"


def test_devices_are_narrowed_sorted_and_taken_along_and_the_address_says_so(shared: Page, sensed: Served) -> None:
    show(shared, sensed, f"?room=sensing&lang=en&table=devices{MAP}")
    shared.locator(".chip[data-health=suspect]").click()
    shared.locator("lf-devices input[type=search]").fill("Device")
    shared.locator(".filters summary").click()
    shared.locator("select[data-facet=type]").select_option("noise-meter")
    shared.locator("lf-device-table [data-sort=name]").click()
    expect(shared.locator("lf-device-table th[aria-sort=ascending]")).to_contain_text("Name")
    told = parse_qs(urlsplit(shared.url).query)
    assert (told["n.health"], told["n.type"], told["find"], told["sort"]) == (
        ["suspect"],
        ["noise-meter"],
        ["Device"],
        ["name"],
    )
    shown = int(re.sub(r"\D", "", shared.locator("lf-devices p[role=status]").inner_text().split(" of ")[0]))
    assert 0 < shown < DEVICES / 6
    assert shared.evaluate("window.lifangPoints.points") == shown, "the map shows the same"
    with shared.expect_download() as given:
        shared.locator("lf-device-table").get_by_role("button", name="Download CSV").click()
    lines = Path(given.value.path()).read_text("utf-8-sig").strip().splitlines()
    assert len(lines) == shown + 1
    assert all("suspect,noise-meter" in line for line in lines[1:])
    shared.locator("lf-device-table").get_by_role("button", name="close").click()
    expect(shared.locator(".drawer")).to_have_count(0)
    shared.keyboard.press("Control+z")


def test_a_sensor_is_shown_on_its_pole_with_roles_upkeep_and_history(shared: Page, sensed: Served) -> None:
    show(shared, sensed, "?room=sensing&lang=en&pick=noise-p1")
    card = shared.locator("lf-device")
    expect(card.locator("#device-title")).to_have_text("Noise meter on pole 1")
    expect(card.locator(".pole")).to_contain_text("Smart pole 1")
    expect(card.locator(".pole .tags")).to_contain_text("Lamp")
    expect(card).to_contain_text("2.0.0")
    expect(card).to_contain_text("64 %")
    expect(card).to_contain_text("Certificate")
    expect(card.locator("#history-title")).to_be_visible()
    card.locator("[data-datastream='noise-p1.laeq'] button").click()
    expect(shared.locator("#stream-title")).to_have_text("Equivalent sound level")
    assert faults(shared) == []


def test_a_datastreams_chart_zooms_to_single_values_with_figures_flags_gaps_and_neighbours(
    shared: Page, sensed: Served
) -> None:
    show(shared, sensed, STREAM)
    sheet = shared.locator("lf-datastream")
    expect(sheet.locator("[data-raw=false]")).to_contain_text("Each step is 15 minutes: lowest, mean, highest")
    steps = sheet.locator("a[download$='-900s.csv']").get_attribute("href")
    assert steps
    rows = httpx.get(f"{sensed.url}{steps}", timeout=60).text.strip().splitlines()
    assert 282 <= len(rows) - 1 <= 284, "three days of quarters but for an hour and a half"
    assert max(float(row.split(",")[5]) for row in rows[1:]) == 96, "the peak is not averaged away"
    expect(sheet.locator("path.spread")).to_have_attribute("d", re.compile(r"^M[^M]+ZM[^M]+Z$"))
    expect(sheet.locator("[data-figure=max]")).to_contain_text("96")
    expect(sheet.locator("[data-rule=suspect_range]")).to_contain_text("maximum = 90")
    expect(sheet.locator(".flags path[data-quality=suspect_range]").first).to_be_attached()
    expect(sheet).to_contain_text("90 missing")
    expect(sheet.locator("[data-neighbour='noise-p2.laeq']")).to_contain_text("Smart pole 1")
    drawing = sheet.locator("svg[role=slider]")
    drawing.focus()
    shared.keyboard.press("Home")
    expect(drawing).to_have_attribute("aria-valuetext", re.compile(r"lowest .+, mean .+, highest .+ dB · \d+ values"))
    box = drawing.bounding_box()
    assert box
    shared.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 90)
    shared.mouse.down()
    shared.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 90, steps=3)
    shared.mouse.up()
    shared.wait_for_url(re.compile("span="))
    expect(sheet.locator("[data-raw=true]")).to_contain_text("Every value")
    before = shared.url
    drawing.focus()
    shared.keyboard.press("+")
    shared.wait_for_function("(before) => location.href !== before", arg=before)
    href = sheet.locator("a[download]").get_attribute("href")
    assert href
    rows = httpx.get(f"{sensed.url}{href}", timeout=60).text.strip().splitlines()
    expect(sheet.locator("[data-figure=count]")).to_have_text(f"{len(rows) - 1:,}")
    shared.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_a_datastreams_page_is_printed_embedded_and_large_without_hiding_or_being_hidden(
    shared: Page, sensed: Served
) -> None:
    show(shared, sensed, STREAM)
    sheet = shared.locator("lf-datastream .sheet")
    expect(sheet.locator("[data-figure=max]")).to_contain_text("96")
    shared.emulate_media(media="print")
    expect(sheet.locator(".on-paper")).to_contain_text("UTC+8")
    for part in ("#stream-title", "svg[role=slider]", "[data-figure=max]", "#near-title"):
        expect(sheet.locator(part)).to_be_visible()
    for hidden in ("lf-report", ".column", "lf-map", ".sheet button:not(.link)"):
        expect(shared.locator(hidden).first).to_be_hidden()
    assert sheet.evaluate("(one) => one.scrollHeight <= one.clientHeight + 1"), "nothing is cut off"
    shared.emulate_media(media="screen")
    shared.set_viewport_size({"width": 390, "height": 844})
    turn_to(shared, f"{STREAM}&elder=1")
    assert _bottom(shared, ".sheet") <= _top(shared, ".rail")
    turn_to(shared, f"{STREAM}&embed=1")
    assert _top(shared, ".sheet") >= _bottom(shared, ".caption")
    assert _bottom(shared, ".sheet") == 844
    expect(sheet.get_by_role("button", name="Close")).to_have_count(0)
    assert faults(shared) == []


def _top(page: Page, part: str) -> float:
    return float(page.locator(part).evaluate("(one) => one.getBoundingClientRect().top"))


def _bottom(page: Page, part: str) -> float:
    return float(page.locator(part).evaluate("(one) => one.getBoundingClientRect().bottom"))


def test_a_command_is_confirmed_seen_through_and_a_refused_one_says_why(
    shared: Page, page: Page, sensed: Served
) -> None:
    show(shared, sensed, "?room=sensing&lang=en&pick=pump-1")
    expect(shared.locator("lf-commands")).to_contain_text("Only operators may command")
    assert shared.locator("lf-order").count() == 0
    past = shared.locator("lf-device .events").first.locator("li")
    expect(past).to_have_count(20)
    shared.locator("lf-device .secondary [data-act=more]").click()
    expect(past).to_have_count(UPDATES)
    expect(shared.locator("lf-device [data-act=more]")).to_have_count(0)
    sign_in(page, sensed)
    open_page(page, sensed, "?room=sensing&lang=en&pick=pump-1")
    order = page.locator("lf-order")
    order.locator("summary").click()
    expect(order).to_contain_text("allowed 0 to 80 %")
    expect(order.locator("[data-now='pump-1.speed']")).to_contain_text("30 %")
    order.locator("input[name=speed]").fill("45")
    order.get_by_role("button", name="Review").click()
    summary = order.locator(".confirm")
    expect(summary).to_contain_text("Drive (pump-1) will be told: Set the speed")
    expect(summary).to_contain_text("45 %")
    expect(summary).to_contain_text("in the name of admin")
    assert faults(page) == []
    assert page.locator("[data-command]").count() == 0, "nothing is sent before it is confirmed"
    summary.get_by_role("button", name="Send the command").click()
    sent = page.locator("[data-command]").first
    expect(sent).to_contain_text("speed = 45")
    expect(sent).to_have_attribute("data-state", "accepted")
    sent.get_by_role("button", name="Take back").click()
    expect(sent).to_have_attribute("data-state", "cancelled")
    page.evaluate(_TOO_FAST)
    refused = page.locator("[data-command][data-state=refused]")
    expect(refused.locator(".why")).to_contain_text("Refused by the rule range")
    for _ in range(10):
        page.evaluate(_TOO_FAST)
    turn_to(page, "?room=sensing&lang=en&pick=noise-p1")
    turn_to(page, "?room=sensing&lang=en&pick=pump-1")
    with page.expect_response(re.compile(r"/commands\?.*after=")) as told:
        page.locator("lf-commands [data-act=more]").click()
    assert [each["state"] for each in told.value.json()["items"]] == ["refused", "cancelled"]
    expect(page.locator("lf-commands [data-act=more]")).to_have_count(0)
    expect(page.locator("[data-command]")).to_have_count(12)


def test_the_live_strip_tells_rate_and_silence_and_a_crowded_map_leaves_the_list_to_go_on(
    page: Page, sensed: Served
) -> None:
    open_page(page, sensed, "?room=sensing&lang=en")
    page.wait_for_url(re.compile("map="))
    assert float(parse_qs(urlsplit(page.url).query)["map"][0].split("/")[0]) > 7, (
        "a city without layers shows its devices"
    )
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight"), "nothing lies below the screen"
    strip = page.locator("lf-flow")
    expect(strip.locator("[data-flow=silent]")).to_contain_text(re.compile(r"\d+(\.\d)? %"))
    expect(strip.locator("[data-flow=rate]")).to_contain_text("/s")
    page.route("**/network/picture*", lambda route: route.continue_(url=_with_cells(route.request.url)))
    turn_to(page, "?room=data&lang=en")
    turn_to(page, f"?room=sensing&lang=en{MAP}")
    listed = page.locator("lf-devices .device-list li")
    expect(page.locator("lf-devices")).to_contain_text("20,003")
    expect(listed).to_have_count(50)
    page.locator("lf-devices [data-act=more]").click()
    expect(listed).to_have_count(100)
    last = listed.last.locator("b").inner_text()
    listed.last.locator("button").click()
    expect(page.locator("#device-title")).to_have_text(last)


def _with_cells(url: str) -> str:
    """Return the address at which the server tells so many devices in cells only."""
    return f"{url}{'&' if '?' in url else '?'}most=10000"


def test_links_are_a_table_with_what_hangs_on_them(shared: Page, sensed: Served) -> None:
    show(shared, sensed, "?room=sensing&lang=en&table=links")
    rows = shared.locator("lf-links[whole] tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("down")
    expect(shared.locator("tr[data-link='onu-1']")).to_contain_text("10,000 Mbit/s")
    assert faults(shared) == []


def test_lists_go_on_to_what_was_not_loaded_at_first(shared: Page, sensed: Served) -> None:
    show(shared, sensed, "?room=sensing&lang=en")
    devices = shared.locator("lf-devices .device-list li")
    expect(devices).to_have_count(12)
    shared.locator("lf-devices [data-act=more]").click()
    expect(devices).to_have_count(60)
    series = shared.locator("lf-series-list")
    expect(series.locator("table")).to_have_count(24)
    series.locator("[data-act=more]").click()
    expect(series.locator("table")).to_have_count(48)
    after, page = "", {"next": 0, "items": [{"id": ""}]}
    while page["next"] is not None:
        page = shared.request.get(f"{sensed.url}/api/v1/datastreams?limit=1000{after}").json()
        after = f"&after={page['next']}"
    last = page["items"][-1]  # behind the 5,000 that come at first
    series.locator("input[type=search]").fill(f"{last['id']} {last['thing']['id']}")
    expect(series.locator("table")).to_have_count(0)
    for _ in range(2):
        series.locator("[data-act=more]:enabled").click()
        expect(series.locator("[data-act=more]:disabled")).to_have_count(0)
    expect(series.locator(f"[data-datastream='{last['id']}']")).to_be_visible()
    series.locator("input[type=search]").fill("")
