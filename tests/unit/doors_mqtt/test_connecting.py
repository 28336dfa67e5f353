"""Who is let in, who is not, and how long a connection holds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lifang.core import BadInput
from lifang.doors.mqtt import MqttSettings
from lifang.doors.mqtt.wire import V5, V311, Ack, Connack, Connect, Disconnect, Ping, Pong, Publish, Reason, encode
from lifang.guard import SYSTEM, Role

from .conftest import PASSWORD, Served, Template, message


@pytest.mark.parametrize("version", [V311, V5])
def test_a_name_and_password_let_in(served: Served, version: int) -> None:
    talker = served.stranger(version)
    talker.send(Connect("a", version, user="operator", password=PASSWORD.encode()))
    assert talker.read(Connack).code == 0
    talker.send(message(1, 1.0), Ping())
    talker.read(Pong)
    assert talker.read(Ack).code == 0


@pytest.mark.parametrize(("version", "code"), [(V311, 4), (V5, Reason.BAD_USER_OR_PASSWORD)])
def test_a_wrong_password_or_token_does_not(served: Served, version: int, code: int) -> None:
    for user, password in (("nobody", b"x"), ("gateway", b"lfg_" + b"x" * 43), ("analyst", b"\xff\xfe")):
        talker = served.stranger(version)
        talker.send(Connect("a", version, user=user, password=password))
        assert talker.read(Connack).code == code
        assert talker.closed()


@pytest.mark.slow
def test_guessing_gets_slow_as_everywhere(served: Served) -> None:
    served.city.identity.add_person("victim", PASSWORD, roles=[Role.OPERATOR], by=SYSTEM)
    for _ in range(5):
        served.stranger(V5).connect("a", user="victim", password=b"wrong")
    talker = served.stranger(V5)
    answer = talker.connect("a", user="victim", password=PASSWORD.encode())
    assert answer.code == Reason.BAD_USER_OR_PASSWORD
    assert "Too many failed attempts" in answer.properties["reason_string"]


def test_nobody_known_may_listen_to_open_data(served: Served) -> None:
    talker = served.talker("a")
    assert talker.subscribe("v1.1/Datastreams(1)/Observations").codes == (1,)


def test_a_client_without_a_name_gets_one(served: Served) -> None:
    talker = served.stranger(V5)
    talker.send(Connect("", V5))
    assert talker.read(Connack).properties["assigned_client_identifier"].startswith("lifang-")


def test_a_3_1_1_client_without_a_name_keeps_no_session(served: Served) -> None:
    talker = served.stranger()
    talker.send(Connect("", V311, clean=False))
    assert talker.read(Connack).code == 2


@pytest.mark.parametrize(
    "data",
    [
        encode(Ping(), V311),
        encode(Publish("a", b"b"), V311),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(300),
    ],
)
def test_what_does_not_begin_with_connect_is_closed(served: Served, data: bytes) -> None:
    talker = served.stranger()
    talker.send_bytes(data)
    assert talker.closed(2)


@pytest.mark.parametrize("level", [3, 6])
def test_another_version_is_refused(served: Served, level: int) -> None:
    talker = served.stranger()
    talker.send_bytes(b"\x10\x0d\x00\x04MQTT" + bytes([level, 2]) + b"\x00\x3c\x00\x01a")
    assert talker.closed(2)


def test_a_second_connect_ends_the_connection(served: Served) -> None:
    talker = served.talker("a", version=V5)
    talker.send(Connect("a", V5))
    assert talker.read(Disconnect).code == Reason.PROTOCOL_ERROR
    assert talker.closed()


def test_a_client_that_comes_again_takes_its_session_over(served: Served) -> None:
    first = served.talker("twice", "operator", V5)
    second = served.talker("twice", "operator", V5)
    assert first.read(Disconnect).code == Reason.SESSION_TAKEN_OVER
    assert first.closed()
    second.send(Ping())
    second.read(Pong)


def test_the_same_name_with_another_log_in_is_another_client(served: Served) -> None:
    first = served.talker("same", "operator", V5)
    served.talker("same", "analyst", V5)
    served.talker("same", "", V5)
    first.send(Ping())
    first.read(Pong)


def test_a_log_in_that_fails_leaves_the_victims_session_alone(served: Served) -> None:
    kept = {"session_expiry_interval": 100}
    first = served.talker("victim", "operator", V5, clean=False, properties=kept)
    first.subscribe("v1.1/Datastreams(4)/Observations")
    first.break_off()
    for clean in (True, False):
        thief = served.stranger(V5)
        thief.send(Connect("victim", V5, clean=clean, user="operator", password=b"wrong", properties=kept))
        assert thief.read(Connack).code == Reason.BAD_USER_OR_PASSWORD
    again = served.stranger(V5)
    assert again.connect("victim", served.tokens["operator"], clean=False, properties=kept).session_present


def test_an_extended_authentication_is_not_offered(served: Served) -> None:
    talker = served.stranger(V5)
    talker.send(Connect("a", V5, properties={"authentication_method": "SCRAM-SHA-1"}))
    assert talker.read(Connack).code == Reason.BAD_AUTHENTICATION_METHOD


def test_a_5_0_client_is_told_the_bounds(served: Served) -> None:
    talker = served.stranger(V5)
    told = talker.connect("a", served.tokens["operator"], keep_alive_s=40_000).properties
    assert told["server_keep_alive"] == 3600
    assert told["receive_maximum"] >= 1000
    assert told["maximum_packet_size"] == 8_000_000
    assert told["topic_alias_maximum"] > 0


@pytest.mark.slow
def test_a_revoked_token_stores_nothing_more_and_is_cut_off(served: Served) -> None:
    person = served.city.identity.add_person("leaving", PASSWORD, roles=[Role.OPERATOR], by=SYSTEM)
    token, secret = served.city.identity.issue_token(person.id, "x", by=SYSTEM)
    talker = served.stranger(V5)
    talker.connect("a", secret)
    talker.send(message(40_000, 1.0))
    assert talker.read(Ack).code == 0
    served.city.identity.revoke_token(token.id, by=SYSTEM)
    time.sleep(1.1)
    talker.send(message(40_001, 1.0))
    answer = talker.read(object)
    assert isinstance(answer, Ack | Disconnect), "it is refused, or cut off before it is looked at"
    assert answer.code == Reason.NOT_AUTHORIZED
    assert 40_001 not in served.stored(1)


@pytest.mark.slow
def test_silent_clients_are_closed_and_places_are_bounded(template: Template, tmp_path: Path) -> None:
    serving = template.serve(tmp_path / "city", "clients_max = 3")
    served = serving.served
    lively, silent, mute = (
        served.talker("lively", keep_alive_s=2),
        served.talker("s", keep_alive_s=2),
        served.stranger(),
    )
    turned_away = served.stranger()
    assert turned_away.closed(2)
    start = time.monotonic()
    for _ in range(5):
        lively.send(Ping())
        lively.read(Pong)
        time.sleep(1)
    assert silent.closed(4)
    assert time.monotonic() - start > 3
    lively.send(Ping())
    lively.read(Pong)
    assert mute.closed(12), "who does not say who it is, is closed after ten seconds"
    serving.close()


@pytest.mark.slow
def test_whoever_lost_the_right_to_listen_is_cut_off(served: Served) -> None:
    person = served.city.identity.add_person("demoted", PASSWORD, roles=[Role.ANALYST], by=SYSTEM)
    _, secret = served.city.identity.issue_token(person.id, "x", by=SYSTEM)
    talker = served.stranger(V5)
    talker.connect("a", secret)
    talker.subscribe("v1.1/Datastreams(2)/Observations")
    served.city.identity.set_roles(person.id, [Role.CITIZEN], by=SYSTEM)
    assert talker.read(Disconnect, within_s=12).code == Reason.NOT_AUTHORIZED


def test_other_than_loopback_needs_tls_or_a_word() -> None:
    with pytest.raises(BadInput, match="in the clear"):
        MqttSettings.from_table({"host": "192.0.2.7"})
    assert MqttSettings.from_table({"host": "192.0.2.7", "plain": True}).plain
    assert MqttSettings.from_table({"host": "::1"}).port == -1
    for table in ({"prot": 1}, {"port": "1"}, {"port": 70_000}, {"certificate": "a.pem"}, {"broker": "http://x"}):
        with pytest.raises(BadInput):
            MqttSettings.from_table(table)
