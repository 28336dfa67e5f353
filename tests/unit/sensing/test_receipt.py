import orjson
import pyarrow as pa
import pytest

from lifang.core import BadInput, NotFound, from_micros
from lifang.guard import SYSTEM
from lifang.sensing import Sensing


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
