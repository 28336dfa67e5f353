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
    opened = Store.open(tmp_path, clock=SystemClock(), threads=1)
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


def test_a_parser_that_panics_fails_its_job_and_not_the_worker(store: Store) -> None:
    class Panic(BaseException):
        pass

    def panic(_: JobContext) -> Mapping[str, Any]:
        raise Panic("capacity overflow")

    jobs = _jobs(store)
    jobs.register("panic", panic)
    jobs.register("well", lambda _: {})
    jobs.start()
    failed = jobs.submit("panic", {}, subject=ANALYST)
    after = jobs.submit("well", {}, subject=ANALYST)
    assert jobs.wait(failed.id).state == "failed"
    assert jobs.wait(after.id).state == "done"
    jobs.close()


def test_a_job_with_which_the_program_died_three_times_is_not_tried_again(store: Store) -> None:
    jobs = _jobs(store)
    jobs.register("deadly", lambda _: {})
    job = jobs.submit("deadly", {}, subject=ANALYST)
    with store.registry.transaction() as tx:
        tx.update("job", job.id, {"state": "running", "checkpoint": {"starts": 3}})
    again = _jobs(store)
    again.register("deadly", lambda _: {})
    again.start()
    ended = again.wait(job.id)
    again.close()
    assert ended.state == "failed"
    assert ended.error is not None
    assert "3 times" in ended.error["detail"]


def test_what_a_job_found_is_not_told_on_the_bus(store: Store) -> None:
    bus = Bus()
    told: list[dict[str, Any]] = []
    bus.publish = lambda kind, data, **_: told.append(data)  # type: ignore[assignment,return-value,misc]
    jobs = Jobs(store, SystemClock(), bus)
    jobs.register("secret", lambda _: {"quoted": "hidden"})
    jobs.start()
    jobs.wait(jobs.submit("secret", {}, subject=ANALYST).id)
    jobs.close()
    assert told
    assert all(each["result"] is None and each["error"] is None for each in told)


def test_what_a_job_leaves_is_tidied_up_once_its_end_is_written_down_whatever_it_is(store: Store) -> None:
    tidied: list[tuple[str, str]] = []
    begun = threading.Event()

    def fail(_: JobContext) -> Mapping[str, Any]:
        raise BadInput("No.")

    def wait(context: JobContext) -> Mapping[str, Any]:
        begun.set()
        while True:
            context.check()

    jobs = _jobs(store)
    for kind, function in (("good", lambda _: {}), ("bad", fail), ("long", wait)):
        jobs.register(kind, function, ended=lambda job: tidied.append((job.kind, job.state)))
    submitted = [jobs.submit(kind, {}, subject=ANALYST).id for kind in ("good", "bad", "long", "good")]
    assert [job.id for job in jobs.unfinished()] == submitted
    jobs.cancel(submitted[3], ANALYST)
    jobs.start()
    assert begun.wait(10)
    jobs.cancel(submitted[2], ANALYST)
    jobs.wait(submitted[2])
    while len(tidied) < 4:
        threading.Event().wait(0.01)
    jobs.close()
    assert tidied == [("good", "done"), ("bad", "failed"), ("long", "cancelled"), ("good", "cancelled")]
    assert jobs.unfinished() == []
