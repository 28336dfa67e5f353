"""A writer killed by SIGKILL at random points under load: all acknowledged rows and records are there, none is torn."""

from __future__ import annotations

import hashlib
import io
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tests.others import as_others_see_it
from tests.victims import Victim

from lifang.core import SystemClock, to_micros
from lifang.store import Condition, Entry, ObservationQuery, Observations, Store
from lifang.store.lake.observed.reading import Scan

KILLS = 50
KINDS, ENOUGH = ("batch", "change", "release", "blob"), 4  # at least so many of each are acknowledged
ROWS = 500
DAY = 86_400_000_000
FROM, TO = datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
EPOCH = to_micros(FROM)


def made(tag: int) -> Observations:
    """Return the rows of the batch called ``tag``: four days' worth, every value telling its batch."""
    number = np.arange(ROWS, dtype=np.int32)
    times = EPOCH + (number % 4).astype(np.int64) * DAY + np.int64(tag) * 1000
    return Observations(number, times, np.full(ROWS, float(tag)), np.full(ROWS, tag % 250, dtype=np.uint8))


# The writer ----------------------------------------------------------------------------------------------------------


Tell = Callable[[dict[str, Any]], None]


def observe(store: Store, tag: int, tell: Tell) -> None:
    batch = store.lake.append_batch(made(tag), subject=f"writer:{tag}")
    tell({"batch": batch.id, "tag": tag})
    tell({"ledger": store.record_batch(batch).hash})


def change(store: Store, tag: int, tell: Tell) -> None:
    with store.registry.transaction() as tx:
        tx.insert("setting", {"id": f"a{tag}", "value": tag})
        tx.insert("setting", {"id": f"b{tag}", "value": -tag})
        record = tx.record(Entry("writer", "set", f"setting:{tag}"))
    tell({"change": tag, "ledger": record.hash})
    time.sleep(0.02)


def release(store: Store, tag: int, tell: Tell) -> None:
    now = datetime.now(UTC)
    written = store.lake.write_release("numbers", tag, pa.table({"n": np.full(3000, tag)}))
    with store.registry.transaction() as tx:
        if tx.get("dataset", "numbers") is None:
            tx.insert("dataset", {"id": "numbers", "created": now, "updated": now})
        row = {"id": f"numbers@{tag}", "dataset": "numbers", "number": tag, "recorded": now, "sha256": written.sha256}
        tx.insert("release", row)
        tx.record(Entry("writer", "admit", f"dataset:numbers@{tag}"))
    tell({"release": tag})


def keep(store: Store, tag: int, tell: Tell) -> None:
    body = random.Random(tag).randbytes(40_000)
    tell({"blob": store.blobs.put(io.BytesIO(body), max_bytes=100_000).sha256})
    time.sleep(0.03)


def list_in_ducklake(store: Store, tag: int, tell: Tell) -> None:
    del tag, tell
    store.lake.tell_ducklake()
    time.sleep(0.1)


def settle(store: Store, tag: int, tell: Tell) -> None:
    del tell
    time.sleep(0.3)
    store.lake.settle(datetime(2019, 1, 2 + tag % 3, tzinfo=UTC))


def write(folder: Path, first_tag: int, tell: Connection) -> None:
    """Write from six threads at once, until killed."""
    store = Store.open(folder, clock=SystemClock(), memory_mb=64, threads=1)
    tell.send({"ready": True})

    def repeat(action: Callable[[Store, int, Tell], None]) -> None:
        for tag in range(first_tag, first_tag + 10_000):
            action(store, tag, tell.send)

    for action in (observe, change, release, keep, list_in_ducklake, settle):
        threading.Thread(target=repeat, args=(action,), daemon=True).start()
    threading.Event().wait()


# The test ------------------------------------------------------------------------------------------------------------


def killed(folder: Path, first_tag: int, acknowledgements: int, seconds: float) -> list[dict[str, Any]]:
    """Run a writer and kill it so many seconds after so many acknowledgements; return what it acknowledged.

    After none, opening and recovery are hit.
    """
    with Victim(write, folder, first_tag) as writer:
        told: list[dict[str, Any]] = [writer.hear() for _ in range(acknowledgements)]
        time.sleep(seconds)
        return told + writer.kill()


