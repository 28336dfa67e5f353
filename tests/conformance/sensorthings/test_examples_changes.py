"""The examples of OGC 18-088 about changes and other forms (clauses 8.2.3, 9.3.3.6, 10 to 13), on data of our own."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

import orjson
import pytest
from tests.conformance.sensorthings.conftest import (
    CELSIUS,
    OM,
    Json,
    Service,
    datastream,
    feature,
    location,
    observation,
    observed,
    sensor,
    thing,
)

HALL = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [104.06, 30.66]}}
RINGS = [
    [[104, 31], [104.1, 30.6], [104.2, 30.5], [104, 31]],
    [[104.3, 30.7], [104.1, 30.5], [104, 30.8], [104.3, 30.7]],
]
BOX = {"type": "Polygon", "coordinates": [[[104, 30], [105, 30], [105, 31], [104, 31], [104, 30]]]}
# As the document prints it: empty lines between the headers of a part, and of a request.
BATCH = """--batch_1
Content-Type: application/http

GET /sta/v1.1/Things(1)
Host: host


--batch_1
Content-Type: multipart/mixed;boundary=changeset_1

--changeset_1

Content-Type: application/http

Content-ID: 1

POST /sta/v1.1/Things HTTP/1.1
Host: host
Content-Type: application/json

Content-Length: 50

{"name": "kiln", "description": "A kiln: red hot"}
--changeset_1

Content-Type: application/http

Content-ID: 2

PATCH /sta/v1.1/Things(1) HTTP/1.1

Host: host
Content-Type: application/json

Content-Length: 30

{"description": "in a batch"}
--changeset_1--
--batch_1

Content-Type: application/http

GET /sta/v1.1/Things(99999) HTTP/1.1
Host: host


