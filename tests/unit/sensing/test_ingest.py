import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta

import numpy as np
import pytest

from lifang.core import BadInput, ManualClock, NotFound, Unavailable, from_micros, to_micros
from lifang.guard import SYSTEM, Role, Subject
from lifang.sensing import Observations, Quality, Sensing, make_observations
from lifang.sensing.ingest import Committer

HOUR = timedelta(hours=1)


def batch(moment: int, value: float, streams: int = 6) -> Observations:
    return make_observations(np.arange(1, streams + 1), np.full(streams, moment), np.full(streams, value))


def test_an_acknowledged_value_is_in_lake_hot_state_and_ledger(sensing: Sensing, clock: ManualClock) -> None:
    moment = to_micros(clock.now())
    number = sensing.ingest(batch(moment, 35.0), by=SYSTEM).result(10)
    assert sensing.latest().value.tolist() == [35.0] * 6
    assert sensing.series("s1.co", clock.now(), clock.now() + HOUR)["value"].to_pylist() == [35.0]
    (record,) = sensing.store.ledger.records(resource=f"batch:{number}")
    (stored,) = sensing.store.lake.batches(after=number - 1)
    assert record.entry.detail == {"rows": 6, "digest": stored.digest}


def test_the_latest_state_is_the_same_after_a_restart(sensing: Sensing, reopen: Callable[[], Sensing]) -> None:
    for moment, value in ((10, 1.0), (30, 3.0), (20, 2.0), (30, 4.0)):
        sensing.ingest(batch(moment, value), by=SYSTEM).result(10)
    before = sensing.latest()
    after = reopen().latest()
    assert after.value.tolist() == before.value.tolist() == [4.0] * 6
    assert after.time.tolist() == before.time.tolist()


def test_what_waits_together_is_one_commit_with_a_record_for_each_sender(sensing: Sensing) -> None:
    sensing.close()
    senders = [Subject(f"gate-{n}", "", frozenset({Role.OPERATOR})) for n in (1, 2)]
    told: list[int] = []
    committer = Committer(sensing.store, assess=lambda rows: rows, committed=lambda rows: told.append(len(rows)))
    with committer._change:  # nothing is drained while the four arrive
        committer.start()
        done = [committer.submit(batch(n, n, streams=n + 1), senders[n % 2]) for n in range(4)]
    batches = {each.result(10) for each in done}
    committer.close()
    assert len(batches) == 1
    assert told == [1 + 2 + 3 + 4]
    entries = [each.entry for each in sensing.store.ledger.records(resource=f"batch:{batches.pop()}")]
    assert {each.subject: each.detail["rows"] for each in entries} == {"gate-1": 1 + 3, "gate-2": 2 + 4}


def test_rows_of_an_unknown_datastream_are_refused_by_row(sensing: Sensing) -> None:
    with pytest.raises(NotFound, match="datastream 7") as caught:
        sensing.ingest(batch(0, 1.0, streams=7), by=SYSTEM)
    assert caught.value.where == "row 6"


def test_values_that_are_not_finite_are_refused_by_row(sensing: Sensing) -> None:
    with pytest.raises(BadInput, match="not finite") as caught:
        sensing.ingest(make_observations([1, 2], [0, 0], [1.0, np.inf]), by=SYSTEM)
    assert caught.value.where == "row 1"
    assert sensing.ingest(make_observations([1], [0], [np.nan], [Quality.MISSING]), by=SYSTEM).result(10)


def test_nothing_is_taken_before_the_start_or_after_the_end(sensing: Sensing) -> None:
    done = sensing.ingest(batch(0, 1.0), by=SYSTEM)
    sensing.close()
    assert done.result(0) > 0  # what was taken in was still stored
    with pytest.raises(Unavailable, match="not being taken"):
        sensing.ingest(batch(1, 1.0), by=SYSTEM)


def test_a_full_queue_says_to_come_back(sensing: Sensing) -> None:
    sensing.close()
    committer = Committer(sensing.store, assess=lambda rows: rows, committed=lambda _: None, queue_rows=10)
    with committer._change:
        committer.start()
        committer.submit(batch(0, 1.0), SYSTEM)
        with pytest.raises(Unavailable, match="6 observations wait"):
            committer.submit(batch(1, 1.0), SYSTEM)
    committer.close()


def test_a_group_that_cannot_be_stored_is_refused_and_the_next_one_stored(sensing: Sensing) -> None:
    sensing.close()
    failures = iter([Unavailable("disk full", mend="Free space."), ZeroDivisionError("surprise")])

    def assess(rows: Observations) -> Observations:
        for failure in failures:
            raise failure
        return rows

    committer = Committer(sensing.store, assess=assess, committed=lambda _: None)
    committer.start()
    for words in ("disk full", "surprise"):
        with pytest.raises(Unavailable, match=words):
            committer.submit(batch(0, 1.0), SYSTEM).result(10)
    assert committer.submit(batch(0, 1.0), SYSTEM).result(10)
    committer.close()


def test_watchers_see_what_is_durable_and_a_failing_one_stops_nobody(sensing: Sensing) -> None:
    seen: list[int] = []

    def fail(_: Observations) -> None:
        raise ZeroDivisionError

    sensing.on_commit(fail)
    sensing.on_commit(lambda rows: seen.append(len(rows)))
    sensing.ingest(batch(0, 1.0), by=SYSTEM).result(10)
    sensing.ingest(batch(1, 1.0), by=SYSTEM).result(10)
    sensing.close()
    assert sum(seen) == 12


def test_many_senders_at_once_lose_nothing(sensing: Sensing) -> None:
    done: list[Future[int]] = []

    def send(sender: int) -> None:
        done.extend(sensing.ingest(batch(sender * 1000 + n, n), by=SYSTEM) for n in range(20))

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each.result(10) > 0 for each in done)
    assert sensing.store.lake.observation_count() == 4 * 20 * 6
    rows = [
        each.entry.detail["rows"] for each in sensing.store.ledger.records() if each.entry.resource.startswith("batch:")
    ]
    assert sum(rows) == 4 * 20 * 6


def test_a_coroutine_can_wait_for_durability(sensing: Sensing) -> None:
    assert asyncio.run(sensing.ingest_async(batch(0, 1.0), by=SYSTEM)) > 0


def test_range_flags_are_stored_with_the_values(sensing: Sensing) -> None:
    stream = sensing.datastream("s1.co")
    sensing.register([], [type(stream)(**{**vars(stream), "properties": {"minimum": 0, "maximum": 50}})], by=SYSTEM)
    sensing.ingest(make_observations([stream.number] * 2, [0, 1], [51.0, 50.0]), by=SYSTEM).result(10)
    found = sensing.series(stream.id, from_micros(0), from_micros(10))
    assert found["quality"].to_pylist() == [Quality.SUSPECT_RANGE, Quality.GOOD]
