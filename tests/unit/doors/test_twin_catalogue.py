"""Models as datasets of the catalogue, and what two moments differ in as one, over HTTP."""

import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from rdflib import DCAT, Graph
from tests.unit.doors.conftest import Client, House
from tests.unit.doors.test_twin import T0, T1, T2, add, model

from lifang.twin import ModelCard


@pytest.fixture(scope="module")
def shelved(own_house: House) -> House:
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b"), valid_from=T0)["state"] == "done"
    own_house.city.twin.describe("blocks", ModelCard("街区", "Blocks", "drawn for a test", "CC-BY-4.0", generated=True))
    assert done(officer, officer("PUT", "/api/v1/twin/models/blocks/dataset"))["dataset"] == "twin_blocks"
    assert add(officer, model("a", "c", shift=5.0), valid_from=T1)["state"] == "done"
    return own_house


def settled(client: Client, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    job, until = answer.json(), time.monotonic() + 20
    while job["state"] in {"queued", "running"} and time.monotonic() < until:
        time.sleep(0.02)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    return dict(job)


def done(client: Client, answer: Any) -> dict[str, Any]:
    job = settled(client, answer)
    assert job["state"] == "done", job
    return dict(job["result"])


def test_a_model_is_a_dataset_with_its_licence_source_label_and_checks(shelved: House) -> None:
    told = shelved.client().get("/api/v1/datasets/twin_blocks").json()
    assert (told["name"]["zh"], told["licence"]) == ("街区", "CC-BY-4.0")
    assert told["classification"] == "open"
    assert "按规则生成" in told["summary"]["zh"]
    assert "The checks on entry refused 0" in told["summary"]["en"]
    listed = shelved.client().get("/api/v1/datasets", params={"q": "街区"}).json()["items"]
    assert "twin_blocks" in [each["id"] for each in listed]
    graph = Graph().parse(data=shelved.client().get("/dcat/catalog.ttl").text, format="turtle")
    tiles = [each for each in graph.objects(predicate=DCAT.accessURL) if str(each).endswith("/now/tileset.json")]
    assert len(tiles) == 1
    assert shelved.client().get(urlsplit(str(tiles[0])).path).json()["asset"]["version"] == "1.1"


def test_its_rows_are_what_stands_now_and_follow_the_model(shelved: House) -> None:
    rows = shelved.client().get("/api/v1/datasets/twin_blocks/rows").json()["items"]
    assert [(each["id"], each["height_m"], each["generated"]) for each in rows] == [
        ("blocks:a", 9.0, True),
        ("blocks:c", 9.0, True),
    ]
    assert shelved.city.catalogue.dataset("twin_blocks").release().number == 2
    feature = shelved.client().get("/ogc/collections/twin_blocks/items/blocks:a").json()
    assert feature["geometry"]["type"] in {"Polygon", "MultiPolygon"}


def test_what_two_moments_differ_in_is_a_dataset_and_features_for_a_map(shelved: House) -> None:
    officer = shelved.client("data_officer")
    body = {"dataset": "blocks_2019_2020", "before": T0, "after": T1, "model": "blocks"}
    result = done(officer, officer.post("/api/v1/twin/differences", json=body))
    assert result["dataset"] == "blocks_2019_2020"
    csv = shelved.client().get("/api/v1/datasets/blocks_2019_2020/rows", params={"format": "csv"}).text
    rows = shelved.client().get("/api/v1/datasets/blocks_2019_2020/rows").json()["items"]
    assert {each["id"]: each["change"] for each in rows} == {
        "blocks:a": "moved",
        "blocks:b": "removed",
        "blocks:c": "added",
    }
    assert [each["moved_m"] for each in rows if each["id"] == "blocks:a"] == [pytest.approx(5.0, abs=0.01)]
    assert "blocks:b" in csv
    asked = {"before": T0, "after": T1, "model": "blocks"}
    told = shelved.client().get("/api/v1/twin/difference/features", params=asked).json()["features"]
    assert [(each["id"], each["properties"]["change_zh"]) for each in told] == [
        ("blocks:a", "移动"),
        ("blocks:b", "拆除"),
        ("blocks:c", "新增"),
    ]
    assert all(each["geometry"]["coordinates"] for each in told)


def test_nothing_is_released_of_what_is_not_there_or_by_whom_it_may_not(shelved: House) -> None:
    officer = shelved.client("data_officer")
    job = settled(officer, officer("PUT", "/api/v1/twin/models/nothing/dataset"))
    assert job["state"] == "failed"
    assert "Nothing of a model 'nothing' stands now." in str(job["error"])
    assert shelved.client("analyst")("PUT", "/api/v1/twin/models/blocks/dataset").status_code == 403


def test_a_model_ends_over_http_and_its_dataset_stays(shelved: House) -> None:
    officer, address = shelved.client("data_officer"), "/api/v1/twin/models/blocks/end"
    assert shelved.client("analyst").post(address, params={"at": T2}).status_code == 403
    assert officer.post(address, params={"at": "soon"}).status_code == 400
    assert done(officer, officer.post(address, params={"at": T2}))["ended"] == 2
    assert [
        [
            each["id"]
            for each in officer.get("/api/v1/twin/objects", params={"at": at, "model": "blocks"}).json()["items"]
        ]
        for at in (T1, T2)
    ] == [["blocks:a", "blocks:c"], []]
    assert shelved.client().get("/api/v1/datasets/twin_blocks/rows").json()["items"] != []
    gone = settled(officer, officer.post("/api/v1/twin/models/nothing/end", params={"at": T2}))
    assert (gone["state"], gone["error"]["zh"]["detail"]) == ("failed", "没有模型 'nothing'。")
