from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.masterdata.conftest import ONE, THREE, TWO, Tell

from lifang.catalogue import Card, Catalogue
from lifang.core import BadInput, Conflict, Denied, ManualClock, NotFound, Settings
from lifang.guard import SYSTEM, Role, Subject
from lifang.masterdata import MasterData
from lifang.store import Store

pytestmark = pytest.mark.slow


def names(master: MasterData, **words: Any) -> str:
    return str(master.records.record("legal_entity", [ONE], **words)["name"])


def test_what_bureaus_say_becomes_one_record_and_what_they_differ_in_is_listed(master: MasterData, tell: Tell) -> None:
    tell("market", f"uscc,name,address\n{ONE},甲（成都）有限公司,蜀汉路1号\n{TWO},乙有限公司,\n")
    tell("tax", f"code,title,address\n{ONE.lower()},甲(成都)有限责任公司,红星路2号\n{THREE},丙有限公司,\n",
         uscc="code", name="title")  # fmt: skip
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (done.records, done.conflicts, done.inserted) == (3, 1, 3)
    found = master.records.record("legal_entity", [ONE])
    assert (found["address"], found["sources"]) == ("红星路2号", "market, tax")
    listed = master.docket.conflicts("legal_entity")
    assert [(each.record, each.element) for each in listed] == [(ONE, "address")]
    assert {each["organisation"]: each["value"] for each in listed[0].said} == {
        "market": "蜀汉路1号",
        "tax": "红星路2号",
    }


def test_a_row_with_a_wrong_code_is_known_by_its_name_or_told(master: MasterData, tell: Tell) -> None:
    wrong = ONE[:-1] + ("0" if ONE[-1] != "0" else "1")
    tell("market", f"uscc,name,address\n{ONE},甲有限公司,蜀汉路1号\n{TWO},同名有限公司,\n{THREE},同名有限公司,\n")
    tell("tax", f"uscc,name,address\n{wrong},甲有限责任公司,蜀汉路1号\n,无名有限公司,\n,同名有限公司,\n")
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert done.records == 3
    assert master.records.record("legal_entity", [ONE])["sources"] == "market, tax"
    assert [each["why"] for each in done.unresolved] == [
        "neither a right key nor a known name",
        "several records have this name",
    ]
    assert done.duplicates == 1
    assert [each.records for each in master.docket.duplicates("legal_entity")] == [sorted([TWO, THREE])]


def test_a_person_settles_a_conflict_which_shows_at_once_and_holds_until_somebody_says_something_else(
    master: MasterData, tell: Tell, store: Store, clock: ManualClock
) -> None:
    tell("market", f"uscc,name\n{ONE},甲有限公司\n")
    tell("tax", f"uscc,name\n{ONE},甲乙有限公司\n")
    master.consolidate("legal_entity", by=SYSTEM)
    assert names(master) == "甲乙有限公司"
    before = clock.now()
    clock.advance(timedelta(minutes=1))
    conflict = master.docket.conflicts("legal_entity")[0]
    with pytest.raises(BadInput, match="needs a reason"):
        master.settle_conflict(conflict.id, "market", " ", by=SYSTEM)
    with pytest.raises(BadInput, match="says nothing"):
        master.settle_conflict(conflict.id, "police", "x", by=SYSTEM)
    with pytest.raises(Denied):
        master.settle_conflict(conflict.id, "market", "x", by=Subject("a", "a", frozenset({Role.ANALYST})))
    assert master.settle_conflict(conflict.id, "market", "营业执照为准", by=SYSTEM).value == "甲有限公司"
    assert (names(master), names(master, at=before)) == ("甲有限公司", "甲乙有限公司")
    history = master.records.history("legal_entity", [ONE])
    assert [state["name"] for _, state in history] == ["甲有限公司", "甲乙有限公司"]
    decision, written = (each.entry for each in store.ledger.records(resource="dataset:master_legal_entity")[-2:])
    assert (decision.action, decision.detail["reason"]) == ("settle_master_conflict", "营业执照为准")
    assert (written.action, written.subject) == ("amend", SYSTEM.id)
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), done.conflicts, done.updated) == ("甲有限公司", 0, 0)
    tell("tax", f"uscc,name\n{ONE},丁有限公司\n")
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), done.conflicts) == ("丁有限公司", 1)
    tell("tax", f"uscc,name\n{ONE},甲有限公司\n")
    assert master.consolidate("legal_entity", by=SYSTEM).conflicts == 0
    assert [each.state for each in master.docket.conflicts("legal_entity", state=None)] == ["gone"]


