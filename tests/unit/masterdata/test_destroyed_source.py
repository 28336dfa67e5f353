"""A destroyed source is gone from all that was kept of what it said; what others say, and persons did, stays."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.masterdata.conftest import ONE, THREE, TWO, Tell

from lifang.app import Bus, Jobs
from lifang.app.consolidating import CONSOLIDATE, Consolidator, consolidation_job
from lifang.catalogue import Catalogue, check_certificate
from lifang.core import Conflict, ManualClock, Settings, Unavailable
from lifang.guard import SYSTEM, Role, Subject
from lifang.masterdata import MasterData
from lifang.standards import complete_uscc
from lifang.store import Store

pytestmark = pytest.mark.slow

MARK = "机密标记"
(SECRET,) = complete_uscc(["91000000"], ["7ECRE7ED"])  # a firm of which the destroyed source alone tells
ANN = Subject("ann", "Ann", frozenset({Role.DATA_OFFICER}))
BO = Subject("bo", "Bo", frozenset({Role.ADMINISTRATOR}))
GOLDEN = "master_legal_entity"
FIRMS = "market_legal_entity"


def holding(folder: Path) -> set[str]:
    """Return the files below ``folder`` that hold the mark or the secret key, as bytes or in a Parquet file."""
    wanted = (MARK, SECRET)
    found = set()
    for path in (each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if content[:4] == b"PAR1":
            content += str(pq.read_table(pa.BufferReader(content)).to_pydict()).encode()
        if any(each.encode() in content for each in wanted):
            found.add(path.relative_to(folder).as_posix())
    return found


@pytest.fixture
def told(master: MasterData, tell: Tell, clock: ManualClock) -> MasterData:
    """Three bureaus tell of firms; persons settled what they differ in, and what is one."""
    tell("tax", f"uscc,name,address\n{ONE},甲有限公司,蜀汉路1号\n{TWO},乙有限公司,红星路2号\n{THREE},乙有限公司,\n")
    tell("credit", f"uscc,name,address\n{ONE},丙有限公司,\n{TWO},乙有限公司,红星路3号\n")
    tell("market", f"uscc,name,address\n{ONE},{MARK}甲公司,蜀汉路1号\n{TWO},乙有限公司,{MARK}路\n"
         f"{SECRET},{MARK}乙公司,{MARK}街\n,{MARK}无名,\n{TWO[:-1]}!,{MARK}乙公司,\n")  # fmt: skip
    master.consolidate("legal_entity", by=SYSTEM)
    for conflict in master.docket.conflicts("legal_entity"):
        chosen = "market" if conflict.element == "name" else "tax"
        master.settle_conflict(conflict.id, chosen, "营业执照为准", by=ANN)
    for case in master.docket.duplicates("legal_entity"):
        master.settle_duplicate(case.id, "same", "同一主体", kept=case.records[0], by=ANN)
    clock.advance(timedelta(minutes=1))
    return master


def destroy(catalogue: Catalogue, dataset: str = FIRMS, **words: bool) -> None:
    catalogue.lifecycle.move(dataset, "archive", by=ANN, reason="到期")
    catalogue.lifecycle.move(dataset, "ask_destruction", by=ANN, reason="保管期满", **words)
    catalogue.lifecycle.move(dataset, "destroy", by=BO, reason="同意")


def test_what_it_said_is_left_in_no_file_but_the_releases_that_its_certificate_names(
    store: Store, catalogue: Catalogue, told: MasterData
) -> None:
    before = catalogue.dataset(GOLDEN).releases()
    assert any("masterdata/" in name for name in holding(store.folder))
    destroy(catalogue)
    (found,) = catalogue.lifecycle.destructions.all()
    made = found.certificate["body"]["made_from_it"]
    assert made == [f"dataset:{GOLDEN}", *sorted(f"release:{each.id}" for each in before)]
    assert all(each.ok for each in check_certificate(store, found.certificate))
    assert told.behind() == ["legal_entity"]
    done = told.consolidate("legal_entity", by=SYSTEM)
    assert (done.records, done.sources) == (2, ["credit_legal_entity@1", "tax_legal_entity@1"])
    store.checkpoint()
    numbers = {each.number for each in before}
    files = {path for number in numbers for path in store.lake.release_files(GOLDEN, number)}
    files |= {store.blobs.path(each.source_sha256) for each in before}
    left = holding(store.folder)
    assert left
    assert left <= {path.relative_to(store.folder).as_posix() for path in files}
    destroy(catalogue, GOLDEN)
    assert holding(store.folder) == set()


def test_what_a_person_settled_holds_where_others_say_it_too_and_the_ledger_tells_of_all_without_a_value(
    store: Store, catalogue: Catalogue, told: MasterData
) -> None:
    destroy(catalogue)
    told.consolidate("legal_entity", by=SYSTEM)
    conflicts = {each.element: each for each in told.docket.conflicts("legal_entity", state=None)}
    assert {each.state for each in conflicts.values()} == {"open", "settled"}
    settled, waiting = conflicts["address"], conflicts["name"]
    assert (settled.record, settled.value, len(settled.said)) == (TWO, "红星路2号", 2)
    assert [(step.move, len(step.detail.get("said", ()))) for step in told.docket.steps(settled.id)] == [
        ("opened", 2),
        ("settled", 0),
    ]
    assert [each["organisation"] for each in waiting.said] == ["credit", "tax"]
    (case,) = told.docket.duplicates("legal_entity", state="settled")
    assert (case.records, case.said) == (sorted([TWO, THREE]), {"name": ""})
    assert told.records.record("legal_entity", [THREE])["uscc"] == case.kept
    settles = [each.entry for each in store.ledger.records(resource=f"dataset:{GOLDEN}")
               if each.entry.action.startswith("settle_")]  # fmt: skip
    assert {(each.subject, tuple(sorted(each.detail))) for each in settles} == {("ann", ("reason", "sha256", "step"))}
    assert store.ledger.verify().ok


def test_a_destruction_that_was_broken_off_at_any_step_is_carried_out_at_the_next_start(
    store: Store, catalogue: Catalogue, told: MasterData, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise Unavailable("The disk is full.")

    places = [(MasterData, "_forget_source"), (type(store.lake), "erase_releases"), (type(store), "checkpoint")]
    settings = Settings("t", "测", "t", "510100")
    with monkeypatch.context() as patched:
        patched.setattr(*places[0], broken)
        destroy(catalogue)
    for place in places[1:]:
        with monkeypatch.context() as patched:
            patched.setattr(*place, broken)
            assert Catalogue(store, clock, settings).lifecycle.destructions.carry_out() == []
    (found,) = catalogue.lifecycle.destructions.all()
    assert (found.state, found.certificate) == ("removing", None)
    again = Catalogue(store, clock, settings)
    master = MasterData(store, again, clock, settings)
    assert [each.state for each in again.lifecycle.destructions.carry_out()] == ["done"]
    assert (master.sources("legal_entity")[0].id, master.behind()) == ("credit_legal_entity", ["legal_entity"])
    assert list((store.folder / "masterdata").glob("legal_entity*")) == []
    assert not any(MARK in str(row) for row in store.registry.find("master_step"))


def test_a_destruction_with_what_was_made_from_it_waits_until_that_is_destroyed(
    catalogue: Catalogue, told: MasterData
) -> None:
    with pytest.raises(Conflict, match=GOLDEN):
        destroy(catalogue, with_derived=True)
    (asked,) = catalogue.lifecycle.destructions.all()
    assert f"dataset:{GOLDEN}" in asked.manifest["made_from_it"]
    destroy(catalogue, GOLDEN)
    assert told.sources("legal_entity") == []
    assert told.docket.conflicts("legal_entity", state=None) == []
    catalogue.lifecycle.move(FIRMS, "destroy", by=BO, reason="同意")
    assert [each.state for each in catalogue.lifecycle.destructions.all()] == ["done", "done"]


def test_the_consolidation_without_it_comes_by_itself_and_jobs_forget_what_it_said(
    store: Store, catalogue: Catalogue, told: MasterData, clock: ManualClock
) -> None:
    jobs = Jobs(store, clock, Bus())
    jobs.register(CONSOLIDATE, consolidation_job(told))
    jobs.start()
    consolidator = Consolidator(told, jobs, quiet_s=0.05)
    catalogue.changes.on_change(consolidator.hear)
    consolidator.start()
    job = jobs.submit(CONSOLIDATE, {"kinds": ["legal_entity"]}, subject=SYSTEM)
    before = jobs.wait(job.id, timeout_s=30)
    assert MARK in str(before.result)
    destroy(catalogue)
    assert jobs.get(job.id).result == {"dataset": FIRMS, "destroyed": True}
    for _ in range(600):
        if not told.behind():
            break
        time.sleep(0.05)
    consolidator.close()
    jobs.close()
    assert told.behind() == []
    assert MARK not in str(told.records.record("legal_entity", [ONE]))
    assert not any(MARK in str(row) for row in store.registry.find("job"))
