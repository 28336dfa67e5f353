"""Analyses over HTTP on blocks of 20 m and 9 m of height, 30 m apart: of a moment, of what the asker may see."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.doors.test_twin import T0, T1, T2, add, built, model

from lifang.catalogue import Card
from lifang.core import parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.twin import read_epanet
from lifang.twin.shapes import Frame

__all__ = ["built"]
ADDRESS = "/api/v1/twin/analyses"


def asked(client: Client, what: str, **params: Any) -> Any:
    answer = client.get(f"{ADDRESS}/{what}", params={"at": T2, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bounds(client: Client, object_id: str) -> list[float]:
    return list(client.get(f"/api/v1/twin/objects/{object_id}", params={"at": T2}).json()["object"]["bbox"])


def test_a_block_has_its_measures(built: House) -> None:
    found = asked(built.client(), "measures", id="blocks:a")
    assert found["closed"]
    assert found["volume_m3"] == pytest.approx(20 * 20 * 9, rel=1e-3)  # the grid's scale and the ellipsoid's
    assert found["covered_m2"] == pytest.approx(400, rel=1e-3)
    assert found["surface_m2"] == pytest.approx(2 * 400 + 4 * 180, rel=1e-3)


def test_blocks_are_apart_by_the_street_between_them(built: House) -> None:
    found = asked(built.client(), "distance", one="blocks:a", other="blocks:c")
    assert found["distance_m"] == pytest.approx(30, rel=1e-3)
    assert abs(found["from"][0] - found["to"][0]) == pytest.approx(30 / 95_800, rel=1e-2)


def test_a_level_plane_cuts_a_square(built: House) -> None:
    west, south, _, _ = bounds(built.client(), "blocks:a")
    found = asked(built.client(), "section", id="blocks:a", through=f"{west},{south},504.5", tilt=0)
    assert found["area_m2"] == pytest.approx(400, rel=2e-3)


def test_a_point_north_of_a_block_has_less_sun_than_one_on_its_roof(built: House) -> None:
    west, _, east, north = bounds(built.client(), "blocks:a")
    middle, day = (west + east) / 2, {"day": "2026-01-20"}
    behind = asked(built.client(), "sun-hours", point=f"{middle},{north + 3e-5},500.9", **day)
    above = asked(built.client(), "sun-hours", point=f"{middle},{north},520", **day)
    assert above["total_h"] == pytest.approx(8)
    assert behind["total_h"] < 4
    assert behind["obstacles"] >= 2


def test_shadows_fall_away_from_the_sun(built: House) -> None:
    west, south, east, north = bounds(built.client(), "blocks:a")
    told = asked(
        built.client(), "shadows", bbox=f"{west},{south},{east},{north}", model="blocks", at="2026-01-20T05:00:00Z"
    )
    (shadow,) = told["features"]
    tops = np.array(shadow["geometry"]["coordinates"][0])[:, 1]
    reach = (tops.max() - north) * 110_870
    length = 9 / np.tan(np.radians(told["elevation"])) * -np.cos(np.radians(told["azimuth"]))
    assert reach == pytest.approx(length, rel=1e-2)


def test_terrain_and_space_cast_no_shadow_and_space_hides_nothing(built: House) -> None:
    yard = json.loads(model("house", "room", "ground"))
    yard["transform"]["translate"][1] += 3_000
    for name, kind in (("room", "BuildingRoom"), ("ground", "TINRelief")):
        yard["CityObjects"][name]["type"] = kind
    assert add(built.client("data_officer"), json.dumps(yard).encode(), model="yard", valid_from=T0)["state"] == "done"
    west, south, east, north = bounds(built.client(), "yard:room")
    near = f"{west - 6e-4},{south},{east + 6e-4},{north}"
    told = asked(built.client(), "shadows", bbox=near, at="2026-01-20T05:00:00Z")
    assert [each["id"] for each in told["features"]] == ["yard:house"]
    line = {"eye": f"{west - 1e-4},{(south + north) / 2},505", "target": f"{east + 1e-4},{(south + north) / 2},505"}
    assert asked(built.client(), "sight", **line)["seen"]


def test_a_block_stands_in_the_line_of_sight(built: House) -> None:
    west, south, east, north = bounds(built.client(), "blocks:a")
    lat = (south + north) / 2
    low = asked(
        built.client(), "sight", eye=f"{west - 1e-4},{lat},501", target=f"{east + 1e-4},{lat},501", model="blocks"
    )
    assert (low["seen"], low["blocked_by"]) == (False, "blocks:a")
    assert low["blocked_at"][0] == pytest.approx(west, abs=3e-6)  # the block is turned a little
    high = asked(built.client(), "sight", eye=f"{west - 1e-4},{lat},520", target=f"{east + 1e-4},{lat},520")
    assert (high["seen"], high["blocked_by"]) == (True, None)


def test_a_block_hides_part_of_the_ground(built: House) -> None:
    west, south, _, north = bounds(built.client(), "blocks:a")
    eye = f"{west - 2e-4},{(south + north) / 2},502"
    grid = {"radius_m": 100, "cell_m": 2, "ground_m": 500}
    found = asked(built.client(), "viewshed", eye=eye, **grid)
    middle = found["cells"][len(found["cells"]) // 2]
    assert middle[: len(middle) // 2 + 9] == "1" * (len(middle) // 2 + 9)
    assert "0" in middle[len(middle) // 2 + 15 :]
    assert found["seen_m2"] < np.pi * 100**2


def test_a_parcel_has_its_floors_over_its_ground(built: House, tmp_path: Path) -> None:
    west, south, east, north = bounds(built.client(), "blocks:a")
    wide = east - west
    ring = [[west - wide, south], [east, south], [east, north], [west - wide, north], [west - wide, south]]
    parcel = {"type": "Feature", "properties": {"code": "P1"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    file = tmp_path / "parcels.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [parcel]}))
    card = Card.from_mapping(
        {"id": "parcels", "name": {"zh": "地块", "en": "parcels"}, "classification": "open", "key": ["code"]}
    )
    built.city.catalogue.add(file, name="parcels", card=card, by=SYSTEM)
    (found,) = asked(built.client(), "density", dataset="parcels", key="code", model="blocks")["items"]
    assert (found["parcel"], found["buildings"]) == ("P1", 1)
    assert found["coverage"] == pytest.approx(0.5, rel=2e-2)
    assert found["far"] == pytest.approx(3 * 0.5, rel=2e-2)  # 9 m: three storeys
    assert found["area_m2"] == pytest.approx(800, rel=2e-2)


def test_pipes_too_near_are_told(built: House) -> None:
    frame = Frame(104.0, 30.6)
    ends = frame.degrees(np.array([[0, 0, -2.0], [10, 0, -2], [5, -5, -3], [5, 5, -3]])).tolist()
    pipes = [
        {"id": "water", "start": ends[0], "end": ends[1], "diameter_m": 0.6},
        {"id": "gas", "start": ends[2], "end": ends[3], "diameter_m": 0.4},
    ]
    answer = built.client().post(f"{ADDRESS}/clearance", json={"pipes": pipes, "least_m": 1.0})
    (near,) = answer.json()["items"]
    assert (near["one"], near["other"]) == ("water", "gas")
    assert near["gap_m"] == pytest.approx(0.5, abs=1e-4)


def test_pipes_of_a_network_that_cross_without_a_node_are_told(built: House) -> None:
    text = """[JUNCTIONS]
 A 10
 B 10
 C 11
 D 11