def test_a_decision_that_no_release_says_yet_shows_in_the_record_and_the_next_release_says_it(
    master: MasterData, catalogue: Catalogue, tell: Tell, clock: ManualClock
) -> None:
    tell("market", f"uscc,name,established\n{ONE},甲有限公司,2020-01-02\n{TWO},同名公司,\n{THREE},同名公司,\n")
    tell("tax", f"uscc,name,established\n{ONE},甲乙有限公司,2021-03-04\n")
    master.consolidate("legal_entity", by=SYSTEM)
    before, release = clock.now(), catalogue.dataset("master_legal_entity").release
    clock.advance(timedelta(minutes=1))
    first = release()
    for conflict in master.docket.conflicts("legal_entity"):
        master.settle_conflict(conflict.id, "market", "营业执照为准", by=SYSTEM, release=False)
    found = master.records.record("legal_entity", [ONE])
    assert (found["name"], str(found["established"])) == ("甲有限公司", "2020-01-02")
    assert (names(master, at=before), release()) == ("甲乙有限公司", first)
    assert master.behind() == ["legal_entity"]
    clock.advance(timedelta(minutes=1))
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (done.updated, master.records.record("legal_entity", [ONE]), master.behind()) == (1, found, [])
    (case,) = master.docket.duplicates("legal_entity")
    clock.advance(timedelta(minutes=1))
    master.settle_duplicate(case.id, "same", "同一主体", kept=case.records[0], by=SYSTEM, release=False)
    assert master.behind() == ["legal_entity"]
    clock.advance(timedelta(minutes=1))
    assert (master.consolidate("legal_entity", by=SYSTEM).records, master.behind()) == (2, [])


def test_a_rule_of_precedence_decides_in_place_of_a_person(master: MasterData, tell: Tell) -> None:
    tell("market", f"uscc,name,address\n{ONE},甲有限公司,蜀汉路1号\n")
    tell("tax", f"uscc,name,address\n{ONE},乙有限公司,红星路2号\n")
    master.put_rule("legal_entity", "name", ["market"], by=SYSTEM)
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), master.records.record("legal_entity", [ONE])["address"], done.conflicts) == (
        "甲有限公司",
        "红星路2号",
        1,
    )
    master.put_rule("legal_entity", "name", [], by=SYSTEM)
    master.put_rule("legal_entity", "*", ["most_complete", "newest"], by=SYSTEM)
    tell("market", f"uscc,name,address,registrar\n{ONE},甲有限公司,蜀汉路1号,某局\n")
    tell("tax", f"uscc,name,address\n{ONE},乙有限公司,红星路2号\n")
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), done.conflicts) == ("甲有限公司", 0)
    for element, precedence in (("name", ["police"]), ("colour", ["tax"])):
        with pytest.raises(BadInput):
            master.put_rule("legal_entity", element, precedence, by=SYSTEM)


def test_every_record_has_its_history(master: MasterData, tell: Tell, clock: ManualClock) -> None:
    tell("market", f"uscc,name\n{ONE},甲有限公司\n{TWO},乙有限公司\n")
    master.consolidate("legal_entity", by=SYSTEM)
    before = clock.now()
    tell("market", f"uscc,name\n{ONE},新甲有限公司\n")
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (done.updated, done.deleted) == (1, 1)
    assert names(master) == "新甲有限公司"
    assert names(master, at=before) == "甲有限公司"
    assert [state["name"] for _, state in master.records.history("legal_entity", [ONE])] == [
        "新甲有限公司",
        "甲有限公司",
    ]
    assert [bool(state) for _, state in master.records.history("legal_entity", [TWO])] == [False, True]
    with pytest.raises(NotFound):
        master.records.record("legal_entity", [TWO])


