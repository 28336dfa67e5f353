"""Releases: Parquet as written, catalogued, immutable; read lazily with conditions that are data, never SQL."""

import hashlib
import json
import struct
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.others import as_others_see_it

from lifang.core import BadInput, Box, Conflict, ManualClock, NotFound
from lifang.store import Condition, Relation, Store

pytestmark = pytest.mark.slow

GEO = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
NAMES = ["武侯区", "锦江区", "青羊区", "Wuhou 'x'; DROP TABLE r1; --", "成华区", None]


def point(lon: float, lat: float) -> bytes:
    return struct.pack("<BIdd", 1, 1, lon, lat)


def districts() -> pa.Table:
    lon = [104.0, 104.1, 104.2, 104.3, 104.4, 104.5]
    table = pa.table(
        {
            "code": pa.array([510107, 510104, 510105, 1, 510108, None], pa.int64()),
            'name "zh"': NAMES,
            "seen": pa.array([datetime(2019, 1, day, tzinfo=UTC) for day in range(1, 7)], pa.timestamp("us", "UTC")),
            "on": pa.array([date(2019, 1, day) for day in range(1, 7)], pa.date32()),
            "flag": pa.array([0, 1, 2, 3, 4, 255], pa.uint8()),
            "kind": pa.array(["a", "b", "a", "a", "b", None]).dictionary_encode(),
            "geometry": pa.array([point(each, 30.5) for each in lon], pa.binary()),
            **dict.fromkeys(("_xmin", "_xmax"), lon),
            **{name: [30.5] * 6 for name in ("_ymin", "_ymax")},
        }
    )
    return table.replace_schema_metadata({"geo": json.dumps(GEO)})


@pytest.fixture
def relation(store: Store) -> Relation:
    store.lake.write_release("districts", 1, districts())
    return store.lake.release("districts", 1)


def codes(relation: Relation, *conditions: Condition, **how: Any) -> list[int | None]:
    found: list[int | None] = relation.select(["code"], where=conditions, **how)["code"].to_pylist()
    return found


def test_the_file_is_what_was_given_and_says_so(store: Store) -> None:
    written = store.lake.write_release("districts", 1, districts())
    assert (written.rows, written.bytes) == (6, written.path.stat().st_size)
    assert written.sha256 == hashlib.sha256(written.path.read_bytes()).hexdigest()
    told = pq.ParquetFile(written.path)
    assert json.loads(told.schema_arrow.metadata[b"geo"]) == GEO
    assert told.metadata.row_group(0).column(0).compression == "ZSTD"
    assert told.read().column('name "zh"').to_pylist() == NAMES


def test_rows_come_back_typed_and_in_file_order(relation: Relation) -> None:
    table = relation.select()
    assert table.column_names == districts().column_names
    assert table["geometry"].to_pylist()[0] == point(104.0, 30.5)
    assert table["geometry"].type == pa.binary()
    assert table["seen"].type == pa.timestamp("us", "UTC")
    assert table["flag"].to_pylist() == [0, 1, 2, 3, 4, 255]
    assert table["kind"].to_pylist() == ["a", "b", "a", "a", "b", None]
    assert {each.name: each.type for each in relation.columns}["seen"] == "TIMESTAMP WITH TIME ZONE"


def test_a_stream_of_batches_is_grouped_and_counted(store: Store) -> None:
    schema = pa.schema({"n": pa.int64()})
    parts = (pa.record_batch({"n": pa.array(range(start, start + 30_000))}) for start in range(0, 240_000, 30_000))
    written = store.lake.write_release("numbers", 1, pa.RecordBatchReader.from_batches(schema, parts))
    told = pq.ParquetFile(written.path).metadata
    assert (written.rows, told.num_row_groups) == (240_000, 4)
    relation = store.lake.release("numbers", 1)
    assert relation.count() == 240_000
    reader = relation.batches(where=[Condition("n", ">=", 239_000)], batch_rows=500)
    assert sum(batch.num_rows for batch in reader) == 1000


def test_no_rows_are_a_release_too(store: Store) -> None:
    store.lake.write_release("empty", 1, districts().slice(0, 0))
    relation = store.lake.release("empty", 1)
    assert (relation.count(), relation.select().num_rows, relation.distinct("kind")) == (0, 0, [])
    assert relation.batches().read_all().column_names == districts().column_names


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("code", "=", 510105), [510105]),
        (Condition("code", "=", "510105"), [510105]),
        (Condition("code", "!=", 1), [510107, 510104, 510105, 510108]),
        (Condition("code", "<", 510105), [510104, 1]),
        (Condition("code", ">=", 510107), [510107, 510108]),
        (Condition("code", "in", [1, 510108, 7]), [1, 510108]),
        (Condition("code", "isnull"), [None]),
        (Condition('name "zh"', "notnull"), [510107, 510104, 510105, 1, 510108]),
        (Condition('name "zh"', "contains", "侯"), [510107]),
        (Condition('name "zh"', "contains", "wuhou 'X'; drop"), [1]),
        (Condition('name "zh"', "prefix", "锦"), [510104]),
        (Condition('name "zh"', "=", "' OR 1=1 --"), []),
        (Condition("seen", ">", datetime(2019, 1, 5, tzinfo=UTC)), [None]),
        (Condition("on", "<=", date(2019, 1, 1)), [510107]),
        (Condition("kind", "in", ("b",)), [510104, 510108]),
    ],
)
def test_conditions_choose_rows(relation: Relation, condition: Condition, expected: list[int | None]) -> None:
    assert codes(relation, condition) == expected
    assert relation.count(where=[condition]) == len(expected)


