"""The twin's room: Delft in three dimensions, one building picked, by mouse and by keyboard, at two moments."""

from __future__ import annotations

import io
import json
import re
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from tests.conformance.khronos import validated
from tests.e2e.accessible import faults
from tests.e2e.conftest import Watched, serve
from tests.e2e.screen import Served, look, open_page, show, turn_to
from tests.property.test_cityjson_textures import zipped
from tests.unit.twin.test_reading import city, house
from tests.unit.twin.test_textured import floor

HOUSES = {"paper": [(217, 199, 163)], "night": [(201, 185, 143)]}  # the colours of buildings, lit from above
PICKED = (200, 50, 26)
KEPT_BY = [(230, 159, 0), (155, 204, 227)]  # a point by its property, and a line, which lets a little through
WORDS = {"zh": ("对象", "建筑 160", "水体"), "en": ("Objects", "building 160", "water body")}


@pytest.fixture(scope="module")
def delft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("delft") / "city"
    lifang = Path(sys.executable).with_name("lifang")
    process, found = serve([lifang, "demo", "delft", "--dir", folder, "--no-browser"], folder)
    until = time.monotonic() + 60
    while not httpx.get(f"{found.url}/api/v1/twin/models").json()["items"]:  # read once the city is served
        assert time.monotonic() < until
        time.sleep(0.1)
    yield found
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(("lang", "theme", "width"), list(product(WORDS, HOUSES, (1280, 390))))
def test_delft_stands_in_three_dimensions_and_in_words(
    shared: Page, delft: Served, lang: str, theme: str, width: int
) -> None:
    shared.set_viewport_size({"width": width, "height": 844})
    show(shared, delft, f"?room=twin&lang={lang}&theme={theme}")
    body = shared.locator("body").inner_text()
    for word in WORDS[lang]:
        assert word in body
    seen = look(shared, within=".twin-stage canvas", wanted=HOUSES[theme], tolerance=60)
    assert seen.near[0] > 2_000 * width / 1280
    assert seen.colours > 100


def test_a_building_that_is_picked_is_marked_and_told_of(shared: Page, delft: Served) -> None:
    show(shared, delft, "?room=twin&lang=en&theme=paper")
    turn_to(shared, "?room=twin&lang=en&theme=paper")
    before = look(shared, within=".twin-stage canvas", wanted=[PICKED], tolerance=90)
    row = shared.get_by_role("button", name="503100000000035")
    row.focus()
    shared.keyboard.press("Enter")
    expect(shared.get_by_role("heading", name="503100000000035")).to_be_visible()
    expect(shared.locator("lf-twin dl").first).to_contain_text("building")
    after = look(shared, within=".twin-stage canvas", wanted=[PICKED], tolerance=90)
    assert after.near[0] > before.near[0] + 500
    assert re.search(r"pick=delft", shared.url)


def test_what_is_clicked_is_the_building_and_not_its_tile(shared: Page, delft: Served) -> None:
    show(shared, delft, "?room=twin&lang=en&theme=paper")
    turn_to(shared, "?room=twin&lang=en&theme=paper&pick=delft:b1105d28c-00ba-11e6-b420-2bdcc4ab5d7f")
    shared.get_by_role("button", name="Fly there").click()
    canvas = shared.locator(".twin-stage canvas").bounding_box()
    assert canvas
    shared.get_by_role("button", name="Back to the list").click()
    shared.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    expect(shared.locator("lf-twin code")).to_have_text("delft:b1105d28c-00ba-11e6-b420-2bdcc4ab5d7f")
    shared.get_by_role("button", name="Back to the list").click()
    eye = shared.url
    shared.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    shared.mouse.down()
    shared.mouse.move(canvas["x"] + canvas["width"] / 2 + 20, canvas["y"] + canvas["height"] / 2, steps=2)
    shared.mouse.up()
    expect(shared).not_to_have_url(eye)  # the city was moved
    expect(shared.locator("lf-twin code")).to_have_count(0)


def test_a_click_on_the_legend_hides_what_has_its_colour_and_another_shows_it_again(
    shared: Page, delft: Served
) -> None:
    show(shared, delft, "?room=twin&lang=en&theme=paper")
    turn_to(shared, "?room=twin&lang=en&theme=paper")
    seen = []
    for _ in range(3):
        seen.append(look(shared, within=".twin-stage canvas", wanted=HOUSES["paper"], tolerance=60).near[0])
        shared.get_by_role("button", name="building 160").click()
        shared.locator("html[data-ready=true]").wait_for(state="attached")
    assert seen[1] < seen[0] * 0.7  # land in the sun looks as walls do
    assert seen[2] == pytest.approx(seen[0], rel=0.01)  # the button under the mouse is another
    assert "t.hide=Building" in shared.url


