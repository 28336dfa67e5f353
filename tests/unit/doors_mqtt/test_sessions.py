"""A kept session gets what it missed, through a restart too; nobody's slowness is another's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from lifang.app import open_city
from lifang.core import Corrupt
from lifang.doors.mqtt import outlet
from lifang.doors.mqtt.wire import V5, V311, Ack, Connack, Connect, Disconnect, Kind, Publish, Reason, Will
from lifang.guard import SYSTEM
from lifang.sensing import Observations, make_observations
from lifang.store import Journal

from .conftest import FIRST, Served, Serving, Talker, Template, message

TOPIC = "v1.1/Datastreams(4)/Observations"


def kept(version: int, age_s: int = 1000) -> dict[str, Any]:
    """Return the terms of a session that outlives its connection."""
    return {"clean": False, "properties": {"session_expiry_interval": age_s} if version == V5 else {}}


def again(served: Served, client_id: str, version: int = V5, **terms: Any) -> tuple[Talker, Connack]:
    """Return a client of the operator that comes back, and the answer it got."""
    talker = served.stranger(version)
    return talker, talker.connect(client_id, served.tokens["operator"], **(terms or kept(version)))


def rows_of(number: int, seconds: Sequence[int]) -> Observations:
    """Return values of a datastream, each its own second of 2024."""
    times = [FIRST + second * 1_000_000 for second in seconds]
    return make_observations([number] * len(times), times, [float(second) for second in seconds])


def results(talker: Talker, count: int) -> list[bytes]:
    """Return the payloads of the next messages, each confirmed."""
    found = []
    for _ in range(count):
        told = talker.read(Publish)
        talker.send(Ack(Kind.PUBACK, told.packet_id))
        found.append(told.payload)
    return found


@pytest.mark.parametrize("version", [V311, V5])
def test_what_came_while_a_client_was_away_waits_for_it(served: Served, version: int) -> None:
    talker = served.talker(f"away-{version}", "operator", version, **kept(version))
    talker.subscribe(TOPIC, retain_handling=2 if version == V5 else 0)
    talker.break_off()
    for n in range(5):
        served.observe(4, 10 * version + n, float(n))
    talker, answer = again(served, f"away-{version}", version)
    assert answer.session_present
    payloads = results(talker, 5)
    assert [b'"result":%d,' % n in payload for n, payload in enumerate(payloads)] == [True] * 5
    talker.leave()
    talker, answer = again(served, f"away-{version}", version)
    assert answer.session_present
    assert talker.silent()


def test_what_was_not_confirmed_is_sent_again_marked_as_such(served: Served) -> None:
    talker = served.talker("deaf", "operator", V5, **kept(V5))
    talker.subscribe("x/y")
    served.talker("s", "operator").send(Publish("x/y", b"1", 1, packet_id=1), Publish("x/y", b"2", 1, packet_id=2))
    first = [talker.read(Publish) for _ in range(2)]
    assert not any(each.dup for each in first)
    talker.send(Ack(Kind.PUBACK, first[0].packet_id))
    time.sleep(0.1)
    talker.break_off()
    talker, _ = again(served, "deaf")
    told = talker.read(Publish)
    assert (told.payload, told.packet_id, told.dup) == (b"2", first[1].packet_id, True)


def test_a_clean_start_forgets(served: Served) -> None:
    talker = served.talker("fresh", "operator", V5, **kept(V5))
    talker.subscribe("x/y")
    talker.break_off()
    talker, answer = again(served, "fresh", V5, clean=True)
    assert not answer.session_present
    served.talker("s", "operator").send(Publish("x/y", b"1"))
    assert talker.silent()


@pytest.mark.slow
def test_a_session_ends_with_its_time(served: Served) -> None:
    talker = served.talker("brief", "operator", V5, **kept(V5, 1))
    talker.break_off()
    time.sleep(4)
    _, answer = again(served, "brief")
    assert not answer.session_present


def test_a_farewell_may_end_the_session(served: Served) -> None:
    talker = served.talker("bye", "operator", V5, **kept(V5))
    talker.send(Disconnect(0, {"session_expiry_interval": 0}))
    assert talker.closed()
    _, answer = again(served, "bye")
    assert not answer.session_present


def test_nobody_known_has_no_kept_session(served: Served) -> None:
    talker = served.stranger(V5)
    talker.send(Connect("anon", V5, **kept(V5)))
    assert talker.read(Connack).properties["session_expiry_interval"] == 0


def test_a_client_takes_no_more_at_once_than_it_said(served: Served) -> None:
    talker = served.talker("narrow", "operator", V5, properties={"receive_maximum": 2})
    talker.subscribe("n/m")
    sender = served.talker("s", "operator")
    sender.send(*(Publish("n/m", b"%d" % n, 1, packet_id=n + 1) for n in range(5)))
    first = [talker.read(Publish) for _ in range(2)]
    assert talker.silent(0.2)
    talker.send(Ack(Kind.PUBACK, first[0].packet_id))
    assert talker.read(Publish).payload == b"2"
    assert talker.silent(0.2)


def test_a_message_larger_than_a_client_takes_is_left_out(served: Served) -> None:
    talker = served.talker("small", "operator", V5, properties={"maximum_packet_size": 100})
    talker.subscribe("n/m")
    sender = served.talker("s", "operator")
    sender.send(Publish("n/m", bytes(200), 1, packet_id=1), Publish("n/m", b"short", 1, packet_id=2))
    assert talker.read(Publish).payload == b"short"


@pytest.mark.parametrize("farewell", [False, True])
def test_a_will_is_told_unless_the_client_says_farewell(served: Served, farewell: bool) -> None:
    listener = served.talker("l", "analyst")
    listener.subscribe("wills/#")
    talker = served.talker("w", "operator", V5, will=Will("wills/w", b"gone", 1))
    if farewell:
        talker.leave()
        assert listener.silent()
    else:
        talker.break_off()
        assert listener.read(Publish).payload == b"gone"


def test_a_will_may_be_asked_for_and_may_be_an_observation(served: Served) -> None:
    will = message(777, 0.0, number=5)
    talker = served.talker("w", "operator", V5, will=Will(will.topic, will.payload, 1))
    talker.send(Disconnect(Reason.DISCONNECT_WITH_WILL))
    assert talker.closed()
    end = time.monotonic() + 5
    while 777 not in served.stored(5):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_a_delayed_will_is_not_told_of_who_comes_back_in_time(served: Served) -> None:
    listener = served.talker("l", "analyst")
    listener.subscribe("wills/#")
    told = Will("wills/w", b"gone", 1, properties={"will_delay_interval": 2})
    served.talker("w", "operator", V5, will=told, **kept(V5)).break_off()
    again(served, "w")
    assert listener.silent(2.5)
    served.talker("w2", "operator", V5, will=told, **kept(V5)).break_off()
    assert listener.silent(1)
    assert listener.read(Publish).payload == b"gone"


def test_who_may_not_send_cannot_by_a_will(served: Served) -> None:
    listener = served.talker("l", "operator")
    listener.subscribe("wills/#")
    served.talker("w", "analyst", V5, will=Will("wills/w", b"gone", 1)).break_off()
    assert listener.silent()


@pytest.mark.slow
def test_sessions_messages_and_retained_ones_outlive_a_restart(template: Template, tmp_path: Path) -> None:
    serving = template.serve(tmp_path / "city")
    served = serving.served
    talker = served.talker("far", "operator", V5, **kept(V5))
    talker.subscribe(TOPIC, retain_handling=2)
    talker.subscribe("x/#")
    talker.break_off()
    served.observe(4, 50, 1.5)
    sender = served.talker("s", "operator")
    told = {"correlation_data": b"\0\xff", "user_property": [("a", "b")]}
    sender.send(Publish("x/1", b"\xff\x00", 1, retain=True, packet_id=1))
    sender.read(Ack)
    modern = served.talker("s5", "operator", V5)
    modern.send(Publish("x/2", b"more", 1, packet_id=1, properties=told))
    assert modern.read(Ack).code == 0
    serving.close()

    serving = template.serve(tmp_path / "city")
    served = serving.served
    talker, answer = again(served, "far")
    assert answer.session_present
    got = [talker.read(Publish) for _ in range(3)]
    for each in got:
        talker.send(Ack(Kind.PUBACK, each.packet_id))
    assert b'"result":1.5' in got[0].payload
    assert [each.payload for each in got[1:]] == [b"\xff\x00", b"more"]
    assert {**got[2].properties, "user_property": [tuple(p) for p in got[2].properties["user_property"]]} == told
    late = served.talker("late", "analyst", V5)
    late.subscribe("x/#")
    assert late.read(Publish).payload == b"\xff\x00"
    served.observe(4, 51, 2.5)
    assert b'"result":2.5' in results(talker, 1)[0]
    serving.close()

    serving = template.serve(tmp_path / "city")
    talker, answer = again(serving.served, "far")
    assert answer.session_present
    assert talker.silent(), "what was confirmed does not come again"
    serving.close()


@pytest.mark.slow
def test_all_that_was_recorded_while_nobody_could_be_told_is_told(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "_MOST_AT_ONCE", 20)
    serving = template.serve(tmp_path / "city")
    talker = serving.served.talker("far", "operator", V5, **kept(V5))
    talker.subscribe(TOPIC, retain_handling=2)
    serving.close()
    with open_city(tmp_path / "city") as city:  # as if it had ended between the commit and the telling
        city.start(time_passes=False)
        for second in range(0, 50, 25):
            city.sensing.ingest(rows_of(4, range(second, second + 25)), by=SYSTEM).result(30)

    async def stuck(*_: object) -> AsyncIterator[list[object]]:
        await asyncio.Event().wait()
        yield []

    with monkeypatch.context() as patched:
        patched.setattr(outlet.Outlet, "_recorded_since", stuck)
        patched.setattr(outlet, "_MARGIN_US", 0)
        serving = template.serve(tmp_path / "city")
        serving.served.observe(4, 50, 50.0)
        serving.close()

    serving = template.serve(tmp_path / "city")
    talker, _ = again(serving.served, "far")
    heard = {orjson.loads(each)["result"] for each in results(talker, 51)}
    assert heard == set(range(51))
    serving.close()


@pytest.mark.slow
def test_nothing_is_sent_to_a_returning_client_before_it_was_let_in(served: Served) -> None:
    talker = served.talker("busy", "operator", V5, **kept(V5))
    talker.subscribe("v1.1/Observations")
    stop = threading.Event()

    def work() -> None:
        for second in range(100_000, 200_000):
            if stop.is_set():
                return
            served.observe(4, second, 1.0)

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(20):
        talker.break_off()
        talker, answer = again(served, "busy")
        assert answer.session_present
        talker.read(Publish)
    stop.set()
    thread.join()


@pytest.mark.slow
def test_a_slow_reader_loses_the_oldest_and_holds_nobody_up(shared_city: Serving, served: Served) -> None:
    slow, quick = served.talker("slow", "analyst", V5), served.talker("quick", "analyst", V5)
    for talker in (slow, quick):
        talker.subscribe("flood", 0)
    sender = served.talker("s", "operator")
    payload = bytes(10_000)
    for n in range(3000):
        sender.send(Publish("flood", b"%06d" % n + payload))
        quick.read(Publish)
    numbers = []
    while not numbers or numbers[-1] < 2999:
        numbers.append(int(slow.read(Publish).payload[:6]))
    assert numbers == sorted(numbers)
    assert len(numbers) < 2900, "the oldest were dropped"
    assert numbers[-1000:] == list(range(2000, 3000))
    told = shared_city.metrics.text().decode()
    assert f"lifang_mqtt_dropped_total {3000 - len(numbers)}.0" in told
    assert "lifang_mqtt_clients 3.0" in told


def test_a_journal_that_a_crash_left_torn_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a" / "sessions.journal"
    journal = Journal(path)
    journal.append([b"one", b"two"])
    journal.close()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        journal = Journal(path)
        assert journal.read() == [b"one", b"two"][: (cut >= 11) + (cut >= 22)]
        journal.append([b"three"])
        assert journal.read()[-1] == b"three"
        journal.close()


def test_a_journal_damaged_in_the_middle_is_told_and_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "sessions.journal"
    journal = Journal(path)
    journal.append([b"one", b"two", b"three"])
    whole = bytearray(path.read_bytes())
    whole[10] ^= 1
    path.write_bytes(whole)
    with pytest.raises(Corrupt, match="damaged"):
        journal.read()
    assert path.read_bytes() == whole
    journal.rewrite([b"new"])
    journal.append([b"newer"])
    assert journal.read() == [b"new", b"newer"]
    journal.close()
