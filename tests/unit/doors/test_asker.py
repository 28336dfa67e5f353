"""The one guard: what Python, HTTP and the command line read is decided alike and stands in the ledger alike."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

import lifang
from lifang.app import OWNER
from lifang.core import BadInput, Denied, NeedsPurpose, NotFound, Problem, Unauthenticated
from lifang.doors.cli.main import app as commands
from lifang.guard import ANONYMOUS, Action, Resource, Role, Subject
from lifang.store import Record

from .conftest import House, build_house

SUBJECTS = {role.value: Subject(f"person_{role.value}", role.value, frozenset({role})) for role in Role}
SUBJECTS[""] = ANONYMOUS
PURPOSE = "检查夜"


def _told(records: list[Record]) -> list[tuple[str, str, str, str]]:
    """Return what records say but for the subject, whom each door knows by another id."""
    found = [record.entry for record in records]
    return [(entry.action, entry.resource, entry.purpose, entry.outcome) for entry in found]


def _kind_of(status: int, needs: str | None) -> type[Problem] | None:
    if status < 400:
        return None
    return NeedsPurpose if needs else {401: Unauthenticated, 403: Denied, 404: NotFound}[status]


def test_a_python_read_of_what_is_not_open_stands_in_the_ledger_with_subject_and_purpose(house: House) -> None:
    ledger, analyst = house.city.store.ledger, SUBJECTS["analyst"]
    before = ledger.head()[0]
    rows = house.city.dataset("cellars", subject=analyst, purpose="water plan").rows()
    assert rows.count() == 3
    read = [record.entry for record in ledger.records(after=before)]
    assert [entry.resource for entry in read] == ["dataset:cellars", "release:cellars@1"]
    assert {(entry.subject, entry.purpose) for entry in read} == {("person_analyst", "water plan")}


def test_whoever_opens_the_folder_is_its_owner_and_on_record_too(house: House) -> None:
    before = house.city.store.ledger.head()[0]
    assert house.city.dataset("cellars").card.id == "cellars"
    (record,) = house.city.store.ledger.records(after=before)
    assert record.entry.subject == OWNER.id
    with pytest.raises(NeedsPurpose, match="State a purpose"):
        house.city.dataset("vaults")
    assert house.city.dataset("vaults", purpose=PURPOSE).rows().count() == 3


def test_a_citizen_is_denied_what_is_shared_and_the_reasons_are_on_record(house: House) -> None:
    before = house.city.store.ledger.head()[0]
    with pytest.raises(NotFound, match=r"There is no dataset 'cellars'.*lifang data list"):
        house.city.dataset("cellars", subject=SUBJECTS["citizen"])
    with pytest.raises(Denied, match="No rule allows operator to export a release classified shared"):
        house.city.dataset("cellars", subject=SUBJECTS["operator"]).release(export=True)
    entries = [record.entry for record in house.city.store.ledger.records(after=before)]
    denied = [entry for entry in entries if entry.outcome == "denied"]
    assert [entry.subject for entry in denied] == ["person_citizen", "person_operator"]
    assert "No rule allows citizen to read a dataset classified shared." in denied[0].detail["reasons"]


@pytest.mark.parametrize("purpose", ["", PURPOSE])
@pytest.mark.parametrize("dataset", ["wells", "cellars", "vaults", "absent_"])
@pytest.mark.parametrize("role", ["", *(role.value for role in Role)])
def test_python_and_http_decide_and_record_alike(house: House, role: str, dataset: str, purpose: str) -> None:
    ledger = house.city.store.ledger
    before = ledger.head()[0]
    raised: type[Problem] | None = None
    try:
        house.city.dataset(dataset, subject=SUBJECTS[role], purpose=purpose).rows().count()
    except Problem as problem:
        raised = type(problem)
    by_python = _told(ledger.records(after=before))

    before = ledger.head()[0]
    headers = {"X-Lifang-Purpose": quote(purpose)}
    answer = house.client(role).get(f"/api/v1/datasets/{dataset}/rows", headers=headers)
    needs = answer.json().get("needs")
    assert (_kind_of(answer.status_code, needs), _told(ledger.records(after=before))) == (raised, by_python)


@pytest.mark.parametrize("role", ["", *(role.value for role in Role)])
def test_python_and_http_list_alike(house: House, role: str) -> None:
    city, client = house.city, house.client(role)
    listed = client.get("/api/v1/datasets").json()["items"]
    assert [(each["id"], each["needs"]) for each in listed] == [
        (each.card.id, each.needs) for each in city.datasets(subject=SUBJECTS[role])
    ]
    streams = client.get("/api/v1/datastreams").json()["items"]
    latest = city.latest(subject=SUBJECTS[role])
    assert [each["id"] for each in streams] == [each.datastream.id for each in latest]
    assert [each["latest"]["value"] for each in streams] == [each.value[1] for each in latest if each.value]


@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["", PURPOSE])
@pytest.mark.parametrize("dataset", ["cellars", "vaults", "absent_"])
def test_the_command_line_decides_and_records_as_python_and_http_do(at_rest: Path, dataset: str, purpose: str) -> None:
    with lifang.open(at_rest) as city:
        before = city.store.ledger.head()[0]
        raised: type[Problem] | None = None
        try:
            city.dataset(dataset, purpose=purpose)
        except Problem as problem:
            raised = type(problem)
        by_python = _told(city.store.ledger.records(after=before))
    arguments = ["data", "show", dataset, "--dir", str(at_rest), "--purpose", purpose, "--json"]
    done = CliRunner().invoke(commands, arguments)
    assert type(done.exception) is raised if raised else done.exit_code == 0
    with lifang.open(at_rest) as city:
        records = city.store.ledger.records(after=before + len(by_python))
        assert _told(records) == by_python
        assert {record.entry.subject for record in records} <= {OWNER.id}


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("at_rest")
    build_house(folder).close()
    return folder / "city"


def test_without_a_purpose_a_list_tells_of_restricted_data_only_that_it_is_there(house: House) -> None:
    client = house.client("data_officer")
    (vaults,) = (each for each in client.get("/api/v1/datasets").json()["items"] if each["id"] == "vaults")
    assert vaults["needs"] == "purpose"
    assert (vaults["name"]["en"], vaults["classification"]) == ("vaults", "restricted")
    assert (vaults["rows"], vaults["release"], vaults["updated"], vaults["quality_score"]) == (None,) * 4
    assert vaults["format"] == ""
    told = client.get("/api/v1/datasets", headers={"X-Lifang-Purpose": quote(PURPOSE)}).json()["items"]
    (vaults,) = (each for each in told if each["id"] == "vaults")
    assert (vaults["needs"], vaults["rows"]) == (None, 3)


def test_a_search_tells_nothing_of_what_is_in_restricted_data(house: House) -> None:
    client = house.client("data_officer")

    def found(words: str, **headers: str) -> set[str]:
        return {each["id"] for each in client.get(f"/api/v1/datasets?q={words}", headers=headers).json()["items"]}

    assert found("depth") == {"wells", "cellars"}
    assert "vaults" in found("depth", **{"X-Lifang-Purpose": "audit"})
    assert "vaults" in found("vaults")
    assert "vaults" not in {each["id"] for each in house.client("analyst").get("/api/v1/datasets").json()["items"]}


def test_a_listing_records_no_purpose_that_nobody_stated(house: House) -> None:
    before = house.city.store.ledger.head()[0]
    house.client("administrator").get("/api/v1/datasets")
    (record,) = house.city.store.ledger.records(after=before)
    assert (record.entry.action, record.entry.purpose) == ("list", "")
    assert record.entry.detail["classification"] == "restricted"


def test_a_problem_says_in_a_word_that_a_purpose_is_needed(house: House) -> None:
    answer = house.client("data_officer").get("/api/v1/datasets/vaults")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["needs"]) == (403, "purpose")
    assert "needs" not in house.client("analyst").get("/api/v1/datasets/vaults").json()


def _query(house: House, sql: str, role: str) -> tuple[int, list[Any]]:
    before = house.city.store.ledger.head()[0]
    answer = house.client(role).post("/api/v1/query", json={"sql": sql})
    return answer.status_code, [record.entry for record in house.city.store.ledger.records(after=before)]


@pytest.mark.slow
def test_a_query_is_on_record_for_the_tables_it_reads_and_no_others(house: House) -> None:
    assert _query(house, "SELECT count(*) FROM wells", "analyst") == (200, [])
    status, (entry,) = _query(house, "WITH c AS (FROM cellars) SELECT count(*) FROM c, wells", "analyst")
    assert (status, entry.action, entry.resource) == (200, "query", "dataset:cellars")
    assert "cellars" in entry.detail["sql"]
    status, (entry,) = _query(house, "SELECT name::INTEGER FROM cellars", "analyst")
    assert (status, entry.resource) == (400, "dataset:cellars"), "the error quotes a value"


@pytest.mark.slow
def test_a_query_of_hidden_data_is_refused_as_if_there_were_none_and_the_denial_is_on_record(house: House) -> None:
    status, (entry,) = _query(house, "SELECT * FROM Vaults", "analyst")
    assert (status, entry.outcome, entry.resource) == (400, "denied", "dataset:vaults")
    assert _query(house, "SELECT * FROM absent_", "analyst") == (400, [])
    with pytest.raises(BadInput, match="There is no table 'cellars'"):
        house.city.query("SELECT * FROM cellars", subject=ANONYMOUS)


def test_a_decision_can_be_asked_for_with_its_reasons(house: House) -> None:
    decision = house.city.asker(SUBJECTS["citizen"]).decide(Action.READ, Resource("ledger"))
    assert not decision.allowed
    assert decision.reasons


def test_a_series_read_in_python_is_decided_and_on_record(house: House) -> None:
    ledger, end = house.city.store.ledger, house.city.now + timedelta(hours=1)
    with pytest.raises(NotFound):
        house.city.series("site-2.o3", end - timedelta(days=3), end, subject=SUBJECTS["citizen"])
    before = ledger.head()[0]
    found = house.city.series(2, end - timedelta(days=3), end, points=10, subject=SUBJECTS["operator"])
    assert (found.datastream.id, found.whole) == ("site-2.o3", 48)
    assert len(found.table) <= 10
    (record,) = ledger.records(after=before)
    assert (record.entry.subject, record.entry.resource) == ("person_operator", "datastream:site-2.o3")
