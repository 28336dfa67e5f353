"""CreateObservations of OGC 18-088, clause 13.2: each row has its own outcome; what makes two values one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.conformance.sensorthings.conftest import Service, datastream, feature, location, observation, oven, thing


def test_what_a_bulk_says_more_than_numbers_is_kept_per_row(service: Service) -> None:
    one = service.post("Things", oven())["@iot.selfLink"]
    (stream,) = service.ids(f"{one}/Datastreams")
    room = service.post("FeaturesOfInterest", feature("Bulk room"))["@iot.id"]
    group = {
        "Datastream": {"@iot.id": stream},
        "components": ["phenomenonTime", "resultTime", "result", "FeatureOfInterest/id", "parameters"],
        "dataArray": [
            ["2010-12-23T10:20:00-0700", "2010-12-23T10:21:00-0700", 20, room, {"a": 1}],
            ["2010-12-23T10:21:00-0700", None, 30, None, None],
            ["2010-12-23T10:22:00-0700", None, 30, 9999, None],
            ["not a time", None, 30, room, None],
            ["2010-12-23T10:23:00-0700", None, 40],
        ],
    }
    unknown = {**group, "Datastream": {"@iot.id": 9999}}
    outcomes = service.call("POST", "CreateObservations", json=[group, unknown]).json()
    assert [each == "error" for each in outcomes] == [False, False, True, True, True, True, True, True, True, True]
    first = service.get(f"{outcomes[0]}?$expand=FeatureOfInterest")
    assert (first["result"], first["resultTime"], first["parameters"]) == (20, "2010-12-23T17:21:00Z", {"a": 1})
    assert first["FeatureOfInterest"]["name"] == "Bulk room"
    assert service.get(f"{outcomes[1]}/FeatureOfInterest")["name"] == "Oven place"
    assert len(service.ids(f"FeaturesOfInterest({room})/Observations")) == 1


@pytest.mark.parametrize("fault", [False, True])
def test_a_hundred_thousand_rows_in_one_request_have_each_its_own_outcome(service: Service, fault: bool) -> None:
    one = service.post("Things", oven())["@iot.selfLink"]
    (stream,) = service.ids(f"{one}/Datastreams")
    first = np.datetime64("2011-01-01T00:00:00", "s")
    moments = [f"{each}Z" for each in (first + np.arange(100_000)).astype(str)]
    rows: list[list[Any]] = [[moment, number] for number, moment in enumerate(moments)]
    if fault:
        rows[70_000][0] = "2011-02-30T00:00:00Z"
    parts = (rows[:50_000], rows[50_000:])
    groups = [
        {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": part}
        for part in parts
    ]
    answer = service.call("POST", "CreateObservations", json=groups)
    assert answer.status_code == 201
    outcomes = answer.json()
    assert [place for place, each in enumerate(outcomes) if each == "error"] == ([70_000] if fault else [])
    assert len(outcomes) == 100_000
    counted = f"Datastreams({stream})/Observations?$count=true&$top=0&$filter=phenomenonTime lt 2012-01-01T00:00:00Z"
    assert service.get(counted)["@iot.count"] == 100_000 - fault
    assert service.get(f"{outcomes[99_999]}?$select=result")["result"] == 99_999


def test_intervals_that_begin_together_and_end_apart_are_observations_of_their_own(service: Service) -> None:
    one = service.post("Things", thing("Means", Locations=[location()], Datastreams=[datastream("means")]))
    (stream,) = service.ids(f"{one['@iot.selfLink']}/Datastreams")
    way, times = f"Datastreams({stream})/Observations", [f"2019-01-12T0{hour}:00:00Z" for hour in (7, 8, 9)]
    spans = [f"{times[0]}/{times[1]}", f"{times[0]}/{times[2]}", times[0]]
    micros = 1_547_276_400_000_000  # 07:00
    older = (f"'{stream}-{micros}'", stream << 42 | micros // 1000)  # how the first interval was called once
    assert service.call("GET", f"Observations({older[0]})").status_code == 404
    service.post(way, observation(spans[0], 0))
    assert [service.get(f"Observations({key})")["phenomenonTime"] for key in older] == [spans[0]] * 2
    links = [service.post(way, observation(span, at))["@iot.selfLink"] for at, span in enumerate(spans)]
    assert len(set(links)) == 3
    assert [service.get(f"Observations({key})")["phenomenonTime"] for key in older] == [spans[2]] * 2
    assert service.post(way, observation(spans[0], 7))["@iot.selfLink"] == links[0]  # the same interval again

    def spans_of() -> list[str]:
        found: list[str] = service.get(f"Datastreams({stream})/phenomenonTime")["phenomenonTime"].split("/")
        return found

    assert spans_of() == [times[0], times[2]]
    for bound, found in ((times[2], [stream]), (times[1], [])):
        assert service.ids(f"Datastreams?$filter=id eq {stream} and phenomenonTime le {bound}") == found
    told = service.walk(f"{way}?$orderby=phenomenonTime desc&$top=1")
    assert [(each["phenomenonTime"], each["result"]) for each in told] == [(spans[1], 1), (spans[0], 7), (spans[2], 2)]
    assert [service.get(link)["phenomenonTime"] for link in links] == spans
    assert service.get(f"{way}?$count=true&$filter=result gt 0")["@iot.count"] == 3
    ids = " or ".join(f"id eq {each['@iot.id']!r}" for each in told[:2])
    assert [each["result"] for each in service.walk(f"Observations?$filter={ids}&$orderby=id&$top=1")] == [7, 1]
    newest = service.get(f"Datastreams({stream})?$expand=Observations($orderby=phenomenonTime desc;$top=1)")
    assert newest["Observations"][0]["@iot.selfLink"] == links[1]
    assert [each["result"] for each in service.walk(newest["Observations@iot.nextLink"])] == [7, 2]
    moved = service.call("PATCH", links[1], json={"phenomenonTime": f"{times[0]}/{times[0]}"}).json()
    assert service.get(links[1]) == moved != service.get(links[2])
    assert spans_of() == times[:2]
    assert service.call("DELETE", links[0]).status_code == 200
    assert service.call("GET", links[0]).status_code == 404
    assert spans_of() == [times[0]] * 2
    assert [each["result"] for each in service.walk(f"{way}?$top=1")] == [2, 1]
    assert service.call("DELETE", links[2]).status_code == 200
    assert [service.call("GET", f"Observations({key})").status_code for key in older] == [404, 404]