[PIPES]
 1 A B 100 200 130
 2 C D 100 100 130
[OPTIONS]
 Units LPS
[COORDINATES]
 A 540000 3390000
 B 540100 3390000
 C 540050 3389950
 D 540050 3390050
"""
    network = read_epanet(text.encode(), prefix="water", crs="EPSG:4544")
    built.city.twin.add("water", network, classification=Classification.OPEN, valid_from=parse_instant(T1), by=SYSTEM)
    west, south, east, north = bounds(built.client(), "water:link:1")
    about = f"{west},{south},{east},{north}"
    (near,) = asked(built.client(), "clearance", bbox=about, least_m=0.9, model="water")["items"]
    assert {near["one"], near["other"]} == {"water:link:1", "water:link:2"}
    assert near["gap_m"] == pytest.approx(1 - 0.15, abs=1e-3)
    assert asked(built.client(), "clearance", bbox=about, least_m=0.8)["items"] == []


def test_what_one_may_not_see_is_not_analysed(built: House) -> None:
    anyone, officer = built.client(), built.client("data_officer")
    assert anyone.get(f"{ADDRESS}/measures", params={"id": "hidden:vault", "at": T2}).status_code == 404
    headers = {"X-Lifang-Purpose": "fire drill"}
    seen = officer.get(f"{ADDRESS}/measures", params={"id": "hidden:vault", "at": T2}, headers=headers)
    assert seen.json()["closed"]
    entry = built.city.store.ledger.last("object")
    assert entry is not None
    assert entry.entry.purpose == "fire drill"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("measures?id=blocks:nobody", 404),
        ("section?id=blocks:a&through=1,2", 400),
        ("section?id=blocks:a&through=1,2,nan", 400),
        ("sun-hours?point=104,30.6,1&day=2026-01-20&first=9&last=8", 400),
        ("sun-hours?point=104,30.6,1&day=soon", 400),
        ("sight?eye=104,30.6,1&target=104,30.6,1", 400),
        ("viewshed?eye=104,30.6,1&radius_m=5000&cell_m=0.5", 413),
        ("density?dataset=nothing&key=code", 404),
        ("sun-hours?point=104,30.6,1&day=0001-01-01", 400),
        ("sun-hours?point=104,30.6,1&day=2026-01-20&model=blocs", 404),
        ("sun-hours?point=104,30.6,1&day=2026-01-20&model=hidden", 404),
        ("shadows?bbox=1,2", 400),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(built: House, path: str, status: int) -> None:
    assert built.client().get(f"{ADDRESS}/{path}&at={T1}").status_code == status
