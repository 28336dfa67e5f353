import threading
import time
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifang.catalogue import CHANGE, Amendment, Card, Catalogue, Change
from lifang.core import BadInput, Conflict, Denied, NotFound
from lifang.guard import SYSTEM, Role, Subject
from lifang.store import Store

pytestmark = pytest.mark.slow

CITIZEN = Subject("c", "citizen", frozenset({Role.CITIZEN}))
COLUMNS = {
    "code": {"type": "text"},
    "day": {"type": "date", "required": True},
    "n": {"type": "integer", "minimum": 0},
    "tag": {"type": "text", "unique": True},
}
FIRST = "code,day,n,tag\na,2026-01-01,1,x\nb,2026-01-02,2,y\nc,2026-01-03,3,z\n"
CARD = {"columns": COLUMNS, "key": ["code"]}


def change(catalogue: Catalogue, upserts: Any = None, deletes: Any = None, **words: Any) -> Amendment:
    """Amend dataset x by rows given as columns."""
    tables = [None if each is None else pa.table(each) for each in (upserts, deletes)]
    method = words.pop("method", "upsert")
    return catalogue.amend("x", Change(*tables, method=method), by=SYSTEM, **words)


def rows(catalogue: Catalogue, number: int | None = None) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in catalogue.dataset("x").rows(number).select(["code", "n", "tag"]).to_pylist()]


def refusals(catalogue: Catalogue) -> list[tuple[Any, ...]]:
    found = catalogue.dataset("x").refused().select().to_pylist()
    return [(each["row"], each["column"], each["value"], each["rule"]) for each in found]


