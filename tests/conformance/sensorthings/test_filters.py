"""Built-in operations and functions of ``$filter``: every row of Tables 22 and 23 of OGC 18-088 on known data."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.sensorthings.conftest import (
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

SQUARE = "geography'POLYGON ((30 10, 10 20, 20 40, 40 40, 30 10))'"
PLACES = {
    "inside": {"type": "Point", "coordinates": [25, 30]},
    "corner": {"type": "Point", "coordinates": [30, 10]},
    "outside": {"type": "Point", "coordinates": [100, 50]},
    "line": {"type": "LineString", "coordinates": [[30, 10], [10, 30], [40, 40]]},
    "feature": {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [26, 31]}},
}


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    for name, shape in PLACES.items():
        service.post("Locations", location(name, location=shape))
    times = ["2015-12-08T01:00:00.25Z", "2016-01-09T23:59:59Z", "2017-07-01T12:30:00+08:00"]
    for at, time in enumerate(times):
        values = [observation(time, 31.5 + at, resultTime=time, parameters={"tilt": at},
                              FeatureOfInterest=feature(f"FOI {at}"))]  # fmt: skip
        name = ("Sensor Things", "test of it's name", "传感器")[at]
        stream = datastream(f"d{at}", Observations=values, ObservedProperty=observed(f"p{at}"), Sensor=sensor(f"s{at}"))
        properties = {"n": at, "on": at == 1, "since": time, "tags": ["a", f"t{at}"]}
        service.post("Things", thing(name, description=name, Datastreams=[stream], properties=properties))


OBSERVATIONS: list[tuple[str, list[float]]] = [
    ("result lt 32", [31.5]),
    ("result le 32.5", [31.5, 32.5]),
    ("result gt 32.5", [33.5]),
    ("result ge 32.5", [32.5, 33.5]),
    ("result eq 32.5", [32.5]),
    ("result ne 32.5", [31.5, 33.5]),
    ("result gt '33'", [33.5]),
    ("result in (31.5, 33.5)", [31.5, 33.5]),
    ("'t1' in Datastream/Thing/properties/tags and not (result in parameters/tilt)", [32.5]),
    ("not result eq 32.5", [31.5, 33.5]),
    ("result le 31.5 or result gt 33", [31.5, 33.5]),
    ("result gt 31.5 and result lt 33", [32.5]),
    ("result add 5 gt 38", [33.5]),
    ("result sub 5 lt 27", [31.5]),
    ("result mul 2 gt 66", [33.5]),
    ("result div 2 lt 16", [31.5]),
    ("result mod 2 eq 0.5", [32.5]),
    ("(result sub 5) gt 28", [33.5]),
    ("result add 2 mul 2 eq 35.5", [31.5]),
    ("-result lt -33", [33.5]),
    ("round(result) eq 32", [31.5]),
    ("floor(result) eq 32", [32.5]),
    ("ceiling(result) eq 33", [32.5]),
    ("year(resultTime) eq 2015", [31.5]),
    ("month(resultTime) eq 12", [31.5]),
    ("day(phenomenonTime) eq 9", [32.5]),
    ("hour(phenomenonTime) eq 4", [33.5]),
    ("minute(phenomenonTime) eq 30", [33.5]),
    ("second(phenomenonTime) eq 59", [32.5]),
    ("fractionalseconds(phenomenonTime) eq 0.25", [31.5]),
    ("date(resultTime) eq 2016-01-09", [32.5]),
    ("date(resultTime) ne date(phenomenonTime)", []),
    ("time(phenomenonTime) le 01:00:01", [31.5]),
    ("time(phenomenonTime) lt phenomenonTime", []),
    ("time(phenomenonTime) le resultTime", [31.5, 32.5, 33.5]),
    ("time(phenomenonTime) ge validTime", []),
    ("validTime le 12:00:00", []),
    ("totaloffsetminutes(resultTime) eq 0", [31.5, 32.5, 33.5]),
    ("resultTime ge now()", []),
    ("resultTime gt mindatetime() and resultTime lt maxdatetime()", [31.5, 32.5, 33.5]),
    ("phenomenonTime gt 2016-01-09T23:59:58Z", [32.5, 33.5]),
    ("phenomenonTime gt 2017-07-01T12:29:59 08:00", [33.5]),
    ("phenomenonTime add duration'P1D' lt 2015-12-10T00:00:00Z", [31.5]),
    ("resultTime sub phenomenonTime eq duration'PT0S'", [31.5, 32.5, 33.5]),
    ("parameters/tilt eq 2", [33.5]),
    ("parameters/tilt ge 1 and result lt 33", [32.5]),
    ("resultQuality eq 'good'", [31.5, 32.5, 33.5]),
    ("validTime eq null", [31.5, 32.5, 33.5]),
    ("Datastream/id eq 1", [31.5]),
    ("Datastream/name eq 'd1'", [32.5]),
    ("Datastream/Thing/name eq '传感器'", [33.5]),
    ("Datastream/Thing/properties/n gt 0 and result lt 33", [32.5]),
    ("Datastream/ObservedProperty/definition eq 'http://example.org/p2'", [33.5]),
    ("FeatureOfInterest/id eq 2", [32.5]),
    ("result le 33 and FeatureOfInterest/name eq 'FOI 0'", [31.5]),
    ("FeatureOfInterest/name eq 'FOI 0' or Datastream/Sensor/name eq 's2'", [31.5, 33.5]),
    ("geo.distance(FeatureOfInterest/feature, geography'POINT (-114 51)') lt 1", [31.5, 32.5, 33.5]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OBSERVATIONS)
def test_observations_are_filtered(service: Service, text: str, expected: list[float]) -> None:
    page = service.get(f"Observations?$orderby=result&$count=true&$filter={text}")
    assert [each["result"] for each in page["value"]] == expected
    assert page["@iot.count"] == len(expected)


THINGS: list[tuple[str, list[int]]] = [
    ("name eq 'test of it''s name'", [2]),
    ("substringof('Things', name)", [1]),
    ("contains(name, 'Things')", [1]),
    ("startswith(description,'Sensor')", [1]),
    ("not startswith(description,'test')", [1, 3]),
    ("endswith(name,'name')", [2]),
    ("length(name) eq 13", [1]),
    ("length(name) eq 3", [3]),
    ("indexof(description,'ensor') eq 1", [1]),
    ("substring(name,1) eq 'ensor Things'", [1]),
    ("substring(name,2,4) eq 'nsor'", [1]),
    ("tolower(name) eq 'sensor things'", [1]),
    ("toupper(name) eq 'SENSOR THINGS'", [1]),
    ("trim(concat(' ', name)) eq 'Sensor Things'", [1]),
    ("concat(concat(name,', '), description) eq 'Sensor Things, Sensor Things'", [1]),
    ("properties/n eq 1", [2]),
    ("properties/n ge 1 and properties/on eq false", [3]),
    ("properties/on", [2]),
    ("properties/tags/1 eq 't2'", [3]),
    ("properties/tags[0] eq 'a'", [1, 2, 3]),
    ("'a' in properties/tags and not ('t1' in properties/tags)", [1, 3]),
    ("properties/since lt 2016-06-01T00:00:00Z", [1, 2]),
    ("properties/nothing eq null", [1, 2, 3]),
    ("properties/n gt 'text'", []),
    ("id in (1, 3)", [1, 3]),
    ("@iot.id gt 1", [2, 3]),
    ("Datastreams/name eq 'd1'", [2]),
    ("Datastreams/unitOfMeasurement/name eq 'degree Celsius'", [1, 2, 3]),
    ("Datastreams/unitOfMeasurement/symbol ne '°C'", []),
    ("Datastreams/Observations/result gt 32", [2, 3]),
    ("Datastreams/Observations/result gt 32 and Datastreams/Observations/resultTime lt 2017-01-01T00:00:00Z", [2]),
    ("Datastreams/Observations/result gt 33 and Datastreams/Observations/result lt 33", []),
    ("Datastreams/Observations/FeatureOfInterest/id eq 3", [3]),
    ("Datastreams/Observations/FeatureOfInterest/name eq 'FOI 0' "
     "and Datastreams/Observations/resultTime ge 2010-06-01T00:00:00Z", [1]),
    ("Datastreams/Observations/result gt 33 or name eq 'Sensor Things'", [1, 3]),
    ("Datastreams/phenomenonTime ge 2016-01-01T00:00:00Z", [2, 3]),
    ("Datastreams/resultTime lt 2016-01-01T00:00:00Z", [1]),
    ("Datastreams/Sensor/Datastreams/Observations/result eq 31.5", [1]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), THINGS)
def test_things_are_filtered_by_themselves_and_along_links(service: Service, text: str, expected: list[int]) -> None:
    page = service.get(f"Things?$count=true&$filter={text}")
    assert [each["@iot.id"] for each in page["value"]] == expected
    assert page["@iot.count"] == len(expected)


PLACED: list[tuple[str, list[str]]] = [
    ("geo.intersects(location, {s})", ["inside", "corner", "line", "feature"]),
    ("geo.distance(location, geography'POINT (30 10)') lt 1", ["corner", "line"]),
    ("geo.length(geography'LINESTRING (30 10, 10 30, 40 40)') gt 59", list(PLACES)),
    ("st_equals(location, geography'POINT (30 10)')", ["corner"]),
    ("st_disjoint(location, {s})", ["outside"]),
    ("st_touches(location, geography'LINESTRING (30 10, 10 30, 40 40)')", ["corner"]),
    ("st_within(location, {s})", ["inside", "feature"]),
    ("st_overlaps(location, geography'LINESTRING (30 10, 20 20, 0 0)')", ["line"]),
    ("st_crosses(location, {s})", ["line"]),
    ("st_intersects(location, geography'LINESTRING (30 10, 10 30, 40 40)')", ["corner", "line"]),
    ("st_contains(location, geography'POINT (25 30)')", ["inside"]),
    ("st_relate(location, {s}, 'T********')", ["inside", "line", "feature"]),
    ("geo.intersects(location, geometry'SRID=4326;POINT (25 30)')", ["inside"]),
    ("st_within(location/geometry, {s})", ["feature"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PLACED)
def test_places_are_filtered_by_where_they_are(service: Service, text: str, expected: list[str]) -> None:
    assert service.names(f"Locations?$filter={text.format(s=SQUARE)}") == expected


def test_what_qgis_asks_for_is_answered(service: Service) -> None:
    count = service.get("Locations?$top=0&$count=true&$filter=" + f"geo.intersects(location, {SQUARE})")
    assert count == {"@iot.count": 4, "value": []}
    page = service.get(f"Locations?$top=2&$count=false&$filter=geo.intersects(location, {SQUARE})")
    assert len(page["value"]) == 2
    assert len(service.get(page["@iot.nextLink"])["value"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "result gt name", "name gt 5", "Datastreams/Observations/result gt properties/n",
        "name eq geometry'POINT(1 2)'",
        "Datastreams/phenomenonTime gt 'x'", "unknown(name)", "length(name, name) eq 1", "name eq 'unclosed",
        "name eq \"double\"", "substringof(1, name)", "year(name) eq 1", "location gt 1", "name eq 2015-02-30",
        "name eq 2015-02-30T00:00:00Z", "1 eq", "eq 1", "not", "()", "name/x eq 1", "Datastreams eq 1",
        "name eq 'a' or", "in (1)", "name in ()", "st_within(name, geography'NONSENSE')", "@@ eq 1", "id eq 1e999",
        "id eq NaN", "properties/ eq 1", "1 in 2",
    ],
)  # fmt: skip
def test_filters_that_are_none_are_refused(service: Service, text: str) -> None:
    answer = service.call("GET", f"Things?$filter={text}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["where"].startswith("$filter")


def test_injection_finds_nothing_and_breaks_nothing(service: Service) -> None:
    for text in ("' OR 1=1 --", "'; DROP TABLE thing; --", "\\'; SELECT 1; --", "%' OR '1'='1", 'a" OR ""="'):
        quoted = text.replace("'", "''")
        assert service.ids(f"Things?$filter=name eq '{quoted.replace('%', '%25')}'") == []
        assert service.call("GET", f"Things('{quoted.replace('%', '%25')}')").status_code == 404
    assert len(service.ids("Things")) == 3


def test_the_deep_insert_of_an_oven_is_found_from_every_side(service: Service) -> None:
    found: Any = service.post("Things", oven("Backofen"))
    where = "Thing/Locations/name eq 'Backofen place'"
    (stream,) = service.get(f"Datastreams?$filter={where}")["value"]
    assert service.get(f"Observations?$filter=Datastream/{where}&$count=true")["@iot.count"] == 3
    assert service.ids(f"Locations?$filter=Things/Datastreams/id eq {stream['@iot.id']}") == [6]
    service.call("DELETE", found["@iot.selfLink"])
    assert service.ids(f"Datastreams?$filter={where}") == []
