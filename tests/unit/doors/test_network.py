"""The network over HTTP: devices and links registered, found, imported; health and gaps told as far as one may see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from lifang.core import format_instant, to_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, make_observations

from .conftest import House, build_house


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A city of its own with a pole, a lamp and a hidden camera on it, and a link."""
    house = build_house(tmp_path_factory.mktemp("network"))
    operator = house.client("operator")
    link = {"id": "fibre-1", "kind": "xgs-pon", "zh": "光纤", "en": "fibre", "capacity_mbps": 10_000}
    assert operator.post("/api/v1/network/links", json={"links": [link]}).json() == {"changed": 1}
    devices = [
        {"id": "pole-1", "device_type": "multi-function-pole", "lon": 104.02, "lat": 30.6, "roles": ["lamp", "camera"],
         "organisation": "城管委", "zh": "一号杆", "en": "pole 1"},
        {"id": "noise-1", "device_type": "noise-meter", "mounted_on": "pole-1", "link": "fibre-1", "battery": 80},
        {"id": "camera-1", "device_type": "camera", "mounted_on": "pole-1", "classification": "shared"},
    ]  # fmt: skip
    made = operator.post("/api/v1/network/devices", json={"devices": devices})
    assert (made.status_code, made.json()["added"], made.json()["refused"]) == (200, 3, [])
    stream = Datastream("noise-1.laeq", "noise-1", "laeq", "噪声", "noise", "noise", "1", 60)
    house.city.sensing.register([], [stream], by=SYSTEM)
    number = house.city.sensing.datastream(stream.id).number
    minutes = to_micros(house.city.now) - np.array([59, 58, 57, 30, 29, 1, 0]) * 60_000_000
    told = make_observations(np.full(7, number), minutes, np.full(7, 55.0))
    house.city.sensing.ingest(told, by=SYSTEM).result()
    time.sleep(0.3)  # the watchers hear of it
    yield house
    house.close()


def test_devices_are_listed_with_place_type_and_health(works: House) -> None:
    items = works.client().get("/api/v1/network/devices").json()["items"]
    assert [each["id"] for each in items] == ["pole-1", "noise-1"]
    pole, noise = items
    assert pole["name"] == {"zh": "一号杆", "en": "pole 1"}
    assert [role["name"]["en"] for role in pole["roles"]] == ["Lamp", "Camera"]
    assert pole["health"]["state"] == "unknown"
    assert (noise["lon"], noise["lat"]) == (104.02, 30.6)
    assert (noise["health"]["state"], noise["health"]["datastreams"]) == ("ok", 1)
    assert noise["link"] == "fibre-1"


def test_a_device_that_is_not_open_is_seen_by_staff_only_and_that_is_on_record(works: House) -> None:
    assert works.client().get("/api/v1/network/devices/camera-1").status_code == 404
    before = works.city.store.ledger.head()[0]
    assert works.client("operator").get("/api/v1/network/devices/camera-1").status_code == 200
    assert works.city.store.ledger.records(after=before)[0].entry.resource == "device:camera-1"
    pole = works.client().get("/api/v1/network/devices/pole-1").json()
    assert [each["id"] for each in pole["mounted"]] == ["noise-1"]
    assert works.client().get("/api/v1/network/health").json()["city"]["devices"] == 2
    assert works.client("operator").get("/api/v1/network/health").json()["city"]["devices"] == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=noise-meter", ["noise-1"]),
        ("type=environment", ["noise-1"]),
        ("link=fibre-1", ["noise-1"]),
        ("mounted_on=pole-1", ["noise-1"]),
        ("health=ok", ["noise-1"]),
        ("health=silent", []),
        ("organisation=城管委", ["pole-1"]),
        ("bbox=104.0,30.5,104.1,30.7", ["pole-1", "noise-1"]),
        ("bbox=105.0,30.5,105.1,30.7", []),
        ("simulated=true", []),
        ("district=510104", []),
    ],
)
def test_devices_are_found_by_what_they_are(works: House, query: str, expected: list[str]) -> None:
    found = works.client().get(f"/api/v1/network/devices?{query}")
    assert [each["id"] for each in found.json()["items"]] == expected


def test_pages_of_devices_follow_one_another_and_csv_has_them_all(works: House) -> None:
    first = works.client().get("/api/v1/network/devices?limit=1").json()
    second = works.client().get(f"/api/v1/network/devices?limit=1&after={first['next']}").json()
    assert [page["items"][0]["id"] for page in (first, second)] == ["pole-1", "noise-1"]
    assert second["next"] is None
    lines = works.client().get("/api/v1/network/devices?format=csv").text.splitlines()
    assert len(lines) == 3
    assert "一号杆" in lines[1]


