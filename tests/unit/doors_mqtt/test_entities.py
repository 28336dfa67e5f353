"""Entities by MQTT: observations of every kind are created, and changes are told to those who subscribed to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lifang.doors.mqtt.wire import V5, Ack, Kind, Publish, Reason
from lifang.doors.sensorthings import ALL
from lifang.guard import SYSTEM
from lifang.sensing import Change, Question, Start

from .conftest import Served, Serving, Talker, Template

MULTI = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
COUNT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"
UNIT = {"name": "none", "symbol": "", "definition": "http://example.org/none"}
PLACE = {"type": "Point", "coordinates": [104.1, 30.6]}


@pytest.fixture(scope="module")
def entity_city(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = template.serve(tmp_path_factory.mktemp("entities") / "city")
    yield serving
    serving.close()


@pytest.fixture
def served(entity_city: Serving) -> Iterator[Served]:
    yield entity_city.served
    for talker in entity_city.served.talkers:
        talker.break_off()
    entity_city.served.talkers.clear()


def change(served: Served, work: Any) -> Any:
    """Return what ``work`` does in one change, as another door would."""
    with served.city.sensing.entities.change(SYSTEM, ALL) as open_change:
        return work(open_change)


def create(served: Served, kind: str, body: dict[str, Any]) -> int:
    return int(change(served, lambda open_change: served.city.sensing.entities.create(open_change, kind, body)))


def update(served: Served, kind: str, number: int, body: dict[str, Any]) -> None:
    def work(open_change: Change) -> None:
        served.city.sensing.entities.update(open_change, kind, number, body)

    change(served, work)


def thing(served: Served, name: str, **more: Any) -> int:
    place = {"name": "here", "description": "", "encodingType": "application/geo+json", "location": PLACE}
    return create(served, "Thing", {"name": name, "description": f"{name}.", "Locations": [place], **more})


def multi(served: Served) -> int:
    properties = [
        {"name": each, "definition": f"http://example.org/{each}", "description": each} for each in ("speed", "from")
    ]
    sensor = {"name": "vane", "description": "", "encodingType": "text/html", "metadata": "http://example.org"}
    body = {
        "name": "wind",
        "description": "speed and direction",
        "observationType": MULTI,
        "multiObservationDataTypes": [COUNT, COUNT],
        "unitOfMeasurements": [UNIT, UNIT],
        "Thing": {"@iot.id": thing(served, "mast")},
        "Sensor": sensor,
        "ObservedProperties": properties,
    }
    return create(served, "MultiDatastream", body)


def said(talker: Talker) -> tuple[str, Any]:
    """Return topic and body of the next message, which is confirmed."""
    told = talker.read(Publish)
    if told.qos == 1:
        talker.send(Ack(Kind.PUBACK, told.packet_id))
    return told.topic, json.loads(told.payload)


def sent(talker: Talker, topic: str, body: Any, qos: int = 1) -> Ack:
    """Return the answer to one message."""
    talker.send(Publish(topic, json.dumps(body).encode(), qos, packet_id=9))
    while not isinstance(answer := talker.read(object), Ack):
        assert isinstance(answer, Publish)
    return answer


def observations(served: Served, path: str) -> list[dict[str, Any]]:
    """Return the rows of a datastream's observations, by time."""
    kind, number = path.split("/")
    question = Question("Observation", top=100)
    page = served.city.sensing.entities.reading.page(question, ALL, Start(kind, int(number)), "Observations")
    return [each.row for each in page.items]


