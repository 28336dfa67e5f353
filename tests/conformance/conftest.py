"""A city with something to hide, for the tests that attack it: one for all of them."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.unit.doors.conftest import PASSWORD, Client, House, build_house

from lifang.guard import SYSTEM, Role

FORMULA = '=HYPERLINK("http://evil.example","x")'
HOSTILE = "<script>alert(1)</script>]]>&\"'<svg onload=alert(1)>[a](javascript:alert(1)) \u202e{{7*7}} ' . @prefix"
PURPOSE = {"X-Lifang-Purpose": "records management"}
MOMENT = "2020-01-01T00:00:00Z"
_CORNERS = [[0, 0, 0], [20, 0, 0], [20, 20, 0], [0, 20, 0], [0, 0, 9], [20, 0, 9], [20, 20, 9], [0, 20, 9]]
_FACES = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]


@dataclass(frozen=True)
class Fort:
    """The city; ``known`` fills the parameters of addresses with what is there, ``hidden`` with what is kept back."""

    house: House
    known: dict[str, str]
    hidden: dict[str, list[str]]

    def client(self, who: str = "") -> Client:
        return self.house.client(who)

    def operations(self, *methods: str, without: tuple[str, ...] = ()) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield method, path and description of what the OpenAPI tells of, but for addresses that begin so."""
        for path, each in sorted(self.house.app.openapi()["paths"].items()):
            if path != "/events" and not path.startswith(without or "\0"):
                for method, told in each.items():
                    if method.upper() in methods:
                        yield method.upper(), path, told

    def filled(self, path: str, /, **values: str) -> str:
        """Return an address with ``values``, else what is known, in place of its parameters."""
        return re.sub(r"{(\w+)}", lambda name: values.get(name[1], self.known.get(name[1], "x")), path)


def _building(name: str) -> bytes:
    solid = {"type": "Solid", "lod": "1", "boundaries": [[[face] for face in _FACES]]}
    document = {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1, 1, 1], "translate": [410_000, 3_394_000, 500]},
        "CityObjects": {name: {"type": "Building", "attributes": {"use": "home"}, "geometry": [solid]}},
        "vertices": _CORNERS,
    }
    return json.dumps(document).encode()


def settled(client: Client, answer: Any) -> dict[str, Any]:
    """Return the job that an answer tells of, once it is over."""
    assert answer.status_code == 202, answer.text
    job, until = answer.json(), time.monotonic() + 30
    while job["state"] in {"queued", "running"} and time.monotonic() < until:
        time.sleep(0.01)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    return dict(job)


def _hostile_dataset(officer: Client) -> None:
    both = {"zh": HOSTILE, "en": HOSTILE}
    card = {
        "id": "evil",
        "name": both,
        "summary": both,
        "provider": {"zh": HOSTILE[:60], "en": HOSTILE[:60]},
        "classification": "open",
        "licence": "javascript:alert(1)",
        "source_url": "javascript:alert(1)",
        "keywords": ["</script><script>", 'a"b', FORMULA],
        "key": ["code"],
        "columns": {"code": {"zh": FORMULA, "en": HOSTILE[:50]}, "name": {}, "wide": {"zh": "\uff1dcmd"}},
        "geometry": {"lon": "lon", "lat": "lat"},
        "crs": "EPSG:4326",
    }
    cell = FORMULA.replace('"', '""')
    rows = (f'a,"{cell}",\uff1d1+1', "b,@SUM(1),\uff0b1", 'c,"\t=1",-1+1')
    file = "code,name,\uff1dcmd,lon,lat\n" + "".join(f"{each},104,30.6\n" for each in rows)
    sent = {"file": ("evil.csv", file.encode()), "card": ("card.json", json.dumps(card).encode())}
    told = settled(officer, officer.post("/api/v1/datasets", files=sent))
    assert told["state"] == "done", told


def _bureaus(house: House, admin: Client) -> str:
    for name in ("tap_bureau", "well_bureau"):
        admin.post("/api/v1/organisations", json={"id": name, "zh": "局", "en": name})
        who = house.city.identity.add_person(name, PASSWORD, roles=[Role.ANALYST], organisation=name, by=SYSTEM)
        _, house.tokens[name] = house.city.identity.issue_token(who.id, "test", by=SYSTEM)
    card = {"id": "taps", "key": ["code"], "columns": {"code": {}}, "classification": "restricted"}
    feed = {"organisation": "tap_bureau", "dataset": "taps", "card": card}
    assert admin("PUT", "/api/v1/exchange/feeds/tapfeed", json={"feed": feed}).status_code == 200
    sent = admin.post("/api/v1/exchange/feeds/tapfeed/deliveries?filename=t.csv", content=b"code\nSECRET\n").json()
    assert house.city.exchange.wait(sent["id"]).state == "admitted"
    return str(sent["id"])


@pytest.fixture(scope="session")
def fort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fort]:
    """The city under attack; in the end it still answers."""
    house = build_house(tmp_path_factory.mktemp("fort"))
    officer, admin = house.client("data_officer"), house.client("administrator")
    _hostile_dataset(officer)
    draft = {"card": {"id": "hushed", "name": {"zh": "密", "en": "Hushed"}, "classification": "open"}}
    assert officer.post("/api/v1/drafts", json=draft).status_code == 201
    for model, name, grade in (("blocks", "a", "open"), ("hidden", "vault", "restricted")):
        query = {"model": model, "classification": grade, "valid_from": "2019-01-01T00:00:00Z"}
        done = settled(officer, officer.post("/api/v1/twin/models", params=query, content=_building(name)))
        assert done["state"] == "done", done
    delivery = _bureaus(house, admin)
    known = {
        "dataset_id": "wells", "collection_id": "wells", "feature_id": "1", "name": "wells.ttl", "model": "blocks",
        "object_id": "blocks:a", "feed_id": "tapfeed", "delivery_id": delivery, "moment": MOMENT, "level": "0",
        "x": "0", "y": "0", "z": "10", "row": "421", "column": "807", "suffix": "ttl", "number": "1",
        "action": "package_search", "organisation": "tap_bureau", "reference": "address", "record_id": "wells",
        "location_id": "site-1", "process_id": "x",
    }  # fmt: skip
    hidden = {
        "": ["vaults", "hushed"],
        "feed_id": ["tapfeed"],
        "delivery_id": [delivery],
        "object_id": ["hidden:vault"],
        "model": ["hidden"],
    }
    yield Fort(house, known, hidden)
    assert house.client().get("/healthz").status_code == 200
    house.close()


def archive(**files: bytes | str) -> bytes:
    """Return a ZIP of files; ``__`` in a name is a way up."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "../"), content)
    return sink.getvalue()
