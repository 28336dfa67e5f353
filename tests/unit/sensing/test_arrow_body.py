from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from lifang.core import BadInput, TooLarge
from lifang.sensing import Quality, decode_arrow

TIMES = pa.array([datetime(2019, 1, 1, hour, tzinfo=UTC) for hour in (0, 1, 2)], pa.timestamp("us", "UTC"))


def table(**columns: Any) -> pa.Table:
    return pa.table({"datastream": pa.array([1, 2, 1], pa.int32()), "time": TIMES, "value": [1.0, 2.0, 3.0], **columns})


def stream(rows: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(rows, max_chunksize=2)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint64()])
def test_numbers_are_read_from_any_integer_column(kind: pa.DataType) -> None:
    found = decode_arrow(stream(table(datastream=pa.array([1, 2, 1], kind))))
    assert [found.references[row] for row in found.index] == [1, 2, 1]
    assert found.value.tolist() == [1.0, 2.0, 3.0]
    assert (found.time - found.time[0]).tolist() == [0, 3_600_000_000, 7_200_000_000]


@pytest.mark.parametrize(
    "ids",
    [
        pa.array(["a.b", "c", "a.b"]),
        pa.array(["a.b", "c", "a.b"], pa.large_string()),
        pa.array(["a.b", "c", "a.b"]).dictionary_encode(),
    ],
)
def test_ids_are_read_from_text_and_dictionaries(ids: pa.Array) -> None:
    found = decode_arrow(stream(table(datastream=ids)))
    assert [found.references[row] for row in found.index] == ["a.b", "c", "a.b"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_and_zone_of_time_is_the_same_moment(unit: str) -> None:
    times = TIMES.cast(pa.timestamp(unit, "Asia/Shanghai"))
    assert decode_arrow(stream(table(time=times))).time.tolist() == TIMES.cast(pa.int64()).to_pylist()


def test_quality_comes_as_word_or_code_and_nothing_is_good() -> None:
    words = decode_arrow(stream(table(quality=["suspect_range", None, "good"])))
    assert words.quality.tolist() == [Quality.SUSPECT_RANGE, Quality.GOOD, Quality.GOOD]
    codes = decode_arrow(stream(table(quality=pa.array([0, 2, None], pa.uint8()))))
    assert codes.quality.tolist() == [Quality.GOOD, Quality.SUSPECT_FLAT, Quality.GOOD]


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        ({"value": [1.0, float("nan"), 2.0]}, "row 1, column value"),
        ({"value": [1.0, 2.0, float("inf")]}, "row 2, column value"),
        ({"value": pa.array([1.0, 2.0, None])}, "row 2, column value"),
        ({"time": TIMES.take(pa.array([0, None, 2]))}, "row 1, column time"),
        ({"time": pa.array([0, -(2**60), 1], TIMES.type)}, "row 1, column time"),
        ({"datastream": pa.array([1, None, 2])}, "row 1, column datastream"),
        ({"quality": ["good", "good", "fine"]}, "row 2, column quality"),
        ({"quality": [0, 9, 0]}, "row 1, column quality"),
        ({"datastream": pa.array([1, 2, 2**63], pa.uint64())}, "column datastream"),
        ({"time": TIMES.cast(pa.timestamp("us"))}, "schema, time"),
        ({"value": ["1", "2", "3"]}, "schema, value"),
        ({"value": [True, False, True]}, "schema, value"),
        ({"datastream": [1.0, 2.0, 3.0]}, "schema, datastream"),
        ({"extra": [1, 2, 3]}, "schema"),
    ],
)
def test_a_fault_is_named_by_row_and_column(columns: dict[str, Any], place: str) -> None:
    with pytest.raises(BadInput) as caught:
        decode_arrow(stream(table(**columns)))
    assert caught.value.where == place
    assert caught.value.mend


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BadInput, match="0 columns value"):
        decode_arrow(stream(table().drop_columns(["value"])))


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_buffers_are_refused_before_they_swell(codec: str) -> None:
    with pytest.raises(BadInput, match="Compressed"):
        decode_arrow(stream(table(), compression=codec))


def test_too_many_rows_are_refused_from_the_metadata() -> None:
    with pytest.raises(TooLarge, match="more than 2"):
        decode_arrow(stream(table()), max_rows=2)


@pytest.mark.parametrize("raw", [b"", b"abc", b"\xff" * 64, b"ARROW1\0\0", b'[{"Datastream": 1}]'])
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(BadInput, match="not an Arrow IPC stream"):
        decode_arrow(raw)


def test_a_cut_stream_is_refused() -> None:
    whole = stream(table())
    with pytest.raises(BadInput):
        decode_arrow(whole[: len(whole) - 60])


def test_an_empty_stream_is_read_as_no_rows() -> None:
    assert len(decode_arrow(stream(table().slice(0, 0)))) == 0
