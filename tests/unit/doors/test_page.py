"""The page over HTTP: every view's address answers with the page, programs' addresses never do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from lifang.doors import page
from lifang.doors.http import Metrics, Shell, add_problem_handlers
from lifang.doors.page import SiteFiles

from .conftest import House


def _get(house: House, folder: Path, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    app = FastAPI()
    app.state.city = house.city
    app.include_router(page.router(SiteFiles(folder)))
    add_problem_handlers(app)
    shell: Any = Shell(app, hosts=(), body_max=1000, larger={}, metrics=Metrics())

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(shell), base_url="http://127.0.0.1") as client:
            return await client.request(method, url, headers=headers)

    return asyncio.run(call())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>里坊</title>", "utf-8")
    (tmp_path / "assets" / "app-BqX3d_9a.js").write_text("let a = 1;" * 100)
    return tmp_path


def test_the_page_answers_at_every_view_and_can_be_revalidated(house: House, site: Path) -> None:
    for url in ("/", "/sense/site-1?time=2019-01-12", "/data"):
        answer = _get(house, site, url)
        assert answer.status_code == 200
        assert "里坊" in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert _get(house, site, url, **{"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert _get(house, site, "/", "HEAD").headers["etag"] == answer.headers["etag"]


def test_hashed_files_are_kept_for_ever_and_sent_compressed(house: House, site: Path) -> None:
    answer = _get(house, site, "/assets/app-BqX3d_9a.js", **{"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text.startswith("let a")


@pytest.mark.parametrize(
    "url", ["/api/v1/absent", "/sta/v1.1/Nothings", "/assets/gone-12345678.js", "/favicon.ico", "/x.php"]
)
def test_what_only_programs_ask_for_is_never_answered_with_the_page(house: House, site: Path, url: str) -> None:
    answer = _get(house, site, url)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_that_is_not_built_says_how_to_build_it(house: House, tmp_path: Path) -> None:
    answer = _get(house, tmp_path / "absent", "/")
    assert answer.status_code == 503
    assert "make " in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_a_stale_session_does_not_keep_anybody_from_the_page(house: House, site: Path) -> None:
    assert _get(house, site, "/", Cookie="lifang_session=stale").status_code == 200
