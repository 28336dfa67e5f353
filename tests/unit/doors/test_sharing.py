"""Data shared on conditions over HTTP: asked for, agreed on, and never more than that by any door, until it expires."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lifang.app import open_city
from lifang.catalogue import Card
from lifang.core import ManualClock, format_instant
from lifang.doors.api import create_app
from lifang.guard import SYSTEM, Role

from .conftest import PASSWORD, Client, House, ServingRunner

_TOML = 'id = "c"\nname_zh = "城"\nname_en = "c"\narea_code = "510100"\nextent = [103.0, 30.0, 105.0, 32.0]\n'
_ROWS = "".join(f"{n},name{n},{n % 3},secret{n},104.0{n},30.6{n}\n" for n in range(9))
FILE = f"code,name,district,income,lon,lat\n{_ROWS}"
ROWS = "/api/v1/datasets/incomes/rows"
_MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass
class Town:
    """A city with one dataset shared on conditions, people who may ask, and a clock of the tests."""

    house: House
    clock: ManualClock

    def client(self, who: str) -> Client:
        return self.house.client(who)

    def ask(self, who: str = "citizen", **more: Any) -> dict[str, Any]:
        body = {
            "dataset": "incomes",
            "purpose": "a study of wells",
            "fields": ["code", "name"],
            "rows": ["district:eq:1"],
            "until": format_instant(self.clock.now() + timedelta(days=30)),
            **more,
        }
        answer = self.client(who).post("/api/v1/sharing/requests", json=body)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def agree(self, who: str = "citizen", **more: Any) -> str:
        request = self.ask(who, **more)
        path = f"/api/v1/sharing/agreements/{request['id']}/approve"
        done = self.client("data_officer").post(path, json={"reasons": "fine"})
        assert done.json()["status"] == "in_force", done.text
        return str(request["id"])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of the city as every test finds it, to be copied, and a token for each of its people."""
    folder = tmp_path_factory.mktemp("prepared")
    home = folder / "city"
    home.mkdir()
    (home / "city.toml").write_text(_TOML, "utf-8")
    file = folder / "incomes.csv"
    file.write_text(FILE, "utf-8")
    with open_city(home, clock=ManualClock(_MORNING)) as city:
        city.start(time_passes=False)
        city.identity.add_organisation("health", zh="卫健委", en="health", by=SYSTEM)
        city.identity.add_organisation("civil", zh="民政局", en="civil affairs", by=SYSTEM)
        card = {
            "id": "incomes",
            "name": {"zh": "收入", "en": "incomes"},
            "provider_code": "civil",
            "sharing": "conditional",
            "sharing_condition": {"zh": "说明用途", "en": "say what for"},
            "columns": {"code": {"type": "integer"}, "name": {}, "district": {"type": "integer"}, "income": {}},
            "geometry": {"lon": "lon", "lat": "lat"},
            "crs": "EPSG:4326",
            "key": ["code"],
        }
        city.catalogue.add(file, name=file.name, card=Card.from_mapping(card), by=SYSTEM)
        tokens = {}
        people = {role.value: (role, "") for role in Role}
        people |= {"doctor": (Role.CITIZEN, "health"), "nurse": (Role.CITIZEN, "health")}
        people |= {"clerk": (Role.ANALYST, "civil")}
        for name, (role, organisation) in people.items():
            who = city.identity.add_person(name, PASSWORD, roles=[role], organisation=organisation, by=SYSTEM)
            _, tokens[name] = city.identity.issue_token(who.id, "test", by=SYSTEM)
    return home, tokens


@pytest.fixture
def town(prepared: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Town]:
    yield from _opened(*prepared, tmp_path)


