"""The network as a picture needs it: columns of all devices, cells of too many, and how values flow."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from lifang.core import to_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, make_observations

from .conftest import House, build_house


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A city with a pole, a meter that was just heard and a hidden camera on it, and a link."""
    house = build_house(tmp_path_factory.mktemp("picture"))
    operator = house.client("operator")
    link = {"id": "fibre-1", "kind": "xgs-pon", "zh": "光纤", "en": "fibre", "capacity_mbps": 10_000}
    operator.post("/api/v1/network/links", json={"links": [link]})
    devices = [
        {
            "id": "pole-1",
            "device_type": "multi-function-pole",
            "lon": 104.02,
            "lat": 30.6,
            "zh": "一号杆",
            "en": "pole",
        },
        {"id": "noise-1", "device_type": "noise-meter", "mounted_on": "pole-1", "link": "fibre-1", "battery": 80},
        {"id": "camera-1", "device_type": "camera", "mounted_on": "pole-1", "classification": "shared"},
    ]
    operator.post("/api/v1/network/devices", json={"devices": devices})
    stream = Datastream("noise-1.laeq", "noise-1", "laeq", "噪声", "noise", "noise", "1", 60)
    house.city.sensing.register([], [stream], by=SYSTEM)
    _hear(house)
    yield house
    house.close()


def _hear(house: House) -> None:
    number = house.city.sensing.datastream("noise-1.laeq").number
    told = make_observations(np.array([number]), np.array([to_micros(house.city.now)]), np.array([51.0]))
    house.city.sensing.ingest(told, by=SYSTEM).result()
    time.sleep(0.3)  # the watchers hear of it


def test_the_whole_network_is_told_in_columns_as_far_as_one_may_see(works: House) -> None:
    told = works.client().get("/api/v1/network/picture").json()
    assert told["total"] == 2
    assert told["id"] == ["pole-1", "noise-1"]
    columns = told["columns"]
    assert columns["zh"][0] == "一号杆"
    assert (columns["lon"], columns["lat"]) == ([104.02, 104.02], [30.6, 30.6])
    assert [told["healths"][each]["code"] for each in columns["health"]] == ["unknown", "ok"]
    assert [told["types"][each]["code"] for each in columns["type"]] == ["multi-function-pole", "noise-meter"]
    assert [told["poles"][each] for each in columns["pole"]] == ["", "pole-1"]
    assert [told["links"][each]["name"]["en"] for each in columns["link"]] == ["not registered", "fibre"]
    assert columns["battery"] == [None, 80.0]
    assert columns["last"][0] is None
    assert columns["last"][1] is not None
    assert told["cells"] is None
    staff = works.client("operator").get("/api/v1/network/picture?columns=health").json()
    assert staff["total"] == 3
    assert list(staff["columns"]) == ["health"]
    assert works.city.store.ledger.records(after=works.city.store.ledger.head()[0] - 1)[0].entry.resource == "device:*"
    assert works.client().get("/api/v1/network/picture?columns=secret").status_code == 400


def test_too_many_devices_for_a_picture_are_counted_in_cells(works: House) -> None:
    assert works.client().get("/api/v1/network/picture?most=50001").status_code == 400
    told = works.client().get("/api/v1/network/picture?most=1&bbox=104.0,30.5,104.1,30.7").json()
    assert (told["total"], told["id"]) == (2, [])
    assert [sum(each) for each in told["cells"]["health"]] == [2]


def test_the_flow_tells_rate_lag_and_the_silent_share(works: House) -> None:
    _hear(works)
    told = works.client().get("/api/v1/network/flow").json()
    assert told["values"] >= 1
    assert told["rate"] > 0
    assert told["lag_p50_s"] is not None
    assert (told["devices"], told["silent"], told["silent_share"]) == (1, 0, 0.0)


def test_a_datastreams_figures_are_exact_and_its_marked_values_are_named(works: House) -> None:
    stream = Datastream("noise-1.peak", "noise-1", "peak", "峰值", "peak", "noise", "1", 60, properties={"maximum": 90})
    works.city.sensing.register([], [stream], by=SYSTEM)
    number = works.city.sensing.datastream(stream.id).number
    minutes = to_micros(works.city.now) - np.arange(100, 0, -1) * 60_000_000
    values = np.linspace(1, 100, 100)
    works.city.sensing.ingest(make_observations(np.full(100, number), minutes, values), by=SYSTEM).result()
    told = works.client().get("/api/v1/observations/statistics?datastream=noise-1.peak").json()
    assert (told["count"], told["minimum"], told["maximum"], told["mean"], told["median"]) == (100, 1, 100, 50.5, 50.5)
    assert told["last"]["value"] == 100
    assert told["flagged_count"] == 10
    assert {each["quality"] for each in told["flagged"]} == {"suspect_range"}
    none = (
        works.client()
        .get(
            "/api/v1/observations/statistics?datastream=noise-1.peak&start=2001-01-01T00:00:00Z&end=2001-01-02T00:00:00Z"
        )
        .json()
    )
    assert (none["count"], none["mean"], none["last"], none["flagged"]) == (0, None, None, [])
