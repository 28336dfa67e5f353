"""A small city seen as NGSI-LD: parking, air, lamps; open, shared and restricted; devices with owners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.doors.conftest import PASSWORD, Client, House, ServingRunner

from lifang.app import City, open_city
from lifang.core import parse_instant, to_micros
from lifang.doors.api import create_app
from lifang.guard import SYSTEM, Classification, Role
from lifang.sensing import Datastream, Quality, Thing, make_observations
from lifang.sensing.network import Device, DeviceModel, Link

PREFIX = "/ngsi-ld/v1"
NOON = parse_instant("2026-03-01T12:00:00Z")
HOUR_US = 3_600_000_000
_TOML = """
id = "ldville"
name_zh = "链城"
name_en = "Ldville"
area_code = "510100"
extent = [103.0, 30.0, 105.0, 32.0]
"""


def things() -> list[Thing]:
    """Return places to park, places that sense the air, and a secret one."""
    shared, hidden = Classification.SHARED, Classification.RESTRICTED
    address = {"city": "成都", "street": {"name": "天府大道"}}
    return [
        Thing("p-1", "一号停车场", "parking one", "off-street-parking", 104.00, 30.60, properties={"spots": 120}),
        Thing("p-2", "二号停车场", "parking two", "off-street-parking", 104.10, 30.70,
              properties={"spots": 40, "covered": True, "address": address, "tags": ["night", "ev"]}),
        Thing("air-1", "空气一站", "air one", "air-quality-station", 104.01, 30.61, properties={"code": "1431A"}),
        Thing("air-2", "空气二站", "air two", "air-quality-station", 104.30, 30.90, shared),
        Thing("air-3", "空气三站", "air three", "air-quality-station", 104.31, 30.91, hidden),
        Thing("灯-7", "路灯七号", "lamp seven", "", float("nan"), float("nan")),
    ]  # fmt: skip


def datastreams() -> list[Datastream]:
    """Return what they measure; two of one property on the first parking place."""
    shared, hidden = Classification.SHARED, Classification.RESTRICTED
    return [
        Datastream("p-1.free", "p-1", "free", "空位", "free spots", "availableSpotNumber", "{count}", 60),
        Datastream("p-1.temp", "p-1", "T", "气温", "temperature", "temperature", "Cel", 60),
        Datastream("p-1.temp-roof", "p-1", "T", "屋顶气温", "roof temperature", "temperature", "Cel", 60),
        Datastream("p-2.free", "p-2", "free", "空位", "free spots", "availableSpotNumber", "{count}", 60),
        Datastream("air-1.pm", "air-1", "PM2.5", "细颗粒物", "PM2.5", "PM2.5", "ug/m3", 3600),
        Datastream("air-1.no2", "air-1", "NO2", "二氧化氮", "NO2", "NO2", "ug/m3", 3600, shared),
        Datastream("air-2.pm", "air-2", "PM2.5", "细颗粒物", "PM2.5", "PM2.5", "ug/m3", 3600, shared),
        Datastream("air-3.pm", "air-3", "PM2.5", "细颗粒物", "PM2.5", "PM2.5", "ug/m3", 3600, hidden),
        Datastream("lamp.level", "灯-7", "level", "亮度", "level", "2nd level/%", "%", 0),
    ]  # fmt: skip


def tell(city: City, stream: str, *values: float, end: Any = NOON, step_us: int = HOUR_US, quality: int = 0) -> None:
    """Store values of a datastream that end at a moment, a step apart."""
    number = city.sensing.number(stream)
    last = to_micros(end)
    times = [last - step_us * back for back in reversed(range(len(values)))]
    told = make_observations([number] * len(values), times, list(values), [quality] * len(values))
    city.sensing.ingest(told, by=SYSTEM).result()


def _values(city: City) -> None:
    tell(city, "p-1.free", 30, 25, 12)
    tell(city, "p-1.temp", 20.5)
    tell(city, "p-1.temp-roof", 31.0)
    tell(city, "p-2.free", 7)
    tell(city, "air-1.pm", *range(10, 58, 2))
    tell(city, "air-1.no2", 41.0, quality=Quality.ESTIMATED)
    tell(city, "air-2.pm", 90.0)
    tell(city, "air-3.pm", 400.0)
    tell(city, "lamp.level", 80.0)


def _devices(city: City) -> None:
    code = "air-quality-sensor"
    link = "nb-iot"
    city.network.put_models([DeviceModel("sds011", code, "nova", "颗粒物仪", "dust sensor")], by=SYSTEM)
    city.network.put_links([Link("nb-1", link, "窄带", "narrow band")], by=SYSTEM)
    devices = [
        Device("air-1", code, model="sds011", organisation="ecology-bureau", mounted_on="灯-7", link="nb-1"),
        Device("p-1", code, organisation="traffic-bureau", classification=Classification.SHARED),
    ]
    city.network.put_devices(devices, by=SYSTEM)


def build(folder: Path, *, more: str = "") -> House:
    """Return a started city in ``folder`` with its app; ``more`` is added to its settings."""
    home = folder / "city"
    home.mkdir()
    (home / "city.toml").write_text(_TOML + more, "utf-8")
    city = open_city(home)
    city.start(time_passes=False)
    city.sensing.register(things(), datastreams(), by=SYSTEM)
    _values(city)
    _devices(city)
    tokens = {}
    for role in Role:
        person = city.identity.add_person(f"p.{role.value}", PASSWORD, roles=[role], by=SYSTEM)
        _, tokens[role.value] = city.identity.issue_token(person.id, "test", by=SYSTEM)
    return House(city, create_app(city), tokens, ServingRunner())


@pytest.fixture(scope="package")
def ld(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One city for all tests of this door that change nothing in it."""
    built = build(tmp_path_factory.mktemp("ld"))
    yield built
    built.close()


@pytest.fixture
def anyone(ld: House) -> Client:
    """Return who is not known."""
    return ld.client()


@pytest.fixture
def staff(ld: House) -> Client:
    """Return an analyst: reads what is open and shared."""
    return ld.client("analyst")


def ids(client: Client, **asked: Any) -> list[str]:
    """Return the last parts of the ids of the entities that a query finds."""
    answer = client.get(f"{PREFIX}/entities", params=asked)
    assert answer.status_code == 200, answer.text
    return [each["id"].rpartition(":")[2] for each in answer.json()]