def test_records_lead_from_one_base_database_to_another(master: MasterData, tell: Tell) -> None:
    tell("market", f"uscc,name\n{ONE},甲有限公司\n")
    unit = "510107000001GB00001F00010001"
    tell("tax", f"unit_code,building,owner_code\n{unit},3栋,{ONE}\n", kind="housing_unit")
    for kind in ("legal_entity", "housing_unit"):
        master.consolidate(kind, by=SYSTEM)
    out = master.records.links("housing_unit", [unit])
    assert [(each.link.id, each.out, each.record["name"]) for each in out] == [("owned_by_entity", True, "甲有限公司")]
    back = master.records.links("legal_entity", [ONE])
    assert [(each.link.id, each.out, each.record["unit_code"]) for each in back] == [("owned_by_entity", False, unit)]


HOME = "510107000001GB00001F00010001"
ADDRESSES = (
    "address_code,full_address,road\nA1,四川省成都市武侯区蜀汉路12号3栋2单元501室,蜀汉路\n"
    "A2,武侯区蜀汉路十二号3幢2单元501,蜀汉路\nA3,四川省成都市武侯区蜀汉路14号,蜀汉路\n"
)


class Stopped(Exception):
    """Raised where a person cancels."""


def test_records_that_a_person_says_are_one_become_one_and_are_told_apart_again(
    master: MasterData, tell: Tell, catalogue: Catalogue
) -> None:
    tell("market", ADDRESSES, kind="address")
    shares: list[float] = []

    def stop(share: float) -> None:
        shares.append(share)
        if share >= 0.4:
            raise Stopped

    with pytest.raises(Stopped):
        master.consolidate("address", by=SYSTEM, progress=stop)
    assert shares == sorted(shares)
    with pytest.raises(NotFound):
        catalogue.dataset("master_address")
    assert master.consolidate("address", by=SYSTEM).duplicates == 1
    (case,) = master.docket.duplicates("address")
    assert case.records == ["A1", "A2"]
    with pytest.raises(BadInput, match="none of these"):
        master.settle_duplicate(case.id, "same", "x", kept="A3", by=SYSTEM)
    master.settle_duplicate(case.id, "same", "同一户", kept="A1", by=SYSTEM)
    assert master.records.record("address", ["A2"])["address_code"] == "A1"
    done = master.consolidate("address", by=SYSTEM)
    assert (done.records, done.duplicates, done.deleted) == (2, 0, 0)
    master.settle_duplicate(case.id, "different", "两户", by=SYSTEM)
    assert master.records.record("address", ["A2"])["address_code"] == "A2"
    assert master.consolidate("address", by=SYSTEM).records == 3
    steps = [(each.move, each.detail.get("decision")) for each in master.docket.steps(case.id)]
    assert steps == [("opened", None), ("settled", "same"), ("settled", "different")]


def test_addresses_lead_from_home_to_owner_licence_and_who_lives_there(master: MasterData, tell: Tell) -> None:
    head, first, _, third, *_ = ADDRESSES.split("\n")
    tell("market", "\n".join((head, first, third, ",武侯蜀汉路十四号,", "")), kind="address")
    done = master.consolidate("address", by=SYSTEM)
    assert (done.records, done.unresolved) == (2, ())
    tell("market", f"uscc,name,address\n{ONE},甲有限公司,成都武侯蜀汉路14号\n")
    tell("tax", f"uscc,address\n{ONE},四川省成都市武侯区蜀汉路十四号\n")
    tell("tax", f"unit_code,address,owner_code\n{HOME},蜀汉路12号3栋2单元501,{ONE}\n", kind="housing_unit")
    tell("tax", "id_number,name,residence_address\n11010519491231002X,某甲,成都市蜀汉路12号3-2-501\n", kind="person")
    tell("tax", f"licence_id,holder_code\nL1,{ONE}\n", kind="e_licence")
    for kind in master.sourced()[1:]:
        master.consolidate(kind, by=SYSTEM)
    assert master.docket.conflicts("legal_entity") == []  # one place, written in two ways
    around = master.records.links("housing_unit", [HOME], hops=2)
    told = {each.link.id: each for each in around}
    assert sorted(told) == ["owned_by_entity", "stands_at"]
    lives = [(each.link.id, each.record["name"]) for each in told["stands_at"].links]
    assert lives == [("lives_at", "某甲")]
    assert sorted(each.link.id for each in told["owned_by_entity"].links) == ["licence_of_entity", "seated_at"]
    no_persons = master.records.links("housing_unit", [HOME], hops=3, may=lambda kind: kind != "person")
    assert "person" not in repr(no_persons)


