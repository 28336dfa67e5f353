"""Orders and comparisons across links, and by what is worked out (OGC 18-088, clauses 9.3.3.1 and 9.3.3.5)."""

from __future__ import annotations

import random
from functools import reduce
from operator import getitem
from urllib.parse import quote

import pytest
from tests.conformance.sensorthings.conftest import (
    OM,
    Service,
    datastream,
    feature,
    location,
    observation,
    sensor,
    thing,
)

AREA = "geography'POLYGON ((99 29, 101 29, 101 31, 99 31, 99 29))'"
LINE = "geography'LINESTRING (100 29, 100 31)'"


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    """Nine things named out of order, each with two datastreams; one observation is of a feature far away."""
    for at, name in enumerate(["m", "c", "x", "a", "q", "b", "z", "k", "e"]):
        place = {"type": "Point", "coordinates": [100.0 + at, 30.0]}
        streams = [
            datastream(
                f"{name}{part}",
                properties={"limit": at, "odd": bool(at % 2), "label": name},
                Observations=[
                    observation(f"2020-01-{1 + (at * 5 + part) % 9:02d}T0{hour}:00:00Z", 10 * at + hour,
                                parameters={"limit": at if hour else -1, "odd": True, "label": "q"})
                    for hour in range(2)
                ],
            )
            for part in range(2)
        ]  # fmt: skip
        service.post("Things", thing(name, Locations=[location(name, location=place)], Datastreams=streams))
    stream = service.get("Datastreams?$filter=name eq 'a0'")["value"][0]["@iot.selfLink"]
    service.post(
        f"{stream}/Observations", observation("2020-02-01T00:00:00Z", 1, FeatureOfInterest=feature("0 elsewhere"))
    )
    service.post("Things(1)/Datastreams", datastream("silent"))


@pytest.mark.parametrize("down", ["", " desc"])
@pytest.mark.parametrize(
    ("key", "expand", "way"),
    [
        ("Datastream/name", "Datastream", ("Datastream", "name")),
        ("Datastream/Thing/name", "Datastream/Thing", ("Datastream", "Thing", "name")),
        ("Datastream/properties/limit", "Datastream", ("Datastream", "properties", "limit")),
        ("FeatureOfInterest/name", "FeatureOfInterest", ("FeatureOfInterest", "name")),
    ],
)
def test_observations_are_ordered_by_what_they_hang_on_page_by_page(
    service: Service, key: str, expand: str, way: tuple[str, ...], down: str
) -> None:
    told = service.walk(f"Observations?$orderby={key}{down}&$expand={expand}&$top=9")
    assert len({each["@iot.id"] for each in told}) == len(told) == 37
    found = [reduce(getitem, way, each) for each in told]
    assert found == sorted(found, reverse=bool(down))


def test_more_keys_order_within_the_first(service: Service) -> None:
    path = "Observations?$orderby=Datastream/Thing/name desc,result desc,id&$top=15&$expand=Datastream/Thing"
    found = [(each["Datastream"]["Thing"]["name"], each["result"]) for each in service.walk(path)]
    assert found == sorted(found, reverse=True)
    nested = service.get("Things(4)?$expand=Datastreams($expand=Observations($orderby=FeatureOfInterest/name,result))")
    assert [each["result"] for each in nested["Datastreams"][0]["Observations"]] == [1, 30, 31]


def test_datastreams_are_ordered_by_their_things_and_by_their_times(service: Service) -> None:
    for down in ("", " desc"):
        path = f"Datastreams?$orderby=Thing/name{down},name{down}&$top=10&$expand=Thing"
        found = [each["Thing"]["name"] for each in service.walk(path)]
        assert found == sorted(found, reverse=bool(down))
        told = service.walk(f"Datastreams?$orderby=phenomenonTime{down},name desc&$top=8")
        assert len({each["@iot.id"] for each in told}) == 19
        times = [each.get("phenomenonTime", "") for each in told]
        assert times == sorted(times, reverse=bool(down))
    first = service.get("Things(1)/Datastreams?$orderby=phenomenonTime desc&$top=1&$count=true")
    assert (first["@iot.count"], first["value"][0]["name"]) == (3, "m1")


def test_pages_go_on_where_names_change_between_them(service: Service) -> None:
    path = "Observations?$orderby=Datastream/properties/label,Datastream/@iot.id,result&$top=13"
    seen, following = [], path
    while following:
        page = service.get(following)
        seen += [each["@iot.id"] for each in page["value"]]
        following = page.get("@iot.nextLink", "")
        one = random.Random(len(seen)).choice(
            service.get("Datastreams?$top=1&$filter=properties/label eq 'a'")["value"]
        )
        service.call("PATCH", one["@iot.selfLink"], json={"description": f"after {len(seen)}"})
    assert len(seen) == len(set(seen)) == 37


