"""A client that others wrote (frost-sta-client, of the FROST server's makers) against a city that is really served."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import frost_sta_client as fsc
import geojson
import jsonpatch
import pytest
import requests
import uvicorn
from frost_sta_client.model.ext.data_array_document import DataArrayDocument
from frost_sta_client.model.ext.data_array_value import DataArrayValue
from tests.conformance.sensorthings.conftest import ROOT

from lifang.app import lay_out_empty, open_city
from lifang.doors.api import create_app
from lifang.guard import SYSTEM, Role

PLACE = geojson.Point((104.07, 30.67))


class Bearer(fsc.AuthHandler):
    """Sends a token, as lifang wants it, instead of a name and a password."""

    def __init__(self, token: str) -> None:
        super().__init__("", "")
        self._token = token

    def add_auth_header(self) -> Any:
        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {self._token}"
            return request

        return sign


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsc.SensorThingsService]:
    home = tmp_path_factory.mktemp("served") / "city"
    lay_out_empty(home, city_id="city", name="City", area_code="")
    with open_city(home) as city:
        person = city.identity.add_person("gateway", "里坊 correct horse battery", roles=[Role.OPERATOR], by=SYSTEM)
        _, token = city.identity.issue_token(person.id, "gateway", by=SYSTEM)
        server = uvicorn.Server(uvicorn.Config(create_app(city), host="127.0.0.1", port=0, log_level="warning"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield fsc.SensorThingsService(f"http://127.0.0.1:{port}{ROOT}", auth_handler=Bearer(token))
        server.should_exit = True
        thread.join(timeout=30)


def new_thing(name: str) -> fsc.Thing:
    place = fsc.Location(
        name=f"{name} place", description="a place", encoding_type="application/geo+json", location=PLACE
    )
    unit = fsc.UnitOfMeasurement(name="degree Celsius", symbol="°C", definition="http://unitsofmeasure.org/ucum#Cel")
    stream = fsc.Datastream(
        name=f"{name} temperature",
        description="air",
        unit_of_measurement=unit,
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        sensor=fsc.Sensor(name="DS18B20", description="s", encoding_type="application/pdf", metadata="x"),
        observed_property=fsc.ObservedProperty(name="t", definition="http://example.org/t", description="t"),
    )
    thing = fsc.Thing(name=name, description="a thing", properties={"owner": "Noah"})
    thing.locations = [place]
    thing.datastreams = [stream]
    return thing


def test_a_thing_is_created_whole_found_changed_and_deleted(client: fsc.SensorThingsService) -> None:
    thing = new_thing("whole")
    client.create(thing)
    found = client.things().find(thing.id)
    assert (found.name, found.properties["owner"]) == ("whole", "Noah")
    assert [each.name for each in found.get_locations().query().list()] == ["whole place"]
    (stream,) = list(found.get_datastreams().query().list())
    assert stream.unit_of_measurement.symbol == "°C"
    found.name = "renamed"
    client.update(found)
    assert client.things().find(thing.id).name == "renamed"
    client.patch(found, jsonpatch.JsonPatch([{"op": "replace", "path": "/properties/owner", "value": "Li"}]))
    assert client.things().find(thing.id).properties["owner"] == "Li"
    client.delete(found)
    with pytest.raises(requests.exceptions.HTTPError, match="404"):
        client.things().find(thing.id)


def test_observations_come_one_by_one_and_in_bulk_and_page_on(client: fsc.SensorThingsService) -> None:
    thing = new_thing("measuring")
    client.create(thing)
    (stream,) = list(client.things().find(thing.id).get_datastreams().query().list())
    client.create(fsc.Observation(result=20.5, phenomenon_time="2019-01-12T08:00:00Z", datastream=stream))
    document = DataArrayDocument()
    bulk = DataArrayValue()
    bulk.datastream = stream
    bulk.components = {bulk.Property.PHENOMENON_TIME, bulk.Property.RESULT}
    for hour in range(250):
        time = f"2019-02-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"
        bulk.add_observation(fsc.Observation(result=float(hour), phenomenon_time=time, datastream=stream))
    document.add_data_array_value(bulk)
    links = client.observations().create(document)
    assert len(links) == 250
    listed = stream.get_observations().query().top(100).orderby("phenomenonTime").list()
    assert [each.result for each in listed][:2] == [249, 248]
    assert len(list(listed)) == 251
    assert client.observations().query().count().top(1).list().count == 251


def test_queries_filter_expand_select_and_order(client: fsc.SensorThingsService) -> None:
    for name in ("a", "b", "c"):
        client.create(new_thing(f"query {name}"))
    query = (
        client.things()
        .query()
        .filter("startswith(name, 'query')")
        .orderby("name", "asc")
        .expand("Datastreams,Locations")
    )
    found = list(query.list())
    assert [each.name for each in found] == ["query a", "query b", "query c"]
    assert next(iter(found[0].datastreams)).name == "query a temperature"
    assert [next(iter(each.locations)).location["type"] for each in found] == ["Point"] * 3
    paged = client.things().query().filter("startswith(name, 'query')").top(1).list()
    assert [each.name for each in paged] == ["query a", "query b", "query c"]
    selected = list(client.sensors().query().select("name").top(2).list())
    assert {each.name for each in selected} == {"DS18B20"}
