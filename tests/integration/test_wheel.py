"""The wheel alone is a working lifang: page, city pack and code lists inside; no Node and no checkout at run time."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ASK = """
import lifang, sys
from pathlib import Path
from lifang.app import find_pack, open_city, lay_out_empty
from lifang.doors.api import create_app
from starlette.testclient import TestClient

home = Path(lifang.__file__).parent
assert home.is_relative_to(Path(sys.argv[1])), home
assert find_pack("chengdu").is_relative_to(home)
lay_out_empty(Path(sys.argv[2]), city_id="city", name="City", area_code="")
with open_city(sys.argv[2]) as city, TestClient(create_app(city), base_url="http://127.0.0.1") as client:
    page = client.get("/")
    assert page.status_code == 200 and "<script" in page.text, page.text[:500]
    assert client.get("/api/v1/city").json()["id"] == "city"
print("alive")
"""


def test_the_wheel_carries_the_page_and_the_pack_and_comes_to_life(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=240,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PATH": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, tmp_path / "site", tmp_path / "city"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "alive", done.stderr
