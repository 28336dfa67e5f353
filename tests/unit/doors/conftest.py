"""A small real city behind its HTTP doors: open, shared and restricted data, sensors, one person per role."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import httpx
import numpy as np
import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI

from lifang.app import City, open_city
from lifang.catalogue import Card
from lifang.core import to_micros
from lifang.doors.api import create_app
from lifang.guard import SYSTEM, Classification, Role
from lifang.operations import AlertRule, IndicatorSpec, Level, Severity
from lifang.sensing import Datastream, Thing, make_observations

sys.modules.setdefault("sniffio", cast("ModuleType", None))  # httpx looks for it, in vain, at each request to an app
PASSWORD = "里坊 correct horse battery"
_TOML = """
id = "smallville"
name_zh = "小城"
name_en = "Smallville"
area_code = "510100"
extent = [103.0, 30.0, 105.0, 32.0]
upload_max_bytes = 3_000_000
body_max_bytes = 1_000_000
allowed_hosts = ["city.example"]

[[layers]]
dataset = "wells"
geometry = "point"
style = "metro-station"
label = "name"
"""
_WELLS = (
    "code,name,depth,lon,lat,dug\n"
    "1,东井,12.5,104.01,30.61,2019-01-12\n"
    "2,西井,8,104.02,30.62,2018-05-01\n"
    "3,=cmd,30,104.03,30.63,2017-03-04\n"
    "4,坏井,abc,104.04,30.64,2019-02-30\n"
)


class Client:
    """A caller with a token or none, on one event loop."""

    def __init__(self, runner: asyncio.Runner, app: FastAPI, token: str, *, peer: str) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(peer, 50_000))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._runner = runner
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)

    def __call__(self, method: str, url: str, **more: Any) -> httpx.Response:
        return self._runner.run(self.http.request(method, url, **more))

    def get(self, url: str, **more: Any) -> httpx.Response:
        return self("GET", url, **more)

    def post(self, url: str, **more: Any) -> httpx.Response:
        return self("POST", url, **more)


class ServingRunner(asyncio.Runner):
    """A runner with a task that lasts, as a server has: threads last with it, and wait for the next request."""

    def __init__(self) -> None:
        super().__init__()
        loop = self.get_loop()
        self._service = loop.create_task(self._serve(loop))
        loop.run_forever()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        await run_sync(int)  # the first to ask for a thread is who threads last with
        loop.stop()
        await asyncio.Event().wait()


@dataclass(frozen=True)
class House:
    """The city, its app, and a token per role."""

    city: City
    app: FastAPI
    tokens: dict[str, str]
    runner: asyncio.Runner

    def client(self, role: str = "", *, peer: str = "127.0.0.1") -> Client:
        """Return a client calling from ``peer``; ``role`` sends that role's token."""
        return Client(self.runner, self.app, self.tokens.get(role, ""), peer=peer)

    def close(self) -> None:
        """Close the city."""
        self.runner.close()
        self.city.close()


def _datasets(city: City, folder: Path) -> None:
    columns = {
        "code": {"type": "integer", "required": True},
        "name": {"type": "text", "zh": "名称", "en": "name"},
        "depth": {"type": "number", "unit": "m"},
        "dug": {"type": "date"},
    }
    for name, grade in (("wells", "open"), ("cellars", "shared"), ("vaults", "restricted")):
        path = folder / f"{name}.csv"
        path.write_text(_WELLS, "utf-8")
        card = {
            "id": name,
            "name": {"zh": f"{name}数据", "en": name},
            "provider": {"zh": "水务局", "en": "water bureau"},
            "classification": grade,
            "theme": "ecology",
            "keywords": ["water", "水井"],
            "columns": columns,
            "geometry": {"lon": "lon", "lat": "lat"},
            "crs": "EPSG:4326",
            "key": ["code"],
        }
        city.catalogue.add(path, name=path.name, card=Card.from_mapping(card), by=SYSTEM)


def _sensors(city: City) -> None:
    things = [Thing(f"site-{n}", f"站{n}", f"site {n}", "air", 104.0 + n / 100, 30.6) for n in (1, 2)]
    streams = [
        Datastream("site-1.pm2.5", "site-1", "PM2.5", "细颗粒物", "PM2.5", "PM2.5", "ug/m3", 3600),
        Datastream("site-2.o3", "site-2", "O3", "臭氧", "ozone", "O3", "ug/m3", 3600, Classification.SHARED),
    ]
    city.sensing.register(things, streams, by=SYSTEM)
    now = to_micros(city.now)
    hours = now - now % 3_600_000_000 - np.arange(48)[::-1] * 3_600_000_000
    for number in (1, 2):
        told = make_observations(np.full(48, number), hours, np.linspace(10, 80, 48))
        city.sensing.ingest(told, by=SYSTEM).result()


def _operations(city: City) -> None:
    levels = (Level(Severity.ORANGE, 150.0, 140.0),)
    rule = AlertRule("test_rule", "air_quality_early_warning", "试验", "test", "{index}", levels)
    city.alerts.evaluate(rule, "city:smallville", city.now, 180.0, classification=Classification.OPEN)
    told = ("pm25_mean", "均值", "mean", "ug/m3", "平均", "mean", "无", "none", ("dataset:wells",))
    spec = IndicatorSpec(*told, classification=Classification.OPEN)
    city.indicators.define(spec)
    city.indicators.put("pm25_mean", city.now - timedelta(minutes=5), 42.0)


def build_house(folder: Path) -> House:
    """Return a started city in ``folder`` with its app."""
    furnished = folder.parent / "smallville"
    if not furnished.exists():
        _furnish(folder.parent / "smallville in the making").rename(furnished)
    shutil.copytree(furnished / "city", folder / "city")
    city = open_city(folder / "city")
    city.start(time_passes=False)
    tokens = json.loads((furnished / "tokens.json").read_text("utf-8"))
    return House(city, create_app(city), tokens, ServingRunner())


def _furnish(folder: Path) -> Path:
    """Return ``folder`` with a city in it, to be copied: to open one takes a tenth of the time to furnish one."""
    home = folder / "city"
    home.mkdir(parents=True)
    (home / "city.toml").write_text(_TOML, "utf-8")
    tokens = {}
    with open_city(home) as city:
        city.start(time_passes=False)
        _datasets(city, folder)
        _sensors(city)
        _operations(city)
        for role in Role:
            person = city.identity.add_person(f"p.{role.value}", PASSWORD, roles=[role], by=SYSTEM)
            _, tokens[role.value] = city.identity.issue_token(person.id, "test", by=SYSTEM)
    (folder / "tokens.json").write_text(json.dumps(tokens), "utf-8")
    return folder


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One city for all tests of the doors; none of them takes anything away from it."""
    built = build_house(tmp_path_factory.mktemp("house"))
    yield built
    built.close()


@pytest.fixture(scope="module")
def own_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A city for the tests of one file, which nobody else's tests add anything to."""
    built = build_house(tmp_path_factory.mktemp("own_house"))
    yield built
    built.close()