def test_the_gazetteer_is_fed_from_the_citys_datasets_and_follows_their_releases(
    master: MasterData, catalogue: Catalogue, tmp_path: Path, clock: ManualClock
) -> None:
    def released(name: str, text: str, **columns: str) -> None:
        clock.advance(timedelta(hours=1))
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        card = {"id": name, "columns": {each: {} for each in text.splitlines()[0].split(",")}}
        catalogue.add(path, card=Card.from_mapping(card | columns), by=SYSTEM)

    assert {each.source for each in master.places.feeds()} == {"code list gbt2260", "code list gbt2260_streets", ""}
    assert master.places.meaning("新新区甲乙坪3号").address.division == ""
    released("districts", "adcode,name\n510199,新新区\n510100,成都市\n")
    released("roads", "id,name\n1,甲乙坪\n")
    found = master.places.meaning("成都市新新区甲乙坪3号").address
    assert (found.division, found.road, found.number) == ("510199", "甲乙坪", "3")
    assert next(each.source for each in master.places.feeds()) == "districts@1"
    released("districts", "adcode,name\n510199,新新区\n510198,旧旧区\n")
    assert master.places.meaning("旧旧区甲乙坪3号").address.division == "510198"
    with pytest.raises(BadInput, match="unknown key 'lanes'"):
        MasterData(master._store, catalogue, clock, Settings("t", "t", "t", "510100", gazetteer={"lanes": {}}))


def test_a_source_that_is_not_in_use_is_named_and_can_be_taken_away(
    master: MasterData, catalogue: Catalogue, tell: Tell
) -> None:
    tell("market", f"uscc,name\n{ONE},甲有限公司\n,无名有限公司\n")
    tell("tax", f"uscc,name\n{ONE},甲有限公司\n{TWO},乙有限公司\n")
    assert master.consolidate("legal_entity", by=SYSTEM).records == 2
    assert [each["name"] for each in master.unresolved("legal_entity")] == ["无名有限公司"]
    catalogue.lifecycle.move("tax_legal_entity", "archive", by=SYSTEM, reason="到期")
    with pytest.raises(Conflict, match="tax_legal_entity is not in use"):
        master.consolidate("legal_entity", by=SYSTEM)
    with pytest.raises(NotFound, match="no source"):
        master.remove_source("tax_legal_entity", "person", by=SYSTEM)
    with pytest.raises(Denied):
        master.remove_source("tax_legal_entity", "legal_entity", by=Subject("a", "a", frozenset({Role.ANALYST})))
    assert master.behind() == []
    master.remove_source("tax_legal_entity", "legal_entity", by=SYSTEM)
    assert master.behind() == ["legal_entity"]
    assert master.consolidate("legal_entity", by=SYSTEM).records == 1
    assert [bool(state) for _, state in master.records.history("legal_entity", [TWO])] == [False, True]


def test_without_a_source_or_of_an_unknown_kind_nothing_is_made(master: MasterData) -> None:
    with pytest.raises(Conflict, match="no source"):
        master.consolidate("person", by=SYSTEM)
    with pytest.raises(NotFound, match="no base database"):
        master.consolidate("unicorn", by=SYSTEM)
