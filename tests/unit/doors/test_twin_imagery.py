"""A GeoTIFF comes in as a job and is a layer of the map, for those who may see it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import ended
from tests.unit.twin.test_imagery import geotiff

ASKED = {"zh": "影像", "en": "Imagery", "source": "generated", "licence": "CC-BY-4.0"}
IMAGERY = "/api/v1/twin/imagery"


def sent(house: House, content: bytes, **asked: str) -> dict[str, Any]:
    officer = house.client("data_officer")
    answer = officer.post(IMAGERY, params={**ASKED, **asked}, content=content)
    assert answer.status_code == 202, answer.text
    return ended(officer, answer.json())


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("tif") / "in.tif"
    return geotiff(np.full((64, 64, 3), (200, 30, 30), np.uint8), path, code=4326).read_bytes()


def test_a_picture_is_listed_with_its_licence_and_gives_tiles_to_those_who_may(house: House, picture: bytes) -> None:
    assert sent(house, picture, imagery="ortho", classification="open")["state"] == "done"
    assert sent(house, picture, imagery="secret", classification="restricted")["state"] == "done"
    anyone = house.client()
    (listed,) = anyone.get("/api/v1/city").json()["imagery"]
    assert listed == anyone.get(IMAGERY).json()["items"][0]
    assert (listed["id"], listed["name"]["zh"], listed["source"]) == ("ortho", "影像", "generated")
    assert (listed["licence"], listed["crs"], listed["size"]) == ("CC-BY-4.0", "EPSG:4326", [64, 64])
    told = anyone.get("/tiles/imagery/ortho/tiles.json").json()
    assert (told["minzoom"], told["maxzoom"], told["bounds"]) == (*listed["zooms"], listed["bounds"])
    west, south, east, north = listed["bounds"]
    z = listed["zooms"][1]
    x = int(((west + east) / 2 / 360 + 0.5) * 2**z)
    phi = np.radians((south + north) / 2)
    y = int((0.5 - np.arcsinh(np.tan(phi)) / (2 * np.pi)) * 2**z)
    answer = anyone.get(listed["tiles"].format(z=z, x=x, y=y))
    assert answer.headers["content-type"] == "image/webp"
    colours = np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA")).reshape(-1, 4)
    seen = colours[colours[:, 3] > 250]
    assert len(seen) > 100
    assert np.abs(np.median(seen[:, :3], axis=0) - (200, 30, 30)).max() < 10
    assert anyone.get(f"/tiles/imagery/ortho/{z}/0/0.webp").status_code == 204
    for hidden in ("secret", "nothing"):
        assert anyone.get(f"/tiles/imagery/{hidden}/{z}/{x}/{y}.webp").status_code == 404
    assert anyone.post(IMAGERY, params={**ASKED, "imagery": "mine"}, content=picture).status_code == 401
    assert house.client("data_officer")("DELETE", f"{IMAGERY}/ortho").status_code == 204
    assert anyone.get(IMAGERY).json()["items"] == []


def test_what_is_no_picture_is_refused_with_what_to_do(house: House, tmp_path: Path) -> None:
    job = sent(house, b"II*\0 no picture", imagery="bad")
    assert job["state"] == "failed"
    assert "gdal_translate" in str(job)