--batch_1--
"""


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    streams = [datastream("warmth"), datastream("damp", ObservedProperty=observed("Humidity"))]
    service.post("Things", thing("Bakery", Locations=[location("hall", location=HALL)], Datastreams=streams))
    for name in ("door", "yard"):
        service.post("FeaturesOfInterest", feature(name))


def test_example_3_the_places_a_thing_was_at(service: Service) -> None:
    one = service.post("Things", thing("van"))["@iot.selfLink"]
    for hour in (12, 13, 14):
        body = {"time": f"2015-01-25T{hour}:00:00-07:00", "Locations": [location(f"stop {hour}")]}
        service.post(f"{one}/HistoricalLocations", body)
    page = service.get(f"{one}/HistoricalLocations?$orderby=time&$top=2")
    assert [each["time"] for each in page["value"]] == ["2015-01-25T19:00:00Z", "2015-01-25T20:00:00Z"]
    for each in page["value"]:
        assert service.get(each["Thing@iot.navigationLink"])["name"] == "van"
    assert service.names(page["value"][1]["Locations@iot.navigationLink"]) == ["stop 13"]
    (last,) = service.get(page["@iot.nextLink"])["value"]
    assert last["time"] == "2015-01-25T21:00:00Z"
    assert service.names(f"{one}/Locations") == ["stop 14"]


def test_example_25_the_service_pages_by_itself(service: Service) -> None:
    many = [{"id": str(n), "method": "post", "url": "Things", "body": thing(f"many {n}")} for n in range(101)]
    service.post("$batch", {"requests": many}, 200)
    page = service.get("Things")
    assert len(page["value"]) == 100
    rest = service.get(page["@iot.nextLink"])
    assert "@iot.nextLink" not in rest
    names = [each["name"] for each in (*page["value"], *rest["value"])]
    assert {f"many {n}" for n in range(101)} <= set(names)
    assert len(names) == len(set(names)) == service.get("Things?$count=true&$top=0")["@iot.count"]
    for number in service.ids("Things?$filter=startswith(name,'many')&$top=200"):
        service.call("DELETE", f"Things({number})")


def test_example_26_a_thing(service: Service) -> None:
    made = service.post("Things", thing("thermostat"))
    assert service.get(made["@iot.selfLink"]) == made
    assert (made["name"], made["description"]) == ("thermostat", "This thing is thermostat.")


def test_example_27_an_observation_of_what_there_is(service: Service) -> None:
    body = {"Datastream": {"@iot.id": 1}, "phenomenonTime": "2013-04-18T16:15:00-07:00", "result": 124,
            "FeatureOfInterest": {"@iot.id": 2}}  # fmt: skip
    made = service.post("Observations", body)
    found = service.get(f"{made['@iot.selfLink']}?$expand=Datastream,FeatureOfInterest")
    assert (found["result"], found["phenomenonTime"], found["resultTime"]) == (124, "2013-04-18T23:15:00Z", None)
    assert (found["Datastream"]["@iot.id"], found["FeatureOfInterest"]["name"]) == (1, "yard")


def test_example_28_a_thing_with_all_that_hangs_on_it(service: Service) -> None:
    room = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": RINGS}}
    value = observation("2012-06-26T03:42:02-0600", 70.4, FeatureOfInterest=feature("room", feature=room))
    stream = datastream(
        "oven",
        observedArea=BOX,
        phenomenonTime="2009-01-11T16:22:25.00Z/2011-08-21T08:32:10.00Z",
        Observations=[value],
        Sensor=sensor("probe", **{"@iot.id": 88888}),  # an id inside is not the client's to give
    )
    made = service.post("Things", thing("oven", Locations=[location("bench", location=HALL)], Datastreams=[stream]))
    found = service.get(
        f"{made['@iot.selfLink']}?$expand=Locations,"
        "Datastreams($expand=Sensor,ObservedProperty,Observations($expand=FeatureOfInterest))"
    )
    (place,), (warmth,) = found["Locations"], found["Datastreams"]
    assert (place["location"], warmth["unitOfMeasurement"]) == (HALL, CELSIUS)
    assert (warmth["Sensor"]["name"], warmth["ObservedProperty"]["name"]) == ("probe", "DewPoint")
    assert warmth["Sensor"]["@iot.id"] != 88888
    (one,) = warmth["Observations"]
    assert (one["result"], one["phenomenonTime"]) == (70.4, "2012-06-26T09:42:02Z")
    assert one["FeatureOfInterest"]["feature"] == room
    assert warmth["phenomenonTime"] == "2012-06-26T09:42:02Z/2012-06-26T09:42:02Z"  # what it covers, not what was said
    assert service.get(f"{one['@iot.selfLink']}/Datastream/Thing")["name"] == "oven"


def test_examples_29_and_30_a_thing_is_changed_and_deleted(service: Service) -> None:
    one = service.post("Things", thing("stove", properties={"fuel": "gas"}))["@iot.selfLink"]
    answer = service.call("PATCH", one, json={"description": "This thing is lit."})
    assert answer.status_code == 200
    found = service.get(one)
    assert (found["name"], found["description"]) == ("stove", "This thing is lit.")
    assert found["properties"] == {"fuel": "gas"}
    assert service.call("DELETE", one).status_code == 200
    assert service.call("GET", one).status_code == 404


def parts_of(service: Service, text: str, **headers: str) -> list[Message]:
    """Return the parts of the answer to a batch, read as any mail reader would."""
    told = {"Content-Type": "multipart/mixed;boundary=batch_1", **headers}
    answer = service.call("POST", "$batch", content=text.encode(), headers=told)
    assert answer.status_code == 200, answer.text
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    return list(message_from_bytes(head + answer.content).get_payload())  # type: ignore[arg-type]


def inner(part: Message) -> tuple[int, Message, Json]:
    """Return status, headers and body of the answer that a part holds."""
    assert part.get_content_type() == "application/http"
    line, _, rest = part.get_payload(decode=True).partition(b"\r\n")  # type: ignore[union-attr]
    found = message_from_bytes(rest)
    text = found.get_payload()
    assert isinstance(text, str)
    return int(line.split()[1]), found, orjson.loads(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_examples_31_1_31_2_and_31_4_a_batch(service: Service, ends: str) -> None:
    first, group, last = parts_of(service, BATCH.replace("\n", ends))
    assert inner(first)[0::2] == (200, {**service.get("Things(1)"), "description": inner(first)[2]["description"]})
    assert group.get_content_type() == "multipart/mixed"
    made, changed = group.get_payload()
    assert [made["Content-ID"], changed["Content-ID"]] == ["1", "2"]  # type: ignore[index]
    status, headers, body = inner(made)  # type: ignore[arg-type]
    assert (status, body["name"], body["description"]) == (201, "kiln", "A kiln: red hot")
    assert headers["Location"] == body["@iot.selfLink"]
    assert service.get(headers["Location"])["name"] == "kiln"
    assert inner(changed)[0] == 200  # type: ignore[arg-type]
    assert service.get("Things(1)/description") == {"description": "in a batch"}
    assert inner(last)[0] == 404


def test_example_31_3_a_change_set_uses_what_it_made(service: Service) -> None:
    body = {key: value for key, value in datastream("draught").items() if key != "Sensor"}
    stream = {**body, "ObservedProperty": {"@iot.id": 1}, "Sensor": {"@iot.id": "$eye1"}}
    lines = ["--batch_1", "Content-Type: multipart/mixed;boundary=changeset_1", ""]
    for path, key, told in (("Sensors", "eye1", sensor("anemometer")), ("Things(1)/Datastreams", "", stream)):
        lines += ["--changeset_1", "Content-Type: application/http", *([f"Content-ID: {key}"] if key else []), ""]
        text = orjson.dumps(told).decode()
        lines += [f"POST /sta/v1.1/{path} HTTP/1.1", "Host: host", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(text.encode())}", "", text]
    (group,) = parts_of(service, "\n".join([*lines, "--changeset_1--", "--batch_1--", ""]))
    answers = [inner(each) for each in group.get_payload()]  # type: ignore[arg-type]
    assert [status for status, _, _ in answers] == [201, 201]
    made = answers[1][2]["@iot.selfLink"]
    assert service.get(f"{made}/Sensor") == answers[0][2]
    assert service.get(f"{made}/Thing")["@iot.id"] == 1


def test_example_31_5_a_batch_that_may_be_asynchronous_is_done_at_once(service: Service) -> None:
    """The document lets a service answer 202 and go on; whoever is as quick need not (RFC 7240, 4.1)."""
    told = [inner(each)[0] for each in parts_of(service, BATCH, Prefer="respond-async")[::2]]
    assert told == [200, 404]


@pytest.fixture(scope="module")
def station(service: Service) -> Json:
    return service.post("MultiDatastreams", {
        "name": "wind and sky", "description": "speed, gusts, sky", "observationType": f"{OM}ComplexObservation",
        "multiObservationDataTypes": [f"{OM}Measurement", f"{OM}Measurement", f"{OM}CategoryObservation"],
        "unitOfMeasurements": [CELSIUS, {"name": "metre per second", "symbol": "m/s", "definition": "x"},
                               {"name": "null", "symbol": "null", "definition": "null"}],
        "Thing": {"@iot.id": 1}, "Sensor": sensor("mast"),
        "ObservedProperties": [observed("speed"), observed("gusts"), observed("sky")],
    })  # fmt: skip


def test_examples_32_to_34_a_multi_datastream(service: Service, station: Json) -> None:
    link = station["@iot.selfLink"]
    for name in ("Thing", "Sensor", "ObservedProperties", "Observations"):
        assert station[f"{name}@iot.navigationLink"] == f"{link}/{name}"
    assert station["observationType"] == f"{OM}ComplexObservation"
    assert station["multiObservationDataTypes"][2] == f"{OM}CategoryObservation"
    assert [each["symbol"] for each in station["unitOfMeasurements"]] == ["°C", "m/s", "null"]
    listed = service.get(f"{link}/ObservedProperties")["value"]  # example 33
    assert [each["name"] for each in listed] == ["speed", "gusts", "sky"]
    assert service.names(listed[2]["MultiDatastreams@iot.navigationLink"]) == ["wind and sky"]
    assert service.names(listed[2]["Datastreams@iot.navigationLink"]) == []
    time = "2014-12-31T11:59:59.00+08:00"  # example 34
    made = service.post(f"{link}/Observations", observation(time, [3.5, 8, "clear"], resultTime=time))
    assert made["result"] == [3.5, 8, "clear"]
    assert made["phenomenonTime"] == made["resultTime"] == "2014-12-31T03:59:59Z"
    links = {name for name in made if "@iot.navigationLink" in name}
    assert links == {"MultiDatastream@iot.navigationLink", "FeatureOfInterest@iot.navigationLink"}


@pytest.mark.parametrize("kind", ["Datastream", "MultiDatastream"])
def test_examples_35_and_36_results_as_arrays(service: Service, station: Json, kind: str) -> None:
    stream = service.post("Datastreams", datastream("rows", Thing={"@iot.id": 1})) if kind == "Datastream" else station
    link = stream["@iot.selfLink"]
    values = [10.2, 11.3, 9.8] if kind == "Datastream" else [[10.2, 65, "clear"], [11.3, 63, "fog"], [9.8, 67, "rain"]]
    times = [f"2010-12-23T18:2{at}:00Z" for at in range(3)]
    for time, value in zip(times, values, strict=True):
        service.post(f"{link}/Observations", observation(time, value, resultTime=times[0]))
    page = service.get(f"{link}/Observations?$resultFormat=dataArray&$top=3&$count=true&$orderby=phenomenonTime")
    (group,) = page["value"]
    assert group[f"{kind}@iot.navigationLink"] == link
    places = [group["components"].index(each) for each in ("id", "phenomenonTime", "resultTime", "result")]
    rows = [tuple(row[place] for place in places) for row in group["dataArray"]]
    assert [row[1:] for row in rows] == [(time, times[0], value) for time, value in zip(times, values, strict=True)]
    assert service.get(f"Observations({rows[1][0]})/result") == {"result": values[1]}
    assert page["@iot.count"] >= 3


def test_examples_37_and_38_many_observations_of_two_datastreams(service: Service) -> None:
    components = ["phenomenonTime", "result", "FeatureOfInterest/id"]
    rows = [["2010-12-23T10:20:00-0700", 20, 1], ["2010-12-23T10:21:00-0700", 30, 2]]
    groups = [{"Datastream": {"@iot.id": number}, "components": components, "dataArray": rows} for number in (1, 2)]
    answer = service.call("POST", "CreateObservations", json=groups)
    assert answer.status_code == 201
    found = [service.get(f"{each}?$expand=Datastream,FeatureOfInterest") for each in answer.json()]
    told = [(each["Datastream"]["@iot.id"], each["result"], each["FeatureOfInterest"]["@iot.id"]) for each in found]
    assert told == [(1, 20, 1), (1, 30, 2), (2, 20, 1), (2, 30, 2)]
    assert [each["phenomenonTime"] for each in found[:2]] == ["2010-12-23T17:20:00Z", "2010-12-23T17:21:00Z"]
    rows[1] = ["2010-12-23T10:22:00-0700", 40, 99999]  # example 38: one of three cannot be
    rows.append(["2010-12-23T10:23:00-0700", 50, 1])
    outcomes = service.call("POST", "CreateObservations", json=groups[:1]).json()
    assert outcomes[1] == "error"
    assert [service.get(each)["result"] for each in (outcomes[0], outcomes[2])] == [20, 50]
