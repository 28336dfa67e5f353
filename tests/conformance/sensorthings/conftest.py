"""An empty city behind its SensorThings door, asked in this process; one operator and one visitor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.unit.doors.conftest import PASSWORD, Client, ServingRunner

from lifang.app import City, lay_out_empty, open_city
from lifang.doors.api import create_app
from lifang.guard import SYSTEM, Role

ROOT = "/sta/v1.1"
Json = dict[str, Any]


class Service:
    """The SensorThings service of one city; ``role`` says who calls."""

    def __init__(self, city: City, runner: asyncio.Runner) -> None:
        self.city, self._runner = city, runner
        self._app = create_app(city)
        self._tokens = {"": ""}
        for role in Role:
            person = city.identity.add_person(f"p.{role.value}", PASSWORD, roles=[role], by=SYSTEM)
            _, self._tokens[role.value] = city.identity.issue_token(person.id, "test", by=SYSTEM)
        self._clients: dict[str, Client] = {}

    def call(self, method: str, path: str, role: str = "operator", **more: Any) -> httpx.Response:
        """Return the answer; ``path`` is below the root, or a whole link."""
        if role not in self._clients:
            self._clients[role] = Client(self._runner, self._app, self._tokens[role], peer="127.0.0.1")
        url = path if path.startswith("http") else f"{ROOT}/{path}".rstrip("/")
        return self._clients[role](method, url, **more)

    def get(self, path: str, role: str = "operator", status: int = 200) -> Any:
        """Return the body of the answer to GET."""
        answer = self.call("GET", path, role)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 201) -> Json:
        """Return the body of the answer to POST, which creates."""
        answer = self.call("POST", path, json=body)
        assert answer.status_code == status, answer.text
        found: Json = answer.json()
        if status == 201:
            assert answer.headers["location"] == found["@iot.selfLink"]
        return found

    def ids(self, path: str, role: str = "operator") -> list[Any]:
        """Return the ids of a page."""
        return [each["@iot.id"] for each in self.get(path, role)["value"]]

    def names(self, path: str, role: str = "operator") -> list[str]:
        """Return the names of a page."""
        return [each["name"] for each in self.get(path, role)["value"]]

    def walk(self, path: str) -> list[Json]:
        """Return every entity of every page, as the links to the next pages lead."""
        found: list[Json] = []
        following: str | None = path
        for _ in range(200):
            if following is None:
                return found
            page = self.get(following)
            found += page["value"]
            following = page.get("@iot.nextLink")
        raise AssertionError("the pages do not end")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("service") / "city"
    lay_out_empty(home, city_id="city", name="City", area_code="")
    with open_city(home) as city, ServingRunner() as runner:
        city.start(time_passes=False)
        yield Service(city, runner)


POINT = {"type": "Point", "coordinates": [-114.06, 51.05]}
CELSIUS = {"name": "degree Celsius", "symbol": "°C", "definition": "http://unitsofmeasure.org/ucum.html#para-30"}
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"


def thing(name: str = "Oven", **more: Any) -> Json:
    return {"name": name, "description": f"This thing is {name}.", **more}


def location(name: str = "CCIT", **more: Any) -> Json:
    told = {"name": name, "description": name, "encodingType": "application/geo+json", "location": POINT}
    return {**told, **more}


def sensor(name: str = "DS18B20", **more: Any) -> Json:
    told = {
        "name": name,
        "description": name,
        "encodingType": "application/pdf",
        "metadata": "http://example.org/a.pdf",
    }
    return {**told, **more}


def observed(name: str = "DewPoint", **more: Any) -> Json:
    return {"name": name, "description": name, "definition": f"http://example.org/{name}", **more}


def feature(name: str = "Room", **more: Any) -> Json:
    told = {"name": name, "description": name, "encodingType": "application/geo+json", "feature": POINT}
    return {**told, **more}


def datastream(name: str = "oven temperature", **more: Any) -> Json:
    told = {"name": name, "description": name, "unitOfMeasurement": CELSIUS, "observationType": f"{OM}Measurement"}
    return {**told, "Sensor": sensor(), "ObservedProperty": observed(), **more}


def observation(time: str, result: Any, **more: Any) -> Json:
    return {"phenomenonTime": time, "result": result, **more}


def oven(name: str = "Oven", **more: Any) -> Json:
    """A thing with a place, a datastream and three observations: the deep insert of clause 10.2.1.2."""
    values = [observation(f"2019-01-1{day}T08:00:00Z", 70.0 + day) for day in (1, 2, 3)]
    streams = [datastream(f"{name} temperature", Observations=values)]
    return thing(name, Locations=[location(f"{name} place")], Datastreams=streams, **more)
