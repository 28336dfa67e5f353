"""Objects through time: what is recorded later closes what was said before, and every past view stays what it was."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifang.core import BadInput, Box, Conflict, ManualClock, TooLarge, to_micros
from lifang.store import FOREVER, OBJECT_COLUMNS, Call, Field, Geometry, Literal, ObjectQuery, Store
from lifang.store.lake.objects import changes


def row(object_id: str, start: int, end: int = FOREVER, **more: Any) -> dict[str, Any]:
    shape = {"lod": "1", "kind": "footprint", "wkb": b"\x01", "base_m": 0.0, "top_m": 9.0, "detail": None}
    return {
        "id": object_id,
        "model": "m",
        "class": "Building",
        "category": "base",
        "level": 2,
        "stage": "operation",
        "parent": "",
        "name": "",
        "west": 104.0,
        "south": 30.0,
        "east": 104.001,
        "north": 30.001,
        "bottom_m": 0.0,
        "top_m": 9.0,
        "cell": 1,
        "geometry": [shape],
        "properties": "{}",
        "classification": "open",
        "valid_from": start,
        "valid_to": end,
        **more,
    }


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), OBJECT_COLUMNS)


def names(store: Store, valid: int, recorded: int | None = None) -> dict[str, str]:
    found = store.lake.objects.read(ObjectQuery(valid, recorded), ["id", "name"])
    return dict(zip(found["id"].to_pylist(), found["name"].to_pylist(), strict=True))


def test_a_later_version_holds_from_its_time_on_and_the_earlier_until_then(store: Store) -> None:
    store.lake.objects.record(table(row("a", 0, name="old")), subject="x")
    store.lake.objects.record(table(row("a", 100, name="new")), subject="x")
    assert names(store, 99) == {"a": "old"}
    assert names(store, 100) == {"a": "new"}


def test_what_was_known_at_a_moment_stays_known(store: Store, clock: ManualClock) -> None:
    store.lake.objects.record(table(row("a", 0, name="wrong")), subject="x")
    before = to_micros(clock.now())
    clock.advance(timedelta(hours=1))
    store.lake.objects.record(table(row("a", 0, name="right")), subject="x")
    assert names(store, 50, before) == {"a": "wrong"}
    assert names(store, 50) == {"a": "right"}


def test_a_correction_of_a_part_leaves_the_time_around_it_as_it_was(store: Store) -> None:
    store.lake.objects.record(table(row("a", 0, name="long")), subject="x")
    store.lake.objects.record(table(row("a", 100, 200, name="rebuilt")), subject="x")
    assert [names(store, at)["a"] for at in (0, 99, 100, 199, 200, 10**9)] == [
        "long", "long", "rebuilt", "rebuilt", "long", "long",
    ]  # fmt: skip


@pytest.mark.parametrize("span", [(0, 100), (100, 200), (0, 200), (50, 100), (100, 150)])
def test_what_is_known_now_has_no_empty_time_and_no_moment_twice(store: Store, span: tuple[int, int]) -> None:
    store.lake.objects.record(table(row("a", 0, 100, name="first")), subject="x")
    store.lake.objects.record(table(row("a", 100, 200, name="second")), subject="x")
    store.lake.objects.record(table(row("a", *span, name="third")), subject="x")
    now = [each for each in store.lake.objects.history("a").to_pylist() if each["recorded_to"] == FOREVER]
    times = sorted((each["valid_from"], each["valid_to"]) for each in now)
    assert all(start < end for start, end in times)
    assert [start for start, _ in times[1:]] == [end for _, end in times[:-1]]
    assert (times[0][0], times[-1][1]) == (0, 200)


def test_what_a_whole_no_longer_names_ends_if_it_holds_then(store: Store) -> None:
    objects = store.lake.objects
    objects.record(table(row("a", 100), row("b", 0, 100), row("c", 0), row("d", 101)), subject="x")
    change = objects.record(table(row("c", 100)), subject="x", whole="m", at=100)
    assert (change.ended, names(store, 99).keys()) == (1, {"b", "c"})  # of a; b had ended, d had not begun
    assert names(store, 100).keys() == {"c"}
    assert names(store, 101).keys() == {"c", "d"}


def test_the_same_again_changes_nothing(store: Store) -> None:
    first = store.lake.objects.record(table(row("a", 0)), subject="x")
    again = store.lake.objects.record(table(row("a", 0)), subject="x")
    assert (first.rows, again.rows, again.replaced, again.unchanged) == (1, 0, 0, 1)
    assert len(store.lake.objects.history("a")) == 1
    assert [len(store.lake.objects.history("a", classes)) for classes in ([], ["restricted"], ["open"])] == [0, 0, 1]
    assert store.lake.objects.last_change == 1


def test_a_change_is_taken_back_and_stays_known_as_it_was(store: Store, clock: ManualClock) -> None:
    objects = store.lake.objects
    objects.record(table(row("a", 0, 100, name="first"), row("b", 0)), subject="x")
    objects.record(table(row("a", 100, name="second")), subject="x")
    before = objects.known
    clock.advance(timedelta(hours=1))
    objects.record(table(row("b", 50, stage="planned")), subject="x", gone=["a"], at=50)
    planned = objects.known
    assert names(store, 150) == {"b": ""}
    clock.advance(timedelta(hours=1))
    back = objects.revert(["a", "b"], after=before, subject="y")
    assert (back.subject, back.rows) == ("y", 3)  # two versions of a, one of b
    views = [store.lake.objects.read(ObjectQuery(at)).drop(["recorded_from"]) for at in (0, 60, 150)]
    assert views == [store.lake.objects.read(ObjectQuery(at, before)).drop(["recorded_from"]) for at in (0, 60, 150)]
    assert names(store, 150, planned) == {"b": ""}  # what was known meanwhile stays known
    again = objects.revert(["a", "b"], after=before, subject="y")
    assert (again.rows, again.replaced) == (0, 0)
    assert objects.known >= to_micros(back.recorded)


def test_what_was_changed_again_is_not_taken_back(store: Store) -> None:
    objects = store.lake.objects
    objects.record(table(row("a", 0), row("b", 0)), subject="x")
    before = objects.known
    objects.end(["a", "b"], at=50, subject="x")
    objects.record(table(row("b", 80, name="new")), subject="x")
    with pytest.raises(Conflict, match="changed again"):
        objects.revert(["a", "b"], after=before, subject="x")
    assert names(store, 90) == {"b": "new"}
    objects.revert(["a"], after=before, subject="x")
    assert names(store, 90) == {"a": "", "b": "new"}


def test_an_object_that_ends_is_gone_from_then_on_and_was_there_before(store: Store) -> None:
    store.lake.objects.record(table(row("a", 0), row("b", 0)), subject="x")
    assert store.lake.objects.end(["a"], at=500, subject="x").replaced == 1
    assert set(names(store, 499)) == {"a", "b"}
    assert set(names(store, 500)) == {"b"}


def test_more_rows_than_a_row_group_are_all_kept(tmp_path: Path, clock: ManualClock) -> None:
    """DuckDB 1.5.5 loses a great insert that follows an empty one in its transaction: ours is one insert."""
    ids = pa.array([f"o{number}" for number in range(129_000)], pa.string())
    whole = table(row("o", 0)).take(pa.array(np.zeros(len(ids), np.int64))).set_column(0, "id", ids)
    with Store.open(tmp_path / "city", clock=clock, memory_mb=256, threads=1) as store:
        store.lake.objects.record(whole, subject="x")
        assert store.lake.objects.count(ObjectQuery(0))["count"].to_pylist() == [len(ids)]


def test_two_moments_differ_in_what_was_added_removed_moved_or_changed(store: Store) -> None:
    store.lake.objects.record(table(row("same", 0), row("gone", 0, 50), row("moved", 0), row("named", 0)), subject="x")
    store.lake.objects.record(
        table(row("new", 60), row("moved", 60, west=103.9), row("named", 60, name="n")), subject="x"
    )
    found = store.lake.objects.difference(ObjectQuery(10), ObjectQuery(70)).to_pylist()
    assert {each["id"]: each["change"] for each in found} == {
        "gone": "removed", "moved": "moved", "named": "changed", "new": "added",
    }  # fmt: skip


def test_who_reads_does_not_wait_for_a_change_and_sees_what_was_before(store: Store) -> None:
    store.lake.objects.record(table(row("a", 0)), subject="x")
    seen: list[dict[str, str]] = []
    with store.lake.changing_objects():
        store.lake.objects.record(table(row("b", 0)), subject="x")
        store.lake.objects.end(["a"], at=1, subject="x")
        assert list(names(store, 2)) == ["b"]  # who changes sees what comes of it
        reading = threading.Thread(target=lambda: seen.append(names(store, 2)))
        reading.start()
        reading.join(10)
        assert [list(each) for each in seen] == [["a"]]
    assert list(names(store, 2)) == ["b"]
    assert len(store.lake.object_changes(after=0)) == 3


def test_changes_that_belong_together_are_all_taken_or_none(store: Store) -> None:
    def both() -> None:
        with store.lake.changing_objects():
            store.lake.objects.record(table(row("a", 0)), subject="x")
            store.lake.objects.record(table(row("b", 5, 5)), subject="x")

    with pytest.raises(BadInput, match="empty"):
        both()
    assert names(store, 2) == {}
    assert (store.lake.object_changes(after=0), store.lake.objects.last_change) == ([], 0)


@pytest.mark.parametrize(
    ("rows", "says"), [([row("a", 0), row("a", 9)], "stands there twice"), ([row("a", 5, 5)], "is empty")]
)
def test_a_change_that_contradicts_itself_is_refused_whole(store: Store, rows: list[Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        store.lake.objects.record(table(row("good", 0), *rows), subject="x")
    assert names(store, 7) == {}


def test_every_condition_narrows(store: Store) -> None:
    store.lake.objects.record(
        table(row("a", 0, name="市政府"), row("b", 0, west=105.0, east=105.1, classification="restricted", cell=2)),
        subject="x",
    )

    def ids(**more: Any) -> list[str]:
        return list(store.lake.objects.read(ObjectQuery(5, **more), ["id"])["id"].to_pylist())

    assert ids(box=Box(103.9, 29.9, 104.1, 30.1)) == ["a"]
    assert ids(classifications=["restricted"]) == ["b"]
    assert ids(cells=[2]) == ["b"]
    assert ids(text="政府") == ["a"]
    assert ids(after="a") == ["b"]
    assert ids(classes=[]) == []


def test_values_as_common_as_others_are_told_in_one_order(store: Store) -> None:
    many = [row(f"o{number:03d}", 0, properties=json.dumps({"built": f"{number % 30:02d}"})) for number in range(91)]
    store.lake.objects.record(table(*many), subject="x")
    (told,) = store.lake.objects.properties(ObjectQuery(1)).to_pylist()
    assert (told["count"], told["numbers"], told["values"]) == (91, 0, [f"{number:02d}" for number in range(12)])


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(1, 6), st.sampled_from("xyz")),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_as_of_equals_a_replay_without_gaps_or_overlaps(
    store: Store, clock: ManualClock, changes: list[tuple[str, int, int, str]]
) -> None:
    """The oracle writes each change over a list of instants; the store must tell the same, now and as of each past."""
    prefix = f"{store.lake.objects.last_change}-"
    truth: dict[tuple[str, int], str] = {}
    seen: list[tuple[int, dict[tuple[str, int], str]]] = []
    for each, start, length, said in changes:
        object_id = prefix + each
        store.lake.objects.record(table(row(object_id, start, start + length, name=said)), subject="x")
        truth |= {(object_id, at): said for at in range(start, start + length)}
        seen.append((to_micros(clock.now()), dict(truth)))
        clock.advance(timedelta(seconds=1))
    for recorded, told in seen:
        for at in range(15):
            found = store.lake.objects.read(
                ObjectQuery(at, recorded + 500_000, ids=[prefix + "a", prefix + "b"]), ["id", "name"]
            )
            rows = list(zip(found["id"].to_pylist(), found["name"].to_pylist(), strict=True))
            assert rows == sorted((key[0], name) for key, name in told.items() if key[1] == at)


def test_a_backup_holds_the_objects(store: Store, tmp_path: Any, clock: ManualClock) -> None:
    store.lake.objects.record(table(row("a", 0, name="kept")), subject="x")
    store.backup(tmp_path / "backup.tar")
    Store.restore(tmp_path / "backup.tar", tmp_path / "again")
    with Store.open(tmp_path / "again", clock=clock, memory_mb=64, threads=1) as again:
        assert names(again, 5) == {"a": "kept"}


def test_a_change_that_a_crash_left_without_its_record_is_in_the_ledger_once_after_opening(
    tmp_path: Path, clock: ManualClock
) -> None:
    for _ in range(3):
        with Store.open(tmp_path / "city", clock=clock, memory_mb=64, threads=1) as store:
            if not store.lake.objects.last_change:
                store.record_change(store.lake.objects.record(table(row("a", 0)), subject="x"), model="m")
                store.lake.objects.record(table(row("b", 0)), subject="y")
    with Store.open(tmp_path / "city", clock=clock, memory_mb=64, threads=1) as store:
        found = [each.entry for each in store.ledger.records() if each.entry.resource.startswith("objects:")]
    assert [(each.resource, each.subject, "recovered" in each.detail) for each in found] == [
        ("objects:1", "x", False),
        ("objects:2", "y", True),
    ]


def test_what_is_asked_by_id_is_looked_up_in_the_index_and_not_read_through(store: Store) -> None:
    objects = store.lake.objects
    objects.record(table(*(row(f"o{n}", 0, parent=f"p{n % 7}") for n in range(100))), subject="x")
    two, some = {"ids": ["o1", "o2"]}, {"parents": ["p3"]}
    for among, wanted in ((two, ["o1", "o2"]), (some, sorted(f"o{n}" for n in range(3, 100, 7)))):
        query = ObjectQuery(5, classifications=["open"], **among)
        statement, values = objects.reading(query, ["id"])
        with objects._changes.session() as session:
            ((_, plan),) = session.execute(f"EXPLAIN ANALYZE {statement}", values).fetchall()
        assert "Index Scan" in plan
        assert "Sequential Scan" not in plan
        assert objects.read(query, ["id"])["id"].to_pylist() == wanted


def test_only_the_outlines_of_what_meets_the_rest_of_a_query_are_made(store: Store) -> None:
    """An outline of many faces takes long: a question about one model waits for no other's."""
    shape = {"lod": "1", "kind": "footprint", "base_m": 0.0, "top_m": 9.0, "detail": None}
    outline = shapely.to_wkb(shapely.box(104.0, 30.0, 104.001, 30.001))
    store.lake.objects.record(table(row("b", 0, model="n", geometry=[{**shape, "wkb": outline}])), subject="x")
    others = [row(f"a{n}", 0) for n in range(5000)]  # whose shapes are none: to make an outline of them fails
    store.lake.objects.record(table(*others), subject="x")
    cut = Geometry(shapely.box(104.0005, 29.9, 104.1, 30.1).wkt)
    where = Call("st_intersects", (Field("geometry"), Literal(cut)))
    found = store.lake.objects.read(ObjectQuery(0, models=("n",), where=where), ["id"])
    assert found["id"].to_pylist() == ["b"]
    within = Call("st_within", (Field("geometry"), Literal(Geometry(shapely.box(103, 29, 105, 31).wkt))))
    assert store.lake.objects.count(ObjectQuery(0, where=within))["count"].to_pylist() == [5001]  # by their bounds


def test_a_comparison_of_outlines_that_takes_too_long_is_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_OUTLINES_S", 0.1)
    endless = "SELECT count(*) FROM range(1000000000000) AS t(i) WHERE ST_X(ST_Point(i, 0)) < 0"
    with pytest.raises(TooLarge, match="so many outlines"):
        store.lake.objects._asked(endless, [])
    assert store.lake.objects.count(ObjectQuery(0))["count"].to_pylist() == [0]
