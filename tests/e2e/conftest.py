"""A real city, served by the real command, seen by a real Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_UP_S = 240


@dataclass(frozen=True)
class Served:
    url: str
    password: str
    folder: Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(folder: Path, log: Path, *, speed: float) -> tuple[subprocess.Popen[bytes], Served]:
    port = _free_port()
    command = [Path(sys.executable).with_name("lifang"), "demo", "chengdu", "--dir", folder, "--port", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--speed", str(speed), "--no-browser"], stdout=sink, stderr=subprocess.STDOUT, env={**os.environ}
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _UP_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"lifang demo ended:\n{log.read_text('utf-8', 'replace')[-4000:]}")
        try:
            if httpx.get(f"{url}/healthz", timeout=2).status_code == 200 and "first log-in" in log.read_text("utf-8"):
                break
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    else:
        pytest.fail("lifang demo was not up in time")
    return process, Served(url, log.read_text("utf-8").split("admin / ")[1].split()[0], folder)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("demo") / "chengdu"
    process, found = _start(folder, folder.parent / "demo.log", speed=3600)
    yield found
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0, "Ctrl-C must stop the city cleanly"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed. To mend: make system"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, timezone_id="Asia/Shanghai")
    context.set_default_timeout(60_000)
    tab = context.new_page()
    yield tab
    context.close()
