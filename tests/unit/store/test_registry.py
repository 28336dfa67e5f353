"""The registry: rows by key, pages, transactions that hold together, and refusals that say why."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lifang.core import BadInput, Conflict, NotFound
from lifang.store import Entry, Store

MOMENT = datetime(2019, 1, 12, 9, tzinfo=UTC)


def dataset(key: str, **more: object) -> dict[str, object]:
    return {"id": key, "zh": "区", "en": "districts", "created": MOMENT, "updated": MOMENT, **more}


def add(store: Store, *rows: dict[str, object]) -> None:
    with store.registry.transaction() as tx:
        for row in rows:
            tx.insert("dataset", row)


def test_a_row_comes_back_with_moments_json_and_defaults(store: Store) -> None:
    eight = timezone(timedelta(hours=8))
    add(store, dataset("districts", metadata={"名称": ["区", 1.5, None]}, updated=MOMENT.astimezone(eight)))
    row = store.registry.get("dataset", "districts")
    assert row is not None
    assert row["metadata"] == {"名称": ["区", 1.5, None]}
    assert (row["created"], row["updated"], row["theme"]) == (MOMENT, MOMENT, "")
    assert row["updated"].utcoffset() == timedelta(0)


def test_no_row_is_none(store: Store) -> None:
    assert store.registry.get("dataset", "nothing") is None


def test_a_failed_transaction_leaves_neither_rows_nor_records(store: Store) -> None:
    def change() -> None:
        with store.registry.transaction() as tx:
            tx.insert("dataset", dataset("a"))
            tx.record(Entry("p", "admit", "dataset:a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert store.registry.count("dataset") == 0
    assert store.ledger.head()[0] == 0


def test_a_transaction_sees_its_own_changes_and_others_do_not_yet(store: Store) -> None:
    with store.registry.transaction() as tx:
        tx.insert("dataset", dataset("a"))
        assert tx.get("dataset", "a") is not None
        assert tx.count("dataset") == 1
        assert store.registry.get("dataset", "a") is None
    assert store.registry.get("dataset", "a") is not None


def test_the_same_key_twice_is_a_conflict(store: Store) -> None:
    add(store, dataset("a"))
    with pytest.raises(Conflict, match="a"):
        add(store, dataset("a"))


def test_update_returns_the_row_and_checks_what_was_expected(store: Store) -> None:
    add(store, dataset("a", theme="old"))
    with store.registry.transaction() as tx:
        assert tx.update("dataset", "a", {"theme": "new"}, expect={"theme": "old"})["theme"] == "new"
        with pytest.raises(Conflict):
            tx.update("dataset", "a", {"theme": "newer"}, expect={"theme": "old"})
        with pytest.raises(Conflict):
            tx.update("dataset", "a", {}, expect={"theme": "old"})
        with pytest.raises(NotFound):
            tx.update("dataset", "b", {"theme": "new"})


def test_delete_takes_a_row_out_once(store: Store) -> None:
    add(store, dataset("a"))
    with store.registry.transaction() as tx:
        tx.delete("dataset", "a")
        with pytest.raises(NotFound):
            tx.delete("dataset", "a")


def test_find_filters_orders_and_pages(store: Store) -> None:
    add(store, *(dataset(f"d{number}", theme="t" if number % 2 else "u") for number in range(6)))
    find = store.registry.find
    assert [row["id"] for row in find("dataset", where={"theme": "t"})] == ["d1", "d3", "d5"]
    assert [row["id"] for row in find("dataset", where={"id": ["d4", "d0"]}, descending=True)] == ["d4", "d0"]
    assert [row["id"] for row in find("dataset", after="d1", limit=2)] == ["d2", "d3"]
    assert [row["id"] for row in find("dataset", where={"id >": "d1", "id <=": "d3"})] == ["d2", "d3"]
    assert store.registry.count("dataset", where={"theme !=": "t"}) == 3


def test_a_cursor_of_value_and_key_skips_nothing_among_equals(store: Store) -> None:
    add(store, *(dataset(f"d{number}", theme="same") for number in range(5)))
    seen: list[str] = []
    after = None
    while rows := store.registry.find("dataset", order="theme", after=after, limit=2, descending=True):
        seen += [row["id"] for row in rows]
        after = (rows[-1]["theme"], rows[-1]["id"])
    assert seen == ["d4", "d3", "d2", "d1", "d0"]


def test_find_compares_moments_and_absent_values(store: Store) -> None:
    with store.registry.transaction() as tx:
        tx.insert("alert", {"id": "a", "opened": MOMENT, "updated": MOMENT})
        tx.insert("alert", {"id": "b", "opened": MOMENT + timedelta(1), "updated": MOMENT, "closed": MOMENT})
    assert [row["id"] for row in store.registry.find("alert", where={"opened >": MOMENT})] == ["b"]
    assert [row["id"] for row in store.registry.find("alert", where={"closed": None})] == ["a"]
    assert [row["id"] for row in store.registry.find("alert", where={"closed !=": None})] == ["b"]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("nonsense", {"id": "a"}),
        ("ledger", {"id": "a"}),
        ("dataset", {"id": "a", "nonsense": 1}),
        ("dataset", {"id": "a", "created": datetime(2019, 1, 1), "updated": MOMENT}),  # noqa: DTZ001
        ("dataset", {"id": "a", "created": MOMENT, "updated": MOMENT, "metadata": {"x": float("nan")}}),
        ("dataset", {"id": "a", "created": MOMENT, "updated": MOMENT, "metadata": {"x": "\ud800"}}),
        ("dataset", {"id": "a", "created": MOMENT, "updated": MOMENT, "zh": object()}),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(store: Store, table: str, row: dict[str, object]) -> None:
    with pytest.raises(BadInput), store.registry.transaction() as tx:
        tx.insert(table, row)
    assert store.registry.count("dataset") == 0


def test_a_text_where_a_number_belongs_is_refused(store: Store) -> None:
    with store.registry.transaction() as tx:
        with pytest.raises(BadInput):
            tx.insert("thing", {"id": "a", "created": MOMENT, "lon": "east"})
        with pytest.raises(BadInput):
            tx.insert("datastream", {"id": "a", "created": MOMENT, "number": "one", "thing": "t"})
        with pytest.raises(BadInput):
            tx.insert("thing", {"id": "a", "zh": None, "created": MOMENT})


def test_a_reference_to_nothing_is_refused_at_the_end(store: Store) -> None:
    with pytest.raises(Conflict), store.registry.transaction() as tx:
        tx.insert("datastream", {"id": "s", "number": 1, "thing": "nobody", "created": MOMENT})
    with store.registry.transaction() as tx:
        tx.insert("datastream", {"id": "s", "number": 1, "thing": "t", "created": MOMENT})
        tx.insert("thing", {"id": "t", "created": MOMENT})


def test_a_transaction_inside_a_transaction_is_refused_not_a_deadlock(store: Store) -> None:
    with store.registry.transaction(), pytest.raises(Conflict):
        store.ledger.append(Entry("p", "read", "dataset:a"))


def test_many_threads_write_and_read_without_loss(store: Store) -> None:
    def work(worker: int) -> None:
        for number in range(10):
            add(store, dataset(f"w{worker}_{number}"))
            store.registry.find("dataset", limit=3)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.registry.count("dataset") == 80


def test_many_rows_are_added_at_once_or_not_at_all(store: Store) -> None:
    with store.registry.transaction() as tx:
        tx.insert_many("dataset", [dataset(f"d{n:05}", metadata={"n": n}) for n in range(12_000)])
        tx.insert_many("dataset", [])
    assert store.registry.count("dataset") == 12_000
    with pytest.raises(Conflict), store.registry.transaction() as tx:
        tx.insert_many("dataset", [dataset("new"), dataset("d00007")])
    with pytest.raises(BadInput, match="different columns"), store.registry.transaction() as tx:
        tx.insert_many("dataset", [dataset("new"), dataset("newer", theme="x")])
    assert store.registry.get("dataset", "new") is None


def test_whole_columns_come_as_they_are_kept(store: Store) -> None:
    add(store, dataset("b", metadata={"n": 2}), dataset("a", metadata={"n": 1}))
    columns = store.registry.columns("dataset", ["id", "metadata", "created"])
    assert columns["id"] == ["a", "b"]
    assert columns["metadata"] == ['{"n":1}', '{"n":2}']
    assert columns["created"] == [1_547_283_600_000_000] * 2
    assert store.registry.columns("thing", ["id", "lon"]) == {"id": [], "lon": []}
