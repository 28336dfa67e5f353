"""What is written is what is read; whatever bytes come are packets or a fault that can be told."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.doors.mqtt.wire import (
    V5,
    V311,
    Ack,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Filters,
    Kind,
    Packet,
    Ping,
    Pong,
    Publish,
    Reason,
    Splitter,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Wanted,
    Will,
    WireFault,
    check_filter,
    check_topic,
    decode,
    encode,
    matches,
)

MOST = 1_000_000
TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)
TOPICS = st.text(st.characters(blacklist_characters="\0+#", blacklist_categories=("Cs",)), min_size=1, max_size=20)
NUMBERS = st.integers(1, 65_535)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "payload_format_indicator": st.integers(0, 1),
    "message_expiry_interval": st.integers(0, 2**32 - 1),
    "content_type": TEXTS,
    "response_topic": TEXTS,
    "correlation_data": st.binary(max_size=20),
    "subscription_identifier": st.lists(st.integers(1, 268_435_455), min_size=1, max_size=1),
    "session_expiry_interval": st.integers(0, 2**32 - 1),
    "assigned_client_identifier": TEXTS,
    "server_keep_alive": st.integers(0, 65_535),
    "will_delay_interval": st.integers(0, 2**32 - 1),
    "reason_string": TEXTS,
    "receive_maximum": NUMBERS,
    "topic_alias_maximum": st.integers(0, 65_535),
    "topic_alias": NUMBERS,
    "maximum_qos": st.integers(0, 1),
    "user_property": PAIRS,
    "maximum_packet_size": st.integers(1, 2**32 - 1),
}


def properties(version: int, *names: str) -> st.SearchStrategy[dict[str, Any]]:
    if version == V311:
        return st.just({})
    return st.fixed_dictionaries({}, optional={name: VALUES[name] for name in (*names, "user_property")})


@st.composite
def connects(draw: st.DrawFn, version: int) -> Connect:
    told = properties(version, "will_delay_interval", "content_type", "correlation_data", "message_expiry_interval")
    wills = st.builds(Will, TOPICS, st.binary(max_size=50), st.integers(0, 2), st.booleans(), told)
    user = draw(st.none() | TEXTS)
    password = draw(st.none() | st.binary(max_size=20)) if user is not None or version == V5 else None
    more = properties(version, "session_expiry_interval", "receive_maximum", "topic_alias_maximum")
    return Connect(
        draw(TEXTS),
        version,
        draw(st.booleans()),
        draw(st.integers(0, 65_535)),
        user,
        password,
        draw(st.none() | wills),
        draw(more),
    )


@st.composite
def publishes(draw: st.DrawFn, version: int) -> Publish:
    qos = draw(st.integers(0, 2))
    told = properties(version, "content_type", "response_topic", "topic_alias", "subscription_identifier")
    return Publish(
        draw(TOPICS),
        draw(st.binary(max_size=300)),
        qos,
        draw(st.booleans()),
        draw(st.booleans()) if qos else False,
        draw(NUMBERS) if qos else 0,
        draw(told),
    )


def subscribes(version: int) -> st.SearchStrategy[Subscribe]:
    modern = (st.booleans(), st.booleans(), st.integers(0, 2)) if version == V5 else ()
    wanted = st.builds(Wanted, TEXTS, st.integers(0, 2), *modern)
    listed = st.lists(wanted, min_size=1, max_size=4).map(tuple)
    return st.builds(Subscribe, NUMBERS, listed, properties(version, "subscription_identifier"))


def packets(version: int) -> st.SearchStrategy[Packet]:
    v5 = version == V5
    told = properties(version, "reason_string")
    codes = st.integers(0, 255) if v5 else st.just(0)
    bytes_ = st.lists(st.integers(0, 255 if v5 else 128), min_size=1, max_size=4).map(tuple)
    kinds = st.sampled_from([Kind.PUBACK, Kind.PUBREC, Kind.PUBREL, Kind.PUBCOMP])
    unsubscribed = bytes_ if v5 else st.just(())
    found: list[st.SearchStrategy[Any]] = [
        connects(version),
        st.builds(Connack, st.booleans(), codes, properties(version, "reason_string", "assigned_client_identifier")),
        publishes(version),
        st.builds(Ack, kinds, NUMBERS, codes, told),
        subscribes(version),
        st.builds(Suback, NUMBERS, bytes_, told),
        st.builds(Unsubscribe, NUMBERS, st.lists(TEXTS, min_size=1, max_size=4).map(tuple), properties(version)),
        st.builds(Unsuback, NUMBERS, unsubscribed, told),
        st.builds(Ping),
        st.builds(Pong),
        st.builds(Disconnect, codes, properties(version, "reason_string", "session_expiry_interval")),
    ]
    if v5:
        found.append(st.builds(Auth, codes, told))
    return st.one_of(found)


VERSIONED = st.sampled_from([V311, V5]).flatmap(
    lambda version: st.tuples(st.just(version), st.lists(packets(version), min_size=1, max_size=5))
)


def pieces(data: bytes, seed: int) -> list[bytes]:
    """Return ``data`` cut at random places."""
    dice = random.Random(seed)
    cuts = sorted(dice.sample(range(len(data) + 1), min(len(data), dice.randint(0, 8))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(VERSIONED, st.integers())
def test_what_is_written_is_read_however_the_stream_is_cut(drawn: tuple[int, list[Packet]], seed: int) -> None:
    version, sent = drawn
    splitter = Splitter(MOST)
    stream = b"".join(encode(packet, version) for packet in sent)
    frames = [frame for piece in pieces(stream, seed) for frame in splitter.feed(piece)]
    assert [decode(first, body, version) for first, body in frames] == sent


def fault_of(data: bytes, version: int) -> WireFault | None:
    """Return the fault in ``data``, if any; another exception passes through."""
    try:
        for first, body in Splitter(MOST).feed(data):
            decode(first, body, version)
    except WireFault as fault:
        return fault
    return None


@given(st.binary(max_size=400), st.sampled_from([V311, V5]))
def test_any_bytes_are_packets_or_a_fault_with_a_reason(data: bytes, version: int) -> None:
    fault = fault_of(data, version)
    assert fault is None or (fault.code >= Reason.UNSPECIFIED and fault.what)


@given(VERSIONED, st.integers(0), st.integers(0, 255))
def test_a_damaged_packet_is_another_packet_or_a_fault(drawn: tuple[int, list[Packet]], place: int, byte: int) -> None:
    version, sent = drawn
    data = bytearray(encode(sent[0], version))
    data[place % len(data)] = byte
    fault = fault_of(bytes(data), version)
    assert fault is None or (fault.code >= Reason.UNSPECIFIED and fault.what)


@given(st.binary(max_size=4))
def test_a_length_beyond_the_limit_is_refused_before_its_bytes_come(length: bytes) -> None:
    with pytest.raises(WireFault):
        Splitter(1000).feed(b"\x30\xff\xff\xff\x7f" + length)
    with pytest.raises(WireFault):
        Splitter(1000).feed(b"\x30\xff\xff\xff\xff" + length)


LEVELS = st.sampled_from(["", "a", "b", "$sys", "v1.1", "Datastreams(1)"])
NAMES = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
WANTED = st.lists(LEVELS | st.just("+"), min_size=1, max_size=4).flatmap(
    lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels, "#"]), "#"])
)


@given(st.lists(WANTED.filter(bool), max_size=12), st.lists(st.integers(0, 11), max_size=6), NAMES)
def test_the_index_finds_just_the_filters_that_match(wanted: list[str], dropped: list[int], topic: str) -> None:
    held: Filters[int] = Filters()
    for holder, each in enumerate(wanted):
        held.add(check_filter(each), holder)
    gone = {each for each in dropped if each < len(wanted)}
    for each in gone:
        held.discard(wanted[each], each)
    expected = sorted(n for n, each in enumerate(wanted) if n not in gone and matches(each, check_topic(topic)))
    assert sorted(held.holders(topic)) == expected
    assert len(held) == len(wanted) - len(gone)


@pytest.mark.parametrize(
    ("wanted", "topic", "expected"),
    [  # MQTT 5.0, clauses 4.7.1.2, 4.7.1.3, 4.7.2: the examples of the standard's own text
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/x", False),
        ("+/monitor/Clients", "$SYS/monitor/Clients", False),
        ("$SYS/#", "$SYS/monitor", True),
        ("$SYS/monitor/+", "$SYS/monitor/Clients", True),
    ],
)
def test_filters_mean_what_the_standard_says(wanted: str, topic: str, expected: bool) -> None:
    assert matches(wanted, topic) is expected


@pytest.mark.parametrize("wanted", ["", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "a/+b/c", "#/a"])
def test_what_is_no_filter_is_refused(wanted: str) -> None:
    with pytest.raises(WireFault):
        check_filter(wanted)
