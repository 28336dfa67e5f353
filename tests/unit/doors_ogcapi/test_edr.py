"""Observations by place: as OWSLib asks, hidden stations left out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from owslib.ogcapi.edr import EnvironmentalDataRetrieval
from tests.unit.doors.conftest import Client, House

_SENSED = "/ogc/collections/sensing.observations"


def _series(client: Client, path: str) -> dict[str, list[Any]]:
    response = client.get(f"{_SENSED}/{path}")
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["domainType"] == "PointSeries"
    return {each["id"]: next(iter(each["ranges"].values()))["values"] for each in body["coverages"]}


def test_owslib_asks_for_a_position(served: str, house: House) -> None:
    client = EnvironmentalDataRetrieval(f"{served}/")
    assert "sensing.observations" in client.data()
    found = client.query_data(
        "sensing.observations", "position", coords="POINT(104.011 30.601)", parameter_names=["PM2.5"]
    )
    told = found if isinstance(found, dict) else json.loads(found.read())
    coverage = told["coverages"][0]
    assert coverage["domain"]["axes"]["x"]["values"] == [pytest.approx(104.01)]
    start = house.city.now
    series = house.city.sensing.series(1, start.replace(year=start.year - 1), start)
    recorded = series["value"].to_pylist()
    assert coverage["ranges"]["PM2.5"]["values"] == pytest.approx(
        recorded[-len(coverage["ranges"]["PM2.5"]["values"]) :]
    )
    assert told["parameters"]["PM2.5"]["unit"]["symbol"]["value"] == "ug/m3"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("area?coords=POLYGON((104 30.5,104.015 30.5,104.015 30.7,104 30.7,104 30.5))", True),
        ("area?coords=POLYGON((103 30.5,104.005 30.5,104.005 30.7,103 30.7,103 30.5))", False),
        ("radius?coords=POINT(104.02 30.6)&within=1&within-units=km", True),
        ("radius?coords=POINT(104.02 30.6)&within=900&within-units=m", False),
        ("cube?bbox=104,30.5,104.015,30.7", True),
        ("cube?bbox=104.012,30.5,104.015,30.7", False),
        ("locations/site-1", True),
        ("position?coords=POINT(104.03 30.6)", True),
        ("position?coords=POINT(104.3 30.6)", False),
        ("cube?bbox=104,30.5,104.015,30.7&parameter-name=O3", False),
        ("cube?bbox=104,30.5,104.015,30.7&datetime=2001-01-01/2001-02-01", False),
    ],
)
def test_a_query_finds_the_stations_that_lie_in_it(anyone: Client, path: str, found: bool) -> None:
    assert set(_series(anyone, path)) == ({"site-1.pm2.5"} if found else set())


def test_staff_see_what_is_shared_and_others_do_not(house: House, anyone: Client) -> None:
    everything = "cube?bbox=103,30,105,32"
    assert set(_series(anyone, everything)) == {"site-1.pm2.5"}
    assert set(_series(house.client("analyst"), everything)) == {"site-1.pm2.5", "site-2.o3"}
    assert (
        anyone.get(f"{_SENSED}/locations/site-2").status_code
        == anyone.get(f"{_SENSED}/locations/no").status_code
        == 404
    )
    assert [each["id"] for each in anyone.get(f"{_SENSED}/locations").json()["features"]] == ["site-1"]


def test_geojson_has_times_and_values_side_by_side(anyone: Client) -> None:
    body = anyone.get(f"{_SENSED}/locations/site-1?f=GeoJSON").json()
    told = body["features"][0]["properties"]
    assert len(told["datetime"]) == len(told["value"]) in {23, 24, 25}  # an hour may have begun since the city was made
    assert body["features"][0]["geometry"]["coordinates"] == [pytest.approx(104.01), pytest.approx(30.6)]


def test_owslib_follows_a_line_and_what_lies_beside_it(served: str, house: House) -> None:
    client = EnvironmentalDataRetrieval(f"{served}/")
    newest = house.city.sensing.series(1, house.city.now - timedelta(hours=2), house.city.now)["value"].to_pylist()[-1]
    line = "LINESTRING(104.005 30.6, 104.012 30.6, 104.2 30.6)"
    told = client.query_data("sensing.observations", "trajectory", coords=line)
    found = told if isinstance(told, dict) else json.loads(told.read())
    assert found["domain"]["domainType"] == "Trajectory"
    assert [each[1:] for each in found["domain"]["axes"]["composite"]["values"]] == [
        [104.005, 30.6],
        [104.012, 30.6],
        [104.2, 30.6],
    ]
    assert found["ranges"]["PM2.5"]["values"] == [newest, newest, None]  # the last vertex is 18 km from any station
    told = client.query_data(
        "sensing.observations", "corridor", coords=line, corridor_width=100, width_units="m", corridor_height=0,
        height_units="m",
    )  # fmt: skip
    found = told if isinstance(told, dict) else json.loads(told.read())
    assert "site-1.pm2.5" in {each["id"] for each in found["coverages"]}  # its clients share what a test signed in as


def test_a_line_with_times_meets_the_value_of_each_time(anyone: Client, house: House) -> None:
    series = house.city.sensing.series(1, house.city.now - timedelta(days=3), house.city.now)
    times, values = series["time"].to_pylist(), series["value"].to_pylist()
    first, last = int(times[5].timestamp()) + 1800, int(times[20].timestamp())
    line = f"LINESTRINGM(104.01 30.6 {first},104.011 30.6 {last})"
    body = anyone.get(f"{_SENSED}/trajectory?coords={line}&f=GeoJSON").json()
    assert [each["properties"]["PM2.5"] for each in body["features"]] == [values[5], values[20]]
    assert anyone.get(f"{_SENSED}/trajectory?coords={line}&datetime=2024-01-01").status_code == 400


def test_what_is_observed_comes_item_by_item(house: House, anyone: Client) -> None:
    analyst = house.client("analyst")
    first = analyst.get(f"{_SENSED}/items?limit=1").json()
    following = next(each["href"] for each in first["links"] if each["rel"] == "next")
    second = analyst.get(following).json()
    assert [each["id"] for each in first["features"] + second["features"]] == ["site-1.pm2.5", "site-2.o3"]
    assert [each["id"] for each in anyone.get(f"{_SENSED}/items").json()["features"]] == ["site-1.pm2.5"]
    assert anyone.get(f"{_SENSED}/items/site-2.o3").status_code == anyone.get(f"{_SENSED}/items/no").status_code == 404
    one = anyone.get(f"{_SENSED}/items/site-1.pm2.5").json()
    assert one["properties"]["value"] == pytest.approx(80.0)
    assert anyone.get(f"{_SENSED}/items?bbox=104.012,30.5,105,31").json()["features"] == []
    assert anyone.get(f"{_SENSED}/items?datetime=2001-01-01").json()["features"] == []
    assert set(_series(anyone, "items/site-1.pm2.5?f=CoverageJSON")) == {"site-1.pm2.5"}


@pytest.mark.parametrize(
    "path",
    [
        "trajectory?coords=POINT(104 30)",
        "trajectory?coords=LINESTRINGM(104 30 1e300,104 31 2)",
        "trajectory?coords=LINESTRING(104 30,500 31)",
        "corridor?coords=LINESTRING(104 30,104 31)",
        "corridor?coords=LINESTRING(104 30,104 31)&corridor-width=-1",
        "corridor?coords=LINESTRING(104 30,104 31)&corridor-width=1&width-units=parsec",
        "items?bbox=1",
        "items?nosuch=1",
        "position?coords=POINT(1",
        "position?coords=LINESTRING(0 0,1 1)",
        "position?coords=POINT(500 500)",
        "area?coords=POLYGON((0 0,1 1,1 0,0 1,0 0))",
        "radius?coords=POINT(104 30)&within=-1",
        "radius?coords=POINT(104 30)&within=1&within-units=parsec",
        "cube?bbox=1,2",
        "position?coords=POINT(104 30)&z=5",
        "position?coords=POINT(104 30)&datetime=tomorrow",
        "position?coords=POINT(104 30)&crs=EPSG:4544",
        "position",
    ],
)
def test_what_cannot_be_understood_is_refused(anyone: Client, path: str) -> None:
    assert anyone.get(f"{_SENSED}/{path}").status_code == 400


def test_there_are_no_heights_and_no_instances_to_choose_from(anyone: Client) -> None:
    told = anyone.get(f"{_SENSED}/position?coords=POINT(104 30)&z=5").json()
    assert (told["where"], told["detail"]) == ("z", "Observations have no heights to choose from.")
    assert anyone.get(f"{_SENSED}/instances").status_code == 404
    assert "instances" not in anyone.get(_SENSED).json()["data_queries"]
