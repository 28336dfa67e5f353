"""The twin over HTTP: a model comes in, its objects are found through time and through tiles, by whom they may."""

import json
import struct
import time
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.twin.ifc_model import WALL
from tests.unit.twin.ifc_model import house as ifc_house
from tests.unit.twin.test_textured import street

from lifang.core import BadInput
from lifang.guard import SYSTEM, Classification
from lifang.twin import Fault, ModelFile, read_cityjson

T0, T1, T2 = "2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"


def model(*names: str, shift: float = 0.0) -> bytes:
    """Return a CityJSON of square blocks of 20 m, one a name."""
    vertices, objects = [], {}
    for number, name in enumerate(names):
        x, first = 50.0 * number + shift, len(vertices)
        vertices += [[x, 0, 0], [x + 20, 0, 0], [x + 20, 20, 0], [x, 20, 0]]
        vertices += [[x, 0, 9], [x + 20, 0, 9], [x + 20, 20, 9], [x, 20, 9]]
        faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
        shell = [[[first + corner for corner in face]] for face in faces]
        solid = {"type": "Solid", "lod": "1", "boundaries": [shell]}
        objects[name] = {"type": "Building", "attributes": {"use": "home"}, "geometry": [solid]}
    document = {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1, 1, 1], "translate": [410_000, 3_394_000, 500]},
        "CityObjects": objects,
        "vertices": vertices,
    }
    return json.dumps(document).encode()


def add(client: Client, content: bytes, **asked: str) -> dict[str, Any]:
    answer = client.post(
        "/api/v1/twin/models", params={"model": "blocks", "classification": "open", **asked}, content=content
    )
    assert answer.status_code == 202, answer.text
    return ended(client, answer.json())