def acknowledged(told: list[dict[str, Any]], kind: str) -> list[Any]:
    return [each[kind] for each in told if kind in each]


def check(store: Store, told: list[dict[str, Any]]) -> None:
    """Fail unless everything acknowledged is in ``store``, once and whole, and nothing there is torn."""
    check_batches(store, {each["batch"]: each["tag"] for each in told if "batch" in each})
    settings = {row["id"]: row["value"] for row in store.registry.find("setting")}
    assert {key[1:] for key in settings} == {key[1:] for key in settings if key[0] == "a"}
    assert all((settings[f"a{tag}"], settings[f"b{tag}"]) == (tag, -tag) for tag in acknowledged(told, "change"))
    numbers = {row["number"]: row["sha256"] for row in store.registry.find("release")}
    assert set(acknowledged(told, "release")) <= set(numbers)
    for number, sha256 in numbers.items():
        relation = store.lake.release("numbers", number)
        assert relation.count(where=[Condition("n", "=", number)]) == 3000
        assert hashlib.sha256(relation.path.read_bytes()).hexdigest() == sha256
    assert all(store.blobs.intact(each) for each in acknowledged(told, "blob"))
    check_ledger(store, acknowledged(told, "ledger"))


def check_batches(store: Store, tags: dict[int, int]) -> None:
    batches = {each.id: each for each in store.lake.batches(limit=1_000_000)}
    assert list(batches) == list(range(1, len(batches) + 1))
    assert all(batches[number].subject == f"writer:{tag}" for number, tag in tags.items())
    with store.lake._native._reader.view(Scan()) as view:
        found = view.session.execute(
            "SELECT batch, count(*), count(DISTINCT datastream), min(value), max(value), min(quality), max(quality) "
            f"FROM ({view.versions}) GROUP BY batch ORDER BY batch"
        ).fetchall()
    told = store.lake.tally(np.arange(ROWS, dtype=np.int32))
    assert store.lake.count(ObservationQuery(start=FROM, end=TO)) == store.lake.count(ObservationQuery())
    assert told.count.tolist() == [len(batches)] * ROWS
    tag_of = {number: int(batch.subject.removeprefix("writer:")) for number, batch in batches.items()}
    assert found == [
        (number, ROWS, ROWS, float(tag), float(tag), tag % 250, tag % 250) for number, tag in tag_of.items()
    ]


def check_ledger(store: Store, seals: list[str]) -> None:
    assert store.ledger.verify().ok
    records = store.ledger.records(limit=1_000_000)
    assert set(seals) <= {each.hash for each in records}
    told = [each.entry.resource for each in records if each.entry.resource.startswith("batch:")]
    assert sorted(told) == sorted(f"batch:{each.id}" for each in store.lake.batches(limit=1_000_000))
    assert store.ledger.head()[0] == len(records)


def test_every_acknowledged_row_and_record_survives_fifty_kills(tmp_path: Path) -> None:
    chance = random.Random(20190112)
    told: list[dict[str, Any]] = []
    for attempt in range(KILLS + ENOUGH):
        if attempt >= KILLS and all(len(acknowledged(told, kind)) >= ENOUGH for kind in KINDS):
            break
        count = chance.randint(3, 60) if attempt % 4 or attempt >= KILLS else 0
        seconds = chance.uniform(0.0, 0.03 if count else 0.4) if attempt < KILLS else 2.0  # on a slow machine
        told += killed(tmp_path / "city", 1 + attempt * 10_000, count, seconds)
        with Store.open(tmp_path / "city", clock=SystemClock(), memory_mb=64, threads=1) as store:
            check(store, told)
    for kind in KINDS:
        assert len(acknowledged(told, kind)) >= ENOUGH, kind
    check_ducklake(tmp_path / "city")


def check_ducklake(folder: Path) -> None:
    """Fail unless DuckLake comes to know every registered release, and none else."""
    with Store.open(folder, clock=SystemClock(), memory_mb=64, threads=1) as store:
        while store.lake.tell_ducklake():
            pass
        registered = {f"r{row['number']}" for row in store.registry.find("release")}
    with as_others_see_it(folder) as seen:
        assert {row[0] for row in seen.execute("SELECT table_name FROM duckdb_tables()").fetchall()} == registered