def test_what_is_drawn_once_more_and_where_solids_are_cut_is_freed_when_it_is_not_seen_any_more(
    shared: Page, delft: Served
) -> None:
    city = "?room=twin&lang=en&theme=paper"
    show(shared, delft, city)
    canvas = shared.locator(".twin-stage canvas")
    bare = int(canvas.get_attribute("data-geometries") or 0)
    assert bare > 0
    for _ in range(3):
        turn_to(shared, f"{city}&pick=delft:b1105d28c-00ba-11e6-b420-2bdcc4ab5d7f")
        expect(canvas).to_have_attribute("data-geometries", str(bare + 1))
        turn_to(shared, f"{city}&t.cut=e0.5")
        expect(canvas).not_to_have_attribute("data-geometries", re.compile(f"^({bare}|{bare + 1})$"))
        turn_to(shared, city)
        expect(canvas).to_have_attribute("data-geometries", str(bare))


def test_tiles_that_fail_are_told_of_and_come_when_they_are_asked_for_again(watched: Watched, delft: Served) -> None:
    page = watched.page
    page.route("**/content/**", lambda route: route.abort())
    show(page, delft, "?room=twin&lang=en&theme=paper&at=2020-01-01T00:00:00Z")
    expect(page.locator(".twin-due")).to_contain_text("could not be loaded")
    page.unroute("**/content/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".twin-due")).to_have_count(0)
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert look(page, within=".twin-stage canvas", wanted=HOUSES["paper"], tolerance=60).near[0] > 2_000
    watched.wrong.clear()


def test_before_the_model_begins_nothing_stands_there(watched: Watched, delft: Served) -> None:
    show(watched.page, delft, "?room=twin&lang=en&at=2010-01-01T00:00:00Z")
    expect(watched.page.locator("lf-twin .empty")).to_be_visible()
    watched.wrong[:] = [each for each in watched.wrong if "404" not in each]


def test_the_room_has_no_faults_that_axe_finds_and_asks_nobody_else(watched: Watched, delft: Served) -> None:
    show(watched.page, delft, "?room=twin&lang=en&theme=paper")
    assert faults(watched.page) == []
    assert [each for each in watched.asked if not each.startswith((delft.url, "blob:", "data:"))] == []
    assert watched.wrong == []


def add(delft: Served, model: str, content: bytes) -> None:
    with httpx.Client(base_url=delft.url, headers={"X-Lifang": "page"}) as admin:
        admin.post("/api/v1/session", json={"name": "admin", "password": delft.password}).raise_for_status()
        told = {"model": model, "classification": "open", "valid_from": "2015-01-01T00:00:00Z"}
        job = admin.post("/api/v1/twin/models", params=told, content=content).json()
        until = time.monotonic() + 30
        while (state := admin.get(f"/api/v1/jobs/{job['id']}").json()["state"]) in {"queued", "running"}:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert state == "done"


def corners(glb: bytes) -> dict[int, int]:
    """Return how many corners a glTF draws, by the mode of what is drawn."""
    (size,) = struct.unpack_from("<I", glb, 12)
    document = json.loads(glb[20 : 20 + size])
    found: Counter[int] = Counter()
    for part in (each for mesh in document.get("meshes", []) for each in mesh["primitives"]):
        found[part.get("mode", 4)] += document["accessors"][part["attributes"]["POSITION"]]["count"]
    return dict(found)


def test_points_and_lines_are_drawn_picked_and_told_of(watched: Watched, delft: Served) -> None:
    points = {"type": "MultiPoint", "lod": "1", "boundaries": [4]}
    way = {"type": "MultiLineString", "lod": "0", "boundaries": [[0, 1, 2, 3]]}
    objects = {
        "post": {"type": "CityFurniture", "geometry": [points], "attributes": {"kept_by": "park"}},
        "way": {"type": "Road", "geometry": [way], "attributes": {"kept_by": "street"}},
    }
    add(delft, "thin", json.dumps(city(objects)).encode())
    through = (218, 132, 113)  # lines let a little through of what is behind
    for each, colour, least, told in (("way", through, 300, "road"), ("post", PICKED, 40, "city furniture")):
        show(watched.page, delft, f"?room=twin&lang=en&theme=paper&t.model=thin&pick=thin:{each}")
        expect(watched.page.locator("lf-twin dl").first).to_contain_text(told)
        expect(watched.page.get_by_text("Length (m)")).to_have_count(int(each == "way"))
        found = look(watched.page, within=".twin-stage canvas", wanted=[colour], tolerance=60)
        assert found.near[0] > least
    watched.page.get_by_role("button", name="Fly there").click()
    canvas = watched.page.locator(".twin-stage canvas").bounding_box()
    assert canvas
    watched.page.get_by_role("button", name="Back to the list").click()
    watched.page.mouse.click(canvas["x"] + canvas["width"] / 2 + 3, canvas["y"] + canvas["height"] / 2 - 3)
    expect(watched.page.locator("lf-twin code")).to_have_text("thin:post")
    there = "?room=twin&lang=en&theme=paper&t.model=thin"
    show(watched.page, delft, f"{there}&by=class")
    kinds = look(watched.page, within=".twin-stage canvas", wanted=KEPT_BY, tolerance=30).near
    assert max(kinds) == 0
    watched.page.route("**/values/**", lambda route: route.abort())
    open_page(watched.page, delft, f"{there}&by=p:kept_by")  # which knows of the model's properties
    expect(watched.page.locator(".twin-due")).to_contain_text("could not be loaded")
    watched.page.unroute("**/values/**")
    watched.page.get_by_role("button", name="Try again").click()
    expect(watched.page.locator(".twin-due")).to_have_count(0)
    watched.page.locator("html[data-ready=true]").wait_for(state="attached")
    watched.wrong.clear()
    expect(watched.page.locator(".twin-key")).to_have_text(["park", "street", "none said"])
    post, way = look(watched.page, within=".twin-stage canvas", wanted=KEPT_BY, tolerance=30).near
    assert post >= 40
    assert way > 300
    for cut, within in (("h600", {0: 1, 1: 6}), ("h503", {1: 6})):  # of the point, and of both ends of lines
        show(watched.page, delft, f"{there}&t.cut={cut}")
        watched.page.get_by_text("Keep", exact=True).press("Enter")
        with watched.page.expect_download() as saved:
            watched.page.get_by_role("button", name="glTF").press("Enter")
        assert corners(saved.value.path().read_bytes()) == within
        (valid,) = validated(saved.value.path())
        assert (valid["errors"], valid["warnings"]) == (0, 0), valid
        watched.page.keyboard.press("Escape")
    objects["way"]["attributes"] = {"kept_by": "district"}
    add(delft, "thinner", json.dumps(city(objects)).encode())
    assert watched.wrong == []


def test_an_open_page_learns_of_what_comes_into_the_twin(shared: Page, delft: Served) -> None:
    def hall(name: str, **more: dict[str, object]) -> bytes:
        return json.dumps(city({"h": house(attributes={"name": name}), **more})).encode()

    add(delft, "hall", hall("Old hall"))
    open_page(shared, delft, "?room=twin&lang=en&theme=paper&t.model=hall&pick=hall:h")
    expect(shared.get_by_role("heading", name="Old hall")).to_be_visible()
    add(delft, "hall", hall("New hall"))
    expect(shared.get_by_role("heading", name="New hall")).to_be_visible()
    turn_to(shared, "?room=twin&lang=en&theme=paper&t.model=hall")
    expect(shared.locator("lf-twin-list").get_by_role("button", name="New hall")).to_be_visible()
    add(delft, "hall", hall("New hall", gate=house(attributes={"name": "Gate", "guild": "smiths"})))
    expect(shared.locator("lf-twin-list").get_by_role("button", name="Gate")).to_be_visible()
    expect(shared.locator("lf-twin select option", has_text="guild")).to_have_count(1)


def test_properties_that_differ_are_told_where_two_models_are_compared(watched: Watched, delft: Served) -> None:
    open_page(watched.page, delft, "?room=twin&lang=en&theme=paper&t.model=thin")  # which knows of the other model
    compared = watched.page.locator("lf-twin-compare")
    compared.locator("summary").press("Enter")
    compared.locator("select").select_option("thinner")
    expect(compared.locator("li")).to_have_count(1)
    expect(compared.locator("li")).to_contain_text("properties that differ: kept_by")
    assert watched.wrong == []


def test_images_hang_where_their_model_has_them_while_nothing_else_colours_it(watched: Watched, delft: Served) -> None:
    half = Image.new("RGB", (64, 64), (0, 255, 0))
    half.paste((255, 0, 255), (0, 0, 32, 64))
    held = io.BytesIO()
    half.save(held, "PNG")
    add(delft, "hung", zipped(*floor(held.getvalue())))
    sides = [(230, 60, 230), (60, 230, 60)]  # as they are lit
    counts = {}
    for by in ("model", "height"):
        show(watched.page, delft, f"?room=twin&lang=en&theme=paper&t.model=hung&by={by}")
        counts[by] = look(watched.page, within=".twin-stage canvas", wanted=sides, tolerance=110).near
    assert min(counts["model"]) > 2_000
    assert max(counts["height"]) < 200
    assert watched.wrong == []
