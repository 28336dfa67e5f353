"""Batches, MultiDatastreams, forms of results (OGC 18-088, clauses 11 to 13), and lifang's own extensions."""

from __future__ import annotations

import csv
import io
from time import perf_counter
from typing import Any

import pytest
from tests.conformance.sensorthings.conftest import (
    CELSIUS,
    OM,
    Json,
    Service,
    datastream,
    location,
    observation,
    observed,
    oven,
    sensor,
    thing,
)

NO_UNIT = {"name": None, "symbol": None, "definition": None}
CHANGESET = """--batch_1
Content-Type: application/http

GET /v1.1/Things(1)
Host: host


--batch_1
Content-Type: multipart/mixed;boundary=changeset_2

--changeset_2
Content-Type: application/http
Content-ID: sensor1

POST /sta/v1.1/Sensors HTTP/1.1
Host: host
Content-Type: application/json

{"name": "DS18B20", "description": "an air temperature sensor", "encodingType": "application/pdf", "metadata": "x"}
--changeset_2
Content-Type: application/http

POST /sta/v1.1/Things(1)/Datastreams HTTP/1.1
Host: host
Content-Type: application/json

{"name": "Temperature Thing 1", "description": "The temperature", "observationType": "OM", "unitOfMeasurement": {},
 "ObservedProperty": {"@iot.id": 1}, "Sensor": {"@iot.id": "$sensor1"}}
--changeset_2--
--batch_1
Content-Type: application/http

GET /sta/v1.1/Things(999) HTTP/1.1
Host: host


--batch_1--
"""


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    service.post("Things", oven())


def batch(service: Service, *requests: Json, role: str = "operator") -> dict[str, Json]:
    answer = service.call("POST", "$batch", role, json={"requests": list(requests)})
    assert answer.status_code == 200, answer.text
    return {each["id"]: each for each in answer.json()["responses"]}


def request(key: str, method: str, url: str, body: Any = None, **more: Any) -> Json:
    return {"id": key, "method": method, "url": url, **({} if body is None else {"body": body}), **more}


def test_requests_of_a_batch_use_what_earlier_ones_made(service: Service) -> None:
    told = batch(
        service,
        request("t", "post", "Things", thing("batched")),
        request("d", "POST", "$t/Datastreams", datastream(), dependsOn=["t"]),
        request("l", "post", "Locations", location(Things=[{"@iot.id": "$t"}])),
        request("o", "post", "/sta/v1.1/Datastreams($d)/Observations", observation("2019-01-01T00:00:00Z", 5)),
        request("g", "get", "Things?$filter=name eq 'batched'&$expand=Datastreams/Observations"),
        request("x", "get", "Things(999)"),
        request("y", "get", "Things(1)", dependsOn=["x"]),
        request("z", "delete", "$t"),
    )
    assert [told[key]["status"] for key in "tdlogxyz"] == [201, 201, 201, 201, 200, 404, 424, 200]
    assert told["g"]["body"]["value"][0]["Datastreams"][0]["Observations"][0]["result"] == 5
    assert told["t"]["headers"]["location"].endswith(f"Things({told['t']['body']['@iot.id']})")


def test_a_group_happens_whole_or_not_at_all(service: Service) -> None:
    before = service.get("Sensors?$top=0&$count=true")
    told = batch(
        service,
        request("1", "post", "Sensors", sensor("grouped"), atomicityGroup="g"),
        request("2", "post", "Sensors", {"name": "incomplete"}, atomicityGroup="g"),
        request("3", "get", "Things(1)"),
    )
    assert [told[key]["status"] for key in "123"] == [424, 400, 200]
    assert service.get("Sensors?$top=0&$count=true") == before
    told = batch(
        service,
        request("s", "post", "Sensors", sensor("grouped"), atomicityGroup="g"),
        request("t", "post", "Things", thing(Datastreams=[datastream(Sensor={"@iot.id": "$s"})]), atomicityGroup="g"),
        request("p", "patch", "$t", {"name": "named in the group"}, atomicityGroup="g"),
    )
    assert [told[key]["status"] for key in "stp"] == [201, 201, 200]
    assert service.names("Sensors?$filter=Datastreams/Thing/name eq 'named in the group'") == ["grouped"]