@pytest.fixture(scope="module")
def quiet(prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town for all tests that change nothing in it."""
    yield from _opened(*prepared, tmp_path_factory.mktemp("quiet"))


def _opened(made: Path, tokens: dict[str, str], folder: Path) -> Iterator[Town]:
    clock = ManualClock(_MORNING)
    shutil.copytree(made, folder / "city")
    with open_city(folder / "city", clock=clock) as city:
        city.start(time_passes=False)
        house = House(city, create_app(city), tokens, ServingRunner())
        yield Town(house, clock)
        house.runner.close()


def test_what_is_shared_on_conditions_is_known_to_who_is_signed_in_and_read_by_nobody_else(town: Town) -> None:
    for who in ("citizen", "analyst", "operator"):
        listed = town.client(who).get("/api/v1/datasets").json()["items"]
        assert [(each["id"], each["needs"], each["rows"]) for each in listed] == [("incomes", "agreement", None)]
        denied = town.client(who).get(ROWS)
        assert denied.status_code == 403
        assert "sharing/requests" in denied.json()["mend"]
        assert town.client(who).post("/api/v1/query", json={"sql": "SELECT * FROM incomes"}).status_code in {400, 403}
    assert town.client("").get("/api/v1/datasets").json()["items"] == []
    assert town.client("").get(ROWS).status_code == 404
    assert town.client("clerk").get(ROWS).json()["total"] == 9, "its provider's own people read it"
    assert town.client("data_officer").get(ROWS).json()["total"] == 9


def test_an_offer_tells_the_fields_and_conditions_and_no_data(town: Town) -> None:
    (offer,) = town.client("citizen").get("/api/v1/sharing/offers").json()["items"]
    assert offer["condition"]["en"] == "say what for"
    assert [each["name"] for each in offer["fields"]] == ["code", "name", "district", "income", "geometry"]
    assert "secret" not in str(offer)


def test_an_agreement_reaches_its_fields_and_rows_by_every_door(town: Town) -> None:
    town.agree()
    client = town.client("citizen")
    page = client.get(ROWS).json()
    assert page["items"] == [{"code": n, "name": f"name{n}"} for n in (1, 4, 7)]
    assert (page["total"], [each["name"] for each in page["columns"]]) == (3, ["code", "name"])
    assert client.get(f"{ROWS}?format=csv").text.splitlines()[1:] == ['1,"name1"', '4,"name4"', '7,"name7"']
    table = pq.read_table(io.BytesIO(client.get(f"{ROWS}?format=parquet").content))
    assert table.to_pylist() == page["items"]
    assert client.get(f"{ROWS}?columns=income").status_code == 400
    assert client.get(f"{ROWS}?where=income:eq:secret0").status_code == 400
    assert client.get(f"{ROWS}?format=geojson").status_code == 400
    body = client.get("/api/v1/datasets/incomes").json()
    assert [each["name"] for each in body["columns"]] == ["code", "name"]
    assert (body["rows"], body["quality"]["columns"]) == (3, [])
    assert client.get("/api/v1/datasets/incomes/refused").status_code == 403
    ogc = client.get("/ogc/collections/incomes/items?limit=100")
    assert "secret" not in ogc.text


def test_other_catalogues_list_what_is_agreed_on_while_it_is(town: Town) -> None:
    def packages(who: str) -> tuple[list[str], int]:
        client = town.client(who)
        named = client.get("/api/3/action/package_list").json()["result"]
        return named, client.get("/api/3/action/package_search?include_private=true&fq=title:incomes").json()["result"][
            "count"
        ]

    nothing, one = ([], 0), (["incomes"], 1)
    assert [packages(who) for who in ("citizen", "clerk", "doctor", "data_officer")] == [nothing, one, nothing, one]
    town.agree()
    assert [packages(who) for who in ("citizen", "doctor")] == [one, nothing]
    town.clock.advance(timedelta(days=31))
    assert packages("citizen") == nothing


def test_sql_sees_the_agreed_part_as_the_whole_table(town: Town) -> None:
    town.agree()
    client = town.client("citizen")

    def ask(sql: str) -> Any:
        return client.post("/api/v1/query", json={"sql": sql})

    assert ask("SELECT count(*), min(code), max(code) FROM incomes").json()["rows"] == [[3, 1, 7]]
    assert ask("SELECT income FROM incomes").status_code == 400
    for sql in ("SELECT CAST(name AS INT) FROM incomes", "SELECT error(name) FROM incomes WHERE code = 0"):
        assert "name0" not in ask(sql).text
    assert town.client("analyst").post("/api/v1/query", json={"sql": "FROM incomes"}).status_code == 400


def test_an_agreement_is_its_applicants_alone_or_its_organisations(town: Town) -> None:
    town.agree("doctor")
    assert town.client("nurse").get(ROWS).status_code == 403
    town.agree("doctor", for_organisation=True)
    assert town.client("nurse").get(ROWS).json()["total"] == 3
    assert town.client("citizen").get(ROWS).status_code == 403


def test_an_agreement_expires_by_itself_at_its_moment(town: Town) -> None:
    agreement = town.agree()
    town.clock.advance(timedelta(days=30, microseconds=-1))
    assert town.client("citizen").get(ROWS).status_code == 200
    town.clock.advance(timedelta(microseconds=1))
    denied = town.client("citizen").get(ROWS)
    assert denied.status_code == 403
    assert agreement in denied.json()["detail"]
    status = town.client("citizen").get(f"/api/v1/sharing/agreements/{agreement}").json()["status"]
    assert status == "expired"
    town.house.city.catalogue.sharing.sweep()
    assert list(town.house.city.folder.rglob("*_x*.parquet")) == []


def test_an_agreement_is_ended_at_once_and_what_was_written_under_it_is_gone(town: Town) -> None:
    agreement = town.agree()
    assert town.client("citizen").get(ROWS).status_code == 200
    assert len(list(town.house.city.folder.rglob("*_x*.parquet"))) == 1
    ended = town.client("data_officer").post(f"/api/v1/sharing/agreements/{agreement}/end", json={"reasons": "misuse"})
    assert ended.json()["status"] == "ended"
    assert town.client("citizen").get(ROWS).status_code == 403
    assert list(town.house.city.folder.rglob("*_x*.parquet")) == []


def test_a_reviewer_narrows_or_refuses_but_never_widens_or_reviews_their_own(town: Town) -> None:
    officer = town.client("data_officer")
    asked = town.ask(fields=["code", "name", "income"])
    path = f"/api/v1/sharing/agreements/{asked['id']}"
    assert town.client("citizen").post(f"{path}/approve", json={"reasons": "me"}).status_code == 403
    assert town.client("analyst").get(path).status_code == 404
    wider = {"reasons": "more", "fields": ["code", "geometry"]}
    assert officer.post(f"{path}/approve", json=wider).status_code == 400
    narrower = {"reasons": "no incomes", "fields": ["code"], "rows": ["code:ge:4"]}
    done = officer.post(f"{path}/approve", json=narrower).json()
    assert (done["fields"], done["rows"]) == (["code"], ["district:eq:1", "code:ge:4"])
    assert town.client("citizen").get(ROWS).json()["items"] == [{"code": 4}, {"code": 7}]
    assert officer.post(f"{path}/refuse", json={"reasons": "late"}).status_code == 409
    own = town.ask("data_officer")
    mine = officer.post(f"/api/v1/sharing/agreements/{own['id']}/approve", json={"reasons": "me"})
    assert mine.status_code == 409
    refused = town.ask("analyst")["id"]
    told = officer.post(f"/api/v1/sharing/agreements/{refused}/refuse", json={"reasons": "no need"}).json()
    assert (told["status"], told["reasons"]) == ("refused", "no need")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"fields": []}, 400),
        ({"fields": ["salary"]}, 400),
        ({"rows": ["salary:eq:1"]}, 400),
        ({"rows": ["district:like:1"]}, 400),
        ({"purpose": "x"}, 400),
        ({"until": "2026-03-01T00:00:00Z"}, 400),
        ({"until": "2036-03-01T00:00:00Z"}, 400),
        ({"for_organisation": True}, 400),
        ({"dataset": "nothing"}, 404),
    ],
)
def test_a_request_that_cannot_be_is_refused_with_what_to_mend(
    quiet: Town, change: dict[str, Any], status: int
) -> None:
    body = {"dataset": "incomes", "purpose": "study", "fields": ["code"], "until": "2026-04-01T00:00:00Z", **change}
    answer = quiet.client("citizen").post("/api/v1/sharing/requests", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["mend"]
    assert quiet.client("").post("/api/v1/sharing/requests", json=body).status_code in {401, 404}


def test_a_request_is_due_in_ten_working_days_and_every_step_is_on_record(town: Town) -> None:
    asked = town.ask()
    assert asked["due"][:10] == "2026-03-16"
    path = f"/api/v1/sharing/agreements/{asked['id']}"
    town.client("data_officer").post(f"{path}/approve", json={"reasons": "fine"})
    town.client("citizen").get(ROWS)
    town.client("citizen").post(f"{path}/end", json={"reasons": "done"})
    records = town.house.city.store.ledger.records(resource="dataset:incomes", limit=1000)
    actions = [each.entry.action for each in records]
    assert [each for each in actions if each in {"request", "agreed", "ended"}] == ["request", "agreed", "ended"]
    read = next(each.entry for each in records if each.entry.action == "read")
    assert read.detail["agreement"] == asked["id"]


def test_a_new_release_without_the_agreed_columns_gives_nothing_rather_than_more(town: Town, tmp_path: Path) -> None:
    town.agree()
    city = town.house.city
    file = tmp_path / "other.csv"
    file.write_text("code,title,district\n1,t,1\n", "utf-8")
    card = {**city.catalogue.dataset("incomes").card.to_mapping(), "columns": {}, "geometry": {}, "key": []}
    city.catalogue.add(file, name=file.name, card=Card.from_mapping(card), by=SYSTEM)
    denied = town.client("citizen").get(ROWS)
    assert denied.status_code == 403
    assert town.client("citizen").get(f"{ROWS}?release=1").json()["total"] == 3


def answers(town: Town) -> dict[str, str]:
    form = town.client("").get("/api/v1/ethics/form").json()
    return {each["id"]: f"about {each['id']}" for each in form["questions"]}


def test_sensitive_data_are_agreed_on_only_after_an_impact_assessment_in_versions(town: Town) -> None:
    city = town.house.city
    card = {**city.catalogue.dataset("incomes").card.to_mapping(), "classification": "restricted"}
    city.catalogue.set_card(Card.from_mapping(card), by=SYSTEM)
    officer, path = town.client("data_officer"), f"/api/v1/sharing/agreements/{town.ask()['id']}"
    refused = officer.post(f"{path}/approve", json={"reasons": "fine"})
    assert (refused.status_code, "impact assessment" in refused.json()["detail"]) == (409, True)
    whole = answers(town)
    lacking = {name: text for name, text in whole.items() if name != "effects"}
    told = officer.post(f"{path}/assessments", json={"answers": lacking, "acceptable": True})
    assert (told.status_code, told.json()["where"]) == (400, "answers.effects")
    fine = {"answers": whole, "acceptable": True}
    assert town.client("citizen").post(f"{path}/assessments", json=fine).status_code == 403
    assert officer.post(f"{path}/assessments", json={**fine, "acceptable": False}).status_code == 201
    assert officer.post(f"{path}/approve", json={"reasons": "fine"}).status_code == 409
    made = officer.post(f"{path}/assessments", json=fine).json()
    assert (made["version"], made["form"]) == (2, "1")
    assert officer.post(f"{path}/approve", json={"reasons": "fine"}).json()["assessment"] == made["id"]
    versions = officer.get(f"{path}/assessments").json()["items"]
    assert [(each["version"], each["acceptable"]) for each in versions] == [(2, True), (1, False)]


def test_everybody_sees_who_uses_what_for_what_and_no_name_of_a_person(town: Town) -> None:
    town.agree("doctor", for_organisation=True)
    town.agree("citizen", rows=[])
    town.ask("analyst")
    answer = town.client("").get("/api/v1/ethics/register")
    uses = {each["user"]: each for each in answer.json()["items"]}
    assert set(uses) == {"health", ""}
    assert (uses["health"]["whole"], uses[""]["whole"]) == (False, True)
    assert uses["health"]["purpose"] == "a study of wells"
    assert "doctor" not in answer.text
    assert "citizen" not in answer.text
    laws = town.client("").get("/api/v1/ethics/laws").json()["items"]
    assert {"PIPL-55", "DSL-30", "GF51-12"} <= {each["id"] for each in laws}


def test_lists_of_the_desk_and_the_register_come_page_by_page(town: Town) -> None:
    officer = town.client("data_officer")
    town.agree("doctor", for_organisation=True)
    town.agree("citizen")
    town.ask("analyst")
    town.client("citizen").get(ROWS)
    town.client("clerk").get(ROWS)

    def pages(address: str, client: Client) -> list[list[str]]:
        found, after = [], ""
        while True:
            page = client.get(f"{address}{'&' if '?' in address else '?'}limit=1{after}").json()
            found.append(page["items"])
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    whole = officer.get("/api/v1/sharing/agreements").json()["items"]
    assert len(whole) == 3
    assert [each for page in pages("/api/v1/sharing/agreements", officer) for each in page] == whole
    force = pages("/api/v1/sharing/agreements?status=in_force", officer)
    assert [len(page) for page in force] == [1, 1]
    uses = pages("/api/v1/ethics/register", town.client(""))
    assert sorted(page[0]["user"] for page in uses) == ["", "health"]
    taken = officer.get("/api/v1/usage").json()["items"]
    assert [page[0] for page in pages("/api/v1/usage", officer)] == taken
    assert len(taken) == 2


def test_every_taking_is_metered_by_whom_of_what_how_much_and_when(town: Town) -> None:
    agreement = town.agree()
    client = town.client("citizen")
    for address in (ROWS, ROWS, f"{ROWS}?format=csv"):
        assert client.get(address).status_code == 200
    client.post("/api/v1/query", json={"sql": "SELECT code FROM incomes"})
    town.client("clerk").get(ROWS)
    items = town.client("data_officer").get("/api/v1/usage?dataset=incomes").json()["items"]
    taken = {(each["action"], each["agreement"]): (each["requests"], each["rows"]) for each in items}
    under = {("read", agreement): (2, 6), ("export", agreement): (1, 3), ("query", agreement): (1, 3)}
    assert taken == {**under, ("read", ""): (1, 9)}
    assert all(each["bytes"] > 0 and each["last"].startswith("2026-03-02T08") for each in items)
    own = client.get("/api/v1/usage").json()["items"]
    assert {each["agreement"] for each in own} == {agreement}
    assert town.client("").get("/api/v1/usage").status_code == 401
