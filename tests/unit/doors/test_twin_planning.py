"""Buffer, overlay, comparison of models and sight over terrain, over HTTP, against closed forms."""

import math
import tomllib
from typing import Any

import numpy as np
import pytest
import shapely
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import T0, T2, add, built, model
from tests.unit.doors.test_twin_analyses import asked, bounds

from lifang.catalogue import Card
from lifang.guard import SYSTEM
from lifang.twin.analysing import heights_of
from lifang.twin.shapes import Frame

__all__ = ["built"]
CARD = """
theme = "space"
classification = "open"
key = ["no"]
[name]
zh = "甲"
en = "A"
[geometry]
wkt = "shape"
"""


def put(house: House, dataset: str, header: str, rows: list[str]) -> None:
    path = house.city.spool / f"{dataset}.csv"
    path.write_text("\n".join([header, *rows]), "utf-8")
    card = Card.from_mapping({"id": dataset, **tomllib.loads(CARD)})
    house.city.catalogue.add(path, name=path.name, card=card, by=SYSTEM)
    path.unlink()


def test_a_zone_about_a_square_is_larger_by_its_sides_and_corners(built: House) -> None:
    found = asked(built.client(), "buffer", id="blocks:a", distance_m=10)
    assert found["area_m2"] == pytest.approx(400 + 4 * 20 * 10 + math.pi * 100, rel=3e-3)
    assert found["geometry"]["type"] == "Polygon"
    assert found["objects"] == []
    assert asked(built.client(), "buffer", id="blocks:a", distance_m=31)["objects"] == ["blocks:c"]  # 30 m apart


def test_an_object_covers_its_share_of_a_polygon(built: House) -> None:
    west, south, east, north = bounds(built.client(), "blocks:a")
    half = shapely.box(west - 0.001, south - 0.001, (west + east) / 2, north + 0.001)
    put(built, "zones", "no,shape", [f'z,"{half.wkt}"'])
    (row,) = asked(built.client(), "overlay", dataset="zones", key="no", geometry=True)["items"]
    assert (row["polygon"], row["object"]) == ("z", "blocks:a")
    assert row["area_m2"] == pytest.approx(200, rel=2e-2)  # the grid is turned a little against the meridian
    assert row["of_object"] == pytest.approx(0.5, abs=0.02)
    assert row["geometry"]["coordinates"]


def test_models_are_compared_by_id_and_by_what_they_cover(built: House) -> None:
    officer = built.client("data_officer")
    assert add(officer, model("a", "x", "y", shift=4.0), valid_from=T0, model="plan")["state"] == "done"
    found = asked(built.client(), "comparison", one="blocks", other="plan")
    assert [(each["one"], each["other"]) for each in found["pairs"]] == [
        ("blocks:a", "plan:a"),
        ("blocks:c", "plan:x"),
    ]
    for each in found["pairs"]:
        assert each["offset_m"] == pytest.approx(3, rel=1e-2)
        assert each["common"] == pytest.approx(17 / 23, rel=1e-2)
    assert (found["only_one"], found["only_other"]) == ([], ["plan:y"])
    hidden = built.client().get("/api/v1/twin/analyses/comparison", params={"one": "blocks", "other": "hidden"})
    assert hidden.status_code == 404


def test_two_versions_of_a_model_are_compared_by_shape(built: House) -> None:
    found = asked(built.client(), "comparison", one="blocks", other="blocks", at=T0, other_at=T2)
    assert found["counts"] == {"moved": 2, "only_one": 0, "only_other": 0}
    pair = found["pairs"][0]
    assert [(each["one"], each["other"]) for each in found["pairs"]] == [
        ("blocks:a", "blocks:a"),
        ("blocks:b", "blocks:c"),  # where b stood
    ]
    assert pair["apart_m"] == pytest.approx(1, rel=1e-3)
    assert math.hypot(*pair["moved_m"]) == pytest.approx(1, rel=1e-3)
    assert pair["volume_m3"] == [pytest.approx(20 * 20 * 9, rel=1e-3)] * 2
    wide = asked(built.client(), "comparison", one="blocks", other="blocks", at=T0, other_at=T2, tolerance_m=1.5)
    assert wide["counts"]["same"] == 2
    higher = add(built.client("data_officer"), model("a").replace(b" 9]", b" 12]"), valid_from=T0, model="higher")
    assert higher["state"] == "done"
    raised = asked(built.client(), "comparison", one="blocks", other="higher", at=T0)["pairs"][0]
    assert (raised["change"], raised["apart_m"]) == ("changed", pytest.approx(3, rel=1e-6))
    assert raised["volume_m3"][1] - raised["volume_m3"][0] == pytest.approx(1200, rel=1e-3)
    assert raised["properties"] == []
    used = model("a").replace(b'"use": "home"', b'"use": "shop", "floors": 3')
    assert add(built.client("data_officer"), used, valid_from=T0, model="used")["state"] == "done"
    other = asked(built.client(), "comparison", one="blocks", other="used", at=T0)["pairs"][0]
    assert (other["change"], other["properties"]) == ("same", ["floors", "use"])


def test_a_ridge_hides_what_lies_behind_it(built: House) -> None:
    frame, offsets = Frame(104.2, 30.9), np.arange(-300, 301, 50)
    east, north = (each.ravel() for each in np.meshgrid(offsets, offsets))
    at = frame.degrees(np.column_stack((east, north, np.zeros(len(east)))).astype(np.float64))
    rows = [
        f"{n},{550 if x == 100 else 500},POINT ({lon} {lat})"
        for n, (x, lon, lat) in enumerate(zip(east.tolist(), at[:, 0].tolist(), at[:, 1].tolist(), strict=True))
    ]
    put(built, "spots", "no,height_m,shape", rows)
    eye: dict[str, Any] = {"eye": "104.2,30.9,502", "radius_m": 250, "cell_m": 10}
    over = asked(built.client(), "viewshed", terrain="spots", **eye)
    row = over["cells"][25]
    assert (over["terrain"], row[25 - 20], row[25 + 20]) == (True, "1", "0")
    level = asked(built.client(), "viewshed", ground_m=500, **eye)
    assert (level["terrain"], level["cells"][25][45]) == (False, "1")


def test_heights_of_a_terrain_are_those_of_its_planes() -> None:
    corners = np.array([[0, 0, 1], [10, 0, 6], [10, 10, 16], [0, 10, 11]], dtype=np.float64)
    triangles = corners[[[0, 1, 2], [0, 2, 3]]]
    steps = np.arange(-1.0, 12.0)
    found = heights_of(triangles, steps, steps)
    x, y = np.meshgrid(steps, steps)
    inside = (x >= 0) & (x <= 10) & (y >= 0) & (y <= 10)
    assert np.array_equal(np.isfinite(found), inside)
    assert np.allclose(found[inside], (1 + 0.5 * x + y)[inside])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("buffer?id=blocks:none&distance_m=5", 404),
        ("buffer?id=blocks:a&distance_m=50000", 400),
        ("overlay?dataset=none&key=no", 404),
        ("comparison?one=blocks&other=none", 404),
        ("viewshed?eye=104.2,30.9,502&terrain=none", 404),
    ],
)
def test_what_is_not_there_is_told(built: House, path: str, status: int) -> None:
    assert built.client().get(f"/api/v1/twin/analyses/{path}&at={T2}").status_code == status