def test_an_observation_is_compared_with_its_datastream(service: Service) -> None:
    def results(condition: str) -> int:
        return int(service.get(f"Observations?$count=true&$top=0&$filter={quote(condition)}")["@iot.count"])

    assert results("parameters/limit eq Datastream/properties/limit") == 18
    assert results("parameters/limit lt Datastream/properties/limit") == 18
    assert results("parameters/odd eq Datastream/properties/odd") == 16
    assert results("parameters/label eq Datastream/Thing/name") == 4
    assert results("parameters/label ne Datastream/Thing/name") == 33
    assert results("result gt Datastream/properties/limit and Datastream/name eq 'm0'") == 1
    assert results("FeatureOfInterest/name eq Datastream/Thing/name") == 36


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"geo.intersects(observedArea,{AREA})", ["a0", "c0", "c1", "m0", "m1"]),
        (f"st_within(observedArea,{AREA})", ["m0", "m1"]),
        (f"st_contains({AREA},observedArea) or name eq 'z0'", ["m0", "m1", "z0"]),
        (f"geo.intersects(observedArea,{LINE}) and phenomenonTime gt 2020-01-01T23:00:00Z", ["a0", "m1"]),
    ],
)
def test_datastreams_are_found_by_where_they_observed(service: Service, condition: str, found: list[str]) -> None:
    assert service.names(f"Datastreams?$orderby=name&$filter={quote(condition)}") == found


def test_any_speaks_of_one_linked_entity(service: Service) -> None:
    query = quote("Locations/any(l:l/name eq 'x' and l/description eq 'x')")
    assert service.names(f"Things?$filter={query}") == ["x"]
    deep = quote("Datastreams/any(d:d/Observations/any(o:o/result eq 71))")
    assert service.names(f"Things?$filter={deep}") == ["k"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("not Locations/any(l:l/name eq 'x')", "abcekmqz"),
        ("Locations/any(l:l/name eq 'a') and Locations/any(l:l/name eq 'b')", ""),
        ("Datastreams/any(d:d/name eq 'a0') and Datastreams/any(d:d/name eq 'a1')", "a"),
        ("Datastreams/any(d:d/name eq 'a0') or Datastreams/any(d:d/name eq 'b1')", "ab"),
        ("not Datastreams/any(d:d/Observations/any(o:o/result gt 20))", "cm"),
        ("not (Datastreams/any(d:d/Observations/any(o:o/result gt 20)) or name eq 'c')", "m"),
        ("not MultiDatastreams/any(d:d/name ne 'x')", "abcekmqxz"),
        ("MultiDatastreams/any(d:d/name ne 'x')", ""),
    ],
)
def test_one_any_beside_another_or_below_not_speaks_of_its_own_entity(
    service: Service, condition: str, found: str
) -> None:
    assert service.names(f"Things?$orderby=name&$filter={quote(condition)}") == list(found)


def test_any_is_asked_apart_of_observations_too_but_not_inside_of_another(service: Service) -> None:
    query = quote("not Datastream/Thing/Locations/any(l:l/name eq 'x') and result eq 20")
    assert service.get(f"Observations?$count=true&$top=0&$filter={query}")["@iot.count"] == 0
    query = quote("not Datastream/Thing/Locations/any(l:l/name eq 'a') and result eq 20")
    assert service.get(f"Observations?$count=true&$top=0&$filter={query}")["@iot.count"] == 2
    inside = quote("Datastreams/any(d:not d/Observations/any(o:o/result gt 5))")
    assert service.call("GET", f"Things?$filter={inside}").status_code == 400


@pytest.mark.parametrize("order", ["Datastream", "FeatureOfInterest", "Datastream/nothing", "Datastream/Things/name"])
def test_what_is_no_value_orders_nothing(service: Service, order: str) -> None:
    answer = service.call("GET", f"Observations?$orderby={order}")
    assert answer.status_code == 400
    assert answer.json()["mend"]


