"""What is published as an observation is stored before it is acknowledged, or refused with its reason."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from lifang.core import Unavailable
from lifang.doors.mqtt.wire import V5, V311, Ack, Disconnect, Kind, Publish, Reason
from lifang.sensing import Observations
from lifang.store import Batch

from .conftest import Served, message

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "connect-your-first-sensor.md"


@pytest.mark.parametrize("version", [V311, V5])
def test_what_is_acknowledged_is_on_disk(served: Served, version: int) -> None:
    talker = served.talker("a", "operator", version)
    talker.send(*(message(100 * version + n, 20.5 + n, packet_id=n + 1) for n in range(5)))
    acks = [talker.read(Ack) for _ in range(5)]
    assert [(ack.kind, ack.packet_id, ack.code) for ack in acks] == [(Kind.PUBACK, n + 1, 0) for n in range(5)]
    stored = served.stored(1)
    assert [stored[100 * version + n] for n in range(5)] == [20.5 + n for n in range(5)]


def test_qos_2_is_received_once_and_completed(served: Served) -> None:
    talker = served.talker("a", "operator")
    talker.send(message(1000, 1.0, qos=2, packet_id=7))
    assert talker.read(Ack) == Ack(Kind.PUBREC, 7)
    talker.send(message(1000, 1.0, qos=2, packet_id=7))
    assert talker.read(Ack) == Ack(Kind.PUBREC, 7)
    talker.send(Ack(Kind.PUBREL, 7))
    assert talker.read(Ack) == Ack(Kind.PUBCOMP, 7)
    assert served.stored(1)[1000] == 1.0


def test_qos_0_is_stored_without_an_answer(served: Served) -> None:
    talker = served.talker("a", "operator")
    talker.send(message(1100, 3.5, qos=0), message(1101, 4.5))
    assert talker.read(Ack).packet_id == 1
    assert served.stored(1)[1100] == 3.5


def test_the_same_moment_again_replaces_the_value(served: Served) -> None:
    talker = served.talker("a", "operator")
    for value in (1.0, 2.0):
        talker.send(message(1200, value))
        talker.read(Ack)
    assert served.stored(1)[1200] == 2.0


def test_without_a_time_it_is_of_now(served: Served) -> None:
    talker = served.talker("a", "operator")
    before = served.city.now
    talker.send(Publish("v1.1/Datastreams('site-3.o3')/Observations", b'{"result": 5}', 1, packet_id=1))
    assert talker.read(Ack).code == 0
    latest = served.city.sensing.latest_of([4])
    assert latest.value[0] == 5
    assert latest.time[0] >= before.timestamp() * 1e6


REFUSED = {
    "no JSON": (b"{", Reason.PAYLOAD_FORMAT_INVALID),
    "no object": (b"[1]", Reason.PAYLOAD_FORMAT_INVALID),
    "no result": (b'{"phenomenonTime": "2024-01-01T00:00:00Z"}', Reason.PAYLOAD_FORMAT_INVALID),
    "no zone": (b'{"phenomenonTime": "2024-01-01T00:00:00", "result": 1}', Reason.PAYLOAD_FORMAT_INVALID),
    "no day": (b'{"phenomenonTime": "2024-02-30T00:00:00Z", "result": 1}', Reason.PAYLOAD_FORMAT_INVALID),
    "year 3": (b'{"phenomenonTime": "0003-01-01T00:00:00Z", "result": 1}', Reason.PAYLOAD_FORMAT_INVALID),
    "huge": (b'{"phenomenonTime": "2024-01-01T00:00:00Z", "result": 1e999}', Reason.PAYLOAD_FORMAT_INVALID),
    "unknown field": (
        b'{"phenomenonTime": "2024-01-01T00:00:00Z", "result": 1, "x": 2}',
        Reason.PAYLOAD_FORMAT_INVALID,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_observation_is_refused_with_its_reason(served: Served, case: str) -> None:
    payload, code = REFUSED[case]
    talker = served.talker("a", "operator", V5)
    talker.send(Publish("v1.1/Datastreams(1)/Observations", payload, 1, packet_id=9))
    answer = talker.read(Ack)
    assert (answer.packet_id, answer.code) == (9, code)
    assert len(answer.properties["reason_string"]) > 20


def test_one_bad_message_among_good_ones_harms_none(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    talker.send(
        message(1300, 1.0, packet_id=1),
        message(1301, "text", packet_id=2),
        message(1302, 3.0, number=99, packet_id=3),
        message(1303, 4.0, packet_id=4),
    )
    codes = {ack.packet_id: ack.code for ack in (talker.read(Ack) for _ in range(4))}
    assert codes == {1: 0, 2: Reason.PAYLOAD_FORMAT_INVALID, 3: Reason.TOPIC_NAME_INVALID, 4: 0}
    assert {1300, 1303} <= served.stored(1).keys()


def test_answers_come_in_the_order_of_the_messages(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    talker.send(*(message(1400 + n, 1.0 if n % 3 else "x", packet_id=n + 1) for n in range(300)))
    assert [talker.read(Ack).packet_id for _ in range(300)] == list(range(1, 301))


def test_a_3_1_1_client_hears_of_refusals_on_its_error_topic(served: Served) -> None:
    talker = served.talker("lamp-7", "operator")
    assert talker.subscribe("$lifang/errors/lamp-7").codes == (1,)
    talker.send(message(0, "no number", packet_id=5))
    told = talker.read(Publish)
    talker.send(Ack(Kind.PUBACK, told.packet_id))
    body = json.loads(told.payload)
    assert body["topic"] == "v1.1/Datastreams(1)/Observations"
    assert (body["packet"], body["code"]) == (5, Reason.PAYLOAD_FORMAT_INVALID)
    assert body["what"]
    assert talker.read(Ack) == Ack(Kind.PUBACK, 5)


def test_the_errors_of_others_are_not_heard(served: Served) -> None:
    other = served.talker("spy", "analyst", V5)
    other.subscribe("$lifang/errors/#")
    talker = served.talker("lamp-7", "operator", V5)
    talker.send(message(0, "no number"))
    assert talker.read(Ack).code == Reason.PAYLOAD_FORMAT_INVALID
    assert other.silent()


@pytest.mark.parametrize("role", ["", "citizen", "analyst", "data_officer"])
def test_who_may_not_observe_is_refused(served: Served, role: str) -> None:
    talker = served.talker("a", role, V5)
    before = len(served.stored(1))
    for topic in ("v1.1/Datastreams(1)/Observations", "v1.1/CreateObservations", "lifang/v1/observations", "x/y"):
        talker.send(Publish(topic, b'{"result": 1}', 1, packet_id=1))
        assert talker.read(Ack).code == Reason.NOT_AUTHORIZED
    assert len(served.stored(1)) == before


@pytest.mark.parametrize("topic", ["v1.1/Things", "v1.1/Datastreams(1)", "lifang/v1/x", "$SYS/x", "v2.0/Observations"])
def test_nothing_can_be_published_on_the_citys_other_topics(served: Served, topic: str) -> None:
    talker = served.talker("a", "operator", V5)
    talker.send(Publish(topic, b"{}", 1, packet_id=1))
    assert talker.read(Ack).code == Reason.TOPIC_NAME_INVALID


def test_a_data_array_is_stored_whole(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    groups = [
        {
            "Datastream": {"@iot.id": number},
            "components": ["phenomenonTime", "result"],
            "dataArray": [[f"2024-01-01T01:00:{second:02}Z", float(second)] for second in range(60)],
        }
        for number in (4, 5)
    ]
    talker.send(Publish("v1.1/CreateObservations", json.dumps(groups).encode(), 1, packet_id=1))
    assert talker.read(Ack) == Ack(Kind.PUBACK, 1)
    for number in (4, 5):
        assert {3600 + second: float(second) for second in range(60)}.items() <= served.stored(number).items()


def test_of_a_batch_with_strangers_the_rest_is_stored_and_the_sender_told(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    row = {"components": ["phenomenonTime", "result"], "dataArray": [["2024-01-01T02:00:00Z", 1.5]]}
    groups = [{"Datastream": {"@iot.id": number}, **row} for number in (1, 77)]
    talker.send(Publish("v1.1/CreateObservations", json.dumps(groups).encode(), 1, packet_id=1))
    answer = talker.read(Ack)
    assert answer.code == Reason.PAYLOAD_FORMAT_INVALID
    assert "1 of 2" in answer.properties["reason_string"]
    assert served.stored(1)[7200] == 1.5


def test_arrow_is_stored(served: Served) -> None:
    table = pa.table(
        {
            "datastream": pa.array([4, 5], pa.int32()),
            "time": pa.array([1_704_078_000_000_000] * 2, pa.timestamp("us", "UTC")),
            "value": [1.5, 2.5],
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    talker = served.talker("a", "operator", V5)
    talker.send(Publish("lifang/v1/observations", sink.getvalue().to_pybytes(), 1, packet_id=1))
    assert talker.read(Ack) == Ack(Kind.PUBACK, 1)
    assert (served.stored(4)[10800], served.stored(5)[10800]) == (1.5, 2.5)


def test_an_observation_may_name_its_datastream_itself(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    body = {"phenomenonTime": "2024-01-01T04:00:00Z", "result": 9, "Datastream": {"@iot.id": 4}}
    talker.send(Publish("v1.1/Observations", json.dumps(body).encode(), 1, packet_id=1))
    assert talker.read(Ack) == Ack(Kind.PUBACK, 1)
    assert served.stored(4)[14400] == 9


def test_a_topic_alias_stands_for_its_topic(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    first, second = message(1500, 1.0), message(1501, 2.0, packet_id=2)
    first.properties = {"topic_alias": 3}
    second.topic, second.properties = "", {"topic_alias": 3}
    talker.send(first, second)
    assert [talker.read(Ack).code for _ in range(2)] == [0, 0]
    assert {1500, 1501} <= served.stored(1).keys()


@pytest.mark.parametrize("alias", [4, 65_535])
def test_an_alias_that_stands_for_nothing_ends_the_connection(served: Served, alias: int) -> None:
    talker = served.talker("a", "operator", V5)
    talker.send(Publish("", b"{}", 1, packet_id=1, properties={"topic_alias": alias}))
    assert talker.read(Disconnect).code in {Reason.PROTOCOL_ERROR, Reason.TOPIC_ALIAS_INVALID}
    assert talker.closed()


def test_a_packet_beyond_the_limit_ends_the_connection_before_it_is_read(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    talker.send_bytes(b"\x32\xff\xff\xff\x7f")
    assert talker.read(Disconnect).code == Reason.PACKET_TOO_LARGE
    assert talker.closed()


@pytest.mark.slow
def test_more_messages_than_may_wait_end_a_5_0_connection(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    talker.send(*(message(5000 + n, 1.0, packet_id=n % 60_000 + 1) for n in range(6000)))
    assert talker.closed()


@pytest.mark.slow
def test_a_3_1_1_client_may_send_any_number_ahead_and_is_held_back(served: Served) -> None:
    talker = served.talker("a", "operator")
    for start in range(0, 10_000, 1000):
        talker.send(*(message(20_000 + n, 1.0, packet_id=n + 1) for n in range(start, start + 1000)))
    assert [talker.read(Ack).packet_id for _ in range(10_000)] == list(range(1, 10_001))
    assert len([second for second in served.stored(1) if 20_000 <= second < 30_000]) == 10_000


@pytest.mark.slow
def test_while_the_store_takes_nothing_senders_wait_and_lose_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = served.city.store.lake
    whole, tries = lake.append_batch, []

    def full(columns: Observations, *, subject: str) -> Batch:
        tries.append(len(columns))
        if len(tries) < 4:
            raise Unavailable("The disk is full.", mend="Free space.")
        return whole(columns, subject=subject)

    monkeypatch.setattr(lake, "append_batch", full)
    for talker in (served.talker("a", "operator"), served.talker("b", "operator", V5)):
        talker.send(message(70_000, 1.0))
        assert talker.read(Ack).code == 0
        tries.clear()
    assert served.stored(1)[70_000] == 1.0


def test_the_flow_that_the_guide_gives_node_red_is_wired_and_what_it_sends_is_stored(served: Served) -> None:
    (flow,) = re.findall(r"<!-- file: flow.json -->\n```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    nodes = {each["id"]: each for each in json.loads(flow)}
    way = [next(each for each in nodes.values() if each["type"] == "inject")]
    while following := [nodes[end] for wires in way[-1]["wires"] for end in wires]:
        way += following
    assert [each["type"] for each in way] == ["inject", "function", "mqtt out"]
    assert {nodes[each["z"]]["type"] for each in way} == {"tab"}
    assert nodes[way[2]["broker"]]["type"] == "mqtt-broker"
    code = f"const read = msg => {{ {way[1]['func']} }}; console.log(JSON.stringify(read({{payload: 0}}).payload))"
    sent = subprocess.run(["node", "-e", code], capture_output=True, check=True, timeout=30).stdout.strip()
    talker = served.talker("a", "operator")
    talker.send(Publish(way[2]["topic"], sent, int(way[2]["qos"]), packet_id=1))
    assert talker.read(Ack).code == 0
    assert served.city.sensing.latest_of([1]).value[0] == json.loads(sent)["result"]