def test_rows_are_replaced_in_place_deleted_and_put_at_the_end(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    upserts = {"code": ["d", "b"], "day": [date(2026, 2, 1)] * 2, "n": [4, 20], "tag": ["w", "y"]}
    done = change(catalogue, upserts, {"code": ["a"]})
    assert (done.inserted, done.updated, done.deleted, done.same, done.refused) == (1, 1, 1, 0, 0)
    assert rows(catalogue) == [("b", 20, "y"), ("c", 3, "z"), ("d", 4, "w")]
    assert rows(catalogue, 1) == [("a", 1, "x"), ("b", 2, "y"), ("c", 3, "z")]
    assert (done.release.number, done.release.rows, done.release.quality.admitted) == (2, 3, 3)
    figures = {each.name: (each.filled, each.distinct, each.minimum) for each in done.report.columns}
    assert figures["n"] == (3, 3, 3)


def test_the_change_itself_is_kept_and_told_in_lineage_and_ledger(add, catalogue: Catalogue, store: Store) -> None:
    add(FIRST, **CARD)
    with pytest.raises(NotFound, match="came whole"):
        catalogue.dataset("x").changes()
    change(catalogue, {"code": ["b"], "n": [20]}, {"code": ["a"]}, name="delivery 7")
    kept = catalogue.dataset("x").changes(2).select().to_pylist()
    assert [(each[CHANGE], each["code"], each["n"]) for each in kept] == [("update", "b", 20), ("delete", "a", 1)]
    release = catalogue.dataset("x").release()
    assert release.source_name == "delivery 7"
    assert release.provenance["amended"] == {"from": 1, "inserted": 0, "updated": 1, "deleted": 1, "same": 0}
    assert pq.read_table(catalogue.dataset("x").original())[CHANGE].to_pylist() == ["update", "delete"]
    assert ("release:x@1", "release:x@2", "amend") in [
        (each.source, each.target, each.activity) for each in catalogue.dataset("x").lineage()
    ]
    last = store.ledger.records(resource="dataset:x")[-1].entry
    assert (last.action, last.detail["release"]) == ("amend", "x@2")


def test_columns_that_do_not_come_keep_their_values(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    change(catalogue, {"code": ["b", "new"], "n": [None, 5], "day": ["2026-03-01", "2026-03-02"]})
    assert rows(catalogue) == [("a", 1, "x"), ("b", None, "y"), ("c", 3, "z"), ("new", 5, None)]


def test_bad_cells_are_reported_and_the_other_rows_are_taken(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    upserts = {
        "code": ["b", "c", "d", None, "a", "a"],
        "n": ["x", "-1", "4", "5", "6", "7"],
        "_row": [12, 13, 14, 15, 16, 17],
    }
    done = change(catalogue, upserts, {"code": ["q"], "_row": [18]})
    assert (done.updated, done.inserted, done.deleted, done.refused) == (1, 0, 0, 6)
    assert refusals(catalogue) == [
        (12, "n", "x", "type"),
        (13, "n", "-1", "range"),
        (14, "day", None, "required"),
        (15, "code", None, "required"),
        (17, "code", "a", "key"),
        (18, "code", "q", "unknown_key"),
    ]
    assert rows(catalogue) == [("a", 6, "x"), ("b", 2, "y"), ("c", 3, "z")]


def test_insert_refuses_keys_that_are_there_and_update_those_that_are_not(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    both = {"code": ["a", "d"], "day": ["2026-01-01"] * 2, "n": [7, 8]}
    assert change(catalogue, both, method="insert").inserted == 1
    assert refusals(catalogue) == [(1, "code", "a", "key")]
    both["code"] = ["a", "e"]
    assert change(catalogue, both, method="update").updated == 1
    assert refusals(catalogue) == [(2, "code", "e", "unknown_key")]
    assert [row[0] for row in rows(catalogue)] == ["a", "b", "c", "d"]


def test_a_unique_value_may_move_between_rows_but_not_be_had_twice(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    assert change(catalogue, {"code": ["a", "b"], "tag": ["y", "x"]}).updated == 2
    assert rows(catalogue) == [("a", 1, "y"), ("b", 2, "x"), ("c", 3, "z")]
    # c wants what b has; b would give it up for what a has, but a keeps it: so b keeps its own, and both are refused
    done = change(catalogue, {"code": ["a", "b", "c"], "tag": ["y", "y", "x"], "n": [9, 9, 9]})
    assert (done.updated, done.refused) == (1, 2)
    assert rows(catalogue) == [("a", 9, "y"), ("b", 2, "x"), ("c", 3, "z")]


def test_what_is_there_already_just_so_makes_no_release(add, catalogue: Catalogue, store: Store) -> None:
    add(FIRST, **CARD)
    head = store.ledger.head()
    done = change(catalogue, {"code": ["b"], "n": [2]})
    assert (done.unchanged, done.same, done.release.number) == (True, 1, 1)
    assert store.ledger.head() == head


def test_a_change_of_which_nothing_can_be_taken_is_refused_whole(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    for upserts, deletes, match in (
        ({"code": ["d"], "n": [1]}, None, "None of the 1 rows"),
        (None, {"code": ["d"]}, "None of the 1 rows"),
        ({"code": ["a"], "nn": [1]}, None, "no column 'nn'"),
        ({"n": [1]}, None, "no column 'code'"),
        ({"code": ["a"], "n": [7]}, {"code": ["a"]}, "both written and deleted"),
        (None, None, "nothing to change"),
        ({"code": ["a"], "geometry": [b"x"]}, None, "no column 'geometry'"),
    ):
        with pytest.raises(BadInput, match=match):
            change(catalogue, upserts, deletes)
    with pytest.raises(BadInput, match="no way to amend"):
        change(catalogue, {"code": ["a"]}, method="replace")
    assert len(catalogue.dataset("x").releases()) == 1


def test_who_may_not_admit_may_not_amend_and_what_is_not_there_is_not_found(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    with pytest.raises(Denied):
        catalogue.amend("x", Change(pa.table({"code": ["a"]})), by=CITIZEN)
    with pytest.raises(NotFound):
        catalogue.amend("y", Change(pa.table({"code": ["a"]})), by=SYSTEM)


def test_a_dataset_without_a_key_takes_new_rows_only(add, catalogue: Catalogue) -> None:
    add("code,n,tag\na,1,x\n", columns={name: COLUMNS[name] for name in ("code", "n", "tag")})
    with pytest.raises(BadInput, match="no key"):
        change(catalogue, {"code": ["a"], "n": [2]})
    done = change(catalogue, {"code": ["a", "a"], "n": [1, 2], "tag": ["x", None]}, method="insert")
    assert (done.inserted, done.refused) == (1, 1)
    assert refusals(catalogue)[0] == (1, "", "a, 1, x", "duplicate")


def test_an_expected_release_that_is_not_the_newest_is_a_conflict(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)
    assert change(catalogue, {"code": ["a"], "n": [5]}, expected=1).release.number == 2
    with pytest.raises(Conflict, match="at release 2, not 1"):
        change(catalogue, {"code": ["a"], "n": [6]}, expected=1)


def test_headers_of_the_file_are_understood_with_their_units(add, catalogue: Catalogue) -> None:
    columns = {"id": {"source": "编号"}, "len": {"type": "number", "unit": "m", "source_unit": "km", "source": "长度"}}
    add("编号,长度\na,1\nb,2\n", columns=columns, key=["id"])
    change(catalogue, {"编号": ["a"], "长度": ["3"]})
    change(catalogue, {"id": ["b"], "len": [7.0]})
    assert catalogue.dataset("x").rows().select().to_pylist() == [{"id": "a", "len": 3000.0}, {"id": "b", "len": 7.0}]


def test_columns_found_by_looking_are_amended_as_declared_ones_are(add, catalogue: Catalogue) -> None:
    add("Code No,n\na,1\nb,2\n", key=["code_no"])
    done = change(catalogue, {"code_no": ["b"], "n": ["many"]}, {"code_no": ["a"]})
    assert (done.deleted, done.refused) == (1, 1)


def test_geometry_is_written_with_its_bounds_or_stays(add, catalogue: Catalogue) -> None:
    columns = {"id": {}, "n": {"type": "integer"}}
    text = "id,n,lon,lat\na,1,104.0,30.6\nb,2,104.1,30.7\n"
    add(text, columns=columns, key=["id"], geometry={"lon": "lon", "lat": "lat", "required": True})
    line = shapely.to_wkb(shapely.from_wkt("LINESTRING (104.2 30.5, 104.3 30.9)"))
    assert change(catalogue, {"id": ["a", "new"], "n": [5, 5]}).refused == 1
    assert change(catalogue, {"id": ["a"], "lon": [104.05], "lat": [30.65]}).updated == 1
    done = change(catalogue, {"id": ["c"], "n": [3], "geometry": [line]}, {"id": ["b"]})
    found = catalogue.dataset("x").rows().select()
    assert shapely.to_wkt(shapely.from_wkb(found["geometry"].to_numpy()), trim=True).tolist() == [
        "POINT (104.05 30.65)",
        "LINESTRING (104.2 30.5, 104.3 30.9)",
    ]
    assert found["_xmax"].to_pylist() == [104.05, 104.3]
    assert done.release.provenance["bounds"] == [104.05, 30.5, 104.3, 30.9]
    metadata = pq.read_metadata(catalogue.dataset("x").rows().path).metadata
    assert b'"geometry_types":["LineString","Point"]' in metadata[b"geo"]
    with pytest.raises(BadInput, match="extent"):
        change(catalogue, {"id": ["a"], "geometry": [shapely.to_wkb(shapely.Point(0, 0))]})


def test_a_card_that_changed_since_is_a_conflict(add, catalogue: Catalogue, store: Store) -> None:
    add(FIRST, **CARD)
    newer = Card.from_mapping({"id": "x", **CARD, "columns": {**COLUMNS, "n": {"type": "number"}}})
    with store.registry.transaction() as transaction:
        transaction.update("dataset", "x", {"metadata": newer.to_mapping()})
    again = Catalogue(store, catalogue._clock, catalogue._amendments._settings)
    with pytest.raises(Conflict, match="column 'n' differs"):
        change(again, {"code": ["a"], "n": [1]})


def test_a_registration_that_fails_leaves_nothing(add, catalogue: Catalogue, store: Store, monkeypatch) -> None:
    add(FIRST, **CARD)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no")

    with monkeypatch.context() as patch:
        patch.setattr("lifang.catalogue.amending.amend.record_release", fail)
        with pytest.raises(OSError, match="no"):
            change(catalogue, {"code": ["a"], "n": [5]})
    assert len(catalogue.dataset("x").releases()) == 1
    with pytest.raises(NotFound):
        store.lake.changes("x", 2)
    assert change(catalogue, {"code": ["a"], "n": [6]}).release.number == 2
    assert rows(catalogue)[0] == ("a", 6, "x")


def test_changes_at_the_same_time_all_count(add, catalogue: Catalogue) -> None:
    add(FIRST, **CARD)

    def insert(number: int) -> None:
        change(catalogue, {"code": [f"k{number}"], "day": ["2026-01-01"], "n": [number]})

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(catalogue.dataset("x").releases()) == 7
    assert {row[0] for row in rows(catalogue)} == {"a", "b", "c", *(f"k{number}" for number in range(6))}


KEYS = st.sampled_from("abcdef")
STEP = st.tuples(st.dictionaries(KEYS, st.integers(0, 9) | st.none(), max_size=4), st.sets(KEYS, max_size=3))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=4))
def test_any_run_of_changes_gives_what_a_dictionary_gives(add, catalogue: Catalogue, steps) -> None:
    columns = {"code": {}, "n": {"type": "integer"}, "v": {"type": "integer"}}
    add(f"code,n,v\na,1,{time.monotonic_ns()}\nb,2,0\n", columns=columns, key=["code"])
    wanted: dict[str, int | None] = {"a": 1, "b": 2}
    for upserts, gone in steps:
        deletes = sorted(gone - upserts.keys())
        numbers = pa.array(upserts.values(), pa.int64())
        tables = {"code": list(upserts), "n": numbers}, {"code": pa.array(deletes, pa.string())}
        before = dict(wanted)
        wanted |= upserts
        for key in deletes:
            wanted.pop(key, None)
        if wanted == before and not upserts:
            with pytest.raises(BadInput):
                change(catalogue, *tables)
            continue
        if not wanted:
            return
        change(catalogue, *tables)
        found = catalogue.dataset("x").rows().select(["code", "n"]).to_pylist()
        assert {each["code"]: each["n"] for each in found} == wanted


def test_a_few_rows_of_many_are_amended_across_row_groups(add, catalogue: Catalogue, tmp_path) -> None:
    count = 250_000
    path = tmp_path / "many.parquet"
    pq.write_table(pa.table({"code": np.arange(count), "n": np.arange(count)}), path)
    add(path, file="many.parquet", columns={"code": {"type": "integer"}, "n": {"type": "integer"}}, key=["code"])
    touched = np.arange(2, count, 997)
    done = change(catalogue, {"code": touched, "n": -touched}, {"code": touched + 1})
    assert (done.updated, done.deleted) == (len(touched), len(touched))
    found = catalogue.dataset("x").rows().select()
    expected = np.delete(np.arange(count), touched + 1)
    assert np.array_equal(found["code"].to_numpy(), expected)
    assert np.array_equal(found["n"].to_numpy(), np.where(np.isin(expected, touched), -expected, expected))
