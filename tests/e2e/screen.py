"""The screen of a served city, and what it shows."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page


@dataclass(frozen=True)
class Served:
    url: str
    password: str
    folder: Path
    near: int = 0  # a port of this machine that the city may reach, if it is told of one


def open_page(page: Page, served: Served, query: str = "") -> None:
    """Go there and wait for the page's own word that all of it is shown."""
    page.goto(f"{served.url}/{query}")
    page.locator("html[data-ready=true]").wait_for(state="attached")


def turn_to(page: Page, query: str) -> None:
    """Show another view in the page that is open, as a step back in its history does."""
    page.evaluate(
        """(query) => {
          history.pushState(null, "", location.pathname + query);
          dispatchEvent(new PopStateEvent("popstate"));
          return new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
        }""",
        query,
    )
    page.locator("html[data-ready=true]").wait_for(state="attached")


def tab_to(page: Page, selector: str, most: int = 90) -> None:
    """Press Tab until the focus is on what ``selector`` names, and see that it is seen there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring == "solid", f"the focus on {selector} is not seen"
            return
    raise AssertionError(f"Tab does not lead to {selector} within {most} steps")


def show(page: Page, served: Served, query: str) -> None:
    """Turn the page to a view, opening it first if it is not there yet."""
    if page.url.startswith(served.url):
        turn_to(page, query)
    else:
        open_page(page, served, query)


def sign_in(page: Page, served: Served) -> None:
    """Sign in as the city's first administrator, as the page does: what is opened from now on knows who looks."""
    answer = page.context.request.post(
        f"{served.url}/api/v1/session",
        headers={"X-Lifang": "page"},
        data={"name": "admin", "password": served.password},
    )
    assert answer.status == 200


@dataclass(frozen=True)
class Picture:
    """Counts of a picture: pixels, mean light (0 to 255), distinct colours, the commonest one's share, pixels near each
    wanted colour."""

    total: int
    light: float
    colours: int
    commonest: float
    near: Sequence[int]


def look(
    page: Page,
    *,
    within: str | None = None,
    wanted: Sequence[tuple[int, int, int]] = (),
    tolerance: int = 24,
    png: bytes | None = None,
) -> Picture:
    """Return what the page, or its element ``within``, shows now; or what a given picture shows."""
    with Image.open(BytesIO(png or _shot(page))) as image:
        picture = image.convert("RGBA")
    if within:
        found = page.locator(within).first.bounding_box()
        assert found, f"{within} is not on the screen"
        left, top, wide, high = (round(found[side]) for side in ("x", "y", "width", "height"))
        picture = picture.crop((left, top, left + wide, top + high))
    keys, counts = np.unique(np.asarray(picture).view(np.uint32), return_counts=True)
    colours = keys.view(np.uint8).reshape(-1, 4)[:, :3].astype(np.int64)
    total = int(counts.sum())
    near = [int(counts[np.abs(colours - each).sum(axis=1) <= tolerance].sum()) for each in wanted]
    light = float(counts @ colours.mean(axis=1)) / total
    return Picture(total, light, len(keys), float(counts.max()) / total, near)


def _shot(page: Page) -> bytes:
    """Return the page as PNG, packed in a third of the time that Playwright's takes."""
    tab = page.context.new_cdp_session(page)
    shot = tab.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
    tab.detach()
    return base64.b64decode(shot["data"])
