"""SensorThings 2.0 (OGC 23-019) beside 1.1: the same rows, told in its names and forms."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.sensorthings.conftest import OM, Service, location, observed, oven, sensor, thing

NEW = "http://127.0.0.1/sta/v2.0"


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    service.post("Things", oven())
    service.post("MultiDatastreams", {
        "name": "two", "description": "two", "multiObservationDataTypes": [f"{OM}Measurement", f"{OM}TruthObservation"],
        "unitOfMeasurements": [{"name": "percent", "symbol": "%", "definition": "x"}, {}], "Sensor": sensor(),
        "Thing": thing(Locations=[location()]), "ObservedProperties": [observed("a"), observed("b")]})  # fmt: skip


def get(service: Service, path: str) -> Any:
    return service.get(f"{NEW}/{path}".rstrip("/"), "")


def test_the_service_document_names_sets_settings_and_context(service: Service) -> None:
    told = get(service, "")
    assert {each["name"] for each in told["value"]} >= {"Things", "Datastreams", "Features", "Observations"}
    assert told["@context"] == f"{NEW}/$metadata"
    kinds = get(service, "$metadata")
    assert kinds["sta"]["Thing"]["Datastreams"]["$Collection"] is True


def test_entities_have_ids_and_links_of_their_own_kind(service: Service) -> None:
    found = get(service, "Things?$count=true&$top=1")
    (one,) = found["value"]
    assert (found["@count"], one["id"], one["@id"]) == (2, 1, f"{NEW}/Things(1)")
    assert found["@nextLink"].startswith(f"{NEW}/Things?")
    assert service.get(found["@nextLink"], "")["value"][0]["id"] == 2
    assert one["Datastreams@navigationLink"] == f"{NEW}/Things(1)/Datastreams"
    assert not any(name in str(found) for name in ("@iot", "Tasking"))
    assert service.get(one["@id"], "")["name"] == "Oven"


def test_a_datastream_says_what_its_results_are(service: Service) -> None:
    one = get(service, "Datastreams(1)")
    assert one["resultType"]["type"] == "Quantity"
    assert one["resultType"]["uom"]["symbol"] == "°C"
    assert one["phenomenonTime"] == {"start": "2019-01-11T08:00:00Z", "end": "2019-01-13T08:00:00Z"}
    assert not {"unitOfMeasurement", "observationType"} & one.keys()
    (seen,) = service.get(one["ObservedProperties@navigationLink"], "")["value"]
    assert seen["name"] == "DewPoint"
    record = get(service, "Datastreams(2)")["resultType"]
    assert (record["type"], [each["type"] for each in record["fields"]]) == ("DataRecord", ["Quantity", "Boolean"])


def test_observations_have_spans_and_proximate_features(service: Service) -> None:
    query = "Observations?$expand=ProximateFeatureOfInterest&$orderby=phenomenonTime/start desc&$top=1"
    (one,) = get(service, query)["value"]
    assert one["phenomenonTime"] == {"start": "2019-01-13T08:00:00Z"}
    assert one["ProximateFeatureOfInterest"]["@id"] == f"{NEW}/Features(1)"
    assert get(service, "Features(1)/Observations?$count=true")["@count"] == 3
    found = get(service, f"Observations({one['id']})/ProximateFeatureOfInterest")
    assert found["id"] == 1
    assert (
        get(service, "Observations?$filter=ProximateFeatureOfInterest/name eq 'Oven place'&$count=true")["@count"] == 3
    )


def test_it_is_read_only_and_hides_what_1_1_hides(service: Service) -> None:
    assert service.call("POST", f"{NEW}/Things", json=thing()).status_code == 405
    for path in ("Things(99)", "Nothings", "Features(99)", "FeatureTypes"):
        assert service.call("GET", f"{NEW}/{path}").status_code == 404
    assert service.call("GET", f"{NEW}/Things?$filter=nothing eq 1").status_code == 400


def test_starts_ends_and_units_are_compared_and_ordered_by_as_they_are_told(service: Service) -> None:
    span = {"start": "2019-01-10T00:00:00Z", "end": "2019-01-20T00:00:00Z"}
    service.post("Datastreams(1)/Observations", {"result": 1, "phenomenonTime": "/".join(span.values()),
                                                 "validTime": "2019-02-01T00:00:00Z/2019-03-01T00:00:00Z"})  # fmt: skip
    first, late = "2019-01-11T00:00:00Z", "2019-01-19T00:00:00Z"
    observations = {
        f"$filter=phenomenonTime/end gt {late}": [span],
        f"$filter=phenomenonTime/start lt {first} and phenomenonTime/end ne {late}": [span],
        f"$filter=phenomenonTime/start gt {late}": [],
        "$filter=validTime/end eq 2019-03-01T00:00:00Z and validTime/start lt validTime/end": [span],
        "$orderby=phenomenonTime/end desc&$top=1": [span],
        "$orderby=phenomenonTime/start&$top=1": [span],
        "$orderby=validTime/end desc&$top=1": [span],
    }
    for query, found in observations.items():
        assert [each["phenomenonTime"] for each in get(service, f"Observations?{query}")["value"]] == found, query
    streams = {
        f"$filter=phenomenonTime/start lt {first}": [1],
        f"$filter=phenomenonTime/start lt {first} and phenomenonTime/end lt {late}": [],
        f"$filter=phenomenonTime/end ge {late}&$orderby=phenomenonTime/end desc,phenomenonTime/start": [1],
        f"$filter=Observations/any(o:o/phenomenonTime/end gt {late})": [1],
        "$filter=resultType/uom/symbol eq '°C' and resultType/uom/label ne 'x'": [1],
        "$filter=resultType/uom/symbol eq 'K'": [],
    }
    for query, numbers in streams.items():
        assert [each["id"] for each in get(service, f"Datastreams?{query}")["value"]] == numbers, query
    for odd in ("phenomenonTime/begin gt 2019-01-01T00:00:00Z", "phenomenonTime/end/x gt 2019-01-01T00:00:00Z"):
        for kind in ("Datastreams", "Observations"):
            assert service.call("GET", f"{NEW}/{kind}?$filter={odd}").status_code == 400
