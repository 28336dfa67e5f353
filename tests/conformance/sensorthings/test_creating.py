"""Create, update and delete of OGC 18-088, clause 10 and 8.2.3: its examples, and what the suite checks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.sensorthings.conftest import (
    CELSIUS,
    OM,
    POINT,
    Json,
    Service,
    datastream,
    feature,
    location,
    observation,
    observed,
    oven,
    sensor,
    thing,
)

ELSEWHERE = {"type": "Point", "coordinates": [104.07, 30.67]}
PATCHED = {"Content-Type": "application/json-patch+json"}
BODIES: dict[str, Json] = {
    "Things": thing(properties={"owner": "Noah"}),
    "Locations": location(),
    "Sensors": sensor(),
    "ObservedProperties": observed(),
    "FeaturesOfInterest": feature(),
}


def linked(entity: Json) -> Json:
    return {"@iot.id": entity["@iot.id"]}


def refused(service: Service, method: str, path: str, body: Any, status: int = 400, **more: Any) -> None:
    answer = service.call(method, path, json=body, **more)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def counts(service: Service) -> dict[str, int]:
    names = ("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties",
             "Observations", "FeaturesOfInterest", "MultiDatastreams")  # fmt: skip
    return {name: service.get(f"{name}?$top=0&$count=true")["@iot.count"] for name in names}


@pytest.mark.parametrize(("collection", "body"), BODIES.items())
def test_an_entity_is_created_and_found_again(service: Service, collection: str, body: Json) -> None:
    made = service.post(collection, body)
    assert service.get(f"{collection}({made['@iot.id']})") == made
    assert body.items() <= made.items()


def test_a_datastream_links_to_entities_there_are(service: Service) -> None:
    one, eye, what = (service.post(name, BODIES[name]) for name in ("Things", "Sensors", "ObservedProperties"))
    body = datastream(Thing=linked(one), Sensor=linked(eye), ObservedProperty=linked(what))
    made = service.post("Datastreams", body)
    assert service.get(f"{made['@iot.selfLink']}/Thing")["@iot.id"] == one["@iot.id"]
    assert service.get(f"{made['@iot.selfLink']}/Sensor")["@iot.id"] == eye["@iot.id"]
    assert service.ids(f"{one['@iot.selfLink']}/Datastreams") == [made["@iot.id"]]
    assert (made["unitOfMeasurement"], made["observationType"]) == (CELSIUS, f"{OM}Measurement")
    assert "phenomenonTime" not in made


def test_a_deep_insert_creates_all_or_nothing(service: Service) -> None:
    made = service.post("Things", oven())
    whole = service.get(
        f"{made['@iot.selfLink']}?$expand=Locations,HistoricalLocations,"
        "Datastreams($expand=Sensor,ObservedProperty,Observations($expand=FeatureOfInterest))"
    )
    (stream,) = whole["Datastreams"]
    assert [each["result"] for each in stream["Observations"]] == [71, 72, 73]
    assert len({each["FeatureOfInterest"]["@iot.id"] for each in stream["Observations"]}) == 1
    assert stream["phenomenonTime"] == "2019-01-11T08:00:00Z/2019-01-13T08:00:00Z"
    assert stream["observedArea"] == {"type": "Polygon", "coordinates": [[POINT["coordinates"]] * 5]}
    (drawn,) = service.get(f"Datastreams({stream['@iot.id']})?$resultFormat=GeoJSON")["features"]
    assert drawn["geometry"] == POINT
    assert len(whole["Locations"]) == len(whole["HistoricalLocations"]) == 1
    before = counts(service)
    for fault in (
        {"Datastreams": [datastream(Sensor={"name": "x"})]},
        {"Datastreams": [datastream(Observations=[{"phenomenonTime": "2019-01-01T00:00:00Z"}])]},
        {"Locations": [location(location={"type": "Nonsense"})]},
        {"Locations": [location(), {"name": "x"}]},
        {"Datastreams": [datastream(ObservedProperty={"@iot.id": 9999})]},
        {"nonsense": 1},
    ):
        refused(service, "POST", "Things", thing(**fault))
    assert counts(service) == before


def test_a_body_sent_to_a_link_is_linked_there(service: Service) -> None:
    one = service.post("Things", thing())["@iot.selfLink"]
    place = service.post(f"{one}/Locations", location())
    assert service.ids(f"{one}/Locations") == [place["@iot.id"]]
    stream = service.post(f"{one}/Datastreams", datastream())["@iot.selfLink"]
    value = service.post(f"{stream}/Observations", observation("2019-01-01T00:00:00Z", 1.5))
    assert service.ids(f"{stream}/Observations") == [value["@iot.id"]]
    room = service.post("FeaturesOfInterest", feature())["@iot.selfLink"]
    body = observation("2019-01-02T00:00:00Z", 2, Datastream=linked(service.get(stream)))
    value = service.post(f"{room}/Observations", body)
    assert service.ids(f"{room}/Observations") == [value["@iot.id"]]
    eye = service.post("Sensors", sensor())["@iot.selfLink"]
    body = datastream(Thing=linked(service.get(one)))
    del body["Sensor"]
    assert service.post(f"{eye}/Datastreams", body)["@iot.id"] in service.ids(f"{eye}/Datastreams")


@pytest.mark.parametrize("missing", ["Thing", "Sensor", "ObservedProperty", "name", "unitOfMeasurement"])
def test_a_datastream_without_what_it_needs_is_refused(service: Service, missing: str) -> None:
    body = datastream(Thing=thing())
    del body[missing]
    before = counts(service)
    refused(service, "POST", "Datastreams", body)
    assert counts(service) == before


@pytest.mark.parametrize(
    ("collection", "body"),
    [
        ("Observations", observation("2019-01-01T00:00:00Z", 1)),
        ("Observations", {"Datastream": {"@iot.id": 9999}, "result": 1}),
        ("HistoricalLocations", {"time": "2019-01-01T00:00:00Z"}),
        ("Things", {"description": "no name"}),
        ("Things", thing(name="")),
        ("Things", thing(name=5)),
        ("Things", thing(properties=[1])),
        ("Things", [thing()]),
        ("Locations", location(encodingType="application/geo+json", location="text")),
        ("FeaturesOfInterest", feature(feature={"type": "Point", "coordinates": ["a", "b"]})),
    ],
)
def test_what_is_no_entity_is_refused(service: Service, collection: str, body: Any) -> None:
    refused(service, "POST", collection, body)


def test_an_observation_without_a_place_is_refused(service: Service) -> None:
    stream = service.post("Datastreams", datastream(Thing=thing()))
    refused(service, "POST", f"Datastreams({stream['@iot.id']})/Observations", observation("2019-01-01T00:00:00Z", 1))
    group = {"Datastream": linked(stream), "components": ["phenomenonTime", "result"],
             "dataArray": [["2019-01-01T00:00:00Z", 1]]}  # fmt: skip
    assert service.call("POST", "CreateObservations", json=[group]).json() == ["error"]


def test_the_feature_of_interest_is_made_from_the_location_once(service: Service) -> None:
    one = service.post("Things", thing(Locations=[location("Hall")], Datastreams=[datastream()]))
    (stream,) = service.ids(f"{one['@iot.selfLink']}/Datastreams")
    path = f"Datastreams({stream})/Observations"
    values = [service.post(path, observation(f"2019-01-0{day}T00:00:00Z", day)) for day in (1, 2)]
    rooms = [service.get(f"{each['@iot.selfLink']}/FeatureOfInterest") for each in values]
    assert rooms[0] == rooms[1]
    assert (rooms[0]["name"], rooms[0]["feature"]) == ("Hall", POINT)
    service.post(f"{one['@iot.selfLink']}/Locations", location("Yard", location=ELSEWHERE))
    moved = service.post(path, observation("2019-01-03T00:00:00Z", 3))
    assert service.get(f"{moved['@iot.selfLink']}/FeatureOfInterest")["name"] == "Yard"
    assert service.get(f"{values[0]['@iot.selfLink']}/FeatureOfInterest") == rooms[0]
    group = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"],
             "dataArray": [["2019-01-04T00:00:00Z", 4]]}  # fmt: skip
    (bulk,) = service.call("POST", "CreateObservations", json=[group]).json()
    assert service.get(f"{bulk}/FeatureOfInterest")["name"] == "Yard"
    assert len(service.ids(f"{rooms[0]['@iot.selfLink']}/Observations")) == 2
    area = f"Datastreams({stream})/observedArea"
    both, hall = service.get(area)["observedArea"], {"type": "Polygon", "coordinates": [[POINT["coordinates"]] * 5]}
    assert service.call("PATCH", bulk, json={"FeatureOfInterest": linked(rooms[0])}).status_code == 200
    assert service.get(area)["observedArea"] == both != hall
    assert service.call("DELETE", moved["@iot.selfLink"]).status_code == 200
    assert service.get(area)["observedArea"] == hall
    yard = service.post("FeaturesOfInterest", {**rooms[0], "name": "yard", "feature": ELSEWHERE})
    group["components"].append("FeatureOfInterest/id")
    for at, (place, covered) in enumerate(2 * ((yard, both), (rooms[0], hall))):  # a correction, and back
        group["dataArray"] = [["2019-01-02T00:00:00Z", 2, place["@iot.id"]]]
        one = observation("2019-01-02T00:00:00Z", 2, FeatureOfInterest=linked(place))
        answer = service.call("POST", "CreateObservations" if at < 2 else path, json=[group] if at < 2 else one)
        assert (answer.status_code, service.get(area)["observedArea"]) == (201, covered)


def test_a_new_location_is_remembered_in_the_history(service: Service) -> None:
    one = service.post("Things", thing(Locations=[location("first")]))["@iot.selfLink"]
    service.post(f"{one}/Locations", location("second"))
    assert service.names(f"{one}/Locations") == ["second"]
    whole = service.get(f"{one}/HistoricalLocations?$expand=Locations&$orderby=time")["value"]
    assert [[place["name"] for place in each["Locations"]] for each in whole] == [["first"], ["second"]]
    other = service.post("Locations", location("third"))
    service.call("PATCH", one, json={"Locations": [linked(other)]})
    assert service.names(f"{one}/Locations") == ["third"]
    assert len(service.ids(f"{one}/HistoricalLocations")) == 3
    service.post(f"{one}/Locations", location("described", encodingType="text/plain", location="behind the house"))
    assert service.names(f"{one}/Locations") == ["third", "described"]


def test_a_later_historical_location_moves_the_thing_an_earlier_one_does_not(service: Service) -> None:
    one = service.post("Things", thing(Locations=[location("now")]))
    path = f"{one['@iot.selfLink']}/HistoricalLocations"
    before = service.post("Locations", location("before"))
    service.post(path, {"time": "2001-01-01T00:00:00Z", "Locations": [linked(before)]})
    assert service.names(f"{one['@iot.selfLink']}/Locations") == ["now"]
    service.post(path, {"time": "2199-01-01T00:00:00Z", "Locations": [location("later")]})
    assert service.names(f"{one['@iot.selfLink']}/Locations") == ["later"]
    assert len(service.ids(path)) == 3


def test_an_observation_takes_what_the_standard_gives_it(service: Service) -> None:
    stream = service.post("Things", oven())["@iot.selfLink"] + "/Datastreams"
    path = f"Datastreams({service.ids(stream)[0]})/Observations"
    body = observation("2019-02-01T00:00:00Z/2019-02-01T01:00:00Z", 1, resultTime="2019-02-01T02:00:00+08:00",
                       validTime="2019-02-01T00:00:00Z/2019-03-01T00:00:00Z", parameters={"tilt": 30},
                       resultQuality=[{"nameOfMeasure": "x"}])  # fmt: skip
    made = service.post(path, body)
    assert made["phenomenonTime"] == body["phenomenonTime"]
    assert made["resultTime"] == "2019-01-31T18:00:00Z"
    assert (made["validTime"], made["parameters"]) == (body["validTime"], body["parameters"])
    assert made["resultQuality"] == body["resultQuality"]
    (parent,) = service.get(f"{path.split('/', maxsplit=1)[0]}?$select=resultTime").values()
    assert parent == "2019-01-31T18:00:00Z/2019-01-31T18:00:00Z"
    assert "phenomenonTime" in service.post(path, {"result": 5})
    refused(service, "POST", path, observation("2019-02-01T00:00:00Z", "warm"))
    refused(service, "POST", path, observation("2019-02-30T00:00:00Z", 1))


@pytest.mark.parametrize(
    ("kind", "result"),
    [("TruthObservation", True), ("CategoryObservation", "http://example.org/fog"), ("CountObservation", 7),
     ("Observation", {"a": [1, None, "x"]}), ("Observation", None), ("Measurement", -1.25e-7)],
)  # fmt: skip
def test_results_of_every_kind_come_back_as_they_were_sent(service: Service, kind: str, result: Any) -> None:
    body = datastream(observationType=f"{OM}{kind}", Thing=thing(Locations=[location()]))
    path = f"{service.post('Datastreams', body)['@iot.selfLink']}/Observations"
    made = service.post(path, observation("2019-01-01T00:00:00Z", result))
    assert made["result"] == result
    assert service.get(made["@iot.selfLink"])["result"] == result
    newest = service.get(
        f"{path.removesuffix('/Observations')}?$expand=Observations($orderby=phenomenonTime desc;$top=1)"
    )
    assert newest["Observations"][0]["result"] == result


def test_patch_changes_what_it_names_and_nothing_else(service: Service) -> None:
    for collection, body in BODIES.items():
        made = service.post(collection, body)
        answer = service.call("PATCH", made["@iot.selfLink"], json={"description": "PATCHED", "@iot.id": 77})
        assert answer.status_code == 200
        assert service.get(made["@iot.selfLink"]) == {**made, "description": "PATCHED"}
    one = service.post("Things", oven())["@iot.selfLink"]
    stream = service.get(f"{one}/Datastreams")["value"][0]
    unit = {"name": "Entropy2", "symbol": "S2", "definition": "http://qudt.org/vocab/unit#Entropy2"}
    service.call("PATCH", stream["@iot.selfLink"], json={"unitOfMeasurement": unit})
    assert service.get(stream["@iot.selfLink"])["unitOfMeasurement"] == unit
    past = service.get(f"{one}/HistoricalLocations")["value"][0]
    service.call("PATCH", past["@iot.selfLink"], json={"time": "2015-07-01T00:00:00.000Z"})
    assert service.get(past["@iot.selfLink"])["time"] == "2015-07-01T00:00:00Z"
    other = service.post("Sensors", sensor("other"))
    service.call("PATCH", stream["@iot.selfLink"], json={"Sensor": linked(other)})
    assert service.get(f"{stream['@iot.selfLink']}/Sensor")["name"] == "other"


def test_put_replaces_all_and_needs_all(service: Service) -> None:
    made = service.post("Things", thing(properties={"a": 1, "kind": "pole"}))
    answer = service.call("PUT", made["@iot.selfLink"], json=thing("Kiln"))
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["properties"]) == ("Kiln", {})
    refused(service, "PUT", made["@iot.selfLink"], {"name": "only"})


def test_json_patch_does_its_operations_in_order_or_none(service: Service) -> None:
    made = service.post("Things", thing(properties={"a": 1, "list": [1, 2]}))
    operations = [
        {"op": "test", "path": "/name", "value": "Oven"},
        {"op": "replace", "path": "/name", "value": "Kiln"},
        {"op": "add", "path": "/properties/list/-", "value": 3},
        {"op": "move", "from": "/properties/a", "path": "/properties/b"},
    ]
    answer = service.call("PATCH", made["@iot.selfLink"], json=operations, headers=PATCHED)
    assert answer.status_code == 200
    assert answer.json()["name"] == "Kiln"
    assert answer.json()["properties"] == {"b": 1, "list": [1, 2, 3]}
    for wrong in ([{"op": "test", "path": "/name", "value": "x"}], [{"op": "remove", "path": "/name"}], {}, [],
                  [{"op": "fly"}], [{"op": "add", "path": "/nonsense", "value": 1}]):  # fmt: skip
        refused(service, "PATCH", made["@iot.selfLink"], wrong, headers=PATCHED)
    assert service.get(made["@iot.selfLink"])["name"] == "Kiln"


@pytest.mark.parametrize(
    ("collection", "body"),
    [("Things", {"Locations": [location()]}), ("Things", {"Datastreams": [datastream()]}),
     ("Sensors", {"Datastreams": [datastream()]}), ("ObservedProperties", {"Datastreams": [datastream()]}),
     ("Datastreams", {"ObservedProperty": observed()}), ("Datastreams", {"Sensor": sensor()}),
     ("Datastreams", {"Thing": thing()}), ("Things", {"nonsense": 1})],
)  # fmt: skip
def test_related_entities_do_not_come_inside_an_update(service: Service, collection: str, body: Json) -> None:
    service.post("Things", oven())
    refused(service, "PATCH", service.get(f"{collection}?$top=1")["value"][0]["@iot.selfLink"], body)


def test_an_observation_is_changed_moved_and_deleted(service: Service) -> None:
    one = service.post("Things", oven())["@iot.selfLink"]
    (stream,) = service.ids(f"{one}/Datastreams")
    first = service.get(f"Datastreams({stream})/Observations?$top=1")["value"][0]["@iot.selfLink"]
    assert service.call("PATCH", first, json={"result": 9.5}).json()["result"] == 9.5
    moved = service.call("PATCH", first, json={"phenomenonTime": "2015-07-01T00:40:00.000Z"})
    assert moved.status_code == 200
    assert moved.json()["@iot.selfLink"] != first
    assert service.get(first) == moved.json()
    assert service.get(f"Datastreams({stream})/Observations?$count=true")["@iot.count"] == 3
    patch = [{"op": "replace", "path": "/result", "value": 1}]
    assert service.call("PATCH", first, json=patch, headers=PATCHED).json()["result"] == 1
    whole = service.call("PUT", first, json={"phenomenonTime": "2015-07-01T00:40:00Z", "result": 2})
    assert whole.status_code == 200, whole.text
    assert service.call("DELETE", first).status_code == 200
    assert service.call("GET", first).status_code == 404
    assert service.call("DELETE", first).status_code == 404
    assert service.get(f"Datastreams({stream})/Observations?$count=true")["@iot.count"] == 2


@pytest.mark.parametrize("collection", BODIES)
def test_deleting_once_is_200_and_twice_404(service: Service, collection: str) -> None:
    link = service.post(collection, BODIES[collection])["@iot.selfLink"]
    assert service.call("DELETE", link).status_code == 200
    assert service.call("GET", link).status_code == 404
    assert service.call("DELETE", link).status_code == 404
    assert service.call("PATCH", link, json={"description": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("", {"Things": 1, "Datastreams": 1, "HistoricalLocations": 1, "Observations": 3}),
        ("/Locations", {"Locations": 1, "HistoricalLocations": 1}),
        ("/Datastreams", {"Datastreams": 1, "Observations": 3}),
        ("/Datastreams/Sensor", {"Sensors": 1, "Datastreams": 1, "Observations": 3}),
        ("/Datastreams/ObservedProperty", {"ObservedProperties": 1, "Datastreams": 1, "Observations": 3}),
        ("/Datastreams/FeatureOfInterest", {"FeaturesOfInterest": 1, "Observations": 3}),
        ("/HistoricalLocations", {"HistoricalLocations": 1}),
    ],
)
def test_what_cannot_be_without_an_entity_goes_with_it(service: Service, path: str, gone: dict[str, int]) -> None:
    one = service.post("Things", oven())["@iot.selfLink"]
    target = one
    for step in path.split("/")[1:]:
        if step == "FeatureOfInterest":
            target = service.get(f"{target}/Observations")["value"][0]["@iot.selfLink"]
        found = service.get(f"{target}/{step}")
        target = (found["value"][0] if "value" in found else found)["@iot.selfLink"]
    before = counts(service)
    assert service.call("DELETE", target).status_code == 200
    after = counts(service)
    assert {name: before[name] - after[name] for name in before if before[name] != after[name]} == gone
    if path:
        assert service.get(one)["name"] == "Oven"


def test_numbers_are_never_given_twice_and_old_states_are_kept(service: Service) -> None:
    made = service.post("Things", thing("first"))
    service.call("PATCH", made["@iot.selfLink"], json={"name": "second"})
    service.call("DELETE", made["@iot.selfLink"])
    assert service.post("Things", thing())["@iot.id"] == made["@iot.id"] + 1
    where = {"kind": "thing", "number": made["@iot.id"]}
    versions = service.city.store.registry.find("entity_version", where=where, order="seq")
    assert [each["state"]["zh"] for each in versions] == ["first", "second"]


def test_changes_need_an_operator_and_are_in_the_ledger(service: Service) -> None:
    for role, status in (("", 401), ("citizen", 403), ("analyst", 403), ("operator", 201)):
        assert service.call("POST", "Things", role, json=thing()).status_code == status
    made = service.post("Things", thing())
    for method in ("PATCH", "PUT", "DELETE"):
        assert service.call(method, made["@iot.selfLink"], "", json=thing()).status_code == 401
        assert service.call(method, made["@iot.selfLink"], "citizen", json=thing()).status_code == 403
    service.call("DELETE", made["@iot.selfLink"])
    told = [each.entry.detail for each in service.city.store.ledger.records(resource="entities")]
    assert {"create Thing": 1} in [each["changes"] for each in told]
    assert {"delete Thing": 1} in [each["changes"] for each in told]
    assert service.city.store.ledger.verify().ok


def test_a_link_is_taken_away_where_both_ends_may_be_without_it(service: Service) -> None:
    made = service.post("Things", thing("nomad", Locations=[location("camp")], Datastreams=[datastream("d")]))
    own = made["@iot.selfLink"]
    (place,) = service.ids(f"{own}/Locations")
    past = service.get(f"{own}/HistoricalLocations")["value"][0]["@iot.selfLink"]

    def unlink(path: str, role: str = "operator") -> int:
        return service.call("DELETE", f"{path}/$ref", role).status_code

    assert unlink(f"{own}/Locations({place})", "analyst") == 403
    assert [unlink(f"{own}/{each}") for each in ("Locations", "Locations(999999)", "Nothing(1)")] == [400, 404, 404]
    assert [unlink(f"{own}/Datastreams"), unlink(f"{past}/Locations({place})"), unlink(f"{past}/Thing")] == [400] * 3
    assert service.ids(f"{own}/Locations") == [place]
    assert unlink(f"{own}/Locations({place})") == 200
    assert service.ids(f"{own}/Locations") == []
    assert service.get(f"Locations({place})")["name"] == "camp"
    assert unlink(f"{own}/Locations({place})") == 404
    assert service.call("PATCH", own, json={"Locations": [{"@iot.id": place}]}).status_code == 200
    assert unlink(f"Locations({place})/Things({made['@iot.id']})") == 200
    assert service.ids(f"{own}/Locations") == []
    assert len(service.ids(f"{own}/HistoricalLocations")) == 2
