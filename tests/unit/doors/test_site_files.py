"""The page's files: what is served, how it is cached, what is never read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from lifang.doors.page import SiteFiles


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>" + " " * 600)
    (folder / "assets" / "index-BqX3d_9a.js").write_text("let a = 1;" * 100)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def test_hashed_assets_never_change_and_the_page_is_asked_for_each_time(site: Path) -> None:
    files = SiteFiles(site)
    asset, page = files.find("assets/index-BqX3d_9a.js"), files.find("")
    assert asset is not None
    assert "immutable" in asset.caching
    assert asset.media_type.startswith("text/javascript")
    assert asset.packed is not None
    assert gzip.decompress(asset.packed) == asset.content
    assert page is not None
    assert page.caching == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "assets/../../secret.txt",
        "link.txt",
        "/etc/passwd",
        "x\0y",
        "..\\secret.txt",
        "a" * 5000,
        "assets",
    ],
)
def test_nothing_outside_the_folder_is_ever_read(site: Path, path: str) -> None:
    assert SiteFiles(site).find(path) is None


def test_a_rebuilt_file_is_served_anew(site: Path) -> None:
    files = SiteFiles(site)
    before = files.find("index.html")
    (site / "index.html").write_text("new")
    after = files.find("index.html")
    assert before is not None
    assert after is not None
    assert after.content == b"new"
    assert after.tag != before.tag
