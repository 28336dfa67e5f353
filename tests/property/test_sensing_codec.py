"""Whatever bytes come, the readers answer with observations or with what is wrong."""

from collections.abc import Callable

import numpy as np
import orjson
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import BadInput, from_micros
from lifang.sensing import Decoded, decode_arrow, decode_data_array

WORDS = ["Datastream", "@iot.id", "components", "dataArray", "result"]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
moments = st.integers(-2_000_000_000_000_000, 7_000_000_000_000_000)


def answer(reader: Callable[[bytes], Decoded], body: bytes) -> BadInput | None:
    """Return what the reader refused ``body`` with; what it read must be whole."""
    try:
        found = reader(body)
    except BadInput as refused:
        return refused
    assert np.isfinite(found.value).all()
    assert len(found.index) == len(found) == len(found.quality)
    return None


def stream_of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


WHOLE = stream_of(
    pa.table(
        {
            "datastream": pa.array(["a", "b", "a"]).dictionary_encode(),
            "time": pa.array([1, 2, 3], pa.timestamp("us", "UTC")),
            "value": [1.0, 2.0, 3.0],
            "quality": ["good", None, "estimated"],
        }
    )
)


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=200) | json_values.map(orjson.dumps))
def test_any_json_is_read_or_refused(body: bytes) -> None:
    refused = answer(decode_data_array, body)
    assert refused is None or (refused.where and refused.mend)


@settings(max_examples=150, deadline=None)
@given(entry=json_values, place=st.integers(0, 2))
def test_any_entry_in_a_row_is_read_or_refused_by_its_place(entry: object, place: int) -> None:
    row: list[object] = ["2019-01-01T00:00:00Z", 1.0, "good"]
    row[place] = entry
    names = ["phenomenonTime", "result", "resultQuality"]
    body = orjson.dumps([{"Datastream": {"@iot.id": 1}, "components": names, "dataArray": [row]}])
    refused = answer(decode_data_array, body)
    assert refused is None or refused.where.startswith(f"[0].dataArray[0][{place}]")


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(1, 9), moments, st.floats(-1e9, 1e9)), min_size=1, max_size=30))
def test_what_is_written_is_read_back_in_both_languages(rows: list[tuple[int, int, float]]) -> None:
    groups = [
        {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result"],
            "dataArray": [[from_micros(time).isoformat(), value]],
        }
        for stream, time, value in rows
    ]
    streams, times, values = zip(*rows, strict=True)
    table = pa.table({"datastream": streams, "time": pa.array(times, pa.timestamp("us", "UTC")), "value": values})
    for found in (decode_data_array(orjson.dumps(groups)), decode_arrow(stream_of(table))):
        assert [found.references[row] for row in found.index] == list(streams)
        assert found.time.tolist() == list(times)
        assert found.value.tolist() == list(values)


@settings(max_examples=400, deadline=None)
@given(
    damage=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, len(WHOLE)),
)
def test_a_damaged_arrow_stream_is_read_or_refused(damage: list[tuple[int, int]], cut: int) -> None:
    body = bytearray(WHOLE)
    for place, byte in damage:
        body[place] = byte
    for each in (bytes(body), bytes(body[:cut])):
        refused = answer(decode_arrow, each)
        assert refused is None or refused.mend
