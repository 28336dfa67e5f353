"""A real city, served by the real command, seen by a real Chromium.

What several modules use lasts until the last test of this folder, and no longer: a Playwright that is still open keeps
an event loop running under the tests that come after it.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from tests.e2e.screen import Served

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # An address bar that nobody sees would be a page of its own in every window, for half a second of the processor.
    # It takes the place of what Playwright turns off: of that, what a page on this machine could meet stays off.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    "PaintHolding,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,ThirdPartyStoragePartitioning,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,AvoidCorsURLLoaderRestartOnRedirect,"
    "MediaRouter,LensOverlay,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch",
]
_UP_S = 240
_WIDE = ViewportSize(width=1280, height=800)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(command: list[str | Path], folder: Path) -> tuple[subprocess.Popen[bytes], Served]:
    port, log = _free_port(), folder.parent / "city.log"
    with log.open("wb") as sink:
        process = subprocess.Popen([*command, "--port", str(port)], stdout=sink, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _UP_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the city ended:\n{log.read_text('utf-8', 'replace')[-4000:]}")
        try:
            if "first log-in" in log.read_text("utf-8") and httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                return process, Served(url, log.read_text("utf-8").split("admin / ")[1].split()[0], folder)
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    process.kill()
    pytest.fail("the city was not up in time")


@contextmanager
def demonstrated(folder: Path, *, speed: int) -> Iterator[Served]:
    """Chengdu's demonstration in a folder, without the simulated network."""
    lifang = Path(sys.executable).with_name("lifang")
    process, found = serve(
        [lifang, "demo", "chengdu", "--dir", folder, "--speed", str(speed), "--no-browser", "--no-simulate"], folder
    )
    yield found
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0, "Ctrl-C must stop the city cleanly"


_HELD = pytest.StashKey[dict[str, Any]]()
Kept = TypeVar("Kept")


def _lasting(request: pytest.FixtureRequest, name: str, opening: AbstractContextManager[Kept]) -> Kept:
    """Return what ``opening`` gives, entered once under that name and left after the last test of this folder."""
    folder = request.node.getparent(pytest.Dir)
    held = folder.stash.setdefault(_HELD, {})
    if name not in held:
        last = ExitStack()
        last.callback(held.pop, name)
        held[name] = last.enter_context(opening)
        folder.addfinalizer(last.close)
    kept: Kept = held[name]
    return kept


@contextmanager
def _alarmed(furnished: Path, folder: Path) -> Iterator[Served]:
    shutil.copytree(furnished, folder)
    with demonstrated(folder, speed=900) as found:
        _await_alert(found)
        yield found


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Chengdu's demonstration in which an alert fires, for all modules that ask for no other."""
    return _lasting(request, "served", _alarmed(furnished, tmp_path_factory.mktemp("demo") / "chengdu"))


def _await_alert(city: Served) -> None:
    """Let hours pass in seconds until an alert fires, then no faster than they do: a city at rest costs little."""
    with httpx.Client(base_url=city.url, headers={"X-Lifang": "page"}, timeout=60) as admin:
        assert admin.post("/api/v1/session", json={"name": "admin", "password": city.password}).status_code == 200
        until = time.monotonic() + 90
        while not admin.get("/api/v1/alerts", params={"state": "firing"}).json()["items"] or not _is_measured(admin):
            assert time.monotonic() < until, "no alert fired"
            time.sleep(0.3)
        assert admin.post("/api/v1/replay", json={"speed": 1}).json()["speed"] == 1


def _is_measured(client: httpx.Client) -> bool:
    """Some hours lack the city's index."""
    air = client.get("/api/v1/scenes/air_quality_early_warning").json()["result"]
    return air["city"]["aqi"] is not None


@pytest.fixture(scope="session")
def vacant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a city in which nothing is yet: to be copied, never to be opened."""
    folder = tmp_path_factory.mktemp("vacant") / "city"
    lifang = Path(sys.executable).with_name("lifang")
    subprocess.run([lifang, "init", folder, "--name", "Empty"], check=True, capture_output=True)
    return folder


@contextmanager
def founded(folder: Path, vacant: Path) -> Iterator[Served]:
    """A city of that folder in which nothing is yet."""
    shutil.copytree(vacant, folder)
    near = _free_port()
    with (folder / "city.toml").open("a", encoding="utf-8") as settings:
        for table in ("harvest", "webhooks"):
            settings.write(f'\n[{table}]\nallow = ["127.0.0.1"]\nports = [80, 443, {near}]\n')
    lifang = Path(sys.executable).with_name("lifang")
    process, found = serve([lifang, "serve", "--dir", folder], folder)
    yield replace(found, near=near)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def empty_city(vacant: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with founded(tmp_path_factory.mktemp("empty") / "city", vacant) as found:
        yield found


@pytest.fixture(scope="module")
def office_city(request: pytest.FixtureRequest, vacant: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A city that begins empty, and in which clerks and data officers work, each with data of their own."""
    return _lasting(request, "office", founded(tmp_path_factory.mktemp("office") / "city", vacant))


@contextmanager
def _launched() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed. To mend: make system"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Browser:
    return _lasting(request, "chromium", _launched())


@contextmanager
def _window(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=_WIDE, timezone_id="Asia/Shanghai", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A window of its own: for a test that signs in, changes something, or watches the page load."""
    with _window(chromium) as found:
        yield found


@dataclass
class Watched:
    """A window, the addresses that were asked for in it since it opened, and what went wrong there."""

    page: Page
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda told: self.wrong.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))


@contextmanager
def _watched(chromium: Browser) -> Iterator[Watched]:
    with _window(chromium) as found:
        yield Watched(found)


@pytest.fixture(scope="module")
def watched(chromium: Browser) -> Iterator[Watched]:
    with _watched(chromium) as found:
        yield found


@pytest.fixture(scope="module")
def watched_chengdu(request: pytest.FixtureRequest, chromium: Browser) -> Watched:
    """A window for the modules that look at the demonstration of Chengdu."""
    return _lasting(request, "watched", _watched(chromium))


@pytest.fixture
def shared(watched: Watched) -> Page:
    """A window that the tests of a module share, in which nobody signs in: each shows its own view in it."""
    watched.page.set_viewport_size(_WIDE)
    return watched.page