def test_a_result_time_a_quality_and_parameters_are_kept(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    body = {
        "phenomenonTime": "2024-02-01T00:00:00Z/2024-02-01T01:00:00Z",
        "resultTime": "2024-02-01T01:00:05Z",
        "result": 3,
        "resultQuality": "estimated",
        "parameters": {"by": "hand"},
    }
    assert sent(talker, "v1.1/Datastreams(1)/Observations", body).code == 0
    row = observations(served, "Datastream/1")[-1]
    extra = json.loads(row["extra"])
    assert (row["value"], extra["parameters"]) == (3, {"by": "hand"})
    assert {"end", "resultTime"} <= extra.keys()


def test_many_of_them_at_once_have_their_own_outcomes(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    bodies: list[dict[str, Any]] = [
        {"phenomenonTime": f"2024-02-02T00:00:{n:02}Z", "resultTime": "2024-02-02T01:00:00Z", "result": n}
        for n in range(50)
    ]
    bodies[7]["resultTime"] = "yesterday"
    topic = "v1.1/Datastreams(4)/Observations"
    talker.send(*(Publish(topic, json.dumps(body).encode(), 1, packet_id=n + 1) for n, body in enumerate(bodies)))
    codes = [talker.read(Ack).code for _ in bodies]
    assert [n for n, code in enumerate(codes) if code] == [7]
    assert len(observations(served, "Datastream/4")) == 49


def test_a_feature_is_named_or_made_with_the_observation(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    feature = {
        "name": "a river",
        "description": "here",
        "encodingType": "application/geo+json",
        "feature": {"type": "Point", "coordinates": [104.2, 30.7]},
    }
    body = {"phenomenonTime": "2024-02-03T00:00:00Z", "result": 1, "FeatureOfInterest": feature}
    assert sent(talker, "v1.1/Datastreams(5)/Observations", body).code == 0
    made = json.loads(observations(served, "Datastream/5")[-1]["extra"])["feature"]
    body = {"phenomenonTime": "2024-02-03T00:01:00Z", "result": 2, "FeatureOfInterest": {"@iot.id": made}}
    assert sent(talker, "v1.1/Datastreams(5)/Observations", body).code == 0
    body = {"phenomenonTime": "2024-02-03T00:02:00Z", "result": 3, "Datastream": {"@iot.id": 5}}
    assert sent(talker, f"v1.1/FeaturesOfInterest({made})/Observations", body).code == 0
    features = [json.loads(row["extra"])["feature"] for row in observations(served, "Datastream/5")]
    assert features == [made] * 3
    body["FeatureOfInterest"] = {"@iot.id": 9999}
    answer = sent(talker, "v1.1/Datastreams(5)/Observations", body)
    assert answer.code >= Reason.UNSPECIFIED
    assert answer.properties["reason_string"]


def test_a_multi_datastream_takes_lists_and_its_subscribers_hear_them(served: Served) -> None:
    number = multi(served)
    talker = served.talker("a", "operator", V5)
    topic = f"v1.1/MultiDatastreams({number})/Observations"
    listener = served.talker("listener", "", V5)
    assert listener.subscribe(topic, 0).codes == (0,)
    assert sent(talker, topic, {"phenomenonTime": "2024-02-04T00:00:00Z", "result": [3, 180]}, qos=2).code == 0
    assert said(listener)[1]["result"] == [3, 180]
    late = served.talker("late", "", V5)
    late.subscribe(topic, 0)
    told, body = said(late)
    assert late.silent(0.1)
    assert (told, body["result"]) == (topic, [3, 180])
    assert "MultiDatastream@iot.navigationLink" in body
    for bad in (3, [1], "x"):
        assert sent(talker, topic, {"phenomenonTime": "2024-02-04T00:00:00Z", "result": bad}).code >= 0x80
    assert sent(talker, f"v1.1/Datastreams({number})/Observations", {"result": [1, 2]}).code >= 0x80
    assert sent(talker, "v1.1/MultiDatastreams(1)/Observations", {"result": [1, 2]}).code >= 0x80


def test_a_data_array_may_say_more_too(served: Served) -> None:
    number = multi(served)
    talker = served.talker("a", "operator", V5)
    groups = [
        {
            "MultiDatastream": {"@iot.id": number},
            "components": ["phenomenonTime", "result"],
            "dataArray": [["2024-02-05T00:00:00Z", [1, 2]], ["2024-02-05T00:01:00Z", 5]],
        }
    ]
    answer = sent(talker, "v1.1/CreateObservations", groups)
    assert "1 of 2" in answer.properties["reason_string"]
    assert len(observations(served, f"MultiDatastream/{number}")) == 1


@pytest.mark.parametrize(
    "path", ["Things", "Things({0})", "+", "#", "Things/#", "Things({0})?$select=name,description"]
)
def test_a_changed_entity_is_told_whole(served: Served, path: str) -> None:
    number = thing(served, "pump")
    talker = served.talker("a")
    wanted = "v1.1/" + path.format(number)
    assert talker.subscribe(wanted).codes == (1,)
    update(served, "Thing", number, {"description": "A new pump."})
    told, body = said(talker)
    while body.get("description") != "A new pump.":  # one may still hear of its making, and of the tests before
        told, body = said(talker)
    assert told.startswith("v1.1/Things")
    assert body["name"] == "pump"
    assert ("@iot.selfLink" in body) == ("$select" not in path)


def test_a_created_entity_is_told_in_its_collections(served: Served) -> None:
    number = thing(served, "weir")
    talker = served.talker("a")
    talker.subscribe("v1.1/Datastreams")
    nearer = served.talker("b")
    nearer.subscribe(f"v1.1/Things({number})/Datastreams")
    property_ = {"name": "level", "definition": "http://example.org/level", "description": ""}
    sensor = {"name": "gauge", "description": "", "encodingType": "text/html", "metadata": "http://example.org"}
    body = {
        "name": "water level",
        "description": "",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "http://unitsofmeasure.org/ucum#m"},
        "Thing": {"@iot.id": number},
        "Sensor": sensor,
        "ObservedProperty": property_,
    }
    stream = create(served, "Datastream", body)
    for listener, topic in ((talker, "v1.1/Datastreams"), (nearer, f"v1.1/Things({number})/Datastreams")):
        told, found = said(listener)
        assert (told, found["@iot.id"], found["name"]) == (topic, stream, "water level")
        assert listener.silent(0.2)


def test_a_thing_that_is_elsewhere_now_is_told_by_its_history(served: Served) -> None:
    number = thing(served, "walker")
    there = create(served, "Location", {"name": "there", "description": "", "encodingType": "x", "location": "yard"})
    talker = served.talker("a")
    talker.subscribe(f"v1.1/Things({number})/HistoricalLocations")
    update(served, "Thing", number, {"Locations": [{"@iot.id": there}]})
    told = json.loads(talker.read(Publish).payload)
    page = served.city.sensing.entities.reading.page(
        Question("Location"), ALL, Start("HistoricalLocation", told["@iot.id"]), "Locations"
    )
    assert {each.number for each in page.items} >= {there}


def test_only_a_changed_property_is_told_to_who_asked_for_it(served: Served) -> None:
    number = thing(served, "lamp")
    talker = served.talker("a")
    assert talker.subscribe(f"v1.1/Things({number})/description").codes == (1,)
    update(served, "Thing", number, {"name": "lantern"})
    assert talker.silent(0.4)
    update(served, "Thing", number, {"description": "bright"})
    assert said(talker) == (f"v1.1/Things({number})/description", {"description": "bright"})


def test_a_change_of_what_may_not_be_read_is_not_told(served: Served) -> None:
    number = thing(served, "vault", properties={"classification": "shared"})
    stranger, staff = served.talker("a", "", V5), served.talker("b", "analyst", V5)
    assert stranger.subscribe(f"v1.1/Things({number})").codes == (Reason.TOPIC_FILTER_INVALID,)
    for talker in (stranger, staff):
        talker.subscribe("v1.1/Things")
    update(served, "Thing", number, {"description": "locked"})
    assert said(staff)[1]["description"] == "locked"
    assert stranger.silent(0.4)
    entries = [each.entry for each in served.city.store.ledger.records(limit=10**6)]
    assert any(each.action == "subscribe" and each.resource == "thing:*" for each in entries)


@pytest.mark.parametrize("path", ["Things(999)", "Nonsense", "Things(1)/colour", "Things(1)/Datastreams(1)/$value"])
def test_a_path_that_leads_nowhere_cannot_be_subscribed_to(served: Served, path: str) -> None:
    talker = served.talker("a", version=V5)
    assert talker.subscribe(f"v1.1/{path}").codes == (Reason.TOPIC_FILTER_INVALID,)


def test_a_feature_made_from_where_a_thing_is_is_told_like_any_other(served: Served) -> None:
    talker = served.talker()
    talker.subscribe("v1.1/FeaturesOfInterest", qos=1)
    named = {"name": "t", "definition": "http://example.org/t", "description": "t"}
    sensor = {"name": "s", "description": "", "encodingType": "text/html", "metadata": "http://example.org"}
    stream = {"name": "t", "description": "t", "observationType": COUNT, "unitOfMeasurement": UNIT}
    stream |= {"ObservedProperty": named, "Sensor": sensor}
    numbers = [create(served, "Datastream", {**stream, "Thing": {"@iot.id": thing(served, each)}}) for each in "pq"]
    served.observe(numbers[0], 1, 1.0)  # in bulk
    create(
        served,
        "Observation",
        {"Datastream": {"@iot.id": numbers[1]}, "result": 1, "phenomenonTime": "2024-02-01T00:00:00Z"},
    )
    for _ in numbers:
        topic, body = said(talker)
        assert (topic, body["name"], body["feature"]) == ("v1.1/FeaturesOfInterest", "here", PLACE)