def test_a_multipart_batch_is_answered_in_kind(service: Service) -> None:
    headers = {"Content-Type": "multipart/mixed;boundary=batch_1"}
    body = CHANGESET.replace("GET /v1.1/", "GET /sta/v1.1/")
    for text in (body, body.replace("\n", "\r\n"), body.replace("--changeset_2\nContent", "--changeset_2\n\nContent")):
        answer = service.call("POST", "$batch", content=text.encode(), headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("multipart/mixed")
        told = answer.text
        assert told.index("HTTP/1.1 200") < told.index("HTTP/1.1 201") < told.index("HTTP/1.1 404")
        assert told.count("HTTP/1.1 201") == 2
        assert "Content-ID: sensor1" in told
    failing = body.replace('"ObservedProperty": {"@iot.id": 1}', '"ObservedProperty": {"@iot.id": 999}')
    told = service.call("POST", "$batch", content=failing.encode(), headers=headers).text
    assert (told.count("HTTP/1.1 201"), told.count("HTTP/1.1 400")) == (0, 1)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"[]", "application/json"), (b"{}", "application/json"), (b"nonsense", "application/json"), (b"{}", "text/plain"),
     (b'{"requests": [1]}', "application/json"), (b'{"requests": [{"id": "1"}]}', "application/json"),
     (b'{"requests": [{"id": "1", "method": "get", "url": "Things", "dependsOn": 1}]}', "application/json"),
     (b"x", "multipart/mixed"), (b"x", "multipart/mixed; boundary=a"),
     (b"--a\nnonsense\n--a--", "multipart/mixed; boundary=a")],
)  # fmt: skip
def test_a_batch_that_is_none_is_refused(service: Service, body: bytes, kind: str) -> None:
    assert service.call("POST", "$batch", content=body, headers={"Content-Type": kind}).status_code == 400


def test_a_part_of_nothing_but_cut_off_headers_is_refused_at_once(service: Service) -> None:
    body = b"--a\nContent-Type: application/http\n\n" + b"content-a:\n\n" * 500_000 + b"\n--a--"
    headers = {"Content-Type": "multipart/mixed; boundary=a"}
    begin = perf_counter()
    assert service.call("POST", "$batch", "", content=body, headers=headers).status_code == 400
    assert perf_counter() - begin < 20  # hours, were each read in a pass of its own


def test_a_visitor_reads_in_a_batch_and_changes_nothing(service: Service) -> None:
    told = batch(service, request("1", "get", "Things(1)"), request("2", "post", "Things", thing()), role="")
    assert [told[key]["status"] for key in "12"] == [200, 401]


@pytest.fixture(scope="module")
def station(service: Service) -> Json:
    """A weather station whose results are a temperature, a humidity and a visibility: the example of clause 12."""
    return service.post(
        "MultiDatastreams",
        {
            "name": "temperature, RH, visibility",
            "description": "a simple weather station",
            "observationType": f"{OM}ComplexObservation",
            "multiObservationDataTypes": [f"{OM}Measurement", f"{OM}Measurement", f"{OM}CategoryObservation"],
            "unitOfMeasurements": [CELSIUS, {"name": "percent", "symbol": "%", "definition": "x"}, NO_UNIT],
            "Thing": thing("station", Locations=[location()]),
            "Sensor": sensor(),
            "ObservedProperties": [observed("temperature"), observed("humidity"), observed("visibility")],
        },
    )


def test_a_multi_datastream_keeps_the_order_of_its_parts(service: Service, station: Json) -> None:
    link = station["@iot.selfLink"]
    assert service.names(f"{link}/ObservedProperties") == ["temperature", "humidity", "visibility"]
    assert [each["symbol"] for each in station["unitOfMeasurements"]] == ["°C", "%", None]
    expanded = service.get(f"{link}?$expand=ObservedProperties,Thing,Sensor")
    assert [each["name"] for each in expanded["ObservedProperties"]] == ["temperature", "humidity", "visibility"]
    query = "ObservedProperties?$filter=MultiDatastreams/name eq 'temperature, RH, visibility'&$orderby=id"
    assert service.names(query) == ["temperature", "humidity", "visibility"]
    assert service.ids("Things?$filter=name eq 'station'&$expand=MultiDatastreams")
    assert service.call("GET", f"Datastreams({station['@iot.id']})").status_code == 404


def test_results_of_a_multi_datastream_are_lists_of_its_size(service: Service, station: Json) -> None:
    path = f"{station['@iot.selfLink']}/Observations"
    made = service.post(path, observation("2014-12-31T11:59:59.00+08:00", [25, 65, "clear"]))
    assert service.get(made["@iot.selfLink"])["result"] == [25, 65, "clear"]
    assert "MultiDatastream@iot.navigationLink" in made
    assert "Datastream@iot.navigationLink" not in made
    assert service.get(f"{made['@iot.selfLink']}/MultiDatastream")["@iot.id"] == station["@iot.id"]
    for wrong in ([25, 65], 25, None, "clear"):
        assert service.call("POST", path, json=observation("2015-01-01T00:00:00Z", wrong)).status_code == 400
    group = {"MultiDatastream": {"@iot.id": station["@iot.id"]}, "components": ["phenomenonTime", "result"],
             "dataArray": [["2010-12-23T11:20:00-0700", [10.2, 65, "clear"]],
                           ["2010-12-23T11:22:08-0700", [1]]]}  # fmt: skip
    first, second = service.call("POST", "CreateObservations", json=[group]).json()
    assert (service.get(first)["result"], second) == ([10.2, 65, "clear"], "error")
    (rows,) = service.get(f"{path}?$resultFormat=dataArray&$count=true")["value"]
    assert rows["MultiDatastream@iot.navigationLink"] == station["@iot.selfLink"]
    assert rows["dataArray"][0][rows["components"].index("result")] == [10.2, 65, "clear"]
    newest = service.get(f"{station['@iot.selfLink']}?$expand=Observations($orderby=phenomenonTime desc;$top=1)")
    assert newest["Observations"][0]["result"] == [25, 65, "clear"]


