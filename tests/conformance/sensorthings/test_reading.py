"""Resource paths and requested data of OGC 18-088, clause 9: what its examples ask for, and what the suite checks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.sensorthings.conftest import Service, datastream, oven, sensor, thing

COLLECTIONS = {
    "Things": ("Locations", "HistoricalLocations", "Datastreams", "MultiDatastreams"),
    "Locations": ("Things", "HistoricalLocations"),
    "HistoricalLocations": ("Thing", "Locations"),
    "Datastreams": ("Thing", "Sensor", "ObservedProperty", "Observations"),
    "Sensors": ("Datastreams", "MultiDatastreams"),
    "ObservedProperties": ("Datastreams", "MultiDatastreams"),
    "Observations": ("Datastream", "FeatureOfInterest"),
    "FeaturesOfInterest": ("Observations",),
}
TASKING = ("Actuators", "TaskingCapabilities", "Tasks")
MANDATORY = {
    "Things": {"name", "description"},
    "Locations": {"name", "description", "encodingType", "location"},
    "HistoricalLocations": {"time"},
    "Datastreams": {"name", "description", "unitOfMeasurement", "observationType"},
    "Sensors": {"name", "description", "encodingType", "metadata"},
    "ObservedProperties": {"name", "description", "definition"},
    "Observations": {"phenomenonTime", "result", "resultTime"},
    "FeaturesOfInterest": {"name", "description", "encodingType", "feature"},
}
_SINCE = "&$filter=phenomenonTime ge 2020-01-01T00:00:10Z"


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    for number in range(1, 5):
        service.post(
            "Things", oven(f"Oven {number}", properties={"owner": f"Owner {number % 2}", "deep": {"n": number}})
        )
    service.post(
        "Things(1)/Datastreams", datastream("second", unitOfMeasurement={"name": "", "symbol": "", "definition": ""})
    )


def key(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def test_the_root_names_every_collection_and_what_is_kept(service: Service) -> None:
    for path in ("", "/"):
        told = service.get(path)
        assert {each["name"] for each in told["value"]} == {*COLLECTIONS, "MultiDatastreams"}
        assert all(each["url"].endswith(f"/sta/v1.1/{each['name']}") for each in told["value"])
        kept = told["serverSettings"]["conformance"]
        assert "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete" in kept
        assert "http://www.opengis.net/spec/iot_sensing/1.1/req/batch-request/batch-request" in kept
        assert any(each.startswith("urn:lifang:") for each in kept)
        tasking = told["serverSettings"]["http://www.opengis.net/spec/iot_tasking/1.0/req/actuator"]["endpoints"]
        assert [each.rpartition("/")[2] for each in tasking] == list(TASKING)
        assert all(service.call("GET", each).status_code == 200 for each in tasking)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_entities_have_control_information_properties_and_links(service: Service, collection: str) -> None:
    for entity in service.get(collection)["value"]:
        assert service.get(entity["@iot.selfLink"]) == entity
        assert entity["@iot.selfLink"].endswith(f"{collection}({key(entity['@iot.id'])})")
        assert MANDATORY[collection] <= entity.keys()
        for link in COLLECTIONS[collection]:
            address = entity[f"{link}@iot.navigationLink"]
            assert service.call("GET", address).status_code == 200, address
            references = service.get(f"{address}/$ref")
            listed = references["value"] if link.endswith(("s", "ies")) else [references]
            assert all(set(each) == {"@iot.selfLink"} for each in listed)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_properties_and_their_values_have_addresses(service: Service, collection: str) -> None:
    entity = service.get(collection)["value"][0]
    for name in MANDATORY[collection] - {"resultTime"}:
        told = service.get(f"{entity['@iot.selfLink']}/{name}")
        assert told == {name: entity[name]}
        value = service.call("GET", f"{entity['@iot.selfLink']}/{name}/$value")
        assert value.status_code == 200
        assert value.text.startswith("{") == isinstance(entity[name], dict)
    assert service.call("GET", f"{entity['@iot.selfLink']}/nothing").status_code == 404


def test_a_property_that_is_null_has_no_content(service: Service) -> None:
    entity = service.get("Observations")["value"][0]
    assert service.call("GET", f"{entity['@iot.selfLink']}/resultTime").status_code == 204


def test_a_property_inside_a_property_has_an_address(service: Service) -> None:
    assert service.get("Things(1)/properties/deep/n") == {"n": 1}
    assert service.call("GET", "Things(1)/properties/owner/$value").text == "Owner 1"


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("name", ["9223372036854775807", "99999999999999999999999", "0", "-1", "'none'"])
def test_an_entity_that_is_not_there_is_404(service: Service, collection: str, name: str) -> None:
    assert service.call("GET", f"{collection}({name})").status_code == 404


def test_an_observation_is_called_by_a_number_or_by_datastream_and_time(service: Service) -> None:
    first = service.get("Things(2)/Datastreams")["value"][0]["@iot.id"]
    one = service.get(f"Datastreams({first})/Observations?$orderby=phenomenonTime")["value"][0]
    stream, milliseconds = divmod(one["@iot.id"], 1 << 42)
    assert stream == first
    assert service.get(f"Observations('{stream}-{milliseconds}000')") == one
    assert service.get(f"Observations?$filter=id eq {one['@iot.id']}")["value"] == [one]
    assert service.get(f"Observations?$filter=id eq '{stream}-{milliseconds}000'")["value"] == [one]


def test_paths_of_any_length_lead_on(service: Service) -> None:
    value = service.get("Things(2)/Datastreams")["value"][0]
    stream = value["@iot.id"]
    first = service.get(f"Datastreams({stream})/Observations")["value"][0]
    whole = f"Things(2)/Datastreams({stream})/Observations({first['@iot.id']})"
    assert service.get(f"Datastreams({stream})/Observations({first['@iot.id']})") == first
    assert service.get(f"{whole}/result") == {"result": first["result"]}
    assert service.get(f"{whole}/FeatureOfInterest")["feature"] == service.get("Locations(2)")["location"]
    assert service.get(f"{whole}/Datastream/Thing/Locations")["value"][0]["name"] == "Oven 2 place"
    assert service.call("GET", f"Things(1)/Datastreams({stream})").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["Nothings", "Things(1)/Nothings(1)", "Things/name", "Things(1)/$ref/x", "Things(1)/$value", "Things(1)Datastreams",
     "Things(1)/Datastreams(1)(2)", "Things(", "Things()", "Things(1)/name/$ref", "$value", "Things(1)/$count"],
)  # fmt: skip
def test_a_path_to_nothing_is_a_clear_4xx(service: Service, path: str) -> None:
    answer = service.call("GET", path)
    assert answer.status_code in {400, 404}
    assert answer.json()["detail"]


def test_expand_hangs_related_entities_inside_at_any_depth(service: Service) -> None:
    (found,) = service.get("Things?$filter=id eq 2&$expand=Datastreams/ObservedProperty,Locations,Datastreams/Sensor")[
        "value"
    ]
    (stream,) = found["Datastreams"]
    assert {"ObservedProperty", "Sensor"} <= stream.keys()
    assert found["Locations"][0]["name"] == "Oven 2 place"
    assert "Datastreams@iot.navigationLink" not in found
    one = service.get("Datastreams(1)?$expand=Observations($filter=result eq 71),ObservedProperty")
    assert [each["result"] for each in one["Observations"]] == [71]
    newest = "Observations($orderby=phenomenonTime desc;$top=1;$select=result)"
    nested = f"Things?$top=1&$expand=Datastreams($top=1;$expand={newest})"
    (streams,) = [each["Datastreams"] for each in service.get(nested)["value"]]
    assert [each["Observations"] for each in streams] == [[{"result": 73}]]
    assert "Observations@iot.nextLink" in streams[0]


def test_nested_options_count_skip_and_page_on(service: Service) -> None:
    query = "Datastreams(1)?$expand=Observations($count=true;$top=2;$orderby=result desc)"
    found = service.get(query)
    assert (found["Observations@iot.count"], [each["result"] for each in found["Observations"]]) == (3, [73, 72])
    rest = service.get(found["Observations@iot.nextLink"])
    assert [each["result"] for each in rest["value"]] == [71]
    skipped = service.get("Things(1)?$expand=Datastreams($skip=1;$count=true)")
    assert (skipped["Datastreams@iot.count"], [each["name"] for each in skipped["Datastreams"]]) == (2, ["second"])


def test_expand_leads_from_observations_to_everything(service: Service) -> None:
    query = "Observations?$top=1&$expand=Datastream/Thing/Locations,FeatureOfInterest,Datastream($expand=Sensor)"
    (found,) = service.get(query)["value"]
    assert found["Datastream"]["Thing"]["Locations"][0]["name"] == "Oven 1 place"
    assert found["Datastream"]["Sensor"]["name"] == "DS18B20"
    assert found["FeatureOfInterest"]["name"] == "Oven 1 place"
    feature = service.get("FeaturesOfInterest(1)?$expand=Observations($top=2;$count=true)")
    assert feature["Observations@iot.count"] == 3


def test_select_gives_what_it_names(service: Service) -> None:
    assert service.get("Things?$select=name,id&$top=1")["value"] == [{"name": "Oven 1", "@iot.id": 1}]
    found = service.get("Datastreams(1)?$select=id&$expand=Observations/FeatureOfInterest")
    assert found.keys() == {"@iot.id", "Observations"}
    assert service.get("Things(1)?$select=Datastreams").keys() == {"Datastreams@iot.navigationLink"}
    assert service.get("Things(1)?$select=properties/owner") == {"properties": {"owner": "Owner 1"}}
    assert service.get("Observations?$select=result,resultTime&$top=1")["value"][0].keys() == {"result", "resultTime"}
    assert service.call("GET", "Things?$select=nothing").status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_property_orders_in_both_ways(service: Service, collection: str) -> None:
    for name in MANDATORY[collection] - {"unitOfMeasurement", "location", "feature", "metadata"}:
        for way, turned in (("", False), (" asc", False), (" desc", True)):
            values = [each[name] for each in service.get(f"{collection}?$orderby={name}{way}")["value"]]
            ordered = sorted(values, key=lambda value: (value is not None, value), reverse=turned)
            assert values == ordered, (name, way)


def test_orders_have_several_keys_and_reach_across_links(service: Service) -> None:
    names = service.names("Things?$orderby=properties/owner desc,name desc")
    assert names == ["Oven 3", "Oven 1", "Oven 4", "Oven 2"]
    assert service.names("Datastreams?$orderby=Thing/name desc,name desc")[-1] == "Oven 1 temperature"
    numbers = [each["Datastream"]["@iot.id"] for each in service.get(
        "Observations?$expand=Datastream&$orderby=Datastreams/id desc, phenomenonTime")["value"]]  # fmt: skip
    assert numbers == sorted(numbers, reverse=True)


def test_observations_are_ordered_by_what_is_made_of_their_properties(service: Service) -> None:
    def found(order: str) -> list[Any]:
        return [each["result"] for each in service.get(f"Observations?$top=99&$orderby={order}")["value"]]

    whole = found("result")
    assert found("-result") == sorted(whole, reverse=True)
    assert found("result mod 2,result desc") == sorted(whole, key=lambda value: (value % 2, -value))
    assert found("day(phenomenonTime) desc,result") == sorted(whole, reverse=True)  # 71 on the 11th, 73 on the 13th
    (stream,) = service.get("Datastreams?$top=1&$expand=Observations($orderby=-result;$top=2)")["value"]
    assert [each["result"] for each in stream["Observations"]] == [73, 72]
    for order in ("length(Datastream)", "geo.length(result)", "nothing add 1", "length(result, 2)"):
        assert service.call("GET", f"Observations?$orderby={order}").status_code == 400, order


def test_top_skip_and_count_work_together(service: Service) -> None:
    page = service.get("Things?$top=1&$skip=1&$count=true&$orderby=name desc")
    assert (page["@iot.count"], [each["name"] for each in page["value"]]) == (4, ["Oven 3"])
    assert "@iot.nextLink" in page
    assert "@iot.nextLink" not in service.get("Things?$skip=1")
    assert "@iot.nextLink" not in service.get("Things?$top=4")
    assert service.get("Things?$top=0&$count=true") == {"@iot.count": 4, "value": []}
    assert "@iot.count" not in service.get("Things?$count=false")
    assert service.get("Observations?$count=true&$top=1&$filter=result gt 71")["@iot.count"] == 8
    assert service.call("GET", "Things/$count").text == "4"
    assert service.call("GET", "Things/$count?$filter=name eq 'Oven 1'").text == "1"


@pytest.mark.parametrize(
    "path",
    ["Things?$top=1", "Things?$top=3&$orderby=properties/owner desc", "Things(1)/Datastreams?$top=1",
     "Observations?$top=2", "Observations?$top=5&$orderby=result desc", "Observations?$top=1&$filter=result gt 71",
     "Observations?$top=2&$orderby=resultTime,phenomenonTime desc", "Datastreams(1)/Observations?$top=1&$skip=1",
     "Observations?$top=1&$orderby=result mod 2 desc,date(phenomenonTime)", "Observations?$top=3&$orderby=-result",
     "Observations?$top=1&$orderby=parameters/nothing,length(resultQuality) desc,resultTime gt now()",
     "Observations?$top=2&$orderby=phenomenonTime add duration'PT1H' desc,time(phenomenonTime),result div 0",
     "FeaturesOfInterest(1)/Observations?$top=2", "Datastreams?$top=2&$orderby=Thing/name desc"],
)  # fmt: skip
def test_next_links_lead_through_everything_once(service: Service, path: str) -> None:
    pages = service.walk(path)
    plain = path.replace("$top=", "$top=1000&x=").replace("&x=1", "").replace("&x=2", "").replace("&x=3", "")
    whole = service.get(plain.replace("&x=5", ""))["value"]
    assert [each["@iot.id"] for each in pages] == [each["@iot.id"] for each in whole]
    assert "$skip=" not in service.get(path)["@iot.nextLink"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$top=-1", 400), ("$top=x", 400), ("$skip=-1", 400), ("$count=maybe", 400), ("$filter=", 400),
        ("$filter=name eq", 400), ("$filter=nothing eq 1", 400), ("$filter=name eq 'a' extra", 400),
        ("$filter=name", 400), ("$filter=sleep(9) eq 1", 400), ("$orderby=nothing", 400), ("$orderby=name up", 400),
        ("$expand=Nothing", 400), ("$expand=Datastreams($top=1", 400), ("$expand=Datastreams($nothing=1)", 400),
        ("$expand=Datastreams($search=x)", 501), ("$search=x", 501), ("$format=json", 501), ("$nothing=1", 400),
        ("$top=1&$top=2", 400), ("$resultFormat=XML", 400), ("$resultFormat=dataArray", 400), ("$skiptoken=!", 400),
        ("$skiptoken=WzFd", 200), ("$skiptoken=WyJ4IiwxXQ", 400), ("$apply=nonsense", 400), ("other=1", 200),
        ("$filter=name eq 'a'; DROP TABLE thing; --'", 400), ("$filter=" + "(" * 80 + "1 eq 1" + ")" * 80, 400),
        ("$filter=geo.intersects(location,geography'POINT(1 2)')", 400),
    ],
)  # fmt: skip
def test_options_that_are_none_are_refused_with_a_reason(service: Service, query: str, status: int) -> None:
    answer = service.call("GET", f"Things?{query}")
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["detail"]
        assert answer.json()["mend"]


def test_an_answer_holds_at_most_what_the_service_allows(service: Service) -> None:
    told = [{"id": str(n), "method": "post", "url": "Sensors", "body": sensor(f"s{n}")} for n in range(110)]
    service.post("$batch", {"requests": told}, 200)
    page = service.get("Sensors")
    assert len(page["value"]) == 100
    assert len(service.walk("Sensors?$top=7")) == 115
    assert service.post("Things", thing("last"))["name"] == "last"


@pytest.mark.parametrize(("size", "since"), [(1, ""), (3, _SINCE), (7, ""), (100, _SINCE)])
def test_the_newest_of_all_observations_come_first_page_by_page(service: Service, size: int, since: str) -> None:
    listed = service.ids("Datastreams")
    seconds = [(7 * at) % 23 for at in range(12)]
    groups = [
        {
            "Datastream": {"@iot.id": number},
            "components": ["phenomenonTime", "result"],
            "dataArray": [[f"2020-01-01T00:00:{(each + 5 * at) % 60:02}Z", each] for each in seconds],
        }
        for at, number in enumerate(listed)
    ]
    assert service.call("POST", "CreateObservations", json=groups).status_code == 201
    path = f"Observations?$orderby=phenomenonTime desc{since}"
    every = [(each["phenomenonTime"], each["@iot.id"]) for each in service.walk(f"{path}&$top=1000")]
    assert len(every) > 20
    assert [time for time, _ in every] == sorted((time for time, _ in every), reverse=True)
    walked = service.walk(f"{path}&$top={size}")
    assert [(each["phenomenonTime"], each["@iot.id"]) for each in walked] == every


def test_a_count_alone_reads_no_observation(service: Service) -> None:
    whole = service.get("Observations?$count=true&$top=1000")
    assert service.get("Observations?$count=true&$top=0") == {"@iot.count": whole["@iot.count"], "value": []}
    assert service.call("GET", "Observations/$count").text == str(whole["@iot.count"])
