"""The short way of bulk observations: the same guard, the same answers, and nothing that is not exactly its address."""

import pytest

from lifang.doors.http import ShortRoute

from .conftest import House

BODY = [
    {
        "Datastream": {"@iot.id": 1},
        "components": ["phenomenonTime", "result"],
        "dataArray": [["2019-02-04T00:00:00Z", 1.5], ["2019-02-04T01:00:00Z", 2.5]],
    }
]
PATH = "/sta/v1.1/CreateObservations"


def test_the_bulk_routes_have_a_short_way_and_stand_in_the_description(house: House) -> None:
    ways = house.app.state.short_ways
    assert set(ways) == {("POST", PATH), ("POST", "/api/v1/observations")}
    assert all(isinstance(route, ShortRoute) for route in ways.values())
    assert all("post" in house.app.openapi()["paths"][path] for _, path in ways)


def test_both_ways_answer_alike(house: House) -> None:
    client = house.client("operator")
    short, long = (client.post(f"{PATH}{query}", json=BODY) for query in ("", "?"))
    other = client.post(f"{PATH}?purpose=replay", json=BODY)
    assert short.status_code == long.status_code == other.status_code == 201
    assert short.json() == long.json() == other.json()
    assert short.headers["content-type"] == other.headers["content-type"]
    assert short.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [PATH, f"{PATH}?purpose=none"])
def test_nobody_passes_without_a_decision_on_either_way(house: House, path: str) -> None:
    before = house.city.store.lake.observation_count()
    assert house.client().post(path, json=BODY).status_code == 401
    assert house.client("citizen").post(path, json=BODY).status_code == 403
    stale = house.client().post(path, json=BODY, headers={"Cookie": "lifang_session=gone", "X-Lifang": "page"})
    assert stale.status_code == 401
    assert "lifang_session" in stale.headers.get("set-cookie", "")
    assert house.city.store.lake.observation_count() == before


def test_problems_on_the_short_way_are_told_as_everywhere(house: House) -> None:
    client = house.client("operator")
    for path in (PATH, f"{PATH}?purpose=none"):
        told = client.post(path, content=b"[")
        assert (told.status_code, told.headers["content-type"]) == (400, "application/problem+json")
    assert client.get(PATH).status_code in {404, 405}
    assert client.post(f"{PATH}?at=2019-01-01T00:00:00Z", json=BODY).status_code == 400
