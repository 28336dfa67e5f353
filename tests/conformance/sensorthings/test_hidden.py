"""What may not be seen leaks through no path: not by id, link, count, filter, order, expand, area or batch."""

from __future__ import annotations

import pytest
from tests.conformance.sensorthings.conftest import Json, Service, datastream, location, observation, thing

SECRET = "密级"


def graded(body: Json, grade: str) -> Json:
    return {**body, "properties": {"classification": grade}}


@pytest.fixture(scope="module", autouse=True)
def filled(service: Service) -> None:
    """An open thing with a shared datastream beside an open one, and a shared thing; all at places of their grade."""
    values = [observation(f"2019-01-0{day}T00:00:00Z", day) for day in (1, 2)]
    streams = [
        datastream("open", Observations=values),
        graded(datastream(f"{SECRET} stream", Observations=values), "shared"),
    ]
    service.post("Things", thing("park", Locations=[location("park place")], Datastreams=streams))
    hidden = graded(thing(f"{SECRET} bunker", Locations=[location(f"{SECRET} place")]), "shared")
    service.post("Things", {**hidden, "Datastreams": [datastream(f"{SECRET} air", Observations=values)]})


PATHS = [
    "Things", "Locations", "HistoricalLocations?$expand=Thing,Locations", "Datastreams", "Observations", "Sensors",
    "FeaturesOfInterest", "Things?$expand=Datastreams($expand=Observations;$count=true),Locations&$count=true",
    "Sensors?$expand=Datastreams($count=true)", "Observations?$expand=Datastream/Thing,FeatureOfInterest&$count=true",
    "Datastreams?$orderby=Thing/name desc", "Locations?$expand=Things", "FeaturesOfInterest?$expand=Observations",
    "ObservedProperties?$expand=Datastreams/Thing", "Things?$resultFormat=CSV&$expand=Datastreams",
    "Locations?$resultFormat=GeoJSON", "Observations?$resultFormat=dataArray", "Observations?$orderby=result desc",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_visitor_is_never_given_what_is_not_open(service: Service, path: str) -> None:
    shown = service.call("GET", path, "")
    assert shown.status_code == 200
    assert SECRET not in shown.text
    whole = service.call("GET", path)
    assert len(whole.text) > len(shown.text) or path == "Sensors"


@pytest.mark.parametrize(
    "path",
    ["Things(2)", "Locations(2)", "Datastreams(2)", "Datastreams(3)", "HistoricalLocations(2)", "FeaturesOfInterest(2)",
     "Observations('2-1546300800000000')", "Things(1)/Datastreams(2)", "Datastreams(3)/Observations", "Things(2)/name"],
)  # fmt: skip
def test_by_its_id_it_is_not_there_in_the_words_of_what_is_not_there(service: Service, path: str) -> None:
    hidden = service.call("GET", path, "")
    assert hidden.status_code == 404
    assert SECRET not in hidden.text
    assert service.call("GET", path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"Things?$filter=contains(Datastreams/name,'{SECRET}')",
        f"Sensors?$filter=contains(Datastreams/name,'{SECRET}')",
        f"ObservedProperties?$filter=contains(Datastreams/Thing/name,'{SECRET}')",
        f"Sensors?$filter=contains(Datastreams/Thing/Locations/name,'{SECRET}')", "Things?$filter=Datastreams/id eq 2",
        f"Observations?$filter=contains(Datastream/name,'{SECRET}')", "Observations?$filter=Datastream/id eq 2",
        "Sensors?$filter=Datastreams/Observations/result gt 0 and Datastreams/id eq 3",
        f"Observations?$filter=contains(FeatureOfInterest/name,'{SECRET}')",
        "Sensors?$filter=Datastreams/phenomenonTime gt 2000-01-01T00:00:00Z and Datastreams/id eq 3",
    ],
)  # fmt: skip
def test_no_filter_finds_anything_by_it(service: Service, path: str) -> None:
    assert service.get(f"{path}&$count=true", "")["@iot.count"] == 0
    assert service.get(path, "")["value"] == []
    assert service.get(path)["value"] != []


def test_counts_tell_only_of_what_may_be_seen(service: Service) -> None:
    expected = {"Things": 1, "Datastreams": 1, "Locations": 1, "Observations": 2, "HistoricalLocations": 1,
                "FeaturesOfInterest": 1}  # fmt: skip
    assert {name: service.get(f"{name}?$top=0&$count=true", "")["@iot.count"] for name in expected} == expected


def test_reading_what_is_not_open_is_in_the_ledger(service: Service) -> None:
    ledger = service.city.store.ledger
    before = ledger.head()[0]
    service.get("Things", "")
    assert ledger.head()[0] == before
    service.get("Things(2)?$expand=Datastreams/Observations")
    assert ledger.head()[0] > before
    told = ledger.records(resource="datastream:*")
    assert told[0].entry.detail["classification"] == "shared"


def test_restricted_data_needs_a_stated_purpose(service: Service) -> None:
    made = service.call("POST", "Things", "administrator", json=graded(thing("vault"), "restricted"))
    link = made.headers.get("location") or f"Things({max(service.ids('Things', 'administrator')) + 1})"
    assert service.call("GET", link).status_code == 404
    lacking = service.call("GET", link, "data_officer")
    assert lacking.status_code == 403
    assert "purpose" in lacking.json()["mend"]
    told = service.call("GET", link, "data_officer", headers={"X-Lifang-Purpose": "inspection"})
    assert told.json()["properties"]["classification"] == "restricted"


def test_an_operator_cannot_open_what_was_graded(service: Service) -> None:
    opened = service.call("PATCH", "Things(2)", json=graded({}, "open"))
    assert opened.status_code == 403
    assert service.get("Things", "")["value"][0]["name"] == "park"