def test_box_order_limit_and_offset(relation: Relation) -> None:
    assert codes(relation, bbox=Box(104.05, 30, 104.25, 31)) == [510104, 510105]
    assert codes(relation, order=["code"]) == [1, 510104, 510105, 510107, 510108, None]
    assert codes(relation, order=["code"], descending=True, limit=2, offset=1) == [510107, 510105]
    assert codes(relation, order=["kind"]) == [510107, 510105, 1, 510104, 510108, None]
    assert codes(relation, limit=0) == []
    assert relation.distinct("kind", 2) == [("a", 3), ("b", 2)]


@pytest.mark.parametrize(
    "how",
    [
        {"columns": ["nonsense"]},
        {"columns": []},
        {"order": ['code"; DROP TABLE x; --']},
        {"where": [Condition("nonsense", "=", 1)]},
        {"where": [Condition("code", "like", 1)]},  # type: ignore[arg-type]
        {"where": [Condition("code", "=", None)]},
        {"where": [Condition("code", "in", [])]},
        {"where": [Condition("code", "=", "north")]},
        {"where": [Condition("code", "=", object())]},
        {"where": [Condition('name "zh"', "contains", "\ud800")]},
        {"limit": -1},
        {"offset": -1},
    ],
)
def test_what_does_not_fit_is_refused(relation: Relation, how: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        relation.select(**how)
    with pytest.raises(BadInput):
        relation.batches(**how).read_all()


def test_a_box_needs_a_geometry(store: Store) -> None:
    store.lake.write_release("plain", 1, pa.table({"a": [1]}))
    with pytest.raises(BadInput):
        store.lake.release("plain", 1).select(bbox=Box(0, 0, 1, 1))


def test_releases_never_change_and_refused_rows_lie_beside(store: Store) -> None:
    store.lake.write_release("districts", 1, districts(), refused=pa.table({"row": [7], "rule": ["range"]}))
    with pytest.raises(Conflict):
        store.lake.write_release("districts", 1, districts())
    store.lake.write_release("districts", 2, districts().slice(0, 2))
    assert store.lake.release("districts", 1).count() == 6
    assert store.lake.release("districts", 2).count() == 2
    assert store.lake.refused("districts", 1).select().to_pylist() == [{"row": 7, "rule": "range"}]
    for missing in (lambda: store.lake.release("districts", 3), lambda: store.lake.refused("districts", 2)):
        with pytest.raises(NotFound):
            missing()


def test_a_release_that_was_never_registered_can_be_taken_back(store: Store) -> None:
    written = store.lake.write_release("districts", 1, districts())
    store.lake.discard_release("districts", 1)
    assert not written.path.exists()
    with pytest.raises(NotFound):
        store.lake.release("districts", 1)
    store.lake.write_release("districts", 1, districts().slice(0, 1))
    assert store.lake.release("districts", 1).count() == 1


def register(store: Store, dataset: str = "districts", number: int = 1) -> None:
    now = datetime(2019, 1, 1, tzinfo=UTC)
    with store.registry.transaction() as tx:
        if tx.get("dataset", dataset) is None:
            tx.insert("dataset", {"id": dataset, "created": now, "updated": now})
        tx.insert("release", {"id": f"{dataset}@{number}", "dataset": dataset, "number": number, "recorded": now})


def test_a_registered_release_cannot_be_taken_back(store: Store) -> None:
    store.lake.write_release("districts", 1, districts())
    register(store)
    with pytest.raises(Conflict):
        store.lake.discard_release("districts", 1)
    assert store.lake.release("districts", 1).count() == 6


def test_what_a_dead_process_left_unregistered_gives_way(store: Store, clock: ManualClock) -> None:
    store.lake.write_release("districts", 1, districts(), refused=pa.table({"row": [7]}))
    store.close()
    with Store.open(store.folder, clock=clock) as again:
        again.lake.write_release("districts", 1, districts().slice(0, 1))
        assert again.lake.release("districts", 1).count() == 1
        with pytest.raises(NotFound):
            again.lake.refused("districts", 1)
        register(again)
    with Store.open(store.folder, clock=clock) as again, pytest.raises(Conflict):
        again.lake.write_release("districts", 1, districts())


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": [1], "A": [2]}),
        pa.table({"": [1]}),
        pa.table({"a\0b": [1]}),
        pa.table({"File_Row_Number": [1]}),
        pa.table({}),
        pa.table({"a": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}),
    ],
)
def test_columns_that_cannot_be_are_refused_and_nothing_is_left(store: Store, table: pa.Table) -> None:
    with pytest.raises(BadInput):
        store.lake.write_release("odd", 1, table)
    assert not list((store.folder / "lake").rglob("*.par*"))
    with pytest.raises(NotFound):
        store.lake.release("odd", 1)


