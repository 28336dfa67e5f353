"""The ledger: a chain that grows, tells any change, and refuses to be changed."""

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from lifang.core import BadInput, ManualClock, to_micros
from lifang.store import Entry, Store

UNSEALED = (
    "DROP TRIGGER ledger_no_update",
    "DROP TRIGGER ledger_no_delete",
    "DROP TRIGGER ledger_in_order",
)


def told(number: int) -> Entry:
    return Entry("person:王", "read", f"dataset:d{number % 2}", "planning", detail={"rows": number, "列": ["a", None]})


def tamper(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "registry.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_each_record_is_sealed_to_the_one_before(store: Store, clock: ManualClock) -> None:
    first = store.ledger.append(told(1))
    clock.advance(timedelta(seconds=1))
    second = store.ledger.append(told(2))
    assert (first.seq, first.previous, second.seq, second.previous) == (1, "0" * 64, 2, first.hash)
    assert store.ledger.head() == (2, second.hash)
    assert store.ledger.records() == [first, second]
    assert store.ledger.records(resource="dataset:d0") == [second]
    assert store.ledger.records(after=1, limit=5) == [second]


def test_anyone_can_recompute_a_seal_from_what_is_written(store: Store) -> None:
    record = store.ledger.append(told(1))
    entry = {
        "subject": "person:王",
        "action": "read",
        "resource": "dataset:d1",
        "purpose": "planning",
        "outcome": "allowed",
        "detail": {"rows": 1, "列": ["a", None]},
    }
    body = {"seq": 1, "recorded": to_micros(record.recorded), "entry": entry, "previous": "0" * 64}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record.hash == hashlib.sha256(text.encode()).hexdigest()


def test_an_untouched_chain_verifies_and_still_contains_an_earlier_head(store: Store) -> None:
    heads = [store.ledger.append(told(number)).hash for number in range(5)]
    verdict = store.ledger.verify(heads[2])
    assert (verdict.ok, verdict.count, verdict.head) == (True, 5, heads[-1])


def test_the_file_refuses_change_and_removal(store: Store) -> None:
    store.ledger.append(told(1))
    for statement in ("UPDATE ledger SET subject = 'x'", "DELETE FROM ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            tamper(store.folder, statement)
    assert store.ledger.verify().ok


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE ledger SET subject = 'person:李' WHERE seq = 2", 2),
        ("UPDATE ledger SET recorded = recorded + 1 WHERE seq = 3", 3),
        ("UPDATE ledger SET detail = '{\"rows\": 9}' WHERE seq = 2", 2),
        ("UPDATE ledger SET detail = 'not json' WHERE seq = 2", 2),
        ("UPDATE ledger SET hash = previous WHERE seq = 2", 2),
        ("DELETE FROM ledger WHERE seq = 2", 3),
        ("DELETE FROM ledger WHERE seq = 1", 2),
    ],
)
def test_a_change_behind_the_triggers_is_found_at_its_place(store: Store, statement: str, first_bad: int) -> None:
    for number in range(4):
        store.ledger.append(told(number))
    tamper(store.folder, *UNSEALED, statement)
    verdict = store.ledger.verify()
    assert (verdict.ok, verdict.first_bad) == (False, first_bad)
    assert verdict.reason


def test_a_cut_tail_is_found_by_the_head_kept_elsewhere(store: Store) -> None:
    for number in range(4):
        head = store.ledger.append(told(number)).hash
    tamper(store.folder, *UNSEALED, "DELETE FROM ledger WHERE seq = 4")
    assert store.ledger.verify().ok
    assert store.ledger.verify(head).first_bad == 4


def test_what_is_not_json_is_refused(store: Store) -> None:
    for detail in ({"x": float("inf")}, {"x": object()}, {"x": "\ud800"}):
        with pytest.raises(BadInput):
            store.ledger.append(Entry("p", "read", "dataset:a", detail=detail))
    assert store.ledger.head()[0] == 0
