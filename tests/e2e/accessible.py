"""What axe-core finds on the screen as it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).resolve().parents[2] / "page" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help,
    where: nodes.slice(0, 5).map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
  }));
}
"""


@cache
def _axe() -> str:
    assert _AXE.exists(), "axe-core is not installed. To mend: make install"
    return _AXE.read_text("utf-8")


def faults(page: Page, *, gravest: frozenset[str] = frozenset({"serious", "critical"})) -> list[dict[str, Any]]:
    """Return the rules broken on the page with that impact, each with the first five places."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {_axe()} }}")
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [each for each in found if each["impact"] in gravest]