def test_a_csv_of_devices_is_imported_by_a_mapping_and_again_changes_nothing(works: House) -> None:
    body = "编号,类型,经度,纬度\nw-1,water-level-gauge,104.03,30.61\nw-2,toaster,104.03,30.61\n".encode()
    mapping = '{"id":"编号","device_type":"类型","lon":"经度","lat":"纬度"}'
    url = f'/api/v1/network/device-imports?mapping={mapping}&defaults={{"organisation":"水务局"}}'
    operator = works.client("operator")
    made = operator.post(url, content=body, headers={"Content-Type": "text/csv"}).json()
    assert (made["added"], made["refused_count"], made["refused"][0]["row"]) == (1, 1, 2)
    assert operator.post(url, content=body).json()["unchanged"] == 1
    assert works.client("citizen").post(url, content=body).status_code == 403
    assert operator.post("/api/v1/network/device-imports?mapping=[1]", content=body).status_code == 400


def test_devices_are_imported_from_a_dataset(works: House) -> None:
    body = {
        "dataset": "wells",
        "mapping": {"id": "name", "zh": "name"},
        "defaults": {"device_type": "water-level-gauge", "lon": 104.05, "lat": 30.65},
    }
    made = works.client("administrator").post("/api/v1/network/device-imports/dataset", json=body)
    assert made.status_code == 200, made.text
    assert made.json()["added"] >= 2
    hidden = works.client("operator").post("/api/v1/network/device-imports/dataset", json={**body, "dataset": "vaults"})
    assert hidden.status_code in {403, 404}


def test_upkeep_is_reported_and_its_history_told(works: House) -> None:
    operator = works.client("operator")
    url = "/api/v1/network/devices/noise-1"
    assert operator.post(f"{url}/report", json={"battery": 55, "firmware": "2.1"}).json()["battery"] == 55
    events = works.client().get(f"{url}/history?kind=battery").json()["items"]
    assert [each["value"] for each in events] == [55.0, 80.0]
    whole, after = works.client().get(f"{url}/history").json()["items"], ""
    for place, event in enumerate(whole):  # two of them are of one moment
        page = works.client().get(f"{url}/history?limit=1{after}").json()
        assert page["items"] == [event]
        assert (page["next"] is None) == (place == len(whole) - 1)
        after = f"&after={page['next']}"
    assert works.client().get(f"{url}/history?after=x").status_code == 400
    assert operator.post(f"{url}/report", json={}).status_code == 400
    assert works.client("analyst").post(f"{url}/report", json={"battery": 5}).status_code == 403


def test_links_tell_what_hangs_on_them(works: House) -> None:
    link = works.client().get("/api/v1/network/links").json()["items"][0]
    assert (link["id"], link["devices"], link["medium"], link["down"]) == ("fibre-1", 1, "wired", False)
    assert works.client().get("/api/v1/network/links/none").status_code == 404
    assert "fibre-1" in works.client().get("/api/v1/network/links?format=csv").text


def test_gaps_are_told_for_a_datastream_and_for_its_device(works: House) -> None:
    end = format_instant(works.city.now + timedelta(seconds=1))
    for query in ("datastream=noise-1.laeq", "device=noise-1"):
        report = works.client().get(f"/api/v1/network/gaps?{query}&end={end}").json()
        assert [each["missing"] for each in report["items"]] == [26, 27]
        assert (report["missing"], report["expected"]) == (53, 60)
    csv = works.client().get(f"/api/v1/network/gaps?device=noise-1&end={end}&format=csv").text
    assert csv.splitlines()[1].startswith('"noise-1.laeq"') or csv.splitlines()[1].startswith("noise-1.laeq")
    assert works.client().get("/api/v1/network/gaps").status_code == 400
    assert works.client().get("/api/v1/network/gaps?district=510104").status_code == 404
    assert works.client().get("/api/v1/network/gaps?datastream=site-2.o3").status_code == 404


def test_health_sums_up_by_group_and_names_its_rules(works: House) -> None:
    told = works.client().get("/api/v1/network/health?by=type").json()
    assert {each["code"] for each in told["groups"]} >= {"multi-function-pole", "noise-meter"}
    assert {each["rule"] for each in told["rules"]} == {"silent", "clock", "link_down"}
    for by in ("district", "organisation", "link"):
        assert works.client().get(f"/api/v1/network/health?by={by}").status_code == 200


def test_who_may_read_but_not_export_gets_no_hidden_device_as_csv(works: House) -> None:
    url = "/api/v1/network/devices?type=camera"
    assert len(works.client("operator").get(url).json()["items"]) == 1
    assert len(works.client("operator").get(f"{url}&format=csv").text.splitlines()) == 1
    assert len(works.client("analyst").get(f"{url}&format=csv").text.splitlines()) == 2


def test_the_indicators_of_the_network_are_there_for_everybody_once_its_scenes_have_run(works: House) -> None:
    for scene in ("device_health", "gigabit_city"):
        assert works.client("operator").post(f"/api/v1/scenes/{scene}/run").status_code == 200
        assert works.client().get(f"/api/v1/scenes/{scene}").status_code == 200
    told = {each["id"]: each for each in works.client().get("/api/v1/indicators").json()["items"]}
    assert told["devices_silent"]["value"] is not None
    assert told["gigabit_pon_ports"]["quality"] == "missing"
    figures = {each["id"]: each for each in works.client().get("/api/v1/network/coverage").json()["items"]}
    assert figures["gigabit_pon_ports"]["lacking"]
    for number, figure in figures.items():
        assert figure["unit"] == told[number]["unit"]
