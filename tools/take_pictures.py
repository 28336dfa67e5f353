"""Take the pictures of the documents from the living demo: docs/images/*.png. `make pictures` runs it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PORT = 8917
VIEWS = {"overview": "?lang=en&theme=paper", "overview-zh-night": "?lang=zh&theme=night"}
SIZE = {"width": 1440, "height": 900}


def wait_for_alert(url: str) -> None:
    """Return once an alert fires; it does within a minute of city life."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/api/v1/alerts?state=firing", timeout=5).json()["items"]:
                return
        except httpx.TransportError:
            pass
        time.sleep(1)
    sys.exit("no alert fired within three minutes")


def main() -> None:
    """Start the demo, wait for the alert, take each view."""
    url = f"http://127.0.0.1:{PORT}"
    with tempfile.TemporaryDirectory() as folder:
        lifang = Path(sys.executable).with_name("lifang")
        command = [
            lifang,
            "demo",
            "chengdu",
            "--dir",
            f"{folder}/chengdu",
            "--port",
            str(PORT),
            "--no-browser",
            "--no-simulate",
        ]
        city = subprocess.Popen([*command, "--speed", "3600"])
        try:
            wait_for_alert(url)
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                tab = browser.new_context(viewport=SIZE, timezone_id="Asia/Shanghai").new_page()
                for name, query in VIEWS.items():
                    tab.goto(f"{url}/{query}")
                    tab.locator("html[data-ready=true]").wait_for(state="attached", timeout=60_000)
                    tab.screenshot(path=IMAGES / f"{name}.png")
                browser.close()
        finally:
            city.send_signal(signal.SIGINT)
            city.wait(timeout=30)


if __name__ == "__main__":
    main()
