"""Processes run at once or as jobs, over what the asker may read."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from owslib.ogcapi.processes import Processes
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ogcapi.conftest import COUNT, Plots

_POINT = {"type": "Point", "coordinates": [104.07, 30.67]}


def _run(client: Client, name: str, inputs: dict[str, Any], **headers: str) -> Any:
    return client.post(
        f"/ogc/processes/{name}/execution", json={"inputs": inputs, "response": "document"}, headers=headers
    )


def test_owslib_lists_describes_and_executes(served: str) -> None:
    client = Processes(f"{served}/")
    assert {each["id"] for each in client.processes()} == {"buffer", "statistics", "run-scene"}
    assert client.process("buffer")["inputs"]["distance"]["schema"]["type"] == "number"
    found = client.execute("buffer", inputs={"geometry": _POINT, "distance": 500})
    assert found["geometry"]["type"] == "Polygon"


def test_a_buffer_is_as_wide_as_it_was_asked_for_on_the_ellipsoid(anyone: Client) -> None:
    found = shapely.geometry.shape(_run(anyone, "buffer", {"geometry": _POINT, "distance": 1500}).json()["geometry"])
    lon, lat = shapely.get_coordinates(found).T
    geod = pyproj.Geod(ellps="WGS84")
    _, _, away = geod.inv(np.full_like(lon, 104.07), np.full_like(lat, 30.67), lon, lat)
    assert away == pytest.approx(np.full_like(lon, 1500), rel=1e-4)


def test_statistics_are_those_of_what_lies_in_the_area(anyone: Client, plots: Plots) -> None:
    area = shapely.box(104.05, 30.65, 104.1, 30.7)
    inputs = {"collection": "plots", "property": "area", "area": shapely.geometry.mapping(area)}
    told = _run(anyone, "statistics", inputs).json()["statistics"]
    values = plots.of("area")[shapely.intersects(plots.shapes, area)].astype(float)
    assert told["count"] == len(values)
    assert [told[name] for name in ("min", "max", "mean", "sum", "stddev")] == pytest.approx(
        [values.min(), values.max(), values.mean(), values.sum(), values.std(ddof=1)]
    )
    assert told["release"] == "plots@1"


def test_a_job_is_followed_to_its_results_by_who_started_it_only(house: House) -> None:
    analyst = house.client("analyst")
    inputs = {"collection": "plots", "property": "floors"}
    started = _run(analyst, "statistics", inputs, Prefer="respond-async")
    assert started.status_code == 201, started.text
    address = started.headers["location"]
    for _ in range(200):
        status = analyst.get(address).json()
        if status["status"] == "successful":
            break
        time.sleep(0.05)
    assert status["status"] == "successful"
    assert analyst.get(f"{address}/results").json()["statistics"]["count"] == COUNT - len(range(0, COUNT, 7))
    assert status["jobID"] in {each["jobID"] for each in analyst.get("/ogc/jobs").json()["jobs"]}
    for role in ("", "citizen", "operator"):
        other = house.client(role)
        assert other.get(address).status_code == other.get(f"{address}/results").status_code == 404
        assert other.get("/ogc/jobs").json()["jobs"] == []
    assert analyst("DELETE", address).json()["status"] == "successful"


def test_a_job_that_fails_tells_why(house: House) -> None:
    analyst = house.client("analyst")
    started = _run(analyst, "statistics", {"collection": "plots", "property": "nosuch"}, Prefer="respond-async")
    address = started.headers["location"]
    job = house.city.jobs.wait(address.rpartition("/")[2])
    assert job.state == "failed"
    assert analyst.get(f"{address}/results").status_code == 400
    assert analyst.get(address).json()["status"] == "failed"


def test_who_may_start_no_job_is_answered_at_once(anyone: Client) -> None:
    done = _run(anyone, "buffer", {"geometry": _POINT, "distance": 5}, Prefer="respond-async")
    assert done.status_code == 200


@pytest.mark.parametrize(
    ("name", "inputs", "status"),
    [
        ("nosuch", {}, 404),
        ("buffer", {}, 400),
        ("buffer", {"geometry": _POINT, "distance": "far"}, 400),
        ("buffer", {"geometry": _POINT, "distance": 1e9}, 400),
        ("buffer", {"geometry": {"type": "Point", "coordinates": [900, 1]}, "distance": 1}, 400),
        ("buffer", {"geometry": "POINT(1 2)", "distance": 1}, 400),
        ("buffer", {"geometry": _POINT, "distance": 1, "more": 1}, 400),
        ("statistics", {"collection": "plots", "property": "code"}, 400),
        ("statistics", {"collection": "plots", "property": 'area") FROM x --'}, 400),
        ("statistics", {"collection": "bunkers", "property": "area"}, 404),
        ("statistics", {"collection": ["plots"], "property": "area"}, 400),
        ("run-scene", {"scene": "nosuch"}, 404),
    ],
)
def test_what_cannot_be_run_says_why(anyone: Client, name: str, inputs: dict[str, Any], status: int) -> None:
    response = _run(anyone, name, inputs)
    assert response.status_code == status, response.text


def test_a_scene_is_run_by_who_may(house: House) -> None:
    assert _run(house.client(), "run-scene", {"scene": "sensor_thresholds"}).status_code in {401, 404}
    done = _run(house.client("operator"), "run-scene", {"scene": "sensor_thresholds"})
    assert done.status_code == 200, done.text
    assert "result" in done.json()
