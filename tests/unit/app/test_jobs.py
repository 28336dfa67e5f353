from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lifang.app import Bus, Jobs
from lifang.app.jobs import JobContext
from lifang.core import BadInput, Conflict, SystemClock
from lifang.guard import Role, Subject
from lifang.store import Store

ANALYST = Subject("person_1", "Li", frozenset({Role.ANALYST}))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, clock=SystemClock())
    yield opened
    opened.close()


def _jobs(store: Store) -> Jobs:
    return Jobs(store, SystemClock(), Bus())


def test_a_job_runs_to_its_result_and_its_start_is_in_the_ledger(store: Store) -> None:
    jobs = _jobs(store)
    jobs.register("double", lambda context: {"twice": context.job.arguments["n"] * 2})
    jobs.start()
    job = jobs.wait(jobs.submit("double", {"n": 21}, subject=ANALYST).id)
    jobs.close()
    assert (job.state, job.progress, job.result) == ("done", 1.0, {"twice": 42})
    assert [record.entry.resource for record in store.ledger.records()] == [f"job:{job.id}"]


def test_a_job_that_cannot_go_on_says_what_where_and_how_to_mend(store: Store) -> None:
    def fail(_: JobContext) -> Mapping[str, Any]:
        raise BadInput("No header.", where="row 1", mend="Add one.")

    jobs = _jobs(store)
    jobs.register("fail", fail)
    jobs.start()
    job = jobs.wait(jobs.submit("fail", {}, subject=ANALYST).id)
    jobs.close()
    assert job.state == "failed"
    assert job.error == {"detail": "No header.", "where": "row 1", "mend": "Add one."}


def test_a_running_job_stops_when_it_is_cancelled(store: Store) -> None:
    begun = threading.Event()

    def endless(context: JobContext) -> Mapping[str, Any]:
        begun.set()
        while True:
            context.check()

    jobs = _jobs(store)
    jobs.register("endless", endless)
    jobs.start()
    job = jobs.submit("endless", {}, subject=ANALYST)
    assert begun.wait(10)
    jobs.cancel(job.id, ANALYST)
    assert jobs.wait(job.id).state == "cancelled"
    with pytest.raises(Conflict):
        jobs.cancel(job.id, ANALYST)
    jobs.close()


def test_a_job_goes_on_from_its_checkpoint_after_a_restart(store: Store) -> None:
    reached = threading.Event()
    counted: list[int] = []

    def count(context: JobContext) -> Mapping[str, Any]:
        for number in range(context.job.checkpoint.get("next", 0), 10):
            context.check()
            counted.append(number)
            context.save({"next": number + 1})
            if number == 4 and not reached.is_set():
                reached.set()
                while True:
                    context.check()
        return {"counted": len(counted)}

    first = _jobs(store)
    first.register("count", count)
    first.start()
    job = first.submit("count", {}, subject=ANALYST)
    assert reached.wait(10)
    first.close()
    second = _jobs(store)
    second.register("count", count)
    second.start()
    assert second.wait(job.id).state == "done"
    second.close()
    assert counted == list(range(10))


def test_an_unknown_kind_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="no job 'fly'"):
        _jobs(store).submit("fly", {}, subject=ANALYST)