def test_what_may_not_be_seen_orders_and_compares_nothing(service: Service) -> None:
    hidden = sensor("~hidden", properties={"classification": "shared", "limit": 3})
    made = service.call("POST", "Sensors", json=hidden)
    assert made.status_code in {201, 204}
    number = service.get("Sensors?$filter=name eq '~hidden'")["value"][0]["@iot.id"]
    seen = datastream("seen", Sensor={"@iot.id": number}, Observations=[observation("2020-03-01T00:00:00Z", 5)])
    service.post("Things", thing("open", Locations=[location("open")], Datastreams=[seen]))
    (stream,) = service.get("Datastreams?$filter=name eq 'seen'", "")["value"]
    values = f"Datastreams({stream['@iot.id']})/Observations?$filter="
    for role, count in (("operator", 1), ("", 0)):
        more = service.get(values + quote("result gt Datastream/Sensor/properties/limit"), role)
        assert len(more["value"]) == count
    last = "Observations?$orderby=Datastream/Sensor/name desc&$top=1&$select=result"
    assert service.get(last)["value"] == [{"result": 5}]
    assert service.get(last, "")["value"] != [{"result": 5}]


def test_a_property_observed_twice_leads_to_its_multidatastream_once(service: Service) -> None:
    unit = {"name": "m", "symbol": "m", "definition": "http://unitsofmeasure.org/ucum#m"}
    body = {"name": "both", "description": "d", "observationType": f"{OM}ComplexObservation",
            "multiObservationDataTypes": [f"{OM}Measurement"] * 2, "unitOfMeasurements": [unit] * 2,
            "ObservedProperties": [{"@iot.id": 1}] * 2, "Sensor": {"@iot.id": 1}, "Thing": {"@iot.id": 1}}  # fmt: skip
    made = service.post("MultiDatastreams", body)
    assert service.ids("ObservedProperties(1)/MultiDatastreams") == [made["@iot.id"]]
    assert service.ids(f"MultiDatastreams({made['@iot.id']})/ObservedProperties") == [1, 1]
    nested = service.get("ObservedProperties(1)?$expand=MultiDatastreams($count=true)")
    assert (nested["MultiDatastreams@iot.count"], len(nested["MultiDatastreams"])) == (1, 1)
    group = {"MultiDatastream": {"@iot.id": made["@iot.id"]}, "components": ["phenomenonTime", "result"],
             "dataArray@iot.count": 2,
             "dataArray": [["2010-12-23T10:20:00-07:00", [5, 20]], ["2010-12-23T10:21:00-07:00", 30]]}  # fmt: skip
    outcome = service.call("POST", "CreateObservations", json=[group])
    assert outcome.json()[1] == "error", outcome.text
    assert service.get(f"{outcome.json()[0]}/result[1]") == {"result[1]": 20}


def test_what_the_suites_of_others_ask_for_is_answered(service: Service) -> None:
    stream = service.post("Things(1)/Datastreams", datastream("suites", properties={"list": [1, [2, 3]]}))
    path = stream["@iot.selfLink"]
    for body in (observation("2020-05-01T00:00:00Z", 1, resultQuality=2, parameters={"list": [5, {"a": 6}]}),
                 observation("2020-05-02T00:00:00Z", 2, resultTime="2020-05-02T00:00:00Z")):  # fmt: skip
        assert service.post(f"{path}/Observations", body)["resultQuality"] == body.get("resultQuality", "good")
    group = {"Datastream": {"@iot.id": stream["@iot.id"]}, "components": ["phenomenonTime", "result", "resultQuality"],
             "dataArray": [["2020-05-03T00:00:00Z", 3, 7]]}  # fmt: skip
    (row,) = service.call("POST", "CreateObservations", json=[group]).json()
    assert service.get(row)["resultQuality"] == 7
    for condition, found in (("resultQuality eq 2", [1]), ("resultTime ne 2019-01-01T00:00:00Z", [2]),
                             ("parameters/list[0] eq 5 and parameters/list[1]/a lt 7", [1])):  # fmt: skip
        told = service.get(f"{path}/Observations?$filter={quote(condition)}")["value"]
        assert [each["result"] for each in told] == found, condition
    assert service.get(f"{path}/properties/list[1][0]") == {"list[1][0]": 2}
    assert service.call("GET", "Things(1)/properties").status_code == 204
    assert service.get("Things?%24top%3D1")["@iot.nextLink"]
    (whole,) = service.get(f"{path}/Observations?$resultFormat=dataArray")["value"]
    assert {"validTime", "parameters"} <= set(whole["components"])
    other = {**observation("2020-05-04T00:00:00Z", 4), "Datastream": {"@iot.id": 1}}
    service.post(f"{path}/Observations", other, status=400)
    area = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}
    service.post("Locations", location("area", location=area))
    assert "area" not in service.names("Locations?$filter=geo.length(location) gt 1")
    one = service.get("Things(1)?$select=name,Locations&$expand=Locations")
    assert {"name", "Locations", "Locations@iot.navigationLink"} == one.keys()
