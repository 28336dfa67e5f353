"""The engine: extensions by path and signed only, reopened after a fatal error, its errors in the house's words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput, Unavailable
from lifang.store import Observations, Store
from lifang.store.lake.engine import Engine
from lifang.store.lake.extensions import extension_path, load_extension

START = datetime(2019, 1, 1, tzinfo=UTC)


def one(value: float) -> Observations:
    return Observations(
        np.array([1], dtype=np.int32),
        np.array([1_546_300_800_000_000], dtype=np.int64),
        np.array([value]),
        np.array([0], dtype=np.uint8),
    )


def fail(engine: Engine) -> None:
    with engine.session():
        raise duckdb.FatalException("FATAL Error: database has been invalidated because fsync failed")


def test_after_a_fatal_error_the_next_call_finds_everything_acknowledged(store: Store) -> None:
    store.lake.append(one(1.0), subject="t")
    store.lake.write_release("numbers", 1, pa.table({"n": [1, 2]}))
    relation = store.lake.release("numbers", 1)
    reader = relation.batches()
    with pytest.raises(Unavailable, match="acknowledged is safe") as told:
        fail(store.lake._engine)
    assert "fsync failed" in told.value.where
    assert store.lake.append(one(2.0), subject="t") == 2
    assert store.lake.series(1, START, START + timedelta(days=1))["value"].to_pylist() == [2.0]
    assert relation.count() == 2
    with pytest.raises(Unavailable, match="while it was read"):
        reader.read_all()


def test_a_fatal_error_of_an_older_instance_does_not_close_the_new_one(store: Store) -> None:
    engine = store.lake._engine

    def late() -> None:
        with engine.errors():
            with pytest.raises(Unavailable):
                fail(engine)
            assert store.lake.latest().num_rows == 0
            raise duckdb.FatalException("FATAL Error: told late")

    with pytest.raises(Unavailable):
        late()
    assert engine.generation == 1


def test_a_changed_extension_is_refused(tmp_path: Path) -> None:
    body = bytearray(extension_path("ducklake").read_bytes())
    body[len(body) // 2] ^= 1
    changed = tmp_path / "ducklake.duckdb_extension"
    changed.write_bytes(body)
    with duckdb.connect(":memory:") as connection, pytest.raises(duckdb.Error, match="signature"):
        connection.load_extension(str(changed))


def test_an_extension_that_is_not_installed_is_named(store: Store) -> None:
    with store.lake._engine.session() as session, pytest.raises(Unavailable, match="no_such"):
        load_extension(session, "no_such")


@pytest.mark.parametrize(
    "statement",
    ["INSTALL spatial", "SET autoload_known_extensions = true; SELECT ST_Point(1, 2)", "SELECT * FROM nowhere"],
)
def test_what_the_engine_cannot_do_is_bad_input_or_unavailable_never_a_raw_error(store: Store, statement: str) -> None:
    with pytest.raises((BadInput, Unavailable)), store.lake._engine.session() as session:
        session.execute(statement)


def test_too_little_memory_is_told(store: Store) -> None:
    with pytest.raises(Unavailable, match="memory"), store.lake._engine.session() as session:
        session.execute("SELECT list(i) FROM range(100_000_000) t(i)").fetchall()
