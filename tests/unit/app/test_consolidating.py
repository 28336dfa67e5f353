"""Master data that keep up with their sources by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.app import Bus, Jobs
from lifang.app.consolidating import CONSOLIDATE, Consolidator, consolidation_job
from lifang.app.jobs import Job
from lifang.catalogue import Card, Catalogue, CatalogueChange
from lifang.core import Settings, SystemClock
from lifang.guard import SYSTEM
from lifang.identity import Identity
from lifang.masterdata import MasterData
from lifang.standards import complete_uscc
from lifang.store import Store

pytestmark = pytest.mark.slow

(CODE,) = complete_uscc(["91000000"], ["00000001"])
SETTINGS = Settings("t", "测", "t", "510100")
Release = Callable[[str], None]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Store.open(tmp_path / "city", clock=SystemClock(), threads=1) as store:
        Identity(store, SystemClock()).add_organisation("market", zh="市场局", en="market", by=SYSTEM)
        yield Catalogue(store, SystemClock(), SETTINGS)


@pytest.fixture
def master(catalogue: Catalogue) -> MasterData:
    return MasterData(catalogue._store, catalogue, SystemClock(), SETTINGS)


@pytest.fixture
def jobs(catalogue: Catalogue, master: MasterData) -> Iterator[Jobs]:
    made = Jobs(catalogue._store, SystemClock(), Bus())
    made.register(CONSOLIDATE, consolidation_job(master))
    made.start()
    yield made
    made.close()


@pytest.fixture
def release(catalogue: Catalogue, tmp_path: Path) -> Release:
    """Release the market bureau's firms, of which there is one, under a name."""

    def put(name: str) -> None:
        path = tmp_path / "firms.csv"
        path.write_text(f"uscc,name\n{CODE},{name}\n")
        card = Card.from_mapping({"id": "firms", "columns": {"uscc": {}, "name": {}}})
        catalogue.add(path, card=card, by=SYSTEM)

    return put


def done(jobs: Jobs, count: int) -> list[Job]:
    for _ in range(600):
        ended = [job for job in jobs.recent() if job.state not in {"queued", "running"}]
        if len(ended) >= count:
            return ended
        time.sleep(0.05)
    pytest.fail(f"{count} jobs were not done in time")


def test_releases_of_a_source_are_consolidated_by_themselves_several_at_once_also_those_missed_while_it_was_down(
    catalogue: Catalogue, master: MasterData, jobs: Jobs, release: Release
) -> None:
    changes: list[CatalogueChange] = []
    catalogue.changes.on_change(changes.append)
    release("甲有限公司")
    master.put_source("firms", "legal_entity", "market", {}, by=SYSTEM)
    assert master.behind() == []  # a person begins, once all sources and rules are named
    release("乙有限公司")
    release("丙有限公司")
    assert master.behind() == ["legal_entity"]
    keeping = Consolidator(master, jobs, quiet_s=0.2)
    keeping.start()
    (job,) = done(jobs, 1)
    assert (job.kind, job.state, job.subject) == (CONSOLIDATE, "done", SYSTEM.id)
    assert master.records.record("legal_entity", [CODE])["name"] == "丙有限公司"
    assert master.behind() == []
    release("丁有限公司")
    for change in changes:
        keeping.hear(change)
    assert len(done(jobs, 2)) == 2
    assert master.records.record("legal_entity", [CODE])["name"] == "丁有限公司"
    keeping.close()
    assert len(jobs.recent()) == 2
