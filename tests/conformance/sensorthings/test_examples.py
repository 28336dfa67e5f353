"""The examples of OGC 18-088, clauses 8 and 9, restated on data of our own: each is named by its number there."""

from __future__ import annotations

import re
from typing import Any

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

METRE = {"name": "metre", "symbol": "m", "definition": "http://unitsofmeasure.org/ucum.html#para-28"}
SQUARE = "geography'POLYGON ((30 10, 10 20, 20 40, 40 40, 30 10))'"
LINE = "geography'LINESTRING (30 10, 10 30, 40 40)'"
CORNER = "geography'POINT (30 10)'"
DESCRIPTIONS = ["River Gauges", "Old River Gauges", "test bench", " River Gauges "]
PLACES: dict[str, Json] = {
    "gate": {"type": "Point", "coordinates": [30, 10]},
    "bank": {"type": "Point", "coordinates": [25, 30]},
    "hill": {"type": "Point", "coordinates": [100, 50]},
    "field": {"type": "Polygon", "coordinates": [[[30, 20], [50, 20], [50, 50], [30, 50], [30, 20]]]},
    "ditch": {"type": "LineString", "coordinates": [[15, 15], [35, 15]]},
}


def at(longitude: float, latitude: float) -> Json:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [longitude, latitude]}}


def measured(time: str, result: float, **more: Any) -> Json:
    return observation(time, result, **{"resultTime": time, **more})


LEVELS = [
    measured("2010-06-03T03:00:00+02:00", 2.5, validTime="2010-06-03T00:00:00Z/2010-06-04T00:00:00Z",
             FeatureOfInterest=feature("Upstream", feature=at(-122.1, 43.1))),
    measured("2010-06-20T13:05:06.5Z", 3.5, validTime="2010-06-21T00:00:00Z/2010-06-22T00:00:00Z",
             FeatureOfInterest=feature("Downstream", feature=at(-122.2, 43.0))),
    observation("2010-08-08T02:00:30Z", 12, FeatureOfInterest={"@iot.id": 1}),
]  # fmt: skip
WARMTHS = [measured("2015-12-08T01:00:00Z", 21.5), measured("2015-12-09T05:30:00Z", 31.6)]
WINDS = [measured("2016-02-29T23:59:59Z", 32.4), measured("2016-03-01T00:00:00Z", 1200)]
EVERY = [2.5, 3.5, 12, 21.5, 31.6, 32.4, 1200]


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    level = datastream("level", unitOfMeasurement=METRE, Observations=LEVELS, ObservedProperty=observed("Stage"))
    warmth = datastream("warmth", Observations=WARMTHS, ObservedProperty=observed("WaterTemperature"))
    wind = datastream("wind", Observations=WINDS, ObservedProperty=observed("WindSpeed"), Sensor=sensor("Vane"))
    told: list[Json] = [
        {"Locations": [location("weir place", location=at(-122.1, 43.1))], "Datastreams": [level, warmth],
         "properties": {"owner": "Li Hua", "colour": "green"}},
        {"Locations": [location("mast place", location=at(104.07, 30.67))], "Datastreams": [wind]}, {}, {},
    ]  # fmt: skip
    for number, (description, more) in enumerate(zip(DESCRIPTIONS, told, strict=True), start=1):
        service.post("Things", {**thing(f"Post {number}", **more), "description": description})
    for name, shape in PLACES.items():
        service.post("Locations", location(name, location=shape))


def results(service: Service, query: str) -> list[Any]:
    return [each["result"] for each in service.get(f"Observations?{query}")["value"]]


