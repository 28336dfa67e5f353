"""Models come into the twin by the page, and end there: who may, what is told, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.accessible import faults
from tests.e2e.screen import Served, open_page, sign_in, turn_to
from tests.unit.twin.ifc_model import house

PLACE = 'crs = "EPSG:4490"\nposition = [104.0450, 30.6600]\n'
SINCE = "2021-05-01T00:00"


def _enter(page: Page, served: Served, name: str, *roles: str) -> None:
    """Go on as a person with these roles, whom the administrator adds."""
    sign_in(page, served)
    person = {"name": name, "password": "a long pass phrase"}
    headers = {"X-Lifang": "page"}
    made = page.context.request.post(f"{served.url}/api/v1/people", headers=headers, data={**person, "roles": roles})
    assert made.ok, made.text()
    page.context.clear_cookies()
    assert page.context.request.post(f"{served.url}/api/v1/session", headers=headers, data=person).ok


def _give(page: Page, file: Path, model: str, *, place: Path | None = None) -> None:
    """Fill in the form that is open, as a keyboard does, and send it."""
    adding = page.locator("lf-twin-add")
    adding.locator("input[data-part=model]").set_input_files(file)
    adding.locator("[name=model]").fill(model)
    adding.locator("[name=since]").fill(SINCE)
    if place:
        adding.locator("input[data-part=placement]").set_input_files(place)
    adding.locator("form > button").press("Enter")


@pytest.fixture
def placed(tmp_path: Path) -> tuple[Path, Path]:
    """A house of one wall, and where it stands."""
    file, place = tmp_path / "house.ifc", tmp_path / "place.toml"
    file.write_bytes(house())
    place.write_text(PLACE, "utf-8")
    return file, place


def test_a_planner_adds_a_model_sees_what_came_in_and_ends_it(
    page: Page, empty_city: Served, placed: tuple[Path, Path]
) -> None:
    file, place = placed
    _enter(page, empty_city, "planner", "data_officer")
    open_page(page, empty_city, "?room=twin&lang=en")
    adding, ending = page.locator("lf-twin-add"), page.locator("lf-twin-end")
    adding.locator("summary").first.press("Enter")
    _give(page, file, "town_hall", place=place)
    came = adding.locator("[data-came=town_hall]")
    expect(came).to_contain_text("Model town_hall came in:")
    expect(came).to_contain_text("part of a building 1")
    expect(came).to_contain_text("Examination of the model")
    expect(page.locator("lf-twin-list")).to_contain_text("墙 1")
    assert "t.model=town_hall" in page.url
    page.locator("html[data-ready=true]").wait_for(state="attached")
    assert faults(page) == []
    ending.locator("summary").press("Enter")
    ending.locator("[name=at]").fill("2022-01-01T00:00")
    ending.locator("form button").press("Enter")
    expect(ending.locator("h4")).to_be_focused()
    expect(ending).to_contain_text("Nothing is deleted")
    assert faults(page) == []
    ending.locator("[data-act=end-model]").press("Enter")
    expect(ending.locator("[data-ended]")).to_contain_text("ended from 2022-01-01 00:00")
    expect(page.locator("lf-twin .empty")).to_be_visible()
    turn_to(page, "?room=twin&lang=en&at=2021-06-01T00:00:00Z")
    expect(page.locator("lf-twin-list")).to_contain_text("墙 1")


def test_what_the_checks_find_is_told_in_the_readers_language(page: Page, empty_city: Served, tmp_path: Path) -> None:
    """A solid with one face away is open: admitted, with a warning that says how to mend it."""
    file = tmp_path / "open.city.json"
    faces = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]]]
    corners = [[x, y, z] for z in (0, 9) for x, y in ((0, 0), (20, 0), (20, 20), (0, 20))]
    model = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [1, 1, 1], "translate": [411_000, 3_392_000, 500]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/32648"},
        "vertices": corners,
        "CityObjects": {
            "b": {"type": "Building", "geometry": [{"type": "Solid", "lod": "2", "boundaries": [faces]}]},
        },
    }
    file.write_text(json.dumps(model), "utf-8")
    sign_in(page, empty_city)
    open_page(page, empty_city, "?room=twin&lang=zh")
    page.locator("lf-twin-add summary").first.press("Enter")
    _give(page, file, "open_box")
    came = page.locator("lf-twin-add [data-came=open_box]")
    expect(came).to_contain_text("1 个对象")
    expect(came).to_contain_text("建筑 1")
    expect(came.locator(".twin-faults li").first).to_contain_text("警告")
    expect(came.locator(".twin-faults li").first).to_contain_text("open_box:b")


def test_where_a_model_stands_is_written_into_the_form(
    page: Page, empty_city: Served, placed: tuple[Path, Path]
) -> None:
    sign_in(page, empty_city)
    open_page(page, empty_city, "?room=twin&lang=en")
    adding = page.locator("lf-twin-add")
    adding.locator("summary").first.press("Enter")
    for name, text in {
        "place-crs": "EPSG:4490",
        "east": "104.06",
        "north": "30.65",
        "height": "12",
        "turn": "-30",
    }.items():
        adding.locator(f"[name={name}]").fill(text)
    _give(page, placed[0], "annex")
    expect(adding.locator("[data-came=annex]")).to_contain_text("6 objects")
    wall = page.context.request.get(f"{empty_city.url}/api/v1/twin/objects?model=annex&q=墙").json()["items"][0]
    assert wall["bbox"][:2] == pytest.approx([104.06, 30.65], abs=1e-4)
    assert wall["bottom_m"] == pytest.approx(12, abs=2)


def test_outlines_go_into_the_catalogue_and_are_raised(page: Page, empty_city: Served, tmp_path: Path) -> None:
    ring = [[104.05, 30.66], [104.0502, 30.66], [104.0502, 30.6602], [104.05, 30.6602], [104.05, 30.66]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    told = {"code": "a", "title": "North block", "floors": 6}
    file = tmp_path / "blocks.geojson"
    features = [{"type": "Feature", "properties": told, "geometry": shape}]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    sign_in(page, empty_city)
    open_page(page, empty_city, "?room=twin&lang=en")
    adding = page.locator("lf-twin-add")
    adding.locator("summary").first.press("Enter")
    adding.locator("[name=holds]").select_option("outlines")
    for name, text in {"key": "code", "name": "title", "height": "floors", "each": "3"}.items():
        adding.locator(f"[name={name}]").fill(text)
    _give(page, file, "blocks")
    expect(adding.locator("[data-came=blocks]")).to_contain_text("building 1")
    expect(page.locator("lf-twin-list tbody tr")).to_contain_text("North block")
    expect(page.locator("lf-twin-list tbody tr .number")).to_have_text("18")


def test_a_broken_file_is_refused_with_its_sentence_and_nothing_typed_is_lost(
    page: Page, empty_city: Served, tmp_path: Path
) -> None:
    file = tmp_path / "broken.ifc"
    file.write_text("ISO-10303-21;\nHEADER;\nthis is no model", "utf-8")
    sign_in(page, empty_city)
    open_page(page, empty_city, "?room=twin&lang=en")
    adding = page.locator("lf-twin-add")
    adding.locator("summary").first.press("Enter")
    _give(page, file, "broken")
    expect(adding.locator(".problem .mend")).to_be_visible()
    assert adding.locator("[name=model]").input_value() == "broken"
    assert adding.locator("[name=since]").input_value() == SINCE
    expect(adding.locator(".chosen").first).to_contain_text("broken.ifc")


def test_who_may_not_change_the_twin_sees_no_way_to(page: Page, empty_city: Served) -> None:
    open_page(page, empty_city, "?room=twin&lang=en")
    expect(page.locator("lf-twin-add, lf-twin-end")).to_have_count(0)
    _enter(page, empty_city, "reader", "analyst")
    open_page(page, empty_city, "?room=twin&lang=en")
    expect(page.locator("lf-header")).to_contain_text("reader")
    expect(page.locator("lf-twin-add, lf-twin-end")).to_have_count(0)
