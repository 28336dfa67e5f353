"""Clashes of two models over HTTP: found in a job, told to those who may read both."""

import zipfile
from io import BytesIO
from typing import Any

import pyarrow as pa
import pytest
from defusedxml.ElementTree import fromstring
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import add, ended, model

from lifang.core import parse_instant, to_micros
from lifang.store import OBJECT_COLUMNS, ObjectQuery

T0 = "2022-01-01T00:00:00Z"
PURPOSE = {"X-Lifang-Purpose": "safety"}


@pytest.fixture(scope="module")
def compared(own_house: House) -> House:
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b"), valid_from=T0, model="walls")["state"] == "done"
    assert add(officer, model("x", "y", shift=19.5), valid_from=T0, model="pipes")["state"] == "done"
    asked = {"model": "secrets", "classification": "restricted"}
    assert add(officer, model("s", shift=1), valid_from=T0, **asked)["state"] == "done"
    for other in ("pipes", "secrets"):
        job = ended(officer, find(own_house, other=other).json())
        assert job["state"] == "done", job["error"]
    return own_house


def find(house: House, **asked: Any) -> Any:
    body = {"one": "walls", "other": "pipes", **asked}
    return house.client("data_officer").post("/api/v1/twin/clashes", json=body, headers=PURPOSE)


def test_blocks_that_share_half_a_metre_clash_so_deep(compared: House) -> None:
    found = compared.client().get("/api/v1/twin/clashes/walls/pipes").json()
    told = [(each["one"], each["other"], round(each["gap_m"], 2)) for each in found["items"]]
    assert sorted(told) == [("walls:a", "pipes:x", -0.5), ("walls:b", "pipes:y", -0.5)]
    assert (found["hard"], found["near"], found["compared"]) == (2, 0, [2, 2])


def test_clashes_are_topics_of_bcf_that_select_both_elements(compared: House) -> None:
    answer = compared.client().get("/api/v1/twin/clashes/walls/pipes/bcf")
    assert answer.headers["content-type"] == "application/zip"
    again = compared.client().get("/api/v1/twin/clashes/walls/pipes/bcf").content
    assert answer.content == again
    with zipfile.ZipFile(BytesIO(again)) as archive:
        assert fromstring(archive.read("bcf.version")).get("VersionId") == "2.1"
        topics = sorted(each for each in archive.namelist() if each.endswith("markup.bcf"))
        assert len(topics) == 2
        told = {}
        for each in topics:
            topic = fromstring(archive.read(each)).find("Topic")
            view = fromstring(archive.read(each.replace("markup.bcf", "viewpoint.bcfv")))
            assert topic is not None
            assert topic.get("Guid") == each.partition("/")[0]
            names = [part.tag for part in topic]
            assert names == ["Title", "Index", "Labels", "CreationDate", "CreationAuthor", "Description"]
            assert view.find("PerspectiveCamera/CameraViewPoint") is not None
            told[topic.findtext("Title")] = {part.findtext("AuthoringToolId") for part in view.iter("Component")}
            assert "share space 50" in (topic.findtext("Description") or "")
        assert told == {"walls:a × pipes:x": {"walls:a", "pipes:x"}, "walls:b × pipes:y": {"walls:b", "pipes:y"}}
    assert compared.client().get("/api/v1/twin/clashes/walls/secrets/bcf").status_code == 404


def test_a_report_is_told_to_those_who_may_read_both_models(compared: House) -> None:
    listed = [(each["one"], each["other"]) for each in compared.client().get("/api/v1/twin/clashes").json()["items"]]
    assert listed == [("walls", "pipes")]
    assert compared.client().get("/api/v1/twin/clashes/walls/secrets").status_code == 404
    seen = compared.client("data_officer").get("/api/v1/twin/clashes/walls/secrets", headers=PURPOSE)
    assert seen.json()["hard"] == 1


def test_a_report_on_what_stands_at_another_moment_is_read_and_counts_what_one_may_see(compared: House) -> None:
    officer, guest, later = compared.client("data_officer"), compared.client(), "2190-01-01T00:00:00Z"
    assert add(officer, model("p", "q"), valid_from=later, model="planned")["state"] == "done"
    hidden = {"model": "mixed", "classification": "restricted"}
    assert add(officer, model("m", shift=19.5), valid_from=later, **hidden)["state"] == "done"
    assert ended(officer, find(compared, one="planned", other="mixed", at=later).json())["state"] == "done"
    address = "/api/v1/twin/clashes/planned/mixed"
    assert officer.get(address, headers=PURPOSE).json()["hard"] == 1
    assert guest.get(address).status_code == 404
    objects = compared.city.store.lake.objects
    at = to_micros(parse_instant(later))
    (row,) = objects.read(ObjectQuery(at, ids=["mixed:m"])).select(OBJECT_COLUMNS.names).to_pylist()
    row |= {"id": "mixed:n", "classification": "open"}
    objects.record(pa.Table.from_pylist([row], OBJECT_COLUMNS), subject="test")
    told = guest.get(address)
    assert told.status_code == 200, told.text
    assert (told.json()["hard"], told.json()["items"], told.json()["compared"]) == (0, [], [2, 1])
    (listed,) = [each for each in guest.get("/api/v1/twin/clashes").json()["items"] if each["one"] == "planned"]
    assert (listed["hard"], listed["near"], listed["compared"]) == (0, 0, [2, 1])


def test_what_cannot_be_compared_is_refused(compared: House) -> None:
    assert find(compared, other="walls").status_code == 400
    assert find(compared, tolerance_m=0).status_code == 400
    assert compared.client().post("/api/v1/twin/clashes", json={"one": "walls", "other": "pipes"}).status_code == 401
    lost = ended(compared.client("data_officer"), find(compared, other="nothing").json())
    assert (lost["state"], lost["error"]["detail"]) == ("failed", "A model has no objects with a shape then.")
