"""Who subscribes hears each committed value that it may read, the latest one at once, in the form it asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifang.doors.mqtt.wire import (
    V5,
    V311,
    Ack,
    Kind,
    Publish,
    Reason,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Wanted,
)

from .conftest import FIRST, Served, Talker


def heard(talker: Talker) -> tuple[Publish, dict[str, Any]]:
    """Return the next message and its body; it is confirmed."""
    told = talker.read(Publish)
    if told.qos == 1:
        talker.send(Ack(Kind.PUBACK, told.packet_id))
    return told, json.loads(told.payload)


@pytest.mark.parametrize("version", [V311, V5])
@pytest.mark.parametrize("qos", [0, 1])
def test_the_latest_value_comes_at_once_and_the_next_when_it_is_stored(served: Served, version: int, qos: int) -> None:
    second = 10 * version + 20 * qos
    served.observe(1, second, 7.5)
    talker = served.talker("a", version=version)
    assert talker.subscribe("v1.1/Datastreams(1)/Observations", qos).codes == (qos,)
    told, body = heard(talker)
    assert told.retain
    assert told.topic == "v1.1/Datastreams(1)/Observations"
    assert body["result"] == 7.5
    assert body["@iot.id"] == (1 << 42) + FIRST // 1000 + second * 1000
    assert body["phenomenonTime"] == f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z"
    assert body["resultQuality"] == "good"
    assert body["Datastream@iot.navigationLink"].endswith(f"/sta/v1.1/Observations({body['@iot.id']})/Datastream")
    served.observe(1, second + 1, 8.5)
    told, body = heard(talker)
    assert (told.retain, told.qos, body["result"]) == (False, qos, 8.5)


def test_qos_2_is_sent_until_it_is_completed(served: Served) -> None:
    talker = served.talker("a")
    talker.subscribe("v1.1/Datastreams(5)/Observations", 2)
    served.observe(5, 300, 1.0)
    told = talker.read(Publish)
    assert told.qos == 2
    talker.send(Ack(Kind.PUBREC, told.packet_id))
    assert talker.read(Ack) == Ack(Kind.PUBREL, told.packet_id)
    talker.send(Ack(Kind.PUBCOMP, told.packet_id))
    assert talker.silent()


@pytest.mark.parametrize(
    "wanted", ["v1.1/Observations", "v1.1/#", "#", "+/Observations", "v1.1/+/Observations", "+/+/Observations"]
)
def test_wider_filters_hear_it_too(served: Served, wanted: str) -> None:
    talker = served.talker("a")
    assert talker.subscribe(wanted, 0, retain_handling=2).codes == (0,)
    while not talker.silent(0.2):
        pass  # latest values
    served.observe(4, 400, 4.5)
    assert heard(talker)[1]["result"] == 4.5


def test_select_leaves_the_rest_out_and_stands_in_the_topic(served: Served) -> None:
    served.observe(1, 500, 1.5)
    talker = served.talker("a")
    wanted = "v1.1/Datastreams(1)/Observations?$select=result,phenomenonTime"
    talker.subscribe(wanted)
    told, body = heard(talker)
    assert told.topic == wanted
    assert list(body) == ["result", "phenomenonTime"]
    served.observe(1, 501, 2.5)
    told, body = heard(talker)
    assert (told.topic, body["result"]) == (wanted, 2.5)


def test_a_datastream_is_known_by_its_id_too(served: Served) -> None:
    talker = served.talker("a")
    wanted = "v1.1/Datastreams('site-4.o3')/Observations"
    talker.subscribe(wanted, retain_handling=2)
    served.observe(5, 600, 6.5)
    told, body = heard(talker)
    if told.retain:
        told, body = heard(talker)
    assert (told.topic, body["result"]) == (wanted, 6.5)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("v1.1/Datastreams(99)/Observations", Reason.TOPIC_FILTER_INVALID),
        ("v1.1/Datastreams(1)/Observations?$filter=x", Reason.TOPIC_FILTER_INVALID),
        ("v1.1/Datastreams(1)/Observations?$select=colour", Reason.TOPIC_FILTER_INVALID),
        ("a/#/b", Reason.TOPIC_FILTER_INVALID),
        ("", Reason.TOPIC_FILTER_INVALID),
        ("devices/+/state", Reason.NOT_AUTHORIZED),
    ],
)
def test_a_filter_that_means_nothing_or_is_not_for_the_asker_is_refused(served: Served, wanted: str, code: int) -> None:
    modern = served.talker("a", version=V5)
    answer = modern.subscribe(wanted)
    assert answer.codes == (code,)
    assert answer.properties["reason_string"]
    assert served.talker("b").subscribe(wanted).codes == (0x80,)


@pytest.mark.parametrize(("role", "number"), [("", 2), ("citizen", 2), ("", 3), ("operator", 3)])
def test_what_may_not_be_read_is_answered_like_what_is_not_there(served: Served, role: str, number: int) -> None:
    talker = served.talker("a", role, V5)
    answer = talker.subscribe(f"v1.1/Datastreams({number})/Observations")
    nothing = talker.subscribe("v1.1/Datastreams(98)/Observations")
    assert answer.codes == nothing.codes == (Reason.TOPIC_FILTER_INVALID,)
    assert answer.properties["reason_string"].replace(str(number), "98") == nothing.properties["reason_string"]


@pytest.mark.parametrize(
    ("role", "purpose", "numbers"),
    [
        ("", "", {1}),
        ("analyst", "", {1, 2}),
        ("data_officer", "", {1, 2}),
        ("data_officer", "yearly report", {1, 2, 3}),
    ],
)
def test_a_wide_filter_hears_only_what_its_subscriber_may_read(
    served: Served, role: str, purpose: str, numbers: set[int]
) -> None:
    told = {"properties": {"user_property": [("purpose", purpose)]}} if purpose else {}
    talker = served.talker("a", role, V5, **told)
    talker.subscribe("v1.1/Observations", 0)
    for number in (1, 2, 3):
        served.observe(number, 700, float(number))
    served.observe(1, 701, 99.0)
    results = set()
    while (result := heard(talker)[1]["result"]) != 99.0:
        results.add(int(result))
    assert results == numbers


def test_listening_to_what_is_not_open_is_on_record(served: Served) -> None:
    talker = served.talker("a", "analyst", V5)
    talker.subscribe("v1.1/Datastreams(2)/Observations", retain_handling=2)
    talker.subscribe("v1.1/+/Observations", retain_handling=2)
    served.talker("b", "analyst").subscribe("v1.1/Datastreams(1)/Observations")
    entries = [each.entry for each in served.city.store.ledger.records(limit=10**6)]
    analyst = next(each for each in served.city.identity.people() if each.name == "analyst").id
    mine = [(each.action, each.resource) for each in entries if each.subject == analyst]
    assert ("subscribe", "datastream:site-1.o3") in mine
    assert ("subscribe", "observation:*") in mine
    assert not [each for each in mine if "site-0" in each[1]]


def test_an_unsubscribed_filter_hears_nothing_more(served: Served) -> None:
    talker = served.talker("a", version=V5)
    talker.subscribe("v1.1/Observations", 0)
    served.observe(1, 800, 1.0)
    heard(talker)
    talker.send(Unsubscribe(3, ("v1.1/Observations", "never")))
    assert talker.read(Unsuback).codes == (0, Reason.NO_SUBSCRIPTION_EXISTED)
    served.observe(1, 801, 2.0)
    assert talker.silent()


def test_of_a_shared_subscription_one_member_hears_each_message(served: Served) -> None:
    talkers = [served.talker(f"m{n}", "analyst") for n in range(2)]
    for talker in talkers:
        assert talker.subscribe("$share/crew/v1.1/Datastreams(4)/Observations", 0).codes == (0,)
    for second in range(10):
        served.observe(4, 900 + second, float(second))
    results = []
    for talker in talkers:
        got = []
        while not got or len(got) < 5:
            got.append(heard(talker)[1]["result"])
        results.append(got)
        assert talker.silent(0.1)
    assert sorted(results[0] + results[1]) == [float(n) for n in range(10)]


def test_a_subscription_identifier_comes_back(served: Served) -> None:
    talker = served.talker("a", version=V5)
    talker.subscribe("v1.1/Observations", 1, properties={"subscription_identifier": [77]})
    served.observe(1, 1000, 1.0)
    assert heard(talker)[0].properties["subscription_identifier"] == [77]


def test_several_filters_are_answered_one_by_one(served: Served) -> None:
    talker = served.talker("a", version=V5)
    talker.send(Subscribe(5, (Wanted("v1.1/Observations", 2), Wanted("x", 1), Wanted("v1.1/Things", 0))))
    assert talker.read(Suback).codes == (2, Reason.NOT_AUTHORIZED, 0)


# Topics that are not the city's own.


def test_devices_may_talk_among_one_another(served: Served) -> None:
    listener = served.talker("l", "analyst", V5)
    listener.subscribe("lamps/+/state", 1)
    sender = served.talker("s", "operator", V5)
    told = {"content_type": "text/plain", "user_property": [("a", "b")]}
    sender.send(Publish("lamps/7/state", b"on", 1, packet_id=1, properties=dict(told)))
    assert sender.read(Ack).code == 0
    got = listener.read(Publish)
    assert (got.topic, got.payload, got.qos, got.properties) == ("lamps/7/state", b"on", 1, told)
    sender.send(Publish("lamps/7", b"on", 1, packet_id=2))
    assert sender.read(Ack).code == Reason.NO_MATCHING_SUBSCRIBERS


def test_a_retained_message_waits_for_whoever_comes_later(served: Served) -> None:
    sender = served.talker("s", "operator")
    sender.send(Publish("pumps/1", b"ready", 1, retain=True, packet_id=1))
    sender.read(Ack)
    for wanted in ("pumps/1", "pumps/#"):
        talker = served.talker("l", "analyst", V5)
        talker.subscribe(wanted)
        got = talker.read(Publish)
        assert (got.payload, got.retain) == (b"ready", True)
    quiet = served.talker("q", "analyst", V5)
    quiet.subscribe("pumps/1", retain_handling=2)
    assert quiet.silent()
    sender.send(Publish("pumps/1", b"", 1, retain=True, packet_id=2))
    sender.read(Ack)
    late = served.talker("l2", "analyst", V5)
    late.subscribe("pumps/1")
    assert late.silent()


def test_no_local_does_not_hear_itself(served: Served) -> None:
    talker = served.talker("a", "operator", V5)
    talker.subscribe("echo/a", no_local=True)
    talker.subscribe("echo/b")
    talker.send(Publish("echo/a", b"1"), Publish("echo/b", b"2"))
    assert talker.read(Publish).payload == b"2"
    assert talker.silent()


def test_a_message_past_its_time_is_not_sent(served: Served) -> None:
    talker = served.talker("a", "analyst", V5)
    talker.subscribe("short", 1)
    sender = served.talker("s", "operator", V5)
    sender.send(Publish("short", b"late", 1, packet_id=1, properties={"message_expiry_interval": 0}))
    sender.send(Publish("short", b"in time", 1, packet_id=2, properties={"message_expiry_interval": 60}))
    got = talker.read(Publish)
    assert got.payload == b"in time"
    assert 55 <= got.properties["message_expiry_interval"] <= 60