def ended(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Return a job once it has ended."""
    until = time.monotonic() + 20
    while job["state"] in {"queued", "running"} and time.monotonic() < until:
        time.sleep(0.02)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    return dict(job)


@pytest.fixture(scope="module")
def built(own_house: House) -> House:
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b"), valid_from=T0)["result"]["objects"] == 2
    assert add(officer, model("a", "c", shift=1.0), valid_from=T1)["result"]["ended"] == 1
    hidden = add(officer, model("vault"), valid_from=T0, model="hidden", classification="restricted")
    assert hidden["state"] == "done", hidden
    return own_house


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


def test_objects_are_those_of_the_moment_asked_for(built: House) -> None:
    anyone = built.client()
    assert ids(anyone.get("/api/v1/twin/objects", params={"at": "2019-06-01T00:00:00Z"})) == ["blocks:a", "blocks:b"]
    assert ids(anyone.get("/api/v1/twin/objects", params={"at": T2})) == ["blocks:a", "blocks:c"]
    assert ids(anyone.get("/api/v1/twin/objects", params={"at": "2018-01-01T00:00:00Z"})) == []


def test_what_is_not_open_is_not_there_for_those_who_may_not_see_it(built: House) -> None:
    anyone, officer = built.client(), built.client("data_officer")
    assert anyone.get("/api/v1/twin/objects/hidden:vault", params={"at": T2}).status_code == 404
    assert anyone.get("/api/v1/twin/objects/hidden:vault/history").status_code == 404
    assert anyone.get(f"/tiles/3d/hidden/{T2}/tileset.json").status_code == 404
    purpose = {"X-Lifang-Purpose": "fire drill"}
    seen = officer.get("/api/v1/twin/objects/hidden:vault", params={"at": T2}, headers=purpose)
    assert seen.status_code == 200
    entry = built.city.store.ledger.last("object")
    assert entry is not None
    assert (entry.entry.resource, entry.entry.purpose) == ("object:hidden:vault", "fire drill")


def test_no_byte_of_a_restricted_models_texture_reaches_those_who_may_not_see_it(built: House) -> None:
    anyone, officer = built.client(), built.client("data_officer")
    draped = add(officer, street(), valid_from=T0, model="draped", classification="restricted")
    assert draped["state"] == "done", draped
    for form in ("glb", "cityjsonzip"):
        asked = {"format": form, "model": "draped", "at": T2}
        seen = officer.get("/api/v1/twin/export", params=asked, headers={"X-Lifang-Purpose": "fire%20drill"})
        assert b"\x89PNG" in seen.content
        hidden = anyone.get("/api/v1/twin/export", params=asked)
        assert (hidden.status_code, b"\x89PNG" in hidden.content) == (404, False)


def test_only_those_who_admit_data_add_models(built: House) -> None:
    for role, status in (("", 401), ("analyst", 403)):
        answer = built.client(role).post(
            "/api/v1/twin/models", params={"model": "blocks", "valid_from": T0}, content=model("x")
        )
        assert answer.status_code == status


def test_two_moments_differ_in_what_was_built_and_torn_down(built: House) -> None:
    told = built.client().get("/api/v1/twin/difference", params={"before": T0, "after": T2, "model": "blocks"}).json()
    assert {each["id"]: each["change"] for each in told["items"]} == {
        "blocks:a": "moved", "blocks:b": "removed", "blocks:c": "added",
    }  # fmt: skip
    assert told["counts"] == {"moved": 1, "removed": 1, "added": 1}


def test_an_object_keeps_every_version(built: House) -> None:
    versions = built.client().get("/api/v1/twin/objects/blocks:a/history").json()["items"]
    assert [(each["valid_from"], each["valid_to"]) for each in versions if each["recorded_to"] is None] == [
        (T0, T1), (T1, None),
    ]  # fmt: skip


def test_a_viewer_finds_every_object_by_following_the_tileset(built: House) -> None:
    anyone = built.client()
    root = f"/tiles/3d/blocks/{T2}"
    tileset = anyone.get(f"{root}/tileset.json").json()
    levels = tileset["root"]["implicitTiling"]["availableLevels"]
    found = []
    for level in range(levels):
        for x in range(2**level):
            for y in range(2**level):
                answer = anyone.get(f"{root}/content/{level}/{x}/{y}.glb")
                if answer.status_code == 200:
                    found.append(answer.content)
    assert anyone.get(f"{root}/subtrees/0/0/0.subtree").content[:4] == b"subt"
    text = b"".join(found)
    assert b"blocks:a" in text
    assert b"blocks:c" in text
    assert b"blocks:b" not in text
    assert all(struct.unpack_from("<4sII", each)[2] == len(each) for each in found)


def test_a_tile_is_not_sent_again_until_an_object_changes(built: House) -> None:
    anyone, address = built.client(), f"/tiles/3d/blocks/{T2}/tileset.json"
    tag = anyone.get(address).headers["etag"]
    assert anyone.get(address, headers={"If-None-Match": tag}).status_code == 304
    add(built.client("data_officer"), model("far", shift=900.0), valid_from=T0, model="others")
    assert anyone.get(address, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/3d/nothing/now/tileset.json", 404),
        (f"/tiles/3d/blocks/{T2}/content/40/0/0.glb", 404),
        (f"/tiles/3d/blocks/{T2}/content/0/5/0.glb", 404),
        ("/tiles/3d/blocks/yesterday/tileset.json", 400),
        ("/api/v1/twin/objects?bbox=1,2", 400),
        ("/api/v1/twin/objects?stage=junk", 400),
        ("/api/v1/twin/difference?before=now&after=then", 400),
        ("/api/v1/twin/objects/blocks:nobody", 404),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(built: House, path: str, status: int) -> None:
    answer = built.client().get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_broken_model_leaves_nothing_behind(built: House) -> None:
    kept = sorted((built.city.folder / "blobs").rglob("*"))
    job = add(built.client("data_officer"), b'{"type": "CityJSON"}', valid_from=T0, model="broken")
    assert job["state"] == "failed"
    assert "no CityJSON" in job["error"]["detail"]
    assert ids(built.client().get("/api/v1/twin/objects", params={"model": "broken", "at": T2})) == []
    assert not list(built.city.spool.iterdir())
    assert sorted((built.city.folder / "blobs").rglob("*")) == kept
    bare = ModelFile(read_cityjson(model("a"), prefix="m").rows[:0], [Fault("m:a", "ALB005", "A", "B", "", "warning")])
    with pytest.raises(BadInput, match="no object with a geometry"):  # a warning is not why
        built.city.twin.add("bare", bare, classification=Classification.OPEN, valid_from=built.city.now, by=SYSTEM)


def test_a_models_card_and_its_properties_are_told_to_those_who_may_read_it(built: House) -> None:
    guest, officer = built.client(), built.client("data_officer")
    told = {each["id"]: each for each in guest.get("/api/v1/twin/models").json()["items"]}
    assert "hidden" not in told
    assert told["blocks"] | {"count": 0} == {
        "id": "blocks",
        "title": {"zh": "blocks", "en": "blocks"},
        "source": "",
        "licence": "",
        "generated": False,
        "count": 0,
    }
    assert guest.get("/api/v1/twin/models", params={"at": "2010-01-01T00:00:00Z"}).json()["items"] == []
    (use,) = officer.get("/api/v1/twin/properties", params={"model": "blocks"}).json()["items"]
    assert (use["name"], use["numbers"], use["steps"], use["values"]) == ("use", 0, [], ["home"])


def test_the_moments_at_which_the_city_becomes_another_are_told(built: House) -> None:
    told = built.client().get("/api/v1/twin/moments").json()["items"]
    assert [each["moment"] for each in told] == [T0, T1]
    assert sum(each["begins"] for each in told) >= 3


def test_tiles_tell_a_property_of_what_they_show(built: House) -> None:
    anyone, base = built.client(), f"/tiles/3d/blocks/{T2}"
    levels = anyone.get(f"{base}/tileset.json").json()["root"]["implicitTiling"]["availableLevels"]
    told: dict[str, str] = {}
    for level in range(levels):
        for x in range(2**level):
            for y in range(2**level):
                told |= anyone.get(f"{base}/values/use/{level}/{x}/{y}.json").json()
    assert told == {"blocks:a": "home", "blocks:c": "home"}
    assert anyone.get(f"{base}/values/use/31/0/0.json").status_code == 404


def test_an_ifc_model_comes_in_where_it_is_placed_and_is_in_the_ledger(house: House) -> None:
    placement = 'crs = "EPSG:4544"\nposition = [410000.0, 3394000.0]'
    job = add(house.client("data_officer"), ifc_house(), valid_from=T0, model="bim", placement=placement)
    assert job["state"] == "done", job
    told = house.client().get(f"/api/v1/twin/objects/bim:{WALL}", params={"at": T2}).json()
    assert told["whole"]["kind"] == "BuildingStorey"
    assert told["object"]["properties"]["Pset_WallCommon"]["Width"] == 0.2
    assert told["object"]["kind_name"] == {"zh": "建筑构件", "en": "part of a building"}
    assert "bim" in str(house.city.store.ledger.last("objects") or "")


def test_an_ifc_model_without_a_place_is_refused_and_leaves_nothing(house: House) -> None:
    officer = house.client("data_officer")
    job = add(officer, ifc_house(), valid_from=T0, model="lost")
    assert job["state"] == "failed"
    assert "no IfcMapConversion" in job["error"]["detail"]
    asked = {"model": "lost", "valid_from": T0, "placement": "crs = 3"}
    assert officer.post("/api/v1/twin/models", params=asked, content=ifc_house()).status_code == 400
    assert ids(officer.get("/api/v1/twin/objects", params={"model": "lost", "at": T2})) == []
    assert not list(house.city.spool.iterdir())
    assert not list((house.city.folder / "scratch").iterdir())


def test_what_the_checks_found_is_kept_with_the_model(built: House) -> None:
    officer, guest = built.client("data_officer"), built.client()
    opened = json.loads(model("open"))
    opened["CityObjects"]["open"]["geometry"][0]["boundaries"][0].pop()
    job = add(officer, json.dumps(opened).encode(), valid_from=T0, model="unclosed")
    assert (job["result"]["refused"], job["result"]["warnings"]) == (0, 1)
    told = guest.get("/api/v1/twin/models/unclosed/examination", params={"at": T2}).json()
    assert told["rules"] == [{"rule": "closedness", "rule_zh": "封闭性", "severity": "warning", "count": 1}]
    assert told["faults"][0]["object"] == "unclosed:open"
    assert told["faults"][0]["zh"]["what"] == "外壳不封闭。"
    assert job["result"]["faults"] == told["faults"]
    for hidden in ("hidden", "nothing"):
        assert guest.get(f"/api/v1/twin/models/{hidden}/examination", params={"at": T2}).status_code == 404


def test_every_object_has_an_address_whatever_its_id_holds(built: House) -> None:
    officer = built.client("data_officer")
    names = ["odd", "odd/history", "一/b c?d", "odd%2Fhistory", "/"]
    add(officer, model(*names, shift=5_000.0), valid_from=T2, model="slashed")
    for name in names:
        own = f"slashed:{name}"
        address = f"/api/v1/twin/objects/{quote(own, safe='')}"
        assert officer.get(address).json()["object"]["id"] == own
        assert officer.get(f"{address}/everything").json()["object"]["id"] == own
        assert ids(officer.get(f"{address}/history")) == [own]
        assert ids(officer.get(f"{address}/links")) == []
    assert officer.get("/api/v1/twin/objects/slashed%3Aodd%2Fnone").status_code == 404
