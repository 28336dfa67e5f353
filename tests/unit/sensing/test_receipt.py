from concurrent.futures import Future

import numpy as np
import orjson
import pyarrow as pa
import pytest

from lifang.core import BadInput, NotFound, from_micros
from lifang.guard import SYSTEM
from lifang.sensing import Receipt, Sensing
from lifang.sensing.entities.observation import observation_id, parse_id


def groups(*ids: object) -> bytes:
    rows = [["1970-01-01T00:00:00.000001Z", 1.0], ["1970-01-01T00:00:00.000002Z", 2.0]]
    return orjson.dumps(
        [
            {"Datastream": {"@iot.id": each}, "components": ["phenomenonTime", "result"], "dataArray": rows}
            for each in ids
        ]
    )


def test_each_observation_is_answered_with_its_address_or_error(sensing: Sensing) -> None:
    number = sensing.datastream("s1.co").number
    receipt = sensing.receive_data_array(groups(number, 99, "s2.co"), by=SYSTEM)
    assert receipt.batch.result(10) > 0
    other = sensing.datastream("s2.co").number
    assert receipt.outcomes("http://city/sta/v1.1") == [
        f"http://city/sta/v1.1/Observations('{number}-1')",
        f"http://city/sta/v1.1/Observations('{number}-2')",
        "error",
        "error",
        f"http://city/sta/v1.1/Observations('{other}-1')",
        f"http://city/sta/v1.1/Observations('{other}-2')",
    ]
    assert receipt.accepted.sum() == 4
    assert sensing.store.lake.observation_count() == 4


@pytest.mark.parametrize("accepted", [[True, True, True], [True, False, True]])
@pytest.mark.parametrize(
    ("numbers", "times", "named"),
    [
        ([1, 2047, 1], [0, 5_000, 4_398_046_511_103_000], [1 << 42, (2047 << 42) + 5, (2 << 42) - 1]),
        ([2048, 1, 1], [0, 1, -1_000], ["'2048-0'", "'1-1'", "'1--1000'"]),
        ([1, 2048, 1], [0, 0, 1 << 42], [1 << 42, "'2048-0'", f"'1-{1 << 42}'"]),
    ],
)
def test_an_id_is_a_number_where_it_stays_exact(
    accepted: list[bool], numbers: list[int], times: list[int], named: list[object]
) -> None:
    receipt = Receipt(Future(), np.array(accepted), np.array(numbers, np.int32), np.array(times, np.int64))
    assert receipt.outcomes("http://city") == [
        f"http://city/Observations({name})" if known else "error" for known, name in zip(accepted, named, strict=True)
    ]
    keys = [str(observation_id(number, time)) for number, time in zip(numbers, times, strict=True)]
    assert keys == [str(name).strip("'") for name in named]
    for number, time in zip(numbers, times, strict=True):
        assert parse_id(observation_id(number, time)) == parse_id(f"{number}-{time}") == (number, (time, None))


def test_a_body_without_any_known_datastream_is_not_found(sensing: Sensing) -> None:
    with pytest.raises(NotFound, match="99"):
        sensing.receive_data_array(groups(99, -1, "nobody"), by=SYSTEM)


def test_one_bad_row_keeps_the_whole_body_out(sensing: Sensing) -> None:
    body = groups(1, 2).replace(b"2.0", b"null", 1)
    with pytest.raises(BadInput, match="null"):
        sensing.receive_data_array(body, by=SYSTEM)
    assert sensing.store.lake.observation_count() == 0


def arrow(ids: list[object]) -> bytes:
    table = pa.table(
        {"datastream": ids, "time": pa.array(range(len(ids)), pa.timestamp("us", "UTC")), "value": [1.5] * len(ids)}
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("ids", [["s1.co", "s2.co", "s1.co"], [1, 2, 1]])
def test_an_arrow_body_is_stored_whole(sensing: Sensing, ids: list[object]) -> None:
    receipt = sensing.receive_arrow(arrow(ids), by=SYSTEM)
    assert receipt.batch.result(10) > 0
    assert sensing.series(ids[0], from_micros(0), from_micros(9))["value"].to_pylist() == [1.5, 1.5]


@pytest.mark.parametrize(("ids", "words"), [(["s1.co", "nobody"], "'nobody'"), ([1, 77], "77")])
def test_an_arrow_body_with_an_unknown_datastream_is_refused_by_row(
    sensing: Sensing, ids: list[object], words: str
) -> None:
    with pytest.raises(NotFound, match=words) as caught:
        sensing.receive_arrow(arrow(ids), by=SYSTEM)
    assert caught.value.where == "row 1"
    assert sensing.store.lake.observation_count() == 0