WHOLE: dict[str, tuple[str, Json, set[str]]] = {
    "example 1: Thing": (
        "Things(1)",
        {"name": "Post 1", "description": "River Gauges", "properties": {"owner": "Li Hua", "colour": "green"}},
        {"Locations", "Datastreams", "MultiDatastreams", "HistoricalLocations", "TaskingCapabilities"},
    ),
    "example 2: Location": (
        "Locations(1)",
        location("weir place", location=at(-122.1, 43.1)),
        {"Things", "HistoricalLocations"},
    ),
    "example 4: Datastream": (
        "Datastreams(1)",
        {"name": "level", "description": "level", "unitOfMeasurement": METRE, "observationType": f"{OM}Measurement",
         "phenomenonTime": "2010-06-03T01:00:00Z/2010-08-08T02:00:30Z",
         "resultTime": "2010-06-03T01:00:00Z/2010-06-20T13:05:06.500000Z"},
        {"Thing", "Sensor", "ObservedProperty", "Observations"},
    ),
    "example 5: Sensor": ("Sensors(3)", sensor("Vane"), {"Datastreams", "MultiDatastreams"}),
    "example 6: ObservedProperty": ("ObservedProperties(1)", observed("Stage"), {"Datastreams", "MultiDatastreams"}),
    "example 7: Observation": (
        "Observations?$filter=result eq 21.5",
        {"phenomenonTime": "2015-12-08T01:00:00Z", "resultTime": "2015-12-08T01:00:00Z", "result": 21.5},
        {"Datastream", "FeatureOfInterest"},
    ),
    "example 8: FeatureOfInterest": (
        "FeaturesOfInterest(1)",
        feature("Upstream", feature=at(-122.1, 43.1)),
        {"Observations"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "told", "links"), WHOLE.values(), ids=WHOLE)
def test_an_entity_is_its_control_information_its_properties_and_its_links(
    service: Service, path: str, told: Json, links: set[str]
) -> None:
    found = service.get(path)
    found = found["value"][0] if "value" in found else found
    own = found["@iot.selfLink"]
    collection = re.split(r"\W", path)[0]
    assert own == f"http://127.0.0.1/sta/v1.1/{collection}({found['@iot.id']})"
    assert told.items() <= found.items()
    assert {name: address for name, address in found.items() if "@iot.navigationLink" in name} == {
        f"{name}@iot.navigationLink": f"{own}/{name}" for name in links
    }


def test_example_4_the_observed_area_is_the_box_around_the_features(service: Service) -> None:
    area = service.get("Datastreams(1)/observedArea")["observedArea"]
    assert area["type"] == "Polygon"
    (ring,) = area["coordinates"]
    assert ring[0] == ring[-1]
    assert {tuple(each) for each in ring} == {(west, south) for west in (-122.2, -122.1) for south in (43.0, 43.1)}


def test_example_9_a_complete_uri(service: Service) -> None:
    found = service.get("http://127.0.0.1/sta/v1.1/Observations?$orderby=ID&$top=10")["value"]
    assert [each["result"] for each in found] == EVERY
    assert [each["@iot.id"] for each in found] == sorted(each["@iot.id"] for each in found)


def test_example_10_no_resource_path(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(service.city.addresses, "mqtt", "mqtt://127.0.0.1:1883")
    told = service.get("http://127.0.0.1/sta/v1.1/")
    for each in told["value"]:
        assert "value" in service.get(each["url"]), each["name"]
    for name in ("receive-updates-via-mqtt/receive-updates", "create-observations-via-mqtt/observations-creation"):
        requirement = f"http://www.opengis.net/spec/iot_sensing/1.1/req/{name}"
        assert requirement in told["serverSettings"]["conformance"]
        assert told["serverSettings"][requirement] == {"endpoints": ["mqtt://127.0.0.1:1883"]}


def test_example_11_an_entity_set_of_which_a_part_is_told(service: Service) -> None:
    page = service.get("ObservedProperties?$top=2&$count=true")
    names = list(page)
    assert names.index("@iot.count") < names.index("value")
    assert (page["@iot.count"], [each["name"] for each in page["value"]]) == (3, ["Stage", "WaterTemperature"])
    assert service.names(page["@iot.nextLink"]) == ["WindSpeed"]
    assert service.get("MultiDatastreams") == {"value": []}


def test_examples_12_to_17_paths_to_entities_properties_values_and_links(service: Service) -> None:
    assert service.get("Things(1)")["@iot.id"] == 1  # example 12
    every = service.get("Datastreams(1)/Observations")["value"]  # example 15
    assert [each["result"] for each in every] == [2.5, 3.5, 12]
    first = every[0]["@iot.id"]
    assert service.get(f"Observations({first})/resultTime") == {"resultTime": "2010-06-03T01:00:00Z"}  # example 13
    value = service.call("GET", f"Observations({first})/resultTime/$value")  # example 14
    assert value.headers["content-type"].startswith("text/plain")
    assert value.text == "2010-06-03T01:00:00Z"
    period = service.call("GET", f"Observations({first})/validTime/$value").text
    assert period == "2010-06-03T00:00:00Z/2010-06-04T00:00:00Z"
    links = [{"@iot.selfLink": each["@iot.selfLink"]} for each in every]
    assert service.get("Datastreams(1)/Observations/$ref") == {"value": links}  # example 16
    nested = f"Datastreams(1)/Observations({first})"  # example 17, requests 1 to 3
    assert service.get(nested) == every[0]
    assert service.get(f"{nested}/resultTime") == {"resultTime": "2010-06-03T01:00:00Z"}
    assert service.get(f"{nested}/FeatureOfInterest")["name"] == "Upstream"


def test_example_18_expand(service: Service) -> None:
    things = service.get("Things?$expand=Datastreams")["value"]
    assert [[each["name"] for each in one["Datastreams"]] for one in things] == [["level", "warmth"], ["wind"], [], []]
    assert things[0]["Datastreams"][0] == service.get("Datastreams(1)")
    assert things[0]["Locations@iot.navigationLink"].endswith("/Things(1)/Locations")
    first = service.get("Things?$expand=Datastreams/ObservedProperty")["value"][0]
    assert [each["ObservedProperty"]["name"] for each in first["Datastreams"]] == ["Stage", "WaterTemperature"]
    one = service.get("Datastreams(1)?$expand=Observations,ObservedProperty")
    assert [each["result"] for each in one["Observations"]] == [2.5, 3.5, 12]
    assert one["ObservedProperty"]["definition"] == "http://example.org/Stage"
    one = service.get("Datastreams(1)?$expand=Observations($filter=result eq 12)")
    assert [each["result"] for each in one["Observations"]] == [12]


EXPANDED: dict[str, list[Json]] = {
    "$filter=result gt 3;$select=result": [{"result": 3.5}, {"result": 12}],
    "$select=result;$orderby=result desc": [{"result": 12}, {"result": 3.5}, {"result": 2.5}],
    "$select=result;$skip=1;$top=1": [{"result": 3.5}],
    "$select=result;$top=1;$expand=FeatureOfInterest($select=name)": [
        {"result": 2.5, "FeatureOfInterest": {"name": "Upstream"}}
    ],
}


@pytest.mark.parametrize(("options", "expected"), EXPANDED.items())
def test_example_18_options_of_what_is_expanded(service: Service, options: str, expected: list[Json]) -> None:
    found = service.get(f"Datastreams(1)?$expand=Observations({options};$count=true)")
    assert found["Observations"] == expected
    assert found["Observations@iot.count"] == (2 if "$filter" in options else 3)


def test_example_19_select(service: Service) -> None:
    for each in service.get("Observations?$select=result,resultTime")["value"]:
        assert each.keys() == {"result", "resultTime"}
    found = service.get("Datastreams(1)?$select=id&$expand=Observations/FeatureOfInterest")
    assert found.keys() == {"@iot.id", "Observations"}
    assert [each["FeatureOfInterest"]["@iot.id"] for each in found["Observations"]] == [1, 2, 1]
    found = service.get("Datastreams(1)?$expand=Observations($select=result)")
    assert found["name"] == "level"
    assert found["Observations"] == [{"result": 2.5}, {"result": 3.5}, {"result": 12}]


PAGES: dict[str, list[float]] = {
    "example 20, 1: $orderby=result": EVERY,
    "example 20, 2: $expand=Datastream&$orderby=Datastreams/id desc, phenomenonTime": [
        32.4, 1200, 21.5, 31.6, 2.5, 3.5, 12,
    ],
    "example 21, 2: $top=5&$orderby=phenomenonTime%20desc": [1200, 32.4, 31.6, 21.5, 12],
    "example 22, 2: $skip=2&$top=2&$orderby=resultTime": [3.5, 21.5],  # the one without a resultTime comes first
    "example 24, 1: $filter=result lt 10.00": [2.5, 3.5],
    "example 24, 2: $filter=Datastream/id eq 1": [2.5, 3.5, 12],
}  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), PAGES.items())
def test_examples_20_to_24_of_observations(service: Service, query: str, expected: list[float]) -> None:
    assert results(service, query.partition(": ")[2]) == expected


