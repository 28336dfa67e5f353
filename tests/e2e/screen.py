"""The screen of a served city, and what it shows, counted in the browser itself: no imaging library is needed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_COUNT = """
async ([png, box, wanted, tolerance]) => {
  const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const [x, y, w, h] = box ?? [0, 0, picture.width, picture.height];
  const canvas = new OffscreenCanvas(w, h);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, x, y, w, h, 0, 0, w, h);
  const data = new Uint32Array(pen.getImageData(0, 0, w, h).data.buffer);
  const seen = new Map();
  for (let i = 0, run = 1; i < data.length; i += 1, run += 1) {
    if (data[i] === data[i + 1]) continue;
    seen.set(data[i], (seen.get(data[i]) ?? 0) + run);
    run = 0;
  }
  const total = data.length;
  const near = wanted.map(() => 0);
  let light = 0;
  for (const [key, count] of seen) {
    const [red, green, blue] = [key & 255, (key >> 8) & 255, (key >> 16) & 255];
    light += (count * (red + green + blue)) / 3 / total;
    wanted.forEach(([r, g, b], n) => {
      if (Math.abs(red - r) + Math.abs(green - g) + Math.abs(blue - b) <= tolerance) near[n] += count;
    });
  }
  return { total, light, colours: seen.size, commonest: Math.max(...seen.values()) / total, near };
}
"""


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
    shot = png or page.screenshot()
    box: list[float] | None = None
    if within:
        found = page.locator(within).first.bounding_box()
        assert found, f"{within} is not on the screen"
        box = [round(found[side]) for side in ("x", "y", "width", "height")]
    counted: dict[str, Any] = page.evaluate(
        _COUNT, [base64.b64encode(shot).decode(), box, [list(each) for each in wanted], tolerance]
    )
    return Picture(**counted)
