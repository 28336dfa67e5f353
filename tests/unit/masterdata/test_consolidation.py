from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lifang.catalogue import Card, Catalogue
from lifang.core import BadInput, Conflict, Denied, ManualClock, NotFound, Settings
from lifang.guard import SYSTEM, Role, Subject
from lifang.identity import Identity
from lifang.masterdata import MasterData
from lifang.standards import complete_uscc
from lifang.store import Store

pytestmark = pytest.mark.slow

ONE, TWO, THREE = complete_uscc(["91000000"] * 3, ["00000001", "00000002", "00000003"])
Tell = Callable[..., None]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock) as opened:
        for name in ("market", "tax"):
            Identity(opened, clock).add_organisation(name, zh=f"{name}局", en=name, by=SYSTEM)
        yield opened


@pytest.fixture
def catalogue(store: Store, clock: ManualClock) -> Catalogue:
    return Catalogue(store, clock, Settings("t", "测", "t", "0"))


@pytest.fixture
def master(store: Store, catalogue: Catalogue, clock: ManualClock) -> MasterData:
    return MasterData(store, catalogue, clock)


@pytest.fixture
def tell(master: MasterData, catalogue: Catalogue, clock: ManualClock, tmp_path: Path) -> Tell:
    """Have a bureau tell rows of a kind, as text with a header."""

    def put(bureau: str, text: str, *, kind: str = "legal_entity", **columns: str) -> None:
        clock.advance(timedelta(hours=1))
        path = tmp_path / f"{bureau}_{kind}.csv"
        path.write_text(text)
        names = text.splitlines()[0].split(",")
        card = Card.from_mapping({"id": path.stem, "columns": {name: {} for name in names}, "duplicates": "keep"})
        catalogue.add(path, card=card, by=SYSTEM)
        master.put_source(path.stem, kind, bureau, columns, by=SYSTEM)

    return put


def names(master: MasterData, **words: Any) -> str:
    return str(master.record("legal_entity", [ONE], **words)["name"])


def test_what_bureaus_say_becomes_one_record_and_what_they_differ_in_is_listed(master: MasterData, tell: Tell) -> None:
    tell("market", f"uscc,name,address\n{ONE},甲（成都）有限公司,蜀汉路1号\n{TWO},乙有限公司,\n")
    tell("tax", f"code,title,address\n{ONE.lower()},甲(成都)有限责任公司,红星路2号\n{THREE},丙有限公司,\n",
         uscc="code", name="title")  # fmt: skip
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (done.records, done.conflicts, done.inserted) == (3, 1, 3)
    found = master.record("legal_entity", [ONE])
    assert (found["address"], found["sources"]) == ("红星路2号", "market, tax")
    listed = master.conflicts("legal_entity")
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
    assert master.record("legal_entity", [ONE])["sources"] == "market, tax"
    assert [each["why"] for each in done.unresolved] == [
        "neither a right key nor a known name",
        "several records have this name",
    ]
    assert [each["records"] for each in done.duplicates] == [sorted([TWO, THREE])]


def test_a_person_settles_a_conflict_and_it_holds_until_somebody_says_something_else(
    master: MasterData, tell: Tell, store: Store
) -> None:
    tell("market", f"uscc,name\n{ONE},甲有限公司\n")
    tell("tax", f"uscc,name\n{ONE},甲乙有限公司\n")
    master.consolidate("legal_entity", by=SYSTEM)
    assert names(master) == "甲乙有限公司"
    conflict = master.conflicts("legal_entity")[0]
    with pytest.raises(BadInput, match="needs a reason"):
        master.settle(conflict.id, "market", " ", by=SYSTEM)
    with pytest.raises(BadInput, match="says nothing"):
        master.settle(conflict.id, "police", "x", by=SYSTEM)
    with pytest.raises(Denied):
        master.settle(conflict.id, "market", "x", by=Subject("a", "a", frozenset({Role.ANALYST})))
    assert master.settle(conflict.id, "market", "营业执照为准", by=SYSTEM).value == "甲有限公司"
    last = store.ledger.records(resource="dataset:master_legal_entity")[-1].entry
    assert (last.action, last.detail["reason"]) == ("settle_master_conflict", "营业执照为准")
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), done.conflicts, done.updated) == ("甲有限公司", 0, 1)
    tell("tax", f"uscc,name\n{ONE},丁有限公司\n")
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), done.conflicts) == ("丁有限公司", 1)
    tell("tax", f"uscc,name\n{ONE},甲有限公司\n")
    assert master.consolidate("legal_entity", by=SYSTEM).conflicts == 0
    assert [each.state for each in master.conflicts("legal_entity", state=None)] == ["gone"]


def test_a_rule_of_precedence_decides_in_place_of_a_person(master: MasterData, tell: Tell) -> None:
    tell("market", f"uscc,name,address\n{ONE},甲有限公司,蜀汉路1号\n")
    tell("tax", f"uscc,name,address\n{ONE},乙有限公司,红星路2号\n")
    master.put_rule("legal_entity", "name", ["market"], by=SYSTEM)
    done = master.consolidate("legal_entity", by=SYSTEM)
    assert (names(master), master.record("legal_entity", [ONE])["address"], done.conflicts) == (
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
    assert [state["name"] for _, state in master.history("legal_entity", [ONE])] == ["新甲有限公司", "甲有限公司"]
    assert [bool(state) for _, state in master.history("legal_entity", [TWO])] == [False, True]
    with pytest.raises(NotFound):
        master.record("legal_entity", [TWO])


def test_records_lead_from_one_base_database_to_another(master: MasterData, tell: Tell) -> None:
    tell("market", f"uscc,name\n{ONE},甲有限公司\n")
    unit = "510107000001GB00001F00010001"
    tell("tax", f"unit_code,building,owner_code\n{unit},3栋,{ONE}\n", kind="housing_unit")
    for kind in ("legal_entity", "housing_unit"):
        master.consolidate(kind, by=SYSTEM)
    out = master.links("housing_unit", [unit])
    assert [(link.id, leads, found["name"]) for link, leads, found in out] == [("owned_by_entity", True, "甲有限公司")]
    back = master.links("legal_entity", [ONE])
    assert [(link.id, leads, found["unit_code"]) for link, leads, found in back] == [("owned_by_entity", False, unit)]


def test_without_a_source_or_of_an_unknown_kind_nothing_is_made(master: MasterData) -> None:
    with pytest.raises(Conflict, match="no source"):
        master.consolidate("person", by=SYSTEM)
    with pytest.raises(NotFound, match="no base database"):
        master.consolidate("unicorn", by=SYSTEM)