def test_examples_21_to_24_of_things(service: Service) -> None:
    assert service.ids("Things?$top=3") == [1, 2, 3]  # example 21, 1
    assert service.ids("Things?$skip=3") == [4]  # example 22, 1
    counted = service.get("Things?$count=true")  # example 23
    assert (counted["@iot.count"], len(counted["value"])) == (4, 4)
    far = "Things?$filter=geo.distance(Locations/location, geography'POINT(-122 43)') gt 1"
    assert service.ids(far) == [2]  # example 24, 3
    step = "Datastreams/Observations"
    query = f"{step}/FeatureOfInterest/id eq 1 and {step}/resultTime ge 2010-06-01T00:00:00Z"
    query = f"{query} and {step}/resultTime le 2010-07-01T00:00:00Z"
    (found,) = service.get(f"Things?$expand={step}/FeatureOfInterest&$filter={query}")["value"]  # example 24, 4
    assert found["@iot.id"] == 1
    assert found["Datastreams"][0]["Observations"][1]["FeatureOfInterest"]["name"] == "Downstream"


# Table 22: each row in its own form.
OPERATORS: dict[str, list[Any]] = {
    "Datastreams?$filter=unitOfMeasurement/name eq 'degree Celsius'": ["warmth", "wind"],
    "Datastreams?$filter=unitOfMeasurement/name ne 'degree Celsius'": ["level"],
    "Observations?$filter=result gt 21.5": [31.6, 32.4, 1200],
    "Observations?$filter=result ge 21.5": [21.5, 31.6, 32.4, 1200],
    "Observations?$filter=result lt 12": [2.5, 3.5],
    "Observations?$filter=result le 12": [2.5, 3.5, 12],
    "Observations?$filter=result le 3.5 and FeatureOfInterest/id eq 1": [2.5],
    "Observations?$filter=result gt 20 or result le 3.5": [2.5, 3.5, 21.5, 31.6, 32.4, 1200],
    "Things?$filter=not startswith(description,'test')": ["Post 1", "Post 2", "Post 4"],
    "Observations?$filter=result add 5 gt 17": [21.5, 31.6, 32.4, 1200],
    "Observations?$filter=result sub 5 gt 10": [21.5, 31.6, 32.4, 1200],
    "Observations?$filter=result mul 2 gt 2000": [1200],
    "Observations?$filter=result div 2 gt 4": [12, 21.5, 31.6, 32.4, 1200],
    "Observations?$filter=result mod 2 eq 0": [12, 1200],
    "Observations?$filter=(result sub 5) gt 10": [21.5, 31.6, 32.4, 1200],
}
# Table 23: each row in its own form; a function that gives no truth value is compared.
FUNCTIONS: dict[str, list[Any]] = {
    "Things?$filter=substringof('River Gauges',description)": ["Post 1", "Post 2", "Post 4"],
    "Things?$filter=endswith(description,'Gauges')": ["Post 1", "Post 2"],
    "Things?$filter=startswith(description,'River')": ["Post 1"],
    "Things?$filter=length(description) eq 12": ["Post 1"],
    "Things?$filter=indexof(description,'River') eq 1": ["Post 4"],
    "Things?$filter=substring(description,1) eq 'iver Gauges'": ["Post 1"],
    "Things?$filter=substring(description,2,4) eq 'ver '": ["Post 1"],
    "Things?$filter=tolower(description) eq 'river gauges'": ["Post 1"],
    "Things?$filter=toupper(description) eq 'RIVER GAUGES'": ["Post 1"],
    "Things?$filter=trim(description) eq 'River Gauges'": ["Post 1", "Post 4"],
    "Datastreams?$filter=concat(concat(unitOfMeasurement/symbol,', '), unitOfMeasurement/name) eq 'm, metre'": [
        "level"
    ],
    "Observations?$filter=year(resultTime) eq 2015": [21.5, 31.6],
    "Observations?$filter=month(resultTime) eq 12": [21.5, 31.6],
    "Observations?$filter=day(resultTime) eq 8": [21.5],
    "Observations?$filter=hour(resultTime) eq 1": [2.5, 21.5],
    "Observations?$filter=minute(resultTime) eq 0": [2.5, 21.5, 1200],
    "Observations?$filter=second(resultTime) eq 0": [2.5, 21.5, 31.6, 1200],
    "Observations?$filter=fractionalseconds(resultTime) eq 0.5": [3.5],
    "Observations?$filter=date(resultTime) ne date(validTime)": [3.5, 21.5, 31.6, 32.4, 1200],
    "Observations?$filter=time(resultTime) le validTime": [],
    "Observations?$filter=time(resultTime) ge validTime": [2.5, 3.5],
    "Observations?$filter=totaloffsetminutes(resultTime) eq 60": [],  # times are told in UTC
    "Observations?$filter=resultTime ge now()": [],
    "Observations?$filter=resultTime eq mindatetime()": [],
    "Observations?$filter=resultTime eq maxdatetime()": [],
    "Observations?$filter=round(result) eq 32": [31.6, 32.4],
    "Observations?$filter=floor(result) eq 32": [32.4],
    "Observations?$filter=ceiling(result) eq 33": [32.4],
    f"Locations?$filter=geo.distance(location, {CORNER}) lt 1": ["gate"],
    f"Locations?$filter=geo.length({LINE}) gt 60": [],
    f"Locations?$filter=geo.intersects(location, {SQUARE})": ["gate", "bank", "field", "ditch"],
    f"Locations?$filter=st_equals(location, {CORNER})": ["gate"],
    f"Locations?$filter=st_disjoint(location, {SQUARE})": ["weir place", "mast place", "hill"],
    f"Locations?$filter=st_touches(location, {LINE})": ["gate"],
    f"Locations?$filter=st_within(location, {SQUARE})": ["bank"],
    f"Locations?$filter=st_overlaps(location, {SQUARE})": ["field"],
    f"Locations?$filter=st_crosses(location, {LINE})": ["field", "ditch"],
    f"Locations?$filter=st_intersects(location, {LINE})": ["gate", "field", "ditch"],
    f"Locations?$filter=st_contains(location, {CORNER})": ["gate"],
    f"Locations?$filter=st_relate(location, {SQUARE}, 'T********')": ["bank", "field", "ditch"],
    "Things?$orderby=length(description) desc": ["Post 2", "Post 4", "Post 1", "Post 3"],
    f"Locations?$orderby=geo.distance(location, {CORNER})": [
        "gate", "ditch", "field", "bank", "mast place", "hill", "weir place",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [*OPERATORS.items(), *FUNCTIONS.items()])
def test_tables_22_and_23(service: Service, query: str, expected: list[Any]) -> None:
    found = service.get(f"{query}{'&$orderby=result' if query.startswith('Observations') else ''}")["value"]
    assert [each.get("result", each.get("name")) for each in found] == expected


def test_units_there_are_none_of_are_null(service: Service) -> None:  # clause 8.2.4, note
    none = {"name": None, "symbol": None, "definition": None}
    body = datastream("open", unitOfMeasurement=none, observationType=f"{OM}TruthObservation", Thing={"@iot.id": 4})
    made = service.post("Datastreams", body)
    assert service.get(made["@iot.selfLink"])["unitOfMeasurement"] == none
    service.call("DELETE", made["@iot.selfLink"])
    assert service.get("Datastreams(2)")["unitOfMeasurement"] == CELSIUS


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [("application/pdf", "http://example.org/vane.pdf"), ("http://www.opengis.net/doc/IS/SensorML/2.0", "<sml/>"),
     ("text/html", "http://example.org/vane.html"), ("text/plain", "A vane."), ("application/json", {"since": 2019})],
)  # fmt: skip
def test_a_sensor_is_described_as_its_encoding_says(service: Service, kind: str, metadata: Any) -> None:  # Table 15
    made = service.post("Sensors", sensor("any", encodingType=kind, metadata=metadata))
    found = service.get(made["@iot.selfLink"])
    assert (found["encodingType"], found["metadata"]) == (kind, metadata)
    assert service.call("DELETE", made["@iot.selfLink"]).status_code == 200
