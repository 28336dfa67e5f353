"""The difference of two releases, applied to the old one, is the new one; for keyed rows and for bags of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import ManualClock
from lifang.store import Store

FEW = settings(max_examples=5, deadline=None)  # each writes two releases, of up to fifty rows
TYPES = {"a": pa.string(), "b": pa.int64(), "c": pa.float64()}
cells = {
    "a": st.none() | st.sampled_from(["", "甲", "乙", "1"]),
    "b": st.none() | st.integers(0, 3),
    "c": st.none() | st.sampled_from([0.0, 1.5, float("nan")]),
}
columns = st.sets(st.sampled_from(sorted(TYPES)), min_size=1).map(sorted)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(
        tmp_path_factory.mktemp("differences"), clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), threads=1
    ) as one:
        yield one


@st.composite
def tables(draw: st.DrawFn, *, keyed: bool) -> pa.Table:
    names = draw(columns)
    row = st.fixed_dictionaries({name: cells[name] for name in names})
    if keyed:
        rows = [{"k": key, **each} for key, each in draw(st.dictionaries(st.integers(0, 60), row, max_size=50)).items()]
    else:
        rows = [{"k": draw(st.integers(0, 1)), **each} for each in draw(st.lists(row, max_size=50))]
    rows = draw(st.permutations(rows))
    schema = pa.schema({"k": pa.int64(), **{name: TYPES[name] for name in names}})
    return pa.Table.from_pylist(rows, schema=schema)


numbers = count(1)


def compared(store: Store, old: pa.Table, new: pa.Table, key: list[str]) -> tuple[Any, list[dict[str, Any]]]:
    first, second = next(numbers), next(numbers)
    store.lake.write_release("d", first, old)
    store.lake.write_release("d", second, new)
    found = store.lake.release("d", second).compared_with(store.lake.release("d", first), key=key)
    pages = []
    while len(page := found.rows(limit=20, offset=len(pages))):
        pages += page.to_pylist()
    return found, pages


def as_key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple("nan" if isinstance(value, float) and value != value else value for _, value in sorted(row.items()))


def side(row: dict[str, Any], which: str, names: list[str]) -> dict[str, Any]:
    return {name: row[f"{which}.{name}"] for name in names}


@FEW
@given(tables(keyed=True), tables(keyed=True))
def test_applied_to_the_old_rows_it_gives_the_new_ones(store: Store, old: pa.Table, new: pa.Table) -> None:
    found, rows = compared(store, old, new, ["k"])
    assert found.key == ("k",)
    names = [name for name in new.column_names if name != "k"]
    patched = {row["k"]: {name: row.get(name) for name in names} for row in old.to_pylist()}
    for row in rows:
        if row["_change"] == "removed":
            del patched[row["key.k"]]
        else:
            assert (row["key.k"] in patched) == (row["_change"] == "changed")
            patched[row["key.k"]] = side(row, "to", names)
    expected = {row["k"]: {name: row[name] for name in names} for row in new.to_pylist()}
    assert {key: as_key(row) for key, row in patched.items()} == {key: as_key(row) for key, row in expected.items()}
    tally, kinds = found.tally(), Counter(row["_change"] for row in rows)
    assert (tally.added, tally.removed, tally.changed) == tuple(kinds[kind] for kind in ("added", "removed", "changed"))
    assert tally.same + tally.added + tally.changed == len(new)
    assert [row["key.k"] for row in rows] == sorted(row["key.k"] for row in rows)


@FEW
@given(tables(keyed=False), tables(keyed=False))
def test_without_a_key_the_rows_added_and_removed_make_the_new_bag(store: Store, old: pa.Table, new: pa.Table) -> None:
    found, rows = compared(store, old, new, [])
    assert found.key == ()
    names = new.column_names
    bag = Counter(as_key({name: row.get(name) for name in names}) for row in old.to_pylist())
    for row in rows:
        which = {"added": "to", "removed": "from"}[row["_change"]]
        bag[as_key(side(row, which, names))] += 1 if which == "to" else -1
    assert +bag == Counter(as_key(row) for row in new.to_pylist())
    assert min(bag.values(), default=0) >= 0


def test_a_release_does_not_differ_from_itself(store: Store) -> None:
    table = pa.table({"k": [1, 2, 3], "a": ["甲", None, ""], "c": [0.5, float("nan"), None]})
    for key in (["k"], []):
        found, rows = compared(store, table, table, key)
        assert rows == []
        assert (found.tally().same, found.tally().cells) == (len(table), {})


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (pa.table({"k": [1, 2], "n": ["1", "x"]}), pa.table({"k": [1, 2], "n": [1, 2]}), [2]),
        (pa.table({"k": ["1", "2"], "n": [1, 2]}), pa.table({"k": [1, 2], "n": [1, 3]}), ["2"]),
    ],
)
def test_what_only_has_another_type_is_the_same(store: Store, old: pa.Table, new: pa.Table, changed: list[Any]) -> None:
    found, rows = compared(store, old, new, ["k"])
    assert [row["key.k"] for row in rows] == changed
    assert found.tally().cells == {"n": 1}


def test_a_key_that_names_two_rows_is_none(store: Store) -> None:
    old, new = pa.table({"k": [1, 1], "n": [1, 2]}), pa.table({"k": [1, 2], "n": [1, 2]})
    found, rows = compared(store, old, new, ["k"])
    assert found.key == ()
    assert [(row["_change"], row["from.k"], row["to.k"]) for row in rows] == [("added", None, 2), ("removed", 1, None)]