def test_other_programs_read_registered_releases_as_tables_of_ducklake(store: Store) -> None:
    rows = pa.table({"n": [1, 2, 3]})
    store.lake.write_release("numbers", 1, rows, refused=pa.table({"row": [7]}))
    store.lake.write_extract("numbers", 1, "k1", rows.to_reader())
    store.lake.write_release("numbers", 2, rows)
    register(store, "numbers", 1)
    assert not store.lake.tell_ducklake()
    register(store, "numbers", 2)
    assert not store.lake.tell_ducklake()
    store.close()
    with as_others_see_it(store.folder) as seen:
        tables = seen.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        assert tables == [("numbers", "r1"), ("numbers", "r1_refused"), ("numbers", "r2")]
        assert seen.execute("SELECT sum(n) FROM numbers.r2").fetchall() == [(6,)]
        assert seen.execute("SELECT * FROM numbers.r1_refused").fetchall() == [(7,)]


def test_ducklake_learns_of_what_an_earlier_run_left_untold_and_in_turns(store: Store, clock: ManualClock) -> None:
    for number in range(1, 24):
        store.lake.write_release("numbers", number, pa.table({"n": [number]}))
        register(store, "numbers", number)
    store.close()
    with Store.open(store.folder, clock=clock, threads=1) as again:
        assert [again.lake.tell_ducklake(), again.lake.tell_ducklake(), again.lake.tell_ducklake()] == [
            True,
            False,
            False,
        ]
    with as_others_see_it(store.folder) as seen:
        assert seen.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(23,)]


def test_what_is_erased_is_in_no_file_of_the_lake(store: Store) -> None:
    for dataset in ("kept", "secretwells"):
        store.lake.write_release(dataset, 1, pa.table({"depth_of_the_vault": ["seven"]}))
        register(store, dataset, 1)
    store.lake.tell_ducklake()
    with store.registry.transaction() as tx:
        tx.delete("release", "secretwells@1")
    store.lake.erase_releases("secretwells", [1])
    store.lake.erase_releases("secretwells", [1])
    store.lake.checkpoint()
    assert store.lake.release("kept", 1).count() == 1
    store.close()
    assert not [path for path in store.folder.joinpath("lake").rglob("*") if "secretwells" in str(path)]
    assert b"secretwells" not in (store.folder / "lake" / "releases.ducklake").read_bytes()
    with as_others_see_it(store.folder) as seen:
        assert seen.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall() == [("kept", "r1")]


@pytest.mark.parametrize("dataset", ["../up", "Upper", "a/b", "", "a'b"])
def test_a_dataset_is_named_by_a_slug(store: Store, dataset: str) -> None:
    with pytest.raises(BadInput):
        store.lake.write_release(dataset, 1, districts())


def test_a_reader_that_breaks_half_way_leaves_nothing(store: Store) -> None:
    def broken() -> Any:
        yield pa.record_batch({"n": [1]})
        raise BadInput("row 2 is bad.")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), broken())
    with pytest.raises((BadInput, pa.ArrowInvalid)):
        store.lake.write_release("numbers", 1, reader)
    assert not [path for path in (store.folder / "lake" / "releases").rglob("*") if path.is_file()]


def test_threads_share_a_relation(relation: Relation) -> None:
    counts: list[int] = []

    def read() -> None:
        counts.extend(relation.select(limit=3).num_rows + relation.count() for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [9] * 30


def test_releases_follow_their_folder_when_it_moves(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    store.lake.write_release("districts", 1, districts())
    store.close()
    store.folder.rename(tmp_path / "elsewhere")
    with Store.open(tmp_path / "elsewhere", clock=clock) as moved:
        assert moved.lake.release("districts", 1).count() == 6
        moved.lake.write_release("districts", 2, districts())
        assert moved.lake.release("districts", 2).count() == 6


def test_rows_are_matched_with_keys_by_their_place_in_the_file(store: Store) -> None:
    count = 200_000
    store.lake.write_release("roads", 1, pa.table({"a": range(count), "b": ["x", None] * (count // 2)}))
    keys = pa.table({"a": [count - 1, -5, 7, 7], "b": pa.array([None, "x", None, "x"])})
    found = store.lake.release("roads", 1).matching(keys).to_pylist()
    assert found == [
        {"_key": 0, "_position": count - 1, "a": count - 1, "b": None},
        {"_key": 2, "_position": 7, "a": 7, "b": None},
    ]


def test_what_is_destroyed_between_the_looking_and_the_reading_is_not_found(relation: Relation, store: Store) -> None:
    relation.path.unlink()
    with pytest.raises(NotFound):
        relation.count()
    with pytest.raises(NotFound):
        relation.batches()
