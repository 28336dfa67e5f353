"""What was hidden when it was published stays hidden: a later, open release of the dataset does not open it."""

from __future__ import annotations

import pytest

from lifang.catalogue import Card
from lifang.guard import SYSTEM

from .conftest import House

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def declassified(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    for grade, text in (("restricted", "k,name\n1,zzsecret\n2,zzhidden\n"), ("open", "k,name\n1,somebody\n")):
        file = tmp_path_factory.mktemp("people") / "people.csv"
        file.write_text(text, "utf-8")
        card = Card.from_mapping(
            {"id": "redacted", "classification": grade, "key": ["k"], "columns": {"k": {}, "name": {}}}
        )
        house.city.catalogue.add(file, name="people.csv", card=card, by=SYSTEM)
    return "redacted"


@pytest.mark.parametrize("path", ["rows?release=1", "rows?release=1&format=csv", "rows?at=2000-01-01T00:00:00Z"])
def test_an_old_restricted_release_is_not_given_to_anybody_unknown(house: House, declassified: str, path: str) -> None:
    for role in ("", "citizen", "analyst", "operator"):
        answer = house.client(role).get(f"/api/v1/datasets/{declassified}/{path}")
        assert answer.status_code in {401, 403, 404}
        assert "zzsecret" not in answer.text


def test_the_open_release_is_given_and_the_old_one_is_not_even_listed(house: House, declassified: str) -> None:
    visitor = house.client()
    assert "somebody" in visitor.get(f"/api/v1/datasets/{declassified}/rows").text
    listed = visitor.get(f"/api/v1/datasets/{declassified}").json()["releases"]
    assert [release["number"] for release in listed] == [2]
    assert "redacted@1" not in visitor.get(f"/api/v1/datasets/{declassified}/lineage").text


def test_a_data_officer_with_a_purpose_sees_it_and_is_on_record(house: House, declassified: str) -> None:
    officer = house.client("data_officer")
    answer = officer.get(f"/api/v1/datasets/{declassified}/rows?release=1&purpose=audit")
    assert answer.status_code == 200
    assert "zzsecret" in answer.text
    seen = [record.entry.resource for record in house.city.store.ledger.records(limit=1000)]
    assert "release:redacted@1" in seen


def test_what_came_of_a_job_is_told_to_its_submitter_only(house: House) -> None:
    body = "k,name\n1,zzsecret\n"
    sent = house.client("data_officer").post("/api/v1/datasets?filename=people.csv", content=body)
    job = sent.json()["id"]
    house.city.jobs.wait(job)
    told = {role: house.client(role).get(f"/api/v1/jobs/{job}").json() for role in ("data_officer", "operator")}
    assert told["data_officer"]["result"] is not None
    assert told["operator"]["result"] is None