def test_the_parts_of_a_multi_datastream_match_in_number(service: Service, station: Json) -> None:
    body = {name: station[name] for name in ("name", "description", "unitOfMeasurements", "multiObservationDataTypes")}
    links = {"Thing": thing(), "Sensor": sensor(), "ObservedProperties": [observed()] * 3}
    assert service.call("POST", "MultiDatastreams", json={**body, **links}).status_code == 201
    for wrong in ({"ObservedProperties": [observed()]}, {"unitOfMeasurements": [CELSIUS]}, {"ObservedProperties": []},
                  {"observationType": f"{OM}Measurement"}):  # fmt: skip
        assert service.call("POST", "MultiDatastreams", json={**body, **links, **wrong}).status_code == 400


def test_a_data_array_groups_by_datastream_and_pages_on(service: Service) -> None:
    page = service.get("Datastreams(1)/Observations?$resultFormat=dataArray&$top=2&$count=true&$select=id,result")
    (group,) = page["value"]
    assert (page["@iot.count"], group["components"], len(group["dataArray"])) == (3, ["id", "result"], 2)
    rest = service.get(page["@iot.nextLink"])
    assert rest["value"][0]["dataArray"][0][1] == 73
    assert service.call("GET", "Observations?$resultFormat=dataArray&$expand=Datastream").status_code == 400
    assert service.call("GET", "Things(1)?$resultFormat=dataArray").status_code == 400


def test_a_table_and_a_map_of_entities(service: Service) -> None:
    service.post("Things", thing("=cmd()", properties={"a": {"b": 1}}))
    for query, head in {
        "$filter=id lt 0": "id",
        "$filter=id lt 0&$select=name,id": "name,id",
        "$top=1": "id,selfLink",
    }.items():
        assert service.call("GET", f"Things?$resultFormat=CSV&{query}").text.splitlines()[0].startswith(head)
    answer = service.call("GET", "Things?$resultFormat=CSV&$expand=Locations&$orderby=id")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["name"] == "Oven"
    assert rows[-1]["name"] == "'=cmd()"
    assert rows[-1]["properties/a/b"] == "1"
    found = service.get("Things?$resultFormat=GeoJSON&$expand=Locations&$top=1")
    assert found["features"][0]["geometry"]["type"] == "Point"
    headers = service.call("GET", "Things?$resultFormat=GeoJSON&$top=1").headers
    assert headers["link"].endswith('; rel="next"')
    assert service.get("Datastreams(1)/Observations?$resultFormat=GeoJSON&$expand=FeatureOfInterest")["features"][0][
        "geometry"
    ]


def test_buckets_of_time_are_told_from_the_lake(service: Service) -> None:
    def figures(apply: str, **more: str) -> list[Json]:
        query = "&".join([f"$apply={apply}", *(f"${name}={value}" for name, value in more.items())])
        found: list[Json] = service.get(f"Datastreams(1)/Observations?{query}")["value"]
        return found

    days = figures("groupby((bucket(phenomenonTime,P1D)),aggregate(avg,min,max,count,sum,p50))")
    assert [(each["avg"], each["count"], each["p50"]) for each in days] == [(71, 1, 71), (72, 1, 72), (73, 1, 73)]
    (whole,) = figures("aggregate(avg,result with max as max)")
    assert (whole["avg"], whole["max"]) == (72, 73)
    (late,) = figures("aggregate(count)", filter="phenomenonTime ge 2019-01-13T00:00:00Z")
    assert late["count"] == 1
    for wrong in ("aggregate(nonsense)", "aggregate()", "groupby((name),aggregate(avg))", "bucket(phenomenonTime,P1D)"):
        assert service.call("GET", f"Datastreams(1)/Observations?$apply={wrong}").status_code == 400
    assert service.call("GET", "Things?$apply=aggregate(avg)").status_code == 400
    query = "Observations?$apply=aggregate(count)&$filter=Datastream/Thing/name eq 'Oven'"
    assert [each["count"] for each in service.get(query)["value"]] == [3]
